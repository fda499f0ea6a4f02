"""DEPTHWISE_CONV_2D in int8 for the Cortex-M0+; see ``firmware/include/sdk/conv2d_m0.h``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from sdk.kernels import pairs_m0
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.chain_dsp import dots
from sdk.kernels.pairs_m0 import Form, Window
from sdk.kernels.requantize import Ints


class _DepthwiseWords(Kernel):
    """A channel of as many rows as scratch holds, two rows in a word, two rows of the output at once.

    Class variables:
        form: how weights are stored.
        by_channels: whether the layer is divided by channels, not by rows.
        word_bytes: of words that a tile should not exceed.
    """

    form: ClassVar[Form]
    by_channels: ClassVar[bool] = False
    word_bytes: ClassVar[int] = 6 << 10
    ops: ClassVar[tuple[str, ...]] = ("DEPTHWISE_CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_m0.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/depthwise_conv2d/depthwise_conv2d__m0.c",
        *pairs_m0.SOURCES,
    )
    requires: ClassVar[frozenset[str]] = frozenset({"m0"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *pairs_m0.CONVOLUTION,
        Constraint("the depth multiplier is 1", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), dots(site)
        height = window.output_height
        fields, requant, requant_cycles = pairs_m0.requantization(site, "sdk_pairs_requantize_dense")
        blocks = [self.form.make(both, window.kernel_width) for both in _both_rows(window, layer.weights)]

        def cycles(tile: int) -> float:
            total = 0.0
            for first in range(0, height, tile):
                rows = min(tile, height - first)
                positions, words = _positions(window, rows), _words(window, rows)
                total += 8 * words + 300
                total += sum(positions * (b.cycles + 4 * requant_cycles) + b.writing for b in blocks)
                total += len(blocks) * (11 * words + 25 * window.output_width + 500)
            return total

        tile = height
        if not self.by_channels:
            tile = pairs_m0.tile_rows(height, partial(_words, window), self.word_bytes, cycles)
        word_count, sum_count = _words(window, tile), 4 * _positions(window, tile)
        return Prepared(
            params_type="sdk_conv2d_s8_m0",
            params={
                "window": window.fields,
                "input_zero_point": layer.input_zero_point,
                **pairs_m0.weight_fields(self.form),
                "requant": Ref("requant"),
                **fields,
                "halve_rows": 0,
                "tile_rows": tile,
                "word_count": word_count,
                "sum_count": sum_count,
            },
            consts=(*pairs_m0.weight_consts(blocks), requant),
            scratch_bytes=4 * (word_count + sum_count) + pairs_m0.code_bytes(blocks),
            align=4,
            units=window.output_channels if self.by_channels else height,
            grain=1 if self.by_channels else tile,
            in_blocks=not self.by_channels,
            access=None if self.by_channels else tuple(_access(window, tile)),
            macs=site.output().elements * layer.weights.shape[1],
            cost=int(cycles(tile)),
        )


class DepthwisePairs(_DepthwiseWords):
    """Code written at run time.

    Cortex-M0+ cycles, all in SRAM: for an output of a 3x3 kernel 30 in the written code, 17 to requantize it, 5 to
    stage its inputs; for a channel and tile about 1000. In all 55 for an output in large images, 85 in those
    of 12 x 12.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_pairs__m0"
    form = pairs_m0.WRITTEN


class DepthwiseCode(_DepthwiseWords):
    """Code made on the host: 150 bytes for a 3x3 kernel, run where it is stored; all rows of a channel at once.

    Cortex-M0+ cycles, all in SRAM: for an output of a 3x3 kernel 28 in the code, for a channel about 500.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_code__m0"
    form = pairs_m0.CODE
    by_channels = True
    for_speed = True


def _positions(window: Window, rows: int) -> int:
    """Groups of four rows, in all columns."""
    return (rows + 3) // 4 * window.output_width


def _words(window: Window, rows: int) -> int:
    """Words of a channel of some output rows."""
    columns = (window.output_width - 1) * window.stride_width + window.kernel_width
    return ((2 * ((rows + 3) // 4) - 1) * window.stride_height + window.kernel_height) * columns


def _both_rows(window: Window, weights: Ints) -> Ints:
    """[channels, 2, taps] of the code, column after column: the weights at a row and at the next one."""
    columns = weights.reshape(-1, window.kernel_height, window.kernel_width).transpose(0, 2, 1)
    stride = window.stride_height
    upper, lower = np.pad(columns, ((0, 0), (0, 0), (0, stride))), np.pad(columns, ((0, 0), (0, 0), (stride, 0)))
    both: Ints = np.stack([upper.reshape(len(columns), -1), lower.reshape(len(columns), -1)], axis=1)
    return both


def _access(window: Window, tile: int) -> Iterator[Access]:
    """Channels are done one after the other: all inputs of a tile may be read after any of its outputs is written."""
    row_size = window.input_width * window.input_channels
    out_size = window.output_width * window.output_channels
    for row in range(window.output_height):
        if row % tile:
            yield Access({}, (0, 0))
            continue
        end = min(row + tile, window.output_height)
        first, last = window.input_rows(row, end)
        yield Access({0: (first * row_size, last * row_size)}, (row * out_size, end * out_size))
