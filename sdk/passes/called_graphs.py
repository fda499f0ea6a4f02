"""Graphs that IF and WHILE call, as main graphs of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sdk.errors import UnsupportedError
from sdk.ir import DType, Graph, Module, Op, Tensor
from sdk.ir.attrs import Attrs, IfAttrs, WhileAttrs
from sdk.passes.rewrite import STATEFUL, new_id

MAX_DEPTH = 16
"""Calls within calls."""
_STATE = STATEFUL - {"IF", "WHILE"}


def called_graphs(module: Module) -> tuple[int, ...]:
    """Indices of the graphs that the main graph's IF and WHILE need, those that others call first.

    Raises:
        UnsupportedError: calls are nested more than ``MAX_DEPTH`` deep.
    """
    found: dict[int, None] = {}

    def visit(graph: Graph, depth: int) -> None:
        if depth > MAX_DEPTH:
            problem = f"IF and WHILE call graphs more than {MAX_DEPTH} deep"
            raise UnsupportedError(module.path, problem, "nest fewer of them")
        for op in graph.ops:
            for callee in _callees(op):
                if callee not in found:
                    visit(module.graphs[callee], depth + 1)
                    found[callee] = None

    visit(module.main, 0)
    return tuple(found)


def _callees(op: Op) -> Iterator[int]:
    if isinstance(op.attrs, IfAttrs):
        yield from (op.attrs.then_subgraph_index, op.attrs.else_subgraph_index)
    if isinstance(op.attrs, WhileAttrs):
        yield from (op.attrs.cond_subgraph_index, op.attrs.body_subgraph_index)


def called_as_main(module: Module, index: int) -> Module:
    """A module whose main graph is the given one, in a form that all stages take.

    Each of its outputs is made by an operator: those that are inputs, or that are listed twice, are copied.

    Raises:
        UnsupportedError: the graph keeps state, or gives a constant.
    """
    graph = module.graphs[index]
    where = f'graph {index} "{graph.name}", which IF or WHILE calls'
    if any(op.kind in _STATE for op in graph.ops) or any(t.is_variable for t in graph.tensors.values()):
        raise UnsupportedError(module.path, f"{where}, keeps state", "let the main graph keep it")
    if any(graph.tensors[t].is_constant for t in graph.outputs):
        raise UnsupportedError(module.path, f"{where}, gives a constant", "let it compute its outputs")
    tensors, ops, outputs = dict(graph.tensors), list(graph.ops), list(graph.outputs)
    for place, output in enumerate(graph.outputs):
        if output in graph.producers and output not in outputs[:place]:
            continue
        source = tensors[output]
        copy = replace(source, id=new_id(graph, tensors), name=f"{source.name} copied")
        tensors[copy.id] = copy
        bounds = []
        for value in (0, -1):
            data = np.full(len(source.shape), value, np.int32)
            data.flags.writeable = False
            bound = Tensor(new_id(graph, tensors), "", data.shape, DType.INT32, None, data)
            tensors[bound.id] = bound
            bounds.append(bound.id)
        ops.append(Op(max((op.id for op in ops), default=-1) + 1, "SLICE", 1, (output, *bounds), (copy.id,), Attrs()))
        outputs[place] = copy.id
    main = Graph(graph.name, tensors, tuple(ops), graph.inputs, tuple(outputs))
    return replace(module, path=f"{module.path}, graph {index}", graphs=(main, *module.graphs[1:]))
