import numpy as np
import pytest
from nets import Net
from oracle_equality import assert_equal_in_the_oracle, outputs, random_inputs

from sdk.ir.attrs import Activation, Padding
from sdk.passes.intervals import spans, window_masks
from sdk.passes.remove_dead_channels import macs, remove_dead_channels


def check(module, expected_channels, seed=1):
    """Each tensor named keeps this many channels; the model computes the same; a second run finds nothing."""
    result = remove_dead_channels(module)
    for tensor, count in expected_channels.items():
        assert result.module.main.tensors[tensor].shape[-1] == count, f"tensor {tensor}"
    assert_equal_in_the_oracle(module, result.module, random_inputs(module, seed, 4), f"seed {seed}")
    assert remove_dead_channels(result.module).module is result.module
    kept = {i: len(channels) for i, channels in result.channel_maps.items()}
    before, after = module.main.tensors, result.module.main.tensors
    changed = {i: t.shape[-1] for i, t in after.items() if not t.is_constant and t.shape != before[i].shape}
    assert kept == changed
    assert macs(result.module.main) <= macs(module.main)
    return result


def with_constant_rows(net, shape, rows):
    """Weights whose outputs ``rows`` depend on nothing."""
    weights = net.rng.integers(-127, 128, shape)
    weights[rows] = 0
    return weights


def constant_input(value_above_zero_point, **consumer):
    """A convolution with two constant channels of six, read by another convolution."""
    net = Net(2)
    x = net.input(1, 5, 5, 2)
    bias = net.rng.integers(-2000, 2000, 6)
    bias[[1, 4]] = 300_000 if value_above_zero_point else -300_000
    x = net.conv(x, 6, 1, weights=with_constant_rows(net, (6, 1, 1, 2), [1, 4]), bias=bias, activation=Activation.RELU)
    return net, x, net.conv(x, 3, **consumer)


@pytest.mark.parametrize("consumer", [{"size": 1}, {"size": 3, "padding": Padding.VALID}], ids=["1x1", "no padding"])
def test_constants_without_padding_go_into_the_bias(consumer):
    net, x, y = constant_input(True, **consumer)
    result = check(net.module(y), {x: 4})
    assert result.channel_maps[x].tolist() == [0, 2, 3, 5]


def test_a_constant_that_is_not_the_zero_point_stays_where_padding_would_show():
    net, x, y = constant_input(True, size=3)
    assert remove_dead_channels(net.module(y)).module.main.tensors[x].shape[-1] == 6


def test_a_constant_at_the_zero_point_goes_also_under_padding():
    net, x, y = constant_input(False, size=3)
    check(net.module(y), {x: 4})


@pytest.mark.parametrize("size", [(3, 1), (1, 3)])
def test_padding_of_one_dimension_counts(size):
    net, x, y = constant_input(True, size=size)
    assert remove_dead_channels(net.module(y)).module.main.tensors[x].shape[-1] == 6


def test_a_depthwise_output_that_differs_at_the_border_stays():
    net = Net(6)
    x = net.input(1, 6, 6, 2)
    bias = [0, 300_000, 0, 300_000]
    x = net.conv(x, 4, weights=with_constant_rows(net, (4, 1, 1, 2), [1, 3]), bias=bias, activation=Activation.RELU)
    weights = net.rng.integers(-127, 128, (1, 3, 3, 4))
    weights[..., 3] = 127
    biases = [0, 0, 0, 2_000_000]
    # Channel 3 saturates at the border as well as inside; channel 1 doesn't.
    y = net.depthwise(x, weights=weights, bias=biases)
    check(net.module(net.conv(y, 3)), {x: 3, y: 3})


def test_inputs_with_zero_weights_are_not_computed():
    net = Net(3)
    x = net.input(1, 5, 5, 3)
    x = net.conv(x, 8, 3)
    y = net.depthwise(x, activation=Activation.RELU6)
    weights = net.rng.integers(-127, 128, (4, 1, 1, 8))
    weights[..., [0, 5, 6]] = 0
    result = check(net.module(net.conv(y, 4, weights=weights)), {x: 5, y: 5})
    assert result.channel_maps[y].tolist() == [1, 2, 3, 4, 7]


def test_inputs_of_the_model_keep_their_shape():
    net = Net()
    x = net.input(1, 5, 5, 4)
    weights = net.rng.integers(-127, 128, (4, 1, 1, 4))
    weights[..., 1] = 0
    module = net.module(net.conv(x, 4, weights=weights))
    assert remove_dead_channels(module).module is module


def test_pools_and_flattening_carry_channels_on():
    net = Net(8)
    x = net.conv(net.input(1, 8, 8, 2), 6, 3)
    y = net.pool(net.pool(x), "MAX_POOL_2D")
    z = net.reshape(y, 1, 24)
    weights = net.rng.integers(-127, 128, (5, 24))
    weights[:, [2, 8, 14, 20]] = 0  # channel 2 at all four places
    weights[:, [3, 9, 15]] = 0  # channel 3 at three of four
    result = check(net.module(net.dense(z, 5, weights)), {x: 5, y: 5, z: 20})
    assert result.channel_maps[z].tolist() == [i for i in range(24) if i % 6 != 2]


def test_a_dense_layer_may_flatten_itself():
    net = Net(8)
    x = net.conv(net.input(1, 2, 2, 2), 6, 3)
    weights = net.rng.integers(-127, 128, (5, 24))
    weights[:, [2, 8, 14, 20]] = 0
    check(net.module(net.dense(x, 5, weights)), {x: 5})


def test_unflattening_is_followed_back():
    net = Net(8)
    x = net.dense(net.input(1, 7), 24)
    y = net.reshape(x, 1, 2, 2, 6)
    weights = net.rng.integers(-127, 128, (4, 1, 1, 6))
    weights[..., 4] = 0
    check(net.module(net.conv(y, 4, weights=weights)), {x: 20, y: 5})


@pytest.mark.parametrize("bias", ["random", None])
def test_constants_of_a_dense_layer_go_into_the_next_bias(bias):
    net = Net(8)
    weights = with_constant_rows(net, (9, 7), [0, 4, 8])
    x = net.dense(net.input(1, 7), 9, weights, bias=[3000] * 9, activation=Activation.RELU)
    result = check(net.module(net.dense(x, 4, bias=bias)), {x: 6})
    assert len(result.module.main.ops[1].inputs) == 3


def residual(dead_a, dead_b):
    """Two branches of eight channels are added; channels are unread in the sum or constant in a branch."""
    net = Net(12)
    x = net.input(1, 4, 4, 3)
    a = net.conv(x, 8, weights=with_constant_rows(net, (8, 1, 1, 3), dead_a))
    b = net.conv(x, 8, weights=with_constant_rows(net, (8, 1, 1, 3), dead_b))
    total = net.add(a, b)
    return net, a, b, total


def test_an_addition_keeps_the_same_channels_of_both_inputs():
    net, a, b, total = residual([1], [2])
    weights = net.rng.integers(-127, 128, (2, 1, 1, 8))
    weights[..., [3, 6]] = 0
    check(net.module(net.conv(total, 2, weights=weights)), {a: 6, b: 6, total: 6})


def test_a_second_reader_keeps_a_channel_for_all():
    net, a, b, total = residual([], [])
    weights = net.rng.integers(-127, 128, (2, 1, 1, 8))
    weights[..., [3, 6]] = 0
    others = net.rng.integers(-127, 128, (2, 1, 1, 8))
    others[..., [6, 7]] = 0
    check(net.module(net.conv(total, 2, weights=weights), net.conv(a, 2, weights=others)), {a: 7, b: 7, total: 7})


def test_an_elementwise_constant_operand_is_cut_too():
    net = Net(5)
    x = net.conv(net.input(1, 4, 4, 3), 6)
    factor = net.constant(net.rng.integers(-100, 100, 6), net.tensors[x].dtype, net.tensors[x].quant)
    y = net.add(x, factor, kind="MUL")
    weights = net.rng.integers(-127, 128, (2, 1, 1, 6))
    weights[..., 0] = 0
    check(net.module(net.conv(y, 2, weights=weights)), {x: 5, y: 5})


def test_concatenated_channels_are_traced_to_their_part():
    net = Net(7)
    x = net.input(1, 4, 4, 3)
    a, b = net.conv(x, 4), net.conv(x, 5)
    both = net.concatenate([a, b])
    weights = net.rng.integers(-127, 128, (2, 1, 1, 9))
    weights[..., [1, 4, 8]] = 0
    result = check(net.module(net.conv(both, 2, weights=weights)), {a: 3, b: 3, both: 6})
    assert result.channel_maps[b].tolist() == [1, 2, 3]


def test_a_depthwise_of_one_channel_may_lose_outputs():
    net = Net(9)
    x = net.input(1, 6, 6, 1)
    x = net.depthwise(x, 8)
    weights = net.rng.integers(-127, 128, (2, 1, 1, 8))
    weights[..., [0, 7]] = 0
    result = check(net.module(net.conv(x, 2, weights=weights)), {x: 6})
    assert result.module.main.ops[0].attrs.depth_multiplier == 6


def test_a_depthwise_of_several_channels_loses_whole_groups():
    net = Net(9)
    x = net.conv(net.input(1, 6, 6, 1), 3)
    y = net.depthwise(x, 2)
    weights = net.rng.integers(-127, 128, (2, 1, 1, 6))
    weights[..., [0, 2, 3]] = 0
    check(net.module(net.conv(y, 2, weights=weights)), {x: 2, y: 4})


def test_a_tensor_keeps_a_channel_when_all_are_constant():
    net = Net(4)
    x = net.conv(net.input(1, 3, 3, 2), 5, weights=np.zeros((5, 1, 1, 2), np.int64))
    check(net.module(net.conv(x, 2)), {x: 1})


def test_weights_that_another_operator_reads_stay_for_it():
    net = Net(4)
    x = net.input(1, 4, 4, 6)
    y = net.conv(x, 6)
    weights, bias = net.ops[0].inputs[1:]
    z = net.conv(y, 6)
    net.ops[1] = net.ops[1].with_(inputs=(y, weights, bias))
    keep = net.rng.integers(-127, 128, (2, 1, 1, 6))
    keep[..., 3] = 0
    module = net.module(y, net.conv(z, 2, weights=keep))
    result = check(module, {z: 5, y: 6})
    assert result.module.main.ops[0].inputs[1] == weights
    assert result.module.main.tensors[weights].shape == (6, 1, 1, 6)


def test_what_is_not_understood_keeps_everything():
    net = Net(4)
    x = net.conv(net.input(1, 4, 4, 2), 6, weights=with_constant_rows(net, (6, 1, 1, 2), [0]))
    y = net.op("TRANSPOSE", [x, net.constant([0, 3, 1, 2])])
    module = net.module(net.reshape(y, 1, 96))
    assert remove_dead_channels(module).module is module


@pytest.mark.parametrize("seed", range(40))
def test_random_sparse_networks_compute_the_same(seed):
    """Mobile-style blocks with zero rows, zero columns, biases that saturate, residuals and pools."""
    net = Net(seed)
    rng = net.rng
    zero_point = int(rng.choice((-128, 5)))
    style = {"scale": 0.1, "zero_point": zero_point}

    def sparse(*shape):
        weights = rng.integers(-127, 128, shape)
        weights[rng.random(shape[0]) < 0.3] = 0
        weights[..., rng.random(shape[-1]) < 0.2] = 0
        return weights

    def bias(count):
        ordinary, saturating = rng.integers(-2000, 2000, count), rng.choice((-400_000, 400_000), count)
        return np.where(rng.random(count) < 0.3, saturating, ordinary)

    def activation():
        return Activation(int(rng.choice((0, 1, 3))))

    x = net.input(1, 7, 7, 2)
    x = net.conv(x, 6, 3, weights=sparse(6, 3, 3, 2), bias=bias(6), activation=activation(), **style)
    for _ in range(3):
        channels = net.tensors[x].shape[-1]
        padding = Padding(int(rng.integers(2))) if net.tensors[x].shape[1] > 4 else Padding.SAME
        y = net.depthwise(x, weights=sparse(3, 3, channels)[np.newaxis], bias=bias(channels), padding=padding,
                          activation=activation(), **style)  # fmt: skip
        outputs_ = int(rng.choice((4, channels)))
        y = net.conv(y, outputs_, weights=sparse(outputs_, 1, 1, channels), bias=bias(outputs_),
                     activation=activation(), **style)  # fmt: skip
        if net.tensors[y].shape == net.tensors[x].shape:
            y = net.add(x, y)
        x = y
    if rng.random() < 0.5:
        x = net.pool(x)
    elements = int(np.prod(net.tensors[x].shape))
    x = net.dense(net.reshape(x, 1, elements), 6, sparse(6, elements), bias(6), activation(), **style)
    module = net.module(net.dense(x, 3, sparse(3, 6)))
    result = check(module, {}, seed)
    assert result.module is not module


@pytest.mark.parametrize("seed", range(20))
def test_spans_hold_and_both_ends_are_reached(seed):
    """One convolution whose input pixels are independent: the extreme inputs give the ends of every channel's span."""
    net = Net(seed)
    padding = Padding(seed % 2)
    activation = Activation(int(net.rng.choice((0, 1, 3))))
    x = net.input(1, 4, 4, 2)
    y = net.conv(x, 5, 3, padding=padding, activation=activation, weights=net.rng.integers(-9, 10, (5, 3, 3, 2)))
    module = net.module(y)
    span = spans(module.main)[y]
    weights = module.main.tensors[module.main.ops[0].inputs[1]].data
    low, high = np.full(5, 127), np.full(5, -128)
    inputs = random_inputs(module, seed)
    for channel in range(5):
        for sign in (1, -1):
            # The filter laid on every place of the image in turn: that output gets its largest or smallest sum.
            for top in range(-1, 3):
                for left in range(-1, 3):
                    image = net.rng.integers(-128, 128, (1, 4, 4, 2))
                    for ky in range(3):
                        for kx in range(3):
                            if 0 <= top + ky < 4 and 0 <= left + kx < 4:
                                image[0, top + ky, left + kx] = np.where(sign * weights[channel, ky, kx] > 0, 127, -128)
                    inputs.append([image.astype(np.int8)])
    for (result,) in outputs(module, inputs):
        low = np.minimum(low, result.min(axis=(0, 1, 2)))
        high = np.maximum(high, result.max(axis=(0, 1, 2)))
    assert low.tolist() == span.low.tolist(), f"seed {seed}"
    assert high.tolist() == span.high.tolist(), f"seed {seed}"


def test_window_masks_are_the_parts_of_a_filter_on_the_image():
    net = Net()
    module = net.module(net.conv(net.input(1, 5, 1, 2), 3, 3))
    masks = {tuple(mask.reshape(-1).tolist()) for mask in window_masks(module.main, module.main.ops[0])}
    inside, rows = [False, True, False], ([True] * 3, [False, True, True], [True, True, False])
    assert masks == {tuple(r and c for r in row for c in inside) for row in rows}
