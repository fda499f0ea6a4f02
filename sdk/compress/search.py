"""The assignment of kinds to layers that keeps to what the user allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sdk.compress.mixed import Option, Point, front, solve
from sdk.errors import InputError

Options = Mapping[str, Sequence[Option]]


@dataclass(frozen=True)
class Bound:
    """A bound in the units of the search, and how the user gave it.

    Attributes:
        flag: the option of the command line.
        given: its value.
        limit: bytes of weights, or cycles.
        to_given: from those units to a text in the user's.
    """

    flag: str
    given: str
    limit: int
    to_given: Callable[[int], str]


def within(options: Options, size: Bound | None, time: Bound | None) -> Point:
    """The assignment of least loss within bounds on bytes and cycles.

    Raises:
        InputError: there is none; it names the bound and the nearest one that can be met.
    """
    largest = sum(max(o.nbytes for o in of) for of in options.values())
    most = largest if size is None else min(size.limit, largest)
    smallest = sum(min(o.nbytes for o in of) for of in options.values())
    if size is not None and most < smallest:
        raise _unmet(size, smallest)
    found = solve(options, most, None if time is None else time.limit)
    if found is None and time is not None:
        fewest = sum(min(o.cycles for o in of) for of in options.values())
        if time.limit < fewest:
            raise _unmet(time, fewest)
        raise InputError(
            f"{time.flag} {time.given}", "can't be met together with the bound on size", "give more room to one of them"
        )
    if found is None:
        raise InputError("the bounds", "can't be met", "give more room")
    return found


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


def _unmet(bound: Bound, least: int) -> InputError:
    return InputError(
        f"{bound.flag} {bound.given}", "can't be met with these kinds of weights",
        f"the nearest bound that can is {bound.to_given(least)}",
    )  # fmt: skip
