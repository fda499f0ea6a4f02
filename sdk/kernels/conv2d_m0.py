"""CONV_2D in int8 for the Cortex-M0+; see ``firmware/include/sdk/conv2d_m0.h``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from sdk.kernels import pairs_m0
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.chain_dsp import dots
from sdk.kernels.pairs_m0 import Window


class Conv2DPairs(Kernel):
    """Code written at run time, run over as many pixels as scratch holds.

    Cortex-M0+ cycles, all in SRAM: 2.0 to 2.1 for a MAC in the written code; 9 more for an output, and 18 to
    requantize it (26 where negative accumulators need a constant of their own); 17 for a weight and tile; 9.5 for a
    word staged. In all 2.2 to 3 for a MAC with many channels, 5.7 with 8 input channels.
    """

    name: ClassVar[str] = "conv2d_s8_pairs__m0"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_m0.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/conv2d/conv2d_s8_pairs__m0.c", *pairs_m0.SOURCES)
    requires: ClassVar[frozenset[str]] = frozenset({"m0"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *pairs_m0.CONVOLUTION,
        Constraint("the convolution has one group", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
    )
    word_bytes: ClassVar[int] = 20 << 10
    """Bytes of words that a tile should not exceed."""

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), dots(site)
        fields, requant, requant_cycles = pairs_m0.requantization(site)
        weights = np.pad(layer.weights, ((0, window.output_channels % 2), (0, 0)))
        blocks = [pairs_m0.block(weights[c : c + 2], window.kernel_height) for c in range(0, len(weights), 2)]

        def cycles(tile: int) -> float:
            total = 0.0
            for first in range(0, window.output_height, tile):
                rows = min(tile, window.output_height - first)
                positions = _positions(window, rows)
                total += 9.5 * _words(window, rows) + 300
                total += sum(positions * (b.cycles + 36 + 4 * requant_cycles) + b.writing + 200 for b in blocks)
            return total

        tile = pairs_m0.tile_rows(window.output_height, partial(_words, window), self.word_bytes, cycles)
        word_count, sum_count = _words(window, tile), _positions(window, tile)
        return Prepared(
            params_type="sdk_conv2d_s8_m0",
            params={
                "window": window.fields,
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "requant": Ref("requant"),
                **fields,
                "halve_rows": int(_halves_rows(window)),
                "tile_rows": tile,
                "word_count": word_count,
                "sum_count": sum_count,
            },
            consts=(pairs_m0.stream(blocks), requant),
            scratch_bytes=4 * word_count + 16 * sum_count + max(pairs_m0.code_bytes(blocks), window.input_channels),
            align=4,
            units=window.output_height,
            grain=tile,
            access=tuple(_access(window, tile)),
            macs=site.output().elements * layer.weights.shape[1],
            cost=int(cycles(tile)),
        )


def _halves_rows(window: Window) -> bool:
    """Whether rows are halved: a column less for odd widths, a row more for odd heights of a tile."""
    return window.output_width % 2 == 1 and window.output_width < window.output_height


def _positions(window: Window, rows: int) -> int:
    """Pairs of pixels of some output rows."""
    if window.is_pointwise:
        return (rows * window.output_width + 1) // 2
    if _halves_rows(window):
        return (rows + 1) // 2 * window.output_width
    return rows * ((window.output_width + 1) // 2)


def _words(window: Window, rows: int) -> int:
    """Words of some output rows."""
    if window.is_pointwise:
        return _positions(window, rows) * window.input_channels
    width = window.output_width if _halves_rows(window) else (window.output_width + 1) // 2
    height = (rows + 1) // 2 if _halves_rows(window) else rows
    columns = (width - 1) * window.stride_width + window.kernel_width
    return ((height - 1) * window.stride_height + window.kernel_height) * columns * window.input_channels


def _access(window: Window, tile: int) -> Iterator[Access]:
    """The inputs of a tile are read before its outputs are written."""
    row_size = window.input_width * window.input_channels
    out_size = window.output_width * window.output_channels
    for row in range(window.output_height):
        if row % tile:
            yield Access({}, (0, 0))
            yield Access({}, (0, 0))
            continue
        end = min(row + tile, window.output_height)
        first, last = window.input_rows(row, end)
        yield Access({0: (first * row_size, last * row_size)}, (0, 0))
        yield Access({}, (row * out_size, end * out_size))
