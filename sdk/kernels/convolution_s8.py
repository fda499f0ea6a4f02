"""CONV_2D and DEPTHWISE_CONV_2D in int8, portable; see ``firmware/include/sdk/convolution_s8.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs
from sdk.kernels import cost
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Site
from sdk.kernels.convolution import ACCUMULATORS_FIT, INT8_LAYER, output_fields, pointers, requantization
from sdk.kernels.operands import attrs, data, quant
from sdk.kernels.window2d import window2d


class _ConvolutionS8Ref(Kernel):
    header = "sdk/convolution_s8.h"
    constraints: ClassVar[tuple[Constraint, ...]] = (*INT8_LAYER, ACCUMULATORS_FIT)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, source, weights = window2d(site), site.input(0), site.input(1)
        if isinstance(site.op.attrs, DepthwiseConv2DAttrs):
            conv: Conv2DAttrs | DepthwiseConv2DAttrs = site.op.attrs
            # One product in a loop of its own.
            channels, macs, mac_cost = weights.shape[3] // source.shape[3], window.taps, 2 * cost.MAC
        else:
            conv = attrs(site, Conv2DAttrs)
            channels, macs, mac_cost = weights.shape[3], window.taps * weights.shape[3], cost.MAC
        consts = (Const("weights", "int8_t", data(weights)), *requantization(site))
        return Prepared(
            params_type="sdk_convolution_s8",
            params={
                "window": window.fields,
                "filter_channels": channels,
                "input_offset": -quant(source).zero_point,
                **output_fields(site, conv.activation),
                **pointers(consts),
            },
            consts=consts,
            units=window.slide.units,
            access=window.slide.access(),
            macs=macs,
            cost=cost.CALL + macs * mac_cost + site.output().elements * cost.REQUANTIZE,
        )


class Conv2DS8Ref(_ConvolutionS8Ref):
    """int8 with int8 weights, per tensor or per channel, with groups."""

    name = "conv2d_s8__ref"
    ops = ("CONV_2D",)
    sources = ("kernels/conv2d/conv2d_s8__ref.c",)


class DepthwiseConv2DS8Ref(_ConvolutionS8Ref):
    """int8 with int8 weights, per tensor or per channel, any depth multiplier."""

    name = "depthwise_conv2d_s8__ref"
    ops = ("DEPTHWISE_CONV_2D",)
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_s8__ref.c",)
