"""Short requantization with constants proven on the host.

TensorFlow Lite turns an accumulator D into an output byte by two roundings: the high half of a doubled
product, rounded, then a right shift that rounds half away from zero. Cores with a 32 x 32 -> high 32
multiply-add can do the same in two instructions,

    byte = saturate((C + floor(256 * D * M / 2**32)) >> F)

or in four, where negative D need another constant: C is then replaced by C - K. Both sides are monotone
in D, so they agree everywhere if they agree at both ends of the accumulator's range and on both sides of
each step of the exact function. Those are at most 512 conditions, each linear in (M, C): a small
integer program, solved exactly here. What is returned is therefore a proof for every reachable D.

Source of the exact arithmetic: MultiplyByQuantizedMultiplier in tensorflow/lite/kernels/internal/common.cc.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

SHIFTS = (15, 12, 10, 9, 7, 5)
"""Values of F for which the kernels have code (the shift of SSAT is part of the instruction)."""

_HEADROOM = 7
"""M stays below 2**31 while F <= right shift + 7."""

_STEPS = 255

ACCUMULATOR_LIMIT = 1 << 23
"""256 * D must fit a 32-bit register."""


@dataclass(frozen=True)
class Accumulators:
    """What is known of the accumulators of a layer, one element a channel.

    Attributes:
        low: smallest reachable value, bias included.
        high: largest reachable value.
        multiplier: Q0.31 multipliers.
        shift: exponents; negative shifts right.
        zero_point: of the output.
    """

    low: Ints
    high: Ints
    multiplier: Ints
    shift: Ints
    zero_point: int

    def part(self, channels: npt.NDArray[Any]) -> Accumulators:
        """Some of the channels."""
        return Accumulators(
            self.low[channels], self.high[channels], self.multiplier[channels], self.shift[channels], self.zero_point
        )


@dataclass(frozen=True)
class FastRequant:
    """Proven constants.

    Channels with one reachable accumulator have M = 0: their byte does not depend on D, which may be anything.

    Attributes:
        shift: F, one of SHIFTS.
        multiplier: M, 0 .. 2**31 - 1.
        offset: C, zero point and roundings included.
        negative: K >= 0, what C lessens by where D < 0; all zero if none is needed.
    """

    shift: int
    multiplier: Ints
    offset: Ints
    negative: Ints

    @property
    def two_sided(self) -> bool:
        """Whether negative accumulators need a constant of their own."""
        return bool(self.negative.any())

    def apply(self, values: Ints) -> Ints:
        """The bytes for accumulators of shape [..., channels]."""
        product = (256 * values * self.multiplier) >> 32
        total: Ints = (product + self.offset - np.where(values < 0, self.negative, 0)) >> self.shift
        return np.clip(total, -128, 127)


def requantize(values: Ints, multiplier: Ints, shift: Ints) -> Ints:
    """TensorFlow Lite's result before the zero point is added, for 32-bit accumulators."""
    doubled = (values << np.maximum(shift, 0)) * multiplier
    nudged = doubled + (1 << 30)
    high = nudged >> 31
    right = np.maximum(-shift, 0)
    mask = (np.int64(1) << right) - 1
    threshold = (mask >> 1) + (high < 0)
    rounded: Ints = (high >> right) + ((high & mask) > threshold)
    return rounded


def accumulator_range(
    weights: Ints, bias: Ints, zero_point: int, low: int = -128, high: int = 127
) -> tuple[Ints, Ints]:
    """Smallest and largest accumulator of each channel, padding (zero contribution) included.

    Args:
        weights: [channels, taps].
        bias: [channels].
        zero_point: of the input.
        low: smallest input value.
        high: largest input value.
    """
    smallest = np.minimum(weights * (low - zero_point), weights * (high - zero_point))
    largest = np.maximum(weights * (low - zero_point), weights * (high - zero_point))
    return bias + np.minimum(smallest, 0).sum(axis=1), bias + np.maximum(largest, 0).sum(axis=1)


def fast_requantization(layer: Accumulators, shifts: Sequence[int] = SHIFTS) -> FastRequant | None:
    """Find constants that are exact for every reachable accumulator of every channel, or None."""
    constant = layer.low == layer.high
    varying = ~constant
    if (np.maximum(layer.high, -layer.low)[varying] >= ACCUMULATOR_LIMIT).any():
        return None
    live = layer.part(varying)
    byte = np.clip(requantize(layer.low, layer.multiplier, layer.shift) + layer.zero_point, -128, 127)
    conditions = _conditions(live)
    right = -live.shift[conditions.count > 0]
    for shift in shifts:
        if right.size and shift > right.min() + _HEADROOM:
            continue
        found = _solve(conditions, live, shift)
        if found is not None:
            return _with_constants(found, byte, varying)
    return None


def _with_constants(found: FastRequant, byte: Ints, varying: npt.NDArray[np.bool_]) -> FastRequant:
    multiplier, negative = np.zeros_like(byte), np.zeros_like(byte)
    offset = byte << found.shift
    multiplier[varying], offset[varying], negative[varying] = found.multiplier, found.offset, found.negative
    return FastRequant(found.shift, multiplier, offset, negative)


@dataclass(frozen=True)
class FoldedRequant:
    """Proven constants of byte = saturate(floor((256 * D + B) * M / 2**32) >> F): one instruction less.

    Attributes:
        shift: F.
        multiplier: M.
        offset: B, what is added to 256 * D.
    """

    shift: int
    multiplier: Ints
    offset: Ints

    def apply(self, values: Ints) -> Ints:
        """The bytes for accumulators of shape [..., channels]."""
        total: Ints = (((256 * values + self.offset) * self.multiplier) >> 32) >> self.shift
        return np.clip(total, -128, 127)


def fold(layer: Accumulators, requant: FastRequant) -> FoldedRequant | None:
    """Move C into the accumulators, exactly, or None. Near each M the products B * M lie closer than the C do."""
    if requant.two_sided:
        return None
    varying = layer.low != layer.high
    live = layer.part(varying)
    found = _solve_folded(_conditions(live), live, requant.shift, requant.multiplier[varying])
    return None if found is None else _with_folded_constants(found, requant.offset, varying)


def folded_requantization(layer: Accumulators, shifts: Sequence[int] = SHIFTS) -> FoldedRequant | None:
    """Find such constants that are exact for every reachable accumulator of every channel, or None.

    As B is added before the multiplication, an M of few bits suffices: shifts to the right may exceed F by far.
    """
    varying = layer.low != layer.high
    live = layer.part(varying)
    if (live.shift > 0).any():
        return None
    conditions = _conditions(live)
    byte = np.clip(requantize(layer.low, layer.multiplier, layer.shift) + layer.zero_point, -128, 127)
    for shift in shifts:
        left = shift - _HEADROOM + live.shift
        if live.shift.size and left.max() > 0:
            continue
        m0 = (live.multiplier + (np.int64(1) << -left >> 1)) >> -left
        found = _solve_folded(conditions, live, shift, m0)
        if found is not None:
            return _with_folded_constants(found, byte << shift, varying)
    return None


def _with_folded_constants(
    found: FoldedRequant, offset: Ints, varying: npt.NDArray[np.bool_]
) -> FoldedRequant:
    """Channels with one reachable accumulator, whose place 0 takes, get a byte of their own: offset is C."""
    multiplier, start = np.full(varying.size, 1 << 30, np.int64), offset << 2
    multiplier[varying], start[varying] = found.multiplier, found.offset
    return FoldedRequant(found.shift, multiplier, start)


def _solve_folded(conditions: _Conditions, live: Accumulators, shift: int, m0: Ints) -> FoldedRequant | None:
    """Solve for (M, B), trying M near m0."""
    best_m, best_b, done = m0.copy(), np.zeros_like(m0), np.zeros(m0.size, np.bool_)
    goal = conditions.step << (shift + 32)
    none = np.int64(1) << 62
    for grain, delta in itertools.product(_FOLD_GRAINS, sorted(range(-_FOLD_REACH, _FOLD_REACH + 1), key=abs)):
        m = m0 + delta * np.maximum(m0 >> grain, 1)
        m = np.clip(m, 1, (1 << 31) - 1)
        at_least = goal - 256 * conditions.at_least * m[:, None]
        below = goal - 256 * conditions.below * m[:, None] - 1
        least = np.where(conditions.has_at_least, at_least, -none).max(axis=1)
        most = np.where(conditions.has_below, below, none).min(axis=1)
        b = -(-np.clip(least, -none + 1, none) // m)
        b = np.where(conditions.has_at_least.any(axis=1), b, most // m)
        small = (256 * live.high + b < 1 << 31) & (256 * live.low + b >= -(1 << 31))
        hit = ~done & (b * m >= least) & (b * m <= most) & small
        best_m, best_b = np.where(hit, m, best_m), np.where(hit, b, best_b)
        done |= hit
        if done.all():
            break
    if not done.all():
        return None
    found = FoldedRequant(shift, best_m, best_b)
    _check(found, conditions)
    return found


_FOLD_REACH = 200
_FOLD_GRAINS = (24, 20, 16)
"""Steps of M, as parts 2**-grain of it: wide ones for accumulators of a narrow range."""


@dataclass(frozen=True)
class _Conditions:
    """For each channel and output step: D at which byte >= step must hold, and must not hold, where any."""

    step: Ints
    at_least: Ints
    has_at_least: npt.NDArray[np.bool_]
    below: Ints
    has_below: npt.NDArray[np.bool_]

    @property
    def count(self) -> Ints:
        """Conditions of each channel."""
        total: Ints = (self.has_at_least.sum(axis=1) + self.has_below.sum(axis=1)).astype(np.int64)
        return total


def _conditions(layer: Accumulators) -> _Conditions:
    step = np.arange(-127, 128, dtype=np.int64)
    channels = layer.low.size
    multiplier, shift = layer.multiplier[:, None], layer.shift[:, None]
    # Binary search for the smallest D of low .. high + 1 whose byte reaches each step.
    first = np.repeat(layer.low[:, None], _STEPS, axis=1)
    last = np.repeat(layer.high[:, None] + 1, _STEPS, axis=1)
    while (first < last).any():
        middle = (first + last) >> 1
        reached = requantize(middle, multiplier, shift) + layer.zero_point >= step
        active = first < last
        last = np.where(active & reached, middle, last)
        first = np.where(active & ~reached, middle + 1, first)
    low, high = layer.low[:, None], layer.high[:, None]
    return _Conditions(
        step=np.repeat(step[None], channels, axis=0),
        at_least=first,
        has_at_least=first <= high,
        below=first - 1,
        has_below=first > low,
    )


def _solve(conditions: _Conditions, layer: Accumulators, shift: int) -> FastRequant | None:
    channels = layer.low.size
    right = -layer.shift
    nothing = np.zeros(channels, np.int64)
    multiplier, offset, ok = _fit(conditions, layer, shift, nothing)
    negative = nothing
    if not ok.all():
        step = np.where(right <= shift, np.int64(1) << np.clip(shift - right, 0, 62), 1)
        multiplier2, offset2, ok2 = _fit(conditions, layer, shift, step)
        if not (ok | ok2).all():
            return None
        multiplier, offset = np.where(ok, multiplier, multiplier2), np.where(ok, offset, offset2)
        negative = np.where(ok, 0, step)
    found = FastRequant(shift, multiplier, offset, negative)
    _check(found, conditions)
    return found


def _check(found: FastRequant | FoldedRequant, conditions: _Conditions) -> None:
    """Evaluate every condition with the constants: the proof."""
    reached = conditions.step <= found.apply(conditions.at_least.T).T
    exceeded = conditions.step <= found.apply(conditions.below.T).T
    if (conditions.has_at_least & ~reached).any() or (conditions.has_below & exceeded).any():
        raise ArithmeticError("requantization constants fail a condition that they were solved for")


def _fit(
    conditions: _Conditions, layer: Accumulators, shift: int, negative: Ints
) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Solve for (M, C) given K: the interval of M is concave in C, so bisect on the sign of its slope."""
    x = 256 * np.concatenate([conditions.at_least, conditions.below], axis=1)
    used = np.concatenate([conditions.has_at_least, conditions.has_below], axis=1)
    lower = np.concatenate([np.ones_like(conditions.has_at_least), np.zeros_like(conditions.has_below)], axis=1)
    goal = (np.concatenate([conditions.step, conditions.step], axis=1) << shift) + np.where(
        x < 0, negative[:, None], 0
    )
    centre = (layer.zero_point << shift) + (1 << (shift - 1))
    c_low = np.full(layer.low.size, centre - (1 << shift), np.int64)
    c_high = np.full(layer.low.size, centre + (1 << shift), np.int64)
    # D == 0 bounds C alone.
    at_zero = used & (x == 0)
    c_low = np.maximum(c_low, np.where(at_zero & lower, goal, c_low[:, None]).max(axis=1))
    c_high = np.minimum(c_high, np.where(at_zero & ~lower, goal - 1, c_high[:, None]).min(axis=1))
    used = used & (x != 0)
    safe = np.where(x == 0, 1, x)
    is_min = used & (lower == (x > 0))
    is_max = used & (lower != (x > 0))
    best_m, best_c = np.zeros_like(c_low), np.zeros_like(c_low)
    done = np.zeros(c_low.size, np.bool_)
    rows = np.arange(c_low.size)
    while True:
        active = (c_low <= c_high) & ~done
        if not active.any():
            return best_m, best_c, done
        c = (c_low + c_high) >> 1
        need = (goal - c[:, None]) << 32
        # x M >= need, or x M < need: both are bounds on M, rounded inwards.
        at_least = np.where(lower, -(-need // safe), need // safe + 1)
        at_most = np.where(lower, need // safe, -(-need // safe) - 1)
        minima = np.where(is_min, at_least, 0)
        maxima = np.where(is_max, at_most, (1 << 31) - 1)
        i, j = minima.argmax(axis=1), maxima.argmin(axis=1)
        m_low, m_high = minima[rows, i], maxima[rows, j]
        hit = active & (m_low <= m_high)
        best_m, best_c = np.where(hit, m_low + (m_high - m_low) // 2, best_m), np.where(hit, c, best_c)
        done |= hit
        # A bound moves by -2**32 / x when C grows; the fixed bounds 0 and 2**31 - 1 do not move.
        slope_low = np.where(is_min[rows, i] & (m_low > 0), -1.0 / safe[rows, i], 0.0)
        slope_high = np.where(is_max[rows, j] & (m_high < (1 << 31) - 1), -1.0 / safe[rows, j], 0.0)
        up = slope_high - slope_low > 0
        c_low = np.where(active & up, c + 1, c_low)
        c_high = np.where(active & ~up, c - 1, c_high)
