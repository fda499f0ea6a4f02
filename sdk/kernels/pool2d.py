"""AVERAGE_POOL_2D and MAX_POOL_2D, portable; see ``firmware/include/sdk/pool2d.h``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sdk.ir import DType
from sdk.ir.attrs import Padding, Pool2DAttrs
from sdk.kernels import cost
from sdk.kernels.access import Slide
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import ACTIVATION, input_type, output_type, quantized, same_quantization
from sdk.kernels.operands import attrs
from sdk.numerics import activation_range, window_padding

_SCALE_TOLERANCE = 1e-6
"""The interpreter takes scales that differ by less for the same."""


_MOST_SUMMED = 255
"""So many int8 have a sum in int16."""
_SUM = 5
"""Cycles for adding an input to the sum of its channel."""


class _Pool2DS8Ref(Kernel):
    header = "sdk/pool2d.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/pool2d_s8__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        quantized(0),
        same_quantization((0,), _SCALE_TOLERANCE),
        ACTIVATION,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        pool = attrs(site, Pool2DAttrs)
        output = site.output()
        batches, height, width, channels = site.input(0).shape
        same = pool.padding is Padding.SAME
        out_height, top = window_padding(same, height, pool.filter_h, pool.stride_h)
        out_width, left = window_padding(same, width, pool.filter_w, pool.stride_w)
        low, high = activation_range(pool.activation, output)
        slide = Slide(
            batches=batches,
            input_rows=height,
            input_row_bytes=width * channels,
            output_rows=out_height,
            output_row_bytes=out_width * channels,
            extent=pool.filter_h,
            stride=pool.stride_h,
            pad=top,
        )
        taps = output.elements * pool.filter_h * pool.filter_w
        return Prepared(
            params_type="sdk_pool2d_s8",
            params={
                "input_height": height,
                "input_width": width,
                "channels": channels,
                "filter_height": pool.filter_h,
                "filter_width": pool.filter_w,
                "output_height": out_height,
                "output_width": out_width,
                "stride_height": pool.stride_h,
                "stride_width": pool.stride_w,
                "pad_top": top,
                "pad_left": left,
                "output_min": low,
                "output_max": high,
            },
            units=slide.units,
            access=slide.access(),
            cost=cost.CALL + taps * cost.MAC + output.elements * cost.REQUANTIZE,
        )


class AveragePool2DS8Ref(_Pool2DS8Ref):
    """int8 mean over windows."""

    name = "average_pool2d_s8__ref"
    ops = ("AVERAGE_POOL_2D",)


class AveragePool2DS8Stream(AveragePool2DS8Ref):
    """int8 mean over a whole image, summed up row by row as the rows come; for the ends of chains."""

    name = "average_pool2d_s8_stream__ref"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/average_pool2d_s8_stream__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *AveragePool2DS8Ref.constraints,
        Constraint("the batch size is 1", lambda s: s.input(0).shape[0] == 1),
        Constraint("the window is the whole image", lambda s: _is_global(s)),
        Constraint(f"the image has at most {_MOST_SUMMED} pixels", lambda s: _pixels(s) <= _MOST_SUMMED),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        _, height, width, channels = site.input(0).shape
        row = width * channels
        sums = 2 * channels
        return replace(
            super().prepare(site),
            scratch_bytes=sums,
            keeps_scratch=True,
            align=2,
            units=height,
            access=tuple(
                Access({0: (y * row, (y + 1) * row)}, (0, channels if y == height - 1 else 0)) for y in range(height)
            ),
            cost=cost.CALL + height * row * _SUM + channels * cost.REQUANTIZE,
        )


def _pixels(site: Site) -> int:
    _, height, width, _ = site.input(0).shape
    return height * width


def _is_global(site: Site) -> bool:
    _, height, width, _ = site.input(0).shape
    pool = attrs(site, Pool2DAttrs)
    return site.output().shape[1:3] == (1, 1) and (pool.filter_h, pool.filter_w) == (height, width)


class MaxPool2DS8Ref(_Pool2DS8Ref):
    """int8 maximum over windows."""

    name = "max_pool2d_s8__ref"
    ops = ("MAX_POOL_2D",)
