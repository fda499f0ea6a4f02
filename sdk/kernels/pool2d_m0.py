"""AVERAGE_POOL_2D in int8 for the Cortex-M0+; see ``firmware/include/sdk/pool2d_m0.h``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sdk.ir.attrs import Pool2DAttrs
from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.operands import attrs
from sdk.kernels.pool2d import AveragePool2DS8Ref


class AveragePool2DM0(Kernel):
    """Window rows in a loop of their own.

    Cortex-M0+ cycles, all in SRAM: 6 for an input, 15 for a row of a window, 90 for an output.
    """

    name: ClassVar[str] = "average_pool2d_s8__m0"
    ops: ClassVar[tuple[str, ...]] = AveragePool2DS8Ref.ops
    header: ClassVar[str] = "sdk/pool2d_m0.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/average_pool2d_s8__m0.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"m0"})
    constraints = AveragePool2DS8Ref.constraints

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        pool, outputs = attrs(site, Pool2DAttrs), site.output().elements
        rows = outputs * pool.filter_h
        portable = AveragePool2DS8Ref().prepare(site)
        return replace(portable, cost=200 + 90 * outputs + 15 * rows + 6 * rows * pool.filter_w)
