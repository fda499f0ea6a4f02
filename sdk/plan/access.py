"""From the order in which a kernel touches memory to the distances at which its buffers may not overlap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from sdk.kernels.base import Access, Interval

_Array = npt.NDArray[np.int64]
_BATCH = 1 << 16


def apart(early_size: int, late_size: int) -> tuple[Interval, ...]:
    """The distances at which two buffers share a byte: forbidden when nothing is known of the accesses."""
    return ((1 - late_size, early_size),)


def forbidden_distances(
    cores: Sequence[Sequence[Access]], positions: Collection[int], input_size: int, output_size: int
) -> tuple[Interval, ...]:
    """Distances output start - input start at which some byte of the input is overwritten before its last read.

    A write of step j destroys what step i reads when j <= i: within one step the order is unknown. With
    reads [r0, r1) and writes [w0, w1) they share a byte exactly if r0 - w1 < distance < r1 - w0. What another
    core reads may be read at any time.

    Args:
        cores: for each core that takes part its steps in order.
        positions: the places of the input among the kernel's inputs; several when it is passed twice.
        input_size: bytes.
        output_size: bytes.

    Returns:
        Disjoint ascending half-open intervals, as few as possible.
    """
    if len(cores) == 1:
        return _forbidden(cores[0], (), positions, input_size, output_size)
    found: list[Interval] = []
    for core, accesses in enumerate(cores):
        others = [a for other, steps in enumerate(cores) if other != core for a in steps]
        reads = [a.reads[p] for a in others for p in positions if p in a.reads]
        found += _forbidden(accesses, reads, positions, input_size, output_size)
    return tuple(merge(found))


def _forbidden(
    accesses: Sequence[Access],
    always_live: Iterable[Interval],
    positions: Collection[int],
    input_size: int,
    output_size: int,
) -> tuple[Interval, ...]:
    live = _Union()
    for interval in always_live:
        live.add(interval)
    lows: list[_Array] = []
    highs: list[_Array] = []
    pending = 0
    for access in reversed(accesses):
        for position in positions:
            if position in access.reads:
                live.add(access.reads[position])
        w0, w1 = access.write
        if w0 == w1:
            continue
        starts, ends = live.arrays()
        lows.append(starts - w1 + 1)
        highs.append(ends - w0)
        pending += len(starts)
        if pending > _BATCH:
            low, high = _merge_arrays(np.concatenate(lows), np.concatenate(highs))
            lows, highs, pending = [low], [high], 0
    if not lows:
        return ()
    low, high = _merge_arrays(np.concatenate(lows), np.concatenate(highs))
    ((clip_low, clip_high),) = apart(input_size, output_size)
    return tuple(
        (max(a, clip_low), min(b, clip_high))
        for a, b in zip(low.tolist(), high.tolist(), strict=True)
        if a < clip_high and clip_low < b
    )


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The union of half-open intervals as few ascending disjoint ones."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if low >= high:
            continue
        if merged and low <= merged[-1][1]:
            if high > merged[-1][1]:
                merged[-1] = merged[-1][0], high
        else:
            merged.append((low, high))
    return merged


def _merge_arrays(lows: _Array, highs: _Array) -> tuple[_Array, _Array]:
    """As ``merge``, on arrays of non-empty intervals."""
    if not len(lows):
        return lows, highs
    order = np.argsort(lows, kind="stable")
    lows, reach = lows[order], np.maximum.accumulate(highs[order])
    starts = np.concatenate(([True], lows[1:] > reach[:-1]))
    ends = np.concatenate((starts[1:], [True]))
    return lows[starts], reach[ends]


class _Union:
    """A growing set of bytes as sorted disjoint intervals."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._arrays: tuple[_Array, _Array] | None = None

    def add(self, interval: Interval) -> None:
        start, end = interval
        if start >= end:
            return
        # The intervals that touch the new one are [left, right).
        left = bisect_left(self._ends, start)
        right = bisect_right(self._starts, end)
        if right - left == 1 and self._starts[left] <= start and end <= self._ends[left]:
            return
        if left < right:
            start, end = min(start, self._starts[left]), max(end, self._ends[right - 1])
        self._starts[left:right] = [start]
        self._ends[left:right] = [end]
        self._arrays = None

    def arrays(self) -> tuple[_Array, _Array]:
        if self._arrays is None:
            self._arrays = np.array(self._starts, np.int64), np.array(self._ends, np.int64)
        return self._arrays
