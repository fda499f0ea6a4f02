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
    live.add_all(always_live)
    found = _Found()
    for access in reversed(accesses):
        own = [access.reads[position] for position in positions if position in access.reads]
        start, end = access.write
        if not access.pointwise:
            live.add_all(own)
        if start < end:
            found.add(live, 1 - end, -start)
        if access.pointwise:
            # A byte is written over what is read at a later place exactly if the write lies above the read.
            for low, high in own:
                found.add_interval(low - start + 1, high - start)
            live.add_all(own)
    ((low, high),) = apart(input_size, output_size)
    return tuple((max(a, low), min(b, high)) for a, b in found.merged() if a < high and low < b)


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


def coarsened(intervals: tuple[Interval, ...], most: int) -> tuple[Interval, ...]:
    """Ascending disjoint intervals with the shortest gaps between them closed, so that ``most`` are left."""
    gaps = sorted(range(1, len(intervals)), key=lambda i: intervals[i][0] - intervals[i - 1][1])
    kept = sorted(gaps[max(0, len(gaps) - most + 1) :])
    starts, ends = [0, *kept], [*kept, len(intervals)]
    return tuple((intervals[a][0], intervals[b - 1][1]) for a, b in zip(starts, ends, strict=True) if a < b)


class _Union:
    """A growing set of bytes as sorted disjoint intervals."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def add_all(self, intervals: Iterable[Interval]) -> None:
        for interval in intervals:
            self.add(interval)

    def add(self, interval: Interval) -> None:
        start, end = interval
        if start >= end:
            return
        # The intervals that touch the new one are [left, right).
        left = bisect_left(self.ends, start)
        right = bisect_right(self.starts, end)
        if left < right:
            start, end = min(start, self.starts[left]), max(end, self.ends[right - 1])
        self.starts[left:right] = [start]
        self.ends[left:right] = [end]


class _Found:
    """A growing set of distances: the intervals of unions, shifted."""

    def __init__(self) -> None:
        self._intervals: list[Interval] = []
        self._arrays: list[_Array] = []
        self._pending = 0

    def add(self, union: _Union, to_start: int, to_end: int) -> None:
        count = len(union.starts)
        if count > 8:
            self._arrays.append(np.add([union.starts, union.ends], [[to_start], [to_end]]))
            self._pending += count
            if self._pending > _BATCH:
                self._arrays = [merge_arrays(np.concatenate(self._arrays, axis=1))]
                self._pending = 0
            return
        for start, end in zip(union.starts, union.ends, strict=True):
            low, high = start + to_start, end + to_end
            # Most often a step forbids what the step before did, and a little more.
            if self._intervals and self._intervals[-1][0] <= high and low <= self._intervals[-1][1]:
                before = self._intervals[-1]
                self._intervals[-1] = min(low, before[0]), max(high, before[1])
            else:
                self._intervals.append((low, high))

    def add_interval(self, low: int, high: int) -> None:
        self._intervals.append((low, high))

    def merged(self) -> list[Interval]:
        if self._arrays:
            merged = merge_arrays(np.concatenate(self._arrays, axis=1))
            self._intervals += [(low, high) for low, high in merged.T.tolist()]
        return merge(self._intervals)


def merge_arrays(intervals: _Array) -> _Array:
    """As ``merge``, on non-empty intervals as an array of starts and one of ends."""
    order = np.argsort(intervals[0], kind="stable")
    lows, reach = intervals[0][order], np.maximum.accumulate(intervals[1][order])
    starts = np.concatenate(([True], lows[1:] > reach[:-1]))
    ends = np.concatenate((starts[1:], [True]))
    return np.array([lows[starts], reach[ends]])
