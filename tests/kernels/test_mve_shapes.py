"""Shapes at the edges of the tiles of the kernels for cores with MVE, against tflite-runtime's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from harness import CASES, Case, run_cases, seeds, targets
from kernel_cases import Model, _output_quant, _weights, activation, bias_quant, generate, quantization

from sdk.ir import Module
from sdk.ir import attrs as a
from sdk.kernels.base import Kernel
from sdk.kernels.conv2d_mve import Conv2DPixelsMve, Conv2DRowsMve, Conv2DRunsMve
from sdk.kernels.depthwise_mve import Depthwise3x3Mve, Depthwise3x3RowsMve


def _depthwise_3x3(rng: np.random.Generator, _: Sequence[int]) -> tuple[Model, Module]:
    """3x3 with widths and channels at, above and below the tiles."""
    m = Model()
    channels = int(rng.choice([1, 3, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33]))
    height, width = (int(v) for v in rng.integers(3, [9, 21]))
    stride = int(rng.integers(1, 3))
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (1, 3, 3, channels), 3)
    output_quant, bias = _output_quant(rng, quant, scales, data, 3)
    inputs = [m.input((1, height, width, channels), quant), m.const(data, weight_quant)]
    inputs.append(m.const(bias, bias_quant(quant, scales)))
    padding = a.Padding.SAME if rng.integers(2) else a.Padding.VALID
    attrs = a.DepthwiseConv2DAttrs(padding, stride, stride, 1, activation(rng))
    return m, m.module("DEPTHWISE_CONV_2D", attrs, inputs, output_quant)


def _convolution(kernel: int) -> Callable[[np.random.Generator, Sequence[int]], tuple[Model, Module]]:
    """Inputs at, above and below whole chunks, up to more than the fixed loops take."""

    def make(rng: np.random.Generator, _: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        depth = int(rng.choice([16, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192]) // kernel + rng.integers(-1, 2))
        channels = int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 33, 38]))
        height, width = (int(v) for v in rng.integers(kernel, kernel + 5, 2))
        quant = quantization(rng)
        data, weight_quant, scales = _weights(rng, (channels, kernel, kernel, depth), 0)
        output_quant, bias = _output_quant(rng, quant, scales, data, 0)
        inputs = [m.input((1, height, width, depth), quant), m.const(data, weight_quant)]
        inputs.append(m.const(bias, bias_quant(quant, scales)))
        padding = a.Padding.SAME if rng.integers(2) else a.Padding.VALID
        stride = int(rng.integers(1, 3))
        return m, m.module("CONV_2D", a.Conv2DAttrs(padding, stride, stride, activation(rng)), inputs, output_quant)

    return make


def _few_channels(rng: np.random.Generator, _: Sequence[int]) -> tuple[Model, Module]:
    """First layers: kernel rows of up to 16 inputs, windows over all borders."""
    m = Model()
    depth, kernel, stride = int(rng.integers(1, 5)), int(rng.integers(2, 6)), int(rng.integers(1, 3))
    channels = int(rng.choice([1, 3, 8, 9, 31, 33]))
    height, width = (int(v) for v in rng.integers(kernel, kernel + 15, 2))
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (channels, kernel, kernel, depth), 0)
    output_quant, bias = _output_quant(rng, quant, scales, data, 0)
    inputs = [m.input((1, height, width, depth), quant), m.const(data, weight_quant)]
    inputs.append(m.const(bias, bias_quant(quant, scales)))
    padding = a.Padding.SAME if rng.integers(2) else a.Padding.VALID
    return m, m.module("CONV_2D", a.Conv2DAttrs(padding, stride, stride, activation(rng)), inputs, output_quant)


def _cases(name: str, seed: int) -> Iterator[Case]:
    makers = {"depthwise": _depthwise_3x3, "pointwise": _convolution(1), "3x3": _convolution(3)}
    makers["few channels"] = _few_channels
    return generate(makers[name], seed, CASES, ())


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("target", targets("host", "m55"))
@pytest.mark.parametrize(
    ("kernel", "shapes"),
    [
        (Depthwise3x3Mve(), "depthwise"),
        (Depthwise3x3RowsMve(), "depthwise"),
        (Conv2DPixelsMve(), "pointwise"),
        (Conv2DPixelsMve(), "3x3"),
        (Conv2DRowsMve(), "3x3"),
        (Conv2DRunsMve(), "few channels"),
        (Conv2DPixelsMve(), "few channels"),
    ],
    ids=lambda v: v if isinstance(v, str) else v.name,
)
def test_tile_edges(kernel: Kernel, shapes: str, target: str, seed: int) -> None:
    assert run_cases(kernel, _cases(shapes, seed), target) > CASES // 4
