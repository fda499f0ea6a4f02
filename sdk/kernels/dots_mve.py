"""Streams of weights and constants for the dot products of ``firmware/include/sdk/dot_mve.h``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sdk.kernels import chain_dsp
from sdk.kernels.base import Const, Constraint, Ref, Site, Value
from sdk.kernels.convolution import ACCUMULATORS_FIT, INT8_LAYER
from sdk.kernels.dots import Dots, padded
from sdk.kernels.requantize import FoldedRequant, Ints, fold

CHUNK = 16
"""Inputs that one instruction multiplies."""
MOST_FIXED_CHUNKS = 8
"""More chunks take the long form of the dot products."""
GROUP = 4
"""Channels that are requantized together."""
FOLDED_SHIFTS = (16, 13, 11, 10, 8, 6)
"""Shifts that the C code has forms for: those of the proven constants plus the one of a doubled product."""
REQUANTIZE_INSTRUCTIONS = {"plain": 32, "clamp": 34, "fix": 40, "general": 50} | {f"fold{s}": 22 for s in FOLDED_SHIFTS}
"""Of each form, for four channels of four pixels."""

COMMON: tuple[Constraint, ...] = (*INT8_LAYER, ACCUMULATORS_FIT)
"""What every dot product of int8 satisfies."""


@dataclass(frozen=True)
class MveDots(Dots):
    """The dot products of a layer, with how they are requantized.

    Attributes:
        folded: proven constants of the shortest requantization, or None.
    """

    folded: FoldedRequant | None = None

    @classmethod
    def of(cls, site: Site) -> MveDots:
        """Read an operator with weights, bias and quantization."""
        layer = super().of(site)
        return replace(layer, folded=_folded(site)) if (layer.low, layer.high) == (-128, 127) else layer

    @property
    def channels(self) -> int:
        """Number of dot products for each pixel."""
        return int(self.weights.shape[0])

    @property
    def chunks(self) -> int:
        """Chunks of one dot product."""
        return -(-int(self.weights.shape[1]) // CHUNK)

    @property
    def form(self) -> str:
        """The cheapest form of the requantization."""
        return self.exact_form if self.folded is None else f"fold{self.folded.shift + 1}"

    @property
    def exact_form(self) -> str:
        """The cheapest form that is exact for every 32-bit accumulator."""
        whole_range = (self.low, self.high) == (-128, 127)
        if (self.shift > 0).any():
            return "general"
        if self.low >= self.output_zero_point:
            return "plain" if whole_range else "clamp"
        return "fix" if whole_range and (self.shift < 0).all() else "general"

    @property
    def group_words(self) -> int:
        """Words of constants for four channels."""
        return GROUP * self._kinds.shape[0]

    @property
    def _kinds(self) -> Ints:
        """[kinds, channels]."""
        right = np.minimum(self.shift, 0)
        if self.folded is not None:
            # Channels with one reachable accumulator have a constant B.
            bias = np.where(self.weights.any(axis=1), self.bias, 0)
            return np.stack([256 * bias + self.folded.offset, self.folded.multiplier])
        if self.form == "general":
            left = np.maximum(self.shift, 0)
            return np.stack([self.bias, left, self.multiplier, (right < 0).astype(np.int64), right])
        return np.stack([self.bias, self.multiplier, right])

    def constants(self) -> Const:
        """What the requantization reads: [groups, kinds, 4], flattened."""
        kinds = self._kinds
        table = padded(kinds, GROUP, axis=1)
        grouped = table.reshape(kinds.shape[0], -1, GROUP).transpose(1, 0, 2)
        return Const("constants", "int32_t", (grouped.reshape(-1) & 0xFFFFFFFF).astype(np.uint32).view(np.int32))

    def output_fields(self) -> dict[str, Value]:
        """Constants, zero point and bounds of the output."""
        return {
            "constants": Ref("constants"),
            "group_words": self.group_words,
            "output_zero_point": self.output_zero_point,
            "low": self.low,
            "high": self.high,
        }


@lru_cache(maxsize=4)
def _folded(site: Site) -> FoldedRequant | None:
    layer = chain_dsp.dots(site)
    found = None if layer.requant is None else fold(layer.accumulators, layer.requant)
    return found if found is not None and found.shift + 1 in FOLDED_SHIFTS else None


def loop_name(chunks: int) -> str:
    """The loop over a number of chunks."""
    return f"{chunks}" if chunks <= MOST_FIXED_CHUNKS else f"long{(chunks - 1) % 4}"


def pair_stream(weights: Ints) -> Const:
    """Weights as the loops over chunks read them: [pairs][chunks][2][16].

    Args:
        weights: [channels, taps].
    """
    whole = padded(padded(weights, CHUNK, axis=1), 2, axis=0)
    chunks = whole.shape[1] // CHUNK
    pairs = whole.reshape(-1, 2, chunks, CHUNK).transpose(0, 2, 1, 3).copy()
    if chunks <= MOST_FIXED_CHUNKS:
        pairs[1::2] = pairs[1::2, ::-1]
    return Const("weights", "int8_t", pairs.reshape(-1).astype(np.int8))
