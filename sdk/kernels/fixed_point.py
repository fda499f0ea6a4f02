"""Fixed-point functions of gemmlowp, bit by bit, for tables that are made on the host.

Source: gemmlowp/fixedpoint/fixedpoint.h.
"""

from __future__ import annotations

_MAX = (1 << 31) - 1


def doubling_high_mul(a: int, b: int) -> int:
    """round(a * b / 2**31), ties upwards."""
    return (a * b + (1 << 30)) >> 31


def rounding_shift_right(value: int, shift: int) -> int:
    """round(value / 2**shift), ties away from zero."""
    magnitude = (abs(value) + (1 << shift >> 1)) >> shift
    return -magnitude if value < 0 else magnitude


def exp_of_negative(value: int) -> int:
    """The exponential of a Q5.26 number <= 0, in Q0.31."""
    if value == 0:
        return _MAX
    quarter = 1 << (_FRACTION_BITS - 2)
    rest = (value & (quarter - 1)) - quarter
    result = _exp_near_zero(rest << (31 - _FRACTION_BITS))
    quarters = rest - value
    for bit, factor in enumerate(_EXP_OF_POWERS, _FRACTION_BITS - 2):
        if quarters >> bit & 1:
            result = doubling_high_mul(result, factor)
    return result


_FRACTION_BITS = 26
_EXP_OF_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
"""exp(-1/4), exp(-1/2), exp(-1) ... exp(-16) in Q0.31."""


def _exp_near_zero(value: int) -> int:
    """The exponential of a Q0.31 number in [-1/4, 0): the series about -1/8."""
    exp_of_eighth, third = 1895147668, 715827883
    x = value + (1 << 28)
    x2 = doubling_high_mul(x, x)
    x3 = doubling_high_mul(x2, x)
    x4 = doubling_high_mul(x2, x2)
    cubic = doubling_high_mul(rounding_shift_right(x4, 2) + x3, third)
    series = rounding_shift_right(cubic + x2, 1)
    return exp_of_eighth + doubling_high_mul(exp_of_eighth, x + series)


def inverse_square_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) of an integer below 2**27 as a Q0.31 multiplier and a shift, positive to the left.

    Source: GetInvSqrtQuantizedMultiplierExp in tensorflow/lite/kernels/internal/common.h.
    """
    if value <= 1:
        return _MAX, 0
    pairs = (31 - value.bit_length()) // 2 - 1
    shift = 11 - pairs
    # Newton's iteration from 1, in Q3.28.
    half = rounding_shift_right(value << 2 * pairs >> 1, 1)
    x = 1 << 28
    for _ in range(5):
        cube = _saturate(doubling_high_mul(doubling_high_mul(x, x), x) << 6)
        x = _saturate((doubling_high_mul(3 << 27, x) - doubling_high_mul(half, cube)) << 3)
    half_root_of_2 = 1518500250
    multiplier = doubling_high_mul(x, half_root_of_2)
    return (multiplier << -shift, 0) if shift < 0 else (multiplier, -shift)


def _saturate(value: int) -> int:
    return min(max(value, -_MAX - 1), _MAX)
