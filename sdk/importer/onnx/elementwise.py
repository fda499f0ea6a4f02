"""Operators that compute each element alone, and those normalized over one dimension."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdk.importer.onnx.context import Constant, Context, Handler, Value
from sdk.importer.onnx.layout import broadcast
from sdk.importer.onnx.model import Node
from sdk.importer.onnx.quantization import FUSED, bounds, held, keeps_quantization, requantized, result
from sdk.ir import DType, Quant
from sdk.ir import attrs as a

_LEAST_SLOPE = 1e-6
_BINARY = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL", "Max": "MAXIMUM", "Min": "MINIMUM"}
_UNARY = {"Abs": "ABS", "Exp": "EXP", "Gelu": "GELU", "HardSwish": "HARD_SWISH", "LeakyRelu": "LEAKY_RELU"}
_FIXED = {"LogSoftmax": "LOG_SOFTMAX", "Sigmoid": "LOGISTIC", "Softmax": "SOFTMAX", "Tanh": "TANH"}
_FIXED_OUTPUTS = {
    "SOFTMAX": Quant((1 / 256,), (-128,)),
    "LOG_SOFTMAX": Quant((16 / 256,), (127,)),
    "LOGISTIC": Quant((1 / 256,), (-128,)),
}
"""Operators whose int8 form has one quantization of the output alone."""


def _binary(ctx: Context, node: Node) -> None:
    operands = [ctx.values[name] for name in node.inputs]
    computed = [ctx.value(n) for n, v in zip(node.inputs, operands, strict=True) if not isinstance(v, Constant)]
    first = max(computed, key=lambda v: len(v.shape))
    if len(operands) != 2:
        raise ctx.unsupported(node, f"{len(operands)} inputs instead of 2")
    quant, activation, name = result(ctx, node, fuse=node.kind not in ("Max", "Min"))
    tensors = []
    for input_name, operand in zip(node.inputs, operands, strict=True):
        if isinstance(operand, Constant):
            if operand.quant is None or operand.data.dtype != np.int8 or operand.quant.axis is not None:
                raise ctx.unsupported(node, f"constant {input_name!r} is not quantized per tensor in int8")
            if operand.data.ndim > len(first.shape):
                raise ctx.unsupported(node, f"constant {input_name!r} has more dimensions than the other input")
            tensors.append(broadcast(ctx, operand, first))
            continue
        value = ctx.value(input_name)
        held(ctx, node, value)
        if len(value.shape) != len(first.shape):
            value = ctx.plain(value)
            value = ctx.reshaped(value.tensor, (1,) * (len(first.shape) - len(value.shape)) + value.shape)
        tensors.append(ctx.ordered(value, first.order).tensor)
    options: a.Attrs = a.BinaryAttrs(activation)
    if node.kind in ("Max", "Min"):
        # Elements are compared as they are, so all must have the result's scale.
        tensors, options = [requantized(ctx, t, quant) for t in tensors], a.Attrs()
    tensor = ctx.build.op(_BINARY[node.kind], tensors, options, quant, name=name)
    sizes = ctx.build.tensors[tensor].shape
    shape = tuple(sizes[first.order.index(d)] for d in range(len(sizes)))
    ctx.values[name] = Value(tensor, shape, first.order)


def _clip(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    source = held(ctx, node, value)
    limits = bounds(ctx, node)
    quant = source if keeps_quantization(ctx, node) else result(ctx, node)[0]
    low, high = ((q - quant.zero_point) * quant.scale for q in (-128, 127))
    if limits[0] <= low and limits[1] >= high:
        tensor = requantized(ctx, value.tensor, quant)
    elif limits in FUSED:
        tensor = ctx.build.op(FUSED[limits].name, [value.tensor], a.Attrs(), quant, name=node.outputs[0])
    else:
        raise ctx.unsupported(node, f"bounds {limits[0]:g} and {limits[1]:g}, other than those of RELU, RELU6")
    ctx.values[node.outputs[0]] = replace(value, tensor=tensor)


def _unary(ctx: Context, node: Node) -> None:
    """Operators of one input and no parameters but attributes."""
    value = ctx.value(node.inputs[0])
    held(ctx, node, value)
    quant, _, name = result(ctx, node)
    kind = _UNARY[node.kind]
    options = a.Attrs()
    if kind == "GELU":
        options = a.GeluAttrs(node.attrs.get("approximate", b"none") == b"tanh")
    elif kind == "LEAKY_RELU":
        options = a.LeakyReluAttrs(float(np.float32(node.attrs.get("alpha", 0.01))))
    tensor = ctx.build.op(kind, [value.tensor], options, quant, name=name)
    ctx.values[name] = replace(value, tensor=tensor)


def _prelu(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    held(ctx, node, value)
    slope = ctx.values[node.inputs[1]]
    if not isinstance(slope, Constant):
        raise ctx.unsupported(node, "the slope is not constant")
    if slope.quant is None:
        # onnxruntime's quantizer leaves slopes as floats.
        step = float(np.float32(max(float(np.abs(slope.data).max()), _LEAST_SLOPE) / 127))
        slope = Constant(np.rint(slope.data / step).astype(np.int8), Quant((step,), (0,)))
    quant, _, name = result(ctx, node)
    inputs = [value.tensor, broadcast(ctx, slope, value)]
    tensor = ctx.build.op("PRELU", inputs, a.Attrs(), quant, name=name)
    ctx.values[name] = replace(value, tensor=tensor)


def _fixed(ctx: Context, node: Node) -> None:
    """Operators whose result has a quantization of their own, which then becomes the model's; or floats."""
    kind = _FIXED[node.kind]
    value = ctx.value(node.inputs[0])
    held(ctx, node, value)
    rank = len(value.shape)
    if kind.endswith("SOFTMAX"):
        axis = int(node.attrs.get("axis", -1 if ctx.opset >= 13 else 1)) % rank
        if ctx.opset < 13 and axis != rank - 1:
            raise ctx.unsupported(node, "normalizes over several dimensions", "export with opset 13 or newer")
        others = tuple(d for d in value.order if d != axis)
        value = ctx.ordered(value, value.order if value.order[-1] == axis else (*others, axis))
    options = a.SoftmaxAttrs() if kind == "SOFTMAX" else a.Attrs()
    if keeps_quantization(ctx, node):
        real = ctx.build.op("DEQUANTIZE", [value.tensor], a.Attrs(), None, DType.FLOAT32)
        tensor = ctx.build.op(kind, [real], options, None, DType.FLOAT32, name=node.outputs[0])
    else:
        quant, _, _ = result(ctx, node)
        tensor = ctx.build.op(kind, [value.tensor], options, _FIXED_OUTPUTS.get(kind, quant))
        tensor = requantized(ctx, tensor, quant)
    ctx.values[node.outputs[0]] = replace(value, tensor=tensor)


HANDLERS: dict[str, Handler] = {
    "Abs": _unary,
    "Add": _binary,
    "Clip": _clip,
    "Exp": _unary,
    "Gelu": _unary,
    "HardSwish": _unary,
    "LeakyRelu": _unary,
    "LogSoftmax": _fixed,
    "Max": _binary,
    "Min": _binary,
    "Mul": _binary,
    "PRelu": _prelu,
    "Relu": _clip,
    "Sigmoid": _fixed,
    "Softmax": _fixed,
    "Sub": _binary,
    "Tanh": _fixed,
}
