"""Which layer gets which levels: the multiple-choice knapsack, solved exactly by dynamic programming.

Each layer takes one of its options; the sum of losses is to be least while the sums of bytes and of cycles stay within
bounds. Bytes are counted in units of one byte (of more for very large models), cycles in 1/400 of their bound, both
rounded up, so that a solution never breaks a bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_MOST_UNITS = 1 << 16
_CYCLE_UNITS = 400
_LATENCY_BYTE_UNITS = 1 << 11


@dataclass(frozen=True)
class Option:
    """One way to store a layer.

    Attributes:
        kind: of levels.
        nbytes: of its weights.
        cycles: estimated, of the layer.
        loss: what it adds to the loss; any unit.
        ram: bytes that its kernel holds at least: scratch, and the larger of its input and output.
    """

    kind: str
    nbytes: int
    cycles: int
    loss: float
    ram: int = 0


@dataclass(frozen=True)
class Point:
    """An assignment of kinds to layers, and its sums."""

    kinds: Mapping[str, str]
    nbytes: int
    cycles: int
    loss: float


def solve(options: Mapping[str, Sequence[Option]], max_bytes: int, max_cycles: int | None = None) -> Point | None:
    """The assignment of least loss within the bounds, or None if there is none.

    Args:
        options: of each layer.
        max_bytes: of all weights.
        max_cycles: of all these layers; None: no bound.
    """
    table, unit = _table(options, max_bytes, max_cycles)
    best = np.unravel_index(np.argmin(table[-1]), table[-1].shape)
    if not np.isfinite(table[-1][best]):
        return None
    return _trace(options, table, unit, (int(best[0]), int(best[1])))


def front(options: Mapping[str, Sequence[Option]]) -> list[Point]:
    """All assignments that no other one beats in both bytes and loss, smallest first."""
    most = sum(max(o.nbytes for o in of) for of in options.values())
    table, unit = _table(options, most, None)
    losses = table[-1][:, 0]
    finite = np.flatnonzero(np.isfinite(losses))
    points = []
    least = np.inf
    for at in finite:
        if losses[at] < least:
            least = losses[at]
            points.append(_trace(options, table, unit, (int(at), 0)))
    return points


_Units = tuple[float, float]
_Table = list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]


def _cost(option: Option, unit: _Units) -> tuple[int, int]:
    cycles = int(np.ceil(option.cycles / unit[1])) if unit[1] else 0
    return int(np.ceil(option.nbytes / unit[0])), cycles


def _table(options: Mapping[str, Sequence[Option]], max_bytes: int, max_cycles: int | None) -> tuple[_Table, _Units]:
    """table[i][b, c]: the least loss of the first i layers with exactly b and c units."""
    most = _MOST_UNITS if max_cycles is None else _LATENCY_BYTE_UNITS
    unit = (max(1.0, max_bytes / most), 0.0 if max_cycles is None else max(1.0, max_cycles / _CYCLE_UNITS))
    shape = (int(max_bytes / unit[0]) + 1, 1 if max_cycles is None else int(max_cycles / unit[1]) + 1)
    first = np.full(shape, np.inf)
    first[0, 0] = 0.0
    table = [first]
    for of in options.values():
        new = np.full(shape, np.inf)
        for option in of:
            b, c = _cost(option, unit)
            if b < shape[0] and c < shape[1]:
                moved = table[-1][: shape[0] - b, : shape[1] - c] + option.loss
                new[b:, c:] = np.minimum(new[b:, c:], moved)
        table.append(new)
    return table, unit


def _trace(options: Mapping[str, Sequence[Option]], table: _Table, unit: _Units, at: tuple[int, int]) -> Point:
    kinds: dict[str, str] = {}
    chosen = []
    for i, (name, of) in reversed(list(enumerate(options.items()))):
        for option in of:
            b, c = at[0] - _cost(option, unit)[0], at[1] - _cost(option, unit)[1]
            if b >= 0 and c >= 0 and table[i][b, c] + option.loss == table[i + 1][at]:
                kinds[name], at = option.kind, (b, c)
                chosen.append(option)
                break
    ordered = {name: kinds[name] for name in options}
    return Point(
        ordered, sum(o.nbytes for o in chosen), sum(o.cycles for o in chosen), sum(o.loss for o in chosen)
    )
