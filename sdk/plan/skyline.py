"""Search for a placement within a given size, from the bottom up, for buffers of which none may overlap.

Every set of buffers that fits has a placement in which each lies as low as those below it allow. So it is enough to
place buffers by ascending offset, each on the skyline of those before it over its lifetime. Branches are cut where
another buffer would fit below the next one, which is then no canonical placement, and where some step's skyline and
the buffers that it still has to take exceed the capacity.

Source: Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning" (2023):
canonical placements, and the inference from sections of time between lifetimes' ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdk.plan.buffers import Buffer
from sdk.plan.place import Problem

_FAR = 1 << 60
_Ints = npt.NDArray[np.int64]


class LimitError(Exception):
    """The limit was reached before the search was complete."""


@dataclass
class Limit:
    """How long to search: a number of placements tried, or a time by ``time.monotonic``."""

    placements: int | None = None
    deadline: float | None = None

    def spend(self) -> None:
        """Count one placement.

        Raises:
            LimitError: that was one too many.
        """
        if self.placements is not None:
            self.placements -= 1
            if self.placements < 0:
                raise LimitError
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise LimitError


def search(problem: Problem, capacity: int, patience: int, deadline: float | None = None) -> list[int] | None:
    """Offsets that fit into ``capacity`` bytes, or None if there are none.

    Several orders of preference are tried for a while each, longer with every round.

    Args:
        problem: without overlaps.
        capacity: bytes.
        patience: placements tried for each order, beyond one for each buffer; without a deadline only in one round.
        deadline: as ``time.monotonic`` tells it.

    Raises:
        LimitError: neither was found.
    """
    offsets = [0] * len(problem.buffers)
    for part in _parts(problem.buffers):
        found = _search_part([problem.buffers[i] for i in part], capacity, patience, deadline)
        if found is None:
            return None
        for i, offset in zip(part, found, strict=True):
            offsets[i] = offset
    return offsets


def _parts(buffers: Sequence[Buffer]) -> list[list[int]]:
    """Groups of buffers that share no step with those of another group."""
    parts: list[list[int]] = []
    end = -_FAR
    for i in sorted(range(len(buffers)), key=lambda i: buffers[i].first):
        if buffers[i].first > end:
            parts.append([])
        parts[-1].append(i)
        end = max(end, buffers[i].last)
    return parts


def _search_part(
    buffers: Sequence[Buffer], capacity: int, patience: int, deadline: float | None
) -> list[int] | None:
    skyline = _Skyline(buffers, capacity)
    while True:
        for key in _preferences(buffers, skyline.pressure):
            ranks = np.argsort(sorted(range(len(buffers)), key=key))
            try:
                return skyline.search(ranks, Limit(len(buffers) + patience, deadline))
            except LimitError:
                if deadline is not None and time.monotonic() > deadline:
                    raise
        if deadline is None:
            raise LimitError
        patience *= 3


def _preferences(
    buffers: Sequence[Buffer], pressure: Sequence[int]
) -> tuple[Callable[[int], tuple[int, ...]], ...]:
    """Which of several buffers to place first at equal offsets."""

    def life(i: int) -> int:
        return buffers[i].last - buffers[i].first + 1

    return (
        lambda i: (-pressure[i], -buffers[i].size * life(i)),
        lambda i: (-buffers[i].size * life(i),),
        lambda i: (-pressure[i], -life(i)),
        lambda i: (-life(i), -buffers[i].size),
    )


class _Skyline:
    """The sections of time between starts and ends of lifetimes, and what is placed in each."""

    def __init__(self, buffers: Sequence[Buffer], capacity: int) -> None:
        times = sorted({b.first for b in buffers} | {b.last + 1 for b in buffers})
        section = {time: i for i, time in enumerate(times)}
        self._capacity = capacity
        self._size: _Ints = np.array([b.size for b in buffers], np.int64)
        self._align: _Ints = np.array([b.align for b in buffers], np.int64)
        self._first: _Ints = np.array([section[b.first] for b in buffers], np.int64)
        self._end: _Ints = np.array([section[b.last + 1] for b in buffers], np.int64)
        sections = np.arange(len(times) - 1)
        self._covers = (sections >= self._first[:, np.newaxis]) & (sections < self._end[:, np.newaxis])
        loads = (self._covers * self._size[:, np.newaxis]).sum(axis=0)
        self.pressure: list[int] = np.where(self._covers, loads, 0).max(axis=1).tolist()
        self._loads: _Ints = loads

    def search(self, ranks: npt.NDArray[np.intp], limit: Limit) -> list[int] | None:
        """Depth first; None if nothing fits."""
        count = len(self._size)
        waiting = np.ones(count, np.bool_)
        loads = self._loads.copy()
        lowest = np.zeros(count, np.int64)
        placed: _Ints = np.zeros(count, np.int64)
        path: list[tuple[int, list[int], _Ints]] = []
        choices = self._choices(waiting, loads, lowest, ranks)
        while True:
            while not choices:
                if not path:
                    return None
                chosen, choices, lowest = path.pop()
                waiting[chosen] = True
                loads[self._first[chosen] : self._end[chosen]] += self._size[chosen]
            limit.spend()
            chosen = choices.pop()
            path.append((chosen, choices, lowest))
            first, end, offset = self._first[chosen], self._end[chosen], lowest[chosen]
            placed[chosen] = offset
            waiting[chosen] = False
            loads[first:end] -= self._size[chosen]
            if not waiting.any():
                return [int(o) for o in placed]
            # All later ones lie at this offset or above, and on top of this one where they meet it.
            meets = (self._first < end) & (self._end > first)
            above = np.where(meets, offset + self._size[chosen], offset)
            lowest = np.where(waiting, -(-np.maximum(lowest, above) // self._align) * self._align, lowest)
            choices = self._choices(waiting, loads, lowest, ranks)

    def _choices(
        self, waiting: npt.NDArray[np.bool_], loads: _Ints, lowest: _Ints, ranks: npt.NDArray[np.intp]
    ) -> list[int]:
        """The buffers that may be next, the best one last."""
        offsets = np.where(waiting, lowest, _FAR)
        busy = loads > 0
        highest = np.where(busy, self._capacity - loads, _FAR)
        next_in_section = np.where(self._covers, offsets[:, np.newaxis], _FAR).min(axis=0)
        if (next_in_section[busy] > highest[busy]).any():
            return []
        # Whatever is next raises all sections that still wait for buffers to its own offset.
        possible = offsets <= highest.min()
        possible &= offsets < (offsets + self._size).min()
        found: list[int] = np.flatnonzero(possible).tolist()
        return sorted(found, key=lambda i: (lowest[i], ranks[i]), reverse=True)
