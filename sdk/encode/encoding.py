"""Encodings of int8 weights: a code of few bits for each weight, or for each that is not zero.

The layout is what ``firmware/include/sdk/packed.h`` reads four weights at a time. Codes are the levels themselves in
two's complement, or indices into a table of levels: then powers of two, exponential and other palettes, and binary or
ternary weights of any size differ in nothing but the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Levels = npt.NDArray[np.int8]
Codes = npt.NDArray[np.uint8]

MAX_BITS = 6
_PLANES = (4, 2, 1)
"""Widths of which the bits of a code are made up, low bits first."""
_BLOCK = 32
"""Codes of a block: a plane of w bits has w words."""
_DIGITS = 5
"""Ternary digits of a byte: 3**5 = 243."""
_TERNARY_BLOCK = 4 * _DIGITS
_TERNARY = (-1, 0, 1)
_SPARSE_GAIN = 1.25


@dataclass(frozen=True)
class Encoding:
    """How the weights of a tensor are stored.

    Attributes:
        bits: of a code, 1 .. 6; 0: five ternary digits in a byte.
        levels: what the codes 0, 1, ... stand for, ascending, each -128 .. 127; None: the codes are the levels in two's
            complement, or digit - 1.
        sparse: only weights that are not 0 have codes, and a bit for each weight tells which.
    """

    bits: int
    levels: tuple[int, ...] | None = None
    sparse: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.bits <= MAX_BITS:
            raise ValueError(f"{self.bits} bits are not 0 .. {MAX_BITS}")
        if self.levels is not None and not 1 <= len(self.levels) <= self.codes:
            raise ValueError(f"{len(self.levels)} levels do not fit {self.codes} codes")

    @property
    def codes(self) -> int:
        """Number of different codes."""
        return 1 << self.bits if self.bits else len(_TERNARY)

    @property
    def block(self) -> int:
        """Codes that are packed together."""
        return _BLOCK if self.bits else _TERNARY_BLOCK

    @property
    def block_words(self) -> int:
        """32-bit words of a block."""
        return self.bits or 1

    @property
    def table(self) -> tuple[int, ...]:
        """The level of each code in use."""
        if self.levels is not None:
            return self.levels
        if not self.bits:
            return _TERNARY
        half = self.codes // 2
        return (*range(half), *range(-half, 0))

    @property
    def name(self) -> str:
        """What people call it."""
        if self.levels is None:
            text = f"{self.bits}-bit" if self.bits else "ternary"
        elif set(self.levels) <= {0, *_POWERS, *(-p for p in _POWERS)} and len(self.levels) > 3:
            text = f"{self.bits}-bit shift"
        elif self.bits < 2:
            text = "binary" if self.bits else "ternary palette"
        else:
            text = f"{self.bits}-bit palette"
        return f"sparse {text}" if self.sparse else text

    def holds(self, values: Levels) -> bool:
        """Whether each of the values has a code."""
        present = np.unique(values)
        if self.sparse:
            present = present[present != 0]
        return bool(np.isin(present, self.table).all())

    def nbytes(self, values: Levels) -> int:
        """Bytes in flash, table and mask included."""
        coded = int(np.count_nonzero(values)) if self.sparse else values.size
        mask = -(-values.size // 8) if self.sparse else 0
        return 4 * self.block_words * -(-coded // self.block) + mask + len(self.levels or ())

    def pack(self, values: Levels) -> Packed:
        """Pack weights, in memory order.

        Raises:
            ValueError: a weight has no code.
        """
        flat = np.ascontiguousarray(values, np.int8).reshape(-1)
        if not self.holds(flat):
            raise ValueError(f"weights do not fit {self.name}")
        mask = np.packbits(flat != 0, bitorder="little") if self.sparse else None
        coded = flat[flat != 0] if self.sparse else flat
        lookup = np.zeros(256, np.uint8)
        lookup[np.array(self.table, np.int8).view(np.uint8)] = np.arange(len(self.table), dtype=np.uint8)
        codes = lookup[coded.view(np.uint8)]
        codes = np.pad(codes, (0, -codes.size % self.block)).reshape(-1, self.block)
        words = _pack_planes(codes, self.bits) if self.bits else _pack_digits(codes)
        return Packed(self, flat.size, words.reshape(-1), mask)


@dataclass(frozen=True, eq=False)
class Packed:
    """Packed weights.

    Attributes:
        size: number of weights.
        words: the codes, little-endian.
        mask: bit i % 8 of byte i // 8 tells whether weight i has a code; None: all have.
    """

    encoding: Encoding
    size: int
    words: npt.NDArray[np.uint32]
    mask: npt.NDArray[np.uint8] | None

    def unpack(self) -> Levels:
        """The weights."""
        words = self.words.reshape(-1, self.encoding.block_words)
        codes = _unpack_planes(words, self.encoding.bits) if self.encoding.bits else _unpack_digits(words)
        table = np.zeros(self.encoding.codes, np.int8)
        table[: len(self.encoding.table)] = self.encoding.table
        levels: Levels = table[codes.reshape(-1)]
        if self.mask is None:
            return levels[: self.size]
        present = np.unpackbits(self.mask, count=self.size, bitorder="little").astype(np.bool_)
        values = np.zeros(self.size, np.int8)
        values[present] = levels[: np.count_nonzero(present)]
        return values


_POWERS = tuple(1 << i for i in range(7))


def encodings(values: Levels) -> Iterator[Encoding]:
    """The encodings that hold the weights exactly, dense ones first, the narrowest of each kind."""
    present = np.unique(values).astype(np.int64)
    low, high = int(present.min(initial=0)), int(present.max(initial=0))
    for sparse in (False, True):
        levels = present[present != 0] if sparse else present
        if sparse and (levels.size == present.size or levels.size == 0):
            return
        if set(levels.tolist()) <= set(_TERNARY) and not sparse:
            yield Encoding(0)
        bits = max((-low - 1).bit_length(), high.bit_length()) + 1
        if bits <= MAX_BITS:
            yield Encoding(bits, None, sparse)
        if levels.size == len(_TERNARY):
            yield Encoding(0, tuple(levels.tolist()), sparse)
        bits = max(1, int(levels.size - 1).bit_length())
        if bits <= MAX_BITS:
            yield Encoding(bits, tuple(levels.tolist()), sparse)


def smallest(values: Levels) -> Encoding | None:
    """The encoding to store weights in; None: none saves any bytes.

    It is the one of the fewest bytes, the earlier of equals; a sparse one must save a fifth, as it unpacks slowly.
    """
    best = min(encodings(values), key=lambda e: e.nbytes(values) * (_SPARSE_GAIN if e.sparse else 1), default=None)
    return best if best is not None and best.nbytes(values) < values.size else None


def _pack_planes(codes: Codes, bits: int) -> npt.NDArray[np.uint32]:
    """[blocks, 32] codes to [blocks, bits] words; in a plane of w bits byte b has codes b, b + 4, ..., low first."""
    planes: list[npt.NDArray[Any]] = []
    for shift, width in _planes(bits):
        part = (codes >> shift & ((1 << width) - 1)).reshape(-1, width, 8 // width, 4)
        lanes = np.arange(8 // width, dtype=np.uint8)[:, None] * width
        planes.append(np.bitwise_or.reduce(part << lanes, axis=2).astype(np.uint8).reshape(-1, 4 * width))
    return np.ascontiguousarray(np.concatenate(planes, axis=1)).view("<u4").astype(np.uint32)


def _unpack_planes(words: npt.NDArray[np.uint32], bits: int) -> Codes:
    data = np.ascontiguousarray(words.astype("<u4")).view(np.uint8)
    codes = np.zeros((words.shape[0], _BLOCK), np.uint8)
    at = 0
    for shift, width in _planes(bits):
        part = data[:, at : at + 4 * width].reshape(-1, width, 1, 4)
        lanes = np.arange(8 // width, dtype=np.uint8)[:, None] * width
        codes |= ((part >> lanes & ((1 << width) - 1)) << shift).astype(np.uint8).reshape(-1, _BLOCK)
        at += 4 * width
    return codes


def _planes(bits: int) -> Iterator[tuple[int, int]]:
    shift = 0
    for width in _PLANES:
        if bits & width:
            yield shift, width
            shift += width


def _pack_digits(codes: Codes) -> npt.NDArray[np.uint32]:
    """[blocks, 20] digits to words; byte b is v * 256 / 243 rounded up, v of digits b, b + 4, ..., the highest first.

    Then (byte * 3) >> 8 is the first digit, and the low byte of the product has the others in the same form.
    """
    digits = codes.reshape(-1, _DIGITS, 4).astype(np.int64)
    value = np.zeros((digits.shape[0], 4), np.int64)
    for i in range(_DIGITS):
        value = 3 * value + digits[:, i]
    data = (-(-value * 256 // 3**_DIGITS)).astype(np.uint8)
    return np.ascontiguousarray(data).view("<u4").astype(np.uint32)


def _unpack_digits(words: npt.NDArray[np.uint32]) -> Codes:
    rest = np.ascontiguousarray(words.astype("<u4")).view(np.uint8).astype(np.int64)
    digits = []
    for _ in range(_DIGITS):
        digits.append(rest * 3 >> 8)
        rest = rest * 3 & 0xFF
    codes: Codes = np.stack(digits, axis=1).astype(np.uint8).reshape(-1, _TERNARY_BLOCK)
    return codes
