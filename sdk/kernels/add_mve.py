"""ADD and SUB in int8 for cores with MVE; see ``firmware/include/sdk/add_mve.h``.

As in ``sdk.kernels.add_dsp``, a sum of two products replaces the reference's three roundings where it gives the same
byte for all 65536 pairs of inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from sdk.ir.attrs import BinaryAttrs
from sdk.kernels.access import elementwise
from sdk.kernels.add import AddS8Ref
from sdk.kernels.add_dsp import exact_bytes
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.operands import attrs, quant
from sdk.numerics import activation_range, float32

_BYTES = np.arange(-128, 128, dtype=np.int64)
_INT32 = 1 << 31
_SHIFTS = range(24, 11, -1)
_TRIES = tuple(sorted(range(-64, 65), key=abs))
"""Offsets tried round the exact one, in 2**-20 of an output step."""


@dataclass(frozen=True)
class _Linear:
    factor1: int
    factor2: int
    offset: int
    shift: int


@lru_cache(maxsize=4)
def _linear(site: Site) -> _Linear | None:
    """Numbers that give every output exactly, or None."""
    first, second, output = quant(site.input(0)), quant(site.input(1)), quant(site.output())
    sign = -1 if site.op.kind == "SUB" else 1
    slope1 = float32(first.scale) / float32(output.scale)
    slope2 = sign * float32(second.scale) / float32(output.scale)
    centre = output.zero_point + 0.5 - slope1 * first.zero_point - slope2 * second.zero_point
    shift = next((s for s in _SHIFTS if (128 * (abs(slope1) + abs(slope2)) + abs(centre) + 1) * 2**s < _INT32), None)
    if shift is None:
        return None
    wanted = exact_bytes(site)
    factor1, factor2 = round(slope1 * 2**shift), round(slope2 * 2**shift)
    products = factor1 * _BYTES[:, None] + factor2 * _BYTES[None, :]
    for delta in _TRIES:
        offset = round(centre * 2**shift + delta * 2.0 ** (shift - 20))
        sums = products + offset
        if max(int(sums.max()), -int(sums.min())) < _INT32 and (np.clip(sums >> shift, -128, 127) == wanted).all():
            return _Linear(factor1, factor2, offset, shift)
    return None


class AddMve(Kernel):
    """Four outputs at a time.

    Cortex-M55 instructions: 2.5 for an output.
    """

    name: ClassVar[str] = "add_s8__mve"
    ops: ClassVar[tuple[str, ...]] = AddS8Ref.ops
    header: ClassVar[str] = "sdk/add_mve.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/add/add_s8__mve.S", "kernels/add/add_s8__mve.c")
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *AddS8Ref.constraints,
        Constraint("both inputs vary and have the output's shape", lambda s: _is_plain(s)),
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
            params_type="sdk_add_s8_mve",
            params={
                "factor1": linear.factor1,
                "factor2": linear.factor2,
                "offset": linear.offset,
                "shift": linear.shift,
                "low": low,
                "high": high,
            },
            inputs=(0, 1),
            units=elements,
            grain=4,
            access=elementwise(elements, (1, 1)),
            cost=30 + 10 * -(-elements // 4),
        )


def _is_plain(site: Site) -> bool:
    shapes = {site.input(0).shape, site.input(1).shape, site.output().shape}
    return len(shapes) == 1 and not (site.input(0).is_constant or site.input(1).is_constant)
