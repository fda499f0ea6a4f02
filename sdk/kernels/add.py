"""ADD, SUB and SQUARED_DIFFERENCE, portable; see ``firmware/include/sdk/add.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.ir import DType, Tensor
from sdk.ir.attrs import Activation
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import ACTIVATION, input_type, output_type, quantized
from sdk.kernels.convolution import output_fields
from sdk.kernels.operands import quant
from sdk.numerics import float32, quantize_multiplier


def _real_output_factor(site: Site, headroom: int, power: int) -> float:
    """From the scaled inputs' sum (power 1) or the square of their difference (power 2) to the output."""
    largest = max(quant(site.input(0)).scale, quant(site.input(1)).scale)
    scaled: float = (2 * float32(largest)) ** power
    return scaled / ((1 << headroom * power) * float32(quant(site.output()).scale))


class _ScaledInputsRef(Kernel):
    """Brings both inputs to one scale.

    Class variables:
        headroom: bits that the inputs are shifted left before they are scaled.
        power: of the combined inputs in the output.
    """

    headroom: ClassVar[int]
    power: ClassVar[int]

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second = site.input(0), site.input(1)
        twice_largest = 2 * float32(max(quant(first).scale, quant(second).scale))
        multiplier, shift = quantize_multiplier(_real_output_factor(site, self.headroom, self.power))
        activation = getattr(site.op.attrs, "activation", Activation.NONE)

        def addend(tensor: Tensor, sign: int) -> tuple[Value, ...]:
            factor, exponent = quantize_multiplier(float32(quant(tensor).scale) / twice_largest)
            return -quant(tensor).zero_point, sign * factor, exponent

        fields: dict[str, Value] = {
            "input1": addend(first, 1),
            "input2": addend(second, -1 if site.op.kind == "SUB" else 1),
            "output_multiplier": multiplier,
            "output_shift": shift,
            **output_fields(site, activation),
        }
        return prepared(site, "sdk_add_s8", fields, 3 * cost.REQUANTIZE)


def _constraints(headroom: int, power: int, dtype: DType = DType.INT8) -> tuple[Constraint, ...]:
    return (
        input_type(0, dtype),
        input_type(1, dtype, what="the second input"),
        output_type(dtype),
        quantized(0, 1),
        ACTIVATION,
        DIMS_FIT,
        Constraint(
            "the output's scale is not vanishingly small beside the inputs'",
            lambda site: _real_output_factor(site, headroom, power) < 1,
        ),
    )


class AddS8Ref(_ScaledInputsRef):
    """int8, with broadcasting."""

    name = "add_s8__ref"
    ops = ("ADD", "SUB")
    header = "sdk/add.h"
    sources = ("kernels/add/add_s8__ref.c",)
    headroom = 20
    power = 1
    constraints = _constraints(headroom, power)


class SquaredDifferenceS8Ref(_ScaledInputsRef):
    """int8, with broadcasting."""

    name = "squared_difference_s8__ref"
    ops = ("SQUARED_DIFFERENCE",)
    header = "sdk/squared_difference.h"
    sources = ("kernels/squared_difference/squared_difference_s8__ref.c",)
    headroom = 7
    power = 2
    constraints = _constraints(headroom, power)


class SquaredDifferenceS16Ref(_ScaledInputsRef):
    """int16, with broadcasting."""

    name = "squared_difference_s16__ref"
    ops = ("SQUARED_DIFFERENCE",)
    header = "sdk/squared_difference.h"
    sources = ("kernels/squared_difference/squared_difference_s16__ref.c",)
    headroom = 0
    power = 2
    constraints = (
        *_constraints(headroom, power, DType.INT16),
        Constraint(
            "the zero points are 0",
            lambda site: not any(quant(t).zero_point for t in (site.input(0), site.input(1), site.output())),
        ),
    )
