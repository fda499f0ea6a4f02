"""CONV_2D, and DEPTHWISE_CONV_2D of one channel, in int8 for cores with NEON.

See ``firmware/include/sdk/conv2d_neon.h``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Site
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.conv2d_mve import is_dense, window
from sdk.kernels.dots_mve import COMMON
from sdk.kernels.dots_neon import PIXELS, ByteSums, NeonDots, Products, Sdot, Smull, dots_fields
from sdk.kernels.operands import quant
from sdk.kernels.ranges import value_range
from sdk.kernels.ring_neon import FEW_ROWS, Ring, held_access

_ALIGN = 16
_MOST_RUNS = 256
_DIRECT, _IN_ROWS, _GATHERED = "SDK_CONV2D_DIRECT", "SDK_CONV2D_IN_ROWS", "SDK_CONV2D_GATHERED"
_WINDOWS = 16
"""Gathered at once."""
_FEWEST_TOGETHER = 4
_SLACK = 48
"""Bytes that are copied at once."""


class _Conv2D(Kernel):
    """What all kinds of products have in common."""

    ops: ClassVar[tuple[str, ...]] = ("CONV_2D", "DEPTHWISE_CONV_2D")
    header: ClassVar[str] = "sdk/conv2d_neon.h"

    @abstractmethod
    def products(self, site: Site) -> Products:
        """The way to multiply."""

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer, products = window(site), NeonDots.of(site), self.products(site)
        end = products.end(shape.taps)
        direct = shape.is_pointwise and end == shape.taps
        runs, run = _runs(shape)
        pitch = -(-max(end, shape.taps - run + _SLACK) // _ALIGN) * _ALIGN
        ring = Ring.of(shape, layer, _row_bytes(shape), shape.input_channels)
        costs = {_GATHERED: products.instructions(layer, end, shape.pixels) + _gather(shape)}
        if run % _ALIGN == 0 and not isinstance(products, ByteSums):
            groups = -(-shape.output_channels // products.group)
            row = products.instructions(layer, end, shape.output_width)
            tiles = -(-shape.output_width // products.tile) * groups * runs * shape.kernel_height
            costs[_IN_ROWS] = shape.output_height * (120 + row + tiles * products.run_instructions)
        form = _DIRECT if direct else min(costs, key=lambda f: costs[f])
        cost = products.instructions(layer, end, shape.pixels) if direct else costs[form] + ring.instructions(shape)
        return Prepared(
            params_type="sdk_conv2d_s8_neon",
            params={
                "window": shape.fields,
                "ring": ring.fields,
                "form": form,
                "pitch": pitch,
                "runs": runs,
                "run": run,
                "run_step": shape.dilation_width * shape.input_channels,
                "window_step": shape.stride_width * shape.input_channels,
                "dots": dots_fields(layer, products),
            },
            consts=(products.stream(layer.weights), layer.constants(products.group)),
            scratch_bytes=0 if direct else _WINDOWS * pitch + _SLACK + ring.nbytes + _SLACK,
            align=_ALIGN,
            units=-(-shape.pixels // PIXELS) if direct else shape.output_height,
            access=tuple(_tile_access(shape) if direct else held_access(shape)),
            macs=shape.macs,
            cost=20 + cost,
        )


class Conv2DNeon(_Conv2D):
    """Four pixels times four channels.

    Instructions: 0.22 for a MAC, 2.2 for an output; gathering a window 16, 6 for each of its runs and 2 for 16 bytes.
    """

    name: ClassVar[str] = "conv2d_s8__neon"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8__neon.c",
        "kernels/conv2d/conv2d_s8_tiles__neon.c",
        "kernels/window/ring__neon.c",
        "kernels/dots/dots__neon.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("every output depends on all input channels", is_dense),
        FEW_ROWS,
        Constraint(f"its window has at most {_MOST_RUNS} runs", lambda s: _few_runs(window(s))),
        Constraint("no two weights multiplied in a pair are -128", lambda s: Smull.is_exact(NeonDots.of(s).weights)),
    )

    def products(self, site: Site) -> Products:
        """In pairs in 16 bits."""
        return Smull


class Conv2DSdot(_Conv2D):
    """Eight pixels times eight channels.

    Instructions: 0.077 for a MAC, 2.2 for an output; gathering as above.
    """

    name: ClassVar[str] = "conv2d_s8__sdot"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8__sdot.c",
        "kernels/conv2d/conv2d_s8_tiles__neon.c",
        "kernels/window/ring__neon.c",
        "kernels/dots/dots__sdot.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon", "sdot"})
    constraints: ClassVar[tuple[Constraint, ...]] = Conv2DNeon.constraints[:-1]

    def products(self, site: Site) -> Products:
        """Four products in each lane."""
        return Sdot


class Conv2DBytes(_Conv2D):
    """Four pixels times four channels, of inputs and weights with few values: 2 bits times 2 bits, 1 bit times 4.

    Instructions: 0.1 for a MAC, 4.5 for an output; gathering as above.
    """

    name: ClassVar[str] = "conv2d_s8_bytes__neon"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/conv2d/conv2d_s8_bytes__neon.c",
        "kernels/conv2d/conv2d_s8_tiles__neon.c",
        "kernels/window/ring__neon.c",
        "kernels/dots/dots_bytes__neon.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *Conv2DNeon.constraints[:-1],
        Constraint(
            f"{_FEWEST_TOGETHER} of its products, of values that the input can have, add up in a byte",
            lambda s: (sums := _byte_sums(s)) is not None
            and sums.together >= min(_FEWEST_TOGETHER, sums.head(sums.end(window(s).taps))[1]),
        ),
    )

    def products(self, site: Site) -> Products:
        """Sums of products in bytes.

        Raises:
            ValueError: they do not fit.
        """
        found = _byte_sums(site)
        if found is None:
            raise ValueError("products do not fit in bytes")
        return found


def _byte_sums(site: Site) -> ByteSums | None:
    low, high = value_range(site.graph, site.input(0))
    padding = quant(site.input(0)).zero_point
    return ByteSums.of(NeonDots.of(site).weights, (min(low, padding), max(high, padding)))


def _runs(shape: Window) -> tuple[int, int]:
    """(runs of each kernel row, bytes of each)."""
    if shape.dilation_width == 1:
        return 1, shape.kernel_width * shape.input_channels
    return shape.kernel_width, shape.input_channels


def _few_runs(shape: Window) -> bool:
    return shape.kernel_height * _runs(shape)[0] <= _MOST_RUNS


def _row_bytes(shape: Window) -> int:
    columns = (shape.output_width - 1) * shape.stride_width + (shape.kernel_width - 1) * shape.dilation_width + 1
    return max(columns, shape.pad_left) * shape.input_channels


def _tile_access(shape: Window) -> Iterator[Access]:
    size, channels = shape.input_channels, shape.output_channels
    for begin in range(0, shape.pixels, PIXELS):
        end = min(begin + PIXELS, shape.pixels)
        yield Access({0: (begin * size, end * size)}, (begin * channels, end * channels))


def _gather(shape: Window) -> int:
    runs, run = _runs(shape)
    return shape.pixels * (16 + shape.kernel_height * runs * (6 + 2 * -(-run // _ALIGN)))
