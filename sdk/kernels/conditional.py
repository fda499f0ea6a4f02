"""SELECT and SELECT_V2, portable; see ``firmware/include/sdk/select.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, Shape, broadcast_access, broadcast_fields, operands
from sdk.kernels.constraints import input_type
from sdk.kernels.copy import SAME_QUANTIZATION


def _condition_shape(site: Site) -> Shape:
    """SELECT's condition may have one element for each index of the first dimension."""
    shape = site.input(0).shape
    return shape + (1,) * (len(site.output().shape) - 1) if site.op.kind == "SELECT" and len(shape) == 1 else shape


class SelectRef(Kernel):
    """Any type, with broadcasting."""

    name = "select__ref"
    ops = ("SELECT", "SELECT_V2")
    header = "sdk/select.h"
    sources = ("kernels/select/select__ref.c",)
    constraints = (
        input_type(0, DType.BOOL, what="the condition"),
        Constraint(
            "the second and third input and the output have the same type",
            lambda site: site.input(1).dtype is site.input(2).dtype is site.output().dtype,
        ),
        SAME_QUANTIZATION,
        DIMS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        output = site.output()
        inputs, arguments, consts = operands(site, ("condition", "input1", "input2"))
        sizes, condition, first, second = broadcast_fields(
            _condition_shape(site), site.input(1).shape, site.input(2).shape
        )
        return Prepared(
            params_type="sdk_select",
            params={
                "sizes": sizes,
                "condition": condition,
                "input1": first,
                "input2": second,
                "element": output.dtype.itemsize,
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            units=output.elements,
            access=broadcast_access(output, [site.input(i) for i in inputs]),
            cost=cost.CALL + output.elements * cost.BLOCK,
        )
