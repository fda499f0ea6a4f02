"""MAXIMUM and MINIMUM of int8 and int16, portable; see ``firmware/include/sdk/minmax.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import input_type, output_type


class _MinMaxRef(Kernel):
    header = "sdk/minmax.h"

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return prepared(site, "sdk_minmax", {}, 2 * cost.LOOKUP)


def _constraints(dtype: DType) -> tuple[Constraint, ...]:
    return input_type(0, dtype), input_type(1, dtype, what="the second input"), output_type(dtype), DIMS_FIT


class _MinMaxS8Ref(_MinMaxRef):
    sources = ("kernels/minmax/minmax_s8__ref.c",)
    constraints = _constraints(DType.INT8)


class MaximumS8Ref(_MinMaxS8Ref):
    """int8, with broadcasting."""

    name = "maximum_s8__ref"
    ops = ("MAXIMUM",)


class MinimumS8Ref(_MinMaxS8Ref):
    """int8, with broadcasting."""

    name = "minimum_s8__ref"
    ops = ("MINIMUM",)


class _MinMaxS16Ref(_MinMaxRef):
    sources = ("kernels/minmax/minmax_s16__ref.c",)
    constraints = _constraints(DType.INT16)


class MaximumS16Ref(_MinMaxS16Ref):
    """int16, with broadcasting."""

    name = "maximum_s16__ref"
    ops = ("MAXIMUM",)


class MinimumS16Ref(_MinMaxS16Ref):
    """int16, with broadcasting."""

    name = "minimum_s16__ref"
    ops = ("MINIMUM",)
