"""CONV_2D in int8 for cores with NEON; see ``firmware/include/sdk/conv2d_neon.h``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from sdk.ir.attrs import Conv2DAttrs
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Site
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.dots_mve import COMMON
from sdk.kernels.dots_neon import PIXELS, Layer, Products, Sdot, Smull, dots_fields
from sdk.kernels.operands import attrs
from sdk.kernels.ring_neon import FEW_ROWS, Ring, held_access

_ALIGN = 16
_MOST_RUNS = 256
_DIRECT, _IN_ROWS, _GATHERED = "SDK_CONV2D_DIRECT", "SDK_CONV2D_IN_ROWS", "SDK_CONV2D_GATHERED"
_WINDOWS = 16
"""Gathered at once."""
_SLACK = 48
"""Bytes that are copied at once."""


def _layer(site: Site) -> Layer:
    return Layer.of(site, attrs(site, Conv2DAttrs).activation)


class _Conv2D(Kernel):
    """What both kinds of products have in common."""

    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_neon.h"
    products: ClassVar[Products]

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), _layer(site)
        products = self.products
        end = products.end(window.taps)
        direct = window.is_pointwise and end == window.taps
        runs, run = _runs(window)
        pitch = -(-max(end, window.taps - run + _SLACK) // _ALIGN) * _ALIGN
        ring = Ring.of(window, layer, _row_bytes(window), window.input_channels)
        costs = {_GATHERED: products.instructions(layer, end, window.pixels) + _gather(window)}
        if run % _ALIGN == 0:
            groups = -(-window.output_channels // products.group)
            row = products.instructions(layer, end, window.output_width)
            tiles = -(-window.output_width // products.tile) * groups * runs * window.kernel_height
            costs[_IN_ROWS] = window.output_height * (120 + row + tiles * products.run_instructions)
        form = _DIRECT if direct else min(costs, key=lambda f: costs[f])
        cost = products.instructions(layer, end, window.pixels) if direct else costs[form] + ring.instructions(window)
        return Prepared(
            params_type="sdk_conv2d_s8_neon",
            params={
                "window": window.fields,
                "ring": ring.fields,
                "form": form,
                "pitch": pitch,
                "runs": runs,
                "run": run,
                "run_step": window.dilation_width * window.input_channels,
                "window_step": window.stride_width * window.input_channels,
                "dots": dots_fields(layer, products),
            },
            consts=(products.stream(layer.weights), layer.constants(products.group)),
            scratch_bytes=0 if direct else _WINDOWS * pitch + _SLACK + ring.nbytes + _SLACK,
            align=_ALIGN,
            units=-(-window.pixels // PIXELS) if direct else window.output_height,
            access=tuple(_tile_access(window) if direct else held_access(window)),
            macs=window.macs,
            cost=20 + cost,
        )


class Conv2DNeon(_Conv2D):
    """Four pixels times four channels.

    Instructions: 0.22 for a MAC, 2.2 for an output; gathering a window 16, 4 for each of its runs and 2 for 16 bytes.
    """

    name: ClassVar[str] = "conv2d_s8__neon"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8__neon.c",
        "kernels/conv2d/conv2d_s8_tiles__neon.c",
        "kernels/window/ring__neon.c",
        "kernels/dots/dots__neon.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    products: ClassVar[Products] = Smull
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("the convolution has one group", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
        FEW_ROWS,
        Constraint(f"its window has at most {_MOST_RUNS} runs", lambda s: _few_runs(Window.of(s))),
        Constraint("no two weights multiplied in a pair are -128", lambda s: Smull.is_exact(_layer(s).weights)),
    )


class Conv2DSdot(_Conv2D):
    """Eight pixels times eight channels.

    Instructions: 0.08 for a MAC, 1.7 for an output; gathering as above.
    """

    name: ClassVar[str] = "conv2d_s8__sdot"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8__sdot.c",
        "kernels/conv2d/conv2d_s8_tiles__neon.c",
        "kernels/window/ring__neon.c",
        "kernels/dots/dots__sdot.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon", "sdot"})
    products: ClassVar[Products] = Sdot
    constraints: ClassVar[tuple[Constraint, ...]] = Conv2DNeon.constraints[:-1]


def _runs(window: Window) -> tuple[int, int]:
    """(runs of each kernel row, bytes of each)."""
    if window.dilation_width == 1:
        return 1, window.kernel_width * window.input_channels
    return window.kernel_width, window.input_channels


def _few_runs(window: Window) -> bool:
    return window.kernel_height * _runs(window)[0] <= _MOST_RUNS


def _row_bytes(window: Window) -> int:
    columns = (window.output_width - 1) * window.stride_width + (window.kernel_width - 1) * window.dilation_width + 1
    return max(columns, window.pad_left) * window.input_channels


def _tile_access(window: Window) -> Iterator[Access]:
    size, channels = window.input_channels, window.output_channels
    for begin in range(0, window.pixels, PIXELS):
        end = min(begin + PIXELS, window.pixels)
        yield Access({0: (begin * size, end * size)}, (begin * channels, end * channels))


def _gather(window: Window) -> int:
    runs, run = _runs(window)
    return window.pixels * (16 + window.kernel_height * runs * (4 + 2 * -(-run // _ALIGN)))
