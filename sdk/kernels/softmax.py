"""SOFTMAX, portable; see ``firmware/include/sdk/softmax.h``."""

from __future__ import annotations

import math

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import SoftmaxAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.fixed_point import doubling_high_mul, exp_of_negative
from sdk.kernels.operands import attrs, quant
from sdk.numerics import float32, quantize_multiplier

_DIFFERENCES = 256
_INTEGER_BITS = 5
_LONGEST_ROW = 4095
"""The sum of exponentials has 12 integer bits."""

_SCALE = 1 / 256
_TOLERANCE = 0.001 * _SCALE
"""The interpreter asks for this scale of the output with this tolerance."""


def _factor(site: Site) -> float:
    """What an input difference is multiplied by to give a Q5.26 exponent."""
    real = float32(attrs(site, SoftmaxAttrs).beta) * float32(quant(site.input(0)).scale)
    return min(real * (1 << (31 - _INTEGER_BITS)), float((1 << 31) - 1))


def exponentials(factor: float) -> list[int]:
    """exp(-d * factor / 2**26) in Q0.31 for d = 0, 1 ..., up to the last that is not 0."""
    multiplier, shift = quantize_multiplier(factor)
    # Larger differences leave the range of Q5.26 and count as infinite.
    largest = ((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) >> shift
    exps = [
        exp_of_negative(doubling_high_mul(-d << shift, multiplier)) for d in range(min(largest + 1, _DIFFERENCES))
    ]
    while exps[-1] == 0:
        exps.pop()
    return exps


def exponential_table(site: Site) -> Const:
    """The exponentials of all differences between int8 inputs."""
    return Const("exps", "int32_t", np.array(exponentials(_factor(site)), np.int32))


POSITIVE_FACTOR = Constraint("beta times the input's scale is above 2**-26", lambda site: _factor(site) > 1)
LONG_ROWS = Constraint(
    f"a row has at most {_LONGEST_ROW} elements", lambda site: site.input(0).shape[-1:] <= (_LONGEST_ROW,)
)


class SoftmaxS8Ref(Kernel):
    """int8 along the last dimension."""

    name = "softmax_s8__ref"
    ops = ("SOFTMAX",)
    header = "sdk/softmax.h"
    sources = ("kernels/softmax/softmax_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        quantized(0),
        Constraint(
            "the output's scale is 1/256 and its zero point -128",
            lambda site: abs(quant(site.output()).scale - _SCALE) <= _TOLERANCE
            and quant(site.output()).zero_point == -128,
        ),
        POSITIVE_FACTOR,
        LONG_ROWS,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        size = source.shape[-1] if source.shape else 1
        rows = math.prod(source.shape[:-1])
        exps = exponential_table(site)
        return Prepared(
            params_type="sdk_softmax_s8",
            params={"size": size, "exp_count": len(exps.values), "exps": Ref(exps.name)},
            consts=(exps,),
            units=rows,
            access=row_access(rows, size),
            cost=cost.CALL + rows * 4 * cost.REQUANTIZE + source.elements * 2 * cost.REQUANTIZE,
        )


def row_access(rows: int, size: int) -> tuple[Access, ...]:
    """Rows of bytes, each read whole before any of its outputs is written."""
    return tuple(access for row in range(rows) for access in _row(row * size, size))


def _row(start: int, size: int) -> tuple[Access, Access]:
    """A row is read whole, then again element by element as its outputs are written."""
    row = (start, start + size)
    return Access({0: row}, (start, start)), Access({0: row}, row, pointwise=True)
