"""Operators that map one 8-bit element to another, portable; see ``firmware/include/sdk/lookup.h``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from sdk.ir import DType
from sdk.kernels import cost, tables
from sdk.kernels.access import elementwise
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import quant
from sdk.numerics import integer_range

_BYTE_TYPES = (DType.INT8, DType.UINT8)

TABLES: Mapping[str, Callable[[Site], tables.Table]] = {
    "QUANTIZE": tables.requantize,
    "RELU": tables.relu(0, None),
    "RELU6": tables.relu(0, 6),
    "RELU_N1_TO_1": tables.relu(-1, 1),
    "RELU_0_TO_1": tables.relu(0, 1),
    "LEAKY_RELU": tables.leaky_relu,
    "HARD_SWISH": tables.hard_swish,
    "LOGISTIC": tables.logistic,
    "TANH": tables.tanh,
    "EXP": tables.exp,
    "GELU": tables.gelu,
    "ELU": tables.elu,
    "ABS": tables.absolute,
    "RSQRT": tables.rsqrt,
}
"""What each operator gives for every input."""


def _alike(site: Site) -> bool:
    return site.op.kind == "QUANTIZE" or site.input(0).dtype is site.output().dtype


def _logistic_output(site: Site) -> bool:
    return site.op.kind != "LOGISTIC" or quant(site.output()).scale == 1 / 256


def _exp_fits(site: Site) -> bool:
    if site.op.kind != "EXP":
        return True
    source = quant(site.input(0))
    _, high = integer_range(site.input(0).dtype)
    return (high - source.zero_point) * source.scale < math.log(quant(site.output()).scale * 2**31)


class Lookup8Ref(Kernel):
    """int8 or uint8 through a table of 256 bytes, made on the host."""

    name = "lookup_8__ref"
    ops = tuple(TABLES)
    header = "sdk/lookup.h"
    sources = ("kernels/lookup/lookup_8__ref.c",)
    constraints = (
        input_type(0, *_BYTE_TYPES),
        output_type(*_BYTE_TYPES),
        Constraint("input and output have the same type", _alike),
        quantized(0),
        Constraint("the output's scale is 1/256", _logistic_output),
        Constraint("no exponential leaves 32 bits", _exp_fits),
        Constraint("ELU is of int8", lambda site: site.op.kind != "ELU" or site.input(0).dtype is DType.INT8),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        low, _ = integer_range(source.dtype)
        # From ascending values to the order of the bytes as unsigned numbers.
        table = np.roll(np.array(TABLES[site.op.kind](site), np.int64), low)
        return Prepared(
            params_type="sdk_lookup_8",
            params={"table": Ref("table")},
            consts=(Const("table", "uint8_t", table.astype(np.uint8)),),
            units=source.elements,
            access=elementwise(source.elements, (1,)),
            cost=cost.CALL + source.elements * cost.LOOKUP,
        )
