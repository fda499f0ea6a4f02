"""DEPTHWISE_CONV_2D, portable; see ``firmware/include/sdk/depthwise_conv2d.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.ir.attrs import DepthwiseConv2DAttrs
from sdk.kernels import cost
from sdk.kernels.access import Slide
from sdk.kernels.base import Const, Kernel, Prepared, Site
from sdk.kernels.constraints import (
    ACTIVATION,
    BIAS_CONSTANT,
    BIAS_INT32,
    FILTER_CONSTANT,
    input_type,
    output_type,
    quantized,
)
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


class DepthwiseConv2DS8Ref(Kernel):
    """int8 with int8 weights, per tensor or per channel, any depth multiplier."""

    name = "depthwise_conv2d_s8__ref"
    ops = ("DEPTHWISE_CONV_2D",)
    header = "sdk/depthwise_conv2d.h"
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the filter"),
        BIAS_INT32,
        output_type(DType.INT8),
        quantized(0),
        FILTER_CONSTANT,
        BIAS_CONSTANT,
        WEIGHTS_QUANTIZED,
        SCALES_FIT,
        SYMMETRIC_WEIGHTS,
        ACTIVATION,
        ACCUMULATORS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        conv = attrs(site, DepthwiseConv2DAttrs)
        source, weights, output = site.input(0), site.input(1), site.output()
        batches, height, width, channels = source.shape
        _, filter_height, filter_width, out_channels = weights.shape
        _, out_height, out_width, _ = output.shape
        top, _, left, _ = conv.resolved_pads((height, width), (filter_height, filter_width))
        consts = (Const("weights", "int8_t", data(weights)), *requantization(site))
        slide = Slide(
            batches=batches,
            input_rows=height,
            input_row_bytes=width * channels,
            output_rows=out_height,
            output_row_bytes=out_width * out_channels,
            extent=(filter_height - 1) * conv.dilation_h + 1,
            stride=conv.stride_h,
            pad=top,
        )
        macs = output.elements * filter_height * filter_width
        return Prepared(
            params_type="sdk_depthwise_conv2d_s8",
            params={
                "input_height": height,
                "input_width": width,
                "input_channels": channels,
                "depth_multiplier": out_channels // channels,
                "filter_height": filter_height,
                "filter_width": filter_width,
                "output_height": out_height,
                "output_width": out_width,
                "stride_height": conv.stride_h,
                "stride_width": conv.stride_w,
                "dilation_height": conv.dilation_h,
                "dilation_width": conv.dilation_w,
                "pad_top": top,
                "pad_left": left,
                "input_offset": -quant(source).zero_point,
                **output_fields(site, conv.activation),
                **pointers(consts),
            },
            consts=consts,
            units=slide.units,
            access=slide.access(),
            macs=macs,
            cost=cost.CALL + macs * 2 * cost.MAC + output.elements * cost.REQUANTIZE,
        )
