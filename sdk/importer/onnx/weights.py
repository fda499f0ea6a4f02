"""Weights in int8 and biases in int32, as TensorFlow Lite wants them quantized."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sdk.importer.onnx.context import Constant, Context
from sdk.importer.onnx.model import Array, Node
from sdk.ir import Quant


def symmetric(scales: Sequence[float], axis: int) -> Quant:
    """A quantization without zero points, of one scale or one for each slice along dimension ``axis``."""
    return Quant(tuple(scales), (0,) * len(scales), axis if len(scales) > 1 else None)


def weights_of(ctx: Context, node: Node, axis: int) -> tuple[Array, tuple[float, ...]]:
    """Weights and a scale for each slice along their dimension of outputs, ``axis``, or one."""
    value = ctx.values[node.inputs[1]]
    if not isinstance(value, Constant) or value.quant is None or value.data.dtype != np.int8:
        raise ctx.unsupported(node, "its weights are not constants in int8", "quantize the model in QDQ form")
    if any(value.quant.zero_points):
        raise ctx.unsupported(node, "its weights have a zero point", "quantize weights symmetrically, in QInt8")
    if value.quant.axis not in (None, axis):
        raise ctx.unsupported(node, f"its weights have scales along dimension {value.quant.axis}, not {axis}")
    return value.data, value.quant.scales


def filters_of(ctx: Context, node: Node, axis: int) -> tuple[Array, tuple[float, ...]]:
    """Filters of 4 dimensions, and a scale for each along dimension ``axis``, or one."""
    weights, scales = weights_of(ctx, node, axis)
    if weights.ndim == 3:
        weights = weights[:, :, None, :]
    if weights.ndim != 4:
        raise ctx.unsupported(node, f"weights of shape {list(weights.shape)}, not of 3 or 4 dimensions")
    return weights, scales


def bias_of(ctx: Context, node: Node, input_scale: float, scales: Sequence[float], channels: int) -> int:
    """The bias in units of input scale times weight scale, zeros where there is none."""
    products = [float(np.float32(np.float32(input_scale) * np.float32(s))) for s in scales]
    steps = np.array(products) if len(products) > 1 else np.full(channels, products[0])
    values: Array = np.zeros(channels, np.int32)
    if node.given(2):
        value = ctx.values[node.inputs[2]]
        if not isinstance(value, Constant) or value.data.size != channels:
            raise ctx.unsupported(node, "its bias is not a constant for each output channel")
        real = value.data.reshape(-1).astype(np.float64)
        if value.quant is not None:
            real = (real - np.array(value.quant.zero_points)) * np.array(value.quant.scales, np.float64)
        limits = np.iinfo(np.int32)
        values = np.rint(real / steps).clip(limits.min, limits.max).astype(np.int32)
    return ctx.build.const(values, symmetric(products, 0))
