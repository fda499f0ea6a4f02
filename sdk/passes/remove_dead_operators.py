"""Remove operators whose results nobody reads."""

from __future__ import annotations

from sdk.ir import Module
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed, is_pure


def remove_dead_operators(module: Module) -> PassResult:
    """Remove pure operators none of whose outputs is read by another operator or is an output of the model."""
    graph = module.main
    read = set(graph.outputs)
    kept = []
    for op in reversed(graph.ops):
        if is_pure(graph, op) and not read.intersection(op.outputs):
            continue
        kept.append(op)
        read.update(i for i in op.inputs if i is not None)
    removed = len(graph.ops) - len(kept)
    if not removed:
        return PassResult(module)
    return rewritten(module, changed(graph, reversed(kept)), f"dead operators: {counted(removed, 'operator')} removed")
