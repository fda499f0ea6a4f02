"""Placing buffers one after another: the rule by which one gets its offset, given those before it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sdk.errors import PlanError
from sdk.kernels.base import Interval
from sdk.plan.access import apart
from sdk.plan.buffers import Buffer, Overlap

_FAR = 1 << 62


@dataclass(frozen=True)
class Problem:
    """Buffers and who may not lie where.

    Attributes:
        buffers: distinct ids.
        conflicts: for each buffer the others that it meets, by index, with the forbidden half-open
            intervals of its own offset less the other's.
    """

    buffers: tuple[Buffer, ...]
    conflicts: tuple[dict[int, tuple[Interval, ...]], ...]

    @cached_property
    def align(self) -> int:
        """The strictest alignment of all."""
        return max((b.align for b in self.buffers), default=1)

    @classmethod
    def of(cls, buffers: Sequence[Buffer], overlaps: Iterable[Overlap]) -> Problem:
        """Find the pairs that meet.

        Raises:
            PlanError: ids are not distinct, a buffer is malformed, or an overlap is of buffers that do not
                meet in exactly the step where one ends and the other begins.
        """
        index = {b.id: i for i, b in enumerate(buffers)}
        if len(index) != len(buffers):
            raise PlanError("memory plan", "two buffers have the same id")
        for b in buffers:
            if b.size <= 0 or b.align <= 0 or b.align & (b.align - 1) or b.first > b.last:
                raise PlanError(f"memory plan: {b.id}", f"{b} is malformed")
        conflicts: list[dict[int, tuple[Interval, ...]]] = [{} for _ in buffers]
        active: list[int] = []
        for i in sorted(range(len(buffers)), key=lambda i: buffers[i].first):
            active = [j for j in active if buffers[j].last >= buffers[i].first]
            for j in active:
                conflicts[i][j] = apart(buffers[j].size, buffers[i].size)
                conflicts[j][i] = apart(buffers[i].size, buffers[j].size)
            active.append(i)
        for overlap in overlaps:
            early, late = index[overlap.early], index[overlap.late]
            if buffers[early].last != buffers[late].first:
                raise PlanError(f"memory plan: {overlap.late}", f"may not overlap {overlap.early}, which lives on")
            conflicts[late][early] = overlap.forbidden
            conflicts[early][late] = tuple((1 - high, 1 - low) for low, high in reversed(overlap.forbidden))
        return cls(tuple(buffers), tuple(conflicts))

    def height(self, offsets: Sequence[int]) -> int:
        """Bytes from the arena's start to the end of its last buffer."""
        return max((o + b.size for o, b in zip(offsets, self.buffers, strict=True)), default=0)

    def gaps(self, buffer: int, offsets: dict[int, int]) -> list[Interval]:
        """Ascending closed intervals of the aligned offsets that a buffer may have among those placed."""
        taken = sorted(
            (base + low, base + high)
            for other, forbidden in self.conflicts[buffer].items()
            if (base := offsets.get(other)) is not None
            for low, high in forbidden
        )
        align = self.buffers[buffer].align
        gaps = []
        start = -_FAR
        for low, high in taken:
            if low > start:
                first, last = -(-start // align) * align, (low - 1) // align * align
                if first <= last:
                    gaps.append((first, last))
            if high > start:
                start = high
        gaps.append((-(-start // align) * align, _FAR))
        return gaps


def first_fit(problem: Problem, order: Sequence[int]) -> list[int]:
    """Each buffer at the lowest offset that it may have."""
    offsets: dict[int, int] = {}
    for i in order:
        offsets[i] = next(max(low, 0) for low, high in problem.gaps(i, offsets) if high >= 0)
    return [offsets[i] for i in range(len(offsets))]


def best_fit(problem: Problem, order: Sequence[int]) -> list[int]:
    """Each buffer in the smallest gap that it fits in (Pisarchyk and Lee 2020)."""
    offsets: dict[int, int] = {}
    for i in order:
        gaps = [(max(low, 0), high) for low, high in problem.gaps(i, offsets) if high >= 0]
        offsets[i] = min(gaps, key=lambda gap: gap[1] - gap[0])[0]
    return [offsets[i] for i in range(len(offsets))]


def least_growth(problem: Problem, order: Sequence[int], rng: random.Random | None = None) -> list[int]:
    """Each buffer where the arena grows least, which may be below all others.

    Among equally good places the lowest is taken, or one at random.
    """
    offsets: dict[int, int] = {}
    align = problem.align
    bottom = top = 0
    for i in order:
        size = problem.buffers[i].size
        best, places = _FAR, []
        for low, high in problem.gaps(i, offsets) if offsets else [(0, 0)]:
            for wanted in (low, high, bottom, (top - size) // problem.buffers[i].align * problem.buffers[i].align):
                place = min(max(wanted, low), high)
                if abs(place) >= _FAR:
                    continue
                growth = max(top, place + size) - min(bottom, place // align * align)
                if growth < best:
                    best, places = growth, [place]
                elif growth == best:
                    places.append(place)
        place = min(places) if rng is None else rng.choice((min(places), max(places), rng.choice(places)))
        offsets[i] = place
        bottom, top = min(bottom, place // align * align), max(top, place + size)
    return [offsets[i] - bottom for i in range(len(offsets))]
