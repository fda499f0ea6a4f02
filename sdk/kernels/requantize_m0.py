"""Requantization with two 32-bit products, for cores whose multiplier keeps the low half only.

TensorFlow Lite rounds twice (see ``sdk.kernels.requantize``). The kernels compute instead, for an accumulator D,

    u = D + origin;  byte = low + (((u * ml + R) >> split) + u * mh) >> 24,  m = mh * 2**split + ml

which is low + floor((u * m + R) / 2**(split + 24)), where u lies in 0 .. span; below and above the byte is one of its
bounds. Negative D may have another R, because ties round away from zero. Both sides are monotone in D, so equality
at the ends and on both sides of every step of the exact function proves it for every reachable D.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdk.kernels.requantize import Accumulators, Ints, requantize

TOP = 24
"""The byte is the highest of the word."""

_REACH = 400
"""Multipliers tried on either side of the nearest one."""

_MAX_SPLIT = 15
_SPLITS = 3
"""Splits tried, from the most precise one."""
_MAX_OFFSET = (1 << 31) - 1


@dataclass(frozen=True)
class SplitRequant:
    """Proven constants, one element a channel; a channel with one reachable byte has all u outside.

    Attributes:
        split: bits of the lower part of the multipliers.
        low: smallest byte.
        high: largest byte.
        origin: what is added to an accumulator.
        span: largest u that is computed with.
        multiplier: m.
        offset: R for D >= 0.
        negative: R for D < 0 less R for D >= 0, modulo 2**32; all zero if not needed.
    """

    split: int
    low: int
    high: int
    origin: Ints
    span: Ints
    multiplier: Ints
    offset: Ints
    negative: Ints

    @property
    def two_sided(self) -> bool:
        """Whether negative accumulators need a constant of their own."""
        return bool(self.negative.any())

    def apply(self, values: Ints) -> Ints:
        """The bytes for accumulators of shape [..., channels]."""
        u = values + self.origin
        offset = self.offset + np.where(values < 0, self.negative, 0)
        lower = self.multiplier & ((1 << self.split) - 1)
        upper = self.multiplier >> self.split
        total = ((u * lower + offset) >> self.split) + u * upper
        inside = (total >> TOP) + self.low
        result: Ints = np.where(u < 0, self.low, np.where(u > self.span, self.high, inside))
        return result


@dataclass(frozen=True)
class _Steps:
    """The smallest D of each channel whose byte reaches low + step, and whether the step is within D's range."""

    first: Ints
    step: Ints
    inside: npt.NDArray[np.bool_]


def _bytes(layer: Accumulators, values: Ints, low: int, high: int) -> Ints:
    exact = requantize(values, layer.multiplier[:, None], layer.shift[:, None]) + layer.zero_point
    clipped: Ints = np.clip(exact, low, high)
    return clipped


def _steps(layer: Accumulators, low: int, high: int) -> _Steps:
    step = np.arange(1, high - low + 1, dtype=np.int64)
    first = np.repeat(layer.low[:, None], step.size, axis=1)
    last = np.repeat(layer.high[:, None] + 1, step.size, axis=1)
    while (first < last).any():
        middle = (first + last) >> 1
        reached = _bytes(layer, middle, low, high) - low >= step
        active = first < last
        last = np.where(active & reached, middle, last)
        first = np.where(active & ~reached, middle + 1, first)
    inside = (first > layer.low[:, None]) & (first <= layer.high[:, None])
    return _Steps(first, np.repeat(step[None], layer.low.size, axis=0), inside)


def split_requantization(layer: Accumulators, low: int = -128, high: int = 127) -> SplitRequant | None:
    """Find constants that are exact for every reachable accumulator of every channel, or None.

    Args:
        layer: ranges of the accumulators and their quantization.
        low: smallest byte, the activation's lower bound.
        high: largest byte.
    """
    largest = np.maximum(layer.high, -layer.low) << np.maximum(layer.shift, 0)
    if low >= high or largest.max() >= 1 << 31:
        return None  # no steps, or left shifts that wrap
    steps = _steps(layer, low, high)
    live = steps.inside.any(axis=1)
    scale = layer.multiplier * np.exp2(layer.shift - 31.0)
    first = np.where(steps.inside, steps.first, np.iinfo(np.int64).max).min(axis=1)
    last = np.where(steps.inside, steps.first, np.iinfo(np.int64).min).max(axis=1)
    first_step = np.where(steps.inside, steps.step, 1 << 20).min(axis=1)
    scale = np.where(live, scale, 1.0)
    if (scale <= 0).any() or scale.max() >= 256 or scale.min() < 2.0**-22:
        return None
    last_step = np.where(steps.inside, steps.step, 0).max(axis=1)
    end = np.where(last_step == high - low, last - 1, layer.high)
    origin = np.where(live, np.floor(first_step / scale).astype(np.int64) - first, 0)
    # u * ml + R and R, which may exceed m, fit 32 bits.
    most = 31 - int(np.where(live, end + origin + 1, 0).max()).bit_length()
    most = min(most, _MAX_SPLIT, 30 - TOP - int(np.ceil(np.log2(scale.max()))))
    byte = _bytes(layer, layer.low[:, None], low, high)[:, 0]
    if ((byte[~live] != low) & (byte[~live] != high)).any():
        return None
    outside = np.where(byte == low, -1 - layer.high, 1 - layer.low)
    for bits in range(most, max(most - _SPLITS, 0), -1):
        found = _solve(steps, scale, origin, live, bits)
        if found is None:
            continue
        multiplier, offset, negative = (np.where(live, part, 0) for part in found[1:])
        origins = np.where(live, found[0], outside)
        span = np.where(live, np.maximum(end + origins, 0), 0)
        requant = SplitRequant(bits, low, high, origins, span, multiplier, offset, negative)
        if _proven(requant, layer, steps):
            return requant
    return None


def _solve(
    steps: _Steps, scale: npt.NDArray[np.float64], origin: Ints, live: npt.NDArray[np.bool_], split: int
) -> tuple[Ints, Ints, Ints, Ints] | None:
    """Origins, multipliers, R for D >= 0, and what negative D add to it; with one R wherever there is one."""
    result = [origin, np.zeros_like(origin), np.zeros_like(origin), np.zeros_like(origin)]
    missing = live.copy()
    for one_sided in (True, False):
        for extra in (0, 1, -1):
            if not missing.any():
                break
            part = _Steps(steps.first[missing], steps.step[missing], steps.inside[missing])
            multiplier, offset, negative, ok = _fit(part, scale[missing], origin[missing] + extra, split, one_sided)
            where = np.flatnonzero(missing)[ok]
            for target, values in zip(result, (origin[missing] + extra, multiplier, offset, negative), strict=True):
                target[where] = values[ok]
            missing[where] = False
    return None if missing.any() else (result[0], result[1], result[2], result[3])


def _fit(
    steps: _Steps, scale: npt.NDArray[np.float64], origin: Ints, split: int, one_sided: bool
) -> tuple[Ints, Ints, Ints, npt.NDArray[np.bool_]]:
    """Multipliers, R for D >= 0, what negative D add to it, and for which channels they are right."""
    goal = steps.step << (split + TOP)
    u = steps.first + origin[:, None]
    positive = steps.inside & ((steps.first > 0) | one_sided)
    nearest = np.rint(scale * 2.0 ** (split + TOP)).astype(np.int64)
    best_m, best_r, best_n = np.zeros_like(origin), np.zeros_like(origin), np.zeros_like(origin)
    done = np.zeros(origin.size, np.bool_)
    for delta in sorted(range(-_REACH, _REACH + 1), key=abs):
        m = nearest + delta
        least = goal - u * m[:, None]
        most = least + m[:, None] - 1
        hit = ~done & (m > 0)
        middle = []
        for side in (positive, steps.inside & ~positive):
            lowest = np.where(side, least, 0).max(axis=1)
            highest = np.where(side, most, _MAX_OFFSET).min(axis=1)
            hit &= lowest <= highest
            middle.append(lowest + (highest - lowest) // 2)
        best_m, best_r = np.where(hit, m, best_m), np.where(hit, middle[0], best_r)
        if not one_sided:
            best_n = np.where(hit, middle[1] - middle[0], best_n)
        done |= hit
        if done.all():
            break
    return best_m, best_r, best_n, done


def _proven(found: SplitRequant, layer: Accumulators, steps: _Steps) -> bool:
    """Evaluate the formula at both ends and on both sides of every step, and its intermediate results."""
    ends = np.stack([layer.low, layer.high], axis=1)
    at = np.where(steps.inside, steps.first, layer.low[:, None])
    values = np.concatenate([ends, at, np.maximum(at - 1, layer.low[:, None])], axis=1)
    values = np.concatenate([values, np.clip(0, *ends.T)[:, None], np.clip(-1, *ends.T)[:, None]], axis=1)
    expected = _bytes(layer, values, found.low, found.high)
    exact = bool((expected == found.apply(values.T).T).all())
    offset = np.maximum(found.offset, found.offset + found.negative)
    lower = found.multiplier & ((1 << found.split) - 1)
    upper = found.multiplier >> found.split
    fits = found.span * lower + offset < 1 << 32
    fits &= ((found.span * lower + offset) >> found.split) + found.span * upper < 1 << 32
    accumulators_fit = (np.abs(ends) + np.abs(found.origin)[:, None] < 1 << 31).all()
    return exact and bool(fits.all()) and bool(accumulators_fit)
