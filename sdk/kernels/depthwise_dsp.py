"""DEPTHWISE_CONV_2D in int8 for cores with the DSP extension; see ``firmware/include/sdk/depthwise_dsp.h``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from sdk.ir.attrs import DepthwiseConv2DAttrs
from sdk.kernels import chain_dsp
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site, Value
from sdk.kernels.operands import attrs
from sdk.kernels.requantize import FoldedRequant, Ints
from sdk.numerics import activation_range

_MAX_TAPS = 64
_WIDE = 14
"""Columns from which on the generated loops are loops, of so many columns a turn:"""
_TURN = 6


@dataclass(frozen=True)
class _Shape:
    height: int
    width: int
    channels: int
    out_height: int
    out_width: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    pad: tuple[int, int]

    @classmethod
    def of(cls, site: Site) -> _Shape:
        conv = attrs(site, DepthwiseConv2DAttrs)
        _, height, width, channels = site.input(0).shape
        _, kernel_height, kernel_width, _ = site.input(1).shape
        _, out_height, out_width, _ = site.output().shape
        top, _, left, _ = conv.resolved_pads((height, width), (kernel_height, kernel_width))
        return cls(
            height, width, channels, out_height, out_width, (kernel_height, kernel_width),
            (conv.stride_h, conv.stride_w), (conv.dilation_h, conv.dilation_w), (top, left),
        )  # fmt: skip

    @property
    def macs(self) -> int:
        return self.out_height * self.out_width * self.channels * self.kernel[0] * self.kernel[1]

    @property
    def inner_pixels(self) -> int:
        """Output pixels whose windows lie inside the input."""
        rows, columns = (
            sum(i * step >= before and i * step - before + (taps - 1) * apart < size for i in range(out))
            for size, out, taps, step, apart, before in zip(
                (self.height, self.width), (self.out_height, self.out_width), self.kernel, self.stride, self.dilation,
                self.pad, strict=True,
            )
        )  # fmt: skip
        return int(rows * columns)


_COMMON = (
    *chain_dsp.COMMON,
    Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
    Constraint("the depth multiplier is 1", lambda s: s.input(0).shape[3] == s.input(1).shape[3]),
    Constraint("there are at least 4 channels", lambda s: s.input(0).shape[3] >= 4),
)


class _Depthwise3x3(Kernel):
    """What both strides have in common: four channels at a time, two rows in a word."""

    ops: ClassVar[tuple[str, ...]] = ("DEPTHWISE_CONV_2D",)
    header: ClassVar[str] = "sdk/depthwise_dsp.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/depthwise_conv2d/depthwise_conv2d_s8_3x3__dsp.c",
        "kernels/depthwise_conv2d/depthwise_3x3_lines__dsp.c",
        "kernels/depthwise_conv2d/depthwise_3x3_lines__dsp.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    loop: ClassVar[str]
    rows_a_turn: ClassVar[int]

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer, requant = _Shape.of(site), chain_dsp.dots(site), chain_dsp.folded(site)
        if requant is None:
            raise ValueError("no proven constants")
        low, high = activation_range(attrs(site, DepthwiseConv2DAttrs).activation, site.output())
        stream = self.stream(layer, requant)[_quads(shape.channels)]
        quads = len(_quads(shape.channels))
        loop, sources, code_bytes = self.code(shape, requant.shift)
        return Prepared(
            params_type="sdk_depthwise_conv2d_s8_3x3",
            params={
                "input_height": shape.height,
                "input_width": shape.width,
                "channels": shape.channels,
                "output_height": shape.out_height,
                "output_width": shape.out_width,
                "pad_top": shape.pad[0],
                "pad_left": shape.pad[1],
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                "quad_words": stream[0].size,
                "run": loop,
                "low": low,
                "high": high,
                "clamp": int((low, high) != (-128, 127)),
            },
            consts=(Const("weights", "uint32_t", stream.reshape(-1)),),
            scratch_bytes=32 * self.columns(shape),
            align=4,
            units=quads,
            access=tuple(_quad_access(shape, self.rows_a_turn)),
            macs=shape.macs,
            cost=200 + quads * int(400 + self.cycles(shape)),
            generated_sources=sources,
            code_bytes=code_bytes,
        )

    def code(self, shape: _Shape, shift: int) -> tuple[str, dict[str, str], int]:
        """The inner loop's name, its sources if they are generated, and their size."""
        return f"sdk_depthwise_{self.loop}_f{shift}__dsp", {}, 0

    @abstractmethod
    def columns(self, shape: _Shape) -> int:
        """Columns of a line."""

    @abstractmethod
    def stream(self, layer: chain_dsp.Dots, requant: FoldedRequant) -> chain_dsp.Words:
        """The weights as the loop reads them: [channels, words]."""

    @abstractmethod
    def cycles(self, shape: _Shape) -> float:
        """Estimated cycles of four channels."""


class Depthwise3x3(_Depthwise3x3):
    """3x3, stride 1: two output rows at once.

    Cortex-M4 cycles, estimated, zero wait states, for four channels and two output rows: 138 for each column (96 the
    multiplications and requantization, 22 widening, 20 storing) and 270.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3__dsp"
    loop: ClassVar[str] = "3x3"
    rows_a_turn: ClassVar[int] = 2
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_COMMON,
        Constraint("the kernel is 3x3 without dilation", lambda s: _is_3x3(_Shape.of(s))),
        Constraint("the stride is 1", lambda s: _Shape.of(s).stride == (1, 1)),
        Constraint("as many columns are added on the left as on the right, 0 or 1", lambda s: _is_even(_Shape.of(s))),
        Constraint("the input has at least 2 columns", lambda s: s.input(0).shape[2] >= 2),
        Constraint("short requantization is proven for all channels", lambda s: chain_dsp.folded(s) is not None),
    )

    def columns(self, shape: _Shape) -> int:
        """All of the input's."""
        return shape.width

    def stream(self, layer: chain_dsp.Dots, requant: FoldedRequant) -> chain_dsp.Words:
        """(w0, w1), (w1, w2) of each kernel column, B, M for each channel."""
        w = 256 * layer.weights.reshape(-1, 3, 3)
        words = [_pair(w[:, r, c], w[:, r + 1, c]) for c in range(3) for r in range(2)]
        return _stream(words, layer, requant)

    def cycles(self, shape: _Shape) -> float:
        """Estimated cycles of four channels."""
        return -(-shape.out_height // 2) * (140 * shape.width + 230)


class Depthwise3x3Stride2(_Depthwise3x3):
    """3x3, stride 2.

    Cortex-M4 cycles, estimated, zero wait states, for four channels and an output row: 74 for each output, 22 for each
    input column and 240.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_stride2__dsp"
    loop: ClassVar[str] = "3x3_stride2"
    rows_a_turn: ClassVar[int] = 1
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_COMMON,
        Constraint("the kernel is 3x3 without dilation", lambda s: _is_3x3(_Shape.of(s))),
        Constraint("the stride is 2", lambda s: _Shape.of(s).stride == (2, 2)),
        Constraint("at most one column is added on the left", lambda s: _Shape.of(s).pad[1] <= 1),
        Constraint("short requantization is proven for all channels", lambda s: chain_dsp.folded(s) is not None),
    )

    def columns(self, shape: _Shape) -> int:
        """Those under the windows."""
        return 2 * shape.out_width + 1

    def stream(self, layer: chain_dsp.Dots, requant: FoldedRequant) -> chain_dsp.Words:
        """(w0, w1) of each kernel column, (w2 of columns 0 and 1), w2 of column 2, B, M for each channel."""
        w = 256 * layer.weights.reshape(-1, 3, 3)
        words = [_pair(w[:, 0, c], w[:, 1, c]) for c in range(3)]
        words += [_pair(w[:, 2, 0], w[:, 2, 1]), _pair(w[:, 2, 2], np.zeros_like(w[:, 2, 2]))]
        return _stream(words, layer, requant)

    def cycles(self, shape: _Shape) -> float:
        """Estimated cycles of four channels."""
        return shape.out_height * (96 * shape.out_width + 22 * shape.width + 240)


def _unrolled(loop: str, values: tuple[int, ...]) -> tuple[str, dict[str, str]]:
    """Name and sources of an instance of a macro of depthwise_3x3_asm.h."""
    stem = f"depthwise_{loop}_" + "_".join(str(v) for v in values) + "__dsp"
    name = f"sdk_{stem}"
    header = (
        f"#ifndef {stem.upper()}_H\n#define {stem.upper()}_H\n\n"
        '#include "sdk/depthwise_dsp.h"\n\n'
        f"#if SDK_DSP_ASM\nsdk_depthwise_run {name};\n#else\n"
        f"#define {name} sdk_depthwise_{loop}_f{values[-1]}__dsp\n#endif\n\n#endif\n"
    )
    code = (
        '#include "sdk/dsp.h"\n#if SDK_DSP_ASM\n#include "sdk/depthwise_3x3_asm.h"\n\n'
        f"    DEPTHWISE_{loop.upper()} {name}, {', '.join(str(v) for v in values)}\n\n#endif\n"
    )
    return name, {f"{stem}.h": header, f"{stem}.S": code}


def _unrolls(shape: _Shape) -> bool:
    """Whether the distances of a shape fit the instructions of the generated loops."""
    line = 8 * max(shape.width, 2 * shape.out_width + 1)
    outputs = min(shape.out_width, _WIDE) + 1
    return shape.width * shape.channels + outputs * shape.channels < 4096 and 3 * line + 8 * (_WIDE + 2) < 4096


class Depthwise3x3Unrolled(Depthwise3x3):
    """3x3, stride 1, with a loop generated for the shape.

    Cortex-M4 cycles, estimated, zero wait states, for four channels and two output rows: 110 for each column (96 the
    multiplications, requantization and storing, 14 widening) and 120.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_unrolled__dsp"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *Depthwise3x3.constraints,
        Constraint("rows of input and output fit the offsets of instructions", lambda s: _unrolls(_Shape.of(s))),
    )

    def cycles(self, shape: _Shape) -> float:
        """Estimated cycles of four channels."""
        return -(-shape.out_height // 2) * (110 * shape.width + 120)

    def code(self, shape: _Shape, shift: int) -> tuple[str, dict[str, str], int]:
        """A loop for the shape."""
        values = (shape.height, shape.width, shape.channels, shape.out_height, shape.pad[1], shift)
        columns = shape.width if shape.width < _WIDE else _TURN + (shape.width - 2) % _TURN + 2
        copies = 2 + shape.out_height % 2
        return *_unrolled(self.loop, values), 300 + copies * (120 + 96 * columns)


class Depthwise3x3Stride2Unrolled(Depthwise3x3Stride2):
    """3x3, stride 2, with a loop generated for the shape.

    Cortex-M4 cycles, estimated, zero wait states, for four channels and an output row: 56 for each output, 14 for each
    input column and 120.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_stride2_unrolled__dsp"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *Depthwise3x3Stride2.constraints,
        Constraint("rows of input and output fit the offsets of instructions", lambda s: _unrolls(_Shape.of(s))),
    )

    def cycles(self, shape: _Shape) -> float:
        """Estimated cycles of four channels."""
        return shape.out_height * (56 * shape.out_width + 14 * shape.width + 120)

    def code(self, shape: _Shape, shift: int) -> tuple[str, dict[str, str], int]:
        """A loop for the shape."""
        values = (
            shape.height, shape.width, shape.channels, shape.out_height, shape.out_width, shape.pad[1], shift,
        )  # fmt: skip
        columns = shape.out_width if shape.out_width < _WIDE else _TURN + (shape.out_width - 1) % _TURN + 1
        return *_unrolled(self.loop, values), 1230 + 53 * columns


class Depthwise3x3Rows(Depthwise3x3):
    """3x3, stride 1, two rows of all channels after the other.

    Cortex-M4 cycles, estimated, zero wait states: those of all rows at once, and for four channels and two rows 22 more
    for each column and 150.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_rows__dsp"
    first: ClassVar[int] = 2

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        return _by_rows(super().prepare(site), _Shape.of(site), self.first, 2)


class Depthwise3x3OddRows(Depthwise3x3Rows):
    """The same with the first row by itself: in a chain what one layer makes is then just what the next one needs."""

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_odd_rows__dsp"
    first: ClassVar[int] = 1


class Depthwise3x3Stride2Rows(Depthwise3x3Stride2):
    """3x3, stride 2, a row of all channels after the other.

    Cortex-M4 cycles, estimated, zero wait states: those of all rows at once, and for four channels and a row 22 more
    for each column and 150.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8_3x3_stride2_rows__dsp"

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        return _by_rows(super().prepare(site), _Shape.of(site), 1, 1)


def _by_rows(prepared: Prepared, shape: _Shape, first: int, rows: int) -> Prepared:
    """A kernel that does all channels of a unit of rows before the next; ``first``: rows of the first unit."""
    starts = [0, *range(first, shape.out_height, rows)]
    in_row, out_row = shape.width * shape.channels, shape.out_width * shape.channels
    access = []
    for begin, end in zip(starts, [*starts[1:], shape.out_height], strict=True):
        top, bottom = _under(shape, begin)[0], _under(shape, end - 1)[1]
        access.append(Access({0: (top * in_row, bottom * in_row)}, (begin * out_row, end * out_row)))
    return replace(
        prepared,
        units=len(access),
        access=tuple(access),
        cost=prepared.cost + len(access) * prepared.units * (22 * shape.width + 150),
    )


class DepthwiseTaps(Kernel):
    """Any kernel: two taps and four channels at a time, no staging.

    Cortex-M4 cycles, estimated, zero wait states: 3.6 for a MAC, 18 for an output and 28 for each tap of a pixel; for
    pixels with taps outside the image and layers without proven constants 9 for a MAC and 45 for an output.
    """

    name: ClassVar[str] = "depthwise_conv2d_s8__dsp"
    ops: ClassVar[tuple[str, ...]] = ("DEPTHWISE_CONV_2D",)
    header: ClassVar[str] = "sdk/depthwise_dsp.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/depthwise_conv2d/depthwise_conv2d_s8__dsp.c",
        "kernels/depthwise_conv2d/depthwise_pixel__dsp.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_COMMON,
        Constraint(f"the kernel has at most {_MAX_TAPS} taps", lambda s: s.input(1).elements
                   <= _MAX_TAPS * s.input(0).shape[3]),
    )  # fmt: skip

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        shape, layer = _Shape.of(site), chain_dsp.dots(site)
        low, high = activation_range(attrs(site, DepthwiseConv2DAttrs).activation, site.output())
        consts = [Const("weights", "uint32_t", _taps_stream(layer))]
        fields: dict[str, Value]
        if layer.requant is not None:
            table = np.stack([layer.requant.multiplier, layer.requant.offset, layer.requant.negative], axis=1)
            consts.append(Const("requant", "int32_t", table.astype(np.int32)))
            fields = {"requant": Ref("requant"), "requant_shift": layer.requant.shift, "multiplier": "NULL",
                      "shift": "NULL"}  # fmt: skip
        else:
            exact, exact_consts = chain_dsp.exact_fields(layer)
            consts += exact_consts
            fields = {"requant": "NULL", "requant_shift": 0, **exact}
        taps = shape.kernel[0] * shape.kernel[1]
        pixels = shape.out_height * shape.out_width
        plain = shape.inner_pixels if layer.requant is not None else 0
        pairs = -(-taps // 2)
        per_plain = -(-shape.channels // 4) * (29 * pairs + 72)
        per_other = -(-shape.channels // 4) * (70 * pairs + 180)
        return Prepared(
            params_type="sdk_depthwise_conv2d_s8_taps",
            params={
                "input_height": shape.height,
                "input_width": shape.width,
                "channels": shape.channels,
                "output_height": shape.out_height,
                "output_width": shape.out_width,
                "kernel_height": shape.kernel[0],
                "kernel_width": shape.kernel[1],
                "stride_height": shape.stride[0],
                "stride_width": shape.stride[1],
                "dilation_height": shape.dilation[0],
                "dilation_width": shape.dilation[1],
                "pad_top": shape.pad[0],
                "pad_left": shape.pad[1],
                "input_zero_point": layer.input_zero_point,
                "weights": Ref("weights"),
                **fields,
                "output_zero_point": layer.accumulators.zero_point,
                "low": low,
                "high": high,
            },
            consts=tuple(consts),
            units=shape.out_height,
            access=tuple(_row_access(shape)),
            macs=shape.macs,
            cost=pixels * (28 * taps + 150) + plain * per_plain + (pixels - plain) * per_other,
        )


def _is_3x3(shape: _Shape) -> bool:
    return shape.kernel == (3, 3) and shape.dilation == (1, 1)


def _is_even(shape: _Shape) -> bool:
    left = shape.pad[1]
    return left in (0, 1) and shape.out_width == shape.width + 2 * left - 2


def _quads(channels: int) -> Ints:
    """[quads, 4] channels in the order of work; where they are no multiple of four, the last four overlap."""
    starts = [min(start, channels - 4) for start in range(0, channels, 4)]
    quads: Ints = np.add.outer(np.array(starts, np.int64), np.arange(4))
    return quads


def _pair(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> npt.NDArray[Any]:
    words: npt.NDArray[Any] = (low & 0xFFFF) | ((high & 0xFFFF) << 16)
    return words


def _stream(words: list[npt.NDArray[Any]], layer: chain_dsp.Dots, requant: FoldedRequant) -> chain_dsp.Words:
    start = 256 * layer.varying_bias + requant.offset
    table = np.stack([*words, start, requant.multiplier], axis=1)
    stream: chain_dsp.Words = (table & 0xFFFFFFFF).astype(np.uint32)
    return stream


def _taps_stream(layer: chain_dsp.Dots) -> chain_dsp.Words:
    """For each four channels their biases, then four words for each two taps."""
    weights = layer.weights
    if weights.shape[1] % 2:
        weights = np.pad(weights, ((0, 0), (0, 1)))
    quads = _quads(layer.channels)
    pairs = _pair(weights[:, 0::2], weights[:, 1::2])[quads]
    bias = layer.folded_bias[quads][:, None, :]
    table = np.concatenate([bias, pairs.transpose(0, 2, 1)], axis=1)
    stream: chain_dsp.Words = (table & 0xFFFFFFFF).astype(np.uint32).reshape(-1)
    return stream


def _under(shape: _Shape, row: int) -> tuple[int, int]:
    """Input rows under an output row's windows."""
    first = row * shape.stride[0] - shape.pad[0]
    last = first + (shape.kernel[0] - 1) * shape.dilation[0] + 1
    return max(first, 0), min(last, shape.height)


def _row_access(shape: _Shape) -> Iterator[Access]:
    in_row, out_row = shape.width * shape.channels, shape.out_width * shape.channels
    for row in range(shape.out_height):
        first, last = _under(shape, row)
        yield Access({0: (first * in_row, last * in_row)}, (row * out_row, (row + 1) * out_row))


def _quad_access(shape: _Shape, rows_a_turn: int) -> Iterator[Access]:
    """For four channels after the other and turn: the input rows that were not yet read, then the output rows."""
    for channel in _quads(shape.channels)[:, 0].tolist():
        read = 0
        for row in range(0, shape.out_height, rows_a_turn):
            last_row = min(row + rows_a_turn, shape.out_height)
            bottom = min(row * shape.stride[0] - shape.pad[0] + 4, shape.height)
            top = max(read, row * shape.stride[0] - shape.pad[0])
            for pixel in range(top * shape.width, bottom * shape.width):
                yield Access({0: _four(shape, pixel, channel)}, (0, 0))
            read = max(read, bottom)
            for pixel in range(row * shape.out_width, last_row * shape.out_width):
                yield Access({}, _four(shape, pixel, channel))


def _four(shape: _Shape, pixel: int, channel: int) -> tuple[int, int]:
    start = pixel * shape.channels + channel
    return start, start + 4
