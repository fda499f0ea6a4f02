"""Operators of uint8 and the operators of int8 that take their place give the same bytes in the oracle."""

from dataclasses import replace

import numpy as np
import pytest
from nets import Net, kinds
from oracle_equality import assert_equal_in_the_oracle, random_inputs

from sdk.ir import DType, Quant
from sdk.ir.attrs import Activation, ArgAttrs, Attrs, BinaryAttrs, ReducerAttrs
from sdk.passes.uint8_as_int8 import uint8_as_int8

COMPARED = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")


def quantization(rng, low=0.01, high=0.5):
    scale = float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))
    return Quant((scale,), (int(rng.choice([0, 128, 255, rng.integers(256)])),))


def source(net, rng, shape, quant=None):
    quant = quant or quantization(rng)
    return net.input(*shape, scale=quant.scale, zero_point=quant.zero_point, dtype=DType.UINT8)


def constant(net, rng, shape):
    return net.constant(rng.integers(0, 256, shape), DType.UINT8, quantization(rng))


def plain(net, kind, inputs, attrs, dtype):
    """An operator whose output is not quantized."""
    output = net.op(kind, inputs, attrs, Quant((), ()), dtype=dtype)
    net.tensors[output] = replace(net.tensors[output], quant=None)
    return output


def check(net, output, seed, converted):
    module = net.module(output)
    result = uint8_as_int8(module)
    assert [kind for kind in kinds(result.module) if kind != "QUANTIZE"] == kinds(module)
    assert kinds(result.module).count("QUANTIZE") == converted
    assert_equal_in_the_oracle(module, result.module, random_inputs(module, seed), f"seed {seed}")
    assert uint8_as_int8(result.module).module is result.module


@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_arithmetic(kind, seed):
    rng, net = np.random.default_rng(seed), Net()
    first = source(net, rng, (2, 3, 5))
    second = constant(net, rng, (5,)) if seed % 2 else source(net, rng, (3, 1))
    attrs = BinaryAttrs(Activation(int(rng.choice([0, 1, 3]))))
    check(net, net.op(kind, [first, second], attrs, quantization(rng)), seed, 2 + (seed % 2 == 0))


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("kind", ["MAXIMUM", "MINIMUM", "PRELU"])
def test_selection(kind, seed):
    rng, net = np.random.default_rng(seed), Net()
    first = source(net, rng, (1, 4, 4, 3))
    second = constant(net, rng, (1, 1, 3))
    check(net, net.op(kind, [first, second], Attrs(), quantization(rng)), seed, 2)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("kind", ["MEAN", "REDUCE_MAX", "REDUCE_MIN"])
def test_reduction(kind, seed):
    rng, net = np.random.default_rng(seed), Net()
    quant = quantization(rng)
    axes = net.constant([[1, 2], [3], [0, 2]][seed - 1])
    output = quantization(rng) if kind == "MEAN" else quant
    check(net, net.op(kind, [source(net, rng, (2, 4, 5, 3), quant), axes], ReducerAttrs(True), output), seed, 2)


@pytest.mark.parametrize("kind", COMPARED)
def test_comparison(kind):
    rng, net = np.random.default_rng(7), Net()
    inputs = [source(net, rng, (4, 9)), source(net, rng, (4, 9))]
    check(net, plain(net, kind, inputs, Attrs(), DType.BOOL), 7, 2)


@pytest.mark.parametrize("kind", ["ARG_MAX", "ARG_MIN"])
def test_position(kind):
    rng, net = np.random.default_rng(8), Net()
    inputs = [source(net, rng, (4, 9)), net.constant(1)]
    check(net, plain(net, kind, inputs, ArgAttrs(DType.INT32), DType.INT32), 8, 1)


def test_log_softmax():
    rng, net = np.random.default_rng(10), Net()
    check(net, net.op("LOG_SOFTMAX", [source(net, rng, (4, 9))], Attrs(), Quant((16 / 256,), (255,))), 10, 2)


def test_operators_in_a_row_share_the_int8_tensor():
    rng, net = np.random.default_rng(9), Net()
    x = source(net, rng, (2, 6))
    y = net.op("ADD", [x, x], BinaryAttrs(), quantization(rng))
    check(net, net.op("MUL", [y, x], BinaryAttrs(), quantization(rng)), 9, 3)


def test_int8_stays():
    net = Net()
    x = net.input(1, 6)
    module = net.module(net.add(x, x))
    assert uint8_as_int8(module).module is module
