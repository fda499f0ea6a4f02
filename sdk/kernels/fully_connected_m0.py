"""FULLY_CONNECTED in int8 for the Cortex-M0+; see ``firmware/include/sdk/fully_connected_m0.h``."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sdk.kernels import chain_dsp, pairs_m0
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.code_m0 import GROUP
from sdk.kernels.fully_connected import PLAIN_WEIGHTS
from sdk.kernels.requantize import Ints

_CHANNELS = 12

Words = npt.NDArray[np.uint32]


class _TwelveChannels(Kernel):
    """Twelve channels at a time over groups of taps.

    Class variables:
        tap_cycles, group_cycles: of a block, for each tap and each group.
        summed: whether scratch holds the sums of the inputs before each tap.
    """

    tap_cycles: ClassVar[int]
    group_cycles: ClassVar[int]
    summed: ClassVar[bool] = False
    ops: ClassVar[tuple[str, ...]] = ("FULLY_CONNECTED",)
    header: ClassVar[str] = "sdk/fully_connected_m0.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/fully_connected/fully_connected__m0.c",
        "kernels/fully_connected/bytes__m0.S",
        "kernels/fully_connected/lanes__m0.S",
        *pairs_m0.SOURCES,
    )
    requires: ClassVar[frozenset[str]] = frozenset({"m0"})
    constraints: ClassVar[tuple[Constraint, ...]] = (*chain_dsp.COMMON, PLAIN_WEIGHTS)

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        layer = chain_dsp.dots(site)
        output_size, input_size = layer.weights.shape
        batches = site.input(0).elements // input_size
        fields, requant, _ = pairs_m0.requantization(site)
        exact = "exact" in str(fields["requantize"])
        streams, groups = [], 0
        for first in range(0, output_size, _CHANNELS):
            weights = layer.weights[first : first + _CHANNELS]
            weights = np.pad(weights, ((0, _CHANNELS - len(weights)), (0, 0)))
            cuts = _cuts(weights)
            groups += len(cuts)
            streams.append(_stream(self.words(weights), cuts))
        starts = np.cumsum([0, *(len(s) for s in streams[:-1])]).astype(np.uint32)
        macs = batches * input_size * output_size
        cycles = len(streams) * (input_size * self.tap_cycles + 250) + groups * self.group_cycles
        cycles += output_size * (110 if exact else 37) + (9 * input_size if self.summed else 0)
        return Prepared(
            params_type="sdk_fully_connected_s8_m0",
            params={
                "input_size": input_size,
                "output_size": output_size,
                "stream": Ref("stream"),
                "blocks": Ref("blocks"),
                "requant": Ref("requant"),
                "requantize": f"sdk_lanes_requantize{'_exact' if exact else ''}__m0",
                "output": tuple(fields[name] for name in ("split", "low", "range", "zero_point")),
            },
            consts=(
                Const("stream", "uint32_t", np.concatenate(streams)),
                Const("blocks", "uint32_t", starts),
                requant,
            ),
            scratch_bytes=4 * (input_size + 1) if self.summed else 0,
            align=4 if self.summed else 1,
            units=batches * output_size,
            grain=_CHANNELS if batches == 1 else output_size,
            access=None
            if batches == 1
            else tuple(
                Access({0: (b * input_size, (b + 1) * input_size)}, (b * output_size, (b + 1) * output_size))
                for b in range(batches)
            ),
            macs=macs,
            cost=int(batches * cycles + 100),
        )

    @abstractmethod
    def words(self, weights: Ints) -> Words:
        """[taps, words] as the block function reads them, of [12, taps]."""


class FullyConnectedLanes(_TwelveChannels):
    """Two channels in a word: weights of two bytes.

    Cortex-M0+ cycles, weights in SRAM: 2.0 for a MAC, 7 for a channel and group of taps, 60 for an output. Each
    weight is read once, so that weights in flash behind a cache cost more than the arithmetic.
    """

    name: ClassVar[str] = "fully_connected_s8_lanes__m0"
    tap_cycles = 24
    group_cycles = 82

    def words(self, weights: Ints) -> Words:
        """Low and high halves."""
        return ((weights[0::2] + (weights[1::2] << 16)) & 0xFFFFFFFF).astype(np.uint32).T


class FullyConnectedBytes(_TwelveChannels):
    """Four channels in a word: weights of one byte.

    Cortex-M0+ cycles, weights in SRAM: 2.3 for a MAC, 9 for a channel and group of taps, 60 for an output.
    """

    name: ClassVar[str] = "fully_connected_s8_bytes__m0"
    tap_cycles = 28
    group_cycles = 120
    summed = True

    def words(self, weights: Ints) -> Words:
        """Weights + 128, the first one lowest."""
        return np.ascontiguousarray((weights + 128).T.astype(np.uint8)).view("<u4").astype(np.uint32)


def _cuts(weights: Ints) -> list[int]:
    """Ends of groups of taps, each as long as the sums of absolute weights permit."""
    cuts, total = [], np.zeros(len(weights), np.int64)
    for tap, column in enumerate(np.abs(weights).T):
        total += column
        if total.max() > GROUP:
            cuts.append(tap)
            total = column.copy()
    return [*cuts, weights.shape[1]]


def _stream(words: Words, cuts: list[int]) -> Words:
    parts = []
    for begin, end in zip([0, *cuts[:-1]], cuts, strict=True):
        count = end - begin
        parts += [np.array([2 * count + count % 2], np.uint32), words[begin:end].reshape(-1)]
    return np.concatenate([*parts, np.zeros(1, np.uint32)])
