"""LOGICAL_AND, LOGICAL_OR and LOGICAL_NOT, portable; see ``firmware/include/sdk/logical.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import input_type


class _LogicalRef(Kernel):
    header = "sdk/logical.h"
    sources = ("kernels/logical/logical__ref.c",)
    constraints = (
        input_type(0, DType.BOOL),
        input_type(1, DType.BOOL, what="the second input"),
        DIMS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return prepared(site, "sdk_logical", {}, 2 * cost.LOOKUP)


class LogicalAndRef(_LogicalRef):
    """bool, with broadcasting."""

    name = "logical_and__ref"
    ops = ("LOGICAL_AND",)


class LogicalOrRef(_LogicalRef):
    """bool, with broadcasting."""

    name = "logical_or__ref"
    ops = ("LOGICAL_OR",)


class LogicalNotRef(Kernel):
    """bool."""

    name = "logical_not__ref"
    ops = ("LOGICAL_NOT",)
    header = "sdk/logical.h"
    sources = ("kernels/logical/logical__ref.c",)
    constraints = (input_type(0, DType.BOOL),)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        count = site.output().elements
        return Prepared(
            params_type="sdk_logical_not",
            params={"reserved": 0},
            units=count,
            access=elementwise(count, (1,)),
            cost=cost.CALL + count * cost.LOOKUP,
        )
