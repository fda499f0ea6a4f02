"""Remove operators that change nothing, and turn those that only rename dimensions into RESHAPE."""

from __future__ import annotations

from sdk.ir import DType, Graph, Module, Op, Tensor
from sdk.ir.attrs import Activation, ConcatenationAttrs, Pool2DAttrs, ReshapeAttrs
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed, origin, without

_RESIZES = frozenset(
    {"SLICE", "PAD", "PADV2", "MIRROR_PAD", "TILE", "BROADCAST_TO", "SPLIT", "SPLIT_V", "PACK", "UNPACK"}
)
"""Operators that, when they give as many elements as they take, neither cut off, nor add, nor repeat any."""

_KINDS = _RESIZES | {
    "TRANSPOSE", "CONCATENATION", "STRIDED_SLICE", "AVERAGE_POOL_2D", "MAX_POOL_2D", "SPACE_TO_DEPTH",
    "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND", "CAST", "QUANTIZE",
}  # fmt: skip
"""QUANTIZE to the same scale and zero point is exact: its multiplier is one half, shifted left by one."""


def remove_identities(module: Module) -> PassResult:
    """Remove operators whose output equals their input in shape and in every element.

    Those that keep every element in its place under another shape become a RESHAPE, which costs nothing.
    """
    graph = module.main
    bypassed: dict[int, int] = {}
    renamed: dict[int, Op] = {}
    for op in graph.ops:
        if len(op.outputs) != 1 or not _keeps_elements(graph, op):
            continue
        source = _data_input(graph, op)
        output = graph.output(op)
        if source.shape != output.shape:
            renamed[op.id] = op.with_(
                kind="RESHAPE", version=1, inputs=(source.id,), attrs=ReshapeAttrs(output.shape)
            )
        elif _can_replace(graph, source.id, output.id, bypassed):
            bypassed[output.id] = source.id
    if not bypassed and not renamed:
        return PassResult(module)
    notes = []
    if bypassed:
        notes.append(f"identities: {counted(len(bypassed), 'operator')} removed")
    if renamed:
        notes.append(f"identities: {counted(len(renamed), 'operator')} turned into RESHAPE, which moves no bytes")
    graph = changed(graph, [renamed.get(op.id, op) for op in graph.ops])
    return rewritten(module, without(graph, bypassed) if bypassed else graph, *notes)


def _can_replace(graph: Graph, source: int, output: int, bypassed: dict[int, int]) -> bool:
    """Whether the producer of a tensor can write an output of the model in its place."""
    source = origin(source, bypassed)
    taken = any(origin(s, bypassed) == source for o, s in bypassed.items() if o in graph.outputs)
    return output not in graph.outputs or not (taken or source in graph.outputs or source not in graph.producers)


def _data_input(graph: Graph, op: Op) -> Tensor:
    """The input whose elements are kept."""
    return graph.input(op, 1 if op.kind == "SPLIT" else 0)


def _keeps_elements(graph: Graph, op: Op) -> bool:
    """Whether the output's elements are the input's, in the same order."""
    if op.kind not in _KINDS:
        return False
    source, output = _data_input(graph, op), graph.output(op)
    if source.is_constant or source.is_variable or source.dtype is not output.dtype or source.dtype is DType.RESOURCE:
        return False
    if source.quant != output.quant or source.elements != output.elements:
        return False
    if op.kind == "TRANSPOSE":
        return _transposes_in_place(graph, op, source)
    if isinstance(op.attrs, ConcatenationAttrs):
        return len(op.inputs) == 1 and op.attrs.activation is Activation.NONE
    if op.kind == "STRIDED_SLICE":
        strides = graph.input(op, 3).data
        return strides is not None and bool((strides > 0).all())
    if isinstance(op.attrs, Pool2DAttrs):
        a = op.attrs
        windows = (a.filter_h, a.filter_w, a.stride_h, a.stride_w)
        return windows == (1, 1, 1, 1) and a.activation is Activation.NONE
    return op.kind in _RESIZES or source.shape == output.shape


def _transposes_in_place(graph: Graph, op: Op, source: Tensor) -> bool:
    """Whether the dimensions longer than 1 keep their order."""
    order = graph.input(op, 1).data
    if order is None:
        return False
    moved = [d for d in order.tolist() if source.shape[d] != 1]
    return moved == sorted(moved)
