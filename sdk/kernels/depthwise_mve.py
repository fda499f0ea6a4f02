"""DEPTHWISE_CONV_2D in int8 for cores with MVE; see ``firmware/include/sdk/depthwise_mve.h``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.conv2d_mve import window
from sdk.kernels.dots_mve import COMMON, GROUP, REQUANTIZE_INSTRUCTIONS, MveDots

_LEAD = 8
"""Zeros in front of the weights, as in the C file."""
_SLACK = 32
_SCRATCH = 2048
"""Bytes that a block of sixteen channels should not exceed."""
_MOST_WINDOWS = 4


@dataclass(frozen=True)
class _Tile:
    """How an output row is divided.

    Attributes:
        columns: output columns at a time.
        outputs: accumulators of a channel.
        count: tiles of a row.
        band: columns of the band.
        row_vectors: vectors of four outputs of a row or two.
    """

    columns: int
    outputs: int
    count: int
    band: int
    row_vectors: int

    @property
    def vectors(self) -> int:
        """Vectors of four accumulators of a channel."""
        return -(-self.outputs // 4)

    def scratch(self, block: int) -> int:
        """Bytes for the band, the accumulators and what is written outside the output."""
        return 4 * block * (self.band + self.outputs) + _SLACK

    def instructions(self, layer: MveDots, channels: int, stride: int) -> int:
        """Of one turn for a block of channels."""
        loop = 5 + self.outputs + (4 + self.vectors if stride == 1 else 4 * self.vectors)
        groups = -(-channels // GROUP)
        requantize = REQUANTIZE_INSTRUCTIONS[layer.form] * groups + 34
        return self.count * (channels * loop + 25) + self.row_vectors * requantize + 90


class _Depthwise3x3Mve(Kernel):
    """What both orders have in common."""

    ops: ClassVar[tuple[str, ...]] = ("DEPTHWISE_CONV_2D",)
    header: ClassVar[str] = "sdk/depthwise_mve.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/depthwise_conv2d/depthwise_conv2d_s8__mve.c",
        "kernels/depthwise_conv2d/depthwise_3x3__mve.c",
        "kernels/depthwise_conv2d/depthwise_3x3__mve.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("the depth multiplier is 1", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
        Constraint("the kernel is 3x3 without dilation", lambda s: _is_3x3(window(s))),
        Constraint("the strides are both 1 or both 2", lambda s: _strides(window(s)) in ((1, 1), (2, 2))),
        Constraint("at most one row and column is added before the first", lambda s: _pads(window(s)) <= {0, 1}),
    )
    blocks: ClassVar[tuple[int, ...]]

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), MveDots.of(site)
        tile = _tile(shape, layer)
        block = next((b for b in self.blocks if b - 8 < shape.input_channels and tile.scratch(b) <= _SCRATCH), 8)
        loop = f"stride2_{tile.outputs}" if shape.stride_width == 2 else f"{tile.outputs}"
        units, grain, access = self.order(shape, block)
        return Prepared(
            params_type="sdk_depthwise_conv2d_s8_mve",
            params={
                "input_height": shape.input_height,
                "input_width": shape.input_width,
                "channels": shape.input_channels,
                "output_height": shape.output_height,
                "output_width": shape.output_width,
                "stride": shape.stride_width,
                "pad_top": shape.pad_top,
                "pad_left": shape.pad_left,
                "input_zero_point": layer.input_zero_point,
                "block": block,
                "columns": tile.band,
                "tile_columns": tile.columns,
                "outputs": tile.outputs,
                "weights": Ref("weights"),
                "run": f"sdk_depthwise_3x3_{loop}_{layer.form}__mve",
                **layer.output_fields(),
            },
            consts=(_weights(layer), layer.constants()),
            scratch_bytes=tile.scratch(block),
            align=4,
            units=units,
            grain=grain,
            access=tuple(access),
            macs=9 * shape.pixels * shape.output_channels,
            cost=self.instructions(shape, layer, tile, block),
        )

    @abstractmethod
    def order(self, shape: Window, block: int) -> tuple[int, int, Iterator[Access]]:
        """Units, grain and accesses."""

    def instructions(self, shape: Window, layer: MveDots, tile: _Tile, block: int) -> int:
        """Estimated instructions."""
        turns = -(-shape.output_height // _rows_a_turn(shape))
        total = 200
        for channel in range(0, shape.input_channels, block):
            channels = min(block, shape.input_channels - channel)
            push = -(-channels // 8) * (13 * shape.input_width + 30)
            total += turns * (tile.instructions(layer, channels, shape.stride_width) + self.pushes * push + 50)
        return total

    pushes: ClassVar[int]
    """Times that two rows are staged in a turn."""


class Depthwise3x3Mve(_Depthwise3x3Mve):
    """3x3, block after block of channels: output and input may be the same memory.

    Cortex-M55 instructions: 5.5 for an output of wide rows at stride 1, 9.6 at stride 2; 6.3 for rows of 5.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3__mve"
    blocks: ClassVar[tuple[int, ...]] = (16, 8)
    pushes: ClassVar[int] = 1

    def order(self, shape: Window, block: int) -> tuple[int, int, Iterator[Access]]:
        """Units: blocks of channels."""
        return -(-shape.input_channels // block), 1, _block_access(shape, block)


class Depthwise3x3RowsMve(_Depthwise3x3Mve):
    """The same row after row, eight channels at a time.

    It costs a second staging of the rows that two turns share.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_rows__mve"
    blocks: ClassVar[tuple[int, ...]] = (8,)
    pushes: ClassVar[int] = 2

    def order(self, shape: Window, block: int) -> tuple[int, int, Iterator[Access]]:
        """Units: output rows."""
        return shape.output_height, _rows_a_turn(shape), _row_access(shape)


def _strides(shape: Window) -> tuple[int, int]:
    return shape.stride_height, shape.stride_width


def _pads(shape: Window) -> set[int]:
    return {shape.pad_top, shape.pad_left}


def _is_3x3(shape: Window) -> bool:
    kernel = (shape.kernel_height, shape.kernel_width, shape.dilation_height, shape.dilation_width)
    return kernel == (3, 3, 1, 1)


def _rows_a_turn(shape: Window) -> int:
    return 2 if shape.stride_height == 1 else 1


def _tile(shape: Window, layer: MveDots) -> _Tile:
    """The division of an output row with the fewest instructions."""
    width = shape.output_width
    tiles = []
    if shape.stride_width == 1:
        for windows in range(1, _MOST_WINDOWS + 1):
            count = -(-width // (2 * windows))
            odd = count == 1 and width == 2 * windows - 1 and windows > 1
            band = 2 * windows * count + 2 - odd
            tiles.append(_Tile(2 * windows, 4 * windows - 2 * odd, count, band, -(-width // 2)))
    else:
        for columns in (4, 8):
            count = -(-width // columns)
            band = max(2 * columns * count + 1, shape.pad_left + shape.input_width)
            tiles.append(_Tile(columns, columns, count, band, -(-width // 4)))
    return min(tiles, key=lambda t: t.instructions(layer, min(shape.input_channels, 16), shape.stride_width))


def _weights(layer: MveDots) -> Const:
    """[channels][4 columns][4 rows] after the zeros in front."""
    table = np.zeros((layer.channels, 4, 4), np.int8)
    table[:, :3, :3] = layer.weights.reshape(-1, 3, 3).transpose(0, 2, 1)
    return Const("weights", "int8_t", np.concatenate([np.zeros(_LEAD, np.int8), table.reshape(-1)]))


def _block_access(shape: Window, block: int) -> Iterator[Access]:
    """Of each block and turn: the inputs that were not yet read, then the outputs."""
    for channel in range(0, shape.input_channels, block):
        end = min(channel + block, shape.input_channels)
        read = 0
        for row in range(0, shape.output_height, _rows_a_turn(shape)):
            next_row = min(row + _rows_a_turn(shape), shape.output_height)
            top, bottom = shape.input_rows(row)[0], shape.input_rows(next_row - 1)[1]
            for pixel in range(max(read, top) * shape.input_width, bottom * shape.input_width):
                start = pixel * shape.input_channels
                yield Access({0: (start + channel, start + end)}, (0, 0))
            read = max(read, bottom)
            for pixel in range(row * shape.output_width, next_row * shape.output_width):
                start = pixel * shape.input_channels
                yield Access({}, (start + channel, start + end))


def _row_access(shape: Window) -> Iterator[Access]:
    """Of each turn: the rows under its windows and the output rows, channels after channels."""
    size = shape.input_width * shape.input_channels
    out_size = shape.output_width * shape.output_channels
    turn = _rows_a_turn(shape)
    for row in range(shape.output_height):
        first_row = row - row % turn
        last_row = min(first_row + turn, shape.output_height) - 1
        first, last = shape.input_rows(first_row)[0], shape.input_rows(last_row)[1]
        yield Access({0: (first * size, last * size)}, (row * out_size, (row + 1) * out_size))
