"""Inferred shapes equal those of the runtime's kernels, which compute them when tensors are allocated."""

import numpy as np
import pytest
from make_corpus import constant, model, tensor

from sdk.ir import DType, attrs
from sdk.ir.shapes import ShapeError, infer, strided_ranges
from sdk.write.tflite import write

runtime = pytest.importorskip("tflite_runtime.interpreter")

A = attrs
SAME, VALID = A.Padding.SAME, A.Padding.VALID
F32 = DType.FLOAT32


def f(*shape):
    return tensor(shape, F32)


def fc(*shape):
    return constant(np.ones(shape), F32)


def i(*values):
    return constant(list(values))


CASES = {
    "conv": ("CONV_2D", A.Conv2DAttrs(VALID, 2, 1), [f(2, 9, 8, 4), fc(6, 3, 2, 4), fc(6)], 1),
    "conv_dilated": ("CONV_2D", A.Conv2DAttrs(SAME, 1, 1, dilation_h=2, dilation_w=3),
                     [f(1, 9, 8, 4), fc(6, 3, 2, 4), fc(6)], 1),
    "conv_groups": ("CONV_2D", A.Conv2DAttrs(SAME, 2, 2), [f(1, 5, 5, 4), fc(6, 3, 3, 2), fc(6)], 1),
    "depthwise": ("DEPTHWISE_CONV_2D", A.DepthwiseConv2DAttrs(VALID, 1, 2, 3), [f(1, 9, 8, 2), fc(1, 3, 2, 6)], 1),
    "transpose_conv": ("TRANSPOSE_CONV", A.TransposeConvAttrs(VALID, 2, 2),
                       [i(1, 9, 9, 3), fc(3, 3, 3, 2), f(1, 4, 4, 2)], 1),
    "fully_connected": ("FULLY_CONNECTED", A.FullyConnectedAttrs(), [f(2, 3, 4), fc(5, 4), fc(5)], 1),
    "fully_connected_flat": ("FULLY_CONNECTED", A.FullyConnectedAttrs(), [f(2, 3, 4), fc(5, 12), None], 1),
    "fully_connected_keep": ("FULLY_CONNECTED", A.FullyConnectedAttrs(keep_num_dims=True), [f(2, 3, 4), fc(5, 4)], 1),
    "batch_matmul": ("BATCH_MATMUL", A.BatchMatMulAttrs(), [f(2, 1, 3, 4), f(5, 4, 6)], 1),
    "batch_matmul_adj": ("BATCH_MATMUL", A.BatchMatMulAttrs(adj_x=True, adj_y=True), [f(2, 4, 3), f(2, 6, 4)], 1),
    "average_pool": ("AVERAGE_POOL_2D", A.Pool2DAttrs(VALID, 2, 3, 3, 2), [f(1, 9, 8, 4)], 1),
    "max_pool": ("MAX_POOL_2D", A.Pool2DAttrs(SAME, 2, 3, 3, 2), [f(1, 9, 8, 4)], 1),
    "add": ("ADD", A.BinaryAttrs(), [f(2, 1, 4), f(3, 1)], 1),
    "prelu": ("PRELU", A.Attrs(), [f(1, 3, 3, 4), fc(1, 1, 4)], 1),
    "softmax": ("SOFTMAX", A.SoftmaxAttrs(), [f(2, 3)], 1),
    "mean": ("MEAN", A.ReducerAttrs(), [f(2, 3, 4, 5), i(1, -1)], 1),
    "mean_keep": ("MEAN", A.ReducerAttrs(keep_dims=True), [f(2, 3, 4, 5), i(1, 2)], 1),
    "arg_max": ("ARG_MAX", A.ArgAttrs(), [f(2, 3, 4), constant(-2)], 1),
    "concatenation": ("CONCATENATION", A.ConcatenationAttrs(-1), [f(2, 3), f(2, 5)], 1),
    "split": ("SPLIT", A.SplitAttrs(3), [constant(1), f(2, 6)], 3),
    "split_v": ("SPLIT_V", A.SplitAttrs(3), [f(2, 6), i(1, -1, 2), constant(1)], 3),
    "pack": ("PACK", A.PackAttrs(2, -1), [f(2, 3), f(2, 3)], 1),
    "unpack": ("UNPACK", A.UnpackAttrs(3, -1), [f(2, 3)], 3),
    "slice": ("SLICE", A.Attrs(), [f(3, 4, 5), i(1, 0, 2), i(-1, 2, 3)], 1),
    "gather": ("GATHER", A.GatherAttrs(axis=1), [f(2, 5, 3), constant([[0, 4], [1, 2]])], 1),
    "gather_batch": ("GATHER", A.GatherAttrs(axis=1, batch_dims=1), [f(2, 5, 3), constant([[0, 4, 1], [1, 2, 2]])], 1),
    "gather_nd": ("GATHER_ND", A.Attrs(), [f(2, 5, 3), constant([[[0, 4]], [[1, 2]]])], 1),
    "embedding_lookup": ("EMBEDDING_LOOKUP", A.Attrs(), [i(1, 0, 2), fc(3, 4)], 1),
    "pad": ("PAD", A.Attrs(), [f(2, 3), constant([[1, 2], [0, 3]])], 1),
    "mirror_pad": ("MIRROR_PAD", A.MirrorPadAttrs(), [f(2, 3), constant([[1, 0], [0, 2]])], 1),
    "reshape": ("RESHAPE", A.ReshapeAttrs(), [f(2, 6), i(3, -1)], 1),
    "reshape_option": ("RESHAPE", A.ReshapeAttrs((4, 3)), [f(2, 6)], 1),
    "squeeze": ("SQUEEZE", A.SqueezeAttrs(), [f(1, 2, 1, 3)], 1),
    "squeeze_dims": ("SQUEEZE", A.SqueezeAttrs((-2,)), [f(1, 2, 1, 3)], 1),
    "expand_dims": ("EXPAND_DIMS", A.Attrs(), [f(2, 3), constant(-1)], 1),
    "transpose": ("TRANSPOSE", A.Attrs(), [f(2, 3, 4), i(2, 0, 1)], 1),
    "resize_bilinear": ("RESIZE_BILINEAR", A.ResizeAttrs(), [f(1, 3, 4, 2), i(6, 5)], 1),
    "resize_nearest": ("RESIZE_NEAREST_NEIGHBOR", A.ResizeAttrs(half_pixel_centers=True), [f(1, 3, 4, 2), i(6, 5)], 1),
    "space_to_depth": ("SPACE_TO_DEPTH", A.BlockAttrs(2), [f(1, 4, 6, 3)], 1),
    "depth_to_space": ("DEPTH_TO_SPACE", A.BlockAttrs(2), [f(1, 4, 6, 8)], 1),
    "space_to_batch": ("SPACE_TO_BATCH_ND", A.Attrs(), [f(1, 4, 5, 3), i(2, 3), constant([[0, 0], [1, 0]])], 1),
    "batch_to_space": ("BATCH_TO_SPACE_ND", A.Attrs(), [f(6, 2, 2, 3), i(2, 3), constant([[0, 0], [1, 0]])], 1),
    "fill": ("FILL", A.Attrs(), [i(2, 3), constant(1.5, F32)], 1),
    "broadcast_to": ("BROADCAST_TO", A.Attrs(), [f(3, 1), i(2, 3, 4)], 1),
    "tile": ("TILE", A.Attrs(), [f(2, 3), i(2, 1)], 1),
    "one_hot": ("ONE_HOT", A.OneHotAttrs(-1), [i(0, 2), constant(3), constant(1.0, F32), constant(0.0, F32)], 1),
    "top_k": ("TOPK_V2", A.Attrs(), [f(2, 5), constant(3)], 2),
    "select": ("SELECT", A.Attrs(), [tensor((2, 3), DType.BOOL), f(2, 3), f(2, 3)], 1),
    "select_v2": ("SELECT_V2", A.Attrs(), [tensor((3,), DType.BOOL), f(2, 1), f(1, 3)], 1),
    "less": ("LESS", A.Attrs(), [f(2, 1), f(3)], 1),
    "cumsum": ("CUMSUM", A.CumsumAttrs(), [f(2, 3), constant(-1)], 1),
    "reverse": ("REVERSE_V2", A.Attrs(), [f(2, 3), i(1)], 1),
    "shape": ("SHAPE", A.ShapeAttrs(), [f(2, 3)], 1),
    "cast": ("CAST", A.CastAttrs(), [f(2, 3)], 1),
    "svdf": ("SVDF", A.SvdfAttrs(2), [f(3, 5), fc(8, 5), fc(8, 4), None, tensor((3, 32), F32, is_variable=True)], 1),
}  # fmt: skip
TYPES = {"ARG_MAX": DType.INT32, "LESS": DType.BOOL, "SHAPE": DType.INT32}
VERSIONS = {"BROADCAST_TO": 2, "TRANSPOSE_CONV": 1}


def shapes_in_runtime(module):
    """Shapes of the outputs after allocation; an error if the runtime refuses the model."""
    kind = runtime.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = runtime.Interpreter(model_content=write(module), experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    return tuple(interpreter.get_tensor(details["index"]).shape for details in interpreter.get_output_details())


def run(module, data):
    """The only output for the only input."""
    kind = runtime.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = runtime.Interpreter(model_content=write(module), experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], data)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def new_axes(parameters, count, rank):
    """Which of STRIDED_SLICE's ranges are new axes."""
    added = []
    for d in range(count):
        if parameters.ellipsis_mask >> d & 1:
            entries = count - bin(parameters.new_axis_mask & ~parameters.ellipsis_mask).count("1") - 1
            added += [False] * (rank - entries)
        else:
            added.append(bool(parameters.new_axis_mask >> d & 1))
    return added + [False] * rank


def one(kind, parameters, inputs, outputs):
    # The runtime takes the file's word for the shape of a slice, unless it is a scalar's.
    shape = () if kind == "SLICE" else (1,)
    placeholders = [tensor(shape, TYPES.get(kind, F32)) for _ in range(outputs)]
    if kind == "TOPK_V2":
        placeholders[1] = tensor(shape, DType.INT32)
    return model(kind, parameters, inputs, *placeholders, version=VERSIONS.get(kind, 1))


@pytest.mark.parametrize("name", CASES)
def test_shapes_equal_the_runtimes(name):
    module = one(*CASES[name])
    assert infer(module.main, module.main.ops[0]) == shapes_in_runtime(module)


@pytest.mark.parametrize("seed", range(200))
def test_strided_slices_equal_the_runtimes(seed):
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 5))
    shape = tuple(int(d) for d in rng.integers(1, 6, rank))
    count = int(rng.integers(1, rank + 1))
    masks = [int(m) for m in rng.integers(0, 1 << count, 3)]
    begin = rng.integers(-6, 7, count)
    strides = rng.choice([1, 2, 1, 3, -1, -2], count)
    end = rng.integers(-7, 8, count)
    shrink = masks[2] if rng.integers(2) else 0
    ellipsis = 1 << int(rng.integers(count)) if count > 1 and rng.integers(3) == 0 else 0
    new_axis = int(rng.integers(1 << count)) & ~shrink if rank < 4 and rng.integers(3) == 0 else 0
    for d in range(count):
        if shrink >> d & 1:
            strides[d] = 1
    parameters = A.StridedSliceAttrs(masks[0], masks[1], ellipsis, new_axis, shrink & ~ellipsis)
    module = one("STRIDED_SLICE", parameters, [f(*shape), i(*begin), i(*end), i(*strides)], 1)
    try:
        inferred = infer(module.main, module.main.ops[0])
    except ShapeError:
        return
    if 0 in inferred[0]:
        return
    told = f"seed {seed}: {shape} {begin} {end} {strides} {parameters}"
    assert inferred == shapes_in_runtime(module), told
    data = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    ranges = strided_ranges(shape, begin, end, strides, parameters)
    # A new axis takes nothing from the input.
    taken = [r for d, (r, _) in enumerate(ranges) if not (new_axes(parameters, count, rank)[d])]
    assert np.array_equal(data[np.ix_(*taken)].reshape(inferred[0]), run(module, data)), told


@pytest.mark.parametrize("seed", range(100))
def test_windows_equal_the_runtimes(seed):
    rng = np.random.default_rng(seed)
    height, width, filter_h, filter_w, stride_h, stride_w = (int(v) for v in rng.integers(1, [9, 9, 5, 5, 4, 4]))
    dilation = (1, 1) if stride_h * stride_w > 1 else tuple(int(v) for v in rng.integers(1, 4, 2))
    padding = SAME if rng.integers(2) else VALID
    parameters = A.Conv2DAttrs(padding, stride_h, stride_w, A.Activation.NONE, *dilation)
    module = one("CONV_2D", parameters, [f(1, height, width, 2), fc(3, filter_h, filter_w, 2), fc(3)], 1)
    try:
        inferred = infer(module.main, module.main.ops[0])
    except ShapeError:
        assert padding is VALID
        return
    assert inferred == shapes_in_runtime(module), f"seed {seed}"


@pytest.mark.parametrize("seed", range(20))
def test_explicit_pads_are_a_pad_before_the_window(seed):
    rng = np.random.default_rng(seed)
    top, bottom, left, right = (int(v) for v in rng.integers(0, 4, 4))
    shape = tuple(int(v) for v in rng.integers(4, 9, 2))
    padded = one("CONV_2D", A.Conv2DAttrs(VALID, 2, 1, pads=(top, bottom, left, right)),
                 [f(1, *shape, 2), fc(3, 3, 4, 2), fc(3)], 1)  # fmt: skip
    larger = (shape[0] + top + bottom, shape[1] + left + right)
    plain = one("CONV_2D", A.Conv2DAttrs(VALID, 2, 1), [f(1, *larger, 2), fc(3, 3, 4, 2), fc(3)], 1)
    assert infer(padded.main, padded.main.ops[0]) == shapes_in_runtime(plain), f"seed {seed}"
