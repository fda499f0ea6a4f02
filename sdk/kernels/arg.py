"""ARG_MAX and ARG_MIN, portable; see ``firmware/include/sdk/arg.h``."""

from __future__ import annotations

from math import prod

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import constant, input_type, output_type
from sdk.kernels.operands import data


class _ArgS8Ref(Kernel):
    header = "sdk/arg.h"
    sources = ("kernels/arg/arg_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT32),
        constant(1, "the axis"),
        Constraint("the input has elements", lambda site: site.input(0).elements > 0),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        shape = site.input(0).shape
        axis = int(data(site.input(1)).reshape(-1)[0]) % len(shape)
        size, inner = shape[axis], prod(shape[axis + 1 :])
        outer = prod(shape[:axis])
        block, out_block = size * inner, 4 * inner
        return Prepared(
            params_type="sdk_arg_s8",
            params={"size": size, "inner": inner},
            align=4,
            units=outer * inner,
            access=tuple(
                Access({0: (i * block, (i + 1) * block)}, (i * out_block, (i + 1) * out_block)) for i in range(outer)
            ),
            cost=cost.CALL + site.input(0).elements * cost.LOOKUP,
        )


class ArgMaxS8Ref(_ArgS8Ref):
    """int8 to int32, along one dimension."""

    name = "arg_max_s8__ref"
    ops = ("ARG_MAX",)


class ArgMinS8Ref(_ArgS8Ref):
    """int8 to int32, along one dimension."""

    name = "arg_min_s8__ref"
    ops = ("ARG_MIN",)
