"""CONV_2D in int8 for the Cortex-M0+; see ``firmware/include/sdk/conv2d_m0.h``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from sdk.kernels import pairs_m0
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.chain_dsp import dots
from sdk.kernels.pairs_m0 import Form, Window


class _Conv2DWords(Kernel):
    """Inputs of a tile as words, and two output channels at a time over all of them.

    Class variables:
        form: how weights are stored.
        by_channels: whether the layer is divided by pairs of output channels, not by rows.
        word_bytes: of words that a tile should not exceed.
    """

    form: ClassVar[Form]
    by_channels: ClassVar[bool] = False
    word_bytes: ClassVar[int] = 20 << 10
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_m0.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/conv2d/conv2d__m0.c", *pairs_m0.SOURCES)
    requires: ClassVar[frozenset[str]] = frozenset({"m0"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *pairs_m0.CONVOLUTION,
        Constraint("the convolution has one group", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), dots(site)
        fields, requant, requant_cycles = pairs_m0.requantization(site, self.form.requantize)
        size = self.form.channels
        weights = np.pad(layer.weights, ((0, -window.output_channels % size), (0, 0)))
        blocks = [self.form.make(weights[c : c + size], window.kernel_height) for c in range(0, len(weights), size)]

        def cycles(tile: int) -> float:
            total = 0.0
            for first in range(0, window.output_height, tile):
                rows = min(tile, window.output_height - first)
                positions = _positions(window, rows)
                total += 9.5 * _words(window, rows) + 300
                outputs = 2 * size * positions
                total += sum(positions * b.cycles + outputs * requant_cycles + b.writing + 100 * size for b in blocks)
            return total

        tile = window.output_height
        if not self.by_channels:
            tile = pairs_m0.tile_rows(tile, partial(_words, window), self.word_bytes, cycles)
        word_count, sum_count = _words(window, tile), 2 * size * _positions(window, tile)
        return Prepared(
            params_type="sdk_conv2d_s8_m0",
            params={
                "window": window.fields,
                "input_zero_point": layer.input_zero_point,
                **pairs_m0.weight_fields(self.form),
                "requant": Ref("requant"),
                **fields,
                "halve_rows": int(_halves_rows(window)),
                "tile_rows": tile,
                "word_count": word_count,
                "sum_count": sum_count,
            },
            consts=(*pairs_m0.weight_consts(blocks), requant),
            scratch_bytes=4 * (word_count + sum_count) + max(pairs_m0.code_bytes(blocks), window.input_channels),
            align=4,
            units=len(blocks) if self.by_channels else window.output_height,
            grain=1 if self.by_channels else tile,
            in_blocks=not self.by_channels,
            access=None if self.by_channels else tuple(_access(window, tile)),
            macs=site.output().elements * layer.weights.shape[1],
            cost=int(cycles(tile)),
        )


class Conv2DPairs(_Conv2DWords):
    """Code written at run time, run over as many pixels as scratch holds.

    Cortex-M0+ cycles, all in SRAM: 2.0 to 2.1 for a MAC in the written code; 9 more for an output, and 17 to
    requantize it (25 where negative accumulators need a constant of their own); 17 for a weight and tile; 9.5 for a
    word staged. In all 2.2 to 3 for a MAC with many channels, 5.7 with 8 input channels.
    """

    name: ClassVar[str] = "conv2d_s8_pairs__m0"
    form = pairs_m0.WRITTEN


class Conv2DPairsChannels(_Conv2DWords):
    """The same where weights are many and pixels few: code for all pixels, so that it is written once on two cores."""

    name: ClassVar[str] = "conv2d_s8_pairs_channels__m0"
    form = pairs_m0.WRITTEN
    by_channels = True
    for_speed = True


class Conv2DSmallWeights(_Conv2DWords):
    """Code for five channels of small weights, written at run time, of products and additions alone.

    Cortex-M0+ cycles, all in SRAM: for a MAC 1.2 with weights of 4 bits, 0.5 with ternary ones in the written code; 5
    more for an output, 17 to requantize it; 22 for a weight and tile.
    """

    name: ClassVar[str] = "conv2d_s8_narrow__m0"
    form = pairs_m0.NARROW
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_Conv2DWords.constraints,
        Constraint("the absolute weights of a channel add up to 255 at most", pairs_m0.is_narrow),
    )


class Conv2DSmallWeightsChannels(Conv2DSmallWeights):
    """The same, with code for all pixels, so that it is written once on two cores."""

    name: ClassVar[str] = "conv2d_s8_narrow_channels__m0"
    by_channels = True
    for_speed = True


class Conv2DSmallWeightsCode(Conv2DSmallWeights):
    """The same made on the host, with products in ascending order so that more are shared; run where it is stored.

    Cortex-M0+ cycles: 0.95 for a MAC with weights of 4 bits, 0.5 with ternary ones; 4 and 2 bytes a weight.
    """

    name: ClassVar[str] = "conv2d_s8_narrow_code__m0"
    form = pairs_m0.CODE_NARROW
    for_speed = True


class Conv2DCode(_Conv2DWords):
    """Code made on the host: seven bytes a weight, run where it is stored.

    Cortex-M0+ cycles, all in SRAM: 1.9 to 2.05 for a MAC in the code, 6 more for an output, 17 to requantize it.
    """

    name: ClassVar[str] = "conv2d_s8_code__m0"
    form = pairs_m0.CODE
    for_speed = True


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
