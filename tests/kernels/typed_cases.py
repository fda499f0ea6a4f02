"""Seeded random models of one operator each in other types than int8."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from kernel_cases import (
    Maker,
    Model,
    Shape,
    _batches,
    _padding,
    _window,
    activation,
    any_shape,
    broadcast_shapes,
    global_pool,
    scale,
    size,
    values,
    wide_values,
)
from operator_cases import matrices

from sdk.ir import DType, Module, Quant
from sdk.ir import attrs as a

Array = np.ndarray


def symmetric(rng: np.random.Generator, low: float = 1e-5, high: float = 1e-2) -> Quant:
    """A random per-tensor quantization with zero point 0."""
    return Quant((scale(rng, low, high),), (0,))


def _filter_s16(
    rng: np.random.Generator, m: Model, shape: Shape, axis: int, source: Quant, per_channel: bool
) -> tuple[list[int], Quant]:
    """Filter, bias and a quantization of the output for which most values are in range, and now and then not."""
    data = values(rng, shape, -127)
    channels = shape[axis]
    scales = tuple(scale(rng, 1e-3, 0.1) for _ in range(channels if per_channel else 1))
    quant = Quant(scales, (0,) * len(scales), axis if len(scales) > 1 else None)
    spread = np.sqrt((np.moveaxis(data, axis, 0).reshape(channels, -1).astype(np.float64) ** 2).sum(axis=1)) * 20000 + 1
    bias = np.round(rng.normal(0, 1, channels) * spread).astype(np.int64)
    real = float((spread * np.asarray(scales) * source.scale).max())
    output = Quant((float(np.float32(real / float(rng.choice([300, 10000, 10000, 30000])))),), (0,))
    products = tuple(float(np.float32(source.scale) * np.float32(s)) for s in scales)
    bias_quant = Quant(products, (0,) * len(scales), 0 if len(scales) > 1 else None)
    return [m.const(data, quant), m.const(bias, bias_quant)], output


def _conv_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, out, quant = size(rng, tiles), size(rng, tiles), symmetric(rng)
    source = m.input((_batches(rng), height, width, depth), quant, DType.INT16)
    constants, output = _filter_s16(rng, m, (out, fh, fw, depth), 0, quant, bool(rng.integers(3)))
    attrs = a.Conv2DAttrs(_padding(rng), sh, sw, activation(rng), dh, dw)
    return m, m.module("CONV_2D", attrs, [source, *constants], output, DType.INT16, 4)


def _depthwise_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, multiplier, quant = size(rng, tiles), int(rng.choice([1, 1, 2, 3])), symmetric(rng)
    source = m.input((_batches(rng), height, width, depth), quant, DType.INT16)
    constants, output = _filter_s16(rng, m, (1, fh, fw, depth * multiplier), 3, quant, True)
    attrs = a.DepthwiseConv2DAttrs(_padding(rng), sh, sw, multiplier, activation(rng), dh, dw)
    return m, m.module("DEPTHWISE_CONV_2D", attrs, [source, *constants], output, DType.INT16, 4)


def _transpose_conv_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, _, _, height, width = _window(rng)
    depth, out, quant = size(rng, tiles, 16), size(rng, tiles, 16), symmetric(rng)
    attrs = a.TransposeConvAttrs(_padding(rng), sh, sw)
    if attrs.padding is a.Padding.SAME:
        in_height, in_width = -(-height // sh), -(-width // sw)
    else:
        in_height, in_width = -(-(height - fh + 1) // sh), -(-(width - fw + 1) // sw)
    batches = _batches(rng)
    shape = m.const(np.array([batches, height, width, out], np.int32))
    (weights, bias), output = _filter_s16(rng, m, (out, fh, fw, depth), 0, quant, bool(rng.integers(3)))
    source = m.input((batches, in_height, in_width, depth), quant, DType.INT16)
    return m, m.module("TRANSPOSE_CONV", attrs, [shape, weights, source, bias], output, DType.INT16, 3)


def _fully_connected_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    depth, out, quant = size(rng, tiles) * int(rng.choice([1, 3, 8])), size(rng, tiles), symmetric(rng)
    source = m.input((_batches(rng), depth), quant, DType.INT16)
    constants, output = _filter_s16(rng, m, (out, depth), 0, quant, False)
    attrs = a.FullyConnectedAttrs(activation(rng))
    return m, m.module("FULLY_CONNECTED", attrs, [source, *constants], output, DType.INT16, 7)


def _pool(kind: str, dtype: DType, version: int) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        fh, fw, sh, sw, _, _, height, width = _window(rng)
        quant = {DType.INT16: symmetric, DType.UINT8: _byte_quant}.get(dtype, lambda rng: None)(rng)
        source = m.input((_batches(rng), height, width, size(rng, tiles)), quant, dtype)
        attrs = a.Pool2DAttrs(_padding(rng), sh, sw, fh, fw, activation(rng))
        return m, m.module(kind, attrs, [source], quant, dtype, version)

    return make


def _binary_s16(kind: str, version: int) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quants = [symmetric(rng, 1e-4, 1e-2) for _ in range(2)]
        largest = quants[0].scale * quants[1].scale * 8000 if kind == "MUL" else max(q.scale for q in quants)
        output = Quant((float(np.float32(largest * scale(rng, 0.3, 4.0))),), (0,))
        inputs = [
            m.const(wide_values(rng, s, DType.INT16), q) if rng.integers(6) == 0 and i else m.input(s, q, DType.INT16)
            for i, (s, q) in enumerate(zip(broadcast_shapes(rng, tiles), quants, strict=True))
        ]
        attrs = a.BinaryAttrs(activation(rng), pot_scale_int16=kind == "MUL")
        return m, m.module(kind, attrs, inputs, output, DType.INT16, version)

    return make


def _add_pot_s16(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape, exponent, finer = any_shape(rng, tiles), int(rng.integers(-14, -3)), int(rng.integers(0, 12))
        scales = [2.0**exponent, 2.0 ** (exponent - finer)]
        if rng.integers(2):
            scales.reverse()
        inputs = [m.input(shape, Quant((s,), (0,)), DType.INT16) for s in scales]
        attrs = a.BinaryAttrs(activation(rng), pot_scale_int16=True)
        return m, m.module(kind, attrs, inputs, Quant((2.0**exponent,), (0,)), DType.INT16, 2)

    return make


def _resize_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quant = symmetric(rng)
    shape = (_batches(rng), int(rng.integers(1, 9)), int(rng.integers(1, 9)), size(rng, tiles, 12))
    corners = bool(rng.integers(3) == 0)
    attrs = a.ResizeAttrs(corners, bool(not corners and rng.integers(2)))
    inputs = [m.input(shape, quant, DType.INT16), m.const(rng.integers(1, 20, 2).astype(np.int32))]
    return m, m.module("RESIZE_BILINEAR", attrs, inputs, quant, DType.INT16, 4)


def _squared_difference_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quants = [symmetric(rng, 1e-4, 1e-2) for _ in range(2)]
    square = (max(q.scale for q in quants) * 20000) ** 2
    output = Quant((float(np.float32(square / 30000 * scale(rng, 0.1, 4.0))),), (0,))
    inputs = [
        m.const(wide_values(rng, s, DType.INT16), q) if rng.integers(6) == 0 and i else m.input(s, q, DType.INT16)
        for i, (s, q) in enumerate(zip(broadcast_shapes(rng, tiles), quants, strict=True))
    ]
    return m, m.module("SQUARED_DIFFERENCE", a.Attrs(), inputs, output, DType.INT16, 2)


def _softmax_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    source = m.input(any_shape(rng, tiles), symmetric(rng, 1e-5, 1e-2), DType.INT16)
    beta = 1.0 if rng.integers(3) else float(np.float32(rng.uniform(0.1, 3)))
    return m, m.module("SOFTMAX", a.SoftmaxAttrs(beta), [source], Quant((1 / 32768,), (0,)), DType.INT16, 3)


def _softmax_s8_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quant = Quant((scale(rng, 1e-3, 1.0),), (int(rng.integers(-128, 128)),))
    output = Quant((1 / 65536,), (-32768,))
    return m, m.module("SOFTMAX", a.SoftmaxAttrs(), [m.input(any_shape(rng, tiles), quant)], output, DType.INT16, 2)


def _leaky_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    quant = symmetric(rng, 1e-4, 1e-2)
    output = quant if rng.integers(2) else Quant((float(np.float32(quant.scale * scale(rng, 0.3, 3))),), (0,))
    attrs = a.LeakyReluAttrs(float(np.float32(rng.choice([0.01, 0.1, 0.3, 1.0, 1.5]))))
    source = m.input(any_shape(rng, tiles), quant, DType.INT16)
    return m, m.module("LEAKY_RELU", attrs, [source], output, DType.INT16, 2)


def _rectified_s16(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quant = symmetric(rng, 1e-5, 1e-2)
        output = quant if rng.integers(2) else Quant((float(np.float32(quant.scale * scale(rng, 0.3, 3))),), (0,))
        source = m.input(any_shape(rng, tiles), quant, DType.INT16)
        return m, m.module(kind, a.Attrs(), [source], output, DType.INT16, 2)

    return make


def _reduce_s16(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape, quant = any_shape(rng, tiles, 1, 5), symmetric(rng, 1e-4, 1e-2)
        axes = rng.choice(len(shape), int(rng.integers(1, len(shape) + 1)), replace=False).astype(np.int32)
        if len(shape) == 4 and rng.integers(2):
            axes = np.array([1, 2], np.int32)
        output = quant
        if kind in ("MEAN", "SUM") and rng.integers(4):
            spread = prod(shape[axis] for axis in axes) ** 0.5 if kind == "SUM" else 1.0
            output = Quant((float(np.float32(quant.scale * spread * scale(rng, 0.2, 3))),), (0,))
        inputs = [m.input(shape, quant, DType.INT16), m.const(axes)]
        return m, m.module(kind, a.ReducerAttrs(bool(rng.integers(2))), inputs, output, DType.INT16, 2)

    return make


def _minmax_s16(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quant = symmetric(rng)
        inputs = [
            m.const(wide_values(rng, s, DType.INT16), quant) if rng.integers(6) == 0 and i
            else m.input(s, quant, DType.INT16)
            for i, s in enumerate(broadcast_shapes(rng, tiles))
        ]  # fmt: skip
        return m, m.module(kind, a.Attrs(), inputs, quant, DType.INT16, 2)

    return make


def _sigmoid_s16(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        powers = [2.0**-12, 2.0**-11, 2.0**-13]
        quant = Quant((float(rng.choice(powers)),), (0,)) if rng.integers(2) else symmetric(rng, 1e-5, 1e-2)
        source = m.input((4, 64), quant, DType.INT16)
        return m, m.module(kind, a.Attrs(), [source], Quant((1 / 32768,), (0,)), DType.INT16, 3)

    return make


def _requantize(source: DType, target: DType) -> Maker:
    def quantization(rng: np.random.Generator, dtype: DType) -> Quant:
        if dtype is DType.INT8:
            return Quant((scale(rng, 1e-2, 1.0),), (int(rng.integers(-128, 128)),))
        return symmetric(rng, 1e-4, 1e-2) if dtype is DType.INT16 else symmetric(rng, 1e-8, 1e-6)

    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quants = [quantization(rng, t) for t in (source, target)]
        inputs = [m.input(any_shape(rng, tiles), quants[0], source)]
        return m, m.module("QUANTIZE", a.Attrs(), inputs, quants[1], target, 2)

    return make


def _floats(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.normal(0, 1, shape).astype(np.float32)


def _conv_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, out = size(rng, tiles), size(rng, tiles)
    inputs = [m.input((_batches(rng), height, width, depth), None, DType.FLOAT32)]
    inputs += [m.const(_floats(rng, (out, fh, fw, depth))), m.const(_floats(rng, (out,)))]
    attrs = a.Conv2DAttrs(_padding(rng), sh, sw, activation(rng), dh, dw)
    return m, m.module("CONV_2D", attrs, inputs, None, DType.FLOAT32)


def _depthwise_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, multiplier = size(rng, tiles), int(rng.choice([1, 1, 2, 3]))
    inputs = [m.input((_batches(rng), height, width, depth), None, DType.FLOAT32)]
    inputs += [m.const(_floats(rng, (1, fh, fw, depth * multiplier))), m.const(_floats(rng, (depth * multiplier,)))]
    attrs = a.DepthwiseConv2DAttrs(_padding(rng), sh, sw, multiplier, activation(rng), dh, dw)
    return m, m.module("DEPTHWISE_CONV_2D", attrs, inputs, None, DType.FLOAT32)


def _fully_connected_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    depth, out = size(rng, tiles) * int(rng.choice([1, 3, 8])), size(rng, tiles)
    inputs = [m.input((_batches(rng), depth), None, DType.FLOAT32), m.const(_floats(rng, (out, depth)))]
    if rng.integers(4):
        inputs.append(m.const(_floats(rng, (out,))))
    return m, m.module("FULLY_CONNECTED", a.FullyConnectedAttrs(activation(rng)), inputs, None, DType.FLOAT32)


def _binary_f32(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        inputs = [
            m.const(_floats(rng, s)) if rng.integers(6) == 0 and i else m.input(s, None, DType.FLOAT32)
            for i, s in enumerate(broadcast_shapes(rng, tiles))
        ]
        fused = kind in ("ADD", "SUB", "MUL", "DIV")
        attrs = a.BinaryAttrs(activation(rng)) if fused else a.Attrs()
        return m, m.module(kind, attrs, inputs, None, DType.FLOAT32)

    return make


_UNARY_ATTRS: dict[str, a.Attrs] = {
    "L2_NORMALIZATION": a.ActivationAttrs(),
    "LEAKY_RELU": a.LeakyReluAttrs(0.25),
    "SOFTMAX": a.SoftmaxAttrs(1.0),
}


def _unary_f32(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        attrs = _UNARY_ATTRS.get(kind, a.Attrs())
        source = m.input(any_shape(rng, tiles), None, DType.FLOAT32)
        return m, m.module(kind, attrs, [source], None, DType.FLOAT32)

    return make


def _transpose_conv_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, _, _, height, width = _window(rng)
    depth, out, batches = size(rng, tiles, 16), size(rng, tiles, 16), _batches(rng)
    attrs = a.TransposeConvAttrs(_padding(rng), sh, sw)
    if attrs.padding is a.Padding.SAME:
        in_height, in_width = -(-height // sh), -(-width // sw)
    else:
        in_height, in_width = -(-(height - fh + 1) // sh), -(-(width - fw + 1) // sw)
    inputs = [
        m.const(np.array([batches, height, width, out], np.int32)),
        m.const(_floats(rng, (out, fh, fw, depth))),
        m.input((batches, in_height, in_width, depth), None, DType.FLOAT32),
    ]
    with_bias = bool(rng.integers(2))
    if with_bias:
        inputs.append(m.const(_floats(rng, (out,))))
    return m, m.module("TRANSPOSE_CONV", attrs, inputs, None, DType.FLOAT32, 3 if with_bias else 1)


def _resize_bilinear_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape = (_batches(rng), int(rng.integers(1, 9)), int(rng.integers(1, 9)), size(rng, tiles, 12))
    corners = bool(rng.integers(3) == 0)
    attrs = a.ResizeAttrs(corners, bool(not corners and rng.integers(2)))
    inputs = [m.input(shape, None, DType.FLOAT32), m.const(rng.integers(1, 20, 2).astype(np.int32))]
    return m, m.module("RESIZE_BILINEAR", attrs, inputs, None, DType.FLOAT32, 3)


def _batch_matmul_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shapes, attrs = matrices(rng, tiles)
    constant = 1 if rng.integers(3) == 0 else None
    inputs = [
        m.const(_floats(rng, s)) if i == constant else m.input(s, None, DType.FLOAT32) for i, s in enumerate(shapes)
    ]
    return m, m.module("BATCH_MATMUL", attrs, inputs, None, DType.FLOAT32)


def _prelu_f32(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape = any_shape(rng, tiles, 2, 4)
    slopes = tuple(1 if rng.integers(2) else d for d in shape[1:])
    inputs = [m.input(shape, None, DType.FLOAT32), m.const(_floats(rng, slopes))]
    return m, m.module("PRELU", a.Attrs(), inputs, None, DType.FLOAT32)


def _conv_hybrid(per_channel: bool) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        fh, fw, sh, sw, _, _, height, width = _window(rng)
        depth, out = size(rng, tiles), size(rng, tiles)
        inputs = [m.input((_batches(rng), height, width, depth), None, DType.FLOAT32)]
        scales = tuple(scale(rng, 1e-3, 0.1) for _ in range(out if per_channel else 1))
        quant = Quant(scales, (0,) * len(scales), 0 if per_channel else None)
        inputs += [m.const(values(rng, (out, fh, fw, depth), -127), quant), m.const(_floats(rng, (out,)))]
        attrs = a.Conv2DAttrs(_padding(rng), sh, sw, activation(rng))
        return m, m.module("CONV_2D", attrs, inputs, None, DType.FLOAT32, 5 if per_channel else 2)

    return make


def _depthwise_hybrid(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, multiplier = size(rng, tiles), int(rng.choice([1, 1, 2, 3]))
    out = depth * multiplier
    inputs = [m.input((_batches(rng), height, width, depth), None, DType.FLOAT32)]
    quant = Quant(tuple(scale(rng, 1e-3, 0.1) for _ in range(out)), (0,) * out, 3)
    inputs += [m.const(values(rng, (1, fh, fw, out), -127), quant), m.const(_floats(rng, (out,)))]
    attrs = a.DepthwiseConv2DAttrs(_padding(rng), sh, sw, multiplier, activation(rng), dh, dw)
    return m, m.module("DEPTHWISE_CONV_2D", attrs, inputs, None, DType.FLOAT32, 6)


def _fully_connected_hybrid(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    depth, out = size(rng, tiles) * int(rng.choice([1, 3, 8])), size(rng, tiles)
    inputs = [m.input((_batches(rng), depth), None, DType.FLOAT32)]
    inputs += [m.const(values(rng, (out, depth), -127), symmetric(rng)), m.const(_floats(rng, (out,)))]
    asymmetric = bool(rng.integers(2))
    attrs = a.FullyConnectedAttrs(activation(rng), asymmetric_quantize_inputs=asymmetric)
    return m, m.module("FULLY_CONNECTED", attrs, inputs, None, DType.FLOAT32, 9 if asymmetric else 3)


def _byte_quant(rng: np.random.Generator, low: float = 1e-3, high: float = 0.1) -> Quant:
    return Quant((scale(rng, low, high),), (int(rng.choice([0, 255, 128, *rng.integers(0, 256, 3)])),))


def _filter_u8(rng: np.random.Generator, m: Model, shape: Shape, axis: int, source: Quant) -> tuple[list[int], Quant]:
    """Filter, bias and a quantization of the output for which most values are in range."""
    quant, channels = _byte_quant(rng), shape[axis]
    spread = 70 * 70 * np.sqrt(np.prod(shape) / channels) + 1
    bias = np.round(rng.normal(0, 1, channels) * spread).astype(np.int32)
    product = float(np.float32(source.scale) * np.float32(quant.scale))
    output = Quant((float(np.float32(product * spread / float(rng.choice([20, 100])))),), (int(rng.integers(256)),))
    data = rng.integers(0, 256, shape).astype(np.uint8)
    return [m.const(data, quant), m.const(bias, Quant((product,), (0,)))], output


def _conv_u8(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, out, quant = size(rng, tiles), size(rng, tiles), _byte_quant(rng)
    source = m.input((_batches(rng), height, width, depth), quant, DType.UINT8)
    constants, output = _filter_u8(rng, m, (out, fh, fw, depth), 0, quant)
    attrs = a.Conv2DAttrs(_padding(rng), sh, sw, activation(rng), dh, dw)
    return m, m.module("CONV_2D", attrs, [source, *constants], output, DType.UINT8)


def _depthwise_u8(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    fh, fw, sh, sw, dh, dw, height, width = _window(rng)
    depth, multiplier, quant = size(rng, tiles), int(rng.choice([1, 1, 2, 3])), _byte_quant(rng)
    source = m.input((_batches(rng), height, width, depth), quant, DType.UINT8)
    constants, output = _filter_u8(rng, m, (1, fh, fw, depth * multiplier), 3, quant)
    attrs = a.DepthwiseConv2DAttrs(_padding(rng), sh, sw, multiplier, activation(rng), dh, dw)
    return m, m.module("DEPTHWISE_CONV_2D", attrs, [source, *constants], output, DType.UINT8)


def _fully_connected_u8(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    depth, out, quant = size(rng, tiles) * int(rng.choice([1, 3, 8])), size(rng, tiles), _byte_quant(rng)
    source = m.input((_batches(rng), depth), quant, DType.UINT8)
    constants, output = _filter_u8(rng, m, (out, depth), 0, quant)
    attrs = a.FullyConnectedAttrs(activation(rng))
    return m, m.module("FULLY_CONNECTED", attrs, [source, *constants], output, DType.UINT8)


def _softmax_u8(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    source = m.input(any_shape(rng, tiles), _byte_quant(rng, 1e-3, 1.0), DType.UINT8)
    return m, m.module("SOFTMAX", a.SoftmaxAttrs(), [source], Quant((1 / 256,), (0,)), DType.UINT8)


def _quant_of(rng: np.random.Generator, dtype: DType) -> Quant:
    return {DType.INT16: symmetric, DType.UINT8: _byte_quant}[dtype](rng)


def _from_f32(dtype: DType) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        source = m.input(any_shape(rng, tiles), None, DType.FLOAT32)
        return m, m.module("QUANTIZE", a.Attrs(), [source], _quant_of(rng, dtype), dtype, 2)

    return make


def _to_f32(dtype: DType) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        source = m.input(any_shape(rng, tiles), _quant_of(rng, dtype), dtype)
        return m, m.module("DEQUANTIZE", a.Attrs(), [source], None, DType.FLOAT32, 3)

    return make


def _reduce_f32(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        shape = any_shape(rng, tiles)
        axes = rng.choice(len(shape), int(rng.integers(1, len(shape) + 1)), replace=False).astype(np.int32)
        inputs = [m.input(shape, None, DType.FLOAT32), m.const(axes)]
        return m, m.module(kind, a.ReducerAttrs(bool(rng.integers(2))), inputs, None, DType.FLOAT32)

    return make


REDUCE_F32 = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")
BINARY_F32 = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")
UNARY_F32 = (
    "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "EXP", "LOGISTIC", "TANH",
    "SOFTMAX", "LOG_SOFTMAX", "HARD_SWISH", "L2_NORMALIZATION",
)  # fmt: skip

TYPED: dict[tuple[str, str], Maker] = {
    ("conv2d_s16__ref", "CONV_2D"): _conv_s16,
    ("depthwise_conv2d_s16__ref", "DEPTHWISE_CONV_2D"): _depthwise_s16,
    ("transpose_conv2d_s16__ref", "TRANSPOSE_CONV"): _transpose_conv_s16,
    ("fully_connected_s16__ref", "FULLY_CONNECTED"): _fully_connected_s16,
    ("average_pool2d_s16__ref", "AVERAGE_POOL_2D"): _pool("AVERAGE_POOL_2D", DType.INT16, 3),
    ("average_pool2d_s8_stream__ref", "AVERAGE_POOL_2D"): global_pool,
    ("max_pool2d_s16__ref", "MAX_POOL_2D"): _pool("MAX_POOL_2D", DType.INT16, 3),
    ("add_s16__ref", "ADD"): _binary_s16("ADD", 3),
    ("add_s16__ref", "SUB"): _binary_s16("SUB", 5),
    ("mul_s16__ref", "MUL"): _binary_s16("MUL", 4),
    ("softmax_s16__ref", "SOFTMAX"): _softmax_s16,
    ("softmax_s8_s16__ref", "SOFTMAX"): _softmax_s8_s16,
    **{("add_pot_s16__ref", kind): _add_pot_s16(kind) for kind in ("ADD", "SUB")},
    ("resize_bilinear_s16__ref", "RESIZE_BILINEAR"): _resize_s16,
    ("squared_difference_s16__ref", "SQUARED_DIFFERENCE"): _squared_difference_s16,
    ("slopes_s16__ref", "LEAKY_RELU"): _leaky_s16,
    **{("slopes_s16__ref", kind): _rectified_s16(kind) for kind in ("RELU", "RELU6", "ABS")},
    **{("mean_s16__ref", kind): _reduce_s16(kind) for kind in ("MEAN", "SUM")},
    **{(f"{kind.lower()}_s16__ref", kind): _reduce_s16(kind) for kind in ("REDUCE_MAX", "REDUCE_MIN")},
    **{(f"{kind.lower()}_s16__ref", kind): _minmax_s16(kind) for kind in ("MAXIMUM", "MINIMUM")},
    ("logistic_s16__ref", "LOGISTIC"): _sigmoid_s16("LOGISTIC"),
    ("tanh_s16__ref", "TANH"): _sigmoid_s16("TANH"),
    ("conv2d_f32__ref", "CONV_2D"): _conv_f32,
    ("depthwise_conv2d_f32__ref", "DEPTHWISE_CONV_2D"): _depthwise_f32,
    ("fully_connected_f32__ref", "FULLY_CONNECTED"): _fully_connected_f32,
    ("transpose_conv2d_f32__ref", "TRANSPOSE_CONV"): _transpose_conv_f32,
    ("resize_bilinear_f32__ref", "RESIZE_BILINEAR"): _resize_bilinear_f32,
    ("batch_matmul_f32__ref", "BATCH_MATMUL"): _batch_matmul_f32,
    ("prelu_f32__ref", "PRELU"): _prelu_f32,
    ("average_pool2d_f32__ref", "AVERAGE_POOL_2D"): _pool("AVERAGE_POOL_2D", DType.FLOAT32, 1),
    ("max_pool2d_f32__ref", "MAX_POOL_2D"): _pool("MAX_POOL_2D", DType.FLOAT32, 1),
    **{(f"{kind.lower()}_f32__ref", kind): _binary_f32(kind) for kind in BINARY_F32},
    **{(f"{kind.lower()}_f32__ref", kind): _reduce_f32(kind) for kind in REDUCE_F32},
    **{(f"{kind.lower()}_f32__ref", kind): _unary_f32(kind) for kind in UNARY_F32},
    ("conv2d_hybrid__ref", "CONV_2D"): _conv_hybrid(False),
    ("conv2d_hybrid_per_channel__ref", "CONV_2D"): _conv_hybrid(True),
    ("depthwise_conv2d_hybrid__ref", "DEPTHWISE_CONV_2D"): _depthwise_hybrid,
    ("fully_connected_hybrid__ref", "FULLY_CONNECTED"): _fully_connected_hybrid,
    ("conv2d_u8__ref", "CONV_2D"): _conv_u8,
    ("depthwise_conv2d_u8__ref", "DEPTHWISE_CONV_2D"): _depthwise_u8,
    ("fully_connected_u8__ref", "FULLY_CONNECTED"): _fully_connected_u8,
    ("average_pool2d_u8__ref", "AVERAGE_POOL_2D"): _pool("AVERAGE_POOL_2D", DType.UINT8, 1),
    ("max_pool2d_u8__ref", "MAX_POOL_2D"): _pool("MAX_POOL_2D", DType.UINT8, 1),
    ("softmax_u8__ref", "SOFTMAX"): _softmax_u8,
    ("quantize_f32_u8__ref", "QUANTIZE"): _from_f32(DType.UINT8),
    ("quantize_f32_s16__ref", "QUANTIZE"): _from_f32(DType.INT16),
    ("dequantize_u8_f32__ref", "DEQUANTIZE"): _to_f32(DType.UINT8),
    ("dequantize_s16_f32__ref", "DEQUANTIZE"): _to_f32(DType.INT16),
    ("requantize_s16_s8__ref", "QUANTIZE"): _requantize(DType.INT16, DType.INT8),
    ("requantize_s16_s16__ref", "QUANTIZE"): _requantize(DType.INT16, DType.INT16),
    ("requantize_s16_s32__ref", "QUANTIZE"): _requantize(DType.INT16, DType.INT32),
    ("requantize_s32_s16__ref", "QUANTIZE"): _requantize(DType.INT32, DType.INT16),
    ("requantize_s32_s8__ref", "QUANTIZE"): _requantize(DType.INT32, DType.INT8),
}
"""How to make a random model for a kernel of other types, by its name and the operator."""
