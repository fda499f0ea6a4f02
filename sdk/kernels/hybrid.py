"""Operators of float32 with int8 weights, portable; see ``firmware/include/sdk/hybrid.h``."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import FullyConnectedAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.constraints import (
    ACTIVATION,
    BIAS_CONSTANT,
    FILTER_CONSTANT,
    input_type,
    output_type,
    per_tensor,
)
from sdk.kernels.convolution import SCALES_FIT, SYMMETRIC_WEIGHTS, WEIGHTS_QUANTIZED, pointers
from sdk.kernels.float32 import activation_bounds, float_bias
from sdk.kernels.fully_connected import PLAIN_WEIGHTS
from sdk.kernels.operands import attrs, data, quant
from sdk.kernels.window2d import window2d
from sdk.numerics import float32

_CONSTRAINTS = (
    input_type(0, DType.FLOAT32),
    input_type(1, DType.INT8, what="the filter"),
    input_type(2, DType.FLOAT32, what="the bias"),
    output_type(DType.FLOAT32),
    FILTER_CONSTANT,
    BIAS_CONSTANT,
    WEIGHTS_QUANTIZED,
    SCALES_FIT,
    SYMMETRIC_WEIGHTS,
    ACTIVATION,
    Constraint(
        "a sum has at most 65536 products",
        lambda site: math.prod(site.input(1).shape[1:]) <= 1 << 16,
    ),
)


_ONE_SCALE = Constraint("the filter has one scale", lambda site: per_tensor(site.input(1)))
_ONE_GROUP = Constraint("there is one group", lambda site: site.input(0).shape[3] == site.input(1).shape[3])


_SEVERAL_SCALES = Constraint(
    "the filter has several scales", lambda site: len(quant(site.input(1)).scales) > 1
)
_OTHER_SCALES = Constraint(
    "the filter's several scales are not all the same: tflite-runtime 2.14 then gives the bias alone",
    lambda site: len(set(quant(site.input(1)).scales)) > 1,
)


class _ConvolutionHybridRef(Kernel):
    header = "sdk/hybrid.h"
    params_type: ClassVar[str]

    @abstractmethod
    def scale(self, site: Site) -> tuple[Mapping[str, Value], tuple[Const, ...]]:
        """The field that tells the weights' scale, and its constant."""

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, weights, source = window2d(site), site.input(1), site.input(0)
        field, scales = self.scale(site)
        consts = (Const("weights", "int8_t", data(weights)), *scales, float_bias(site))
        image, row = source.nbytes // source.shape[0], window.slide.output_row_bytes
        height = window.slide.output_rows
        macs = window.taps * (1 if site.op.kind == "DEPTHWISE_CONV_2D" else weights.shape[3])

        def step(unit: int) -> Access:
            batch = unit // height
            return Access({0: (batch * image, (batch + 1) * image)}, (unit * row, (unit + 1) * row))

        return Prepared(
            params_type=self.params_type,
            params={"window": window.fields, **field, **activation_bounds(site), **pointers(consts)},
            consts=consts,
            scratch_bytes=image // 4,
            align=4,
            units=window.slide.units,
            grain=height,
            access=tuple(map(step, range(window.slide.units))),
            macs=macs,
            cost=cost.CALL + macs * cost.MAC + source.elements * 3 * cost.FLOAT,
        )


class Conv2DHybridRef(_ConvolutionHybridRef):
    """float32 with int8 weights, per tensor."""

    ops = ("CONV_2D",)
    name = "conv2d_hybrid__ref"
    params_type = "sdk_conv2d_hybrid"
    sources = ("kernels/hybrid/conv2d_hybrid__ref.c", "kernels/hybrid/quantize_symmetric.c")
    constraints = (*_CONSTRAINTS, _ONE_GROUP, _ONE_SCALE)

    def scale(self, site: Site) -> tuple[Mapping[str, Value], tuple[Const, ...]]:
        """One scale."""
        return {"weights_scale": float32(quant(site.input(1)).scale)}, ()


class _HybridPerChannelRef(_ConvolutionHybridRef):
    params_type = "sdk_hybrid_per_channel"
    sources = ("kernels/hybrid/convolution_hybrid_per_channel__ref.c", "kernels/hybrid/quantize_asymmetric.c")

    def scale(self, site: Site) -> tuple[Mapping[str, Value], tuple[Const, ...]]:
        """A scale for each channel."""
        return {}, (Const("scales", "float", np.array(quant(site.input(1)).scales, np.float32)),)


class Conv2DHybridPerChannelRef(_HybridPerChannelRef):
    """float32 with int8 weights, per channel."""

    name = "conv2d_hybrid_per_channel__ref"
    ops = ("CONV_2D",)
    constraints = (*_CONSTRAINTS, _ONE_GROUP, _SEVERAL_SCALES, _OTHER_SCALES)


class DepthwiseConv2DHybridRef(_HybridPerChannelRef):
    """float32 with int8 weights, per channel."""

    name = "depthwise_conv2d_hybrid__ref"
    ops = ("DEPTHWISE_CONV_2D",)
    constraints = (*_CONSTRAINTS, _SEVERAL_SCALES)


class FullyConnectedHybridRef(Kernel):
    """float32 with int8 weights, per tensor, any number of batches."""

    name = "fully_connected_hybrid__ref"
    ops = ("FULLY_CONNECTED",)
    header = "sdk/hybrid.h"
    sources = (
        "kernels/hybrid/fully_connected_hybrid__ref.c",
        "kernels/hybrid/quantize_symmetric.c",
        "kernels/hybrid/quantize_asymmetric.c",
    )
    constraints = (*_CONSTRAINTS, PLAIN_WEIGHTS, _ONE_SCALE)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, weights, output = site.input(0), site.input(1), site.output()
        outputs, inputs = weights.shape
        batches = source.elements // inputs
        consts = (Const("weights", "int8_t", data(weights)), float_bias(site))
        macs = batches * inputs * outputs
        return Prepared(
            params_type="sdk_fully_connected_hybrid",
            params={
                "input_size": inputs,
                "output_size": outputs,
                "asymmetric": int(attrs(site, FullyConnectedAttrs).asymmetric_quantize_inputs),
                "weights_scale": float32(quant(weights).scale),
                **activation_bounds(site),
                **pointers(consts),
            },
            consts=consts,
            scratch_bytes=inputs,
            align=4,
            units=output.elements,
            grain=outputs,
            access=tuple(
                Access({0: (4 * b * inputs, 4 * (b + 1) * inputs)}, (4 * b * outputs, 4 * (b + 1) * outputs))
                for b in range(batches)
            ),
            macs=macs,
            cost=cost.CALL + macs * cost.MAC + source.elements * 3 * cost.FLOAT,
        )
