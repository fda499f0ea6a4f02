"""CONV_2D in int8, 3x3 with stride 1, by Winograd's F(2x2, 3x3); see ``firmware/include/sdk/winograd_dsp.h``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from sdk.ir.attrs import Conv2DAttrs
from sdk.kernels import chain_dsp
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.conv2d_dsp import COMMON, Window
from sdk.kernels.operands import attrs
from sdk.numerics import activation_range

_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.int64)
"""Weight transform, times 2."""


def _is_3x3(window: Window) -> bool:
    sizes = (window.kernel_height, window.kernel_width, window.stride_height, window.stride_width)
    return sizes == (3, 3, 1, 1) and (window.dilation_height, window.dilation_width) == (1, 1)


class Conv2DWinograd(Kernel):
    """16 multiplications for four outputs; weights of 3.6 bytes.

    Cortex-M4 cycles, estimated, zero wait states, for two tiles of four outputs: 16 for each pair of input channels,
    position and group of four output channels, 25 for each position and group, 150 for each output channel; 150 for
    each pair of input channels of a tile.
    """

    name: ClassVar[str] = "conv2d_s8_winograd__dsp"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/winograd_dsp.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8_winograd__dsp.c",
        "kernels/conv2d/winograd__dsp.c",
        "kernels/conv2d/winograd__dsp.S",
        "kernels/conv2d/conv_chain__dsp.c",
        "kernels/conv2d/conv_chain__dsp.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the kernel is 3x3 with stride 1, without dilation", lambda s: _is_3x3(Window.of(s))),
        Constraint("the number of input channels is a multiple of 4", lambda s: s.input(0).shape[3] % 4 == 0),
        Constraint("the number of output channels is a multiple of 4", lambda s: s.output().shape[3] % 4 == 0),
        Constraint("the output's width is even", lambda s: s.output().shape[2] % 2 == 0),
        Constraint("at most two columns are added on the left", lambda s: Window.of(s).pad_left <= 2),
        Constraint("short requantization is proven for all channels", lambda s: chain_dsp.dots(s).requant is not None),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), chain_dsp.dots(site)
        low, high = activation_range(attrs(site, Conv2DAttrs).activation, site.output())
        tile_rows = -(-window.output_height // 2)
        pairs = tile_rows * -(-window.output_width // 4)
        groups = window.output_channels // 4
        group = 16 * (8 * window.input_channels + 27) + 4 * 155
        staged = (window.output_width + 2) * window.input_channels
        return Prepared(
            params_type="sdk_conv2d_s8_winograd",
            params={
                "input_height": window.input_height,
                "input_width": window.input_width,
                "input_channels": window.input_channels,
                "output_height": window.output_height,
                "output_width": window.output_width,
                "output_channels": window.output_channels,
                "pad_top": window.pad_top,
                "pad_left": window.pad_left,
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "run": f"sdk_winograd_{layer.instance}",
                "low": low,
                "high": high,
                "clamp": int((low, high) != (-128, 127)),
            },
            consts=(Const("weights", "uint32_t", _stream(layer, window.input_channels)),),
            scratch_bytes=8 * staged + 64 * window.input_channels + 512,
            align=4,
            units=window.output_height,
            grain=2,
            access=tuple(_access(window)),
            macs=window.macs,
            cost=pairs * (groups * group + 150 * window.input_channels + 150) + 2 * tile_rows * (2 * staged + 150),
        )


def _stream(layer: chain_dsp.Dots, input_channels: int) -> chain_dsp.Words:
    """For each four output channels: [16 positions, pairs of input channels, 4] words, then their constants."""
    requant = layer.requant
    if requant is None:
        raise ValueError("no proven constants")
    kernels = layer.weights.reshape(layer.channels, 3, 3, input_channels)
    transformed = np.einsum("ri,oijc,sj->orsc", _G, kernels, _G).reshape(layer.channels, 16, input_channels)
    order = np.array(chain_dsp.quads_order(range(input_channels))).reshape(-1, 2)
    words = (transformed[:, :, order[:, 0]] & 0xFFFF) | ((transformed[:, :, order[:, 1]] & 0xFFFF) << 16)
    body = words.reshape(-1, 4, 16 * len(order)).transpose(0, 2, 1).reshape(layer.channels // 4, -1)
    columns = [4 * layer.effective_bias, requant.multiplier, requant.offset]
    if requant.two_sided:
        columns.append(requant.negative)
    constants = np.stack(columns, axis=1).reshape(layer.channels // 4, -1)
    stream: chain_dsp.Words = (np.concatenate([body, constants], axis=1) & 0xFFFFFFFF).astype(np.uint32).reshape(-1)
    return stream


def _access(window: Window) -> Iterator[Access]:
    """Two output rows at a time, all that they depend on read before."""
    row_size = window.input_width * window.input_channels
    out_size = window.output_width * window.output_channels
    for row in range(window.output_height):
        # Done alone, an even row reads what its pair needs; done together, the odd row's reads come earlier.
        last = min(max(row - window.pad_top + 4, 0), window.input_height)
        first = max((row - row % 2) - window.pad_top, 0)
        yield Access({0: (min(first, last) * row_size, last * row_size)}, (0, 0))
        yield Access({}, (row * out_size, (row + 1) * out_size))
