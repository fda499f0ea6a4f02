"""Constants, duplicates, identities, requantization, activations, padding, dead operators."""

from dataclasses import replace

import numpy as np
import pytest
from nets import Net, kinds
from oracle_equality import assert_equal_in_the_oracle, random_inputs

from sdk.ir import DType, Quant
from sdk.ir.attrs import (
    Activation,
    BinaryAttrs,
    CastAttrs,
    ConcatenationAttrs,
    GatherAttrs,
    PackAttrs,
    Padding,
    ReshapeAttrs,
    ShapeAttrs,
    SplitAttrs,
    StridedSliceAttrs,
)
from sdk.ir.verify import verify
from sdk.passes.fold_constants import fold_constants
from sdk.passes.fold_pads import fold_pads
from sdk.passes.fuse_activations import fuse_activations
from sdk.passes.merge_duplicates import merge_duplicates
from sdk.passes.merge_requantize import merge_requantize
from sdk.passes.order import EXACT_PASSES, optimize
from sdk.passes.remove_dead_operators import remove_dead_operators
from sdk.passes.remove_identities import remove_identities
from sdk.passes.widen_depthwise import widen_depthwise
from sdk.passes.widen_weights import widen_weights


def check(module, run, expected_kinds, seed=1):
    """The pass leaves these operators, tells of it, and both modules compute the same."""
    result = run(module)
    assert kinds(result.module) == expected_kinds
    assert result.notes
    assert_equal_in_the_oracle(module, result.module, random_inputs(module, seed), f"seed {seed}")
    again = run(result.module)
    assert again.module is result.module, "a second run still finds something"
    return result.module


def unchanged(module, run):
    result = run(module)
    assert result.module is module
    assert result.notes == ()


@pytest.mark.parametrize("run", [*EXACT_PASSES, optimize], ids=lambda f: f.__name__)
def test_a_module_without_anything_to_gain_comes_back_itself(run):
    net = Net(3)
    x = net.conv(net.input(1, 6, 6, 3), 4, 3, bias=np.zeros(4))
    unchanged(net.module(net.dense(net.reshape(x, 1, 144), 5, bias=np.zeros(5))), run)


# Constant folding


def test_shape_arithmetic_is_computed_on_the_host():
    net = Net()
    x = net.input(2, 3, 4, 5)
    shape = net.op("SHAPE", [x], ShapeAttrs(), Quant((), ()), dtype=DType.INT32)
    net.tensors[shape] = replace(net.tensors[shape], quant=None)
    cut = [net.constant([i]) for i in (0, 1, 1)]
    batch = net.op("STRIDED_SLICE", [shape, *cut], StridedSliceAttrs(shrink_axis_mask=1), shape=())
    rest = net.constant(60)
    packed = net.op("PACK", [batch, rest], PackAttrs(2), shape=(2,))
    y = net.op("RESHAPE", [x, packed], ReshapeAttrs(), shape=(2, 60))
    module = net.module(net.dense(y, 3))
    after = check(module, fold_constants, ["RESHAPE", "FULLY_CONNECTED"])
    assert after.main.tensors[packed].data.tolist() == [2, 60]


@pytest.mark.parametrize(
    ("kind", "extra", "attrs", "expected"),
    [
        ("TRANSPOSE", [[1, 0]], None, [[0, 3], [1, 4], [2, 5]]),
        ("RESHAPE", [[3, 2]], ReshapeAttrs((3, 2)), [[0, 1], [2, 3], [4, 5]]),
        ("SLICE", [[0, 1], [2, 2]], None, [[1, 2], [4, 5]]),
        ("STRIDED_SLICE", [[0, 2], [2, -4], [1, -2]], StridedSliceAttrs(), [[2, 0], [5, 3]]),
        ("STRIDED_SLICE", [[0, 0], [0, 2], [1, 1]], StridedSliceAttrs(1, 1), [[0, 1], [3, 4]]),
        ("GATHER", [[2, 0]], GatherAttrs(1), [[2, 0], [5, 3]]),
        ("TILE", [[1, 2]], None, [[0, 1, 2, 0, 1, 2], [3, 4, 5, 3, 4, 5]]),
        ("MUL", [[[2, 2, 3]]], BinaryAttrs(), [[0, 2, 6], [6, 8, 15]]),
        ("SUB", [[[1, 1, 1]]], BinaryAttrs(), [[-1, 0, 1], [2, 3, 4]]),
        ("CONCATENATION", [[[6, 7, 8]]], ConcatenationAttrs(0), [[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_operators_on_constants_agree_with_the_oracle(kind, extra, attrs, expected):
    net = Net()
    x = net.op("CAST", [net.input(*np.shape(expected))], CastAttrs(DType.INT8, DType.INT32), dtype=DType.INT32)
    net.tensors[x] = replace(net.tensors[x], quant=None)
    value = net.op(kind, [net.constant([[0, 1, 2], [3, 4, 5]]), *map(net.constant, extra)], attrs,
                   shape=np.shape(expected))  # fmt: skip
    net.tensors[value] = replace(net.tensors[value], quant=None)
    y = net.op("ADD", [x, value], BinaryAttrs())
    net.tensors[y] = replace(net.tensors[y], quant=None)
    after = check(net.module(y), fold_constants, ["CAST", "ADD"])
    assert after.main.tensors[value].data.tolist() == expected


def test_a_constant_output_of_the_model_stays_computed():
    net = Net()
    x = net.input(1, 4)
    y = net.op("TRANSPOSE", [net.constant([[1, 2]]), net.constant([1, 0])])
    unchanged(net.module(net.dense(x, 2), y), fold_constants)


def test_constants_of_other_scales_are_not_moved_together():
    net = Net()
    x = net.input(1, 4)
    a = net.constant([[1, 2]], DType.INT8, Quant((0.1,), (0,)))
    b = net.constant([[1, 2]], DType.INT8, Quant((0.2,), (0,)))
    both = net.op("CONCATENATION", [a, b], ConcatenationAttrs(1))
    unchanged(net.module(net.add(x, both)), fold_constants)


# Identities


def test_operators_that_change_nothing_are_removed():
    net = Net()
    x = net.dense(net.input(1, 12), 12)
    x = net.reshape(x, 1, 2, 2, 3)
    x = net.pad(x, 0, 0, 0, 0)
    x = net.op("QUANTIZE", [x])
    x = net.pool(x, "MAX_POOL_2D", 1, 1)
    x = net.op("SLICE", [x, net.constant([0, 0, 0, 0]), net.constant([1, 2, -1, 3])])
    x = net.op("TRANSPOSE", [x, net.constant([0, 1, 2, 3])])
    x = net.concatenate([x])
    check(net.module(net.conv(x, 4)), remove_identities, ["FULLY_CONNECTED", "RESHAPE", "CONV_2D"])


def test_an_identity_before_the_model_output_leaves_the_output_its_name():
    net = Net()
    x = net.dense(net.input(1, 6), 5)
    y = net.op("QUANTIZE", [x])
    z = net.dense(x, 3)
    module = net.module(y, z)
    after = check(module, remove_identities, ["FULLY_CONNECTED", "FULLY_CONNECTED"])
    assert after.main.outputs == (y, z)
    assert after.main.ops[0].outputs == (y,)


def test_readers_of_a_second_identity_follow_to_the_output():
    net = Net()
    x = net.dense(net.input(1, 6), 5)
    y, other = net.op("QUANTIZE", [x]), net.op("QUANTIZE", [x])
    check(net.module(y, net.dense(other, 3)), remove_identities, ["FULLY_CONNECTED", "FULLY_CONNECTED"])


def test_identities_that_would_make_two_outputs_one_stay():
    net = Net()
    x = net.dense(net.input(1, 6), 5)
    both = [net.op("QUANTIZE", [x]), net.op("QUANTIZE", [x])]
    check(net.module(*both), remove_identities, ["FULLY_CONNECTED", "QUANTIZE"])
    net = Net()
    unchanged(net.module(net.op("QUANTIZE", [net.input(1, 6)])), remove_identities)


def test_operators_that_only_rename_dimensions_become_reshapes():
    net = Net()
    x = net.conv(net.input(1, 1, 5, 3), 4)
    x = net.op("TRANSPOSE", [x, net.constant([2, 0, 1, 3])], shape=(5, 1, 1, 4))
    after = check(net.module(net.conv(x, 2)), remove_identities, ["CONV_2D", "RESHAPE", "CONV_2D"])
    assert after.main.ops[1].id == 1
    net = Net()
    x = net.conv(net.input(1, 2, 5, 3), 4)
    x = net.op("TRANSPOSE", [x, net.constant([0, 2, 1, 3])])
    unchanged(net.module(net.conv(x, 2)), remove_identities)


@pytest.mark.parametrize("what", ["reversed", "requantized", "clamped", "pooled"])
def test_near_identities_stay(what):
    net = Net()
    x = net.conv(net.input(1, 4, 4, 2), 2)
    if what == "reversed":
        cut = map(net.constant, ([0, 3, 0, 0], [1, -5, 4, 2], [1, -1, 1, 1]))
        x = net.op("STRIDED_SLICE", [x, *cut], StridedSliceAttrs())
    elif what == "requantized":
        x = net.op("QUANTIZE", [x], quant=Quant((0.1,), (6,)))
    elif what == "clamped":
        x = net.pool(x, "MAX_POOL_2D", 1, 1, activation=Activation.RELU)
    else:
        x = net.pool(x, "MAX_POOL_2D", 2, 1, Padding.SAME)
    unchanged(net.module(net.conv(x, 2)), remove_identities)


def test_split_into_one_part_reads_its_second_input():
    net = Net()
    x = net.conv(net.input(1, 4, 4, 2), 2)
    x = net.op("SPLIT", [net.constant(3), x], SplitAttrs(1), quant=net.tensors[x].quant, shape=(1, 4, 4, 2),
               dtype=DType.INT8)  # fmt: skip
    check(net.module(net.conv(x, 2)), remove_identities, ["CONV_2D", "CONV_2D"])


# Duplicates


def test_equal_operators_are_computed_once():
    net = Net()
    x = net.input(1, 4, 4, 2)
    weights = net.rng.integers(-127, 128, (3, 1, 1, 2))
    branches = []
    for _ in range(2):
        # The same random scales, in constants of their own.
        net.rng = np.random.default_rng(7)
        branches.append(net.pool(net.conv(x, 3, weights=weights, bias=[1, 2, 3])))
    branches.append(net.pool(net.conv(x, 3, weights=weights, bias=[1, 2, 4])))
    y = net.add(branches[0], branches[1])
    module = net.module(net.add(y, branches[2]))
    check(module, merge_duplicates, ["CONV_2D", "AVERAGE_POOL_2D", "CONV_2D", "AVERAGE_POOL_2D", "ADD", "ADD"])


def test_equal_outputs_of_the_model_stay_two():
    net = Net()
    x = net.conv(net.input(1, 4, 4, 2), 2)
    unchanged(net.module(net.pool(x), net.pool(x)), merge_duplicates)


# Dead operators


def test_operators_whose_results_nobody_reads_are_removed():
    net = Net()
    x = net.input(1, 4, 4, 2)
    used = net.conv(x, 3)
    net.pool(net.conv(used, 2))
    check(net.module(used), remove_dead_operators, ["CONV_2D"])


# Requantization


@pytest.mark.parametrize(
    ("middle", "merges"),
    [
        (Quant((0.05,), (-4,)), True),
        (Quant((0.025,), (-3,)), False),
        (Quant((0.2,), (-3,)), False),
    ],
    ids=["shifted zero point within the clamp", "saturates", "coarser"],
)
def test_chains_of_quantize_are_merged_only_where_every_value_agrees(middle, merges):
    net = Net()
    x = net.input(1, 256)
    y = net.op("QUANTIZE", [net.op("QUANTIZE", [x], quant=middle)], quant=Quant((0.05,), (-20,)))
    module = net.module(y)
    result = merge_requantize(module)
    every_value = [[np.arange(-128, 128, dtype=np.int8).reshape(1, 256)]]
    once = remove_dead_operators(result.module).module
    assert (len(once.main.ops) == 1) == merges
    assert_equal_in_the_oracle(module, once, every_value)


def test_dequantize_and_quantize_are_merged_where_every_value_agrees():
    net = Net()
    x = net.input(1, 256)
    real = net.op("DEQUANTIZE", [x], dtype=DType.FLOAT32)
    net.tensors[real] = replace(net.tensors[real], quant=None)
    y = net.op("QUANTIZE", [real], quant=Quant((0.1,), (4,)), dtype=DType.INT8)
    module = net.module(y)
    once = remove_dead_operators(merge_requantize(module).module).module
    every_value = [[np.arange(-128, 128, dtype=np.int8).reshape(1, 256)]]
    assert_equal_in_the_oracle(module, once, every_value)


# Activations


@pytest.mark.parametrize("kind", ["RELU", "RELU6", "RELU_N1_TO_1"])
@pytest.mark.parametrize("before", ["conv", "depthwise", "dense", "add", "pool"])
def test_activations_are_fused(kind, before):
    net = Net(4)
    x = net.input(1, 4, 4, 2)
    x = {
        "conv": lambda: net.conv(x, 3),
        "depthwise": lambda: net.depthwise(x),
        "dense": lambda: net.dense(net.reshape(x, 1, 32), 8),
        "add": lambda: net.add(x, x),
        "pool": lambda: net.pool(x),
    }[before]()
    module = net.module(net.op(kind, [x]))
    expected = kinds(module)[:-1]
    after = check(module, fuse_activations, expected)
    assert after.main.ops[-1].attrs.activation is Activation[kind]
    assert after.main.outputs == module.main.outputs


@pytest.mark.parametrize("why", ["read twice", "requantizes", "has an activation", "is an output"])
def test_activations_that_are_not_only_a_clamp_stay(why):
    net = Net()
    activation = Activation.RELU if why == "has an activation" else Activation.NONE
    x = net.conv(net.input(1, 4, 4, 2), 3, activation=activation)
    y = net.op("RELU6", [x], quant=Quant((0.05,), (-128,)) if why == "requantizes" else None)
    extra = [net.pool(x)] if why == "read twice" else [x] if why == "is an output" else []
    unchanged(net.module(y, *extra), fuse_activations)


# Padding


@pytest.mark.parametrize("pads", [(1, 1, 1, 1), (0, 2, 1, 0), (3, 0, 0, 4)])
@pytest.mark.parametrize("padding", list(Padding))
@pytest.mark.parametrize("stride", [1, 2])
def test_padding_is_folded_into_convolutions(pads, padding, stride):
    net = Net(5)
    x = net.pad(net.input(1, 7, 6, 2), *pads)
    both = net.conv(x, 3, 3, stride, padding), net.depthwise(x, 1, 3, stride, padding)
    module = net.module(*both)
    after = check(module, fold_pads, ["CONV_2D", "DEPTHWISE_CONV_2D"])
    assert after.main.ops[0].attrs.resolved_pads((7, 6), (3, 3)) == after.main.ops[0].attrs.pads
    if padding is Padding.VALID:
        assert after.main.ops[0].attrs.pads == pads


@pytest.mark.parametrize("why", ["read by another operator", "is an output", "pads channels"])
def test_padding_that_something_else_sees_stays(why):
    net = Net()
    x = net.input(1, 6, 6, 2)
    if why == "pads channels":
        x = net.op("PAD", [x, net.constant([(0, 0), (1, 1), (1, 1), (0, 1)])])
    else:
        x = net.pad(x, 1, 1, 1, 1)
    y = net.conv(x, 3, 3, padding=Padding.VALID)
    extra = [net.pool(x)] if why == "read by another operator" else [x] if why == "is an output" else []
    unchanged(net.module(y, *extra), fold_pads)


def test_invariants_hold_after_all_passes_in_order():
    net = Net(9)
    x = net.pad(net.input(1, 7, 6, 2), 1, 1, 1, 1)
    x = net.op("RELU", [net.conv(x, 8, 3, 2, Padding.VALID)])
    x = net.op("QUANTIZE", [x])
    module = net.module(net.dense(net.reshape(x, 1, 96), 3))
    result = optimize(module)
    verify(result.module)
    assert kinds(result.module) == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert len(result.notes) >= 3
    assert_equal_in_the_oracle(module, result.module, random_inputs(module, 9))


# Depthwise convolutions of one channel


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", list(Padding))
def test_one_channel_is_a_convolution(stride, padding):
    net = Net(11)
    x = net.depthwise(net.input(1, 9, 7, 1), 8, 3, stride, padding, Activation.RELU)
    check(net.module(x), widen_depthwise, ["CONV_2D"])


def test_depthwise_of_several_channels_or_one_output_stays():
    for channels, multiplier in ((2, 3), (1, 1)):
        net = Net(12)
        unchanged(net.module(net.depthwise(net.input(1, 6, 6, channels), multiplier)), widen_depthwise)


# Weights of few bits


def of_few_bits(module, dtype):
    """The module with weights of such a type, whose values are drawn again."""
    graph, (low, high) = module.main, dtype.integer_range
    tensors = dict(graph.tensors)
    for op in graph.ops:
        if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            weights = graph.input(op, 1)
            values = np.random.default_rng(weights.id).integers(low, high + 1, weights.shape).astype(np.int8)
            tensors[weights.id] = replace(weights, dtype=dtype, data=values)
    return replace(module, graphs=(replace(graph, tensors=tensors),))


def test_int4_weights_are_int8_weights_of_the_same_values():
    net = Net(13)
    x = net.conv(net.input(1, 6, 6, 3), 5, 3)
    x = net.depthwise(x, 2)
    module = of_few_bits(net.module(net.dense(net.reshape(x, 1, 360), 7)), DType.INT4)
    after = check(module, widen_weights, ["CONV_2D", "DEPTHWISE_CONV_2D", "RESHAPE", "FULLY_CONNECTED"])
    weights = [after.main.input(op, 1) for op in after.main.ops if op.kind != "RESHAPE"]
    assert [w.dtype for w in weights] == [DType.INT8] * 3
    assert all(w.data.min() == -8 and w.data.max() == 7 for w in weights)


def test_weights_that_other_operators_read_too_keep_their_type_there():
    net = Net(14)
    y = net.dense(net.input(1, 6), 4)
    module = of_few_bits(net.module(y), DType.INT4)
    graph = module.main
    table = graph.ops[0].inputs[1]
    row = replace(graph.tensors[table], id=max(graph.tensors) + 2, shape=(1, 6), data=None)
    index = net.tensors[net.constant([2])]
    gather = replace(
        graph.ops[0], id=1, kind="GATHER", version=1, inputs=(table, index.id), outputs=(row.id,), attrs=GatherAttrs()
    )
    graph = replace(
        graph,
        ops=(*graph.ops, gather),
        tensors={**graph.tensors, row.id: row, index.id: index},
        outputs=(*graph.outputs, row.id),
    )
    after = widen_weights(replace(module, graphs=(graph,))).module.main
    verify(replace(module, graphs=(after,)), after="widen weights")
    assert [after.tensors[op.inputs[i]].dtype for op, i in zip(after.ops, (1, 0), strict=True)] == [
        DType.INT8, DType.INT4,
    ]  # fmt: skip
