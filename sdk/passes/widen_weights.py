"""Weights of four and two bits as int8."""

from __future__ import annotations

from dataclasses import replace

from sdk.ir import DType, Module, Op, Tensor
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed, new_id

_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})


def widen_weights(module: Module) -> PassResult:
    """Turn int4 and int2 weights into int8 weights of the same values, which is the type that kernels read.

    Exact: the interpreters unpack such weights and then compute as with int8 ones. In the firmware they take few bits
    again wherever a kernel with packed weights is chosen, which goes by the values and not by the type in the file.
    """
    graph = module.main
    ops: list[Op] = []
    widened: dict[int, Tensor] = {}
    for op in graph.ops:
        weights = graph.optional_input(op, 1) if op.kind in _WEIGHTED else None
        if weights is None or not weights.is_constant or weights.dtype not in (DType.INT4, DType.INT2):
            ops.append(op)
            continue
        if weights.id not in widened:
            widened[weights.id] = replace(
                weights, id=new_id(graph, {t.id: t for t in widened.values()}), dtype=DType.INT8
            )
        ops.append(op.with_(inputs=(op.inputs[0], widened[weights.id].id, *op.inputs[2:])))
    if not widened:
        return PassResult(module)
    note = f"weights: {counted(len(widened), 'tensor')} of int4 or int2 read as int8"
    return rewritten(module, changed(graph, ops, {t.id: t for t in widened.values()}), note)
