"""Weights and constants for the dot products of ``firmware/include/sdk/dots_neon.h``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from sdk.kernels.base import Const, Ref, Value
from sdk.kernels.dots import Dots, padded
from sdk.kernels.requantize import Ints

PIXELS = 8
"""Of a tile of the drivers."""
_CHUNK = 16
_HALF = 8
_LANE = 4
_LEAST = -128


@dataclass(frozen=True)
class NeonDots(Dots):
    """The dot products of a layer, with how they are requantized."""

    def part(self, channels: Ints) -> NeonDots:
        """These channels, in this order."""
        return replace(
            self,
            weights=self.weights[channels],
            bias=self.bias[channels],
            multiplier=self.multiplier[channels],
            shift=self.shift[channels],
        )

    @property
    def form(self) -> str:
        """The cheapest form of the requantization that is exact for every 32-bit accumulator."""
        if (self.shift >= 0).any():
            return "SDK_NEON_GENERAL"
        if (self.output_zero_point, self.low, self.high) == (-128, -128, 127):
            return "SDK_NEON_RELU"
        return "SDK_NEON_PLAIN" if self.low >= self.output_zero_point else "SDK_NEON_FIX"

    @property
    def scale_instructions(self) -> int:
        """Of the requantization of four outputs, before they are narrowed."""
        return {"SDK_NEON_RELU": 2, "SDK_NEON_PLAIN": 2, "SDK_NEON_FIX": 3, "SDK_NEON_GENERAL": 6}[self.form]

    def constants(self, group: int) -> Const:
        """[groups, kinds, channels of a group], flattened."""
        kinds = np.stack([self.bias, self.multiplier, np.minimum(self.shift, 0), np.maximum(self.shift, 0)])
        table = padded(kinds, group, axis=1).reshape(len(kinds), -1, group).transpose(1, 0, 2)
        return Const("constants", "int32_t", table.reshape(-1).astype(np.int32), 16)

    @property
    def output_fields(self) -> tuple[Value, ...]:
        """The C structure sdk_neon_output."""
        return Ref("constants"), self.form, self.output_zero_point, self.low, self.high


class Smull:
    """Products in pairs in 16 bits."""

    group: ClassVar[int] = 4
    tile: ClassVar[int] = 4
    run_instructions: ClassVar[int] = 30

    @staticmethod
    def end(taps: int) -> int:
        """Inputs of a gathered pixel: as many as the taps, or more where its head could not be loaded."""
        rest = taps % _CHUNK
        return taps if rest == 0 or taps >= _CHUNK or taps == _HALF else _HALF if taps < _HALF else _CHUNK

    @classmethod
    def head(cls, end: int) -> tuple[int, int]:
        """(inputs of the head, chunks besides it)."""
        rest = end % _CHUNK
        head = _HALF if 0 < rest <= _HALF else _CHUNK
        return head, end // _CHUNK - (rest == 0)

    @classmethod
    def stream(cls, weights: Ints) -> Const:
        """[groups][head, then chunks][channels of a group][inputs]."""
        end = cls.end(weights.shape[1])
        head, chunks = cls.head(end)
        table = padded(np.pad(weights, ((0, 0), (0, end - weights.shape[1]))), cls.group, axis=0)
        groups = table.reshape(-1, cls.group, end)
        last = groups[:, :, end - head :].copy()
        last[:, :, : head - (end - _CHUNK * chunks)] = 0
        body = groups[:, :, : _CHUNK * chunks].reshape(len(groups), cls.group, chunks, _CHUNK).transpose(0, 2, 1, 3)
        parts = [part.reshape(len(groups), -1) for part in (last, body)]
        return Const("weights", "int8_t", np.concatenate(parts, axis=1).reshape(-1).astype(np.int8), 16)

    @classmethod
    def is_exact(cls, weights: Ints) -> bool:
        """Whether no sum of two products leaves 16 bits."""
        stream = cls.stream(weights).values
        least = stream.reshape(-1, _HALF) == _LEAST
        # Vectors of the stream are whole or, in heads of 8, halves; taking halves for neighbours errs safely.
        return not (least[:-1] & least[1:]).any()

    @staticmethod
    def instructions(layer: NeonDots, end: int, pixels: int) -> int:
        """Of the dot products of so many pixels."""
        head, chunks = Smull.head(end)
        groups = -(-layer.weights.shape[0] // Smull.group)
        total = 0
        for tile, count in ((4, pixels // 4), (2, pixels % 4 // 2), (1, pixels % 2)):
            chunk = 4 + 13 * tile
            fixed = 32 + (12 if head == _CHUNK else 8) * tile + tile * (7 + layer.scale_instructions)
            total += count * (groups * (chunks * chunk + fixed) + 70)
        return total


class Sdot:
    """SDOT, four products in each lane."""

    group: ClassVar[int] = 8
    tile: ClassVar[int] = 8
    run_instructions: ClassVar[int] = 20

    @staticmethod
    def end(taps: int) -> int:
        """Inputs of a gathered pixel: as many as the taps, or more where its head could not be loaded."""
        return Smull.end(taps)

    @classmethod
    def head(cls, end: int) -> tuple[int, int]:
        """(inputs of the head, chunks besides it)."""
        return -(-(end % _CHUNK) // _LANE) * _LANE, end // _CHUNK

    @classmethod
    def stream(cls, weights: Ints) -> Const:
        """[groups][head, then chunks, in fours][channels of a group][4]."""
        end = cls.end(weights.shape[1])
        head, chunks = cls.head(end)
        table = padded(np.pad(weights, ((0, 0), (0, end - weights.shape[1]))), cls.group, axis=0)
        groups = table.reshape(-1, cls.group, end)
        last = groups[:, :, end - head :].copy()
        last[:, :, : head - end % _CHUNK] = 0
        whole = np.concatenate([last, groups[:, :, : _CHUNK * chunks]], axis=2)
        lanes = whole.reshape(len(groups), cls.group, -1, _LANE).transpose(0, 2, 1, 3)
        return Const("weights", "int8_t", lanes.reshape(-1).astype(np.int8), 16)

    @staticmethod
    def instructions(layer: NeonDots, end: int, pixels: int) -> int:
        """Of the dot products of so many pixels."""
        head, chunks = Sdot.head(end)
        groups = -(-layer.weights.shape[0] // Sdot.group)
        total = 0
        rest = pixels % PIXELS
        for tile, count in ((8, pixels // PIXELS), (4, rest // 4), (2, rest % 4 // 2), (1, rest % 2)):
            chunk = 7 + 9 * tile
            part = (head > 0) * tile + head // _LANE * (2 + 2 * tile)
            fixed = 30 + tile * (9 + 2 * layer.scale_instructions)
            total += count * (groups * (chunks * chunk + part + fixed) + 60)
        return total


@dataclass(frozen=True)
class ByteSums:
    """Products in bytes, of inputs and weights with few values.

    Attributes:
        together: chunks whose products, summed lane by lane, stay in a byte.
    """

    together: int
    group: ClassVar[int] = 8
    tile: ClassVar[int] = 3

    @classmethod
    def of(cls, weights: Ints, inputs: tuple[int, int]) -> ByteSums | None:
        """The most chunks at once; None if not one fits, or a dot product may leave 16 bits.

        Args:
            weights: [channels, taps].
            inputs: smallest and largest input.
        """
        largest = np.maximum(np.abs(weights * inputs[0]), np.abs(weights * inputs[1]))
        if int(largest.sum(axis=1).max(initial=0)) >= 1 << 15:
            return None
        lanes = padded(largest, _CHUNK, axis=1).reshape(len(weights), -1, _CHUNK)

        def fits(together: int) -> bool:
            whole = padded(lanes, together, axis=1)
            return int(whole.reshape(len(weights), -1, together, _CHUNK).sum(axis=2).max(initial=0)) < 1 << 7

        return next((cls(n) for n in range(lanes.shape[1], 0, -1) if fits(n)), None)

    @staticmethod
    def end(taps: int) -> int:
        """Inputs of a gathered pixel."""
        return -(-taps // _CHUNK) * _CHUNK

    @staticmethod
    def head(end: int) -> tuple[int, int]:
        """(no inputs in a head, chunks)."""
        return 0, end // _CHUNK

    @classmethod
    def stream(cls, weights: Ints) -> Const:
        """[groups][chunks][channels of a group][16]."""
        table = padded(padded(weights, _CHUNK, axis=1), cls.group, axis=0)
        chunks = table.reshape(-1, cls.group, table.shape[1] // _CHUNK, _CHUNK).transpose(0, 2, 1, 3)
        return Const("weights", "int8_t", chunks.reshape(-1).astype(np.int8), 16)

    def instructions(self, layer: NeonDots, end: int, pixels: int) -> int:
        """Of the dot products of so many pixels."""
        chunks = end // _CHUNK
        rounds = -(-chunks // self.together)
        groups = -(-layer.weights.shape[0] // self.group)
        total = 0
        for tile, count in ((3, pixels // 3), (1, pixels % 3)):
            chunk = 4 + 9 * tile
            fixed = 30 + rounds * (14 + 16 * tile) + tile * (16 + 2 * layer.scale_instructions)
            total += count * (groups * (chunks * chunk + fixed) + 60)
        return total


Products = type[Smull] | type[Sdot] | ByteSums
"""The ways to multiply."""


def dots_fields(layer: NeonDots, products: Products) -> tuple[Value, ...]:
    """The C structure sdk_dots_neon."""
    end = products.end(layer.weights.shape[1])
    together = products.together if isinstance(products, ByteSums) else 0
    return Ref("weights"), layer.output_fields, layer.weights.shape[0], *products.head(end), end, together
