"""Layers with weights: their matrices, the moments of their inputs, and graphs with other weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sdk.compress.levels import Floats, Ints
from sdk.compress.rounding import Moments, Rounded
from sdk.encode import smallest
from sdk.errors import ModelError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs
from sdk.oracle.reference import windows

Bytes = npt.NDArray[np.int8]
_CHUNK = 1 << 15
"""Elements of a layer's input at once: windows of them still stay in a cache."""
_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True)
class Layer:
    """A layer whose weights can be compressed.

    Attributes:
        name: "conv0", "dw1", "fc2" ...: by kind, numbered over all layers.
        weights: [channels, taps], real.
        levels: the same as stored in the model.
        scales: [channels], of the stored ones.
        bias: [channels], in units of input scale times weight scale.
    """

    name: str
    op: Op
    weights: Floats
    levels: Ints
    scales: Floats
    bias: Floats

    @property
    def channels(self) -> int:
        """Output channels."""
        return int(self.weights.shape[0])


_SHORT = {"CONV_2D": "conv", "DEPTHWISE_CONV_2D": "dw", "FULLY_CONNECTED": "fc"}


def layers(graph: Graph) -> list[Layer]:
    """The layers of a graph whose weights can be compressed: constant, int8, with a bias, zero point 0."""
    found: list[Layer] = []
    for op in graph.ops:
        if op.kind not in _KINDS:
            continue
        weights, bias = graph.input(op, 1), graph.optional_input(op, 2)
        usable = weights.data is not None and weights.dtype is DType.INT8 and weights.quant is not None
        usable = usable and graph.input(op, 0).dtype is DType.INT8 and len(graph.consumers[weights.id]) == 1
        if not usable or bias is None or bias.data is None or len(graph.consumers[bias.id]) != 1:
            continue
        if weights.quant is None or any(weights.quant.zero_points):
            continue
        levels = matrix(op, weights)
        scales = np.broadcast_to(np.array(weights.quant.scales, np.float64), (levels.shape[0],)).copy()
        name = f"{_SHORT[op.kind]}{len(found)}"
        real = levels * scales[:, None]
        found.append(Layer(name, op, real, levels, scales, bias.data.reshape(-1).astype(np.float64)))
    return found


def matrix(op: Op, weights: Tensor) -> Ints:
    """Weights as [channels, taps]."""
    if weights.data is None:
        raise ModelError(weights.name, "is not constant")
    axis = 3 if op.kind == "DEPTHWISE_CONV_2D" else 0
    moved = np.moveaxis(weights.data, axis, 0)
    return moved.reshape(moved.shape[0], -1).astype(np.int64)


def moments(graph: Graph, layer: Layer, original: Bytes, now: Bytes) -> Moments:
    """Second moments of a layer's inputs, in the original and the compressed network.

    Args:
        graph: the graph.
        layer: the layer.
        original: [samples, ...] its input in the original network.
        now: the same in the compressed one.
    """
    sums: list[Floats] = []
    count = 0
    for x, z in zip(row_chunks(graph, layer.op, original), row_chunks(graph, layer.op, now), strict=True):
        turned = z.transpose(0, 2, 1)
        found = [x.transpose(0, 2, 1) @ x, turned @ x, turned @ z, x.sum(axis=1), z.sum(axis=1)]
        sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
        count += x.shape[1]
    a, c, g, mean, mean_now = (total / count for total in sums)

    def centred(second: Floats, left: Floats, right: Floats) -> Floats:
        return second - left[:, :, None] * right[:, None, :]

    return Moments(
        centred(a, mean, mean), centred(c, mean_now, mean), centred(g, mean_now, mean_now), mean, mean_now
    )


def row_chunks(graph: Graph, op: Op, source: Bytes) -> Iterator[Floats]:
    """A layer's inputs less their zero point, some samples at a time.

    Args:
        graph: the graph.
        op: the layer's operator.
        source: [samples, ...] its input.

    Yields:
        [1 or channels, rows, taps], a row for each output pixel.
    """
    quant = graph.input(op, 0).quant
    zero_point = 0 if quant is None else quant.zero_point
    size = max(1, _CHUNK // max(1, source[0].size))
    for start in range(0, len(source), size):
        yield _rows(graph, op, source[start : start + size].astype(np.float64) - zero_point)


def _rows(graph: Graph, op: Op, source: Floats) -> Floats:
    """[1 or channels, rows, taps] of a layer's inputs."""
    weights = graph.input(op, 1)
    if isinstance(op.attrs, Conv2DAttrs):
        taken = windows(source, op.attrs, (weights.shape[1], weights.shape[2]), 0)
        rows: Floats = taken.reshape(1, -1, weights.elements // weights.shape[0])
        return rows
    if isinstance(op.attrs, DepthwiseConv2DAttrs):
        source = np.repeat(source, weights.shape[3] // source.shape[3], axis=3)
        taken = windows(source, op.attrs, (weights.shape[1], weights.shape[2]), 0)
        rows = taken.transpose(5, 0, 1, 2, 3, 4).reshape(weights.shape[3], -1, weights.shape[1] * weights.shape[2])
        return rows
    return source.reshape(1, -1, weights.shape[1])


def with_weights(module: Module, changes: Mapping[int, tuple[Layer, Rounded, Floats | None]]) -> Module:
    """A module with other weights in some layers.

    Args:
        module: the module.
        changes: by operator id, its layer, the levels and scales, and what to add to its real output; None: nothing.
    """
    graph = module.main
    tensors = dict(graph.tensors)
    for layer, rounded, correction in changes.values():
        weights, bias = graph.input(layer.op, 1), graph.input(layer.op, 2)
        source = graph.input(layer.op, 0).quant
        if source is None or bias.data is None:
            raise ModelError(weights.name, "has no quantized input")
        scales = np.asarray(rounded.scales, np.float32).astype(np.float64)
        real_bias = layer.bias * layer.scales * source.scale
        if correction is not None:
            real_bias = real_bias + correction * source.scale
        axis = 3 if layer.op.kind == "DEPTHWISE_CONV_2D" else 0
        zeros = (0,) * layer.channels
        tensors[weights.id] = replace(
            weights,
            data=_shaped(layer.op, weights, rounded.levels),
            quant=Quant(tuple(float(s) for s in scales), zeros, axis),
        )
        tensors[bias.id] = bias_tensor(bias, real_bias, source.scale, scales)
    changed = Graph(graph.name, tensors, graph.ops, graph.inputs, graph.outputs)
    return replace(module, graphs=(changed, *module.graphs[1:]))


def bias_tensor(like: Tensor, real: Floats, source: float, scales: Floats) -> Tensor:
    """A bias tensor with other values.

    Args:
        like: what it replaces.
        real: [channels].
        source: scale of the layer's input.
        scales: [channels], of its weights.

    Raises:
        ModelError: a value leaves 32 bits.
    """
    units = np.rint(real / (source * scales))
    if np.abs(units).max(initial=0) >= 1 << 30:
        raise ModelError(like.name, "a compressed channel's bias leaves 32 bits", "compress it to more bits")
    products = tuple(float(np.float32(np.float32(source) * np.float32(s))) for s in scales)
    quant = Quant(products, (0,) * len(products), 0)
    return replace(like, data=units.astype(np.int32).reshape(like.shape), quant=quant)


def _shaped(op: Op, weights: Tensor, levels: Ints) -> Bytes:
    if op.kind != "DEPTHWISE_CONV_2D":
        return levels.reshape(weights.shape).astype(np.int8)
    moved = levels.reshape(weights.shape[3], *weights.shape[:3])
    return np.ascontiguousarray(np.moveaxis(moved, 0, 3)).astype(np.int8)


def stored_bytes(weights: npt.NDArray[np.int8]) -> tuple[str, int]:
    """Name and bytes of the smallest way to store weights."""
    best = smallest(weights)
    return ("8-bit", weights.size) if best is None else (best.name, best.nbytes(weights))
