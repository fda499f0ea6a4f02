"""Compute once what several operators compute alike."""

from __future__ import annotations

from collections.abc import Hashable

from sdk.ir import Graph, Module, Op, Tensor
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed, is_pure, redirected


def merge_duplicates(module: Module) -> PassResult:
    """Let readers of an operator's outputs read those of an earlier operator that is equal in all.

    Constants are compared by their elements. An output of the model stays what it is.
    """
    graph = module.main
    sources: dict[int, int] = {}
    seen: dict[Hashable, Op] = {}
    constants: dict[Hashable, int] = {}
    canonical = {t.id: constants.setdefault(_content(t), t.id) for t in graph.tensors.values() if t.is_constant}
    ops = []
    for original in graph.ops:
        op = redirected(original, sources)
        first = seen.setdefault(_key(graph, op, canonical), op) if is_pure(graph, op) else op
        if first is op or set(op.outputs) & set(graph.outputs):
            ops.append(op)
        else:
            sources.update(zip(op.outputs, first.outputs, strict=True))
    if not sources:
        return PassResult(module)
    merged = counted(len(graph.ops) - len(ops), "operator")
    return rewritten(module, changed(graph, ops), f"duplicates: {merged} merged with an equal one")


def _content(tensor: Tensor) -> Hashable:
    data = b"" if tensor.data is None else tensor.data.tobytes()
    return tensor.shape, tensor.dtype, tensor.quant, data


def _key(graph: Graph, op: Op, canonical: dict[int, int]) -> Hashable:
    outputs = tuple((t.shape, t.dtype, t.quant) for t in (graph.tensors[i] for i in op.outputs))
    inputs = tuple(i if i is None else canonical.get(i, i) for i in op.inputs)
    return op.kind, op.version, op.attrs, inputs, outputs
