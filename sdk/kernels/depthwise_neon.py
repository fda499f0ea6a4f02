"""DEPTHWISE_CONV_2D in int8 for cores with NEON; see ``firmware/include/sdk/depthwise_neon.h``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.conv2d_mve import window
from sdk.kernels.dots_mve import COMMON
from sdk.kernels.dots_neon import NeonDots
from sdk.kernels.requantize import Ints
from sdk.kernels.ring_neon import FEW_ROWS, Ring, held_access

_BLOCK = 16
_EIGHT = 8
_TURN = 2
_LEAST = -128


@dataclass(frozen=True)
class _Blocks:
    """How an output row is divided into blocks of sixteen bytes.

    Attributes:
        channels: [blocks, 16], of each byte.
        pitch: bytes from pixel to pixel in a held row.
        columns: of blocks.
        step: bytes between columns in a held row.
        output_step: bytes between columns in the output.
        stored: bytes of a block that are outputs.
        last_stored: the same in the last column.
    """

    channels: Ints
    pitch: int
    columns: int
    step: int
    output_step: int
    stored: int
    last_stored: int

    @classmethod
    def of(cls, shape: Window) -> _Blocks:
        """Divide the rows of a layer."""
        depth, width = shape.input_channels, shape.output_width
        if depth < _BLOCK and _BLOCK % depth == 0 and shape.stride_width == 1:
            columns = -(-width * depth // _BLOCK)
            channels = np.arange(_BLOCK)[None] % depth
            return cls(channels, depth, columns, _BLOCK, _BLOCK, _BLOCK, width * depth - (columns - 1) * _BLOCK)
        starts = np.minimum(np.arange(0, depth, _BLOCK), max(depth - _BLOCK, 0))
        channels = np.minimum(starts[:, None] + np.arange(_BLOCK), depth - 1)
        pitch, stored = max(depth, _BLOCK), min(depth, _BLOCK)
        return cls(channels, pitch, width, shape.stride_width * pitch, depth, stored, stored)

    def row_bytes(self, shape: Window) -> int:
        """Bytes of a held row."""
        reach = (self.columns - 1) * self.step + (shape.kernel_width - 1) * shape.dilation_width * self.pitch
        return -(-(reach + max(self.pitch, _BLOCK)) // _BLOCK) * _BLOCK


class DepthwiseNeon(Kernel):
    """Sixteen outputs at a time from rows held with their padding.

    Instructions: 3x3 4.7 for an output of channels in whole sixteens, and up to 1 for holding rows; others 1.5 for two
    taps more.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8__neon"
    ops: ClassVar[tuple[str, ...]] = ("DEPTHWISE_CONV_2D",)
    header: ClassVar[str] = "sdk/depthwise_neon.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/depthwise_conv2d/depthwise_conv2d_s8__neon.c",
        "kernels/window/ring__neon.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("the depth multiplier is 1", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
        FEW_ROWS,
        Constraint("no neighbouring weights are -128", lambda s: _is_exact(NeonDots.of(s).weights)),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), NeonDots.of(site)
        blocks = _Blocks.of(shape)
        ring = Ring.of(shape, layer, blocks.row_bytes(shape), blocks.pitch)
        return Prepared(
            params_type="sdk_depthwise_conv2d_s8_neon",
            params={
                "window": shape.fields,
                "ring": ring.fields,
                "blocks": len(blocks.channels),
                "columns": blocks.columns,
                "step": blocks.step,
                "output_step": blocks.output_step,
                "stored": blocks.stored,
                "last_stored": blocks.last_stored,
                "weights": Ref("weights"),
                "output": layer.output_fields,
            },
            consts=(_stream(layer, blocks), layer.part(blocks.channels.reshape(-1)).constants(_BLOCK)),
            scratch_bytes=ring.nbytes,
            align=16,
            units=shape.output_height,
            access=tuple(held_access(shape)),
            macs=shape.pixels * shape.output_channels * shape.kernel_height * shape.kernel_width,
            cost=_instructions(shape, layer, blocks) + ring.instructions(shape),
        )


class Depthwise3x3Sdot(Kernel):
    """3x3 with stride 1: two rows of two columns of eight channels from four interleaved rows.

    Instructions: 2.8 for an output of widths in whole pairs, and 0.5 for interleaving.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3__sdot"
    ops: ClassVar[tuple[str, ...]] = DepthwiseNeon.ops
    header: ClassVar[str] = DepthwiseNeon.header
    sources: ClassVar[tuple[str, ...]] = ("kernels/depthwise_conv2d/depthwise_conv2d_s8_3x3__sdot.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"neon", "sdot"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *DepthwiseNeon.constraints[:-2],
        Constraint("the kernel is 3x3 with stride 1 and no dilation", lambda s: _is_plain_3x3(window(s))),
        Constraint(f"there are at least {_EIGHT} channels", lambda s: s.input(0).shape[3] >= _EIGHT),
        Constraint("there are at least 2 output columns", lambda s: s.output().shape[2] >= _TURN),
        Constraint("all input columns are under windows", lambda s: _is_covered(window(s))),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), NeonDots.of(site)
        depth = shape.input_channels
        starts = np.minimum(np.arange(0, depth, _EIGHT), depth - _EIGHT)
        channels = starts[:, None] + np.arange(_EIGHT)
        columns = shape.output_width + 2
        column = 82 + 8 * (layer.scale_instructions - 1)
        block = 60 + -(-shape.output_width // 2) * column
        turn = 120 + 11 * -(-shape.input_width * depth // _BLOCK) + len(starts) * block
        return Prepared(
            params_type="sdk_depthwise_conv2d_s8_3x3_sdot",
            params={
                "input_height": shape.input_height,
                "input_width": shape.input_width,
                "output_height": shape.output_height,
                "output_width": shape.output_width,
                "channels": depth,
                "pad_top": shape.pad_top,
                "pad_left": shape.pad_left,
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "output": layer.output_fields,
            },
            consts=(_lanes(layer.weights[channels]), layer.part(channels.reshape(-1)).constants(_EIGHT)),
            scratch_bytes=depth * (4 * columns + shape.input_width),
            align=16,
            units=shape.output_height,
            grain=_TURN,
            access=tuple(_turn_access(shape)),
            macs=9 * shape.pixels * depth,
            cost=100 + -(-shape.output_height // _TURN) * turn,
        )


def _is_plain_3x3(shape: Window) -> bool:
    kernel = (shape.kernel_height, shape.kernel_width, shape.stride_height, shape.stride_width)
    return (*kernel, shape.dilation_height, shape.dilation_width) == (3, 3, 1, 1, 1, 1)


def _is_covered(shape: Window) -> bool:
    return shape.pad_left + shape.input_width <= shape.output_width + 2


def _lanes(weights: Ints) -> Const:
    """[blocks, 8, 9] weights as [blocks][columns][2][8][4]."""
    kernel = weights.reshape(-1, _EIGHT, 3, 3).transpose(0, 3, 1, 2)
    both = np.stack([np.pad(kernel, ((0, 0),) * 3 + (pads,)) for pads in ((0, 1), (1, 0))], axis=2)
    return Const("weights", "int8_t", both.reshape(-1).astype(np.int8), 16)


def _turn_access(shape: Window) -> Iterator[Access]:
    """Rows may be the first or the second of their turn: what both read comes before the write."""
    row_size, out_size = shape.input_width * shape.input_channels, shape.output_width * shape.output_channels
    for row in range(shape.output_height):
        first, _ = shape.input_rows(row)
        _, last = shape.input_rows(min(row + 1, shape.output_height - 1))
        yield Access({0: (first * row_size, last * row_size)}, (0, 0))
        yield Access({}, (row * out_size, (row + 1) * out_size))


def _is_exact(weights: Ints) -> bool:
    """Whether no sum of two products leaves 16 bits, however taps are paired."""
    least = weights == _LEAST
    return not (least[:, :-1] & least[:, 1:]).any()


def _stream(layer: NeonDots, blocks: _Blocks) -> Const:
    """[blocks][taps][16]."""
    table = layer.weights[blocks.channels].transpose(0, 2, 1)
    return Const("weights", "int8_t", table.reshape(-1).astype(np.int8), 16)


def _instructions(shape: Window, layer: NeonDots, blocks: _Blocks) -> int:
    taps = shape.kernel_height * shape.kernel_width
    is_3x3 = (shape.kernel_height, shape.kernel_width) == (3, 3)
    pairs, odd = divmod(shape.kernel_width, 2)
    products = 47 if is_3x3 else shape.kernel_height * (6 + 10 * odd + 14 * pairs)
    column = products + 28 + 4 * layer.scale_instructions + (12 if blocks.stored < _BLOCK else 0)
    return shape.output_height * len(blocks.channels) * (blocks.columns * column + 30 + (taps if is_3x3 else 0))
