"""The integer arithmetic of TensorFlow Lite's reference kernels, on arrays.

Source: MultiplyByQuantizedMultiplier and what it calls in tensorflow/lite/kernels/internal/common.cc
(TensorFlow 2.14, two roundings). All of it is monotone in the value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sdk.numerics import float32, quantize_multiplier

Ints = npt.NDArray[np.int64]

INT32 = 2**31


def multipliers(factors: list[float]) -> tuple[Ints, Ints]:
    """Q0.31 multipliers and shifts of real factors."""
    pairs = [quantize_multiplier(f) for f in factors]
    return np.array([m for m, _ in pairs], np.int64), np.array([s for _, s in pairs], np.int64)


def requantize(values: Ints, multiplier: Ints, shift: Ints) -> Ints:
    """Multiply by multiplier * 2**(shift - 31), rounding twice as the reference does.

    Args:
        values: int32 values, such that a left shift does not leave int32.
        multiplier: 0 or 2**30 .. 2**31 - 1.
        shift: positive shifts left.
    """
    product = (values << np.maximum(shift, 0)) * multiplier
    # The quotient is rounded toward zero, as in C.
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    high = np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    rounded: Ints = (high >> right) + ((high & mask) > threshold)
    return rounded


def fits_int32(values: Ints, shift: Ints) -> bool:
    """Whether values, shifted left where that is so, are int32."""
    shifted = np.abs(values) << np.maximum(shift, 0)
    return bool(np.all(shifted < INT32))


def product_scale(input_scale: float, weight_scale: float, output_scale: float) -> float:
    """The factor of FULLY_CONNECTED: the product of the first two in float32, the quotient in double.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc.
    """
    return float32(float32(input_scale) * float32(weight_scale)) / float32(output_scale)
