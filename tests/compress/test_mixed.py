"""The knapsack is exact, and bounds that can't be met say so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sdk.compress.mixed import Option, Point, front, solve
from sdk.compress.predict import Cost
from sdk.compress.search import Candidate, Limits, choose, smallest_within, spread
from sdk.errors import InputError

SEEDS = (1, 2, 3, 4)


def choices(seed: int) -> dict[str, list[Option]]:
    rng = np.random.default_rng(seed)
    return {
        f"layer{i}": [
            Option(str(k), int(rng.integers(10, 400)), int(rng.integers(100, 5000)), float(rng.random()))
            for k in range(4)
        ]
        for i in range(5)
    }


def brute(options: dict[str, list[Option]]) -> list[tuple[int, int, float]]:
    return [
        (sum(o.nbytes for o in of), sum(o.cycles for o in of), sum(o.loss for o in of))
        for of in itertools.product(*options.values())
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_solution_is_the_best_of_all(seed: int) -> None:
    options = choices(seed)
    everything = brute(options)
    for limit in (300, 600, 900, 5000):
        fitting = [loss for size, _, loss in everything if size <= limit]
        found = solve(options, limit)
        assert (found is None) == (not fitting)
        if found is not None:
            assert found.nbytes <= limit
            assert found.loss == pytest.approx(min(fitting))
            chosen = [next(o for o in options[name] if o.kind == kind) for name, kind in found.kinds.items()]
            assert sum(o.nbytes for o in chosen) == found.nbytes
            assert sum(o.loss for o in chosen) == pytest.approx(found.loss)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_bounds_are_kept_and_little_is_lost_to_units(seed: int) -> None:
    options = choices(seed)
    found = solve(options, 1200, 13_000)
    # Five layers lose at most a unit each of 1 / 400 of the bound.
    fitting = [loss for size, cycles, loss in brute(options) if size <= 1200 and cycles <= 13_000 - 5 * 13_000 / 400]
    assert found is not None and fitting
    assert found.nbytes <= 1200 and found.cycles <= 13_000
    assert found.loss <= min(fitting) + 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_assignment_beats_a_point_of_the_front(seed: int) -> None:
    options = choices(seed)
    points = front(options)
    everything = brute(options)
    assert [p.nbytes for p in points] == sorted(p.nbytes for p in points)
    assert points[0].nbytes == min(size for size, _, _ in everything)
    for point in points:
        assert not any(size <= point.nbytes and loss < point.loss - 1e-9 for size, _, loss in everything)


CANDIDATES = [
    Candidate(Point({"fc0": "ternary"}, 100, 0, 3.0), Cost(1000, 900, 5000.0)),
    Candidate(Point({"fc0": "4"}, 200, 0, 2.0), Cost(1100, 800, 9000.0)),
    Candidate(Point({"fc0": "keep"}, 400, 0, 0.0), Cost(1300, 700, 3000.0)),
]


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (Limits(), "keep"),
        (Limits(flash=1200), "4"),
        (Limits(weights=399), "4"),
        (Limits(flash=1200, latency_us=5000.0), "ternary"),
        (Limits(ram=900), "keep"),
    ],
)
def test_the_candidate_of_least_loss_within_the_bounds_is_chosen(limits: Limits, kind: str) -> None:
    assert choose(CANDIDATES, limits).point.kinds == {"fc0": kind}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(weights=10), r"--max-weights 10 bytes: can't be met; the nearest point takes 100 bytes"),
        (Limits(flash=999), r"--max-flash 999 bytes: can't be met; the nearest point takes 1,000 bytes"),
        (Limits(flash=2000, ram=600), r"--max-ram 600 bytes: can't be met; .* takes 700 bytes \(--max-ram\)"),
        (Limits(latency_us=2000.0), r"--max-latency 2\.00 ms: can't be met; .* takes 3\.00 ms .* 400 bytes of weights"),
        (
            Limits(flash=1200, ram=700),
            r"--max-flash 1,200 bytes and --max-ram 700 bytes: can't be met together; .* 1,300 bytes .*, 700 bytes",
        ),
    ],
)
def test_a_bound_that_cant_be_met_is_named_with_the_nearest_point(limits: Limits, message: str) -> None:
    with pytest.raises(InputError, match=message):
        choose(CANDIDATES, limits)


def test_a_bound_on_what_nothing_counts_is_refused() -> None:
    uncounted = [Candidate(CANDIDATES[0].point, Cost(1, 1, None))]
    with pytest.raises(InputError, match="--max-latency: can't be kept to: nothing counts it"):
        choose(uncounted, Limits(latency_us=1.0))


@pytest.mark.parametrize("seed", SEEDS)
def test_shown_points_span_the_front(seed: int) -> None:
    points = front(choices(seed))
    shown = spread(points, 16)
    assert (shown[0], shown[-1]) == (points[0], points[-1])
    assert len(shown) >= min(10, len(points))
    assert [p.nbytes for p in shown] == sorted({p.nbytes for p in shown})


def test_the_smallest_within_a_drop() -> None:
    options = choices(2)
    points = front(options)
    point, drop = smallest_within(options, lambda p: p.loss, 1.0)
    assert drop == point.loss <= 1.0
    assert [p for p in points if p.nbytes < point.nbytes and p.loss <= 1.0] == []
    with pytest.raises(InputError, match=r"--max-drop 0\.1: can't be met; the nearest point drops 5\.00 points"):
        smallest_within(options, lambda p: 5.0, 0.1)
