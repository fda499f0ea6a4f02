"""MUL, portable; see ``firmware/include/sdk/mul.h``."""

from __future__ import annotations

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import BinaryAttrs
from sdk.kernels import cost
from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, broadcast_access, broadcast_fields, operands
from sdk.kernels.constraints import ACTIVATION, input_type, output_type, quantized
from sdk.kernels.convolution import output_fields
from sdk.kernels.operands import attrs, quant
from sdk.numerics import quantize_multiplier


class MulS8Ref(Kernel):
    """int8, with broadcasting."""

    name = "mul_s8__ref"
    ops = ("MUL",)
    header = "sdk/mul.h"
    sources = ("kernels/mul/mul_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the second input"),
        output_type(DType.INT8),
        quantized(0, 1),
        ACTIVATION,
        DIMS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second, output = site.input(0), site.input(1), site.output()
        inputs, arguments, consts = operands(site, ("input1", "input2"))
        # MulPrepare multiplies and divides in float32.
        scales = (np.float32(quant(t).scale) for t in (first, second, output))
        scale1, scale2, output_scale = scales
        multiplier, shift = quantize_multiplier(float(scale1 * scale2 / output_scale))
        return Prepared(
            params_type="sdk_mul_s8",
            params={
                "shape": broadcast_fields(first.shape, second.shape),
                "input1_offset": -quant(first).zero_point,
                "input2_offset": -quant(second).zero_point,
                "multiplier": multiplier,
                "shift": shift,
                **output_fields(site, attrs(site, BinaryAttrs).activation),
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            units=output.elements,
            access=broadcast_access(output, [site.input(i) for i in inputs]),
            cost=cost.CALL + output.elements * cost.REQUANTIZE,
        )
