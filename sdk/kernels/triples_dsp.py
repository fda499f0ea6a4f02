"""CONV_2D in int8 for cores with the DSP extension and an FPU, three pixels at a time.

The loops are generated for each shape from ``firmware/include/sdk/conv2d_triples_asm.h``; the contract is in
``firmware/include/sdk/conv2d_triples_dsp.h``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import ClassVar

import numpy as np

from sdk.ir.attrs import Conv2DAttrs
from sdk.kernels import chain_dsp
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.conv2d_dsp import COMMON, Window, pixel_access, staged_access
from sdk.kernels.operands import attrs
from sdk.kernels.requantize import FoldedRequant, Ints
from sdk.numerics import activation_range

_MAX_STEPS = 64
_HELD = 30
"""Words of the inputs that the FPU's registers hold."""
_IMMEDIATE = 4095
"""Largest offset in a load or store."""


@dataclass(frozen=True)
class _Shape:
    """What a loop is made for, in the order of sdk_conv2d_triples_shape."""

    rows: int
    width: int
    pitch: int
    advance: int
    channels: int
    shift: int

    @property
    def row_steps(self) -> int:
        """Pairs of inputs of a window's row."""
        return self.width // 4 * 2 + min(self.width % 4, 2)

    @property
    def steps(self) -> int:
        """Pairs of inputs of a window."""
        return self.rows * self.row_steps

    @property
    def fits(self) -> bool:
        """Whether the loop can be made."""
        last = max((self.rows - 1) * self.pitch + self.width, self.advance, 2 * self.channels + 4)
        return self.width >= 4 and self.steps <= _MAX_STEPS and last <= _IMMEDIATE

    @property
    def name(self) -> str:
        """Of the loop."""
        return "sdk_triples_" + "_".join(str(v) for v in astuple(self)) + "__dsp"

    @property
    def sources(self) -> dict[str, str]:
        """The loop's files: the declaration and the code."""
        stem = self.name.removeprefix("sdk_")
        values = ", ".join(str(v) for v in astuple(self))
        header = (
            f"#ifndef {stem.upper()}_H\n#define {stem.upper()}_H\n\n"
            '#include "sdk/conv2d_triples_dsp.h"\n\n'
            f"#if SDK_DSP_ASM\nsdk_conv2d_triples_loop {self.name};\n#else\n"
            f"#define {self.name} sdk_conv2d_triples__dsp\n#endif\n\n#endif\n"
        )
        code = (
            "/* Window rows and bytes, pitch, advance, output channels, shift. */\n"
            '#include "sdk/dsp.h"\n#if SDK_DSP_ASM\n#include "sdk/conv2d_triples_asm.h"\n\n'
            f"    TRIPLES {self.name}, {values}\n\n#endif\n"
        )
        return {f"{stem}.h": header, f"{stem}.S": code}

    @property
    def code_bytes(self) -> int:
        """Size of the loop."""
        return 340 + 80 * self.steps

    def order(self) -> list[int]:
        """Taps of each step, two by two; -1 for those that an earlier step has."""
        order: list[int] = []
        for row in range(self.rows):
            first = row * self.width
            whole = self.width - self.width % 4
            order += chain_dsp.quads_order(range(first, first + whole))
            rest = self.width % 4
            last = [tap if tap >= first + whole else -1 for tap in range(first + self.width - 4, first + self.width)]
            if rest == 1:
                order += [last[3], -1]
            elif rest:
                order += chain_dsp.quads_order(last)
        return order

    def cycles(self) -> int:
        """Estimated cycles of three pixels, on a Cortex-M4 without wait states."""
        late = max(0, 2 * self.steps - _HELD)
        group = 16 * self.steps + late + 74 + (6 if self.channels % 4 else 0)
        return 40 + 8 * self.steps + group * -(-self.channels // 4)


def quads(channels: int) -> list[range]:
    """Channels in the order of work; where they are no multiple of four, the last four overlap."""
    return [range(start := min(first, channels - 4), start + 4) for first in range(0, channels, 4)]


def folded_chain(layer: chain_dsp.Dots, requant: FoldedRequant, order: list[int]) -> chain_dsp.Words:
    """Pack weights for three accumulators of four channels, with all that requantization adds.

    B, what requantization adds to 256 * D, is 256 * b + e with 0 <= e < 256. b goes into the bias. The accumulators are
    S_i = 256 * D_{i+1} + D_i + e_{i+1}, so that, e_i being small, S_i - floor(V_i / 256) is V_{i+1} = 256 * D_{i+1}
    + e_{i+1}. V_0 comes from the sum of all three, and one constant takes away what the e_i have brought into it.

    Returns:
        For each four channels 3 biases, 3 words for each step, that constant, 4 times M.
    """
    taps = np.array(order).reshape(-1, 2)
    bias = layer.varying_bias + (requant.offset >> 8)
    rest = requant.offset & 255
    words: list[Ints] = []
    for quad in quads(layer.channels):
        four = list(quad)
        w = np.where(taps >= 0, layer.weights[four][:, np.maximum(taps, 0)], 0)
        pairs = 256 * w[1:] + w[:-1]
        d, e = bias[four], rest[four]
        start = 256 * d[1:] + d[:-1] + e[1:]
        first = e[0] - 256 * (e[1] - 256 * e[2] + 65536 * e[3])
        body = (pairs[..., 0] & 0xFFFF | (pairs[..., 1] & 0xFFFF) << 16).T.reshape(-1)
        words += [start, body, np.array([first]), requant.multiplier[four]]
    stream: chain_dsp.Words = (np.concatenate(words) & 0xFFFFFFFF).astype(np.uint32)
    return stream


def _chains(site: Site) -> bool:
    weights = chain_dsp.dots(site).weights
    chained = [256 * weights[list(q)[1:]] + weights[list(q)[:-1]] for q in quads(len(weights))]
    return all(c.min() >= -(1 << 15) and c.max() < 1 << 15 for c in chained)


def _whole_range(site: Site) -> bool:
    return activation_range(attrs(site, Conv2DAttrs).activation, site.output()) == (-128, 127)


_COMMON = (
    *COMMON,
    Constraint("there are at least 4 output channels", lambda s: s.output().shape[3] >= 4),
    Constraint("no weight of -128 stands before a negative one of the channel above", _chains),
    Constraint("the output may have all values of int8", _whole_range),
)


class _Conv2DTriples(Kernel):
    """Three pixels, weights of 1.5 bytes."""

    ops: ClassVar[tuple[str, ...]] = ("CONV_2D",)
    header: ClassVar[str] = "sdk/conv2d_triples_dsp.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/conv2d/conv2d_s8_triples__dsp.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        window, layer, requant = Window.of(site), chain_dsp.dots(site), chain_dsp.folded(site)
        if requant is None:
            raise ValueError("no proven constants")
        shape = self.shape(window, requant.shift)
        return Prepared(
            params_type="sdk_conv2d_s8_triples",
            params={
                "shape": astuple(shape),
                "loop": shape.name,
                "weights": Ref("weights"),
                "input_zero_point": layer.input_zero_point,
                "input_height": window.input_height,
                "input_row": window.input_width * window.input_channels,
                "output_width": window.output_width,
                "pad_top": window.pad_top,
                "pad_left": window.pad_left * window.input_channels,
                "stride_height": window.stride_height,
                "held": self.held(window),
            },
            consts=(Const("weights", "uint32_t", folded_chain(layer, requant, shape.order())),),
            scratch_bytes=-(-3 * shape.channels // 4) * 4 + self.held(window) * shape.pitch,
            align=4,
            units=window.output_height,
            access=tuple(self.access(window)),
            macs=window.macs,
            cost=-(-window.pixels // 3) * shape.cycles() + self.staging(window, shape),
            generated_sources=shape.sources,
            code_bytes=shape.code_bytes,
        )

    @staticmethod
    @abstractmethod
    def shape(window: Window, shift: int) -> _Shape:
        """What the loop is made for."""

    @abstractmethod
    def held(self, window: Window) -> int:
        """Input rows held at once."""

    @abstractmethod
    def access(self, window: Window) -> Iterator[Access]:
        """The order of accesses."""

    @abstractmethod
    def staging(self, window: Window, shape: _Shape) -> int:
        """Estimated cycles besides the loop."""


class Conv2DTriples(_Conv2DTriples):
    """1x1, stride 1.

    Cortex-M4 cycles, estimated, zero wait states: for three pixels and four channels 16 for each two inputs, 17 for
    those after the first 30, and 75; 1.4 for an input.
    """

    name: ClassVar[str] = "conv2d_s8_triples__dsp"

    @staticmethod
    def shape(window: Window, shift: int) -> _Shape:
        """The window is a pixel."""
        return _Shape(1, window.input_channels, 0, 3 * window.input_channels, window.output_channels, shift)

    def held(self, window: Window) -> int:
        """None."""
        return 0

    def access(self, window: Window) -> Iterator[Access]:
        """Pixels, each read before it is written."""
        return pixel_access(window)

    def staging(self, window: Window, shape: _Shape) -> int:
        """Estimated cycles besides the loop."""
        return 200

    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_COMMON,
        Constraint("the kernel is 1x1 with stride 1", lambda s: Window.of(s).is_pointwise),
        Constraint("there are 4 to 128 input channels", lambda s: Conv2DTriples.shape(Window.of(s), 0).fits),
        Constraint("short requantization is proven for all channels", lambda s: chain_dsp.folded(s) is not None),
    )


class Conv2DTriplesWindow(_Conv2DTriples):
    """Windows of up to 128 inputs.

    Cortex-M4 cycles, estimated, zero wait states: as for 1x1, and 2 for each byte of the input.
    """

    name: ClassVar[str] = "conv2d_s8_triples_window__dsp"

    @staticmethod
    def shape(window: Window, shift: int) -> _Shape:
        """Rows of the window among those held, whose size is a multiple of four."""
        step = window.stride_width * window.input_channels
        width = window.kernel_width * window.input_channels
        pitch = -(-((window.output_width - 1) * step + width) // 4) * 4
        return _Shape(window.kernel_height, width, pitch, 3 * step, window.output_channels, shift)

    def held(self, window: Window) -> int:
        """Those of a window, and of the next one where a triple spans two rows."""
        return window.kernel_height + (window.stride_height if window.output_width % 3 else 0)

    def access(self, window: Window) -> Iterator[Access]:
        """Rows, each read before it is written."""
        return staged_access(window)

    def staging(self, window: Window, shape: _Shape) -> int:
        """Estimated cycles besides the loop."""
        moved = window.output_height * max(0, self.held(window) - window.stride_height)
        return 2 * shape.pitch * (window.input_height + moved) + 150 * window.output_height

    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_COMMON,
        Constraint("the dilation is 1", lambda s: _is_dense(Window.of(s))),
        Constraint("there are at least 3 output columns", lambda s: s.output().shape[2] >= 3),
        Constraint("a window has up to 128 inputs, at least 4 in a row, within 4095 bytes of the rows held",
                   lambda s: Conv2DTriplesWindow.shape(Window.of(s), 0).fits),
        Constraint("short requantization is proven for all channels", lambda s: chain_dsp.folded(s) is not None),
    )  # fmt: skip


def _is_dense(window: Window) -> bool:
    return window.dilation_height == 1 and window.dilation_width == 1
