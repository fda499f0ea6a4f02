"""CONV_2D and its like for int16 activations, portable; see ``firmware/include/sdk/convolution_s16.h``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs, FullyConnectedAttrs, Padding, TransposeConvAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.constraints import ACTIVATION, constant, input_type, output_type, quantized
from sdk.kernels.convolution import (
    SCALES_FIT,
    SYMMETRIC_WEIGHTS,
    WEIGHTS_QUANTIZED,
    output_channel_axis,
    pointers,
    weight_rows,
)
from sdk.kernels.fully_connected import PLAIN_WEIGHTS
from sdk.kernels.operands import attrs, data, quant
from sdk.kernels.window2d import window2d
from sdk.numerics import activation_range, effective_scales, quantize_multiplier, window_padding

_LEAST_SHIFT = 8
"""The interpreter takes factors below 2**8."""


def requantize64(real: float) -> tuple[int, int]:
    """Split a factor into a Q0.15 multiplier and a right shift."""
    multiplier, shift = quantize_multiplier(real)
    return (multiplier + (1 << 15) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF), 15 - shift


def _scales(site: Site, source: int) -> list[float]:
    weights = site.input(1)
    scales = effective_scales(quant(site.input(source)).scale, quant(weights).scales, quant(site.output()).scale)
    return scales * (weights.shape[output_channel_axis(site)] if len(scales) == 1 else 1)


def _requantization(site: Site, source: int, bias_index: int) -> tuple[Const, ...]:
    scales, bias = _scales(site, source), site.optional(bias_index)
    factors = np.array([requantize64(s) for s in scales], np.int64).reshape(-1, 2)
    values = np.zeros(len(scales), np.int64) if bias is None else data(bias).reshape(-1).astype(np.int64)
    return (
        Const("bias", "int64_t", values, align=8),
        Const("multiplier", "int16_t", factors[:, 0].astype(np.int16)),
        Const("shift", "int8_t", factors[:, 1].astype(np.int8)),
    )


def _accumulators_fit(site: Site, source: int, bias_index: int) -> bool:
    bias = site.optional(bias_index)
    largest = np.abs(weight_rows(site)).sum(axis=1).astype(np.float64) * (1 << 15)
    if bias is not None:
        largest = largest + np.abs(data(bias).astype(np.float64).reshape(-1))
    factors = np.array(_scales(site, source))
    # The product with the 16-bit multiplier stays within 64 bits, the result within 32.
    return bool((largest < 1 << 47).all() and (largest * factors < 1 << 31).all())


def _constraints(source: int, bias: int) -> tuple[Constraint, ...]:
    def symmetric(site: Site) -> bool:
        return quant(site.input(source)).zero_point == quant(site.output()).zero_point == 0

    return (
        input_type(source, DType.INT16),
        input_type(1, DType.INT8, what="the filter"),
        input_type(bias, DType.INT64, DType.INT32, what="the bias"),
        output_type(DType.INT16),
        quantized(source),
        Constraint("the zero points are 0", symmetric),
        constant(1, "the filter"),
        constant(bias, "the bias"),
        WEIGHTS_QUANTIZED,
        SCALES_FIT,
        SYMMETRIC_WEIGHTS,
        ACTIVATION,
        Constraint(
            "the factors from accumulators to outputs are below 128",
            lambda site: all(requantize64(s)[1] >= _LEAST_SHIFT for s in _scales(site, source)),
        ),
        Constraint("no accumulator can leave 48 bits", lambda site: _accumulators_fit(site, source, bias)),
    )


class _ConvolutionS16(Kernel):
    header = "sdk/convolution_s16.h"
    constraints: ClassVar[tuple[Constraint, ...]] = _constraints(0, 2)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, weights, conv = window2d(site), site.input(1), site.op.attrs
        consts = (Const("weights", "int8_t", data(weights)), *_requantization(site, 0, 2))
        depthwise = isinstance(conv, DepthwiseConv2DAttrs)
        channels = conv.depth_multiplier if isinstance(conv, DepthwiseConv2DAttrs) else weights.shape[3]
        fused = conv.activation if isinstance(conv, DepthwiseConv2DAttrs) else attrs(site, Conv2DAttrs).activation
        low, high = activation_range(fused, site.output())
        macs = window.taps * (1 if depthwise else channels)
        params: dict[str, Value] = {
            "window": window.fields, "filter_channels": channels, "output_min": low, "output_max": high
        }  # fmt: skip
        return Prepared(
            params_type="sdk_convolution_s16",
            params={**params, **pointers(consts)},
            consts=consts,
            align=2,
            units=window.slide.units,
            access=window.slide.access(),
            macs=macs,
            cost=cost.CALL + 2 * macs * cost.MAC + site.output().elements * cost.REQUANTIZE,
        )


class Conv2DS16Ref(_ConvolutionS16):
    """int16 with int8 weights, per tensor or per channel, with groups."""

    name = "conv2d_s16__ref"
    ops = ("CONV_2D",)
    sources = ("kernels/conv2d/conv2d_s16__ref.c",)


class DepthwiseConv2DS16Ref(_ConvolutionS16):
    """int16 with int8 weights, per tensor or per channel."""

    name = "depthwise_conv2d_s16__ref"
    ops = ("DEPTHWISE_CONV_2D",)
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_s16__ref.c",)


def _output_shape_fits(site: Site) -> bool:
    """A shape that the model takes as an input must be the one it was converted for."""
    return site.input(0).is_constant or site.input(0).id in site.graph.inputs


class TransposeConv2DS16Ref(Kernel):
    """int16 with int8 weights, per tensor or per channel."""

    name = "transpose_conv2d_s16__ref"
    ops = ("TRANSPOSE_CONV",)
    header = "sdk/convolution_s16.h"
    sources = ("kernels/transpose_conv2d/transpose_conv2d_s16__ref.c",)
    constraints = (
        *_constraints(2, 3),
        Constraint("the output's shape is constant, or an input of the model and as converted", _output_shape_fits),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        conv = attrs(site, TransposeConvAttrs)
        source, weights, output = site.input(2), site.input(1), site.output()
        batches, height, width, channels = source.shape
        _, out_height, out_width, out_channels = output.shape
        _, filter_height, filter_width, _ = weights.shape
        same = conv.padding is Padding.SAME
        _, top = window_padding(same, out_height, filter_height, conv.stride_h)
        _, left = window_padding(same, out_width, filter_width, conv.stride_w)
        consts = (Const("weights", "int8_t", data(weights)), *_requantization(site, 2, 3))
        low, high = activation_range(conv.activation, output)
        image, out_row = height * width * channels * 2, out_width * out_channels * 2
        sizes = (height, width, channels, filter_height, filter_width, out_height, out_width, out_channels)

        def step(unit: int) -> Access:
            batch = unit // out_height
            return Access({0: (batch * image, (batch + 1) * image)}, (unit * out_row, (unit + 1) * out_row))

        macs = source.elements * out_channels * filter_height * filter_width
        return Prepared(
            params_type="sdk_convolution_s16",
            params={
                "window": (*sizes, conv.stride_h, conv.stride_w, 1, 1, top, left),
                "filter_channels": channels,
                "output_min": low,
                "output_max": high,
                **pointers(consts),
            },
            consts=consts,
            inputs=(2,),
            align=2,
            units=batches * out_height,
            access=tuple(map(step, range(batches * out_height))),
            macs=macs,
            cost=cost.CALL + 2 * macs * cost.MAC + output.elements * cost.REQUANTIZE,
        )


class FullyConnectedS16Ref(Kernel):
    """int16 with int8 weights, any number of batches."""

    name = "fully_connected_s16__ref"
    ops = ("FULLY_CONNECTED",)
    header = "sdk/convolution_s16.h"
    sources = ("kernels/fully_connected/fully_connected_s16__ref.c",)
    constraints = (PLAIN_WEIGHTS, *_constraints(0, 2))

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, weights, output = site.input(0), site.input(1), site.output()
        outputs, inputs = weights.shape
        batches = source.elements // inputs
        consts = (Const("weights", "int8_t", data(weights)), *_requantization(site, 0, 2))
        low, high = activation_range(attrs(site, FullyConnectedAttrs).activation, output)
        macs = batches * inputs * outputs
        return Prepared(
            params_type="sdk_fully_connected_s16",
            params={
                "input_size": inputs, "output_size": outputs, "output_min": low, "output_max": high, **pointers(consts)
            },
            consts=consts,
            align=2,
            units=output.elements,
            access=tuple(
                Access({0: (2 * b * inputs, 2 * (b + 1) * inputs)}, (2 * b * outputs, 2 * (b + 1) * outputs))
                for b in range(batches)
            ),
            macs=macs,
            cost=cost.CALL + 2 * macs * cost.MAC + output.elements * cost.REQUANTIZE,
        )  # fmt: skip
