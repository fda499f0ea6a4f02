"""How small an arena could be at best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import gcd

from sdk.plan.buffers import Buffer, BufferId, Overlap


def lower_bound(buffers: Sequence[Buffer], overlaps: Iterable[Overlap]) -> int:
    """Bytes that some step needs at once whatever the placement.

    In a step all live buffers are disjoint but for its outputs, each of which can share with the inputs that
    die there at most the sum of its best overlaps with each, and at most its own size. So the sum of the live
    sizes less these savings is a bound of the union; its largest value over the steps is returned.
    """
    by_id = {b.id: b for b in buffers}
    shared: dict[BufferId, int] = defaultdict(int)
    for overlap in overlaps:
        shared[overlap.late] += most_shared(by_id[overlap.early], by_id[overlap.late], overlap)
    saved: dict[int, int] = defaultdict(int)
    for late, amount in shared.items():
        saved[by_id[late].first] += min(amount, by_id[late].size)
    change: dict[int, int] = defaultdict(int)
    for buffer in buffers:
        change[buffer.first] += buffer.size
        change[buffer.last + 1] -= buffer.size
    live = most = 0
    for step in sorted(change):
        live += change[step]
        most = max(most, live - saved.get(step, 0))
    return max([most, *(b.size for b in buffers)], default=0)


def most_shared(early: Buffer, late: Buffer, overlap: Overlap) -> int:
    """The most bytes that an overlapping pair can have in common."""
    unit = gcd(early.align, late.align)
    # Between these distances one buffer contains the other; outside they share less and less.
    contained = sorted((0, early.size - late.size))
    best = 0
    starts = [-late.size, *(high for _, high in overlap.forbidden)]
    ends = [*(low - 1 for low, _ in overlap.forbidden), early.size]
    for start, end in zip(starts, ends, strict=True):
        first, last = -(-start // unit) * unit, end // unit * unit
        for wanted in (first, last, *contained):
            for distance in (wanted // unit * unit, -(-wanted // unit) * unit):
                if first <= distance <= last:
                    best = max(best, min(early.size, distance + late.size) - max(0, distance))
    return best
