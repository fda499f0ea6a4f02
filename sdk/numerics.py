"""Fixed-point arithmetic of TensorFlow Lite's quantized operators, on the host.

Source: tensorflow/lite/kernels/internal/quantization_util.cc and common.h (TensorFlow 2.14). All
float arithmetic here is IEEE double, as there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sdk.ir import DType, Tensor
from sdk.ir.attrs import Activation

MOST_FACTOR = 2.0**31 - 0.5
"""Factors from here on would shift a 32-bit number by 32 bits, which C does not define."""


class FactorError(ValueError):
    """Scales differ so much that the interpreter's arithmetic is not defined."""


def quantize_multiplier(real: float) -> tuple[int, int]:
    """Split a non-negative factor into a Q0.31 multiplier and a shift: real = m * 2**(shift - 31).

    Returns:
        (multiplier in 0 or 2**30 .. 2**31 - 1, shift; positive shifts left, at most 31).

    Raises:
        FactorError: the factor is ``MOST_FACTOR`` or more, or not a number.
    """
    if real == 0.0:
        return 0, 0
    if not real < MOST_FACTOR:
        raise FactorError(f"its scales ask for a factor of {real:g}, which is 2**31 or more")
    fraction, shift = math.frexp(real)
    # C's round(): half away from zero; fraction is positive.
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return multiplier, shift


def float32(value: float) -> float:
    """The value rounded to float32, as a double."""
    return float(np.float32(value))


def effective_scales(input_scale: float, weight_scales: Sequence[float], output_scale: float) -> list[float]:
    """input_scale * weight_scale / output_scale in double, from float32 scales, in that order."""
    return [float32(input_scale) * float32(w) / float32(output_scale) for w in weight_scales]


def integer_range(dtype: DType) -> tuple[int, int]:
    """Smallest and largest value of an integer type."""
    if dtype in (DType.UINT8, DType.UINT16, DType.UINT4):
        return 0, (1 << dtype.bits) - 1
    return -(1 << (dtype.bits - 1)), (1 << (dtype.bits - 1)) - 1


def activation_range(activation: Activation, output: Tensor) -> tuple[int, int]:
    """Clamping bounds of a quantized output with a fused activation.

    Raises:
        ValueError: the activation has no quantized form (TANH, SIGN_BIT).
    """
    low, high = integer_range(output.dtype)
    if activation is Activation.NONE:
        return low, high
    if output.quant is None or activation not in _BOUNDS:
        raise ValueError(f"{activation.name} has no quantized form")
    scale, zero_point = np.float32(output.quant.scale), output.quant.zero_point
    real_low, real_high = _BOUNDS[activation]

    def quantized(real: float) -> int:
        q = float(np.float32(real) / scale)
        # TfLiteRound: half away from zero.
        return zero_point + int(math.copysign(math.floor(abs(q) + 0.5), q))

    if real_low is not None:
        low = max(low, quantized(real_low))
    if real_high is not None:
        high = min(high, quantized(real_high))
    return low, high


_BOUNDS: dict[Activation, tuple[float | None, float | None]] = {
    Activation.RELU: (0.0, None),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def window_padding(padding_same: bool, size: int, filter_size: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Output size and padding before the first element of one dimension.

    Source: ComputeOutSize and ComputePaddingWithOffset in tensorflow/lite/kernels/padding.h.
    """
    effective = (filter_size - 1) * dilation + 1
    out = -(-size // stride) if padding_same else -(-(size - effective + 1) // stride)
    total = max((out - 1) * stride + effective - size, 0)
    return out, total // 2
