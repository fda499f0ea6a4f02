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
        conv = attrs(site, TransposeConvAttrs)
        source, weights, output = site.input(_SOURCE), site.input(1), site.output()
        batches, height, width, channels = source.shape
        _, out_height, out_width, out_channels = output.shape
        _, filter_height, filter_width, _ = weights.shape
        # The padding is that of the convolution which this one reverses.
        same = conv.padding is Padding.SAME
        _, top = window_padding(same, out_height, filter_height, conv.stride_h)
        _, left = window_padding(same, out_width, filter_width, conv.stride_w)
        consts = (Const("weights", "int8_t", data(weights)), *requantization(site, _SOURCE, _BIAS))
        row, out_row = width * channels, out_width * out_channels

        def step(unit: int) -> Access:
            batch, y = divmod(unit, out_height)
            first = min(max(-(-(y + top - filter_height + 1) // conv.stride_h), 0), height)
            last = max(min((y + top) // conv.stride_h + 1, height), first)
            reads = ((batch * height + first) * row, (batch * height + last) * row)
            return Access({0: reads}, (unit * out_row, (unit + 1) * out_row))

        macs = source.elements * out_channels * filter_height * filter_width
        return Prepared(
            params_type="sdk_transpose_conv2d_s8",
            params={
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
                "pad_top": top,
                "pad_left": left,
                "input_offset": -quant(source).zero_point,
                **output_fields(site, conv.activation),
                **pointers(consts),
            },
            consts=consts,
            inputs=(_SOURCE,),
            units=batches * out_height,
            access=tuple(map(step, range(batches * out_height))),
            macs=macs,
            cost=cost.CALL + macs * cost.MAC + output.elements * (cost.REQUANTIZE + filter_height * cost.BLOCK),
        )
