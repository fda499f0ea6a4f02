"""The assignment of kinds to layers that keeps to what the user allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sdk.compress.compress import Compressor
from sdk.compress.mixed import Option, Point, front, solve
from sdk.compress.predict import Cost, Predictor
from sdk.errors import InputError

Options = Mapping[str, Sequence[Option]]

_SHOWN, _LEAST = 16, 10
"""Points of the front that are planned for the board and shown, at most and at least."""


@dataclass(frozen=True)
class Limits:
    """What is allowed; None: anything.

    Attributes:
        weights: bytes of the layers' weights.
        flash: bytes of the whole firmware.
        ram: the same.
        latency_us: microseconds of an inference.
        drop: loss of accuracy in percent points.
    """

    weights: int | None = None
    flash: int | None = None
    ram: int | None = None
    latency_us: float | None = None
    drop: float | None = None

    def of_cost(self) -> dict[str, float]:
        """Options of the command line and their values, for all but the drop."""
        given = {
            "--max-weights": self.weights, "--max-flash": self.flash, "--max-ram": self.ram,
            "--max-latency": self.latency_us,
        }  # fmt: skip
        return {flag: value for flag, value in given.items() if value is not None}


@dataclass(frozen=True)
class Candidate:
    """An assignment and what it is predicted to cost; None without a board."""

    point: Point
    cost: Cost | None

    def values(self) -> dict[str, float]:
        """What the options of the command line bound."""
        found: dict[str, float] = {"--max-weights": self.point.nbytes}
        if self.cost is not None:
            found.update({"--max-flash": self.cost.flash, "--max-ram": self.cost.ram})
            if self.cost.latency_us is not None:
                found["--max-latency"] = self.cost.latency_us
        return found

    def keeps(self, limits: Limits) -> bool:
        """Whether it is within all bounds but that on the drop."""
        values = self.values()
        return all(flag in values and values[flag] <= limit for flag, limit in limits.of_cost().items())


def text(flag: str, value: float) -> str:
    """A value of an option in words."""
    return f"{value / 1e3:.2f} ms" if flag == "--max-latency" else f"{value:,.0f} bytes"


def candidates(
    compressor: Compressor,
    options: Options,
    limits: Limits,
    predictor: Predictor | None,
    done: Callable[[int, int], None] = lambda done, total: None,
) -> list[Candidate]:
    """Points over the whole front, and those of least loss within the bounds; smallest first.

    Args:
        compressor: of the model.
        options: of each layer, bytes being those of its weights.
        limits: what is allowed.
        predictor: of the board; None: none.
        done: is told how many points are planned.
    """
    points = spread(front(options), _SHOWN)
    if limits.weights is not None:
        points += _solved(options, options, limits.weights, None)
    if predictor is not None and {"--max-flash", "--max-ram", "--max-latency"} & set(limits.of_cost()):
        points += _on_board(compressor, options, limits, predictor)
    unique = list({tuple(point.kinds.items()): point for point in points}.values())
    found = []
    for index, point in enumerate(sorted(unique, key=lambda p: (p.nbytes, -p.loss))):
        cost = None
        if predictor is not None:
            cost = predictor.predict(compressor.compress(point.kinds, "clip").module)
        found.append(Candidate(point, cost))
        done(index + 1, len(unique))
    return found


def _on_board(compressor: Compressor, options: Options, limits: Limits, predictor: Predictor) -> list[Point]:
    costly = predictor.options(compressor, options)
    if limits.ram is not None:
        room = limits.ram - predictor.other_ram
        costly = {name: [o for o in of if o.ram <= room] or list(of) for name, of in costly.items()}
    most = sum(max(o.nbytes for o in of) for of in costly.values())
    if limits.flash is not None:
        most = min(most, limits.flash - predictor.code)
    cycles = None
    if limits.latency_us is not None and predictor.us_per_cycle:
        cycles = int(limits.latency_us / predictor.us_per_cycle)
    return _solved(options, costly, most, cycles)


def _solved(options: Options, costly: Options, most: int, cycles: int | None) -> list[Point]:
    """The solution within bounds on the costly options, as a point of the others."""
    found = solve(costly, most, cycles) if most >= 0 else None
    if found is None:
        return []
    chosen = [next(o for o in options[name] if o.kind == kind) for name, kind in found.kinds.items()]
    return [Point(found.kinds, sum(o.nbytes for o in chosen), found.cycles, found.loss)]


def spread(points: Sequence[Point], count: int) -> list[Point]:
    """Some of the points, evenly over the logarithm of their sizes."""
    sizes = np.geomspace(max(points[0].nbytes, 1), max(points[-1].nbytes, 1), count)
    indices = {int(np.argmin([abs(p.nbytes - size) for p in points])) for size in sizes}
    if len(indices) < _LEAST:
        indices |= {int(i) for i in np.linspace(0, len(points) - 1, _LEAST)}
    return [points[i] for i in sorted(indices)]


def choose(found: Sequence[Candidate], limits: Limits) -> Candidate:
    """The candidate of least loss within the bounds; of equals the smallest.

    Raises:
        InputError: there is none; it names the bound, or several together, and the nearest candidate.
    """
    kept = [candidate for candidate in found if candidate.keeps(limits)]
    if kept:
        return min(kept, key=lambda candidate: (candidate.point.loss, candidate.point.nbytes))
    bounds = limits.of_cost()
    for flag, limit in bounds.items():
        known = [candidate for candidate in found if flag in candidate.values()]
        if not known:
            raise InputError(flag, "can't be kept to: nothing counts it", "give a board that does")
        nearest = min(known, key=lambda candidate: candidate.values()[flag])
        if nearest.values()[flag] > limit:
            raise InputError(f"{flag} {text(flag, limit)}", "can't be met", _told(nearest, [flag]))
    together = " and ".join(f"{flag} {text(flag, limit)}" for flag, limit in bounds.items())

    def excess(candidate: Candidate) -> float:
        return max(candidate.values()[flag] / max(limit, 1) for flag, limit in bounds.items())

    raise InputError(together, "can't be met together", _told(min(found, key=excess), bounds))


def _told(candidate: Candidate, flags: Sequence[str] | Mapping[str, float]) -> str:
    values = candidate.values()
    told = ", ".join(f"{text(flag, values[flag])} ({flag})" for flag in flags)
    return f"the nearest point takes {told}, with {candidate.point.nbytes:,} bytes of weights"


def smallest_within(options: Options, drop: Callable[[Point], float], bound: float) -> tuple[Point, float]:
    """The smallest assignment of the front whose measured drop is within a bound, by bisection.

    Args:
        options: of each layer.
        drop: measures the loss of accuracy of an assignment in percent points.
        bound: the most that is allowed.

    Returns:
        The assignment and its drop.

    Raises:
        InputError: even the largest drops more.
    """
    points = front(options)
    low, high = 0, len(points) - 1
    best = points[high], drop(points[high])
    if best[1] > bound:
        raise InputError(
            f"--max-drop {bound:g}", "can't be met", f"the nearest point drops {best[1]:.2f} points, with "
            f"{best[0].nbytes} bytes of weights",
        )  # fmt: skip
    while low < high:
        middle = (low + high) // 2
        dropped = drop(points[middle])
        if dropped <= bound:
            best, high = (points[middle], dropped), middle
        else:
            low = middle + 1
    return best
