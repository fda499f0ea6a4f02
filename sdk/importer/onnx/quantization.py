"""QuantizeLinear and DequantizeLinear: how tensors are quantized, all activations in int8."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np

from sdk.importer.onnx.context import Constant, Context, Flat, Handler, Value
from sdk.importer.onnx.model import Array, Node
from sdk.ir import Quant
from sdk.ir import attrs as a

FUSED = {(0.0, inf): a.Activation.RELU, (0.0, 6.0): a.Activation.RELU6, (-1.0, 1.0): a.Activation.RELU_N1_TO_1}
"""Bounds of a Relu or Clip that TensorFlow Lite has an activation for."""
_SAME_RANGE = 128
"""What turns uint8 into int8 of the same meaning."""


def unsigned(quant: Quant) -> Quant:
    """The quantization in uint8 of the same meaning."""
    return Quant(quant.scales, tuple(z + _SAME_RANGE for z in quant.zero_points))


def stated(ctx: Context, node: Node) -> Quant:
    """What a QuantizeLinear or DequantizeLinear says of an activation, in int8."""
    scale = ctx.constant(node, 1, "the scale")
    point = ctx.optional(node, 2, "the zero point")
    dtype = np.dtype(np.uint8) if point is None else point.dtype
    if scale.size != 1 or dtype not in (np.int8, np.uint8):
        raise ctx.unsupported(node, "activations are quantized per tensor, in int8 or uint8")
    shift = _SAME_RANGE if dtype == np.uint8 else 0
    zero_point = int(point.reshape(-1)[0]) if point is not None else 0
    return Quant((float(np.float32(scale.reshape(-1)[0])),), (zero_point - shift,))


def held(ctx: Context, node: Node, value: Value) -> Quant:
    """How an input of a node is quantized."""
    quant = ctx.build.tensors[value.tensor].quant
    if quant is None:
        raise ctx.unsupported(node, "its input is not quantized", "quantize the whole model in QDQ form")
    return quant


def requantized(ctx: Context, tensor: int, quant: Quant) -> int:
    """A tensor in another quantization."""
    if ctx.build.tensors[tensor].quant == quant:
        return tensor
    return ctx.build.op("QUANTIZE", [tensor], a.Attrs(), quant)


def result(ctx: Context, node: Node, fuse: bool = False) -> tuple[Quant, a.Activation, str]:
    """How a node's output is quantized, the activation before that if it can be fused, and the name of it all."""
    name, activation = node.outputs[0], a.Activation.NONE
    readers = ctx.readers.get(name, [])
    if fuse and len(readers) == 1 and readers[0].kind in ("Relu", "Clip") and name not in ctx.outputs:
        limits = bounds(ctx, readers[0])
        if limits in FUSED:
            activation, name = FUSED[limits], readers[0].outputs[0]
            ctx.done.add(readers[0].name)
            readers = ctx.readers.get(name, [])
    quants = [stated(ctx, n) for n in readers if n.kind == "QuantizeLinear"]
    if not quants or len(quants) != len(readers) or any(q != quants[0] for q in quants):
        raise ctx.unsupported(
            node, "its result is not quantized by one QuantizeLinear", "quantize the whole model in QDQ form"
        )
    return quants[0], activation, name


def keeps_quantization(ctx: Context, node: Node) -> bool:
    """Whether no QuantizeLinear follows, so that the output is held as the input is."""
    return not any(n.kind == "QuantizeLinear" for n in ctx.readers.get(node.outputs[0], ()))


def bounds(ctx: Context, node: Node) -> tuple[float, float]:
    """Smallest and largest result of a Relu or Clip."""
    if node.kind == "Relu":
        return 0.0, inf
    if ctx.opset < 11:
        return float(node.attrs.get("min", -inf)), float(node.attrs.get("max", inf))
    low, high = (ctx.optional_real(node, i) for i in (1, 2))
    return -inf if low is None else low, inf if high is None else high


def _quantize_linear(ctx: Context, node: Node) -> None:
    value = ctx.values[node.inputs[0]]
    if isinstance(value, Constant):
        raise ctx.unsupported(node, "quantizes a constant", "fold constants when quantizing")
    if isinstance(value, Flat):
        ctx.values[node.outputs[0]] = value
        if held(ctx, node, value.source) == stated(ctx, node):
            return
        value = ctx.value(node.inputs[0])
    ctx.values[node.outputs[0]] = replace(value, tensor=requantized(ctx, value.tensor, stated(ctx, node)))


def _dequantize_linear(ctx: Context, node: Node) -> None:
    value = ctx.values[node.inputs[0]]
    if isinstance(value, Constant):
        ctx.values[node.outputs[0]] = _dequantized_constant(ctx, node, value.data)
        return
    source = value.source if isinstance(value, Flat) else value
    if held(ctx, node, source) != stated(ctx, node):
        raise ctx.unsupported(node, "reads a tensor as another quantization than it was written in")
    ctx.values[node.outputs[0]] = value


def _dequantized_constant(ctx: Context, node: Node, data: Array) -> Constant:
    scales = ctx.constant(node, 1, "the scale").reshape(-1)
    given = ctx.optional(node, 2, "the zero point")
    points = np.zeros(scales.shape, np.int64) if given is None else given.reshape(-1).astype(np.int64)
    if data.dtype == np.uint8:
        data, points = (data.astype(np.int16) - _SAME_RANGE).astype(np.int8), points - _SAME_RANGE
    if data.dtype not in (np.int8, np.int32):
        raise ctx.unsupported(node, f"a constant of type {data.dtype}")
    axis = None
    if len(scales) > 1:
        axis = int(node.attrs.get("axis", 1))
        axis = axis + data.ndim if axis < 0 else axis
    quant = Quant(tuple(float(np.float32(s)) for s in scales), tuple(int(p) for p in points), axis)
    return Constant(data, quant)


HANDLERS: dict[str, Handler] = {"DequantizeLinear": _dequantize_linear, "QuantizeLinear": _quantize_linear}
