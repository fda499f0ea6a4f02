"""Remove channels that are constant or that nobody reads, from the whole network at once.

Forwards, interval analysis finds channels that have one value whatever the model's inputs (see ``intervals``).
Backwards, a channel is needed if it is an output of the model, if an operator that isn't understood here reads it,
or if a needed channel of a convolution or fully connected layer has a weight for it that isn't zero, unless the
channel is constant and its contribution can go into the bias: everywhere the same if no part of the filter is ever
outside the image, and nothing if the constant is the zero point. Operators that treat channels one by one need a
channel of their input exactly if one of their output is needed. What is not needed is removed from tensors, weights
and biases; every output byte of the model stays.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.errors import ModelError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import (
    ConcatenationAttrs,
    Conv2DAttrs,
    DepthwiseConv2DAttrs,
    FullyConnectedAttrs,
    ReshapeAttrs,
)
from sdk.passes.arithmetic import INT32, Ints
from sdk.passes.intervals import Mask, effective_weights, spans, window_masks
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed, new_id

_ONE_BY_ONE = frozenset(
    {"AVERAGE_POOL_2D", "MAX_POOL_2D", "RELU", "RELU6", "RELU_N1_TO_1", "QUANTIZE", "DEQUANTIZE", "LOGISTIC", "TANH",
     "HARD_SWISH", "LEAKY_RELU"}
)  # fmt: skip
"""Operators with one input that compute each channel from itself."""

_RENAMING = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
_ELEMENTWISE = frozenset({"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"})
_QUANTIZED = frozenset({DType.INT8, DType.UINT8, DType.INT16})


def remove_dead_channels(module: Module) -> PassResult:
    """Remove channels of the main graph's tensors that no output byte depends on."""
    graph = module.main
    liveness = _Liveness(graph)
    liveness.run()
    dead = {i: mask for i, mask in liveness.needed.items() if not mask.all()}
    if not dead:
        return PassResult(module)
    result = _Rewriting(graph, liveness).run()
    removed = sum(int((~mask).sum()) for mask in dead.values())
    constant = sum(int((~mask & liveness.constant(i)).sum()) for i, mask in dead.items())
    note = (
        f"dead channels: {counted(removed, 'channel')} removed, {constant:,} of them constant; "
        f"{macs(graph):,} MACs become {macs(result):,}"
    )
    return replace(
        rewritten(module, result, note), channel_maps={i: np.flatnonzero(mask) for i, mask in dead.items()}
    )


def macs(graph: Graph) -> int:
    """Multiply-accumulates of a graph's convolutions and fully connected layers."""
    total = 0
    for op in graph.ops:
        if isinstance(op.attrs, Conv2DAttrs | FullyConnectedAttrs):
            total += graph.output(op).elements * prod(graph.input(op, 1).shape[1:])
        elif isinstance(op.attrs, DepthwiseConv2DAttrs):
            total += graph.output(op).elements * prod(graph.input(op, 1).shape[1:3])
    return total


class _Liveness:
    """Which channels are needed.

    Attributes:
        needed: for each tensor that is not constant, along its last dimension.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._spans = spans(graph)
        self.needed: dict[int, Mask] = {
            t.id: np.zeros(_channels(t), np.bool_) for t in graph.tensors.values() if not t.is_constant
        }
        self._weights = {op.id: self._effective(op) for op in graph.ops}
        self._foldable = {op.id: self._contributes_alike(op) for op in graph.ops if self._weights[op.id] is not None}
        self._changed = False

    def run(self) -> None:
        """Find the smallest set of needed channels that is consistent and leaves no tensor empty."""
        for i in (*self._graph.inputs, *self._graph.outputs):
            self._need(i, True)
        for t in self._graph.tensors.values():
            if t.is_variable:
                self._need(t.id, True)
        self._spread()
        for mask in self.needed.values():
            if mask.size and not mask.any():
                mask[0] = True
                self._spread()

    def constant(self, tensor: int) -> Mask:
        """Which channels of a tensor have one value only."""
        span = self._spans.get(tensor)
        return np.zeros(self.needed[tensor].size, np.bool_) if span is None else span.is_constant

    def values(self, tensor: int) -> Ints:
        """The value of each channel that has one only."""
        return self._spans[tensor].low

    def weights(self, op: Op) -> Ints | None:
        """Weights less their zero points, of operators whose channels can be removed."""
        return self._weights[op.id]

    def _effective(self, op: Op) -> Ints | None:
        graph, attrs = self._graph, op.attrs
        if not isinstance(attrs, Conv2DAttrs | DepthwiseConv2DAttrs | FullyConnectedAttrs):
            return None
        source, weights, bias = graph.input(op, 0), graph.input(op, 1), graph.optional_input(op, 2)
        if source.dtype not in _QUANTIZED or source.is_constant or (bias is not None and not bias.is_constant):
            return None
        if isinstance(attrs, Conv2DAttrs) and weights.shape[3] != source.shape[3]:
            return None
        if isinstance(attrs, FullyConnectedAttrs) and (attrs.shuffled_weights or weights.shape[1] % source.shape[-1]):
            return None
        return effective_weights(weights)

    def _contributes_alike(self, op: Op) -> Mask:
        """Which input channels contribute the same to every output and can be folded into the bias."""
        graph, weights = self._graph, self._weights[op.id]
        source, bias = graph.input(op, 0), graph.optional_input(op, 2)
        constant = self.constant(source.id)
        if not constant.any() or weights is None or source.quant is None:
            return constant
        start = 0 if bias is None or bias.data is None else np.abs(bias.data.astype(np.int64)).max()
        most = start + np.abs(weights).reshape(len(weights), -1).sum(axis=1).max() * (1 << source.dtype.bits)
        if most < INT32 and all(mask.all() for mask in window_masks(graph, op)):
            return constant
        zero: Mask = constant & (self.values(source.id) == source.quant.zero_point)
        return zero

    def _need(self, tensor: int | None, mask: Mask | bool) -> None:
        if tensor is None or tensor not in self.needed:
            return
        before = self.needed[tensor]
        after = before | mask
        if not np.array_equal(before, after):
            self.needed[tensor] = after
            self._changed = True

    def _spread(self) -> None:
        self._changed = True
        while self._changed:
            self._changed = False
            for op in reversed(self._graph.ops):
                self._visit(op)

    def _visit(self, op: Op) -> None:
        weights = self._weights[op.id]
        if weights is not None and isinstance(op.attrs, DepthwiseConv2DAttrs):
            self._visit_depthwise(op, op.attrs.depth_multiplier)
        elif weights is not None:
            self._visit_weighted(op, weights)
        elif (ties := self._ties(op)) is not None:
            for tied in ties:
                mask = np.logical_or.reduce([self.needed[t][part] for t, part in tied])
                for t, part in tied:
                    whole = np.zeros(self.needed[t].size, np.bool_)
                    whole[part] = mask
                    self._need(t, whole)
        elif op.kind in _RENAMING:
            self._visit_renaming(op)
        else:
            for i in (*op.inputs, *op.outputs):
                self._need(i, True)

    def _visit_weighted(self, op: Op, weights: Ints) -> None:
        source = self._graph.input(op, 0)
        used = (weights[self.needed[op.outputs[0]]] != 0).any(axis=tuple(range(weights.ndim - 1)))
        channels = _channels(source)
        self._need(source.id, used.reshape(-1, channels).any(axis=0) & ~self._foldable[op.id])

    def _visit_depthwise(self, op: Op, multiplier: int) -> None:
        source, output = self._graph.input(op, 0), op.outputs[0]
        groups = self.needed[output].reshape(-1, multiplier).any(axis=1)
        self._need(source.id, groups)
        # With a single input channel the multiplier may shrink; else all groups must stay of one size.
        if _channels(source) > 1:
            self._need(output, np.repeat(self.needed[source.id], multiplier))

    def _visit_renaming(self, op: Op) -> None:
        """A tensor of fewer channels whose pixels come to lie side by side in the other's last dimension."""
        few, many = sorted((self._graph.input(op, 0).id, op.outputs[0]), key=lambda t: self.needed[t].size)
        count, features = self.needed[few].size, self.needed[many].size
        if count == 0 or features % count:
            self._need(few, True)
            self._need(many, True)
        else:
            self._need(few, self.needed[many].reshape(-1, count).any(axis=0))
            self._need(many, np.tile(self.needed[few], features // count))

    def _ties(self, op: Op) -> list[list[tuple[int, slice]]] | None:
        """Groups of tensors, with the part of their last dimension, that must keep the same channels."""
        graph, output = self._graph, self._graph.output(op) if op.outputs else None
        if output is None or not output.shape:
            return None
        whole = slice(None)
        inputs = [graph.tensors[i] for i in op.inputs if i is not None]
        last = len(output.shape) - 1
        if isinstance(op.attrs, ConcatenationAttrs):
            if any(t.is_constant for t in inputs):
                return None
            if op.attrs.axis % len(output.shape) != last:
                return [[(t.id, whole) for t in (*inputs, output)]]
            ends = np.cumsum([t.shape[-1] for t in inputs]).tolist()
            return [
                [(t.id, whole), (output.id, slice(end - t.shape[-1], end))] for t, end in zip(inputs, ends, strict=True)
            ]
        if op.kind in _ELEMENTWISE:
            return self._elementwise_ties(inputs, output)
        if not self._is_one_by_one(op) or inputs[0].is_constant or inputs[0].shape[-1] != output.shape[-1]:
            return None
        return [[(inputs[0].id, whole), (output.id, whole)]]

    def _elementwise_ties(self, inputs: list[Tensor], output: Tensor) -> list[list[tuple[int, slice]]] | None:
        whole = slice(None)
        tied = [(output.id, whole)]
        for t in inputs:
            if t.is_constant:
                if t.elements != 1 and t.shape[-1] not in (1, output.shape[-1]):
                    return None
            elif t.shape and t.shape[-1] == output.shape[-1]:
                tied.append((t.id, whole))
            else:
                return None
        return [tied]

    def _is_one_by_one(self, op: Op) -> bool:
        if op.kind in _ONE_BY_ONE:
            return True
        if op.kind in ("PAD", "PADV2", "MIRROR_PAD"):
            amounts = self._graph.input(op, 1).data
            return amounts is not None and not amounts[-1].any()
        if op.kind == "MEAN":
            axes, rank = self._graph.input(op, 1).data, len(self._graph.input(op, 0).shape)
            return axes is not None and all(axis % rank != rank - 1 for axis in axes.reshape(-1).tolist())
        return False


def _channels(tensor: Tensor) -> int:
    return tensor.shape[-1] if tensor.shape else 1


class _Rewriting:
    """Makes the graph without the channels that are not needed."""

    def __init__(self, graph: Graph, liveness: _Liveness) -> None:
        self._graph = graph
        self._liveness = liveness
        self._tensors: dict[int, Tensor] = {}

    def run(self) -> Graph:
        """The smaller graph."""
        for i, mask in self._liveness.needed.items():
            if not mask.all():
                self._tensors[i] = _sliced(self._graph.tensors[i], -1, mask)
        return changed(self._graph, [self._op(op) for op in self._graph.ops], self._tensors)

    def _op(self, op: Op) -> Op:
        if not any(t in self._tensors for t in (*op.inputs, *op.outputs)):
            return op
        weights = self._liveness.weights(op)
        if weights is not None:
            return self._weighted(op, weights)
        output = self._tensors.get(op.outputs[0])
        if op.kind in _RENAMING and output is not None:
            return op.with_(kind="RESHAPE", version=1, inputs=op.inputs[:1], attrs=ReshapeAttrs(output.shape))
        if op.kind in _ELEMENTWISE and output is not None:
            mask = self._liveness.needed[output.id]
            return op.with_(inputs=tuple(self._operand(op, i, mask) for i in op.inputs))
        return op

    def _operand(self, op: Op, index: int | None, mask: Mask) -> int | None:
        """A constant operand of an elementwise operator, with the channels that its output keeps."""
        if index is None or not self._graph.tensors[index].is_constant or _channels(self._graph.tensors[index]) == 1:
            return index
        return self._replace(op, _sliced(self._graph.tensors[index], -1, mask))

    def _weighted(self, op: Op, values: Ints) -> Op:
        needed, attrs = self._liveness.needed, op.attrs
        source, weights = self._graph.input(op, 0), self._graph.input(op, 1)
        bias = self._graph.optional_input(op, 2)
        outputs = needed[op.outputs[0]]
        if isinstance(attrs, DepthwiseConv2DAttrs):
            smaller = _sliced(weights, 3, outputs)
            multiplier = int(outputs.sum()) // int(needed[source.id].sum())
            attrs = replace(attrs, depth_multiplier=multiplier)
            folded: Ints | None = None
        else:
            inputs = np.tile(needed[source.id], weights.shape[-1] // _channels(source))
            smaller = _sliced(_sliced(weights, 0, outputs), -1, inputs)
            folded = self._folded(source, values[outputs], inputs)
        if bias is not None:
            bias = _sliced(bias, -1, outputs)
        if folded is not None and folded.any():
            bias = self._with_added(bias, folded, source, smaller)
        constants = [self._replace(op, t) for t in (smaller, bias) if t is not None]
        return op.with_(inputs=(source.id, *constants), attrs=attrs)

    def _folded(self, source: Tensor, weights: Ints, kept: Mask) -> Ints | None:
        """What the removed inputs contribute to each output."""
        if kept.all() or source.quant is None or not self._liveness.constant(source.id).any():
            return None
        values = self._liveness.values(source.id) - source.quant.zero_point
        values = np.where(self._liveness.constant(source.id), values, 0)
        contributions = weights * np.where(kept, 0, np.tile(values, len(kept) // len(values)))
        total: Ints = contributions.reshape(len(weights), -1).sum(axis=1)
        return total

    def _with_added(self, bias: Tensor | None, amounts: Ints, source: Tensor, weights: Tensor) -> Tensor:
        if bias is not None and bias.data is not None:
            return replace(bias, data=_frozen((bias.data + amounts.reshape(bias.shape)).astype(bias.data.dtype)))
        if source.quant is None or weights.quant is None:
            raise ModelError(self._graph.name, f"tensor {weights.id} has no quantization")
        scale = source.quant.scale
        quant = Quant(tuple(scale * s for s in weights.quant.scales), (0,) * len(weights.quant.scales))
        quant = quant if len(quant.scales) == 1 else replace(quant, axis=0)
        data = _frozen(amounts.astype(np.int32))
        name = f"{weights.name}_bias"
        return Tensor(new_id(self._graph, self._tensors), name, data.shape, DType.INT32, quant, data)

    def _replace(self, op: Op, tensor: Tensor) -> int:
        """Put a changed constant in the place of the one of its id, or beside it if others read that."""
        if len(self._graph.consumers.get(tensor.id, (op,))) > 1:
            tensor = replace(tensor, id=new_id(self._graph, self._tensors))
        self._tensors[tensor.id] = tensor
        return tensor.id


def _sliced(tensor: Tensor, axis: int, kept: Mask) -> Tensor:
    """Some of the slices of a tensor along a dimension."""
    axis %= max(len(tensor.shape), 1)
    if kept.all() or not tensor.shape:
        return tensor
    shape = (*tensor.shape[:axis], int(kept.sum()), *tensor.shape[axis + 1 :])
    data = None if tensor.data is None else _frozen(np.compress(kept, tensor.data, axis))
    quant = tensor.quant
    if quant is not None and quant.axis == axis:
        chosen = np.flatnonzero(kept).tolist()
        quant = Quant(tuple(quant.scales[i] for i in chosen), tuple(quant.zero_points[i] for i in chosen), axis)
    return replace(tensor, shape=shape, data=data, quant=quant)


def _frozen(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    data = np.ascontiguousarray(data)
    data.flags.writeable = False
    return data
