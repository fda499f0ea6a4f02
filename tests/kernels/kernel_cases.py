"""Seeded random models of one operator each, for the sweep of the kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from math import prod
from typing import Any

import numpy as np
from harness import CASES, Case

from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir import attrs as a
from sdk.ir.shapes import infer

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
TILES = (4, 8)
ALL_BYTES = 256
"""A last dimension of this size gets all values of a byte."""


@dataclass
class Model:
    """One operator while it is put together; ids are given in the order of the calls."""

    tensors: dict[int, Tensor] = field(default_factory=dict)
    inputs: list[int] = field(default_factory=list)

    def input(self, shape: Shape, quant: Quant | None, dtype: DType = DType.INT8) -> int:
        """An input of the model."""
        self.inputs.append(self._add(Tensor(len(self.tensors), f"in{len(self.tensors)}", shape, dtype, quant)))
        return self.inputs[-1]

    def const(self, values: Array, quant: Quant | None = None) -> int:
        """A constant."""
        dtype = DType(values.dtype.name)
        return self._add(Tensor(len(self.tensors), f"c{len(self.tensors)}", values.shape, dtype, quant, values))

    def _add(self, tensor: Tensor) -> int:
        self.tensors[tensor.id] = tensor
        return tensor.id

    def module(
        self,
        kind: str,
        attrs: a.Attrs,
        inputs: Sequence[int | None],
        quant: Quant | Sequence[Quant | None] | None,
        dtype: DType = DType.INT8,
        version: int = 1,
    ) -> Module:
        """The model, with one output for each of ``quant``; shapes are inferred."""
        quants = [quant] if quant is None or isinstance(quant, Quant) else list(quant)
        outputs = tuple(
            self._add(Tensor(len(self.tensors), f"out{i}", (), dtype, q)) for i, q in enumerate(quants)
        )
        op = Op(0, kind, version, tuple(inputs), outputs, attrs)
        graph = Graph("main", self.tensors, (op,), tuple(self.inputs), outputs)
        for tensor, shape in zip(outputs, infer(graph, op), strict=True):
            assert shape is not None, f"{kind}: the shape is not known"
            self.tensors[tensor] = replaced(self.tensors[tensor], shape=shape)
        return Module("case", "case.tflite", "0" * 64, (graph,))


def values(rng: np.random.Generator, shape: Shape, low: int = -128, high: int = 127) -> Array:
    """int8 values: uniform, or now and then all of them at an end of the range, or only the two ends."""
    kind = rng.integers(8)
    if kind == 0:
        return np.full(shape, rng.choice([low, high]), np.int8)
    if kind == 1:
        return rng.choice(np.array([low, high], np.int8), shape)
    return rng.integers(low, high + 1, shape).astype(np.int8)


def wide_values(rng: np.random.Generator, shape: Shape, dtype: DType, low: int | None = None) -> Array:
    """Values of other integers than int8: uniform, or small, or all at an end of the range, or only the two ends."""
    limits = np.iinfo(dtype.numpy)
    lowest, highest = limits.min if low is None else low, limits.max
    kind = rng.integers(8)
    if kind == 0:
        return np.full(shape, rng.choice([lowest, highest]), dtype.numpy)
    if kind == 1:
        return rng.choice(np.array([lowest, highest], dtype.numpy), shape)
    if kind == 2:
        return rng.integers(max(lowest, -100), 101, shape).astype(dtype.numpy)
    return rng.integers(lowest, highest, shape, dtype.numpy, endpoint=True)


def scale(rng: np.random.Generator, low: float = 1e-3, high: float = 1.0) -> float:
    """A float32 scale, uniform in its logarithm; now and then a power of two."""
    if rng.integers(6) == 0:
        return float(2.0 ** rng.integers(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1))
    return float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))


def zero_point(rng: np.random.Generator) -> int:
    """A zero point; ends of the range and 0 are frequent."""
    return int(rng.choice([-128, 127, 0, *rng.integers(-128, 128, 3)]))


def quantization(rng: np.random.Generator, low: float = 1e-3, high: float = 1.0) -> Quant:
    """A random per-tensor quantization."""
    return Quant((scale(rng, low, high),), (zero_point(rng),))


def size(rng: np.random.Generator, tiles: Sequence[int] = TILES, most: int = 40) -> int:
    """A size at, below, above or at a multiple of a tile, or 1."""
    tile = int(rng.choice(np.array(tiles)))
    choices = [1, 2, tile - 1, tile, tile + 1, 2 * tile, 2 * tile + 1, 3 * tile - 1, 4 * tile]
    return int(rng.choice([c for c in choices if 1 <= c <= most]))


def activation(rng: np.random.Generator) -> a.Activation:
    """A fused activation that has a quantized form."""
    return [a.Activation.NONE, a.Activation.RELU, a.Activation.RELU6, a.Activation.RELU_N1_TO_1][
        int(rng.choice(4, p=[0.5, 0.2, 0.2, 0.1]))
    ]


def _case(seed: int, index: int, rng: np.random.Generator, model: Model, module: Module) -> Case:
    graph = module.main
    inputs = []
    for i in graph.inputs:
        tensor = graph.tensors[i]
        if tensor.dtype is DType.FLOAT32:
            array: Array = rng.normal(0, 3, tensor.shape).astype(np.float32)
        elif tensor.dtype in (DType.INT16, DType.INT32, DType.UINT8):
            array = wide_values(rng, tensor.shape, tensor.dtype)
        elif tensor.dtype is DType.BOOL:
            array = rng.integers(0, 2, tensor.shape).astype(bool)
        else:
            array = values(rng, tensor.shape).astype(tensor.dtype.numpy)
            if tensor.shape[-1:] == (ALL_BYTES,):
                array = np.broadcast_to(np.arange(ALL_BYTES).astype(tensor.dtype.numpy), tensor.shape).copy()
        inputs.append(array)
    op = graph.ops[0]
    shapes = " ".join("-" if i is None else str(list(graph.tensors[i].shape)) for i in op.inputs)
    return Case(f"seed {seed} case {index}: {op.kind} {shapes} {op.attrs}", module, tuple(inputs))


Maker = Callable[[np.random.Generator, Sequence[int]], tuple[Model, Module]]


def generate(make: Maker, seed: int, count: int, tiles: Sequence[int]) -> Iterator[Case]:
    """Cases of one operator; case i depends on seed and i alone."""
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        yield _case(seed, index, rng, *make(rng, tiles))


def _weights(
    rng: np.random.Generator, shape: Shape, axis: int, zero: bool = True
) -> tuple[Array, Quant, tuple[float, ...]]:
    """Filter values and their quantization, per tensor or per channel."""
    channels = shape[axis]
    data = values(rng, shape, -127)
    if rng.integers(8) == 0:
        data = np.clip(data, -3, 3)
    if rng.integers(3) == 0:
        scales: tuple[float, ...] = (scale(rng, 1e-3, 0.1),)
        points = (0 if zero or rng.integers(2) else zero_point(rng),)
        return data, Quant(scales, points), scales
    scales = tuple(scale(rng, 1e-3, 0.1) for _ in range(channels))
    return data, Quant(scales, (0,) * channels, axis), scales


def _output_quant(
    rng: np.random.Generator, input_quant: Quant, scales: Sequence[float], data: Array, axis: int
) -> tuple[Quant, Array]:
    """A quantization for which most outputs are in range (now and then not), and a bias of fitting size."""
    per_channel = np.moveaxis(data, axis, 0).reshape(data.shape[axis], -1).astype(np.float64)
    spread = np.sqrt((per_channel**2).sum(axis=1)) * 80 + 1
    real = spread * np.asarray(scales, np.float64) * input_quant.scale
    out = float(real.max()) / float(rng.choice([20, 50, 50, 100, 3000]))
    bias = np.round(rng.normal(0, 1, data.shape[axis]) * spread).clip(-(2**27), 2**27).astype(np.int32)
    if rng.integers(6) == 0:
        bias = rng.integers(-(2**24), 2**24, data.shape[axis]).astype(np.int32)
    if rng.integers(10) == 0:
        out *= 2.0 ** int(rng.integers(-12, 12))
    return Quant((float(np.float32(max(out, 1e-12))),), (zero_point(rng),)), bias


def bias_quant(quant: Quant, scales: Sequence[float]) -> Quant:
    """The quantization of a bias, per channel if the filter's is."""
    products = tuple(float(np.float32(quant.scale) * np.float32(s)) for s in scales)
    return Quant(products, (0,) * len(products), 0 if len(products) > 1 else None)


def _window(rng: np.random.Generator) -> tuple[int, int, int, int, int, int, int, int]:
    """Filter height and width, strides, dilations, and an image that the window fits into."""
    fh, fw = (int(v) for v in rng.choice([1, 1, 2, 3, 3, 4, 5, 7], 2))
    if rng.integers(2):
        fw = fh
    sh, sw = (int(v) for v in rng.choice([1, 1, 1, 2, 2, 3], 2))
    dh = dw = 1
    if rng.integers(4) == 0:
        dh, dw = (int(v) for v in rng.integers(1, 4, 2))
        if rng.integers(2):
            sh = sw = 1
    height = (fh - 1) * dh + 1 + int(rng.choice([0, 0, 1, 2, 3, 5, 8]))
    width = (fw - 1) * dw + 1 + int(rng.choice([0, 0, 1, 2, 3, 5, 8, 13]))
    return fh, fw, sh, sw, dh, dw, height, width


def _padding(rng: np.random.Generator) -> a.Padding:
    return a.Padding.SAME if rng.integers(2) else a.Padding.VALID


def _batches(rng: np.random.Generator) -> int:
    return int(rng.choice([1, 1, 1, 2, 3]))


def _conv2d(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, out, groups = size(rng, tiles), size(rng, tiles), 1
    if rng.integers(8) == 0:
        groups = int(rng.choice([2, 3]))
        out *= groups
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (out, fh, fw, depth), 0)
    output_quant, bias = _output_quant(rng, quant, scales, data, 0)
    inputs: list[int | None] = [m.input((_batches(rng), height, width, depth * groups), quant)]
    # The interpreter asks for a bias in int8.
    inputs += [m.const(data, weight_quant), m.const(bias, bias_quant(quant, scales))]
    attrs = a.Conv2DAttrs(_padding(rng), sh, sw, activation(rng), dh, dw)
    return m, m.module("CONV_2D", attrs, inputs, output_quant)


def _depthwise(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, multiplier = size(rng, tiles), int(rng.choice([1, 1, 1, 2, 3, 8]))
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (1, fh, fw, depth * multiplier), 3)
    output_quant, bias = _output_quant(rng, quant, scales, data, 3)
    inputs: list[int | None] = [m.input((_batches(rng), height, width, depth), quant), m.const(data, weight_quant)]
    if rng.integers(5):
        inputs.append(m.const(bias, bias_quant(quant, scales)))
    attrs = a.DepthwiseConv2DAttrs(_padding(rng), sh, sw, multiplier, activation(rng), dh, dw)
    return m, m.module("DEPTHWISE_CONV_2D", attrs, inputs, output_quant)


def _fully_connected(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    depth, out = size(rng, tiles) * int(rng.choice([1, 1, 3, 8])), size(rng, tiles)
    quant = quantization(rng)
    data, weight_quant, scales = _weights(rng, (out, depth), 0, zero=False)
    output_quant, bias = _output_quant(rng, quant, scales, data, 0)
    # tflite-runtime 2.14 leaves outputs unwritten where several scales meet more than two dimensions.
    keep = len(scales) == 1 and bool(rng.integers(2))
    shape: Shape = (_batches(rng), 2, depth) if keep else (_batches(rng), depth)
    inputs: list[int | None] = [m.input(shape, quant), m.const(data, weight_quant)]
    if rng.integers(5):
        inputs.append(m.const(bias, bias_quant(quant, scales)))
    return m, m.module("FULLY_CONNECTED", a.FullyConnectedAttrs(activation(rng), keep), inputs, output_quant)


def _pool(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        fh, fw, sh, sw, _, _, height, width = _window(rng)
        quant = quantization(rng)
        source = m.input((_batches(rng), height, width, size(rng, tiles)), quant)
        attrs = a.Pool2DAttrs(_padding(rng), sh, sw, fh, fw, activation(rng))
        return m, m.module(kind, attrs, [source], quant)

    return make


def global_pool(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    """The mean of a whole image."""
    m = Model()
    height, width = (int(v) for v in rng.integers(1, 13, 2))
    quant = quantization(rng)
    source = m.input((_batches(rng), height, width, size(rng, tiles)), quant)
    attrs = a.Pool2DAttrs(a.Padding.VALID, int(rng.integers(1, 4)), 1, height, width, activation(rng))
    return m, m.module("AVERAGE_POOL_2D", attrs, [source], quant)


def broadcast_shapes(rng: np.random.Generator, tiles: Sequence[int], rank: int = 4) -> tuple[Shape, Shape]:
    """Two shapes that broadcast: mostly equal, else with sizes of 1 or fewer dimensions in one or both."""
    full = (*(int(d) for d in rng.integers(1, 5, int(rng.integers(1, rank + 1)))), size(rng, tiles))
    full = full[-rank:]
    if rng.integers(2):
        return full, full
    shapes = []
    for _ in range(2):
        shape = tuple(1 if rng.integers(3) == 0 else d for d in full)
        shapes.append(shape[int(rng.integers(0, len(shape))) :] if rng.integers(3) == 0 else shape)
    return shapes[0], shapes[1]


def binary_operands(rng: np.random.Generator, m: Model, tiles: Sequence[int], quants: Sequence[Quant]) -> list[int]:
    """Two inputs that broadcast; now and then one is constant, or both are the same tensor."""
    shapes = broadcast_shapes(rng, tiles)
    if shapes[0] == shapes[1] and rng.integers(8) == 0:
        return [m.input(shapes[0], quants[0])] * 2
    constant = int(rng.choice([0, 1, 2, 2, 2, 2]))
    return [
        m.const(values(rng, s), q) if i == constant else m.input(s, q)
        for i, (s, q) in enumerate(zip(shapes, quants, strict=True))
    ]


def _add(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quants = [quantization(rng, 0.01, 1.0) for _ in range(2)]
        if rng.integers(3) == 0:
            quants[1] = quants[0]
        output = Quant((max(q.scale for q in quants) * scale(rng, 0.1, 4.0),), (zero_point(rng),))
        inputs = binary_operands(rng, m, tiles, quants)
        return m, m.module(kind, a.BinaryAttrs(activation(rng)), inputs, output)

    return make


def _softmax(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape = (*(int(d) for d in rng.integers(1, 5, int(rng.integers(0, 4)))), size(rng, tiles))
    output = Quant((float(np.float32(rng.choice([1, 1, 1.0007]) / 256)),), (-128,))
    beta = 1.0 if rng.integers(3) else float(np.float32(rng.uniform(0.1, 3)))
    source = m.input(shape, quantization(rng, 1e-3, 4.0))
    return m, m.module("SOFTMAX", a.SoftmaxAttrs(beta), [source], output)


def _mul(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quants = [quantization(rng, 0.01, 1.0) for _ in range(2)]
    product = quants[0].scale * quants[1].scale
    output = Quant((float(np.float32(product * scale(rng, 1.0, 200.0))),), (zero_point(rng),))
    inputs = binary_operands(rng, m, tiles, quants)
    return m, m.module("MUL", a.BinaryAttrs(activation(rng)), inputs, output)


def _div(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quants = [quantization(rng, 0.01, 1.0) for _ in range(2)]
    shapes = broadcast_shapes(rng, tiles)
    divisors = values(rng, shapes[1])
    divisors[divisors == quants[1].zero_point] += 1 if quants[1].zero_point < 127 else -1
    ratio = quants[0].scale / quants[1].scale
    output = Quant((float(np.float32(ratio * scale(rng, 0.002, 0.2))),), (zero_point(rng),))
    inputs = [m.input(shapes[0], quants[0]), m.const(divisors, quants[1])]
    return m, m.module("DIV", a.BinaryAttrs(activation(rng)), inputs, output)


def _minmax(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quant = quantization(rng)
        return m, m.module(kind, a.Attrs(), binary_operands(rng, m, tiles, [quant, quant]), quant)

    return make


def any_shape(rng: np.random.Generator, tiles: Sequence[int], least: int = 1, most: int = 4) -> Shape:
    """A shape of ``least`` to ``most`` dimensions, the last round a tile."""
    rank = int(rng.integers(least, most + 1))
    return (*(int(d) for d in rng.integers(1, 6, max(rank - 1, 0))), size(rng, tiles))[:rank]


def _table(kind: str, attrs: Callable[[np.random.Generator], a.Attrs] = lambda rng: a.Attrs()) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        source = quantization(rng, 1e-3, 0.5)
        output = Quant((float(np.float32(source.scale * scale(rng, 0.3, 30))),), (zero_point(rng),))
        if kind == "LOGISTIC":
            output = Quant((1 / 256,), (-128,))
        elif kind == "TANH":
            output = Quant((1 / 128,), (0,))
        elif rng.integers(3) == 0:
            output = source
        version = 2 if kind == "EXP" else 1
        if kind == "RSQRT":
            # The interpreter refuses values below the zero point.
            source = Quant(source.scales, (-128,))
            largest = 1 / np.sqrt(source.scale * float(rng.choice([1, 10, 100])))
            output = Quant((float(np.float32(largest / 200)),), (zero_point(rng),))
        return m, m.module(kind, attrs(rng), [m.input((3, ALL_BYTES), source)], output, version=version)

    return make


def _leaky(rng: np.random.Generator) -> a.Attrs:
    return a.LeakyReluAttrs(float(np.float32(rng.choice([0.01, 0.1, 0.2, 0.3, 1.0, 1.5]))))


def _reduce(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape = any_shape(rng, tiles, 1, 5)
        count = int(rng.integers(1, len(shape) + 1))
        axes = rng.choice(len(shape), count, replace=False).astype(np.int32)
        if len(shape) == 4 and rng.integers(2):
            axes = np.array([1, 2], np.int32)
        if rng.integers(4) == 0:
            axes -= len(shape)
        quant = quantization(rng)
        output = quant
        if kind == "SUM":
            spread = max(1.0, prod(shape[axis] for axis in axes) ** 0.5)
            output = Quant((float(np.float32(quant.scale * spread * scale(rng, 0.2, 3))),), (zero_point(rng),))
        elif kind == "MEAN" and rng.integers(4):
            output = Quant((float(np.float32(quant.scale * scale(rng, 0.2, 3))),), (zero_point(rng),))
        inputs = [m.input(shape, quant), m.const(axes)]
        return m, m.module(kind, a.ReducerAttrs(bool(rng.integers(2))), inputs, output)

    return make


def _slice(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles), quantization(rng)
    begin = [int(rng.integers(0, d)) for d in shape]
    length = [int(rng.integers(1, d - b + 1)) if rng.integers(4) else -1 for b, d in zip(begin, shape, strict=True)]
    inputs = [m.input(shape, quant), m.const(np.array(begin, np.int32)), m.const(np.array(length, np.int32))]
    return m, m.module("SLICE", a.Attrs(), inputs, quant)


def _strided_slice(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles), quantization(rng)
    begin, end, stride = [], [], []
    for d in shape:
        step = int(rng.choice([1, 1, 1, 2, 3, -1, -2]))
        low = int(rng.integers(0, d))
        high = int(rng.integers(low + 1, d + 1))
        first, last = (low, high) if step > 0 else (high - 1, low - 1)
        begin.append(first - d if rng.integers(4) == 0 else first)
        end.append(last if last >= 0 else -d - 1)
        stride.append(step)
    masks = [int(v) for v in rng.integers(0, 1 << len(shape), 2)] if rng.integers(3) == 0 else [0, 0]
    shrink = 0
    if rng.integers(3) == 0:
        axis = int(rng.integers(0, len(shape)))
        shrink, stride[axis] = 1 << axis, 1
        begin[axis] = int(rng.integers(0, shape[axis]))
        end[axis] = begin[axis] + 1
        masks = [v & ~shrink for v in masks]
    inputs = [m.input(shape, quant), *(m.const(np.array(v, np.int32)) for v in (begin, end, stride))]
    return m, m.module("STRIDED_SLICE", a.StridedSliceAttrs(*masks, shrink_axis_mask=shrink), inputs, quant)


def _transpose(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles, 1, 5), quantization(rng)
    order = rng.permutation(len(shape)).astype(np.int32)
    return m, m.module("TRANSPOSE", a.Attrs(), [m.input(shape, quant), m.const(order)], quant)


def _broadcast_to(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    full, quant = any_shape(rng, tiles, 1, 4), quantization(rng)
    shape = tuple(1 if rng.integers(2) else d for d in full)[int(rng.integers(0, len(full))) :]
    inputs = [m.input(shape, quant), m.const(np.array(full, np.int32))]
    return m, m.module("BROADCAST_TO", a.Attrs(), inputs, quant, version=2)


def _reverse(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles), quantization(rng)
    first = int(rng.integers(len(shape)))
    axes = np.arange(first, rng.integers(first + 1, len(shape) + 1), dtype=np.int32)
    if rng.integers(3) == 0:
        axes = rng.permutation(axes - len(shape)).astype(np.int32)
    return m, m.module("REVERSE_V2", a.Attrs(), [m.input(shape, quant), m.const(axes)], quant)


def _regroup(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        block, quant = int(rng.integers(1, 4)), quantization(rng)
        batches, height, width = (int(d) for d in rng.integers(1, 4, 3))
        depth = size(rng, tiles, 16)
        if kind == "SPACE_TO_DEPTH":
            height, width = height * block, width * block
        else:
            depth *= block * block
        source = m.input((batches, height, width, depth), quant)
        return m, m.module(kind, a.BlockAttrs(block), [source], quant)

    return make


def _join(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape, quant, count = any_shape(rng, tiles), quantization(rng), int(rng.integers(1, 6))
        axis = int(rng.integers(0, len(shape)))
        inputs: list[int | None] = []
        for _ in range(count):
            part = shape if kind == "PACK" else (*shape[:axis], int(rng.integers(1, 6)), *shape[axis + 1 :])
            constant = rng.integers(6) == 0 and inputs
            inputs.append(m.const(values(rng, part), quant) if constant else m.input(part, quant))
        given = axis - len(shape) if kind == "CONCATENATION" and rng.integers(3) == 0 else axis
        attrs = a.PackAttrs(count, axis) if kind == "PACK" else a.ConcatenationAttrs(given)
        return m, m.module(kind, attrs, inputs, quant)

    return make


def _split(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        rest, quant, count = any_shape(rng, tiles, 1, 3), quantization(rng), int(rng.integers(1, 5))
        axis = int(rng.integers(0, len(rest)))
        lengths = rng.integers(1, 5, count) if kind == "SPLIT_V" else np.full(count, rng.integers(1, 5))
        length = count if kind == "UNPACK" else int(lengths.sum())
        shape = (*rest[:axis], length, *rest[axis:])
        source, index = m.input(shape, quant), axis - len(shape) if rng.integers(3) == 0 else axis
        if kind == "UNPACK":
            return m, m.module(kind, a.UnpackAttrs(count, index), [source], [quant] * count)
        where = m.const(np.array(index if kind == "SPLIT" else [index], np.int32))
        if kind == "SPLIT":
            return m, m.module(kind, a.SplitAttrs(count), [where, source], [quant] * count)
        sizes = m.const(lengths.astype(np.int32))
        return m, m.module(kind, a.SplitAttrs(count), [source, sizes, where], [quant] * count)

    return make


def _pad(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape, quant = any_shape(rng, tiles), quantization(rng)
        paddings = rng.integers(0, 4, (len(shape), 2)) * rng.integers(0, 2, (len(shape), 2))
        inputs = [m.input(shape, quant), m.const(paddings.astype(np.int32))]
        if kind == "PADV2":
            inputs.append(m.const(rng.integers(-128, 128, (1,)).astype(np.int8), quant))
        return m, m.module(kind, a.Attrs(), inputs, quant)

    return make


def _resize(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quant = quantization(rng)
        shape = (_batches(rng), int(rng.integers(1, 9)), int(rng.integers(1, 9)), size(rng, tiles, 12))
        out = rng.integers(1, 20, 2).astype(np.int32)
        corners = bool(rng.integers(3) == 0)
        attrs = a.ResizeAttrs(corners, bool(not corners and rng.integers(2)))
        # Version 3 knows half_pixel_centers.
        return m, m.module(kind, attrs, [m.input(shape, quant), m.const(out)], quant, version=3)

    return make


def _quantize_float(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    source = m.input(any_shape(rng, tiles), None, DType.FLOAT32)
    return m, m.module("QUANTIZE", a.Attrs(), [source], quantization(rng))


def _dequantize(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    source = m.input(any_shape(rng, tiles), quantization(rng))
    return m, m.module("DEQUANTIZE", a.Attrs(), [source], None, DType.FLOAT32, version=2)


def _quantize(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    return (_quantize_float if rng.integers(2) else _table("QUANTIZE"))(rng, tiles)


def _squared_difference(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quants = [quantization(rng, 0.01, 1.0) for _ in range(2)]
    if rng.integers(3) == 0:
        quants[1] = quants[0]
    square = (max(q.scale for q in quants) * 100) ** 2
    output = Quant((float(np.float32(square / 256 * scale(rng, 0.1, 4.0))),), (zero_point(rng),))
    return m, m.module("SQUARED_DIFFERENCE", a.Attrs(), binary_operands(rng, m, tiles, quants), output)


def _prelu(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles, 2, 4), quantization(rng)
    slopes = tuple(1 if rng.integers(2) else d for d in shape[1:])
    output = Quant((float(np.float32(quant.scale * scale(rng, 0.3, 3))),), (zero_point(rng),))
    inputs = [m.input(shape, quant), m.const(values(rng, slopes), quantization(rng, 1e-3, 0.02))]
    return m, m.module("PRELU", a.Attrs(), inputs, output)


def _arg(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape = any_shape(rng, tiles)
        axis = m.const(np.array([rng.integers(-len(shape), len(shape))], np.int32))
        return m, m.module(kind, a.ArgAttrs(), [m.input(shape, quantization(rng)), axis], None, DType.INT32, version=2)

    return make


def _gather(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles), quantization(rng)
    axis = int(rng.integers(0, len(shape)))
    indices = rng.integers(0, shape[axis], tuple(rng.integers(1, 4, int(rng.integers(1, 3))))).astype(np.int32)
    inputs = [m.input(shape, quant), m.const(indices)]
    return m, m.module("GATHER", a.GatherAttrs(axis), inputs, quant, version=2)


def _embedding(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape, quant = any_shape(rng, tiles, 2, 3), quantization(rng)
    indices = rng.integers(0, shape[0], int(rng.integers(1, 6))).astype(np.int32)
    inputs = [m.const(indices), m.input(shape, quant)]
    return m, m.module("EMBEDDING_LOOKUP", a.Attrs(), inputs, quant)


def _transpose_conv(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, _, _, height, width = _window(rng)
    depth, out = size(rng, tiles, 16), size(rng, tiles, 16)
    attrs = a.TransposeConvAttrs(_padding(rng), sh, sw)
    if attrs.padding is a.Padding.SAME:
        in_height, in_width = -(-height // sh), -(-width // sw)
    else:
        in_height, in_width = -(-(height - fh + 1) // sh), -(-(width - fw + 1) // sw)
    batches, quant = _batches(rng), quantization(rng)
    data, weight_quant, scales = _weights(rng, (out, fh, fw, depth), 0)
    output_quant, bias = _output_quant(rng, quant, scales, data, 0)
    inputs: list[int | None] = [
        m.const(np.array([batches, height, width, out], np.int32)),
        m.const(data, weight_quant),
        m.input((batches, in_height, in_width, depth), quant),
    ]
    with_bias = bool(rng.integers(3))
    if with_bias:
        inputs.append(m.const(bias, bias_quant(quant, scales)))
    return m, m.module("TRANSPOSE_CONV", attrs, inputs, output_quant, version=3 if with_bias else 2)


MAKERS: dict[str, Maker] = {
    "CONV_2D": _conv2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "AVERAGE_POOL_2D": _pool("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": _pool("MAX_POOL_2D"),
    "ADD": _add("ADD"),
    "SUB": _add("SUB"),
    "MUL": _mul,
    "DIV": _div,
    "MAXIMUM": _minmax("MAXIMUM"),
    "MINIMUM": _minmax("MINIMUM"),
    "SOFTMAX": _softmax,
    "QUANTIZE": _quantize,
    "DEQUANTIZE": _dequantize,
    "RELU": _table("RELU"),
    "RELU6": _table("RELU6"),
    "RELU_N1_TO_1": _table("RELU_N1_TO_1"),
    "RELU_0_TO_1": _table("RELU_0_TO_1"),
    "LEAKY_RELU": _table("LEAKY_RELU", _leaky),
    "HARD_SWISH": _table("HARD_SWISH"),
    "LOGISTIC": _table("LOGISTIC"),
    "TANH": _table("TANH"),
    "EXP": _table("EXP"),
    "ELU": _table("ELU"),
    "GELU": _table("GELU", lambda rng: a.GeluAttrs(bool(rng.integers(2)))),
    "ABS": _table("ABS"),
    "RSQRT": _table("RSQRT"),
    "MEAN": _reduce("MEAN"),
    "SUM": _reduce("SUM"),
    "REDUCE_MAX": _reduce("REDUCE_MAX"),
    "REDUCE_MIN": _reduce("REDUCE_MIN"),
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
    "BROADCAST_TO": _broadcast_to,
    "REVERSE_V2": _reverse,
    "SPACE_TO_DEPTH": _regroup("SPACE_TO_DEPTH"),
    "DEPTH_TO_SPACE": _regroup("DEPTH_TO_SPACE"),
    "CONCATENATION": _join("CONCATENATION"),
    "PACK": _join("PACK"),
    "SPLIT": _split("SPLIT"),
    "SPLIT_V": _split("SPLIT_V"),
    "UNPACK": _split("UNPACK"),
    "PAD": _pad("PAD"),
    "PADV2": _pad("PADV2"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("RESIZE_NEAREST_NEIGHBOR"),
    "RESIZE_BILINEAR": _resize("RESIZE_BILINEAR"),
    "SQUARED_DIFFERENCE": _squared_difference,
    "PRELU": _prelu,
    "ARG_MAX": _arg("ARG_MAX"),
    "ARG_MIN": _arg("ARG_MIN"),
    "GATHER": _gather,
    "EMBEDDING_LOOKUP": _embedding,
    "TRANSPOSE_CONV": _transpose_conv,
}
"""How to make a random model of each operator."""


def cases(kind: str, seed: int, *, tiles: Sequence[int] = TILES, count: int = CASES) -> Iterator[Case]:
    """Random cases of an operator.

    Args:
        kind: a key of MAKERS.
        seed: case i depends on it and on i alone.
        tiles: sizes of the kernel's blocks (channels, pixels): sizes are drawn round them.
        count: how many.
    """
    return generate(MAKERS[kind], seed, count, tiles)
