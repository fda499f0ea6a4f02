"""CONV_2D in int8 for cores with the DSP extension; see ``firmware/include/sdk/conv2d_dsp.h``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sdk.ir.attrs import Conv2DAttrs
from sdk.kernels import chain_dsp
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.operands import attrs
from sdk.numerics import activation_range

_MAX_RUNS = 24
_MAX_PART_STEPS = 48


@dataclass(frozen=True)
class Window:
    """Shapes of a convolution, in the order of sdk_conv2d_window."""

    input_height: int
    input_width: int
    input_channels: int
    output_height: int
    output_width: int
    output_channels: int
    kernel_height: int
    kernel_width: int
    stride_height: int
    stride_width: int
    dilation_height: int
    dilation_width: int
    pad_top: int
    pad_left: int

    @classmethod
    def of(cls, site: Site) -> Window:
        """Read an operator's shapes."""
        conv = attrs(site, Conv2DAttrs)
        _, height, width, channels = site.input(0).shape
        out_channels, kernel_height, kernel_width, _ = site.input(1).shape
        _, out_height, out_width, _ = site.output().shape
        top, _, left, _ = conv.resolved_pads((height, width), (kernel_height, kernel_width))
        return cls(
            height, width, channels, out_height, out_width, out_channels, kernel_height, kernel_width,
            conv.stride_h, conv.stride_w, conv.dilation_h, conv.dilation_w, top, left,
        )  # fmt: skip

    @property
    def fields(self) -> tuple[int, ...]:
        """The C structure."""
        return (
            self.input_height, self.input_width, self.input_channels, self.output_height, self.output_width,
            self.output_channels, self.kernel_height, self.kernel_width, self.stride_height, self.stride_width,
            self.dilation_height, self.dilation_width, self.pad_top, self.pad_left,
        )  # fmt: skip

    @property
    def taps(self) -> int:
        """Inputs of one output."""
        return self.kernel_height * self.kernel_width * self.input_channels

    @property
    def pixels(self) -> int:
        """Output pixels."""
        return self.output_height * self.output_width

    @property
    def row_tiles(self) -> tuple[int, int]:
        """(rows, pixels a row) as the kernels walk over the output."""
        return (1, self.pixels) if self.is_direct else (self.output_height, self.output_width)

    @property
    def is_pointwise(self) -> bool:
        """Whether output pixels map one to one to input pixels."""
        window = (self.kernel_height, self.kernel_width, self.stride_height, self.stride_width)
        return window == (1, 1, 1, 1) and (self.pad_top, self.pad_left) == (0, 0)

    @property
    def is_direct(self) -> bool:
        """Whether moreover they consist of whole quads of channels."""
        return self.is_pointwise and self.input_channels % 4 == 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates, padding included."""
        return self.pixels * self.output_channels * self.taps

    def input_rows(self, row: int) -> tuple[int, int]:
        """Input rows that an output row depends on, clipped to the input."""
        first = row * self.stride_height - self.pad_top
        last = first + (self.kernel_height - 1) * self.dilation_height + 1
        return max(first, 0), min(last, self.input_height)

    def inner_rows(self) -> int:
        """Kernel rows inside the input, summed over the output rows."""
        return sum(
            0 <= row * self.stride_height - self.pad_top + ky < self.input_height
            for row in range(self.output_height)
            for ky in range(self.kernel_height)
        )


Order = npt.NDArray[np.int64]

SOURCES = (
    "kernels/conv2d/conv2d_s8__dsp.c",
    "kernels/conv2d/conv_chain__dsp.c",
    "kernels/conv2d/conv_chain__dsp.S",
)

COMMON = (
    *chain_dsp.COMMON,
    Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
    Constraint("the convolution has one group", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
    chain_dsp.FITS,
)


def _output_fields(site: Site, layer: chain_dsp.Dots, group_words: int) -> tuple[int, ...]:
    low, high = activation_range(attrs(site, Conv2DAttrs).activation, site.output())
    return group_words, layer.accumulators.zero_point, low, high, int((low, high) != (-128, 127))


def _group_overhead(layer: chain_dsp.Dots) -> int:
    """Cycles of a group of eight outputs besides its steps."""
    if layer.requant is None:
        return 500
    return 95 if layer.requant.two_sided else 76


def pixel_access(window: Window) -> Iterator[Access]:
    """Kernels that read a few pixels, then write them; reading more of them first only moves reads ahead."""
    size, channels = window.input_channels, window.output_channels
    for pixel in range(window.pixels):
        yield Access({0: (pixel * size, (pixel + 1) * size)}, (0, 0))
        yield Access({}, (pixel * channels, (pixel + 1) * channels))


def _row_access(window: Window) -> Iterator[Access]:
    """Kernels that read and write by turns within an output row."""
    row_size = window.input_width * window.input_channels
    out_size = window.output_width * window.output_channels
    for row in range(window.output_height):
        first, last = window.input_rows(row)
        yield Access({0: (first * row_size, last * row_size)}, (row * out_size, (row + 1) * out_size))


def staged_access(window: Window) -> Iterator[Access]:
    """Kernels that have read all that an output row depends on before they write to it, or earlier."""
    row_size = window.input_width * window.input_channels
    out_size = window.output_width * window.output_channels
    for row in range(window.output_height):
        first, last = window.input_rows(row)
        yield Access({0: (first * row_size, last * row_size)}, (0, 0))
        yield Access({}, (row * out_size, (row + 1) * out_size))


class _Conv2DPatch(Kernel):
    """Pairs of pixels whose inputs are gathered as int16; weights take 1.5 bytes."""

    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_dsp.h"
    sources: ClassVar[tuple[str, ...]] = SOURCES
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = (*COMMON, chain_dsp.CHAINS)

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), chain_dsp.dots(site)
        order = self.order(window)
        steps = len(order)
        exact, exact_consts = chain_dsp.exact_fields(layer)
        weights = Const("weights", "uint32_t", chain_dsp.weights_chain(layer, order))
        group = 12 * steps + _group_overhead(layer)
        return Prepared(
            params_type="sdk_conv2d_s8_patch",
            params={
                "window": window.fields,
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "steps": steps,
                "ring_rows": self.ring_rows(window),
                "run": f"sdk_chain_patch_{layer.instance}",
                "output": _output_fields(site, layer, chain_dsp.group_words(layer, 3, 4, steps)),
                **exact,
            },
            consts=(weights, *exact_consts),
            scratch_bytes=self.scratch(window, steps),
            align=4,
            units=window.output_height,
            grain=self.grain(window),
            access=tuple(self.access(window)),
            macs=window.macs,
            cost=int(self.cycles(window, group * -(-window.output_channels // 4))),
        )

    def order(self, window: Window) -> Order:
        """Taps in the order in which the inputs are gathered."""
        return _patch_order(window)

    def ring_rows(self, window: Window) -> int:
        """Input rows held at once."""
        return 0

    def scratch(self, window: Window, steps: int) -> int:
        """Bytes of working memory."""
        return 8 * steps

    def grain(self, window: Window) -> int:
        """Rows that are best done together."""
        return 1

    @abstractmethod
    def access(self, window: Window) -> Iterator[Access]:
        """The order of accesses."""

    @abstractmethod
    def cycles(self, window: Window, pair: int) -> float:
        """Estimated cycles; pair: those of the inner loop for two pixels."""


class Conv2DPatch(_Conv2DPatch):
    """Any shape.

    Cortex-M4 cycles, estimated, zero wait states: 0.75 for a MAC, 9.5 for an output; 7 for each input gathered.
    """

    name: ClassVar[str] = "conv2d_s8_patch__dsp"

    def access(self, window: Window) -> Iterator[Access]:
        """Rows, read and written by turns."""
        return _row_access(window)

    def cycles(self, window: Window, pair: int) -> float:
        """Estimated cycles."""
        pairs = window.output_height * -(-window.output_width // 2)
        return pairs * (pair + 14 * window.taps + 34 * window.kernel_height + 260)


class Conv2DPointwise(_Conv2DPatch):
    """1x1, stride 1.

    Cortex-M4 cycles, estimated, zero wait states: 0.75 for a MAC, 9.5 for an output, 1.8 for an input.
    """

    name: ClassVar[str] = "conv2d_s8_pointwise__dsp"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_Conv2DPatch.constraints,
        Constraint("the kernel is 1x1 with stride 1", lambda s: Window.of(s).is_pointwise),
        Constraint("there are at least 4 input channels", lambda s: s.input(0).shape[3] >= 4),
    )

    def order(self, window: Window) -> Order:
        """Quads, the last one filled up."""
        taps = [*range(window.taps), *[-1] * (-window.taps % 4)]
        return np.array(chain_dsp.quads_order(taps), np.int64).reshape(-1, 2)

    def grain(self, window: Window) -> int:
        """As many as have an even number of pixels."""
        return 1 + window.output_width % 2

    def access(self, window: Window) -> Iterator[Access]:
        """Pixels, each read before it is written."""
        return pixel_access(window)

    def cycles(self, window: Window, pair: int) -> float:
        """Estimated cycles."""
        return -(-window.pixels // 2) * (pair + 3.6 * window.taps + 35) + 200


class Conv2DNarrow(_Conv2DPatch):
    """From rows held as int16: for few input channels.

    Cortex-M4 cycles, estimated, zero wait states: 0.75 for a MAC, 9.5 for an output; 3 for each input staged; for
    two pixels 4 for each input of the window, 22 for each of its rows and 110.
    """

    name: ClassVar[str] = "conv2d_s8_narrow__dsp"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_Conv2DPatch.constraints,
        Constraint("the dilation is 1", lambda s: _is_dense(Window.of(s))),
    )

    def order(self, window: Window) -> Order:
        """As the rows are."""
        return _narrow_order(window)

    def ring_rows(self, window: Window) -> int:
        """Those of a window, and of the next one where the last pixel of a row is joined with the next row's first."""
        return window.kernel_height + window.output_width % 2 * window.stride_height

    def scratch(self, window: Window, steps: int) -> int:
        """Bytes of working memory."""
        return 8 * steps * (1 + window.output_width % 2) + self.ring_rows(window) * self._row_bytes(window)

    def access(self, window: Window) -> Iterator[Access]:
        """Rows, each read before it is written."""
        return staged_access(window)

    def cycles(self, window: Window, pair: int) -> float:
        """Estimated cycles."""
        pairs = -(-window.pixels // 2)
        collect = 4 * window.taps + 22 * window.kernel_height + 110
        return pairs * (pair + collect) + window.input_height * (1.5 * self._row_bytes(window) + 150)

    def _row_bytes(self, window: Window) -> int:
        columns = (window.output_width - 1) * window.stride_width + window.kernel_width
        return 2 * columns * window.input_channels


class Conv2DPixels(Kernel):
    """Four pixels linked on the way in, weights of one byte.

    Cortex-M4 cycles, estimated, zero wait states: 9.5 for an output and 0.81 for a MAC; linking 7 for each input of
    four pixels, gathering 3 for each input of one unless the kernel is 1x1.
    """

    name: ClassVar[str] = "conv2d_s8_pixels__dsp"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_dsp.h"
    sources: ClassVar[tuple[str, ...]] = SOURCES
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = COMMON

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), chain_dsp.dots(site)
        steps = -(-window.taps // 4)
        order = np.arange(4 * steps).reshape(-1, 4)
        order[order >= window.taps] = -1
        exact, exact_consts = chain_dsp.exact_fields(layer)
        weights = Const("weights", "uint32_t", chain_dsp.pixels_chain(layer, order))
        rows, row_pixels = window.row_tiles
        direct = window.is_direct
        tiles = rows * -(-row_pixels // 4)
        groups = -(-window.output_channels // 2)
        gather = 0 if direct else 4 * window.kernel_height * (100 + window.taps // window.kernel_height)
        return Prepared(
            params_type="sdk_conv2d_s8_pixels",
            params={
                "window": window.fields,
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "steps": steps,
                "run": f"sdk_chain_pixels_{layer.instance}",
                "output": _output_fields(site, layer, chain_dsp.group_words(layer, 2, 2, steps)),
                **exact,
            },
            consts=(weights, *exact_consts),
            scratch_bytes=(24 if direct else 40) * steps,
            align=4,
            units=window.output_height,
            access=tuple(pixel_access(window) if direct else _row_access(window)),
            macs=window.macs,
            cost=tiles * (groups * (26 * steps + _group_overhead(layer) + 4) + 28 * steps + gather + 120),
        )


def _parts(window: Window) -> int | None:
    """Into how many runs a kernel row is divided, or None if the table can't hold them."""
    steps = window.kernel_width * window.input_channels // 2
    for parts in range(-(-steps // _MAX_PART_STEPS), _MAX_RUNS // window.kernel_height + 1):
        if steps % parts == 0:
            return parts
    return None


class Conv2DRows(Kernel):
    """Input rows held as int16 while they are needed, weights of 1.5 bytes.

    Cortex-M4 cycles, estimated, zero wait states: 0.75 for a MAC inside the input's rows, 9 for an output, 11 for
    each run of a kernel row and group of four channels, 2 for each input.
    """

    name: ClassVar[str] = "conv2d_s8_rows__dsp"
    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_dsp.h"
    sources: ClassVar[tuple[str, ...]] = SOURCES
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        chain_dsp.CHAINS,
        Constraint("the number of input channels is a multiple of 4", lambda s: s.input(0).shape[3] % 4 == 0),
        Constraint("the dilation is 1", lambda s: _is_dense(Window.of(s))),
        Constraint("a kernel row divides into equal runs of up to 96 inputs, at most 24 runs in all",
                   lambda s: _parts(Window.of(s)) is not None),
    )  # fmt: skip

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer = Window.of(site), chain_dsp.dots(site)
        parts = _parts(window)
        if parts is None:
            raise ValueError("the kernel has too many runs")
        columns = self.columns(window)
        part_steps = window.kernel_width * window.input_channels // (2 * parts)
        steps = window.kernel_height * parts * part_steps
        order = np.array(chain_dsp.quads_order(range(window.taps))).reshape(-1, 2)
        exact, exact_consts = chain_dsp.exact_fields(layer)
        weights = Const("weights", "uint32_t", chain_dsp.weights_chain(layer, order))
        held = (columns - 1) * window.stride_width + window.kernel_width
        tiles = -(-window.output_width // columns)
        staged = held * window.input_channels * tiles
        staged *= window.input_height if tiles == 1 else window.inner_rows()
        groups = -(-window.output_channels // 4)
        pairs = -(-min(columns, window.output_width) // 2) * tiles
        runs = window.inner_rows() * parts
        return Prepared(
            params_type="sdk_conv2d_s8_rows",
            params={
                "window": window.fields,
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "columns": columns,
                "parts": parts,
                "part_steps": part_steps,
                "rows": f"&sdk_chain_rows_{layer.instance}",
                "output": _output_fields(site, layer, chain_dsp.group_words(layer, 3, 4, steps)),
                **exact,
            },
            consts=(weights, *exact_consts),
            scratch_bytes=2 * window.kernel_height * held * window.input_channels,
            align=4,
            units=window.output_height,
            access=tuple(staged_access(window) if tiles == 1 else _row_access(window)),
            macs=window.macs,
            cost=int(
                pairs * runs * (groups * (12 * part_steps + 11) + 10)
                + pairs * window.output_height * (groups * (_group_overhead(layer) + 6) + 60)
                + 2 * staged
            ),
        )

    def columns(self, window: Window) -> int:
        """Output columns whose inputs are held at once."""
        return window.output_width


def _is_dense(window: Window) -> bool:
    return window.dilation_height == 1 and window.dilation_width == 1


def _narrow_order(window: Window) -> Order:
    """Whole quads of each kernel row, then what the rows have left over, all in order."""
    run = window.kernel_width * window.input_channels
    whole = run - run % 4
    rows = [range(row * run, (row + 1) * run) for row in range(window.kernel_height)]
    order = [tap for row in rows for tap in row[:whole]] + [tap for row in rows for tap in row[whole:]]
    return np.array(order + [-1] * (len(order) % 2), np.int64).reshape(-1, 2)


def _patch_order(window: Window) -> Order:
    """Whole quads of each kernel row in the order 0, 2, 1, 3, then what the rows have left over."""
    run = window.kernel_width * window.input_channels
    whole = run - run % 4
    order: list[int] = []
    rest: list[int] = []
    for row in range(window.kernel_height):
        order += chain_dsp.quads_order(range(row * run, row * run + whole))
        rest += range(row * run + whole, (row + 1) * run)
    order += rest
    return np.array(order + [-1] * (len(order) % 2), np.int64).reshape(-1, 2)

