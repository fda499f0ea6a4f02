"""Kernels for cores with the DSP extension against tflite-runtime's reference kernels: C twins, then their assembly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pytest
from harness import CASES, Case, run_cases, seeds, targets
from kernel_cases import Model, activation, bias_quant, cases, generate, quantization, scale, values, zero_point

from sdk.ir import Module, Quant
from sdk.ir import attrs as a
from sdk.kernels.base import Kernel
from sdk.kernels.registry import KERNELS

DSP = [(k, op) for k in KERNELS if k.name.endswith("__dsp") for op in k.ops]


def depthwise_3x3(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    """The usual depthwise layer: stride 1 or 2, outputs that are clamped at their zero point."""
    m = Model()
    channels = int(rng.integers(4, 33))
    height, width = (int(v) for v in rng.integers(3, 14, 2))
    width += int(rng.choice([0, 0, 20]))
    stride = int(rng.integers(1, 3))
    quant = quantization(rng)
    data = values(rng, (1, 3, 3, channels), -127)
    scales = tuple(scale(rng, 3e-3, 0.03) for _ in range(channels))
    spread = 80 * np.sqrt((data.reshape(9, channels).astype(np.float64) ** 2).sum(axis=0)) + 1
    bias = np.round(rng.normal(0, 1, channels) * spread).astype(np.int32)
    out = float((spread * scales).max()) * quant.scale / float(rng.choice([50, 100, 200]))
    padding = a.Padding.SAME if rng.integers(3) else a.Padding.VALID
    attrs = a.DepthwiseConv2DAttrs(padding, stride, stride, 1, activation(rng))
    inputs = [
        m.input((1, height, width, channels), quant),
        m.const(data, Quant(scales, (0,) * channels, 3)),
        m.const(bias, bias_quant(quant, scales)),
    ]
    return m, m.module("DEPTHWISE_CONV_2D", attrs, inputs, Quant((float(np.float32(out)),), (-128,)))


def conv_3x3(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    """The usual convolution: stride 1, even output width, quads of channels, any zero points."""
    m = Model()
    depth, out = (4 * int(v) for v in rng.integers(1, 20, 2))
    padding = a.Padding.SAME if rng.integers(3) else a.Padding.VALID
    height, width = int(rng.integers(3, 10)), 2 * int(rng.integers(2, 7))
    quant = quantization(rng)
    data = values(rng, (out, 3, 3, depth), -127)
    scales = tuple(scale(rng, 3e-3, 0.03) for _ in range(out))
    spread = 80 * np.sqrt((data.reshape(out, -1).astype(np.float64) ** 2).sum(axis=1)) + 1
    bias = np.round(rng.normal(0, 1, out) * spread).astype(np.int32)
    step = float((spread * scales).max()) * quant.scale / float(rng.choice([50, 100, 200]))
    attrs = a.Conv2DAttrs(padding, 1, 1, activation(rng))
    inputs = [
        m.input((1, height, width, depth), quant),
        m.const(data, Quant(scales, (0,) * out, 0)),
        m.const(bias, bias_quant(quant, scales)),
    ]
    return m, m.module("CONV_2D", attrs, inputs, Quant((float(np.float32(step)),), (zero_point(rng),)))


def conv_of_few_inputs(pointwise: bool, rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    """A convolution of up to 128 inputs whose outputs are clamped at their zero point."""
    m = Model()
    out = int(rng.integers(4, 20))
    depth = int(rng.integers(4, 129)) if pointwise else int(rng.integers(1, 9))
    kernel = (1, 1) if pointwise else (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    stride = (1, 1) if pointwise else (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    height, width = (int(n + s * v) for n, s, v in zip(kernel, stride, rng.integers(0, 9, 2), strict=True))
    padding = a.Padding.SAME if rng.integers(3) else a.Padding.VALID
    quant = quantization(rng)
    data = values(rng, (out, *kernel, depth), -127)
    scales = tuple(scale(rng, 3e-3, 0.03) for _ in range(out))
    spread = 80 * np.sqrt((data.reshape(out, -1).astype(np.float64) ** 2).sum(axis=1)) + 1
    bias = np.round(rng.normal(0, 1, out) * spread).astype(np.int32)
    step = float((spread * scales).max()) * quant.scale / float(rng.choice([50, 100, 200]))
    inputs = [
        m.input((1, height, width, depth), quant),
        m.const(data, Quant(scales, (0,) * out, 0)),
        m.const(bias, bias_quant(quant, scales)),
    ]
    attrs = a.Conv2DAttrs(padding, *stride, activation(rng))
    return m, m.module("CONV_2D", attrs, inputs, Quant((float(np.float32(step)),), (-128,)))


def all_cases(kernel: Kernel, op: str, seed: int) -> Iterator[Case]:
    """Shapes round the tiles' sizes; many of them miss some kernel's constraints."""
    if "winograd" in kernel.name:
        return generate(conv_3x3, seed, CASES, ())
    if "triples" in kernel.name:
        return generate(partial(conv_of_few_inputs, "window" not in kernel.name), seed, CASES, ())
    if "3x3" in kernel.name:
        return generate(depthwise_3x3, seed, CASES, ())
    return cases(op, seed, tiles=(2, 3, 4, 8), count=2 * CASES)


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("target", targets("host", "m4"))
@pytest.mark.parametrize(("kernel", "op"), DSP, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, target: str, seed: int) -> None:
    assert run_cases(kernel, all_cases(kernel, op, seed), target) > 0
