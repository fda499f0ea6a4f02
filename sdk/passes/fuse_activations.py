"""Let an operator clamp its own output instead of a RELU after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sdk.ir import DType, Graph, Module, Op
from sdk.ir.attrs import (
    Activation,
    BinaryAttrs,
    Conv2DAttrs,
    DepthwiseConv2DAttrs,
    FullyConnectedAttrs,
    Pool2DAttrs,
)
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed

_ACTIVATIONS = {
    "RELU": Activation.RELU,
    "RELU6": Activation.RELU6,
    "RELU_N1_TO_1": Activation.RELU_N1_TO_1,
}


def fuse_activations(module: Module) -> PassResult:
    """Move RELU, RELU6 and RELU_N1_TO_1 into the int8 operator before them.

    Exact when the scale and zero point do not change: the activation then only clamps, to the bounds that the
    operator would clamp to itself. The operator then writes the activation's output.
    """
    graph = module.main
    fused: dict[int, Op] = {}
    removed: set[int] = set()
    for op in graph.ops:
        before = _clampable(graph, op)
        if before is not None:
            attrs: Any = before.attrs
            fused[before.id] = before.with_(
                attrs=replace(attrs, activation=_ACTIVATIONS[op.kind]), outputs=op.outputs
            )
            removed.add(op.id)
    if not fused:
        return PassResult(module)
    ops = [fused.get(op.id, op) for op in graph.ops if op.id not in removed]
    return rewritten(module, changed(graph, ops), f"activations: {counted(len(fused), 'operator')} fused")


def _clampable(graph: Graph, op: Op) -> Op | None:
    """The operator before an activation, if it can take it over."""
    if op.kind not in _ACTIVATIONS:
        return None
    source, output = graph.input(op, 0), graph.output(op)
    before = graph.producers.get(source.id)
    if before is None or len(graph.consumers[source.id]) != 1 or source.id in graph.outputs:
        return None
    if source.dtype is not DType.INT8 or source.quant is None or source.quant != output.quant:
        return None
    attrs = before.attrs
    takes = isinstance(attrs, Conv2DAttrs | DepthwiseConv2DAttrs | FullyConnectedAttrs | BinaryAttrs | Pool2DAttrs)
    return before if takes and getattr(attrs, "activation", None) is Activation.NONE else None
