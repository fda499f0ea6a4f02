import random
from itertools import combinations, pairwise, product

import numpy as np
import pytest

from sdk.errors import PlanError
from sdk.plan import Buffer, Overlap, plan
from sdk.plan.bound import lower_bound, most_shared


def buffer(id, size, first, last, align=1):
    return Buffer(("tensor", id), size, align, first, last)


def random_buffers(seed, count=40, steps=25):
    rng = random.Random(seed)
    lives = [sorted((rng.randrange(steps), rng.randrange(steps))) for _ in range(count)]
    return [
        buffer(i, rng.choice((rng.randint(1, 40), rng.randint(1, 4000))), first, last, rng.choice((1, 2, 4, 16)))
        for i, (first, last) in enumerate(lives)
    ]


def chain(sizes, forbidden_of):
    """A network without branches whose every output may overlap its input."""
    buffers = [buffer(i, size, i - 1, i) for i, size in enumerate(sizes)]
    pairs = pairwise(buffers)
    return buffers, [Overlap(a.id, b.id, forbidden_of(a.size, b.size)) for a, b in pairs]


def cut_rectangle(rng, height, length, count):
    """Buffers that fill an arena of ``height`` bytes over ``length`` steps without a gap."""
    parts = [(0, height, 0, length)]
    while len(parts) < count:
        parts.sort(key=lambda p: (p[1] - p[0]) * (p[3] - p[2]) * rng.random())
        bottom, top, begin, end = parts.pop()
        if top - bottom > 1 and (end - begin < 2 or rng.random() < 0.5):
            at = rng.randrange(bottom + 1, top)
            parts += [(bottom, at, begin, end), (at, top, begin, end)]
        elif end - begin > 1:
            at = rng.randrange(begin + 1, end)
            parts += [(bottom, top, begin, at), (bottom, top, at, end)]
        else:
            parts.append((bottom, top, begin, end))
            break
    return [buffer(i, top - bottom, begin, end - 1) for i, (bottom, top, begin, end) in enumerate(parts)]


def check(buffers, overlaps, result):
    """Every pair that meets shares no byte, or is at a permitted distance."""
    permitted = {(o.early, o.late): o.forbidden for o in overlaps}
    assert set(result.offsets) == {b.id for b in buffers}
    assert result.size == max((result.offsets[b.id] + b.size for b in buffers), default=0)
    assert result.lower_bound <= result.size
    for b in buffers:
        assert result.offsets[b.id] >= 0
        assert result.offsets[b.id] % b.align == 0
    for a, b in combinations(buffers, 2):
        if a.last < b.first or b.last < a.first:
            continue
        x, y = result.offsets[a.id], result.offsets[b.id]
        if (a.id, b.id) in permitted:
            assert not any(low <= y - x < high for low, high in permitted[a.id, b.id]), (a, b)
        elif (b.id, a.id) in permitted:
            assert not any(low <= x - y < high for low, high in permitted[b.id, a.id]), (a, b)
        else:
            assert x + a.size <= y or y + b.size <= x, (a, b)


def greedy_by_size(buffers, best_fit):
    """The usual planner of interpreters, written apart from the one under test."""
    placed = []
    for b in sorted(buffers, key=lambda b: (-b.size, b.first)):
        taken = sorted((o, o + p.size) for p, o in placed if p.first <= b.last and b.first <= p.last)
        gaps, end = [], 0
        for low, high in taken:
            start = -(-end // b.align) * b.align
            if low - start >= b.size:
                gaps.append((low - start, start))
            end = max(end, high)
        chosen = (min(gaps) if best_fit else gaps[0])[1] if gaps else -(-end // b.align) * b.align
        placed.append((b, chosen))
    return max(o + b.size for b, o in placed)


@pytest.mark.parametrize("seed", range(12))
def test_random_buffers_are_apart_and_never_above_greedy_by_size(seed):
    buffers = random_buffers(seed)
    result = plan(buffers)
    check(buffers, [], result)
    assert result.size <= min(greedy_by_size(buffers, False), greedy_by_size(buffers, True))


@pytest.mark.parametrize("seed", range(6))
def test_the_same_buffers_get_the_same_plan(seed):
    buffers = random_buffers(seed)
    assert plan(buffers) == plan(list(buffers))


@pytest.mark.parametrize("seed", range(8))
def test_gapless_arenas_are_found_again(seed):
    buffers = cut_rectangle(random.Random(seed), 1000, 12, 14)
    result = plan(buffers, time_limit_s=20)
    check(buffers, [], result)
    assert (result.size, result.lower_bound) == (1000, 1000)


def test_published_example_fits_in_twelve_bytes():
    # The example of the MiniMalloc paper's README: (lower, upper, size), upper exclusive.
    lives = [(0, 3, 4), (3, 9, 4), (0, 9, 4), (9, 21, 4), (0, 21, 4)]
    result = plan([buffer(i, size, lower, upper - 1) for i, (lower, upper, size) in enumerate(lives)])
    assert result.size == result.lower_bound == 12


@pytest.mark.parametrize("seed", range(10))
def test_overlapping_chains_keep_to_the_permitted_distances(seed):
    rng = random.Random(seed)

    def forbidden(early, late):
        cuts = sorted(rng.sample(range(1 - late, early + 1), 4)) if early + late > 8 else [1 - late, early] * 2
        return ((cuts[0], cuts[1]), (cuts[2], cuts[3])) if cuts[1] < cuts[2] else ((1 - late, early),)

    buffers, overlaps = chain([rng.randint(4, 60) for _ in range(9)], forbidden)
    result = plan(buffers, overlaps)
    check(buffers, overlaps, result)
    assert result.size >= max(b.size for b in buffers)


def test_a_chain_in_place_takes_its_largest_buffer():
    buffers, overlaps = chain([100, 100, 60, 60, 20], lambda early, late: ((1, early),))
    result = plan(buffers, overlaps)
    check(buffers, overlaps, result)
    assert result.size == result.lower_bound == 100


def test_alternating_directions_slide_within_the_arena():
    # Like a depthwise convolution that may run one row of 10 ahead of its input, forwards or backwards.
    buffers, overlaps = chain([100, 100, 100, 100], lambda early, late: ((-9, 10),))
    result = plan(buffers, overlaps)
    check(buffers, overlaps, result)
    assert result.size == result.lower_bound == 110


@pytest.mark.parametrize("seed", range(25))
def test_no_placement_is_below_the_lower_bound(seed):
    """All placements of a few small buffers, one after another."""
    rng = random.Random(seed)
    sizes = [rng.randint(1, 5) for _ in range(4)]
    cuts = [sorted(rng.sample(range(-4, 6), 2)) for _ in range(3)]
    buffers = [buffer(i, size, i - 1, i) for i, size in enumerate(sizes)]
    overlaps = [
        Overlap(a.id, b.id, ((max(low, 1 - b.size), min(high, a.size)),))
        for (a, b), (low, high) in zip(pairwise(buffers), cuts, strict=True)
        if max(low, 1 - b.size) < min(high, a.size)
    ]
    permitted = {(o.early, o.late): o.forbidden for o in overlaps}

    def fits(offsets):
        for (i, a), (j, b) in combinations(enumerate(buffers), 2):
            if j != i + 1:
                continue
            distance = offsets[j] - offsets[i]
            forbidden = permitted.get((a.id, b.id), ((1 - b.size, a.size),))
            if any(low <= distance < high for low, high in forbidden):
                return False
        return True

    best = min(
        max(o + b.size for o, b in zip(offsets, buffers, strict=True))
        for offsets in product(range(9), repeat=4)
        if fits(offsets)
    )
    assert lower_bound(buffers, overlaps) <= best
    result = plan(buffers, overlaps, time_limit_s=20)
    check(buffers, overlaps, result)
    assert result.size == best, "the exact search missed a smaller plan"


@pytest.mark.parametrize("seed", range(40))
def test_most_shared_bytes_of_a_pair(seed):
    rng = np.random.default_rng(seed)
    early = buffer(0, int(rng.integers(1, 20)), 0, 1, int(rng.choice((1, 2, 4))))
    late = buffer(1, int(rng.integers(1, 20)), 1, 2, int(rng.choice((1, 2, 4))))
    cuts = sorted(rng.choice(np.arange(1 - late.size, early.size + 2), 2).tolist())
    unit = min(early.align, late.align)
    shared = [
        len(set(range(early.size)) & set(range(d, d + late.size)))
        for d in range(-24, 24)
        if d % unit == 0 and not cuts[0] <= d < cuts[1]
    ]
    assert most_shared(early.size, late.size, unit, ((cuts[0], cuts[1]),)) == max(shared)


def test_the_exact_search_proves_that_a_bound_is_out_of_reach():
    # Five buffers of at most 4 bytes at a time that no arena of 4 bytes holds.
    lives = [(0, 2, 2), (2, 4, 2), (0, 0, 2), (1, 2, 1), (1, 1, 1), (3, 3, 1), (4, 4, 2), (3, 4, 1), (2, 3, 1)]
    buffers = [buffer(i, size, first, last) for i, (first, last, size) in enumerate(lives)]
    result = plan(buffers, time_limit_s=20)
    check(buffers, [], result)


def test_no_buffers_need_no_arena():
    assert plan([]).size == 0


@pytest.mark.parametrize(
    ("buffers", "overlaps"),
    [
        ([buffer(0, 4, 0, 1), buffer(0, 4, 0, 1)], []),
        ([buffer(0, 0, 0, 1)], []),
        ([buffer(0, 4, 2, 1)], []),
        ([buffer(0, 4, 0, 1, align=3)], []),
        ([buffer(0, 4, 0, 3), buffer(1, 4, 1, 2)], [Overlap(("tensor", 0), ("tensor", 1), ())]),
    ],
    ids=["same id", "no size", "ends before it begins", "odd alignment", "input lives on"],
)
def test_contradictions_are_refused(buffers, overlaps):
    with pytest.raises(PlanError, match="memory plan"):
        plan(buffers, overlaps)


@pytest.mark.parametrize("seed", range(3))
def test_many_buffers_without_a_gap_are_packed_tighter_than_greedily(seed):
    """As hard as the published benchmarks of planners: 120 buffers that fill the arena at every step."""
    buffers = cut_rectangle(random.Random(seed), 100_000, 60, 120)
    result = plan(buffers)
    check(buffers, [], result)
    greedy = min(greedy_by_size(buffers, False), greedy_by_size(buffers, True))
    assert result.lower_bound == 100_000
    assert result.size - 100_000 < (greedy - 100_000) / 2
