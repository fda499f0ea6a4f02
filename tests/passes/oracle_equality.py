"""Running a module and its optimised form in reference kernels that are not ours."""

from dataclasses import replace

import numpy as np

from sdk.ir import DType, Module, Tensor
from sdk.ir.attrs import Attrs, Padding
from sdk.ir.verify import verify
from sdk.oracle import best
from sdk.write.tflite import write

try:
    import tflite_runtime.interpreter as tflite
except ImportError:
    tflite = None


def expand_pads(module):
    """The module with a PAD before each convolution that has explicit padding, which files can't hold."""
    graph = module.main
    tensors, ops = dict(graph.tensors), []
    for op in graph.ops:
        pads = getattr(op.attrs, "pads", None)
        if pads is not None:
            source = tensors[op.inputs[0]]
            n, h, w, c = source.shape
            top, bottom, left, right = pads
            amounts = max(tensors) + 1
            tensors[amounts] = Tensor(
                amounts, "pads", (4, 2), DType.INT32, None,
                np.array([(0, 0), (top, bottom), (left, right), (0, 0)], np.int32),
            )  # fmt: skip
            padded = replace(source, id=amounts + 1, shape=(n, h + top + bottom, w + left + right, c))
            tensors[padded.id] = padded
            ops.append(op.with_(id=max(o.id for o in (*graph.ops, *ops)) + 1, kind="PAD", version=2,
                                inputs=(source.id, amounts), outputs=(padded.id,), attrs=Attrs()))  # fmt: skip
            op = op.with_(
                inputs=(padded.id, *op.inputs[1:]), attrs=replace(op.attrs, padding=Padding.VALID, pads=None)
            )
        ops.append(op)
    return Module("m", "m.tflite", "", (replace(graph, tensors=tensors, ops=tuple(ops)), *module.graphs[1:]))


def random_inputs(module, seed, count=3):
    """Inputs over the whole range of their types."""
    rng = np.random.default_rng(seed)

    def random(tensor):
        if tensor.dtype.integer_range is None:
            return rng.standard_normal(tensor.shape).astype(tensor.dtype.numpy)
        low, high = tensor.dtype.integer_range
        return rng.integers(low, high + 1, tensor.shape).astype(tensor.dtype.numpy)

    return [[random(module.main.tensors[i]) for i in module.main.inputs] for _ in range(count)]


def outputs(module, inputs):
    """What reference kernels compute for a module: in this process where they are tflite-runtime's, to save time."""
    content = write(expand_pads(module))
    if tflite is None:
        return best().run(content, inputs)
    interpreter = tflite.Interpreter(
        model_content=content, experimental_op_resolver_type=tflite.OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    results = []
    for arrays in inputs:
        for detail, array in zip(interpreter.get_input_details(), arrays, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        results.append([interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()])
    return results


def assert_equal_in_the_oracle(before, after, inputs, note=""):
    """Both modules give the same bytes, in the same shapes and types, for all inputs."""
    verify(after)
    for index, (expected, given) in enumerate(zip(outputs(before, inputs), outputs(after, inputs), strict=True)):
        for x, y in zip(expected, given, strict=True):
            assert (x.shape, x.dtype) == (y.shape, y.dtype)
            assert np.array_equal(x, y), f"{note}: inference {index} differs in {int((x != y).sum())} elements"
