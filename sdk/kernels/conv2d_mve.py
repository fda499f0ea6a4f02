"""CONV_2D in int8 for cores with MVE; see ``firmware/include/sdk/conv2d_mve.h``."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import ClassVar

import numpy as np

from sdk.ir.attrs import DepthwiseConv2DAttrs
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.dots import padded
from sdk.kernels.dots_mve import (
    CHUNK,
    COMMON,
    GROUP,
    MOST_FIXED_CHUNKS,
    REQUANTIZE_INSTRUCTIONS,
    MveDots,
    loop_name,
    pair_stream,
)
from sdk.kernels.operands import attrs

_PIXELS = 4
_ROW_TAPS = 3
_MOST_RUNS = 32
_FIXED_RUNS = (3, 6)
"""Numbers of rows of vectors that have loops of their own."""
_RUN_STEPS = (1, 2, 3, 4, 6, 8)
_BLOCK = 32
"""Output channels whose accumulators are held at once."""
_MOST_IN_PLACE = 64
"""The same where inputs are read in place."""


def window(site: Site) -> Window:
    """The shapes of a convolution, depthwise or not."""
    if site.op.kind == "CONV_2D":
        return Window.of(site)
    conv = attrs(site, DepthwiseConv2DAttrs)
    _, height, width, channels = site.input(0).shape
    _, kernel_height, kernel_width, out_channels = site.input(1).shape
    _, out_height, out_width, _ = site.output().shape
    top, _, left, _ = conv.resolved_pads((height, width), (kernel_height, kernel_width))
    return Window(
        height, width, channels, out_height, out_width, out_channels, kernel_height, kernel_width,
        conv.stride_h, conv.stride_w, conv.dilation_h, conv.dilation_w, top, left,
    )  # fmt: skip


def is_dense(site: Site) -> bool:
    """Whether each output sums over all input channels."""
    channels = site.input(0).shape[3]
    return channels == (1 if site.op.kind == "DEPTHWISE_CONV_2D" else site.input(1).shape[3])


class Conv2DPixelsMve(Kernel):
    """Four pixels gathered, two channels at a time.

    Cortex-M55 instructions: 0.11 for a MAC of the inputs rounded up to multiples of 16; for an output 1.8 with proven
    constants, 2.4 to 3 without; for four pixels 50, and 400 for gathering windows of three rows.
    """

    name: ClassVar[str] = "conv2d_s8_pixels__mve"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D", "DEPTHWISE_CONV_2D")
    header: ClassVar[str] = "sdk/conv2d_mve.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8__mve.c",
        "kernels/conv2d/gather__mve.c",
        "kernels/conv2d/gather__mve.S",
        "kernels/conv2d/dot__mve.c",
        "kernels/conv2d/dot__mve.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("every output depends on all input channels", is_dense),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), MveDots.of(site)
        chunks = layer.chunks
        block = min(_whole_groups(layer.channels), _BLOCK)
        lines = _PIXELS + (chunks > MOST_FIXED_CHUNKS)
        scratch = 4 * _PIXELS * block + CHUNK * (chunks * lines + 1)
        if _is_in_place(shape):
            scratch = max(scratch, 4 * _PIXELS * _whole_groups(layer.channels))
        return Prepared(
            params_type="sdk_conv2d_s8_mve",
            params={
                "window": shape.fields,
                "input_zero_point": layer.input_zero_point,
                "chunks": chunks,
                "columns": 0,
                "weights": Ref("weights"),
                "block": block,
                "in_place": int(_is_in_place(shape)),
                "run": f"sdk_conv_{loop_name(chunks)}_{layer.form}__mve",
                **layer.output_fields(),
            },
            consts=(pair_stream(layer.weights), layer.constants()),
            scratch_bytes=scratch,
            align=4,
            units=shape.output_height,
            grain=_PIXELS // gcd(_PIXELS, shape.output_width),
            access=tuple(_access(shape)),
            macs=shape.macs,
            cost=_instructions(shape, layer),
        )


class Conv2DRowsMve(Kernel):
    """Rows held as vectors of 16 channels, each of which serves three columns of the kernel.

    Cortex-M55 instructions: 0.1 for a MAC of the channels rounded up to multiples of 16; for an output 2 with proven
    constants, 2.6 to 3.2 without; for four pixels 50.
    """

    name: ClassVar[str] = "conv2d_s8_rows__mve"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = Conv2DPixelsMve.header
    sources: ClassVar[tuple[str, ...]] = Conv2DPixelsMve.sources
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *Conv2DPixelsMve.constraints,
        Constraint("the kernel is three columns wide", lambda s: window(s).kernel_width == _ROW_TAPS),
        Constraint("the strides and dilations are 1", lambda s: _is_dense_walk(window(s))),
        Constraint(f"it has 2 to {_MOST_RUNS} rows of vectors", lambda s: 2 <= _runs(window(s)) <= _MOST_RUNS),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), MveDots.of(site)
        chunks, runs = -(-shape.input_channels // CHUNK), _runs(shape)
        block = min(_whole_groups(layer.channels), _BLOCK)
        tiles = -(-shape.output_width // _PIXELS)
        columns = max(tiles * _PIXELS + _ROW_TAPS - 1, shape.pad_left + shape.input_width)
        row_bytes = chunks * columns * CHUNK
        return Prepared(
            params_type="sdk_conv2d_s8_mve",
            params={
                "window": shape.fields,
                "input_zero_point": layer.input_zero_point,
                "chunks": chunks,
                "columns": columns,
                "weights": Ref("weights"),
                "block": block,
                "in_place": 0,
                "run": f"sdk_conv_rows{runs if runs in _FIXED_RUNS else ''}_{layer.form}__mve",
                **layer.output_fields(),
            },
            consts=(_row_stream(shape, layer), layer.constants()),
            scratch_bytes=4 * _PIXELS * block + shape.kernel_height * row_bytes,
            align=4,
            units=shape.output_height,
            access=tuple(_staged_access(shape)),
            macs=shape.macs,
            cost=_row_instructions(shape, layer, tiles),
        )


class Conv2DRunsMve(Kernel):
    """Rows held with their padding; a kernel row is one vector.

    Cortex-M55 instructions: for each kernel row 17 for two channels of four pixels; for an output 2 with proven
    constants, 2.6 to 3.2 without; for four pixels 50.
    """

    name: ClassVar[str] = "conv2d_s8_runs__mve"
    ops: ClassVar[tuple[str, ...]] = Conv2DPixelsMve.ops
    header: ClassVar[str] = Conv2DPixelsMve.header
    sources: ClassVar[tuple[str, ...]] = Conv2DPixelsMve.sources
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *Conv2DPixelsMve.constraints,
        Constraint(f"a kernel row has at most {CHUNK} inputs", lambda s: _run(window(s)) <= CHUNK),
        Constraint(f"it has 2 to {_MOST_RUNS} rows", lambda s: 2 <= window(s).kernel_height <= _MOST_RUNS),
        Constraint(f"pixels are {_RUN_STEPS} bytes apart", lambda s: _run_step(window(s)) in _RUN_STEPS),
        Constraint("the dilation is 1", lambda s: _is_dense_kernel(window(s))),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), MveDots.of(site)
        block = min(_whole_groups(layer.channels), _BLOCK)
        tiles = -(-shape.output_width // _PIXELS)
        columns = (tiles * _PIXELS - 1) * shape.stride_width + shape.kernel_width
        columns = max(columns, shape.pad_left + shape.input_width)
        return Prepared(
            params_type="sdk_conv2d_s8_mve",
            params={
                "window": shape.fields,
                "input_zero_point": layer.input_zero_point,
                "chunks": 1,
                "columns": columns,
                "weights": Ref("weights"),
                "block": block,
                "in_place": 0,
                "run": f"sdk_conv_runs{_run_step(shape)}_{layer.form}__mve",
                **layer.output_fields(),
            },
            consts=(_run_stream(shape, layer), layer.constants()),
            scratch_bytes=4 * _PIXELS * block + shape.kernel_height * columns * shape.input_channels + CHUNK,
            align=4,
            units=shape.output_height,
            access=tuple(_staged_access(shape)),
            macs=shape.macs,
            cost=_run_instructions(shape, layer, tiles),
        )


def _run(shape: Window) -> int:
    return shape.kernel_width * shape.input_channels


def _run_step(shape: Window) -> int:
    return shape.stride_width * shape.input_channels


def _is_dense_kernel(shape: Window) -> bool:
    return (shape.dilation_height, shape.dilation_width) == (1, 1)


def _run_stream(shape: Window, layer: MveDots) -> Const:
    """Weights as sdk_conv_runs reads them: [pairs][kernel rows][2][16]."""
    whole = padded(padded(layer.weights.reshape(layer.channels, shape.kernel_height, -1), CHUNK, axis=2), 2, axis=0)
    pairs = whole.reshape(-1, 2, shape.kernel_height, CHUNK).transpose(0, 2, 1, 3)
    return Const("weights", "int8_t", pairs.reshape(-1).astype(np.int8))


def _is_in_place(shape: Window) -> bool:
    channels = shape.input_channels
    readable = channels <= CHUNK or (channels % CHUNK == 0 and channels <= CHUNK * MOST_FIXED_CHUNKS)
    return _is_direct(shape) and readable and shape.output_channels <= _MOST_IN_PLACE


def _whole_groups(channels: int) -> int:
    return -(-channels // GROUP) * GROUP


def _is_dense_walk(shape: Window) -> bool:
    return {shape.stride_height, shape.stride_width, shape.dilation_height, shape.dilation_width} == {1}


def _runs(shape: Window) -> int:
    return shape.kernel_height * -(-shape.input_channels // CHUNK)


def _row_stream(shape: Window, layer: MveDots) -> Const:
    """Weights as sdk_conv_rows reads them: [pairs][kernel rows][chunks][3][2][16]."""
    kernel = (shape.kernel_height, _ROW_TAPS, shape.input_channels)
    whole = padded(padded(layer.weights.reshape(-1, *kernel), CHUNK, axis=3), 2, axis=0)
    pairs = whole.reshape(-1, 2, shape.kernel_height, _ROW_TAPS, whole.shape[3] // CHUNK, CHUNK)
    return Const("weights", "int8_t", pairs.transpose(0, 2, 4, 3, 1, 5).reshape(-1).astype(np.int8))


def _access(shape: Window) -> Iterator[Access]:
    """Reads are never later and writes never earlier than stated: four pixels are read, then written."""
    if _is_direct(shape):
        for pixel in range(shape.pixels):
            size, channels = shape.input_channels, shape.output_channels
            yield Access({0: (pixel * size, (pixel + 1) * size)}, (0, 0))
            yield Access({}, (pixel * channels, (pixel + 1) * channels))
        return
    row_size, out_size = shape.input_width * shape.input_channels, shape.output_width * shape.output_channels
    for row in range(shape.output_height):
        first, last = shape.input_rows(row)
        yield Access({0: (first * row_size, last * row_size)}, (row * out_size, (row + 1) * out_size))


def _staged_access(shape: Window) -> Iterator[Access]:
    """The rows under an output row are read, if they were not before, then it is written."""
    row_size, out_size = shape.input_width * shape.input_channels, shape.output_width * shape.output_channels
    for row in range(shape.output_height):
        first, last = shape.input_rows(row)
        yield Access({0: (first * row_size, last * row_size)}, (0, 0))
        yield Access({}, (row * out_size, (row + 1) * out_size))


def _is_direct(shape: Window) -> bool:
    window = (shape.kernel_height, shape.kernel_width, shape.stride_height, shape.stride_width)
    return window == (1, 1, 1, 1) and (shape.pad_top, shape.pad_left) == (0, 0)


def _instructions(shape: Window, layer: MveDots) -> int:
    tiles = -(-shape.pixels // _PIXELS)
    pairs = -(-layer.channels // 2)
    chunks = layer.chunks
    pair = 14 * chunks - 2 if chunks <= MOST_FIXED_CHUNKS else 14 * chunks + chunks // 2 + 7
    if _is_in_place(shape):
        requantize = REQUANTIZE_INSTRUCTIONS[layer.form] * -(-layer.channels // GROUP)
        return 400 + tiles * (pairs * pair + requantize + 48)
    gather = 4 * (45 + 3 * chunks) if _is_direct(shape) else 4 * (75 + 8 * shape.kernel_height + 3 * chunks)
    return 400 + tiles * (pairs * pair + _finish(layer) + gather + 50)


def _row_instructions(shape: Window, layer: MveDots, tiles: int) -> int:
    pairs = -(-layer.channels // 2)
    stage = _runs(shape) // shape.kernel_height * (5 * shape.input_width + 40)
    each = 37 if _runs(shape) in _FIXED_RUNS else 39
    tile = pairs * (each * _runs(shape) + 4) + _finish(layer)
    return shape.output_height * (tiles * tile + stage + 100)


def _run_instructions(shape: Window, layer: MveDots, tiles: int) -> int:
    pairs = -(-layer.channels // 2)
    stage = shape.stride_height * (shape.input_width * shape.input_channels // 4 + 60)
    tile = pairs * (17 * shape.kernel_height + 4) + _finish(layer)
    return shape.output_height * (tiles * tile + stage + 100)


def _finish(layer: MveDots) -> int:
    """Requantization of four pixels."""
    groups = -(-layer.channels // GROUP)
    return (REQUANTIZE_INSTRUCTIONS[layer.form] + 1) * groups + 60 * -(-layer.channels // _BLOCK)
