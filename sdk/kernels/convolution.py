"""What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sdk.ir import DType
from sdk.ir.attrs import Activation
from sdk.kernels.base import Const, Constraint, Ref, Site, Value
from sdk.kernels.constraints import (
    ACTIVATION,
    BIAS_CONSTANT,
    BIAS_INT32,
    FILTER_CONSTANT,
    input_type,
    output_type,
    quantized,
)
from sdk.kernels.operands import data, quant
from sdk.numerics import activation_range, effective_scales, quantize_multiplier

_INPUT_SPAN = 255
"""Largest distance of an int8 input from its zero point."""


def output_channel_axis(site: Site) -> int:
    """The dimension of the weights that counts output channels."""
    return 3 if site.op.kind == "DEPTHWISE_CONV_2D" else 0


def weight_rows(site: Site) -> npt.NDArray[np.int64]:
    """[channels, taps]: the constant weights of each output channel, in the model's order."""
    moved = np.moveaxis(data(site.input(1)), output_channel_axis(site), 0)
    return moved.reshape(moved.shape[0], -1).astype(np.int64)


def requantization(site: Site, source: int = 0, bias_index: int = 2) -> tuple[Const, ...]:
    """Bias, multiplier and shift of each output channel; no bias is a bias of zeros.

    Args:
        site: an operator whose second input are its weights.
        source: which input is convolved.
        bias_index: which input is the bias.
    """
    weights, bias = site.input(1), site.optional(bias_index)
    channels = weights.shape[output_channel_axis(site)]
    scales = effective_scales(quant(site.input(source)).scale, quant(weights).scales, quant(site.output()).scale)
    if len(scales) == 1:
        scales *= channels
    factors = np.array([quantize_multiplier(s) for s in scales], np.int64).reshape(-1, 2)
    values = np.zeros(channels) if bias is None else data(bias).reshape(-1)
    return (
        Const("bias", "int32_t", values.astype(np.int32)),
        Const("multiplier", "int32_t", factors[:, 0].astype(np.int32)),
        Const("shift", "int8_t", factors[:, 1].astype(np.int8)),
    )


def pointers(consts: tuple[Const, ...]) -> dict[str, Value]:
    """The fields that point to the constants of the same names."""
    return {const.name: Ref(const.name) for const in consts}


def output_fields(site: Site, activation: Activation) -> dict[str, Value]:
    """Zero point and bounds of the output."""
    output = site.output()
    low, high = activation_range(activation, output)
    return {"output_offset": quant(output).zero_point, "output_min": low, "output_max": high}


def _accumulators_fit(site: Site) -> bool:
    weights, bias = site.input(1), site.optional(3 if site.op.kind == "TRANSPOSE_CONV" else 2)
    largest = np.abs(weight_rows(site) - min(quant(weights).zero_points)).sum(axis=1) * _INPUT_SPAN
    if bias is not None:
        largest = largest + np.abs(data(bias).astype(np.int64).reshape(-1))
    return int(largest.max(initial=0)) < 1 << 31


def _scales_fit(site: Site) -> bool:
    weights = quant(site.input(1))
    return len(weights.scales) == 1 or weights.axis == output_channel_axis(site)


WEIGHTS_QUANTIZED = Constraint("the filter is quantized", lambda site: site.input(1).quant is not None)
SCALES_FIT = Constraint("the filter has one scale, or one for each output channel", _scales_fit)
SYMMETRIC_WEIGHTS = Constraint("the filter's zero points are 0", lambda site: not any(quant(site.input(1)).zero_points))
ACCUMULATORS_FIT = Constraint("no accumulator can leave 32 bits", _accumulators_fit)

INT8_LAYER = (
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
)
"""What int8 kernels ask of a layer with weights, but for the range of its accumulators."""
