"""ADD and SUB in int8 for cores with the DSP extension; see ``firmware/include/sdk/add_dsp.h``.

TensorFlow Lite scales both inputs to 20 fractional bits and rounds thrice. The sum of two products with
enough bits gives the same byte; this is not argued but compared, for all 65536 pairs of inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from sdk.ir.attrs import BinaryAttrs
from sdk.kernels.access import elementwise
from sdk.kernels.add import AddS8Ref
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.operands import attrs, quant
from sdk.kernels.requantize import Ints, requantize
from sdk.numerics import activation_range, float32, quantize_multiplier

_SHIFT = 20
_HEADROOM = 20
_BYTES = np.arange(-128, 128, dtype=np.int64)
_TRIES = tuple(sorted(range(-96, 97, 2), key=abs))
"""Offsets tried round the exact one, in 2**-_SHIFT * 2 of an output step."""


@dataclass(frozen=True)
class _Linear:
    factor1: int
    factor2: int
    offset: int

    def sums(self) -> Ints:
        """[256, 256] sums before the shift, for all pairs of inputs."""
        first = (self.factor1 * (_BYTES << 8)) >> 16
        second = (self.factor2 * (_BYTES << 8)) >> 16
        total: Ints = self.offset + first[:, None] + second[None, :]
        return total


def _scaled(value: Ints, factor: float, sign: int) -> Ints:
    """MultiplyByQuantizedMultiplierSmallerThanOneExp of values shifted left by the headroom."""
    multiplier, shift = quantize_multiplier(factor)
    return requantize(value << _HEADROOM, np.full_like(value, sign * multiplier), np.full_like(value, shift))


def exact_bytes(site: Site) -> npt.NDArray[Any]:
    """[256, 256] outputs before the activation, as the reference kernel computes them."""
    first, second, output = quant(site.input(0)), quant(site.input(1)), quant(site.output())
    twice = 2 * float32(max(first.scale, second.scale))
    sign = -1 if site.op.kind == "SUB" else 1
    a = _scaled(_BYTES - first.zero_point, float32(first.scale) / twice, 1)
    b = _scaled(_BYTES - second.zero_point, float32(second.scale) / twice, sign)
    multiplier, shift = quantize_multiplier(twice / ((1 << _HEADROOM) * float32(output.scale)))
    sums = a[:, None] + b[None, :]
    total = requantize(sums, np.full_like(sums, multiplier), np.full_like(sums, shift)) + output.zero_point
    return np.clip(total, -128, 127)


@lru_cache(maxsize=4)
def _linear(site: Site) -> _Linear | None:
    """Factors that give every output exactly, or None."""
    first, second, output = quant(site.input(0)), quant(site.input(1)), quant(site.output())
    sign = -1 if site.op.kind == "SUB" else 1
    slope1 = float32(first.scale) / float32(output.scale)
    slope2 = sign * float32(second.scale) / float32(output.scale)
    factor1, factor2 = (round(s * (1 << (_SHIFT + 8))) for s in (slope1, slope2))
    if max(abs(factor1), abs(factor2)) >= 1 << 31:
        return None
    centre = output.zero_point + 0.5 - slope1 * first.zero_point - slope2 * second.zero_point
    wanted = exact_bytes(site)
    for delta in _TRIES:
        found = _Linear(factor1, factor2, round(centre * (1 << _SHIFT)) + delta)
        sums = found.sums()
        if max(abs(int(sums.min())), abs(int(sums.max())), abs(found.offset)) >= 1 << 31:
            return None
        if (np.clip(sums >> _SHIFT, -128, 127) == wanted).all():
            return found
    return None


class AddLinear(Kernel):
    """Two products an output, four outputs at a time.

    Cortex-M4 cycles, estimated, zero wait states: 8.3 for an output.
    """

    name: ClassVar[str] = "add_s8__dsp"
    ops: ClassVar[tuple[str, ...]] = AddS8Ref.ops
    header: ClassVar[str] = "sdk/add_dsp.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/add/add_s8__dsp.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
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
            params_type="sdk_add_s8_linear",
            params={
                "factor1": linear.factor1,
                "factor2": linear.factor2,
                "offset": linear.offset,
                "low": low,
                "high": high,
                "clamp": int((low, high) != (-128, 127)),
            },
            inputs=(0, 1),
            align=4,
            units=elements,
            grain=4,
            access=elementwise(elements, (1, 1)),
            cost=70 + int(8.25 * elements),
        )


def _is_plain(site: Site) -> bool:
    shapes = {site.input(0).shape, site.input(1).shape, site.output().shape}
    return len(shapes) == 1 and not (site.input(0).is_constant or site.input(1).is_constant)
