"""LEAKY_RELU, RELU, RELU6, ABS, LOGISTIC and TANH of int16, portable; see ``slopes_s16.h`` and ``logistic_s16.h``."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from sdk.ir import DType
from sdk.ir.attrs import LeakyReluAttrs
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import attrs, quant
from sdk.numerics import float32, quantize_multiplier

_INT16 = (input_type(0, DType.INT16), output_type(DType.INT16), quantized(0))


_MAX = (1 << 15) - 1


class SlopesS16Ref(Kernel):
    """int16."""

    name = "slopes_s16__ref"
    ops = ("LEAKY_RELU", "RELU", "RELU6", "ABS")
    header = "sdk/slopes_s16.h"
    sources = ("kernels/slopes/slopes_s16__ref.c",)
    constraints = (
        *_INT16,
        Constraint(
            "alpha is not negative",
            lambda site: site.op.kind != "LEAKY_RELU" or attrs(site, LeakyReluAttrs).alpha >= 0,
        ),
        Constraint(
            "the zero points are 0",
            lambda site: site.op.kind == "LEAKY_RELU"
            or quant(site.input(0)).zero_point == quant(site.output()).zero_point == 0,
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        scale, output_scale = np.float32(quant(source).scale), np.float32(quant(output).scale)
        # The interpreter computes the factors and the bound of RELU6 in float32.
        positive = quantize_multiplier(float(scale / output_scale))
        negative = {"RELU": (0, 0), "RELU6": (0, 0), "ABS": (-positive[0], positive[1])}.get(site.op.kind)
        if negative is None:
            negative = quantize_multiplier(float(scale * np.float32(attrs(site, LeakyReluAttrs).alpha) / output_scale))
        most = math.floor(float(np.float32(6) / output_scale) + 0.5) if site.op.kind == "RELU6" else _MAX
        return Prepared(
            params_type="sdk_slopes_s16",
            params={
                "input_offset": -quant(source).zero_point,
                "positive_multiplier": positive[0],
                "positive_shift": positive[1],
                "negative_multiplier": negative[0],
                "negative_shift": negative[1],
                "output_offset": quant(output).zero_point,
                "output_max": min(most, _MAX),
            },
            align=2,
            units=source.elements,
            access=elementwise(source.elements, (2,), 2),
            cost=cost.CALL + source.elements * cost.REQUANTIZE,
        )


_FRACTION_BITS = 12
"""The interpreter's own form of an input with power-of-two scale: Q3.12."""
_SCALE_ONE = 3 << _FRACTION_BITS
"""What 1 becomes before the table is looked up."""


def _factor(scale: float, tanh: bool) -> tuple[int, int]:
    """Multiplier and right shift from inputs to the table's argument."""
    fraction, exponent = math.frexp(float32(scale))
    left = exponent - 1 + _FRACTION_BITS
    if fraction == 0.5 and (left == 0 or (tanh and left == 1)):
        return 3 << left, 0
    multiplier, shift = float32(scale) * _SCALE_ONE, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2, shift + 1
    return int(multiplier), shift


_ONE_HIGHER = [
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45,
    46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
]  # fmt: skip
"""Where the interpreter's table is not the nearest value but one more."""


def sigmoids() -> npt.NDArray[np.uint16]:
    """The sigmoid of i / 24 for i = 0 .. 255 in Q0.16, as the interpreter has it.

    Source: sigmoid_table_uint16 in tensorflow/lite/kernels/internal/common.h.
    """
    values: npt.NDArray[np.uint16] = np.floor(65536 / (1 + np.exp(-np.arange(256) / 24)) + 0.5).astype(np.uint16)
    values[_ONE_HIGHER] += 1
    return values


class _LogisticS16Ref(Kernel):
    header = "sdk/logistic_s16.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/logistic/logistic_s16__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *_INT16,
        Constraint(
            "the zero points are 0",
            lambda site: quant(site.input(0)).zero_point == quant(site.output()).zero_point == 0,
        ),
        Constraint("the output's scale is 1/32768", lambda site: quant(site.output()).scale == 1 / 32768),
        Constraint("the input's scale is below 5", lambda site: quant(site.input(0)).scale < 5),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        multiplier, shift = _factor(quant(source).scale, site.op.kind == "TANH")
        return Prepared(
            params_type="sdk_logistic_s16",
            params={"multiplier": multiplier, "shift": shift, "sigmoids": Ref("sigmoids")},
            consts=(Const("sigmoids", "uint16_t", sigmoids()),),
            align=2,
            units=source.elements,
            access=elementwise(source.elements, (2,), 2),
            cost=cost.CALL + source.elements * cost.REQUANTIZE,
        )


class LogisticS16Ref(_LogisticS16Ref):
    """int16 through a table of 256 with interpolation."""

    name = "logistic_s16__ref"
    ops = ("LOGISTIC",)


class TanhS16Ref(_LogisticS16Ref):
    """int16 through a table of 256 with interpolation."""

    name = "tanh_s16__ref"
    ops = ("TANH",)
