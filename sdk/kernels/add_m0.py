"""ADD and SUB in int8 for the Cortex-M0+; see ``firmware/include/sdk/add_m0.h``.

As in ``sdk.kernels.add_dsp`` the sum of two products replaces three roundings, compared for all 65536 pairs of inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from sdk.ir.attrs import BinaryAttrs
from sdk.kernels.access import elementwise
from sdk.kernels.add import AddS8Ref
from sdk.kernels.add_dsp import AddLinear, exact_bytes
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.operands import attrs, quant
from sdk.numerics import activation_range, float32

_SHIFTS = (22, 20, 18)
"""Shifts that there is code for, the most precise first."""
_BYTES = np.arange(-128, 128, dtype=np.int64)


@dataclass(frozen=True)
class _Linear:
    """byte = low + clamp((factor1 * input1 + factor2 * input2 + offset) >> shift, 0, range)."""

    shift: int
    factor1: int
    factor2: int
    offset: int


@lru_cache(maxsize=4)
def _linear(site: Site) -> _Linear | None:
    """Factors that give every output exactly, or None."""
    low, high = activation_range(attrs(site, BinaryAttrs).activation, site.output())
    wanted = np.clip(exact_bytes(site), low, high) - low
    sign = -1 if site.op.kind == "SUB" else 1
    output = float32(quant(site.output()).scale)
    slopes = (float32(quant(site.input(0)).scale) / output, sign * float32(quant(site.input(1)).scale) / output)
    for shift in _SHIFTS:
        factors = [round(slope * (1 << shift)) for slope in slopes]
        sums = (factors[0] * _BYTES[:, None] + factors[1] * _BYTES[None, :]).reshape(-1)
        offset = _offset(sums, wanted.reshape(-1), shift)
        if offset is not None and 128 * (abs(factors[0]) + abs(factors[1])) + abs(offset) < 1 << 31:
            return _Linear(shift, factors[0], factors[1], offset)
    return None


_Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def _offset(sums: _Ints, wanted: _Ints, shift: int) -> int | None:
    """What makes (sums + offset) >> shift reach each step exactly where wanted does, or None."""
    order = np.argsort(wanted, kind="stable")
    steps, values = wanted[order], sums[order]
    start = np.flatnonzero(np.diff(steps)) + 1
    if start.size == 0:
        return None
    # Between two bytes that are neighbours among those wanted lie one or more steps.
    below = np.maximum.accumulate(values)[start - 1]
    above = np.minimum.accumulate(values[::-1])[::-1][start]
    least = int(((steps[start] << shift) - above).max())
    most = int((((steps[start - 1] + 1) << shift) - below - 1).min())
    return (least + most) // 2 if least <= most else None


class AddLinearM0(Kernel):
    """Two products an output.

    Cortex-M0+ cycles, all in SRAM: 19 for an output.
    """

    name: ClassVar[str] = "add_s8__m0"
    ops: ClassVar[tuple[str, ...]] = AddS8Ref.ops
    header: ClassVar[str] = "sdk/add_m0.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/add/add_s8__m0.c", "kernels/add/add_s8__m0.S")
    requires: ClassVar[frozenset[str]] = frozenset({"m0"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *AddLinear.constraints[:-1],
        Constraint("a linear form is exact for all pairs of inputs", lambda s: _linear(s) is not None),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        linear = _linear(site)
        if linear is None:
            raise ValueError("no linear form is exact")
        elements = site.output().elements
        low, high = activation_range(attrs(site, BinaryAttrs).activation, site.output())
        return Prepared(
            params_type="sdk_add_s8_m0",
            params={
                "loop": f"sdk_add_s8_{linear.shift}__m0",
                "factor1": linear.factor1,
                "factor2": linear.factor2,
                "offset": linear.offset,
                "low": low,
                "range": high - low,
            },
            inputs=(0, 1),
            units=elements,
            access=elementwise(elements, (1, 1)),
            cost=80 + 19 * elements,
        )
