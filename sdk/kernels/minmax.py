"""MAXIMUM and MINIMUM, portable; see ``firmware/include/sdk/minmax.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, broadcast_access, broadcast_fields, operands
from sdk.kernels.constraints import input_type, output_type


class _MinMaxS8Ref(Kernel):
    header = "sdk/minmax.h"
    sources = ("kernels/minmax/minmax_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the second input"),
        output_type(DType.INT8),
        DIMS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        output = site.output()
        inputs, arguments, consts = operands(site, ("input1", "input2"))
        return Prepared(
            params_type="sdk_minmax_s8",
            params={"shape": broadcast_fields(site.input(0).shape, site.input(1).shape)},
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            units=output.elements,
            access=broadcast_access(output, [site.input(i) for i in inputs]),
            cost=cost.CALL + output.elements * 2 * cost.LOOKUP,
        )


class MaximumS8Ref(_MinMaxS8Ref):
    """int8, with broadcasting."""

    name = "maximum_s8__ref"
    ops = ("MAXIMUM",)


class MinimumS8Ref(_MinMaxS8Ref):
    """int8, with broadcasting."""

    name = "minimum_s8__ref"
    ops = ("MINIMUM",)
