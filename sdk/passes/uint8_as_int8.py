"""Operators of uint8 as the operators of int8 that they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import Attrs
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed

_KINDS = frozenset({
    "ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "PRELU", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "ARG_MAX",
    "ARG_MIN", "LOG_SOFTMAX", "EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL",
})  # fmt: skip
"""Operators that see no more of an element than its distance from the zero point, or its order."""
_MIDDLE = 128


def uint8_as_int8(module: Module) -> PassResult:
    """Do operators of uint8 in int8: both types have the same fast kernels then.

    Exact: elements and zero points are lowered by 128 together, so that all differences stay. QUANTIZE, which is
    exact between such types, converts what other operators make or read.
    """
    graph = module.main
    taken = [op.id for op in graph.ops if _applies(graph, op)]
    if not taken:
        return PassResult(module)
    work = _Work(graph)
    for op in graph.ops:
        work.add(op, op.id in taken)
    note = f"uint8: {counted(len(taken), 'operator')} done in int8"
    return rewritten(module, changed(graph, work.ops, work.tensors), note)


def _applies(graph: Graph, op: Op) -> bool:
    return op.kind in _KINDS and any(_is_uint8(graph.tensors[i]) for i in op.inputs if i is not None)


def _is_uint8(tensor: Tensor) -> bool:
    return tensor.dtype is DType.UINT8 and tensor.quant is not None and not tensor.is_variable


class _Work:
    """The operators so far, and the int8 form of each uint8 tensor."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._lowered: dict[int, int] = {}
        self._next_tensor = max(graph.tensors, default=-1) + 1
        self._next_op = max(op.id for op in graph.ops) + 1
        self.ops: list[Op] = []
        self.tensors: dict[int, Tensor] = {}

    def add(self, op: Op, lower: bool) -> None:
        """Take over an operator, in int8 if ``lower``."""
        if not lower:
            self.ops.append(op)
            return
        tensors = self._graph.tensors
        inputs = tuple(self._input(i) if i is not None and _is_uint8(tensors[i]) else i for i in op.inputs)
        lowered = [(i, self._int8(i) if _is_uint8(tensors[i]) else i) for i in op.outputs]
        self.ops.append(op.with_(inputs=inputs, outputs=tuple(after for _, after in lowered)))
        for before, after in lowered:
            if after != before:
                self._lowered[before] = after
                self._convert(after, before)

    def _input(self, tensor: int) -> int:
        if tensor not in self._lowered:
            self._lowered[tensor] = self._int8(tensor)
            if not self._graph.tensors[tensor].is_constant:
                self._convert(tensor, self._lowered[tensor])
        return self._lowered[tensor]

    def _int8(self, tensor: int) -> int:
        """A new tensor with all values lowered."""
        old = self._graph.tensors[tensor]
        if old.quant is None:
            raise ValueError(f"tensor {tensor} is not quantized")
        data = None if old.data is None else (old.data.astype(np.int16) - _MIDDLE).astype(np.int8)
        if data is not None:
            data.flags.writeable = False
        quant = Quant(old.quant.scales, tuple(z - _MIDDLE for z in old.quant.zero_points), old.quant.axis)
        new = replace(old, id=self._next_tensor, name=f"{old.name} as int8", dtype=DType.INT8, quant=quant, data=data)
        self.tensors[new.id] = new
        self._next_tensor += 1
        return new.id

    def _convert(self, source: int, target: int) -> None:
        self.ops.append(Op(self._next_op, "QUANTIZE", 1, (source,), (target,), Attrs()))
        self._next_op += 1
