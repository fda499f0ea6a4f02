"""Tables of 256 results for operators that map one 8-bit element to another, exactly as the interpreter has them.

Each function returns what an operator gives for every input value of its type, in ascending order. Sources are in
tensorflow/lite/kernels (TensorFlow 2.14).
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator

import numpy as np

from sdk.ir import Tensor
from sdk.ir.attrs import GeluAttrs, LeakyReluAttrs
from sdk.kernels.base import Site
from sdk.kernels.fixed_point import doubling_high_mul, inverse_square_root, rounding_shift_right
from sdk.kernels.operands import attrs, quant
from sdk.numerics import float32, integer_range, quantize_multiplier

Table = list[int]


def _values(tensor: Tensor) -> Iterator[int]:
    low, high = integer_range(tensor.dtype)
    return (q - quant(tensor).zero_point for q in range(low, high + 1))


def _clamped(values: Iterator[int], output: Tensor) -> Table:
    low, high = integer_range(output.dtype)
    return [min(max(v + quant(output).zero_point, low), high) for v in values]


def _scaled(value: int, factor: tuple[int, int]) -> int:
    """MultiplyByQuantizedMultiplier, which wraps what leaves 32 bits on its way."""
    multiplier, shift = factor
    wide = (value << max(shift, 0)) + (1 << 31) & 0xFFFFFFFF
    return rounding_shift_right(doubling_high_mul(wide - (1 << 31), multiplier), max(-shift, 0))


def requantize(site: Site) -> Table:
    """QUANTIZE between 8-bit types. Source: reference_ops::Requantize."""
    source, output = site.input(0), site.output()
    factor = quantize_multiplier(float32(quant(source).scale) / float32(quant(output).scale))
    return _clamped((_scaled(v, factor) for v in _values(source)), output)


def relu(low: float, high: float | None) -> Callable[[Site], Table]:
    """RELU and its kin. Source: QuantizedReluX in activations.cc; the ratio of the scales is a float32 there."""

    def table(site: Site) -> Table:
        source, output = site.input(0), site.output()
        ratio = np.float32(quant(source).scale) / np.float32(quant(output).scale)
        factor = quantize_multiplier(float(ratio))
        least = _rounded_quotient(low, output)
        most = None if high is None else _rounded_quotient(high, output)
        scaled = (max(_scaled(v, factor), least) for v in _values(source))
        return _clamped((v if most is None else min(v, most) for v in scaled), output)

    return table


def _rounded_quotient(real: float, output: Tensor) -> int:
    return _round(float(np.float32(real) / np.float32(quant(output).scale)))


def _round(value: float) -> int:
    """C's round(): half away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def leaky_relu(site: Site) -> Table:
    """LEAKY_RELU. Source: QuantizeLeakyRelu in reference/leaky_relu.h, factors from LeakyReluPrepare."""
    source, output = site.input(0), site.output()
    scale, out_scale = np.float32(quant(source).scale), np.float32(quant(output).scale)
    alpha = np.float32(attrs(site, LeakyReluAttrs).alpha)
    positive = quantize_multiplier(float(scale / out_scale))
    negative = quantize_multiplier(abs(float(scale * alpha / out_scale)))
    if alpha < 0:
        negative = -negative[0], negative[1]
    return _clamped((_scaled(v, positive if v >= 0 else negative) for v in _values(source)), output)


def absolute(site: Site) -> Table:
    """ABS. Source: AbsEvalQuantized in elementwise.cc, which scales only where the scales differ."""
    source, output = site.input(0), site.output()
    same = float32(quant(source).scale) == float32(quant(output).scale)
    ratio = np.float32(quant(source).scale) / np.float32(quant(output).scale)
    factor = quantize_multiplier(float(ratio))
    return _clamped((abs(v) if same else _scaled(abs(v), factor) for v in _values(source)), output)


def rsqrt(site: Site) -> Table:
    """RSQRT. Source: RsqrtEvalQuantized in elementwise.cc, which refuses values below the zero point; here the top."""
    source, output = site.input(0), site.output()
    root = np.sqrt(np.float32(quant(source).scale)) * np.float32(quant(output).scale)
    multiplier, shift = quantize_multiplier(1 / float(root))
    _, top = integer_range(output.dtype)

    def result(value: int) -> int:
        if value <= 0:
            return top - quant(output).zero_point
        inverse, inverse_shift = inverse_square_root(value)
        fine = _scaled(1, (inverse, inverse_shift + _RSQRT_BITS))
        return _scaled(fine, (multiplier, shift - _RSQRT_BITS))

    return _clamped((result(v) for v in _values(source)), output)


_RSQRT_BITS = 20


def hard_swish(site: Site) -> Table:
    """HARD_SWISH. Source: reference/hard_swish.h, in 16-bit fixed point."""
    source, output = site.input(0), site.output()
    fine = np.float32(1 / 128) * np.float32(quant(source).scale)
    out_multiplier, out_shift = quantize_multiplier(float(fine / np.float32(quant(output).scale)))
    relu_multiplier, relu_shift = quantize_multiplier(float(fine / np.float32(3 / 32768)))
    out16, relu16 = _high16(out_multiplier), _high16(relu_multiplier)

    def result(value: int) -> int:
        fine_value = value << 7
        scaled = _high_mul16(fine_value, out16)
        gate = fine_value
        if relu_shift > 0:
            gate = _saturate16(gate << (relu_shift - 1))
        gate = _high_mul16(gate, relu16)
        if relu_shift > 0:
            gate = _saturate16(gate << 1)
        if relu_shift < 0:
            gate = rounding_shift_right(gate, -relu_shift)
        # From -1 .. 1 to 0 .. 1; then a product rounded towards zero, which cancels the bias of those before.
        gate = (gate + (1 << 15)) >> 1
        product = gate * scaled
        return rounding_shift_right((abs(product) >> 15) * (1 if product > 0 else -1), -out_shift)

    return _clamped((result(v) for v in _values(source)), output)


def _high16(multiplier: int) -> int:
    """DownScaleInt32ToInt16Multiplier."""
    return (1 << 15) - 1 if multiplier >= (1 << 31) - (1 << 15) else (multiplier + (1 << 15)) >> 16


def _high_mul16(a: int, b: int) -> int:
    return (a * b + (1 << 14)) >> 15


def _saturate16(value: int) -> int:
    return min(max(value, -(1 << 15)), (1 << 15) - 1)


_LIBM = ctypes.CDLL(None)


def _libm(name: str) -> Callable[[float], np.float32]:
    """A float32 function of the C library, which the interpreter calls: not always the nearest result."""
    function = getattr(_LIBM, name)
    function.argtypes, function.restype = [ctypes.c_float], ctypes.c_float
    return lambda x: np.float32(function(float(x)))


_expf, _tanhf, _erfcf = _libm("expf"), _libm("tanhf"), _libm("erfcf")


def _float_table(function: Callable[[np.float32], np.float32]) -> Callable[[Site], Table]:
    """A float32 function between two quantizations. Source: PopulateLookupTable in kernels/internal."""

    def table(site: Site) -> Table:
        source, output = site.input(0), site.output()
        scale = np.float32(quant(source).scale)
        inverse = np.float32(1) / np.float32(quant(output).scale)
        reals = (function(scale * np.float32(v)) for v in _values(source))
        with np.errstate(over="ignore"):
            return _clamped((_round(float(r * inverse)) for r in reals), output)

    return table


def _logistic(value: np.float32) -> np.float32:
    one = np.float32(1)
    with np.errstate(over="ignore"):
        return np.float32(one / (one + _expf(float(-value))))


logistic = _float_table(_logistic)
tanh = _float_table(lambda value: _tanhf(float(value)))
exp = _float_table(lambda value: _expf(float(value)))


def _elu(value: np.float32) -> np.float32:
    return np.float32(_expf(float(value)) - np.float32(1)) if value < 0 else value


elu = _float_table(_elu)
"""Source: tensorflow/lite/micro/kernels/elu.cc, as tflite-runtime has no reference kernel."""


def _gelu(value: np.float32) -> np.float32:
    return np.float32(np.float32(0.5) * value * _erfcf(float(value * np.float32(-math.sqrt(0.5)))))


def _approximate_gelu(value: np.float32) -> np.float32:
    one, slope = np.float32(1), np.float32(math.sqrt(2 / math.pi))
    inner = slope * (value + np.float32(0.044715) * value * value * value)
    return np.float32(np.float32(0.5) * value * (one + _tanhf(float(inner))))


def gelu(site: Site) -> Table:
    """GELU in either form. Source: kernels/internal/reference/gelu.h."""
    function = _approximate_gelu if attrs(site, GeluAttrs).approximate else _gelu
    return _float_table(function)(site)
