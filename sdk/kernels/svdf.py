"""SVDF, portable; see ``firmware/include/sdk/svdf.h``."""

from __future__ import annotations

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import Activation, SvdfAttrs
from sdk.kernels import cost
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import constant, input_type, output_type, quantized
from sdk.kernels.convolution import pointers
from sdk.kernels.operands import attrs, data, quant
from sdk.numerics import quantize_multiplier

_FEATURES, _TIMES, _BIAS, _STATE = 1, 2, 3, 4


def _factor(site: Site, first: int, second: int, scale: float) -> float:
    """A product of two scales over a third; in float32, as SvdfPrepare has it."""
    product = np.float32(quant(site.input(first)).scale) * np.float32(quant(site.input(second)).scale)
    return float(product / np.float32(scale))


class SvdfS8Ref(Kernel):
    """int8 with int16 state and times."""

    name = "svdf_s8__ref"
    ops = ("SVDF",)
    header = "sdk/svdf.h"
    sources = ("kernels/svdf/svdf_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(_FEATURES, DType.INT8, what="the feature filter"),
        input_type(_TIMES, DType.INT16, what="the time filter"),
        input_type(_BIAS, DType.INT32, what="the bias"),
        input_type(_STATE, DType.INT16, what="the state"),
        output_type(DType.INT8),
        quantized(0, _FEATURES, _TIMES, _STATE),
        constant(_FEATURES, "the feature filter"),
        constant(_TIMES, "the time filter"),
        constant(_BIAS, "the bias"),
        Constraint("the state is a variable", lambda site: site.input(_STATE).is_variable),
        Constraint(
            "the fused activation is RELU and the output's zero point -128",
            lambda s: attrs(s, SvdfAttrs).activation is Activation.RELU and quant(s.output()).zero_point == -128,
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, features, times = site.input(0), site.input(_FEATURES), site.input(_TIMES)
        bias, output = site.optional(_BIAS), site.output()
        rank = attrs(site, SvdfAttrs).rank
        filters, memory = times.shape
        state = quantize_multiplier(_factor(site, 0, _FEATURES, quant(site.input(_STATE)).scale))
        result = quantize_multiplier(_factor(site, _STATE, _TIMES, quant(output).scale))
        units = filters // rank
        consts = (
            Const("features", "int8_t", data(features)),
            Const("times", "int16_t", data(times)),
            Const("bias", "int32_t", np.zeros(units, np.int32) if bias is None else data(bias)),
        )
        macs = source.shape[0] * filters * (source.shape[1] + memory)
        return Prepared(
            params_type="sdk_svdf_s8",
            params={
                "batches": source.shape[0],
                "input_size": source.shape[1],
                "units": units,
                "rank": rank,
                "memory": memory,
                "input_offset": -quant(source).zero_point,
                "state_multiplier": state[0],
                "state_shift": state[1],
                "output_multiplier": result[0],
                "output_shift": result[1],
                "output_offset": quant(output).zero_point,
                **pointers(consts),
            },
            consts=consts,
            inputs=(0, _STATE),
            updates=(_STATE,),
            align=2,
            macs=macs,
            cost=cost.CALL + macs * cost.MAC,
        )
