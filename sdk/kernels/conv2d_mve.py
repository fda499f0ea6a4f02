"""CONV_2D in int8 for cores with MVE; see ``firmware/include/sdk/conv2d_mve.h``."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import ClassVar

from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.dots_mve import (
    CHUNK,
    COMMON,
    GROUP,
    MOST_FIXED_CHUNKS,
    REQUANTIZE_INSTRUCTIONS,
    Dots,
    dot_function,
    pair_stream,
)
from sdk.kernels.operands import attrs

_PIXELS = 4
_MOST_TILES = 16
_ACCUMULATOR_BYTES = 512
"""Accumulators that are held at once, unless four channels take more."""


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


def dots(site: Site) -> Dots:
    """The dot products of a convolution."""
    if site.op.kind == "CONV_2D":
        return Dots.of(site, attrs(site, Conv2DAttrs).activation)
    return Dots.of(site, attrs(site, DepthwiseConv2DAttrs).activation)


def _is_dense(site: Site) -> bool:
    channels = site.input(0).shape[3]
    return channels == (1 if site.op.kind == "DEPTHWISE_CONV_2D" else site.input(1).shape[3])


class Conv2DPixelsMve(Kernel):
    """Four pixels gathered, two channels at a time.

    Cortex-M55 instructions: 0.11 for a MAC and 2.3 for an output; gathering 0.2 for each input of a 1x1 kernel.
    """

    name: ClassVar[str] = "conv2d_s8_pixels__mve"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D", "DEPTHWISE_CONV_2D")
    header: ClassVar[str] = "sdk/conv2d_mve.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8__mve.c",
        "kernels/conv2d/dot__mve.c",
        "kernels/conv2d/dot__mve.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("every output depends on all input channels", _is_dense),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = window(site), dots(site)
        chunks = layer.chunks
        padded = -(-layer.channels // GROUP) * GROUP
        block = min(padded, _ACCUMULATOR_BYTES // (4 * _PIXELS))
        tiles = min(max(_ACCUMULATOR_BYTES // (4 * _PIXELS * padded), 1), _MOST_TILES)
        lines = _PIXELS + (chunks > MOST_FIXED_CHUNKS)
        return Prepared(
            params_type="sdk_conv2d_s8_mve",
            params={
                "window": shape.fields,
                "input_zero_point": layer.input_zero_point,
                "chunks": chunks,
                "weights": Ref("weights"),
                "tiles": tiles,
                "block": block,
                "dot": dot_function(chunks),
                "requantize": f"sdk_requantize_{layer.form}_4__mve",
                **layer.output_fields(),
            },
            consts=(pair_stream(layer.weights), layer.constants()),
            scratch_bytes=4 * _PIXELS * tiles * block + CHUNK * (chunks * lines + 1),
            align=4,
            units=shape.output_height,
            grain=_PIXELS // gcd(_PIXELS, shape.output_width),
            access=tuple(_access(shape)),
            macs=shape.macs,
            cost=_instructions(shape, layer),
        )


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


def _is_direct(shape: Window) -> bool:
    window = (shape.kernel_height, shape.kernel_width, shape.stride_height, shape.stride_width)
    return window == (1, 1, 1, 1) and (shape.pad_top, shape.pad_left) == (0, 0)


def _instructions(shape: Window, layer: Dots) -> int:
    tiles = -(-shape.pixels // _PIXELS)
    pairs = -(-layer.channels // 2)
    groups = -(-layer.channels // GROUP)
    chunk = 10 * pairs if layer.chunks == 1 else 14 * pairs * layer.chunks
    return tiles * (chunk + 4 * pairs + REQUANTIZE_INSTRUCTIONS[layer.form] * groups + 16 * layer.chunks + 100)
