"""Offsets for buffers: the best of several placements.

Orders and rules that do well on different networks are tried in turn, then changed orders, until the lower
bound is met or the tries are used up; where nothing may overlap, a search from the bottom up then tries to fit the
buffers into less. The first rules are greedy by size, first fit and best fit, so that no plan is larger than theirs.
The number of tries depends on the buffers alone, never on time: the same buffers always get the same plan, unless a
time limit for an exact search is given.

Sources: Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference" (2020), for the greedy
orders; Moffitt, "MiniMalloc" (2023), for the problem's exact form and its benchmarks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sdk.plan import exact, skyline
from sdk.plan.bound import lower_bound
from sdk.plan.buffers import Buffer, MemoryPlan, Overlap
from sdk.plan.place import Problem, best_fit, first_fit, least_growth
from sdk.plan.skyline import LimitError

_SEED = 1
_TRIES = 600
_WORK = 3_000_000
"""Most pairs of buffers that are looked at while changed orders are tried."""

_PATIENCE = 150
"""Placements that the search from the bottom up takes back for each order of preference before it gives up."""

_PRECISION = 256
"""Halving stops where it could gain less than this part of the arena."""

_Placement = tuple[str, list[int]]
_Search = Callable[[int], list[int] | None]


def plan(
    buffers: Sequence[Buffer],
    overlaps: Iterable[Overlap] = (),
    peaks: Mapping[int, int] | None = None,
    *,
    tries: int = _TRIES,
    time_limit_s: float | None = None,
) -> MemoryPlan:
    """Place buffers in an arena as small as can be found.

    Args:
        buffers: what to place.
        overlaps: pairs that may share bytes at certain distances.
        peaks: as for ``lower_bound``.
        tries: changed orders to try after the greedy ones.
        time_limit_s: when given and the lower bound is not met, search exactly for so long at most.

    Raises:
        PlanError: buffers or overlaps contradict themselves.
    """
    overlaps = tuple(overlaps)
    problem = Problem.of(buffers, overlaps)
    bound = lower_bound(buffers, overlaps, peaks)
    strategy, best = "empty", [0] * len(buffers)
    size: int | None = None
    for name, offsets in _placements(problem, tries):
        height = problem.height(offsets)
        if size is None or height < size:
            strategy, best, size = name, offsets, height
        if size <= bound:
            break
    size = size or 0
    for name, search in _searches(problem, bool(overlaps), time_limit_s):
        found = _smallest(problem, search, bound, size)
        if found is not None:
            strategy, best, size = name, found, problem.height(found)
    return MemoryPlan({b.id: o for b, o in zip(buffers, best, strict=True)}, size, bound, strategy)


def _placements(problem: Problem, tries: int) -> Iterator[_Placement]:
    if not problem.buffers:
        return
    order: list[int] = []
    best: tuple[int, list[int]] | None = None
    for order_name, key in _orders(problem):
        order = sorted(range(len(problem.buffers)), key=key)
        for rule_name, rule in _RULES:
            offsets = rule(problem, order)
            yield f"greedy by {order_name}, {rule_name}", offsets
            height = problem.height(offsets)
            if best is None or height < best[0]:
                best = height, order
    if best is not None:
        for offsets in _climb(problem, *best, tries):
            yield "hill climbing", offsets


def _climb(problem: Problem, height: int, order: list[int], tries: int) -> Iterator[list[int]]:
    """Placements of orders near the best one so far, and of random ones that favour large buffers."""
    rng = random.Random(_SEED)  # noqa: S311 - not for secrets
    count = len(order)
    pairs = sum(map(len, problem.conflicts)) + count
    for attempt in range(min(tries, _WORK // pairs)):
        if attempt % 4 == 0:
            power = rng.choice((1.3, 2.0, 4.0))
            weights = [b.size * power ** rng.random() for b in problem.buffers]
            tried = sorted(range(count), key=lambda i: -weights[i])
        else:
            tried = list(order)
            for _ in range(rng.randint(0, 3)):
                place = rng.randrange(count)
                tried.insert(rng.randrange(max(0, place - 6), place + 1), tried.pop(place))
        offsets = first_fit(problem, tried) if attempt % 4 == 3 else least_growth(problem, tried, rng)
        yield offsets
        reached = problem.height(offsets)
        if reached <= height:
            height, order = reached, tried


def _searches(problem: Problem, overlaps: bool, time_limit_s: float | None) -> Iterator[tuple[str, _Search]]:
    if not overlaps:
        yield "search from the bottom up", lambda capacity: skyline.search(problem, capacity, _PATIENCE)
    if time_limit_s is not None:
        deadline = time.monotonic() + time_limit_s
        if overlaps:
            yield "exact search", lambda capacity: exact.search(problem, capacity, deadline)
        else:
            yield "exact search", lambda capacity: skyline.search(problem, capacity, _PATIENCE, deadline)


def _smallest(problem: Problem, search: _Search, bound: int, size: int) -> list[int] | None:
    """The smallest placement below ``size`` that a search finds; the bound first, which is most often reachable."""
    best = None
    capacity = bound
    while bound < size:
        try:
            found = search(capacity)
        except LimitError:
            found = None
        if found is None:
            bound = capacity + 1
        else:
            best, size = found, problem.height(found)
        capacity = (bound + size) // 2
        if size - bound < size // _PRECISION:
            break
    return best


def _orders(problem: Problem) -> tuple[tuple[str, Callable[[int], tuple[int, ...]]], ...]:
    buffers = problem.buffers

    def life(i: int) -> int:
        return buffers[i].last - buffers[i].first + 1

    return (
        ("size", lambda i: (-buffers[i].size, buffers[i].first)),
        ("lifetime", lambda i: (-life(i), -buffers[i].size)),
        ("size and lifetime", lambda i: (-buffers[i].size * life(i), buffers[i].first)),
        ("first use", lambda i: (buffers[i].first, -buffers[i].size)),
        ("last use", lambda i: (-buffers[i].last, -buffers[i].size)),
        ("pressure", lambda i: (-_pressure(problem, i), -buffers[i].size)),
    )


def _pressure(problem: Problem, buffer: int) -> int:
    """The sizes of a buffer and of all that it meets."""
    return problem.buffers[buffer].size + sum(problem.buffers[j].size for j in problem.conflicts[buffer])


_RULES: tuple[tuple[str, Callable[[Problem, Sequence[int]], list[int]]], ...] = (
    ("first fit", first_fit),
    ("best fit", best_fit),
    ("least growth", least_growth),
)
