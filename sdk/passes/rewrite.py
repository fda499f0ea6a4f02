"""Making a graph from another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sdk.ir import Graph, Op, Tensor

STATEFUL = frozenset({"ASSIGN_VARIABLE", "READ_VARIABLE", "VAR_HANDLE", "CALL_ONCE", "IF", "WHILE"})
"""Operators that do or see more than their tensors tell."""


def is_pure(graph: Graph, op: Op) -> bool:
    """Whether an operator only computes its outputs from its inputs' elements."""
    inputs = [graph.tensors[i] for i in op.inputs if i is not None]
    return op.kind not in STATEFUL and not any(t.is_variable for t in inputs)


def changed(graph: Graph, ops: Iterable[Op], tensors: Mapping[int, Tensor] | None = None) -> Graph:
    """The graph with other operators, and with other or more tensors, less those that nothing refers to any more."""
    ops = tuple(ops)
    all_tensors = {**graph.tensors, **(tensors or {})}
    used = {*graph.inputs, *graph.outputs}
    for op in ops:
        used.update(i for i in op.inputs if i is not None)
        used.update((*op.outputs, *op.intermediates))
    return Graph(graph.name, {i: t for i, t in all_tensors.items() if i in used}, ops, graph.inputs, graph.outputs)


def redirected(op: Op, sources: Mapping[int, int]) -> Op:
    """An operator that reads other tensors in the place of some."""
    if not any(i in sources for i in op.inputs if i is not None):
        return op
    return op.with_(inputs=tuple(i if i is None else sources.get(i, i) for i in op.inputs))


def without(graph: Graph, bypassed: Mapping[int, int]) -> Graph:
    """The graph less operators whose only output equals one of their inputs.

    An output of the model takes the place of what it equals, which must be no output itself and have a producer.

    Args:
        graph: the graph.
        bypassed: such outputs, and the input that each equals.
    """
    origins = {output: origin(source, bypassed) for output, source in bypassed.items()}
    renamed = {source: output for output, source in origins.items() if output in graph.outputs}
    sources = {output: renamed.get(source, source) for output, source in origins.items()} | renamed
    ops = [
        redirected(op, sources).with_(outputs=tuple(renamed.get(t, t) for t in op.outputs))
        for op in graph.ops
        if not (len(op.outputs) == 1 and op.outputs[0] in bypassed)
    ]
    return changed(graph, ops)


def origin(tensor: int, bypassed: Mapping[int, int]) -> int:
    """The tensor that one equals after all bypasses."""
    while tensor in bypassed:
        tensor = bypassed[tensor]
    return tensor


def new_id(graph: Graph, taken: Mapping[int, Tensor]) -> int:
    """An id that no tensor has."""
    return max((*graph.tensors, *taken), default=-1) + 1
