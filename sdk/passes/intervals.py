"""Interval analysis: between which values each channel of each tensor stays, whatever the model's inputs.

Exact for single int8 convolutions and fully connected layers, in that inputs that take all values of their
intervals independently of each other reach both ends of the result's. Everything else gets the range of its type,
or what is known without arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from sdk.ir import DType, Graph, Op, Tensor
from sdk.ir.attrs import Activation, ConcatenationAttrs, Conv2DAttrs, DepthwiseConv2DAttrs, FullyConnectedAttrs
from sdk.numerics import MOST_FACTOR, activation_range, effective_scales
from sdk.passes.arithmetic import Ints, fits_int32, multipliers, product_scale, requantize

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Span:
    """Smallest and largest value of each channel: arrays of the size of the tensor's last dimension."""

    low: Ints
    high: Ints

    @property
    def is_constant(self) -> Mask:
        """Channels that have one value only."""
        constant: Mask = self.low == self.high
        return constant


def spans(graph: Graph) -> dict[int, Span]:
    """The span of every tensor of an integer type that is not constant and has a dimension."""
    known: dict[int, Span] = {}
    for tensor in graph.tensors.values():
        if _is_tracked(tensor) and tensor.id not in graph.producers:
            known[tensor.id] = _full(tensor)
    for op in graph.ops:
        rule = _RULES.get(op.kind)
        for index in op.outputs:
            output = graph.tensors[index]
            if _is_tracked(output):
                span = rule(graph, op, known) if rule is not None else None
                known[index] = _full(output) if span is None else span
    return known


def window_masks(graph: Graph, op: Op) -> list[Mask]:
    """The different parts of a filter [height, width] that lie on the image, over all places of the output."""
    attrs = op.attrs
    if not isinstance(attrs, Conv2DAttrs | DepthwiseConv2DAttrs):
        return [np.ones((1, 1), np.bool_)]
    _, height, width, _ = graph.input(op, 0).shape
    _, filter_height, filter_width, _ = graph.input(op, 1).shape
    _, out_height, out_width, _ = graph.output(op).shape
    top, _, left, _ = attrs.resolved_pads((height, width), (filter_height, filter_width))
    rows = _axis_masks(height, filter_height, out_height, attrs.stride_h, attrs.dilation_h, top)
    columns = _axis_masks(width, filter_width, out_width, attrs.stride_w, attrs.dilation_w, left)
    return [np.outer(r, c) for r, c in product(rows, columns)]


def effective_weights(weights: Tensor) -> Ints | None:
    """Constant weights less their zero points; None if that can't be told."""
    if weights.data is None or weights.dtype.integer_range is None or weights.quant is None:
        return None
    points = np.array(weights.quant.zero_points, np.int64)
    if weights.quant.axis is not None:
        shape = [1] * len(weights.shape)
        shape[weights.quant.axis] = len(points)
        points = points.reshape(shape)
    effective: Ints = weights.data.astype(np.int64) - points
    return effective


def _axis_masks(size: int, taps: int, out: int, stride: int, dilation: int, before: int) -> list[Mask]:
    places = np.arange(out)[:, np.newaxis] * stride - before + np.arange(taps) * dilation
    return list(np.unique((places >= 0) & (places < size), axis=0))


def _is_tracked(tensor: Tensor) -> bool:
    return (
        not tensor.is_constant
        and bool(tensor.shape)
        and tensor.dtype in (DType.INT8, DType.UINT8, DType.INT16)
        and tensor.quant is not None
    )


def _full(tensor: Tensor) -> Span:
    low, high = tensor.dtype.integer_range or (0, 0)
    channels = tensor.shape[-1]
    return Span(np.full(channels, low, np.int64), np.full(channels, high, np.int64))


def _input(graph: Graph, op: Op, known: dict[int, Span]) -> Span | None:
    source = op.inputs[0]
    return None if source is None else known.get(source)


def _clamp(graph: Graph, op: Op, span: Span) -> Span | None:
    """The span after the operator's fused activation; None for one that has no quantized form."""
    activation = getattr(op.attrs, "activation", Activation.NONE)
    if activation in (Activation.TANH, Activation.SIGN_BIT):
        return None
    low, high = activation_range(activation, graph.output(op))
    return Span(np.clip(span.low, low, high), np.clip(span.high, low, high))


def _weighted(graph: Graph, op: Op, known: dict[int, Span]) -> Span | None:
    """CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED in int8."""
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    bias = graph.optional_input(op, 2)
    span, factors = _input(graph, op, known), _factors(op, source, weights, output)
    values = effective_weights(weights)
    if span is None or factors is None or values is None or (bias is not None and bias.data is None):
        return None
    if source.quant is None or output.quant is None:
        return None
    # Weights as [output, height, width, input], of which the last is 1 for depthwise.
    zero_point = source.quant.zero_point
    low, high = span.low - zero_point, span.high - zero_point
    start = np.zeros(1, np.int64) if bias is None or bias.data is None else bias.data.reshape(-1).astype(np.int64)
    if isinstance(op.attrs, DepthwiseConv2DAttrs):
        values = values.transpose(3, 1, 2, 0)
        low, high = (np.repeat(v, op.attrs.depth_multiplier)[:, None, None, None] for v in (low, high))
    elif isinstance(op.attrs, FullyConnectedAttrs):
        values = values[:, np.newaxis, np.newaxis, :]
        if values.shape[3] % len(low):
            return None
        low, high = (np.tile(v, values.shape[3] // len(low)) for v in (low, high))
    elif values.shape[3] != len(low):
        return None
    positive, negative = np.maximum(values, 0), np.minimum(values, 0)
    tap_low = (positive * low + negative * high).sum(axis=3)
    tap_high = (positive * high + negative * low).sum(axis=3)
    multiplier, shift = factors
    ends: list[Ints] = []
    for mask in window_masks(graph, op):
        for taps in (tap_low, tap_high):
            sums = start + (taps * mask).sum(axis=(1, 2))
            if not fits_int32(sums, shift):
                return None
            ends.append(requantize(sums, multiplier, shift) + output.quant.zero_point)
    return _clamp(graph, op, Span(np.min(ends, axis=0), np.max(ends, axis=0)))


def _factors(op: Op, source: Tensor, weights: Tensor, output: Tensor) -> tuple[Ints, Ints] | None:
    """Multipliers and shifts of the output channels, for int8 with symmetric weights; else None."""
    if not source.dtype is output.dtype is DType.INT8 or weights.dtype not in (DType.INT8, DType.INT4):
        return None
    if source.quant is None or weights.quant is None or output.quant is None or any(weights.quant.zero_points):
        return None
    scales = weights.quant.scales
    if not isinstance(op.attrs, FullyConnectedAttrs):
        factors = effective_scales(source.quant.scale, scales, output.quant.scale)
    elif len(scales) == 1:
        factors = [product_scale(source.quant.scale, scales[0], output.quant.scale)]
    else:
        return None
    return multipliers(factors) if max(factors) < MOST_FACTOR else None


def _pool(graph: Graph, op: Op, known: dict[int, Span]) -> Span | None:
    """An average of integers, rounded, and a maximum are between their smallest and largest."""
    span = _input(graph, op, known)
    same = graph.input(op, 0).quant == graph.output(op).quant
    return _clamp(graph, op, span) if span is not None and same else None


def _reshape(graph: Graph, op: Op, known: dict[int, Span]) -> Span | None:
    span = _input(graph, op, known)
    if span is None or graph.input(op, 0).quant != graph.output(op).quant:
        return None
    channels, features = len(span.low), graph.output(op).shape[-1]
    if features % max(channels, 1) == 0:
        repeats = features // max(channels, 1)
        return Span(np.tile(span.low, repeats), np.tile(span.high, repeats))
    return Span(np.full(features, span.low.min()), np.full(features, span.high.max()))


def _pad(graph: Graph, op: Op, known: dict[int, Span]) -> Span | None:
    span, amounts, output = _input(graph, op, known), graph.input(op, 1).data, graph.output(op)
    if span is None or amounts is None or amounts[-1].any() or output.quant is None:
        return None
    if graph.input(op, 0).quant != output.quant:
        return None
    fill = output.quant.zero_point
    return Span(np.minimum(span.low, fill), np.maximum(span.high, fill))


def _concatenation(graph: Graph, op: Op, known: dict[int, Span]) -> Span | None:
    output = graph.output(op)
    if not isinstance(op.attrs, ConcatenationAttrs) or op.attrs.axis % len(output.shape) != len(output.shape) - 1:
        return None
    parts = [known.get(i) for i in op.inputs if i is not None]
    same = all(graph.tensors[i].quant == output.quant for i in op.inputs if i is not None)
    if not same or any(p is None for p in parts):
        return None
    low = np.concatenate([p.low for p in parts if p is not None])
    high = np.concatenate([p.high for p in parts if p is not None])
    return _clamp(graph, op, Span(low, high))


_RULES: dict[str, Callable[[Graph, Op, dict[int, Span]], Span | None]] = {
    "CONV_2D": _weighted,
    "DEPTHWISE_CONV_2D": _weighted,
    "FULLY_CONNECTED": _weighted,
    "AVERAGE_POOL_2D": _pool,
    "MAX_POOL_2D": _pool,
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "PAD": _pad,
    "CONCATENATION": _concatenation,
}
