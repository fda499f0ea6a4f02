"""Shapes at the edges of the tiles of the kernels for cores with NEON, against tflite-runtime's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from harness import CASES, Case, run_cases, seeds, targets
from kernel_cases import Model, _output_quant, _weights, activation, bias_quant, generate, quantization

from sdk.ir import Module, Op, Quant, Tensor
from sdk.ir import attrs as a
from sdk.kernels.base import Kernel, Site
from sdk.kernels.conv2d_neon import Conv2DBytes, Conv2DNeon, Conv2DSdot
from sdk.kernels.depthwise_neon import Depthwise3x3Sdot, DepthwiseNeon
from sdk.kernels.fully_connected_neon import FullyConnectedNeon, FullyConnectedSdot

Maker = Callable[[np.random.Generator, Sequence[int]], tuple[Model, Module]]


def _depthwise_3x3(rng: np.random.Generator, _: Sequence[int]) -> tuple[Model, Module]:
    """3x3 with widths and channels at, above and below the blocks."""
    m = Model()
    channels = int(rng.choice([1, 2, 4, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33]))
    height, width = (int(v) for v in rng.integers(3, 12, 2))
    stride = int(rng.choice([1, 1, 2]))
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (1, 3, 3, channels), 3)
    output_quant, bias = _output_quant(rng, quant, scales, data, 3)
    inputs = [m.input((1, height, width, channels), quant), m.const(data, weight_quant)]
    inputs.append(m.const(bias, bias_quant(quant, scales)))
    padding = a.Padding.SAME if rng.integers(2) else a.Padding.VALID
    attrs = a.DepthwiseConv2DAttrs(padding, stride, stride, 1, activation(rng))
    return m, m.module("DEPTHWISE_CONV_2D", attrs, inputs, output_quant)


def _convolution(kernel: int, depths: Sequence[int]) -> Maker:
    """Pixels and channels at, above and below the tiles."""

    def make(rng: np.random.Generator, _: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        depth = int(rng.choice(np.array(depths)))
        channels = int(rng.choice([1, 3, 4, 5, 7, 8, 9, 16, 17]))
        height, width = kernel + int(rng.integers(3)), kernel + int(rng.integers(18))
        quant = quantization(rng)
        data, weight_quant, scales = _weights(rng, (channels, kernel, kernel, depth), 0)
        output_quant, bias = _output_quant(rng, quant, scales, data, 0)
        inputs = [m.input((1, height, width, depth), quant), m.const(data, weight_quant)]
        inputs.append(m.const(bias, bias_quant(quant, scales)))
        padding = a.Padding.SAME if rng.integers(2) else a.Padding.VALID
        stride = int(rng.choice([1, 1, 2]))
        return m, m.module("CONV_2D", a.Conv2DAttrs(padding, stride, stride, activation(rng)), inputs, output_quant)

    return make


def _fully_connected(rng: np.random.Generator, _: Sequence[int]) -> tuple[Model, Module]:
    """Batches, inputs and outputs at, above and below the tiles."""
    m = Model()
    batches = int(rng.choice([1, 1, 2, 3, 7, 8, 9, 15, 17]))
    depth = int(rng.choice([8, 16, 17, 20, 24, 25, 28, 29, 31, 32, 48, 63]))
    channels = int(rng.choice([1, 3, 4, 5, 7, 8, 9, 16, 17]))
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (channels, depth), 0)
    output_quant, bias = _output_quant(rng, quant, scales, data, 0)
    inputs = [m.input((batches, depth), quant), m.const(data, weight_quant)]
    inputs.append(m.const(bias, bias_quant(quant, scales)))
    return m, m.module("FULLY_CONNECTED", a.FullyConnectedAttrs(activation(rng)), inputs, output_quant)


_SHAPES: dict[str, Maker] = {
    "depthwise": _depthwise_3x3,
    "pointwise": _convolution(1, [8, 16, 17, 20, 24, 25, 28, 29, 31, 32, 48, 63]),
    "3x3": _convolution(3, [1, 2, 3, 5, 8, 11, 16, 17, 32]),
    "2x2": _convolution(2, [8, 16, 24, 32]),
    "batches": _fully_connected,
}
_CONV = ("pointwise", "3x3", "2x2")
_NEON: list[tuple[Kernel, str]] = [(Conv2DNeon(), shapes) for shapes in _CONV]
_NEON += [(DepthwiseNeon(), "depthwise"), (FullyConnectedNeon(), "batches")]
_SDOT: list[tuple[Kernel, str]] = [(Conv2DSdot(), shapes) for shapes in _CONV]
_SDOT += [(Depthwise3x3Sdot(), "depthwise"), (FullyConnectedSdot(), "batches")]
_RUNS = [(*what, target) for target in targets("a64", "a32") for what in (_NEON if target == "a32" else _NEON + _SDOT)]


def _cases(name: str, seed: int) -> Iterator[Case]:
    return generate(_SHAPES[name], seed, 2 * CASES, ())


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize(("kernel", "shapes", "target"), _RUNS, ids=lambda v: v if isinstance(v, str) else v.name)
def test_tile_edges(kernel: Kernel, shapes: str, target: str, seed: int) -> None:
    assert run_cases(kernel, _cases(shapes, seed), target) > CASES // 8


def _extreme(least: int) -> Case:
    """All products are the largest there are, in pairs of weights -128 and ``least``."""
    m = Model()
    quant, scales = Quant((0.5,), (0,)), (0.01,)
    data = np.full((4, 1, 1, 32), -128, np.int8)
    data[:, :, :, 8:16] = data[:, :, :, 24:] = least
    inputs = [m.input((1, 2, 4, 32), quant), m.const(data, Quant(scales, (0,)))]
    inputs.append(m.const(np.zeros(4, np.int32), bias_quant(quant, scales)))
    attrs = a.Conv2DAttrs(a.Padding.VALID, 1, 1, a.Activation.NONE)
    module = m.module("CONV_2D", attrs, inputs, Quant((30.0,), (3,)))
    return Case(f"weights -128 and {least}", module, (np.full((1, 2, 4, 32), -128, np.int8),))


@pytest.mark.parametrize("target", targets("a64", "a32"))
def test_largest_sum_of_two_products(target: str) -> None:
    assert run_cases(Conv2DNeon(), [_extreme(-127)], target) == 1
    assert Conv2DNeon().refusal(_extreme(-128).site) == "no two weights multiplied in a pair are -128"


@pytest.mark.parametrize("target", targets("a64"))
def test_sdot_has_no_such_limit(target: str) -> None:
    assert run_cases(Conv2DSdot(), [_extreme(-128)], target) == 1


class _Bounded(Case):
    """A case whose operator stands behind a RELU6 in the device's model: its input has few values."""

    @property
    def site(self) -> Site:
        graph, op = self.module.main, self.module.main.ops[0]
        bounded = graph.input(op, 0)
        before = Tensor(len(graph.tensors), "before", bounded.shape, bounded.dtype, bounded.quant)
        relu = Op(1, "RELU6", 1, (before.id,), (bounded.id,), a.Attrs())
        tensors = {**graph.tensors, before.id: before}
        return Site(replace(graph, tensors=tensors, ops=(relu, op), inputs=(before.id,)), op)


def _few_values(rng: np.random.Generator, kernel: int, bits: tuple[int, int]) -> Case:
    """Inputs and weights of so many bits."""
    m = Model()
    depth, channels = int(rng.choice([3, 16, 20, 32, 64, 100])), int(rng.choice([1, 3, 4, 5, 8, 9]))
    height, width = kernel + int(rng.integers(3)), kernel + int(rng.integers(10))
    most = (1 << bits[0]) - 1
    quant = Quant((6.0 / most,), (0,))
    data = rng.integers(-(1 << bits[1] - 1), 1 << bits[1] - 1, (channels, kernel, kernel, depth)).astype(np.int8)
    scales = tuple(float(np.float32(s)) for s in rng.uniform(0.01, 0.5, channels))
    output_quant, bias = _output_quant(rng, quant, scales, data, 0)
    inputs = [m.input((1, height, width, depth), quant), m.const(data, Quant(scales, (0,) * channels, 0))]
    inputs.append(m.const(bias, bias_quant(quant, scales)))
    padding = a.Padding.SAME if rng.integers(2) else a.Padding.VALID
    module = m.module("CONV_2D", a.Conv2DAttrs(padding, 1, 1, activation(rng)), inputs, output_quant)
    # Now and then all sums are as large as they get.
    values = rng.integers(0 if rng.integers(3) else most, most + 1, (1, height, width, depth)).astype(np.int8)
    return _Bounded(f"{bits} bits, {kernel}x{kernel}x{depth}, {channels} channels", module, (values,))


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("bits", [(2, 2), (1, 2), (2, 1), (1, 1), (4, 1)])
@pytest.mark.parametrize("target", targets("a64", "a32"))
def test_sums_in_bytes(target: str, bits: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng([seed, *bits])
    cases = [_few_values(rng, kernel, bits) for kernel in (1, 3) for _ in range(CASES // 4)]
    assert run_cases(Conv2DBytes(), cases, target) == len(cases)


def test_sums_in_bytes_need_few_values() -> None:
    case = _few_values(np.random.default_rng(1), 3, (2, 2))
    assert Conv2DBytes().refusal(case.site) is None
    assert Conv2DBytes().refusal(Site(case.module.main, case.module.main.ops[0])) is not None
