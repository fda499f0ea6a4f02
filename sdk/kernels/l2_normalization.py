"""L2_NORMALIZATION, portable; see ``firmware/include/sdk/l2_normalization.h``."""

from __future__ import annotations

from math import prod

from sdk.ir import DType
from sdk.ir.attrs import Activation, ActivationAttrs
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import attrs, quant
from sdk.kernels.softmax import row_access

_LONGEST_ROW = ((1 << 31) - 1) // 255**2
NO_ACTIVATION = Constraint(
    "there is no fused activation", lambda site: attrs(site, ActivationAttrs).activation is Activation.NONE
)


class L2NormalizationS8Ref(Kernel):
    """int8 along the last dimension."""

    name = "l2_normalization_s8__ref"
    ops = ("L2_NORMALIZATION",)
    header = "sdk/l2_normalization.h"
    sources = ("kernels/l2_normalization/l2_normalization_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        quantized(0),
        Constraint(
            "the output's scale is 1/128 and its zero point 0",
            lambda site: quant(site.output()).scale == 1 / 128 and quant(site.output()).zero_point == 0,
        ),
        NO_ACTIVATION,
        Constraint(f"a row has at most {_LONGEST_ROW} elements", lambda s: s.input(0).shape[-1:] <= (_LONGEST_ROW,)),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        rows, size = prod(source.shape[:-1]), source.shape[-1] if source.shape else 1
        return Prepared(
            params_type="sdk_l2_normalization_s8",
            params={"size": size, "input_offset": -quant(source).zero_point},
            units=rows,
            access=row_access(rows, size),
            cost=cost.CALL + rows * 20 * cost.REQUANTIZE + source.elements * (cost.MAC + cost.REQUANTIZE),
        )
