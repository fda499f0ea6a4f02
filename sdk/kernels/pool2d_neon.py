"""AVERAGE_POOL_2D and MAX_POOL_2D in int8 for cores with NEON; see ``firmware/include/sdk/pool2d_neon.h``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sdk.ir.attrs import Pool2DAttrs
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.operands import attrs
from sdk.kernels.pool2d import AveragePool2DS8Ref, MaxPool2DS8Ref

_BLOCK = 8
_MOST_TAPS = 255
_WIDE = Constraint(f"there are at least {_BLOCK} channels", lambda s: s.input(0).shape[3] >= _BLOCK)


def _taps(site: Site) -> int:
    pool = attrs(site, Pool2DAttrs)
    return pool.filter_h * pool.filter_w


def _cost(site: Site, block: int) -> int:
    """block: instructions for eight outputs besides their taps."""
    output = site.output()
    blocks = output.elements // output.shape[3] * -(-output.shape[3] // _BLOCK)
    return 40 + output.elements // output.shape[3] * 40 + blocks * (7 * _taps(site) + block)


class AveragePool2DNeon(Kernel):
    """Eight channels at a time.

    Instructions: 0.9 for an input, 12 for an output.
    """

    name: ClassVar[str] = "average_pool2d_s8__neon"
    ops: ClassVar[tuple[str, ...]] = AveragePool2DS8Ref.ops
    header: ClassVar[str] = "sdk/pool2d_neon.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/pool2d_s8__neon.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *AveragePool2DS8Ref.constraints,
        _WIDE,
        Constraint(f"windows have at most {_MOST_TAPS} taps", lambda s: _taps(s) <= _MOST_TAPS),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        return replace(AveragePool2DS8Ref().prepare(site), cost=_cost(site, 100))


class MaxPool2DNeon(Kernel):
    """Eight channels at a time.

    Instructions: 0.9 for an input.
    """

    name: ClassVar[str] = "max_pool2d_s8__neon"
    ops: ClassVar[tuple[str, ...]] = MaxPool2DS8Ref.ops
    header: ClassVar[str] = AveragePool2DNeon.header
    sources: ClassVar[tuple[str, ...]] = AveragePool2DNeon.sources
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    constraints: ClassVar[tuple[Constraint, ...]] = (*MaxPool2DS8Ref.constraints, _WIDE)

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        return replace(MaxPool2DS8Ref().prepare(site), cost=_cost(site, 20))
