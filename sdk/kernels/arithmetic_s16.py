"""ADD, SUB and MUL of int16 activations, portable; see ``firmware/include/sdk/arithmetic_s16.h``."""

from __future__ import annotations

import math

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import BinaryAttrs
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import DIMS_FIT, broadcast_access, operands, prepared
from sdk.kernels.constraints import ACTIVATION, input_type, output_type, quantized
from sdk.kernels.operands import attrs, quant
from sdk.numerics import activation_range, float32, quantize_multiplier

_HEADROOM = 15
_MAX_RIGHT_SHIFT = 15
_TENSORS_S16 = (
    input_type(0, DType.INT16),
    input_type(1, DType.INT16, what="the second input"),
    output_type(DType.INT16),
    quantized(0, 1),
    Constraint(
        "the zero points are 0",
        lambda site: not any(quant(t).zero_point for t in (site.input(0), site.input(1), site.output())),
    ),
    ACTIVATION,
    DIMS_FIT,
)


def _exponents(site: Site) -> list[int] | None:
    """Logarithms of the inputs' and the output's scale to the base 2, or None if one is no power of two."""
    parts = [math.frexp(float32(quant(t).scale)) for t in (site.input(0), site.input(1), site.output())]
    return [exponent for _, exponent in parts] if all(fraction == 0.5 for fraction, _ in parts) else None


def _general(site: Site) -> bool:
    return not attrs(site, BinaryAttrs).pot_scale_int16 or _exponents(site) is None


def _right_shifts(site: Site) -> list[int] | None:
    """By how much each input is shifted to have the output's scale, or None if the interpreter does not do that."""
    exponents = _exponents(site)
    if exponents is None:
        return None
    shifts = [exponents[2] - exponent for exponent in exponents[:2]]
    return shifts if min(shifts) == 0 and max(shifts) <= _MAX_RIGHT_SHIFT else None


def _output_factor(site: Site) -> float:
    largest = max(quant(site.input(0)).scale, quant(site.input(1)).scale)
    return 2 * float32(largest) / ((1 << _HEADROOM) * float32(quant(site.output()).scale))


class AddS16Ref(Kernel):
    """int16 with scales of any kind, with broadcasting."""

    name = "add_s16__ref"
    ops = ("ADD", "SUB")
    header = "sdk/arithmetic_s16.h"
    sources = ("kernels/add/add_s16__ref.c",)
    constraints = (
        *_TENSORS_S16,
        Constraint("pot_scale_int16 is false, or a scale is no power of two", _general),
        Constraint(
            "the output's scale is not vanishingly small beside the inputs'", lambda site: _output_factor(site) < 1
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second, output = site.input(0), site.input(1), site.output()
        twice_largest = 2 * float32(max(quant(first).scale, quant(second).scale))
        factors = [quantize_multiplier(float32(quant(t).scale) / twice_largest) for t in (first, second)]
        multiplier, shift = quantize_multiplier(_output_factor(site))
        low, high = activation_range(attrs(site, BinaryAttrs).activation, output)
        fields: dict[str, Value] = {
            "multiplier1": factors[0][0],
            "shift1": factors[0][1],
            "multiplier2": -factors[1][0] if site.op.kind == "SUB" else factors[1][0],
            "shift2": factors[1][1],
            "output_multiplier": multiplier,
            "output_shift": shift,
            "output_min": low,
            "output_max": high,
        }
        return prepared(site, "sdk_add_s16", fields, 3 * cost.REQUANTIZE)


class AddPotS16Ref(Kernel):
    """int16 with scales that are powers of two."""

    name = "add_pot_s16__ref"
    ops = ("ADD", "SUB")
    header = "sdk/arithmetic_s16.h"
    sources = ("kernels/add/add_pot_s16__ref.c",)
    constraints = (
        *_TENSORS_S16,
        Constraint("pot_scale_int16 is true, and all scales are powers of two", lambda site: not _general(site)),
        Constraint(
            "the output has the scale of one input, and the other's is no larger",
            lambda site: _right_shifts(site) is not None,
        ),
        Constraint("both inputs have one shape", lambda site: site.input(0).shape == site.input(1).shape),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        output = site.output()
        inputs, arguments, consts = operands(site, ("input1", "input2"))
        shifts = _right_shifts(site) or [0, 0]
        low, high = activation_range(attrs(site, BinaryAttrs).activation, output)
        return Prepared(
            params_type="sdk_add_pot_s16",
            params={
                "right_shift1": shifts[0],
                "right_shift2": shifts[1],
                "sign": -1 if site.op.kind == "SUB" else 1,
                "output_min": low,
                "output_max": high,
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            align=2,
            units=output.elements,
            access=broadcast_access(output, [site.input(i) for i in inputs]),
            cost=cost.CALL + output.elements * cost.REQUANTIZE,
        )


class MulS16Ref(Kernel):
    """int16, with broadcasting."""

    name = "mul_s16__ref"
    ops = ("MUL",)
    header = "sdk/arithmetic_s16.h"
    sources = ("kernels/mul/mul_s16__ref.c",)
    constraints = _TENSORS_S16

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second, output = site.input(0), site.input(1), site.output()
        # MulPrepare multiplies and divides in float32.
        scale1, scale2, output_scale = (np.float32(quant(t).scale) for t in (first, second, output))
        multiplier, shift = quantize_multiplier(float(scale1 * scale2 / output_scale))
        low, high = activation_range(attrs(site, BinaryAttrs).activation, output)
        fields: dict[str, Value] = {
            "multiplier": multiplier,
            "shift": shift,
            "output_min": low,
            "output_max": high,
        }
        return prepared(site, "sdk_mul_s16", fields, cost.REQUANTIZE)
