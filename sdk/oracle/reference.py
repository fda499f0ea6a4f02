"""A reference in numpy: integer arithmetic of quantized operators, apart from the C kernels, many samples at once.

It checks models whose weights were compressed, where an interpreter of others may not know the encoding, and gives
calibration the inputs of every layer. Source of the arithmetic: tensorflow/lite/kernels/internal/reference/ and
gemmlowp/fixedpoint/fixedpoint.h, as ``docs/numerics.md`` tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.errors import InputError, UnsupportedError
from sdk.ir import DType, Graph, Op, Quant, Tensor
from sdk.ir.attrs import (
    Activation,
    Conv2DAttrs,
    DepthwiseConv2DAttrs,
    FullyConnectedAttrs,
    Padding,
    Pads,
    Pool2DAttrs,
    SoftmaxAttrs,
)
from sdk.numerics import activation_range, effective_scales, float32, quantize_multiplier
from sdk.read.tflite import read_bytes

Array = npt.NDArray[Any]
Values = Mapping[int, Array]
"""Tensor id to values, samples first."""

_CHUNK = 1 << 18
"""Elements of the largest tensor at once: what stays in a cache is computed several times as fast."""
_EXACT_FLOAT32 = 1 << 24
_ADD_HEADROOM = 20


class NumpyOracle:
    """The reference as an oracle; see ``sdk.oracle.Oracle``."""

    @property
    def name(self) -> str:
        """Name of the reference."""
        return "numpy reference"

    def run(self, content: bytes, inputs: Sequence[Sequence[Array]]) -> list[list[Array]]:
        """Run inferences, which must not depend on each other."""
        graph = read_bytes(content, "model").main
        values = run_graph(graph, [np.stack(arrays) for arrays in zip(*inputs, strict=True)])
        outputs = [values[t].reshape(-1, *graph.tensors[t].shape) for t in graph.outputs]
        return [[output[i] for output in outputs] for i in range(len(inputs))]

    def layers(self, content: bytes, inputs: Sequence[Sequence[Array]]) -> dict[int, Array]:
        """Every operator's outputs in the last inference."""
        graph = read_bytes(content, "model").main
        values = run_graph(graph, [np.stack(arrays)[-1:] for arrays in zip(*inputs, strict=True)])
        return {t: values[t].reshape(graph.tensors[t].shape) for op in graph.ops for t in op.outputs}


def unsupported(graph: Graph) -> str | None:
    """The first operator that the reference has no arithmetic for, or None."""
    for op in graph.ops:
        tensors = [graph.tensors[t] for t in (*op.inputs, *op.outputs) if t is not None]
        activations = [t for t in tensors if not t.is_constant]
        if op.kind not in _OPERATORS or any(t.dtype is not DType.INT8 for t in activations):
            return f"operator {op.id} {op.kind} {'/'.join(t.dtype.value for t in activations)}"
        if graph.output(op).shape[:1] != (1,) or graph.input(op, 0).shape[:1] != (1,):
            return f"operator {op.id} {op.kind} of batch size {graph.input(op, 0).shape[:1]}"
    return None


def run_graph(graph: Graph, inputs: Sequence[Array], keep: Sequence[int] | None = None) -> dict[int, Array]:
    """Run samples through an int8 graph of batch size 1.

    Args:
        graph: the graph.
        inputs: for each of the graph's inputs [samples, ...] int8, in the tensor's number of elements.
        keep: tensors to return; None: all that operators compute, and the inputs.

    Returns:
        Tensor id to [samples, ...] int8, the tensor's own first dimension being the samples.

    Raises:
        UnsupportedError: an operator has no arithmetic here.
        InputError: the inputs do not fit.
    """
    problem = unsupported(graph)
    if problem is not None:
        raise UnsupportedError(graph.name, f"{problem} is not in the numpy reference", "give an int8 model of batch 1")
    samples = len(inputs[0])
    for tensor, array in zip(graph.inputs, inputs, strict=True):
        if array.dtype != np.int8 or array.size != samples * graph.tensors[tensor].elements:
            raise InputError(graph.tensors[tensor].name, f"gets {array.dtype} {list(array.shape[1:])} for each sample")
    values = {
        t: np.reshape(array, (-1, *graph.tensors[t].shape[1:])) for t, array in zip(graph.inputs, inputs, strict=True)
    }
    if keep is None:
        keep = [*graph.inputs, *(op.outputs[0] for op in graph.ops)]
    return run_operators(graph, graph.ops, values, keep)


def run_operators(graph: Graph, ops: Sequence[Op], values: Values, keep: Sequence[int]) -> dict[int, Array]:
    """Run some operators of a graph, in their order, from the tensors that are known.

    Args:
        graph: a graph that ``unsupported`` has no objection to.
        ops: the operators.
        values: tensor id to [samples, ...] int8; all that the operators read and do not compute.
        keep: tensors to return, known or computed.
    """
    samples = len(next(iter(values.values())))
    largest = max((graph.output(op).elements for op in ops), default=1)
    size = max(1, _CHUNK // largest)
    parts = []
    for start in range(0, samples, size):
        part: dict[int, Array] = {t: array[start : start + size] for t, array in values.items()}
        for op in ops:
            part[op.outputs[0]] = _OPERATORS[op.kind](graph, op, part)
        parts.append({t: part[t] for t in keep})
    return {t: np.concatenate([part[t] for part in parts]) for t in keep}


def _source(graph: Graph, op: Op, values: Values, index: int = 0) -> Array:
    tensor = graph.input(op, index)
    return values[tensor.id] if tensor.data is None else tensor.data


def _quant(tensor: Tensor) -> Quant:
    if tensor.quant is None:
        raise UnsupportedError(tensor.name, "is not quantized")
    return tensor.quant


def rescale(values: Array, multiplier: Array | int, shift: Array | int) -> Array:
    """Multiply by multiplier * 2**(shift - 31), rounded after the product and again after the right shift; int64."""
    shift = np.asarray(shift, np.int64)
    product: Array = values.astype(np.int64) << np.maximum(shift, 0)
    product *= np.asarray(multiplier, np.int64)
    product += 1 << 30
    product >>= 31
    return divide_by_power(product, np.maximum(-shift, 0))


def divide_by_power(values: Array, power: Array | int) -> Array:
    """Divide by 2**power, ties away from zero."""
    power = np.asarray(power, np.int64)
    half = (np.int64(1) << power) >> 1
    # Shifting rounds down: half a divisor makes it round to nearest, one less below zero takes ties away from zero.
    result: Array = values + half
    result += (values >> 63) & -(half > 0).astype(np.int64)
    result >>= power
    return result


def _clamp(graph: Graph, op: Op, values: Array) -> Array:
    """The output's bytes, within the bounds of the fused activation."""
    activation = getattr(op.attrs, "activation", Activation.NONE)
    clamped: Array = np.clip(values, *activation_range(activation, graph.output(op))).astype(np.int8)
    return clamped


def _finish(graph: Graph, op: Op, accumulators: Array, multiplier: Array | int, shift: Array | int) -> Array:
    """Accumulators to the output's bytes."""
    return _clamp(graph, op, rescale(accumulators, multiplier, shift) + _quant(graph.output(op)).zero_point)


def _weighted(graph: Graph, op: Op, sums: Array, channels: int) -> Array:
    """Sums of products to the output: bias, requantization per channel."""
    bias = graph.optional_input(op, 2)
    if bias is not None and bias.data is not None:
        sums = sums + bias.data.reshape(-1).astype(np.int64)
    source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    scales = effective_scales(_quant(source).scale, _quant(weights).scales, _quant(output).scale)
    factors = np.array([quantize_multiplier(s) for s in scales], np.int64).reshape(-1, 2)
    factors = np.broadcast_to(factors, (channels, 2))
    return _finish(graph, op, sums, factors[:, 0], factors[:, 1])


def windows(source: Array, attrs: Conv2DAttrs | DepthwiseConv2DAttrs, kernel: tuple[int, int], fill: int) -> Array:
    """[samples, rows, columns, taps y, taps x, channels] of an image under a filter.

    Args:
        source: [samples, height, width, channels].
        attrs: strides, dilations and padding.
        kernel: height and width of the filter.
        fill: value outside the image.
    """
    height, width = source.shape[1:3]
    top, bottom, left, right = attrs.resolved_pads((height, width), kernel)
    return _windows(source, (top, bottom, left, right), kernel, (attrs.stride_h, attrs.stride_w),
                    (attrs.dilation_h, attrs.dilation_w), fill)  # fmt: skip


def _windows(
    source: Array,
    pads: Pads,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    fill: int,
) -> Array:
    top, bottom, left, right = pads
    padded = np.pad(source, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=fill)
    extent = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    view: Array = np.lib.stride_tricks.sliding_window_view(padded, extent, axis=(1, 2))  # type: ignore[call-overload]
    view = view[:, :: strides[0], :: strides[1], :, :: dilations[0], :: dilations[1]]
    return view.transpose(0, 1, 2, 4, 5, 3)


def _offset(graph: Graph, op: Op, values: Values) -> Array:
    """The first input less its zero point; a float type that holds every sum of products exactly."""
    source = _source(graph, op, values)
    weights = graph.input(op, 1)
    if weights.data is None:
        raise UnsupportedError(weights.name, "weights that are no constant are not in the numpy reference")
    taps = weights.elements // (weights.shape[0] if op.kind != "DEPTHWISE_CONV_2D" else weights.shape[3])
    largest = taps * 255 * int(np.abs(weights.data.astype(np.int64)).max(initial=0))
    offset: Array = source.astype(np.int32) - _quant(graph.input(op, 0)).zero_point
    return offset.astype(np.float32 if largest < _EXACT_FLOAT32 else np.float64)


def _conv2d(graph: Graph, op: Op, values: Values) -> Array:
    source, weights = _offset(graph, op, values), graph.input(op, 1)
    out, height, width, depth = weights.shape
    if source.shape[3] != depth or not isinstance(op.attrs, Conv2DAttrs) or weights.data is None:
        raise UnsupportedError(weights.name, "groups are not in the numpy reference")
    taken = windows(source, op.attrs, (height, width), 0)
    flat = weights.data.reshape(out, -1).astype(source.dtype)
    sums = taken.reshape(-1, flat.shape[1]) @ flat.T
    return _weighted(graph, op, sums.reshape(*taken.shape[:3], out).astype(np.int64), out)


def _depthwise(graph: Graph, op: Op, values: Values) -> Array:
    source, weights = _offset(graph, op, values), graph.input(op, 1)
    _, height, width, out = weights.shape
    if not isinstance(op.attrs, DepthwiseConv2DAttrs) or weights.data is None:
        raise UnsupportedError(weights.name, "is no depthwise filter")
    source = np.repeat(source, out // source.shape[3], axis=3)
    taken = windows(source, op.attrs, (height, width), 0)
    sums = np.zeros((*taken.shape[:3], out), source.dtype)
    for y, x in np.ndindex(height, width):
        sums += taken[:, :, :, y, x] * weights.data[0, y, x].astype(source.dtype)
    return _weighted(graph, op, sums.astype(np.int64), out)


def _fully_connected(graph: Graph, op: Op, values: Values) -> Array:
    source, weights = _offset(graph, op, values), graph.input(op, 1)
    if not isinstance(op.attrs, FullyConnectedAttrs) or weights.data is None:
        raise UnsupportedError(weights.name, "is no weight matrix")
    wide = weights.data.astype(np.float64) - _quant(weights).zero_point
    sums = source.reshape(-1, weights.shape[1]).astype(np.float64) @ wide.T
    result = _weighted(graph, op, sums.astype(np.int64), weights.shape[0])
    return result.reshape(-1, *graph.output(op).shape[1:])


def _add(graph: Graph, op: Op, values: Values) -> Array:
    first, second, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
    twice_largest = 2 * float32(max(_quant(first).scale, _quant(second).scale))
    total: Array = np.zeros((), np.int64)
    for index, tensor in enumerate((first, second)):
        multiplier, shift = quantize_multiplier(float32(_quant(tensor).scale) / twice_largest)
        offset = _source(graph, op, values, index).astype(np.int64) - _quant(tensor).zero_point
        addend = rescale(offset << _ADD_HEADROOM, multiplier, shift)
        total = total - addend if op.kind == "SUB" and index else total + addend
    factor = quantize_multiplier(twice_largest / (float(1 << _ADD_HEADROOM) * float32(_quant(output).scale)))
    return _finish(graph, op, total, *factor)


def _pooled(graph: Graph, op: Op, values: Values, fill: int) -> tuple[Array, Array]:
    """Windows of a pooling operator as int64, and whether each element is inside the image."""
    if not isinstance(op.attrs, Pool2DAttrs):
        raise UnsupportedError(graph.output(op).name, "is no pool")
    source, attrs = _source(graph, op, values).astype(np.int64), op.attrs
    kernel, strides = (attrs.filter_h, attrs.filter_w), (attrs.stride_h, attrs.stride_w)
    pads = (0, 0, 0, 0)
    if attrs.padding is Padding.SAME:
        conv = Conv2DAttrs(attrs.padding, *strides)
        pads = conv.resolved_pads((source.shape[1], source.shape[2]), kernel)
    inside = np.ones((1, *source.shape[1:3], 1), np.int64)
    return _windows(source, pads, kernel, strides, (1, 1), fill), _windows(inside, pads, kernel, strides, (1, 1), 0)


def _average_pool(graph: Graph, op: Op, values: Values) -> Array:
    taken, inside = _pooled(graph, op, values, 0)
    total, count = taken.sum(axis=(3, 4)), inside.sum(axis=(3, 4))
    mean = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return _clamp(graph, op, mean)


def _max_pool(graph: Graph, op: Op, values: Values) -> Array:
    return _clamp(graph, op, _pooled(graph, op, values, -128)[0].max(axis=(3, 4)))


def _mean(graph: Graph, op: Op, values: Values) -> Array:
    source, output, axes = graph.input(op, 0), graph.output(op), graph.input(op, 1).data
    if axes is None or 0 in (axes % len(source.shape)):
        raise UnsupportedError(output.name, "a mean over the batch is not in the numpy reference")
    count = source.elements // output.elements
    multiplier, shift = quantize_multiplier(float32(_quant(source).scale) / float32(_quant(output).scale))
    room = min(count.bit_length() - 1, 32, 31 + shift)
    axis = tuple(int(a) for a in np.unique(axes % len(source.shape)))
    total = _source(graph, op, values).astype(np.int64).sum(axis=axis) - _quant(source).zero_point * count
    result = rescale(total, (multiplier << room) // count, shift - room) + _quant(output).zero_point
    return np.clip(result, -128, 127).astype(np.int8).reshape(-1, *output.shape[1:])


def _reshape(graph: Graph, op: Op, values: Values) -> Array:
    return _source(graph, op, values).reshape(-1, *graph.output(op).shape[1:])


def _softmax(graph: Graph, op: Op, values: Values) -> Array:
    if not isinstance(op.attrs, SoftmaxAttrs):
        raise UnsupportedError(graph.output(op).name, "is no softmax")
    source = _source(graph, op, values).astype(np.int64)
    factor = float32(op.attrs.beta) * float32(_quant(graph.input(op, 0)).scale) * (1 << 26)
    table = _exponentials(*quantize_multiplier(min(factor, float((1 << 31) - 1))))
    exps = table[source.max(axis=-1, keepdims=True) - source]
    total = divide_by_power(exps, 12).sum(axis=-1, keepdims=True)
    zeros = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    factors = _reciprocal((total << zeros) - (1 << 31))
    product = _high_product(factors, exps)
    result = divide_by_power(product, 12 - zeros + 31 - 8) - 128
    return np.clip(result, -128, 127).astype(np.int8)


def _high_product(a: Array | int, b: Array | int) -> Array:
    """round(a * b / 2**31), ties upwards."""
    return (np.asarray(a, np.int64) * np.asarray(b, np.int64) + (1 << 30)) >> 31


def _exponentials(multiplier: int, shift: int) -> Array:
    """exp(-d * factor) in Q0.31 for differences 0 .. 255; 0 where the exponent leaves Q5.26."""
    largest = (31 << 26) >> shift
    differences = np.arange(256, dtype=np.int64)
    exponent = _high_product(-differences << shift, multiplier)
    quarter = 1 << 24
    part = (exponent & (quarter - 1)) - quarter
    # exp on -1/4 .. 0 by a polynomial round -1/8, in Q0.31.
    x = (part << 5) + (1 << 28)
    square = _high_product(x, x)
    fourth = _high_product(square, square)
    tail = _high_product(divide_by_power(fourth, 2) + _high_product(square, x), 715827883)
    result = 1895147668 + _high_product(1895147668, x + divide_by_power(tail + square, 1))
    rest = part - exponent
    for bit, factor in enumerate((1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)):
        result = np.where(rest >> (24 + bit) & 1, _high_product(result, factor), result)
    result = np.where(exponent == 0, (1 << 31) - 1, result)
    return np.where(differences <= largest, result, 0)


def _reciprocal(x: Array) -> Array:
    """1 / (1 + x) in Q0.31 for x in Q0.31 >= 0, by Newton's iteration."""
    half = (x + (1 << 31)) >> 1
    r = 1515870810 + _high_product(half, -1010580540)
    for _ in range(3):
        r = r + (_high_product(r, (1 << 29) - _high_product(half, r)) << 2)
    return np.minimum(r << 1, (1 << 31) - 1)


_OPERATORS: dict[str, Callable[[Graph, Op, Values], Array]] = {
    "CONV_2D": _conv2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "ADD": _add,
    "SUB": _add,
    "AVERAGE_POOL_2D": _average_pool,
    "MAX_POOL_2D": _max_pool,
    "MEAN": _mean,
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "SOFTMAX": _softmax,
}
