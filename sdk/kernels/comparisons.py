"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, portable; see ``firmware/include/sdk/compare.h``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import input_type, output_type, per_tensor
from sdk.kernels.operands import quant
from sdk.numerics import float32, quantize_multiplier

_RELATIONS: Mapping[str, str] = {
    "EQUAL": "SDK_EQUAL",
    "NOT_EQUAL": "SDK_LESS | SDK_GREATER | SDK_UNORDERED",
    "LESS": "SDK_LESS",
    "LESS_EQUAL": "SDK_LESS | SDK_EQUAL",
    "GREATER": "SDK_GREATER",
    "GREATER_EQUAL": "SDK_GREATER | SDK_EQUAL",
}


class _CompareRef(Kernel):
    params_type: ClassVar[str] = "sdk_compare"
    element_cost: ClassVar[int] = cost.BLOCK
    header = "sdk/compare.h"
    sources = ("kernels/compare/compare__ref.c",)

    def arithmetic(self, site: Site) -> dict[str, Value]:
        """Parameters besides shape and relation."""
        return {}

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        fields: dict[str, Value] = {
            "relation": _RELATIONS[site.op.kind],
            **self.arithmetic(site),
        }
        return prepared(site, self.params_type, fields, self.element_cost)


class CompareS8Ref(_CompareRef):
    """int8, with broadcasting."""

    name = "compare_s8__ref"
    ops = tuple(_RELATIONS)
    params_type = "sdk_compare_s8"
    element_cost = 2 * cost.REQUANTIZE
    constraints = (
        input_type(0, DType.INT8),
        input_type(1, DType.INT8, what="the second input"),
        output_type(DType.BOOL),
        Constraint("inputs are quantized per tensor", lambda s: per_tensor(s.input(0)) and per_tensor(s.input(1))),
        Constraint("scales are below 1", lambda s: max(quant(s.input(0)).scale, quant(s.input(1)).scale) < 1),
        DIMS_FIT,
    )

    def arithmetic(self, site: Site) -> dict[str, Value]:
        """Each input's scale is its factor. Source: ComparisonQuantized in tensorflow/lite/kernels/comparisons.cc."""
        fields: dict[str, Value] = {}
        for i in range(2):
            q = quant(site.input(i))
            multiplier, shift = quantize_multiplier(float32(q.scale))
            fields |= {f"offset{i + 1}": -q.zero_point, f"multiplier{i + 1}": multiplier, f"shift{i + 1}": shift}
        return fields


def _plain(dtype: DType) -> tuple[Constraint, ...]:
    return (
        input_type(0, dtype),
        input_type(1, dtype, what="the second input"),
        output_type(DType.BOOL),
        DIMS_FIT,
    )


class CompareBoolRef(_CompareRef):
    """bool, with broadcasting."""

    name = "compare_bool__ref"
    ops = ("EQUAL", "NOT_EQUAL")
    constraints = _plain(DType.BOOL)


class CompareS32Ref(_CompareRef):
    """int32, with broadcasting."""

    name = "compare_s32__ref"
    ops = tuple(_RELATIONS)
    constraints = _plain(DType.INT32)


class CompareS64Ref(_CompareRef):
    """int64, with broadcasting."""

    name = "compare_s64__ref"
    ops = tuple(_RELATIONS)
    constraints = _plain(DType.INT64)


class CompareF32Ref(_CompareRef):
    """float32, with broadcasting; NaN is unequal to all."""

    name = "compare_f32__ref"
    ops = tuple(_RELATIONS)
    element_cost = cost.BLOCK + 2 * cost.FLOAT
    constraints = _plain(DType.FLOAT32)


COMPARISONS: tuple[Kernel, ...] = (CompareS8Ref(), CompareBoolRef(), CompareS32Ref(), CompareS64Ref(), CompareF32Ref())
