"""ADD, SUB, MUL, DIV, MAXIMUM and MINIMUM in int32, portable; see ``firmware/include/sdk/arithmetic_s32.h``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import Activation
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import constant, input_type, output_type
from sdk.kernels.operands import data


class _BinaryS32Ref(Kernel):
    header = "sdk/arithmetic_s32.h"
    sources = ("kernels/binary/binary_s32__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (
        input_type(0, DType.INT32),
        input_type(1, DType.INT32, what="the second input"),
        output_type(DType.INT32),
        Constraint("the output is not quantized", lambda site: site.output().quant is None),
        Constraint(
            "there is no fused activation",
            lambda site: getattr(site.op.attrs, "activation", Activation.NONE) is Activation.NONE,
        ),
        DIMS_FIT,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return prepared(site, "sdk_arithmetic_s32", {}, cost.BLOCK)


class AddS32Ref(_BinaryS32Ref):
    """int32, with broadcasting."""

    name = "add_s32__ref"
    ops = ("ADD",)


class SubS32Ref(_BinaryS32Ref):
    """int32, with broadcasting."""

    name = "sub_s32__ref"
    ops = ("SUB",)


class MulS32Ref(_BinaryS32Ref):
    """int32, with broadcasting."""

    name = "mul_s32__ref"
    ops = ("MUL",)


class DivS32Ref(_BinaryS32Ref):
    """int32, with broadcasting."""

    name = "div_s32__ref"
    ops = ("DIV",)
    constraints = (
        *_BinaryS32Ref.constraints,
        constant(1, "the divisor"),
        Constraint("no divisor is 0 or -1", lambda site: not np.isin(data(site.input(1)), (0, -1)).any()),
    )


class MaximumS32Ref(_BinaryS32Ref):
    """int32, with broadcasting."""

    name = "maximum_s32__ref"
    ops = ("MAXIMUM",)


class MinimumS32Ref(_BinaryS32Ref):
    """int32, with broadcasting."""

    name = "minimum_s32__ref"
    ops = ("MINIMUM",)


ARITHMETIC_S32: tuple[Kernel, ...] = (
    AddS32Ref(),
    SubS32Ref(),
    MulS32Ref(),
    DivS32Ref(),
    MaximumS32Ref(),
    MinimumS32Ref(),
)
