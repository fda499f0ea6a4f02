"""PRELU, portable; see ``firmware/include/sdk/prelu.h``."""

from __future__ import annotations

import numpy as np

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, broadcast_access, broadcast_fields, operands
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import quant
from sdk.numerics import quantize_multiplier


class PreluS8Ref(Kernel):
    """int8, slopes with broadcasting."""

    name = "prelu_s8__ref"
    ops = ("PRELU",)
    header = "sdk/prelu.h"
    sources = ("kernels/prelu/prelu_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the slope"),
        output_type(DType.INT8),
        quantized(0, 1),
        DIMS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, slopes, output = site.input(0), site.input(1), site.output()
        inputs, arguments, consts = operands(site, ("input", "slopes"))
        # PreluPrepare multiplies and divides in float32.
        scale, slope, out_scale = (np.float32(quant(t).scale) for t in (source, slopes, output))
        positive = quantize_multiplier(float(scale / out_scale))
        negative = quantize_multiplier(float(scale * slope / out_scale))
        return Prepared(
            params_type="sdk_prelu_s8",
            params={
                "shape": broadcast_fields(source.shape, slopes.shape),
                "input_offset": -quant(source).zero_point,
                "slope_offset": -quant(slopes).zero_point,
                "positive_multiplier": positive[0],
                "positive_shift": positive[1],
                "negative_multiplier": negative[0],
                "negative_shift": negative[1],
                "output_offset": quant(output).zero_point,
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            units=output.elements,
            access=broadcast_access(output, [site.input(i) for i in inputs]),
            cost=cost.CALL + output.elements * cost.REQUANTIZE,
        )
