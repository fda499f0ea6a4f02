"""How small an arena could be at best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import gcd

from sdk.kernels.base import Interval
from sdk.plan.buffers import Buffer, BufferId, Overlap


def lower_bound(buffers: Sequence[Buffer], overlaps: Iterable[Overlap], peaks: Mapping[int, int] | None = None) -> int:
    """Bytes that some step needs at once whatever the placement: the most of ``needs``, and of any buffer."""
    return max([*needs(buffers, overlaps, peaks or {}).values(), *(b.size for b in buffers)], default=0)


def needs(buffers: Sequence[Buffer], overlaps: Iterable[Overlap], peaks: Mapping[int, int]) -> dict[int, int]:
    """For each step at which buffers begin or end the bytes that it needs at once whatever the placement.

    In a step all live buffers are disjoint but for its outputs, each of which can share with the inputs that
    die there at most the sum of its best overlaps with each, and at most its own size. So the sum of the live
    sizes less these savings is a bound of the union.

    Args:
        buffers: what is to be placed.
        overlaps: pairs that may share bytes.
        peaks: for steps within which buffers come and go: the most bytes that those which begin or end in the step
            need at once.
    """
    by_id = {b.id: b for b in buffers}
    shared: dict[BufferId, int] = defaultdict(int)
    for overlap in overlaps:
        if by_id[overlap.late].first not in peaks:
            a, b = by_id[overlap.early], by_id[overlap.late]
            shared[overlap.late] += most_shared(a.size, b.size, gcd(a.align, b.align), overlap.forbidden)
    saved: dict[int, int] = defaultdict(int)
    for late, amount in shared.items():
        saved[by_id[late].first] += min(amount, by_id[late].size)
    change: dict[int, int] = defaultdict(int)
    for buffer in buffers:
        change[buffer.first] += buffer.size
        change[buffer.last + 1] -= buffer.size
    found, live = {}, 0
    for step in sorted(change):
        live += change[step]
        found[step] = live - saved.get(step, 0)
    for step, peak in peaks.items():
        found[step] = peak + sum(b.size for b in buffers if b.first < step < b.last)
    return found


@lru_cache(maxsize=1024)
def most_shared(early_size: int, late_size: int, unit: int, forbidden: tuple[Interval, ...]) -> int:
    """The most bytes that two buffers can have in common, at distances that are multiples of ``unit``."""
    # Between these distances one buffer contains the other; outside they share less and less.
    contained = sorted((0, early_size - late_size))
    best = 0
    starts = [-late_size, *(high for _, high in forbidden)]
    ends = [*(low - 1 for low, _ in forbidden), early_size]
    for start, end in zip(starts, ends, strict=True):
        first, last = -(-start // unit) * unit, end // unit * unit
        for wanted in (first, last, *contained):
            for distance in (wanted // unit * unit, -(-wanted // unit) * unit):
                if first <= distance <= last:
                    best = max(best, min(early_size, distance + late_size) - max(0, distance))
    return best
