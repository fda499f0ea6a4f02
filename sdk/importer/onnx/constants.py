"""What is computed here, not on the device: shapes, and nodes whose inputs are all constant."""

from __future__ import annotations

import numpy as np

from sdk.importer.onnx.context import Constant, Context, Handler
from sdk.importer.onnx.model import Node, evaluate

_MOVES = frozenset({"Constant", "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Cast"})
_FOLDED = _MOVES | {"Add", "Sub", "Mul", "Div", "Concat", "Gather", "Slice", "Floor", "Ceil", "ReduceProd", "Equal"}
"""Operators that are computed here where all inputs are constant: those that exporters compute shapes with."""
_MOST_FOLDED = 1024
"""Most elements of an input of such an operator, unless it only moves them."""


def is_folded(ctx: Context, node: Node) -> bool:
    """Whether a node is to be computed here."""
    return node.kind in _FOLDED and all(isinstance(ctx.values.get(n), Constant) for n in node.inputs if n)


def fold(ctx: Context, node: Node) -> None:
    """Compute a node whose inputs are all constant."""
    inputs = {}
    for name in dict.fromkeys(n for n in node.inputs if n):
        value = ctx.values[name]
        if not isinstance(value, Constant) or value.quant is not None:
            raise ctx.unsupported(node, "computes with quantized constants", "fold constants before quantizing")
        if value.data.size > _MOST_FOLDED and node.kind not in _MOVES:
            raise ctx.unsupported(node, f"computes with {value.data.size} constants", "fold constants first")
        inputs[name] = value.data
    for name, data in zip(node.outputs, evaluate(node, ctx.opset, inputs), strict=True):
        ctx.values[name] = Constant(data)


def _shape(ctx: Context, node: Node) -> None:
    value = ctx.values[node.inputs[0]]
    shape = value.data.shape if isinstance(value, Constant) else value.shape
    end = node.attrs.get("end")
    ctx.values[node.outputs[0]] = Constant(np.array(shape[node.attrs.get("start", 0) : end], np.int64))


HANDLERS: dict[str, Handler] = {"Shape": _shape}
