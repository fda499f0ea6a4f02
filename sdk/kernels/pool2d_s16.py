"""AVERAGE_POOL_2D and MAX_POOL_2D of int16, portable; see ``firmware/include/sdk/pool2d_s16.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.ir import DType
from sdk.ir.attrs import Pool2DAttrs
from sdk.kernels import cost
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import ACTIVATION, input_type, output_type, quantized, same_quantization
from sdk.kernels.operands import attrs
from sdk.kernels.window2d import window2d
from sdk.numerics import activation_range


class _Pool2DS16Ref(Kernel):
    header = "sdk/pool2d_s16.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/pool2d_s16__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (
        input_type(0, DType.INT16),
        output_type(DType.INT16),
        quantized(0),
        same_quantization((0,), 1e-6),
        ACTIVATION,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, output = window2d(site), site.output()
        low, high = activation_range(attrs(site, Pool2DAttrs).activation, output)
        return Prepared(
            params_type="sdk_pool2d_s16",
            params={"window": window.fields, "output_min": low, "output_max": high},
            align=2,
            units=window.slide.units,
            access=window.slide.access(),
            cost=cost.CALL + window.taps * cost.MAC + output.elements * cost.REQUANTIZE,
        )


class AveragePool2DS16Ref(_Pool2DS16Ref):
    """int16 mean over windows."""

    name = "average_pool2d_s16__ref"
    ops = ("AVERAGE_POOL_2D",)


class MaxPool2DS16Ref(_Pool2DS16Ref):
    """int16 maximum over windows."""

    name = "max_pool2d_s16__ref"
    ops = ("MAX_POOL_2D",)
