"""AVERAGE_POOL_2D and MAX_POOL_2D in int8 for cores with MVE; see ``firmware/include/sdk/pool2d_mve.h``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sdk.ir.attrs import Pool2DAttrs
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.operands import attrs
from sdk.kernels.pool2d import AveragePool2DS8Ref, MaxPool2DS8Ref

_CHANNELS = 16
_MAX_TAPS = 255


def _taps(site: Site) -> int:
    pool = attrs(site, Pool2DAttrs)
    return pool.filter_h * pool.filter_w


def _cost(site: Site, tap: int, channel: int) -> int:
    """tap: instructions for up to 16 channels; channel: for one output."""
    output = site.output()
    pixels = output.elements // output.shape[3]
    return pixels * (70 + -(-output.shape[3] // _CHANNELS) * (tap * _taps(site) + 40)) + channel * output.elements


class AveragePool2DMve(Kernel):
    """Sixteen channels at a time.

    Cortex-M55 instructions: 0.5 for an input, 30 for an output.
    """

    name: ClassVar[str] = "average_pool2d_s8__mve"
    ops: ClassVar[tuple[str, ...]] = AveragePool2DS8Ref.ops
    header: ClassVar[str] = "sdk/pool2d_mve.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/pool2d_s8__mve.c", "kernels/pool2d/pool2d_s8__mve.S")
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *AveragePool2DS8Ref.constraints,
        Constraint(f"windows have at most {_MAX_TAPS} taps", lambda s: _taps(s) <= _MAX_TAPS),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        return replace(AveragePool2DS8Ref().prepare(site), cost=_cost(site, 8, 30))


class MaxPool2DMve(Kernel):
    """Sixteen channels at a time.

    Cortex-M55 instructions: 0.3 for an input.
    """

    name: ClassVar[str] = "max_pool2d_s8__mve"
    ops: ClassVar[tuple[str, ...]] = MaxPool2DS8Ref.ops
    header: ClassVar[str] = AveragePool2DMve.header
    sources: ClassVar[tuple[str, ...]] = AveragePool2DMve.sources
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = MaxPool2DS8Ref.constraints

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        return replace(MaxPool2DS8Ref().prepare(site), cost=_cost(site, 5, 0))
