"""A depthwise convolution of one channel as the convolution that it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdk.ir import DType, Graph, Module, Op, Tensor
from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed, new_id


def widen_depthwise(module: Module) -> PassResult:
    """Turn int8 DEPTHWISE_CONV_2D with one input channel into CONV_2D, whose kernels share the input's loads.

    Exact: both sum the same products in 32 bits and requantize by output channel in the same way. The weights
    (1, height, width, channels) become (channels, height, width, 1).
    """
    graph = module.main
    ops: list[Op] = []
    tensors: dict[int, Tensor] = {}
    for op in graph.ops:
        attrs = op.attrs
        if not isinstance(attrs, DepthwiseConv2DAttrs) or not _one_channel(graph, op):
            ops.append(op)
            continue
        weights = _transposed(graph.input(op, 1), new_id(graph, tensors))
        tensors[weights.id] = weights
        convolution = Conv2DAttrs(
            attrs.padding,
            attrs.stride_h,
            attrs.stride_w,
            attrs.activation,
            attrs.dilation_h,
            attrs.dilation_w,
            attrs.pads,
        )
        inputs = (op.inputs[0], weights.id, *op.inputs[2:])
        ops.append(op.with_(kind="CONV_2D", inputs=inputs, attrs=convolution))
    if not tensors:
        return PassResult(module)
    note = f"depthwise: {counted(len(tensors), 'operator')} with one channel done as convolutions"
    return rewritten(module, changed(graph, ops, tensors), note)


def _one_channel(graph: Graph, op: Op) -> bool:
    source, weights = graph.input(op, 0), graph.input(op, 1)
    return (
        source.shape[3] == 1
        and weights.shape[3] > 1
        and source.dtype is weights.dtype is DType.INT8
        and weights.data is not None
        and weights.quant is not None
        and weights.quant.axis in (None, 3)
    )


def _transposed(weights: Tensor, tensor: int) -> Tensor:
    if weights.data is None or weights.quant is None:
        raise ValueError("weights without elements or scale")
    data = np.ascontiguousarray(weights.data.transpose(3, 1, 2, 0))
    data.setflags(write=False)
    quant = replace(weights.quant, axis=None if weights.quant.axis is None else 0)
    return replace(weights, id=tensor, name=f"{weights.name} by channel", shape=data.shape, data=data, quant=quant)
