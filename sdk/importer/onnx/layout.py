"""Orders of dimensions: channels first to channels last, lines as images of one row, and parts of a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sdk.importer.onnx.context import Constant, Context, Value
from sdk.importer.onnx.model import Node
from sdk.ir import attrs as a

_CHANNELS_LAST = (0, 2, 3, 1)
_LINE_CHANNELS_LAST = (0, 2, 1)


def image(ctx: Context, node: Node) -> Value:
    """The first input as an image, channels last; a line becomes an image of one row."""
    value = ctx.value(node.inputs[0])
    if len(value.shape) == 3:
        batch, channels, length = value.shape
        line = ctx.ordered(value, _LINE_CHANNELS_LAST)
        row = ctx.reshaped(line.tensor, (batch, 1, length, channels))
        return Value(row.tensor, (batch, channels, 1, length), _CHANNELS_LAST)
    if len(value.shape) != 4:
        raise ctx.unsupported(node, f"an input of shape {list(value.shape)}, not of 3 or 4 dimensions")
    return ctx.ordered(value, _CHANNELS_LAST)


def over_image(ctx: Context, node: Node) -> Node:
    """A node that works on lines, as one that works on images of one row."""
    if len(ctx.value(node.inputs[0]).shape) != 3:
        return node
    attrs = dict(node.attrs)
    for name, of_one_row in (("kernel_shape", 1), ("strides", 1), ("dilations", 1), ("output_padding", 0)):
        if name in attrs:
            attrs[name] = [of_one_row, *attrs[name]]
    if "pads" in attrs:
        before, after = attrs["pads"]
        attrs["pads"] = [0, before, 0, after]
    return replace(node, attrs=attrs)


def set_image(ctx: Context, name: str, tensor: int, node: Node) -> None:
    """Give a name to an image, or to a line where that is what the node works on."""
    batch, height, width, channels = ctx.build.tensors[tensor].shape
    if len(ctx.value(node.inputs[0]).shape) == 3:
        line = ctx.reshaped(tensor, (batch, width, channels))
        ctx.values[name] = Value(line.tensor, (batch, channels, width), _LINE_CHANNELS_LAST)
        return
    ctx.values[name] = Value(tensor, (batch, channels, height, width), _CHANNELS_LAST)


def set_along(ctx: Context, name: str, tensor: int, value: Value, axes: Sequence[int], length: int | None) -> None:
    """Give a name to a value whose dimensions ``axes`` now have another length, or are gone where that is None."""
    if length is None:
        left = [d for d in range(len(value.shape)) if d not in axes]
        order = tuple(left.index(d) for d in value.order if d in left)
        ctx.values[name] = Value(tensor, tuple(value.shape[d] for d in left), order)
        return
    shape = tuple(length if d in axes else n for d, n in enumerate(value.shape))
    ctx.values[name] = Value(tensor, shape, value.order)


def set_part(
    ctx: Context, name: str, value: Value, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]
) -> None:
    """Give a name to a part of a value; the bounds are in the value's order of dimensions."""
    shape = tuple(len(range(*t)) for t in zip(begin, end, strides, strict=True))
    bounds = [[v[d] for d in value.order] for v in (begin, end, strides)]
    ctx.values[name] = Value(cut(ctx, name, value.tensor, *bounds), shape, value.order)


def cut(ctx: Context, name: str, tensor: int, *bounds: Sequence[int]) -> int:
    """A part of a tensor, by its begin, end and strides."""
    held = ctx.build.tensors[tensor]
    constants = [ctx.build.const(np.array(v, np.int32)) for v in bounds]
    options = a.StridedSliceAttrs()
    return ctx.build.op("STRIDED_SLICE", [tensor, *constants], options, held.quant, held.dtype, name=name)


def broadcast(ctx: Context, constant: Constant, value: Value) -> int:
    """A constant operand that is broadcast to a value, in the order of the value's tensor."""
    rank = len(value.shape)
    data = constant.data.reshape((1,) * (rank - constant.data.ndim) + constant.data.shape)
    return ctx.build.const(data.transpose(value.order), constant.quant)
