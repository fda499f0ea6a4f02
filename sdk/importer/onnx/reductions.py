"""Operators that make one element of all along some dimensions."""

from __future__ import annotations

import numpy as np

from sdk.importer.onnx.context import Context, Handler
from sdk.importer.onnx.layout import set_along
from sdk.importer.onnx.model import Node
from sdk.importer.onnx.quantization import held, keeps_quantization, result
from sdk.ir import DType
from sdk.ir import attrs as a

_REDUCTIONS = {
    "GlobalAveragePool": "MEAN",
    "GlobalMaxPool": "REDUCE_MAX",
    "ReduceMax": "REDUCE_MAX",
    "ReduceMean": "MEAN",
    "ReduceMin": "REDUCE_MIN",
}


def _reduce(ctx: Context, node: Node) -> None:
    """GlobalAveragePool and GlobalMaxPool, ReduceMean, ReduceMax and ReduceMin."""
    value = ctx.value(node.inputs[0])
    rank = len(value.shape)
    axes, keep = list(range(2, rank)), True
    if node.kind.startswith("Reduce"):
        listed = ctx.ints(node, 1, "axes", range(rank), "the list of axes")
        axes, keep = [d % rank for d in listed], bool(node.attrs.get("keepdims", 1))
    kind = _REDUCTIONS[node.kind]
    quant = held(ctx, node, value)
    if kind == "MEAN" and not keeps_quantization(ctx, node):
        quant = result(ctx, node)[0]
    places = ctx.build.const(np.array(sorted(value.order.index(d) for d in axes), np.int32))
    tensor = ctx.build.op(kind, [value.tensor, places], a.ReducerAttrs(keep), quant, name=node.outputs[0])
    set_along(ctx, node.outputs[0], tensor, value, axes, 1 if keep else None)


def _arg(ctx: Context, node: Node) -> None:
    """ArgMax and ArgMin."""
    value = ctx.value(node.inputs[0])
    held(ctx, node, value)
    axis = int(node.attrs.get("axis", 0)) % len(value.shape)
    if node.attrs.get("select_last_index", 0):
        raise ctx.unsupported(node, "the last of equal elements")
    place = ctx.build.const(np.array(value.order.index(axis), np.int32))
    kind = "ARG_MAX" if node.kind == "ArgMax" else "ARG_MIN"
    options = a.ArgAttrs(DType.INT64)
    tensor = ctx.build.op(kind, [value.tensor, place], options, None, DType.INT64, name=node.outputs[0])
    keep = bool(node.attrs.get("keepdims", 1))
    if keep:
        sizes = list(ctx.build.tensors[value.tensor].shape)
        sizes[value.order.index(axis)] = 1
        tensor = ctx.reshaped(tensor, tuple(sizes)).tensor
    set_along(ctx, node.outputs[0], tensor, value, [axis], 1 if keep else None)


HANDLERS: dict[str, Handler] = {
    "ArgMax": _arg,
    "ArgMin": _arg,
    "GlobalAveragePool": _reduce,
    "GlobalMaxPool": _reduce,
    "ReduceMax": _reduce,
    "ReduceMean": _reduce,
    "ReduceMin": _reduce,
}
