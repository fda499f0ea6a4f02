"""Let a convolution pad its input itself instead of a PAD before it."""

from __future__ import annotations

from dataclasses import replace

from sdk.ir import DType, Graph, Module, Op
from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs, Padding, Pads
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed

_TYPES = frozenset({DType.INT8, DType.UINT8, DType.INT16})


def fold_pads(module: Module) -> PassResult:
    """Fold a PAD of height and width into all convolutions that read it.

    Exact for quantized tensors: PAD fills with the zero point, which is what a convolution takes its padding to
    be. A PAD that anything else reads stays.
    """
    graph = module.main
    folded: dict[int, Op] = {}
    removed: set[int] = set()
    for op in graph.ops:
        pads = _pads(graph, op)
        readers = graph.consumers.get(op.outputs[0], ()) if op.outputs else ()
        if pads is None or op.outputs[0] in graph.outputs or not readers:
            continue
        padded = [_padded(graph, folded.get(reader.id, reader), op, pads) for reader in readers]
        if all(padded):
            folded.update({reader.id: reader for reader in padded if reader is not None})
            removed.add(op.id)
    if not removed:
        return PassResult(module)
    ops = [folded.get(op.id, op) for op in graph.ops if op.id not in removed]
    return rewritten(module, changed(graph, ops), f"padding: {counted(len(removed), 'PAD')} folded into convolutions")


def _pads(graph: Graph, op: Op) -> Pads | None:
    """What a PAD adds, if that is only the zero point around images."""
    if op.kind not in ("PAD", "PADV2"):
        return None
    source, amounts, output = graph.input(op, 0), graph.input(op, 1).data, graph.output(op)
    if amounts is None or len(source.shape) != 4 or source.dtype not in _TYPES or source.quant is None:
        return None
    if source.quant != output.quant or len(source.quant.scales) != 1:
        return None
    if op.kind == "PADV2":
        fill = graph.input(op, 2).data
        if fill is None or fill.item() != source.quant.zero_point:
            return None
    (before_n, after_n), (top, bottom), (left, right), (before_c, after_c) = amounts.tolist()
    return None if any((before_n, after_n, before_c, after_c)) else (top, bottom, left, right)


def _padded(graph: Graph, op: Op, pad: Op, pads: Pads) -> Op | None:
    """A convolution that reads what the PAD read; None for any other operator."""
    attrs = op.attrs
    if not isinstance(attrs, Conv2DAttrs | DepthwiseConv2DAttrs) or op.inputs[1:].count(pad.outputs[0]):
        return None
    _, height, width, _ = graph.input(op, 0).shape
    _, filter_height, filter_width, _ = graph.input(op, 1).shape
    own = attrs.resolved_pads((height, width), (filter_height, filter_width))
    total = (own[0] + pads[0], own[1] + pads[1], own[2] + pads[2], own[3] + pads[3])
    return op.with_(
        inputs=(pad.inputs[0], *op.inputs[1:]), attrs=replace(attrs, padding=Padding.VALID, pads=total)
    )
