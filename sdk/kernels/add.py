"""ADD and SUB, portable; see ``firmware/include/sdk/add.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.ir.attrs import BinaryAttrs
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import DIMS_FIT, broadcast_access, broadcast_fields, operands
from sdk.kernels.constraints import ACTIVATION, input_type, output_type, quantized
from sdk.kernels.convolution import output_fields
from sdk.kernels.operands import attrs, quant
from sdk.kernels.quantize import float32, quantize_multiplier

_HEADROOM = 20
"""Bits that the inputs are shifted left before they are scaled."""


def _output_factor(site: Site) -> float:
    largest = max(quant(site.input(0)).scale, quant(site.input(1)).scale)
    return 2 * float32(largest) / ((1 << _HEADROOM) * float32(quant(site.output()).scale))


class AddS8Ref(Kernel):
    """int8, with broadcasting."""

    name = "add_s8__ref"
    ops = ("ADD", "SUB")
    header = "sdk/add.h"
    sources = ("kernels/add/add_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the second input"),
        output_type(DType.INT8),
        quantized(0, 1),
        ACTIVATION,
        DIMS_FIT,
        Constraint("the output's scale is above 2**-19 of the largest input scale", lambda s: _output_factor(s) < 1),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second, output = site.input(0), site.input(1), site.output()
        inputs, arguments, consts = operands(site, ("input1", "input2"))
        twice_largest = 2 * float32(max(quant(first).scale, quant(second).scale))
        multiplier, shift = quantize_multiplier(_output_factor(site))
        sign = -1 if site.op.kind == "SUB" else 1

        def addend(index: int, sign: int) -> tuple[Value, ...]:
            q = quant(site.input(index))
            factor, exponent = quantize_multiplier(float32(q.scale) / twice_largest)
            return -q.zero_point, sign * factor, exponent

        return Prepared(
            params_type="sdk_add_s8",
            params={
                "shape": broadcast_fields(first.shape, second.shape),
                "input1": addend(0, 1),
                "input2": addend(1, sign),
                "output_multiplier": multiplier,
                "output_shift": shift,
                **output_fields(site, attrs(site, BinaryAttrs).activation),
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            units=output.elements,
            access=broadcast_access(output, [site.input(i) for i in inputs]),
            cost=cost.CALL + output.elements * 3 * cost.REQUANTIZE,
        )
