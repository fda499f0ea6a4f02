"""Short requantization: the constants are exact for every reachable accumulator, or there are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdk.kernels.requantize import (
    ACCUMULATOR_LIMIT,
    SHIFTS,
    Accumulators,
    accumulator_range,
    fast_requantization,
    fold,
    folded_requantization,
)

CHANNELS = 24


def twice_rounded(value: int, multiplier: int, shift: int) -> int:
    """The definition, in unbounded integers: a doubled high product rounded to nearest, then a shift, ties outwards."""
    product = value * (1 << max(shift, 0)) * multiplier
    nudge = 1 << 30 if product >= 0 else 1 - (1 << 30)
    total = product + nudge
    high = abs(total) // (1 << 31) * (1 if total >= 0 else -1)
    right = max(-shift, 0)
    if right == 0:
        return high
    magnitude = (abs(high) + (1 << (right - 1))) >> right
    return magnitude if high >= 0 else -magnitude


def layer(seed: int, zero_point: int, span: int = 3000) -> Accumulators:
    rng = np.random.default_rng(seed)
    low = -rng.integers(0, span, CHANNELS)
    return Accumulators(
        low=low,
        high=low + rng.integers(0, 2 * span, CHANNELS),
        multiplier=rng.integers(1 << 30, 1 << 31, CHANNELS),
        shift=-rng.integers(3, 7, CHANNELS),
        zero_point=zero_point,
    )


def wrong(constants: object, accumulators: Accumulators) -> list[tuple[int, int]]:
    """Channels and accumulators, of all reachable ones, whose byte differs from the definition's."""
    found = []
    for channel in range(accumulators.low.size):
        values = np.arange(accumulators.low[channel], accumulators.high[channel] + 1)
        table = np.repeat(values[:, None], accumulators.low.size, axis=1)
        bytes_ = constants.apply(table)[:, channel]  # type: ignore[attr-defined]
        factor, shift = int(accumulators.multiplier[channel]), int(accumulators.shift[channel])
        for value, byte in zip(values.tolist(), bytes_.tolist(), strict=True):
            exact = twice_rounded(value, factor, shift) + accumulators.zero_point
            if byte != min(max(exact, -128), 127):
                found.append((channel, value))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("zero_point", [-128, -3, 57])
def test_every_reachable_accumulator(seed: int, zero_point: int) -> None:
    accumulators = layer(seed, zero_point)
    found = fast_requantization(accumulators)
    assert found is not None, f"seed {seed}"
    assert wrong(found, accumulators)[:5] == [], f"seed {seed}"
    assert found.shift in SHIFTS
    assert (found.multiplier >= 0).all() and (found.multiplier < 1 << 31).all() and (found.negative >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_folded_constants(seed: int) -> None:
    accumulators = layer(seed, -128)
    short = fast_requantization(accumulators)
    assert short is not None, f"seed {seed}"
    folded = fold(accumulators, short)
    assert folded is not None, f"seed {seed}"
    assert wrong(folded, accumulators)[:5] == [], f"seed {seed}"
    start = 256 * np.stack([accumulators.low, accumulators.high]) + folded.offset
    assert (np.abs(start) < 1 << 31).all()


@pytest.mark.parametrize("seed", range(2))
def test_folded_constants_of_far_shifts(seed: int) -> None:
    """C alone has too few bits for channels of a scale far below the others'."""
    few = layer(seed, -128, span=40000).part(np.arange(4))
    accumulators = replace(few, high=np.full(4, 90000), shift=np.array([-5, -13, -14, -15]))
    assert fast_requantization(accumulators) is None
    folded = folded_requantization(accumulators)
    assert folded is not None, f"seed {seed}"
    assert folded.shift == 12
    assert wrong(folded, accumulators)[:5] == [], f"seed {seed}"


def test_two_sided_constants_are_not_folded() -> None:
    accumulators = layer(1, 57)
    short = fast_requantization(accumulators)
    assert short is not None
    assert short.two_sided
    assert fold(accumulators, short) is None


def test_a_constant_channel_ignores_its_accumulator() -> None:
    huge = np.array([-(1 << 30)])
    found = fast_requantization(Accumulators(huge, huge, np.array([1 << 30]), np.array([-27]), -128))
    assert found is not None
    assert found.multiplier.tolist() == [0]
    assert found.apply(np.array([[0], [12345]])).tolist() == [[-128], [-128]]


def test_large_accumulators_have_no_constants() -> None:
    low, high = np.array([0]), np.array([ACCUMULATOR_LIMIT])
    assert fast_requantization(Accumulators(low, high, np.array([1 << 30]), np.array([-10]), -128)) is None


def test_large_scales_have_no_constants() -> None:
    low, high = np.array([-100]), np.array([100])
    assert fast_requantization(Accumulators(low, high, np.array([1 << 30]), np.array([6]), 0)) is None


def test_accumulator_range_counts_padding() -> None:
    weights = np.array([[3, -2], [0, 0]])
    low, high = accumulator_range(weights, np.array([10, 7]), zero_point=-128)
    assert low.tolist() == [10 - 2 * 255, 7]
    assert high.tolist() == [10 + 3 * 255, 7]
