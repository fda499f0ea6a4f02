"""Weights as Thumb code, made on the host for the functions of ``firmware/include/sdk/pairs_m0.h`` that call it.

Two dot products of words X = low + high * 2**16 at once. A product is ``movs r1, #|w|; muls r1, X; adds A, A, r1``: no
shorter sequence serves two inputs, because MULS overwrites a factor. A power of two is a shift and an addition, one an
addition, zero nothing; what is in r1 is used again where the other dot product needs the same multiple, or one that is
an addition or a shift away.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sdk.kernels.requantize import Ints

GROUP = 255
"""Absolute weights of one group: 128 times this stays below 2**15."""

_WORDS, _PRODUCT, _FIRST_INPUT = 0, 1, 2
_RUN_STEP = 11
_RETURN = 0x4770
_MOST_SKIPPED = 255 // 4


def _is_shift(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def _movs(register: int, value: int) -> int:
    return 0x2000 | register << 8 | value


def _muls(register: int, other: int) -> int:
    return 0x4340 | other << 3 | register


def _lsls(register: int, source: int, bits: int) -> int:
    return bits << 6 | source << 3 | register


def _asrs_16(register: int, source: int) -> int:
    return 0x1400 | source << 3 | register


def _adcs(register: int, source: int) -> int:
    return 0x4140 | source << 3 | register


def _negate(register: int, source: int) -> int:
    return 0x4240 | source << 3 | register


def _add(register: int, source: int, *, subtract: bool = False) -> int:
    return (0x1A00 if subtract else 0x1800) | source << 6 | register << 3 | register


def _add_high(register: int, source: int) -> int:
    """Either may be a high register."""
    return 0x4400 | (register & 8) << 4 | source << 3 | register & 7


def _move(register: int, source: int) -> int:
    return 0x4600 | (register & 8) << 4 | source << 3 | register & 7


def _load(first: int, count: int) -> int:
    return 0xC800 | _WORDS << 8 | ((1 << count) - 1) << first


@dataclass(frozen=True)
class _Sum:
    """One dot product: registers of the accumulator, of the sum of high halves, and of all accumulators.

    Attributes:
        size: absolute weights in the accumulator.
        open: whether it holds products.
        emptied: whether the sums are begun.
    """

    accumulator: int
    high: int
    total: int
    size: int = 0
    open: bool = False
    emptied: bool = False


_Product = tuple[int, int]
"""The register of an input and the multiple of it that r1 holds."""


def _empty(code: list[int], s: _Sum) -> _Sum:
    """T += A; S += A >> 16 with the carry, the sign of the low half."""
    code += [(_add_high if s.emptied else _move)(s.total, s.accumulator), _asrs_16(s.accumulator, s.accumulator)]
    code += [] if s.emptied else [_movs(s.high, 0)]
    code.append(_adcs(s.high, s.accumulator))
    return replace(s, size=0, open=False, emptied=True)


def _end(s: _Sum) -> list[int]:
    """The sum of high halves, and all of the accumulators where the last one is."""
    if not s.open:
        return [_move(s.accumulator, s.total)] if s.emptied else [_movs(s.accumulator, 0), _movs(s.high, 0)]
    code = [_asrs_16(_PRODUCT, s.accumulator)]
    code += [] if s.emptied else [_movs(s.high, 0)]
    code.append(_adcs(s.high, _PRODUCT))
    return [*code, _add_high(s.accumulator, s.total)] if s.emptied else code


def _multiply(code: list[int], x: int, size: int, held: _Product | None) -> None:
    """Put a multiple above 1 of an input into r1."""
    before = held[1] if held is not None and held[0] == x else 0
    if before == size:
        return
    if _is_shift(size):
        code.append(_lsls(_PRODUCT, x, size.bit_length() - 1))
    elif before and abs(size - before) == 1:
        code.append(_add(_PRODUCT, x, subtract=size < before))
    elif before and size % before == 0 and _is_shift(size // before):
        code.append(_lsls(_PRODUCT, _PRODUCT, (size // before).bit_length() - 1))
    else:
        code += [_movs(_PRODUCT, size), _muls(_PRODUCT, x)]


def _accumulate(
    code: list[int], s: _Sum, x: int, weight: int, held: _Product | None
) -> tuple[_Sum, _Product | None]:
    size, negative = abs(weight), weight < 0
    if size == 0:
        return s, held
    if s.open and s.size + size > GROUP:
        s = _empty(code, s)
    a = s.accumulator
    if s.open:
        if size > 1:
            _multiply(code, x, size, held)
            held = (x, size)
        code.append(_add(a, x if size == 1 else _PRODUCT, subtract=negative))
    elif held == (x, size) or size == 1:
        source = x if size == 1 else _PRODUCT
        code.append(_negate(a, source) if negative else _lsls(a, source, 0))
    else:
        code += [_lsls(a, x, size.bit_length() - 1)] if _is_shift(size) else [_movs(a, size), _muls(a, x)]
        code += [_negate(a, a)] if negative else []
    return replace(s, size=s.size + size, open=True), held


def _taps(code: list[int], sums: tuple[_Sum, ...], weights: Ints) -> tuple[_Sum, ...]:
    """Taps whose inputs are loaded, weights [sums, taps], in the shortest order."""
    best: tuple[list[int], tuple[_Sum, ...]] | None = None
    count = weights.shape[1]
    orders = list(itertools.permutations(range(len(sums))))
    for taps in itertools.permutations(range(count)):
        for order in itertools.product(orders, repeat=count):
            tried: list[int] = []
            after, held = list(sums), None
            for tap, which in zip(taps, order, strict=True):
                for i in which:
                    after[i], held = _accumulate(tried, after[i], _FIRST_INPUT + tap, int(weights[i, tap]), held)
            if best is None or len(tried) < len(best[0]):
                best = tried, tuple(after)
    if best is None:
        return sums
    code += best[0]
    return best[1]


def _cycles(code: Sequence[int]) -> int:
    """Of the Cortex-M0+: a load of n words takes n + 1, a jump 2, all others 1."""
    return sum(
        1 + (h & 0xFF).bit_count() if h >> 11 == 0b11001 else 2 if h == _RETURN else 1 for h in code
    )


@dataclass(frozen=True)
class Code:
    """Code of the dot products of a window.

    Attributes:
        halfwords: with the return.
        cycles: of one call.
    """

    halfwords: tuple[int, ...]
    cycles: int


def _skip(words: int) -> list[int]:
    """``adds r0, #n``, or nothing."""
    return [0x3000 | 4 * words] if words else []


def five(weights: Ints, runs: int) -> Code:
    """Five dot products as code for ``sdk_pairs_call_narrow__m0``, in accumulators that hold zero at first.

    Args:
        weights: [5, taps], of which the absolute values add up to ``GROUP`` at most.
        runs: pieces of a window with consecutive words.
    """
    code: list[int] = []
    for run, piece in enumerate(np.split(weights, runs, axis=1)):
        code += [_add_high(_WORDS, _RUN_STEP)] if run else []
        skipped = 0
        for tap in piece.T.tolist():
            if not any(tap) and skipped < _MOST_SKIPPED:
                skipped += 1
                continue
            code += [*_skip(skipped), _load(_FIRST_INPUT, 1)]
            skipped = 0
            held: _Product | None = None
            for register, weight in sorted(enumerate(tap, 3), key=lambda item: abs(item[1])):
                size = abs(weight)
                if size > 1:
                    _multiply(code, _FIRST_INPUT, size, held)
                    held = (_FIRST_INPUT, size)
                if size:
                    code.append(_add(register, _FIRST_INPUT if size == 1 else _PRODUCT, subtract=weight < 0))
        code += _skip(skipped)
    code.append(_RETURN)
    return Code(tuple(code), _cycles(code))


def pair(weights: Ints, runs: int) -> Code:
    """Two dot products as code.

    Args:
        weights: [2, taps], -127 .. 127.
        runs: pieces of a window with consecutive words.
    """
    code: list[int] = []
    sums: tuple[_Sum, ...] = (_Sum(4, 5, 8), _Sum(6, 7, 9))
    pieces = weights.reshape(2, runs, -1)
    for run in range(runs):
        code += [_add_high(_WORDS, _RUN_STEP)] if run else []
        skipped = 0
        for first in range(0, pieces.shape[2], 2):
            part = pieces[:, run, first : first + 2]
            if not part.any() and skipped + part.shape[1] <= _MOST_SKIPPED:
                skipped += part.shape[1]
                continue
            code += [*_skip(skipped), _load(_FIRST_INPUT, part.shape[1])]
            skipped = 0
            sums = _taps(code, sums, part)
        code += _skip(skipped)
    for s in sums:
        code += _end(s)
    code.append(_RETURN)
    return Code(tuple(code), _cycles(code))
