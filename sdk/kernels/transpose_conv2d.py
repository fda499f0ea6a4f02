"""TRANSPOSE_CONV, portable; see ``firmware/include/sdk/transpose_conv2d.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.ir.attrs import Padding, TransposeConvAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Kernel, Prepared, Site
from sdk.kernels.constraints import ACTIVATION, FILTER_CONSTANT, constant, input_type, output_type, quantized
from sdk.kernels.convolution import (
    ACCUMULATORS_FIT,
    SCALES_FIT,
    SYMMETRIC_WEIGHTS,
    WEIGHTS_QUANTIZED,
    output_fields,
    pointers,
    requantization,
)
from sdk.kernels.operands import attrs, data, quant
from sdk.numerics import window_padding

_SOURCE = 2
_BIAS = 3


class ReversedWindow:
    """The window of the convolution that an operator reverses: sizes, accesses and work.

    Attributes:
        sizes: of images and filter, strides and paddings, by their names in C.
        units: output rows of all batches.
        macs: multiply-accumulates.
    """

    def __init__(self, site: Site) -> None:
        conv = attrs(site, TransposeConvAttrs)
        source, weights, output = site.input(_SOURCE), site.input(1), site.output()
        same = conv.padding is Padding.SAME
        batches, height, width, channels = source.shape
        _, out_height, out_width, out_channels = output.shape
        _, filter_height, filter_width, _ = weights.shape
        self.sizes = {
            "input_height": height,
            "input_width": width,
            "input_channels": channels,
            "filter_height": filter_height,
            "filter_width": filter_width,
            "output_height": out_height,
            "output_width": out_width,
            "output_channels": out_channels,
            "stride_height": conv.stride_h,
            "stride_width": conv.stride_w,
            "pad_top": window_padding(same, out_height, filter_height, conv.stride_h)[1],
            "pad_left": window_padding(same, out_width, filter_width, conv.stride_w)[1],
        }
        self.units = batches * out_height
        self.macs = source.elements * out_channels * filter_height * filter_width
        self._row = width * channels * source.dtype.itemsize
        self._out_row = out_width * out_channels * output.dtype.itemsize

    @property
    def fields(self) -> tuple[int, ...]:
        """The fields of sdk_window2d; there is no dilation."""
        *sizes, top, left = self.sizes.values()
        return (*sizes, 1, 1, top, left)

    def access(self) -> tuple[Access, ...]:
        """A row of the output at a time, from the input rows that meet it."""
        return tuple(map(self._step, range(self.units)))

    def _step(self, unit: int) -> Access:
        height, top, stride = (self.sizes[name] for name in ("input_height", "pad_top", "stride_height"))
        batch, y = divmod(unit, self.sizes["output_height"])
        first = min(max(-(-(y + top - self.sizes["filter_height"] + 1) // stride), 0), height)
        last = max(min((y + top) // stride + 1, height), first)
        reads = ((batch * height + first) * self._row, (batch * height + last) * self._row)
        return Access({0: reads}, (unit * self._out_row, (unit + 1) * self._out_row))


class TransposeConv2DS8Ref(Kernel):
    """int8 with int8 weights, per tensor or per channel."""

    name = "transpose_conv2d_s8__ref"
    ops = ("TRANSPOSE_CONV",)
    header = "sdk/transpose_conv2d.h"
    sources = ("kernels/transpose_conv2d/transpose_conv2d_s8__ref.c",)
    constraints = (
        input_type(_SOURCE, DType.INT8),
        input_type(1, DType.INT8, what="the filter"),
        input_type(_BIAS, DType.INT32, what="the bias"),
        output_type(DType.INT8),
        quantized(_SOURCE),
        constant(0, "the output's shape"),
        FILTER_CONSTANT,
        constant(_BIAS, "the bias"),
        WEIGHTS_QUANTIZED,
        SCALES_FIT,
        SYMMETRIC_WEIGHTS,
        ACTIVATION,
        ACCUMULATORS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, source, output = ReversedWindow(site), site.input(_SOURCE), site.output()
        consts = (Const("weights", "int8_t", data(site.input(1))), *requantization(site, _SOURCE, _BIAS))
        return Prepared(
            params_type="sdk_transpose_conv2d_s8",
            params={
                **window.sizes,
                "input_offset": -quant(source).zero_point,
                **output_fields(site, attrs(site, TransposeConvAttrs).activation),
                **pointers(consts),
            },
            consts=consts,
            inputs=(_SOURCE,),
            units=window.units,
            access=window.access(),
            macs=window.macs,
            cost=cost.CALL
            + window.macs * cost.MAC
            + output.elements * (cost.REQUANTIZE + site.input(1).shape[1] * cost.BLOCK),
        )
