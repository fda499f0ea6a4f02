"""Compute on the host what does not depend on the model's inputs: shapes, and constants that are moved about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.ir import DType, Graph, Module, Op, Tensor
from sdk.ir.attrs import (
    Activation,
    BinaryAttrs,
    ConcatenationAttrs,
    GatherAttrs,
    PackAttrs,
    StridedSliceAttrs,
)
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed

_Array = npt.NDArray[Any]
_INTEGERS = frozenset({DType.INT32, DType.INT64})


def fold_constants(module: Module) -> PassResult:
    """Replace operators whose result is known by that result.

    SHAPE and RANK are always known, as all shapes are static. Other operators are evaluated when their inputs
    are constant and they only move elements or compute with plain integers.
    """
    graph = module.main
    known: dict[int, Tensor] = {}
    ops: list[Op] = []
    for op in graph.ops:
        value = _value(graph, op, known)
        if value is None:
            ops.append(op)
        else:
            output = graph.output(op)
            value = np.ascontiguousarray(value.astype(output.dtype.numpy, copy=False)).reshape(output.shape)
            value.flags.writeable = False
            known[output.id] = Tensor(output.id, output.name, output.shape, output.dtype, output.quant, value)
    if not known:
        return PassResult(module)
    count = counted(len(known), "operator")
    return rewritten(module, changed(graph, ops, known), f"constant folding: {count} computed on the host")


def _value(graph: Graph, op: Op, known: dict[int, Tensor]) -> _Array | None:
    """The result of an operator, or None if it isn't known."""
    if len(op.outputs) != 1 or op.outputs[0] in graph.outputs:
        return None
    output = graph.output(op)
    if op.kind in ("SHAPE", "RANK"):
        shape = graph.input(op, 0).shape
        return np.array(shape if op.kind == "SHAPE" else len(shape))
    rule = _RULES.get(op.kind)
    tensors = [known.get(i, graph.tensors[i]) for i in op.inputs if i is not None]
    if rule is None or not tensors or len(tensors) != len(op.inputs):
        return None
    values = [t.data for t in tensors]
    constants = [v for v in values if v is not None]
    if len(constants) != len(values) or not _same_meaning(op, tensors, output):
        return None
    return rule(constants, op, output)


def _same_meaning(op: Op, tensors: Sequence[Tensor], output: Tensor) -> bool:
    """Whether elements of the inputs mean the same in the output, so that moving them is all."""
    if op.kind in _ARITHMETIC:
        same = all(t.dtype is output.dtype for t in tensors) and output.dtype in _INTEGERS
        return same and isinstance(op.attrs, BinaryAttrs) and op.attrs.activation is Activation.NONE
    moved = tensors if op.kind in ("PACK", "CONCATENATION") else tensors[1:] if op.kind == "FILL" else tensors[:1]
    return all(t.dtype is output.dtype and t.quant == output.quant for t in moved)


def _reshape(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array:
    return inputs[0].reshape(output.shape)


def _transpose(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array:
    return inputs[0].transpose(inputs[1].tolist())


def _fill(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array:
    return np.broadcast_to(inputs[1].reshape(()), output.shape)


def _tile(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array:
    return np.tile(inputs[0], inputs[1].tolist())


def _pack(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array | None:
    return np.stack(inputs, op.attrs.axis) if isinstance(op.attrs, PackAttrs) else None


def _concatenation(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array | None:
    if not isinstance(op.attrs, ConcatenationAttrs) or op.attrs.activation is not Activation.NONE:
        return None
    return np.concatenate(inputs, op.attrs.axis)


def _gather(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array | None:
    if not isinstance(op.attrs, GatherAttrs) or op.attrs.batch_dims:
        return None
    values, indices = inputs
    axis = op.attrs.axis
    if indices.size and not 0 <= int(indices.min()) <= int(indices.max()) < values.shape[axis]:
        return None
    return np.take(values, indices, axis)


def _slice(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array:
    begin = inputs[1].tolist()
    return inputs[0][tuple(slice(b, b + n) for b, n in zip(begin, output.shape, strict=True))]


def _strided_slice(inputs: Sequence[_Array], op: Op, output: Tensor) -> _Array | None:
    attrs = op.attrs
    if not isinstance(attrs, StridedSliceAttrs) or attrs.ellipsis_mask or attrs.new_axis_mask or attrs.offset:
        return None
    value = inputs[0]
    index: list[slice | int] = []
    for d, (begin, end, stride) in enumerate(zip(*(i.tolist() for i in inputs[1:]), strict=True)):
        bit = 1 << d
        if attrs.shrink_axis_mask & bit:
            index.append(begin)
        else:
            index.append(
                slice(None if attrs.begin_mask & bit else begin, None if attrs.end_mask & bit else end, stride)
            )
    result: _Array = value[tuple(index)]
    return result if result.shape == output.shape else None


def _binary(function: Callable[[_Array, _Array], _Array]) -> Callable[[Sequence[_Array], Op, Tensor], _Array]:
    return lambda inputs, op, output: function(inputs[0], inputs[1])


_ARITHMETIC = frozenset({"ADD", "SUB", "MUL"})
_RULES: dict[str, Callable[[Sequence[_Array], Op, Tensor], _Array | None]] = {
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "TRANSPOSE": _transpose,
    "FILL": _fill,
    "TILE": _tile,
    "PACK": _pack,
    "CONCATENATION": _concatenation,
    "GATHER": _gather,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "ADD": _binary(np.add),
    "SUB": _binary(np.subtract),
    "MUL": _binary(np.multiply),
}
