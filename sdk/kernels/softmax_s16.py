"""SOFTMAX with int16 outputs, portable; see ``firmware/include/sdk/softmax_s16.h`` and ``softmax.h``."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sdk.ir import DType
from sdk.ir.attrs import SoftmaxAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import attrs, quant
from sdk.kernels.softmax import LONG_ROWS, POSITIVE_FACTOR, exponential_table
from sdk.numerics import quantize_multiplier

_STEPS = 512
_LOWEST_EXPONENT = 10.0


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


def interpolated_table(function: Callable[[float], float], low: float, high: float) -> npt.NDArray[np.int16]:
    """A function over [low, high], in 512 steps and Q0.15, each step moved by half its error in the middle.

    Source: LUTPopulateInt16 in tensorflow/lite/kernels/internal/common.h.
    """
    step = (high - low) / _STEPS
    scale = 65536 / (2.0 / 65535.0 * 65535)
    values = []
    for i in range(_STEPS):
        value, following = function(low + i * step), function(low + (i + 1) * step)
        middle = _round(function(low + i * step + step / 2) * scale)
        line = _round((following * scale + _round(value * scale)) / 2)
        values.append(_round(value * scale) - _round((line - middle) / 2))
    values.append(_round(function(high) * scale))
    return np.clip(values, -32768, 32767).astype(np.int16)


def _rows(site: Site) -> tuple[int, int]:
    shape = site.input(0).shape
    return math.prod(shape[:-1]), shape[-1] if shape else 1


class SoftmaxS16Ref(Kernel):
    """int16 along the last dimension, through tables with interpolation."""

    name = "softmax_s16__ref"
    ops = ("SOFTMAX",)
    header = "sdk/softmax_s16.h"
    sources = ("kernels/softmax/softmax_s16__ref.c",)
    constraints = (
        input_type(0, DType.INT16),
        output_type(DType.INT16),
        quantized(0),
        Constraint(
            "the zero points are 0 and the output's scale is 1/32768",
            lambda site: quant(site.input(0)).zero_point == quant(site.output()).zero_point == 0
            and abs(quant(site.output()).scale * 32768 - 1) <= 1e-3,
        ),
        Constraint("a row has at most 65535 elements", lambda site: _rows(site)[1] < 1 << 16),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        rows, size = _rows(site)
        scaled = float(np.float32(quant(site.input(0)).scale) * np.float32(attrs(site, SoftmaxAttrs).beta))
        multiplier, shift = quantize_multiplier(scaled / (_LOWEST_EXPONENT / 65535.0))
        step = _LOWEST_EXPONENT / 65535.0
        exps = interpolated_table(math.exp, step * -65535, 0.0)
        reciprocals = interpolated_table(lambda x: 1 / (1 + x), 0.0, 1.0)
        return Prepared(
            params_type="sdk_softmax_s16",
            params={
                "size": size,
                "multiplier": multiplier,
                "shift": shift,
                "exps": Ref("exps"),
                "reciprocals": Ref("reciprocals"),
            },
            consts=(Const("exps", "int16_t", exps), Const("reciprocals", "int16_t", reciprocals)),
            align=2,
            units=rows,
            cost=cost.CALL + rows * 4 * cost.REQUANTIZE + site.input(0).elements * 3 * cost.REQUANTIZE,
        )


class SoftmaxS8S16Ref(Kernel):
    """int8 along the last dimension, with int16 outputs."""

    name = "softmax_s8_s16__ref"
    ops = ("SOFTMAX",)
    header = "sdk/softmax.h"
    sources = ("kernels/softmax/softmax_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT16),
        quantized(0),
        Constraint(
            "the output's scale is 1/65536 and its zero point -32768",
            lambda site: abs(quant(site.output()).scale * 65536 - 1) <= 1e-3
            and quant(site.output()).zero_point == -32768,
        ),
        POSITIVE_FACTOR,
        LONG_ROWS,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        rows, size = _rows(site)
        exps = exponential_table(site)
        return Prepared(
            params_type="sdk_softmax_s8",
            params={"size": size, "exp_count": len(exps.values), "exps": Ref(exps.name)},
            consts=(exps,),
            align=2,
            units=rows,
            access=tuple(
                Access({0: (r * size, (r + 1) * size)}, (2 * r * size, 2 * (r + 1) * size)) for r in range(rows)
            ),
            cost=cost.CALL + rows * 4 * cost.REQUANTIZE + site.input(0).elements * 2 * cost.REQUANTIZE,
        )
