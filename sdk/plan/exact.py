"""Exact search for a placement within a given size, for buffers some of which may overlap.

Every pair of buffers that meet must choose one of the windows of permitted distances: one above the other,
the reverse, or overlapping where that is allowed. A choice for all pairs is a system of difference
constraints, of which the least solution is taken. The search chooses pair by pair and follows the
consequences for the ranges of the offsets before it goes on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sdk.kernels.base import Interval
from sdk.plan.place import Problem
from sdk.plan.skyline import LimitError

_FAR = 1 << 62


def search(problem: Problem, capacity: int, deadline: float) -> list[int] | None:
    """Offsets that fit into ``capacity`` bytes, or None if there are none.

    Raises:
        LimitError: neither was found before ``deadline``, a value of ``time.monotonic``.
    """
    return _Search(problem, capacity, deadline).run()


class _Search:
    def __init__(self, problem: Problem, capacity: int, deadline: float) -> None:
        self._problem = problem
        self._deadline = deadline
        self._align = [b.align for b in problem.buffers]
        self._low = [0] * len(problem.buffers)
        self._high = [(capacity - b.size) // b.align * b.align for b in problem.buffers]
        self._pairs = [(i, j) for i, others in enumerate(problem.conflicts) for j in others if i < j]
        self._windows = [_permitted(problem.conflicts[j][i]) for i, j in self._pairs]
        self._of: list[list[int]] = [[] for _ in problem.buffers]
        for number, (i, j) in enumerate(self._pairs):
            self._of[i].append(number)
            self._of[j].append(number)
        self._trail: list[tuple[str, int, object]] = []

    def run(self) -> list[int] | None:
        if any(high < 0 for high in self._high) or not self._propagate(range(len(self._pairs))):
            return None
        # Each frame: the length of the trail before its choice, the pair, and the windows not yet tried.
        frames: list[tuple[int, int, list[Interval]]] = []
        while True:
            if time.monotonic() > self._deadline:
                raise LimitError
            pair = self._next_pair()
            if pair is None:
                return self._low
            i, j = self._pairs[pair]
            # Try the window first that the present lowest offsets are nearest to.
            distance = self._low[j] - self._low[i]
            windows = sorted(
                self._windows[pair], key=lambda w: max(w[0] - distance, distance - w[1], 0), reverse=True
            )
            frames.append((len(self._trail), pair, windows))
            while frames:
                mark, pair, windows = frames[-1]
                self._undo(mark)
                if not windows:
                    frames.pop()
                    continue
                self._set_windows(pair, [windows.pop()])
                if self._propagate([pair]):
                    break
            if not frames:
                return None

    def _next_pair(self) -> int | None:
        """An undecided pair that the lowest offsets break, the largest first; None when all are kept."""
        best, best_size = None, -1
        for number, (i, j) in enumerate(self._pairs):
            distance = self._low[j] - self._low[i]
            if any(low <= distance <= high for low, high in self._windows[number]):
                continue
            size = self._problem.buffers[i].size + self._problem.buffers[j].size
            if size > best_size:
                best, best_size = number, size
        return best

    def _set_windows(self, pair: int, windows: list[Interval]) -> None:
        self._trail.append(("windows", pair, self._windows[pair]))
        self._windows[pair] = windows

    def _undo(self, mark: int) -> None:
        while len(self._trail) > mark:
            what, index, value = self._trail.pop()
            getattr(self, f"_{what}")[index] = value

    def _propagate(self, pairs: Sequence[int]) -> bool:
        """Narrow windows and ranges to what is consistent; False when a pair or a buffer has none left."""
        queue = list(pairs)
        queued = set(queue)
        while queue:
            number = queue.pop()
            queued.discard(number)
            i, j = self._pairs[number]
            least, most = self._low[j] - self._high[i], self._high[j] - self._low[i]
            windows = [w for w in self._windows[number] if w[0] <= most and least <= w[1]]
            if not windows:
                return False
            if len(windows) != len(self._windows[number]):
                self._set_windows(number, windows)
            least, most = windows[0][0], windows[-1][1]
            for buffer, low, high in (
                (j, self._low[i] + least, self._high[i] + most),
                (i, self._low[j] - most, self._high[j] - least),
            ):
                if self._narrow(buffer, low, high):
                    if self._low[buffer] > self._high[buffer]:
                        return False
                    for other in self._of[buffer]:
                        if other not in queued:
                            queued.add(other)
                            queue.append(other)
        return True

    def _narrow(self, buffer: int, low: int, high: int) -> bool:
        align = self._align[buffer]
        low, high = -(-low // align) * align, high // align * align
        changed = False
        if low > self._low[buffer]:
            self._trail.append(("low", buffer, self._low[buffer]))
            self._low[buffer] = low
            changed = True
        if high < self._high[buffer]:
            self._trail.append(("high", buffer, self._high[buffer]))
            self._high[buffer] = high
            changed = True
        return changed


def _permitted(forbidden: Sequence[Interval]) -> list[Interval]:
    """The closed intervals between forbidden half-open ones."""
    starts = [-_FAR, *(high for _, high in forbidden)]
    ends = [*(low - 1 for low, _ in forbidden), _FAR]
    return [(a, b) for a, b in zip(starts, ends, strict=True) if a <= b]
