"""Operators of uint8, quantized per tensor, portable; see ``convolution_u8.h`` and ``softmax.h``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import Activation, DepthwiseConv2DAttrs, Pool2DAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.constraints import (
    ACTIVATION,
    BIAS_CONSTANT,
    BIAS_INT32,
    FILTER_CONSTANT,
    input_type,
    output_type,
    quantized,
    same_quantization,
)
from sdk.kernels.convolution import ACCUMULATORS_FIT, output_channel_axis, pointers
from sdk.kernels.fully_connected import PLAIN_WEIGHTS
from sdk.kernels.operands import attrs, data, quant
from sdk.kernels.softmax import LONG_ROWS, POSITIVE_FACTOR, SoftmaxS8Ref
from sdk.kernels.window2d import window2d
from sdk.numerics import activation_range, float32, quantize_multiplier

_UINT8 = (input_type(0, DType.UINT8), output_type(DType.UINT8), quantized(0))
_WEIGHTS = (
    *_UINT8,
    input_type(1, DType.UINT8, what="the filter"),
    BIAS_INT32,
    FILTER_CONSTANT,
    BIAS_CONSTANT,
    quantized(1),
    ACTIVATION,
    ACCUMULATORS_FIT,
)


def _fields(site: Site) -> tuple[dict[str, Value], tuple[Const, ...]]:
    """Offsets, output and pointers that all have; the constants."""
    source, weights, output = site.input(0), site.input(1), site.output()
    bias = site.optional(2)
    # The product of the scales is a float32, as in GetQuantizedConvolutionMultipler.
    product = np.float32(quant(source).scale) * np.float32(quant(weights).scale)
    multiplier, shift = quantize_multiplier(float(product) / float32(quant(output).scale))
    low, high = activation_range(getattr(site.op.attrs, "activation", Activation.NONE), output)
    channels = weights.shape[output_channel_axis(site)]
    values = np.zeros(channels, np.int32) if bias is None else data(bias).reshape(-1)
    consts = (Const("weights", "uint8_t", data(weights)), Const("bias", "int32_t", values))
    fields: dict[str, Value] = {
        "input_offset": -quant(source).zero_point,
        "weights_offset": -quant(weights).zero_point,
        "output": (multiplier, shift, quant(output).zero_point, low, high),
        **pointers(consts),
    }
    return fields, consts


class _ConvolutionU8Ref(Kernel):
    header = "sdk/convolution_u8.h"
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_WEIGHTS,
        Constraint(
            "there is one group",
            lambda s: s.op.kind != "CONV_2D" or s.input(0).shape[3] == s.input(1).shape[3],
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, conv = window2d(site), site.op.attrs
        multiplier = conv.depth_multiplier if isinstance(conv, DepthwiseConv2DAttrs) else 0
        fields, consts = _fields(site)
        macs = window.taps * (1 if multiplier else site.input(0).shape[3])
        return Prepared(
            params_type="sdk_convolution_u8",
            params={"window": window.fields, "depth_multiplier": multiplier, **fields},
            consts=consts,
            units=window.slide.units,
            access=window.slide.access(),
            macs=macs,
            cost=cost.CALL + macs * cost.MAC + site.output().elements * cost.REQUANTIZE,
        )


class Conv2DU8Ref(_ConvolutionU8Ref):
    """uint8, per tensor."""

    name = "conv2d_u8__ref"
    ops = ("CONV_2D",)
    sources = ("kernels/conv2d/conv2d_u8__ref.c",)


class DepthwiseConv2DU8Ref(_ConvolutionU8Ref):
    """uint8, per tensor."""

    name = "depthwise_conv2d_u8__ref"
    ops = ("DEPTHWISE_CONV_2D",)
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_u8__ref.c",)


class FullyConnectedU8Ref(Kernel):
    """uint8, per tensor, any number of batches."""

    name = "fully_connected_u8__ref"
    ops = ("FULLY_CONNECTED",)
    header = "sdk/convolution_u8.h"
    sources = ("kernels/fully_connected/fully_connected_u8__ref.c",)
    constraints = (*_WEIGHTS, PLAIN_WEIGHTS)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        outputs, inputs = site.input(1).shape
        batches = site.input(0).elements // inputs
        fields, consts = _fields(site)
        macs = batches * inputs * outputs
        return Prepared(
            params_type="sdk_fully_connected_u8",
            params={"input_size": inputs, "output_size": outputs, **fields},
            consts=consts,
            units=batches * outputs,
            access=tuple(
                Access({0: (b * inputs, (b + 1) * inputs)}, (b * outputs, (b + 1) * outputs)) for b in range(batches)
            ),
            macs=macs,
            cost=cost.CALL + macs * cost.MAC + batches * outputs * cost.REQUANTIZE,
        )


class _Pool2DU8Ref(Kernel):
    header = "sdk/convolution_u8.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/pool2d_u8__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (*_UINT8, same_quantization((0,), 1e-6), ACTIVATION)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window = window2d(site)
        low, high = activation_range(attrs(site, Pool2DAttrs).activation, site.output())
        return Prepared(
            params_type="sdk_pool2d_u8",
            params={"window": window.fields, "output_min": low, "output_max": high},
            units=window.slide.units,
            access=window.slide.access(),
            cost=cost.CALL + window.taps * cost.MAC + site.output().elements * cost.REQUANTIZE,
        )


class AveragePool2DU8Ref(_Pool2DU8Ref):
    """uint8 mean over windows."""

    name = "average_pool2d_u8__ref"
    ops = ("AVERAGE_POOL_2D",)


class MaxPool2DU8Ref(_Pool2DU8Ref):
    """uint8 maximum over windows."""

    name = "max_pool2d_u8__ref"
    ops = ("MAX_POOL_2D",)


class SoftmaxU8Ref(SoftmaxS8Ref):
    """uint8 along the last dimension."""

    name = "softmax_u8__ref"
    constraints = (
        *_UINT8,
        Constraint(
            "the output's scale is 1/256 and its zero point 0",
            lambda site: abs(quant(site.output()).scale * 256 - 1) <= 1e-3 and quant(site.output()).zero_point == 0,
        ),
        POSITIVE_FACTOR,
        LONG_ROWS,
    )


UINT8_KERNELS: tuple[Kernel, ...] = (
    Conv2DU8Ref(),
    DepthwiseConv2DU8Ref(),
    FullyConnectedU8Ref(),
    AveragePool2DU8Ref(),
    MaxPool2DU8Ref(),
    SoftmaxU8Ref(),
)
"""Every kernel of uint8 alone."""
