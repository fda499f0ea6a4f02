"""LOG_SOFTMAX in int8, portable; see ``firmware/include/sdk/log_softmax.h``."""

from __future__ import annotations

import math

import numpy as np

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import quant
from sdk.kernels.softmax import LONG_ROWS, exponentials, row_access
from sdk.numerics import float32, quantize_multiplier

_INTEGER_BITS = 5


def _factor(site: Site) -> float:
    """What an input difference is multiplied by to give a Q5.26 exponent."""
    return min(float32(quant(site.input(0)).scale) * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))


class LogSoftmaxS8Ref(Kernel):
    """int8 along the last dimension."""

    name = "log_softmax_s8__ref"
    ops = ("LOG_SOFTMAX",)
    header = "sdk/log_softmax.h"
    sources = ("kernels/log_softmax/log_softmax_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        quantized(0),
        Constraint(
            "the output's scale is 1/16 and its zero point 127",
            lambda site: quant(site.output()).scale == 1 / 16 and quant(site.output()).zero_point == 127,
        ),
        Constraint("the input's scale is above 2**-26", lambda site: _factor(site) > 1),
        LONG_ROWS,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        rows, size = math.prod(source.shape[:-1]), source.shape[-1]
        multiplier, shift = quantize_multiplier(_factor(site))
        # PreprocessLogSoftmaxScalingExp and CalculateInputRadius in quantization_util.cc.
        reverse_multiplier, reverse_shift = quantize_multiplier((1 << (31 - shift)) / multiplier)
        radius = ((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) >> shift
        exps = exponentials(_factor(site))
        return Prepared(
            params_type="sdk_log_softmax_s8",
            params={
                "size": size,
                "exp_count": len(exps),
                "exps": Ref("exps"),
                "multiplier": multiplier,
                "shift": shift,
                "reverse_multiplier": reverse_multiplier,
                "reverse_shift": reverse_shift,
                "least_difference": -radius,
            },
            consts=(Const("exps", "int32_t", np.array(exps, np.int32)),),
            units=rows,
            access=row_access(rows, size),
            cost=cost.CALL + rows * 10 * cost.REQUANTIZE + source.elements * 2 * cost.REQUANTIZE,
        )
