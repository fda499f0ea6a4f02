"""Operators that move elements: shapes, parts, borders, and what is put together of several values."""

from __future__ import annotations

from math import prod

import numpy as np

from sdk.errors import ModelError
from sdk.importer.builder import Shape
from sdk.importer.onnx.context import Context, Flat, Handler, Value
from sdk.importer.onnx.layout import set_along, set_part
from sdk.importer.onnx.model import Node
from sdk.importer.onnx.quantization import held, keeps_quantization, requantized, result
from sdk.ir import attrs as a


def _identity(ctx: Context, node: Node) -> None:
    ctx.values[node.outputs[0]] = ctx.values[node.inputs[0]]


def _reshape(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    if node.kind == "Flatten":
        axis = int(node.attrs.get("axis", 1))
        axis = axis + len(value.shape) if axis < 0 else axis
        shape: Shape = (prod(value.shape[:axis]), prod(value.shape[axis:]))
    elif node.kind == "Reshape":
        shape = _new_shape(ctx, node, value.shape)
    else:
        shape = _unit_dimensions(ctx, node, value.shape)
    if len(shape) == 2 and len(value.shape) > 2 and shape[0] == value.shape[0] and value.order[0] == 0:
        ctx.values[node.outputs[0]] = Flat(value, shape)
        return
    ctx.values[node.outputs[0]] = ctx.reshaped(ctx.plain(value).tensor, shape)


def _new_shape(ctx: Context, node: Node, old: Shape) -> Shape:
    wanted = [int(v) for v in ctx.constant(node, 1, "the new shape").reshape(-1)]
    if not node.attrs.get("allowzero", 0):
        wanted = [old[i] if v == 0 else v for i, v in enumerate(wanted)]
    if wanted.count(-1) == 1:
        wanted[wanted.index(-1)] = prod(old) // max(1, -prod(wanted))
    if prod(wanted) != prod(old):
        raise ModelError(ctx.path, f"{node.name}: shape {list(old)} can't become {wanted}")
    return tuple(wanted)


def _unit_dimensions(ctx: Context, node: Node, old: Shape) -> Shape:
    """Squeeze and Unsqueeze."""
    axes = ctx.ints(node, 1, "axes", (), "the list of axes")
    if node.kind == "Squeeze":
        removed = {d % len(old) for d in axes} or {d for d, n in enumerate(old) if n == 1}
        return tuple(n for d, n in enumerate(old) if d not in removed)
    rank = len(old) + len(axes)
    added, rest = {d % rank for d in axes}, iter(old)
    return tuple(1 if d in added else next(rest) for d in range(rank))


def _transpose(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    order = node.ints("perm", range(len(value.shape))[::-1])
    place = {d: i for i, d in enumerate(order)}
    ctx.values[node.outputs[0]] = Value(
        value.tensor, tuple(value.shape[d] for d in order), tuple(place[d] for d in value.order)
    )


def _concat(ctx: Context, node: Node) -> None:
    values = [ctx.value(name) for name in node.inputs]
    first = values[0]
    axis = int(node.attrs["axis"]) % len(first.shape)
    for value in values:
        held(ctx, node, value)
    quant = held(ctx, node, first) if keeps_quantization(ctx, node) else result(ctx, node)[0]
    tensors = [requantized(ctx, ctx.ordered(v, first.order).tensor, quant) for v in values]
    options = a.ConcatenationAttrs(first.order.index(axis))
    tensor = ctx.build.op("CONCATENATION", tensors, options, quant, name=node.outputs[0])
    shape = tuple(sum(v.shape[d] for v in values) if d == axis else n for d, n in enumerate(first.shape))
    ctx.values[node.outputs[0]] = Value(tensor, shape, first.order)


def _slice(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    rank = len(value.shape)
    begin, end, strides = [0] * rank, list(value.shape), [1] * rank
    starts, ends = (ctx.constant(node, i, "a bound").reshape(-1).tolist() for i in (1, 2))
    given = ctx.optional(node, 3, "the list of axes")
    axes = range(len(starts)) if given is None else [int(v) % rank for v in given.reshape(-1)]
    steps = ctx.optional(node, 4, "the steps")
    for i, d in enumerate(axes):
        strides[d] = 1 if steps is None else int(steps.reshape(-1)[i])
        if strides[d] < 1:
            raise ctx.unsupported(node, f"a step of {strides[d]}")
        begin[d], end[d], _ = slice(starts[i], ends[i]).indices(value.shape[d])
    held(ctx, node, value)
    set_part(ctx, node.outputs[0], value, begin, end, strides)


def _split(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    held(ctx, node, value)
    rank = len(value.shape)
    axis = int(node.attrs.get("axis", 0)) % rank
    sizes = ctx.ints(node, 1, "split", (), "the list of sizes")
    if not sizes:
        each = -(-value.shape[axis] // len(node.outputs))
        sizes = [min(each, value.shape[axis] - i * each) for i in range(len(node.outputs))]
    if len(sizes) != len(node.outputs) or min(sizes) < 1 or sum(sizes) != value.shape[axis]:
        raise ModelError(ctx.path, f"{node.name}: parts {sizes} of {value.shape[axis]}")
    at = 0
    for name, size in zip(node.outputs, sizes, strict=True):
        begin, end = [0] * rank, list(value.shape)
        begin[axis], end[axis] = at, at + size
        set_part(ctx, name, value, begin, end, [1] * rank)
        at += size


def _gather(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    quant = held(ctx, node, value)
    axis = int(node.attrs.get("axis", 0)) % len(value.shape)
    indices = ctx.constant(node, 1, "the list of indices").astype(np.int64)
    if indices.ndim > 1 or indices.size == 0:
        raise ctx.unsupported(node, f"indices of shape {list(indices.shape)}")
    indices = np.where(indices < 0, indices + value.shape[axis], indices).astype(np.int32)
    inputs = [value.tensor, ctx.build.const(indices)]
    options = a.GatherAttrs(value.order.index(axis))
    tensor = ctx.build.op("GATHER", inputs, options, quant, name=node.outputs[0])
    set_along(ctx, node.outputs[0], tensor, value, [axis], len(indices) if indices.ndim else None)


def _pad(ctx: Context, node: Node) -> None:
    value = ctx.value(node.inputs[0])
    quant = held(ctx, node, value)
    pads = ctx.ints(node, 1, "pads", (), "the list of paddings")
    mode = node.attrs.get("mode", b"constant").decode()
    rank = len(value.shape)
    if min(pads, default=0) < 0 or len(pads) != 2 * rank or len(node.inputs) > 3:
        raise ctx.unsupported(node, f"paddings {pads}")
    pairs = ctx.build.const(np.array([[pads[d], pads[rank + d]] for d in value.order], np.int32))
    if mode == "reflect":
        options = a.MirrorPadAttrs(a.MirrorPadMode.REFLECT)
        tensor = ctx.build.op("MIRROR_PAD", [value.tensor, pairs], options, quant, name=node.outputs[0])
    elif mode == "constant":
        real = ctx.optional_real(node, 2) or 0.0
        fill = int(np.clip(np.rint(real / quant.scale) + quant.zero_point, -128, 127))
        filler = [] if real == 0.0 else [ctx.build.const(np.array([fill], np.int8), quant)]
        kind = "PADV2" if filler else "PAD"
        tensor = ctx.build.op(kind, [value.tensor, pairs, *filler], a.Attrs(), quant, name=node.outputs[0])
    else:
        raise ctx.unsupported(node, f"mode {mode}")
    shape = tuple(n + pads[d] + pads[rank + d] for d, n in enumerate(value.shape))
    ctx.values[node.outputs[0]] = Value(tensor, shape, value.order)


HANDLERS: dict[str, Handler] = {
    "Concat": _concat,
    "Dropout": _identity,
    "Flatten": _reshape,
    "Gather": _gather,
    "Identity": _identity,
    "Pad": _pad,
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _reshape,
    "Transpose": _transpose,
    "Unsqueeze": _reshape,
}
