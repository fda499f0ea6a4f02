"""MUL and DIV of int8, portable; see ``firmware/include/sdk/mul.h``."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import BinaryAttrs
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import ACTIVATION, constant, input_type, output_type, quantized
from sdk.kernels.convolution import output_fields
from sdk.kernels.operands import attrs, data, quant
from sdk.numerics import float32, quantize_multiplier

_INT8 = (
    input_type(0, DType.INT8),
    input_type(1, DType.INT8, what="the second input"),
    output_type(DType.INT8),
    quantized(0, 1),
    ACTIVATION,
    DIMS_FIT,
)


class _ProductS8Ref(Kernel):
    header = "sdk/mul.h"

    @abstractmethod
    def factor(self, site: Site) -> float:
        """From the product or quotient of the inputs to the output."""

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second = site.input(0), site.input(1)
        multiplier, shift = quantize_multiplier(self.factor(site))
        fields: dict[str, Value] = {
            "input1_offset": -quant(first).zero_point,
            "input2_offset": -quant(second).zero_point,
            "multiplier": multiplier,
            "shift": shift,
            **output_fields(site, attrs(site, BinaryAttrs).activation),
        }
        return prepared(site, "sdk_mul_s8", fields, cost.REQUANTIZE)


class MulS8Ref(_ProductS8Ref):
    """int8, with broadcasting."""

    name = "mul_s8__ref"
    ops = ("MUL",)
    sources = ("kernels/mul/mul_s8__ref.c",)
    constraints = _INT8

    def factor(self, site: Site) -> float:
        """MulPrepare multiplies and divides in float32."""
        first, second, output = (np.float32(quant(t).scale) for t in (site.input(0), site.input(1), site.output()))
        return float(first * second / output)


def _divisors(site: Site) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.abs(data(site.input(1)).astype(np.int64) - quant(site.input(1)).zero_point)
    return found


class DivS8Ref(_ProductS8Ref):
    """int8, with broadcasting."""

    name = "div_s8__ref"
    ops = ("DIV",)
    sources = ("kernels/div/div_s8__ref.c",)
    constraints = (
        *_INT8,
        constant(1, "the divisor"),
        Constraint("no divisor is its zero point", lambda site: bool(_divisors(site).all())),
        Constraint("the smallest quotients do not vanish beside the output's scale", lambda site: _shifts_fit(site)),
    )

    def factor(self, site: Site) -> float:
        """In double, unlike MUL's."""
        first, second, output = (float32(quant(t).scale) for t in (site.input(0), site.input(1), site.output()))
        return first / (second * output)


def _shifts_fit(site: Site) -> bool:
    """Whether quotients are shifted right by 0 .. 31 bits, beyond which the interpreter's results are not defined."""
    _, shift = quantize_multiplier(DivS8Ref().factor(site))
    largest, smallest = (int(d).bit_length() - 1 for d in (_divisors(site).max(), _divisors(site).min()))
    # Dividends are shifted left before, 255 by 23 bits and -1 by 31.
    return largest + 31 - shift <= 31 and smallest + 23 - shift >= 0
