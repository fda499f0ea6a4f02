"""AVERAGE_POOL_2D in int8 for cores with the DSP extension; see ``firmware/include/sdk/pool2d_dsp.h``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sdk.ir.attrs import Pool2DAttrs
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.operands import attrs
from sdk.kernels.pool2d import AveragePool2DS8Ref

_MAX_TAPS = 255


def _taps(site: Site) -> int:
    pool = attrs(site, Pool2DAttrs)
    return pool.filter_h * pool.filter_w


class AveragePool2D(Kernel):
    """Four channels at a time.

    Cortex-M4 cycles, estimated, zero wait states: 2.5 for an input, 20 for an output.
    """

    name: ClassVar[str] = "average_pool2d_s8__dsp"
    ops: ClassVar[tuple[str, ...]] = AveragePool2DS8Ref.ops
    header: ClassVar[str] = "sdk/pool2d_dsp.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/average_pool2d_s8__dsp.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *AveragePool2DS8Ref.constraints,
        Constraint("there are at least 4 channels", lambda s: s.input(0).shape[3] >= 4),
        Constraint(f"windows have at most {_MAX_TAPS} taps", lambda s: _taps(s) <= _MAX_TAPS),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        portable = AveragePool2DS8Ref().prepare(site)
        outputs = site.output().elements
        return replace(portable, cost=200 + int(outputs * (2.5 * _taps(site) + 20)))
