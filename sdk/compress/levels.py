"""The levels that compressed weights may take; a weight is a level times its channel's scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sdk.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NAMES = ("2", "3", "4", "5", "6", "8", "ternary", "shift", "shift3", "exp")
"""Kinds of levels."""
_LARGEST = 127
_EXP_BITS = range(3, 6)
_EXP_ERROR = 0.05
"""Relative error that ends the search for bits; DNA-TEQ's thresholds of a few percent keep the accuracy within 1 %."""
_BASES = np.linspace(1.15, 3.0, 38)


@dataclass(frozen=True)
class Levels:
    """Levels in ascending order.

    Attributes:
        name: one of NAMES.
        values: integers, -128 .. 127.
    """

    name: str
    values: tuple[int, ...]

    @property
    def largest(self) -> int:
        """Largest level that has a counterpart of the other sign."""
        return min(-self.values[0], self.values[-1])

    def nearest(self, values: Floats) -> Ints:
        """The nearest level to each value."""
        if self._are_all:
            return np.clip(np.rint(values), self.values[0], self.values[-1]).astype(np.int64)
        levels, borders = self._borders
        found: Ints = levels[np.searchsorted(borders, values)]
        return found

    @cached_property
    def _are_all(self) -> bool:
        """Whether every integer between the first and the last is a level."""
        return len(self.values) == self.values[-1] - self.values[0] + 1

    @cached_property
    def _borders(self) -> tuple[Ints, Floats]:
        levels = np.array(self.values, np.int64)
        return levels, (levels[1:] + levels[:-1]) / 2


def levels_for(name: str, weights: Floats) -> Levels:
    """The levels of a kind for a layer.

    n bits: all of -2**(n - 1) .. 2**(n - 1) - 1 (8: -127 .. 127). ternary: -1, 0, 1.
    shift: 0 and +-2**k, k = 0 .. 6, in four bits, and shift3: +-1, 2, 4, 8 without zero in three (DenseShift: Li et
    al., "DenseShift: Towards Accurate and Efficient Low-Bit Power-of-Two Quantization", ICCV 2023, whose zero-free form
    spends no code on zero).
    exp: see ``exponential``.

    Args:
        name: one of NAMES.
        weights: [channels, taps].

    Raises:
        InputError: the name is unknown.
    """
    if name == "ternary":
        return Levels(name, (-1, 0, 1))
    if name == "shift":
        powers = [1 << k for k in range(7)]
        return Levels(name, tuple(sorted([0, *powers, *(-p for p in powers)])))
    if name == "shift3":
        return Levels(name, (-8, -4, -2, -1, 1, 2, 4, 8))
    if name == "exp":
        return exponential(weights)
    if name == "8":
        return Levels(name, tuple(range(-_LARGEST, _LARGEST + 1)))
    if name in NAMES:
        half = 1 << (int(name) - 1)
        return Levels(name, tuple(range(-half, half)))
    raise InputError(name, "is no kind of weights", f"use one of {', '.join(NAMES)} or mixed")


def exponential(weights: Floats) -> Levels:
    """Search base and bits of exponential levels for a layer.

    Source: Khabbazan et al., "DNA-TEQ: An Adaptive Exponential Quantization of Tensors for DNN Inference", 2023:
    w ~ sign(w) (alpha b**k + beta) with k of n - 1 bits; the base b with the least relative error
    sum |w - q(w)| / sum |w| is searched for n = 3, 4, ... until the error is below a threshold. Here alpha is the
    channel's scale, beta is 0, and alpha b**k is rounded to an int8 level, so that integer kernels run it unchanged.

    Args:
        weights: [channels, taps].
    """
    scale = np.abs(weights).max(axis=1, keepdims=True) / _LARGEST
    normal = weights / np.where(scale > 0, scale, 1)
    best = Levels("exp", (-_LARGEST, 0, _LARGEST))
    for bits in _EXP_BITS:
        least = np.inf
        for base in _BASES:
            powers = np.unique(np.rint(_LARGEST * base ** -np.arange((1 << (bits - 1)) - 1, dtype=np.float64)))
            powers = powers[powers > 0].astype(np.int64)
            found = Levels("exp", tuple(int(v) for v in (*-powers[::-1], 0, *powers)))
            error = float(np.abs(normal - found.nearest(normal)).sum() / max(np.abs(normal).sum(), 1e-30))
            if error < least:
                least, best = error, found
        if least <= _EXP_ERROR:
            break
    return best
