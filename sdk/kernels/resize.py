"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR, portable; see ``firmware/include/sdk/resize.h``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import ResizeAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import constant, input_type, output_type
from sdk.kernels.operands import attrs

_MOST_SIZE = 1 << 15
_UNIT = 1 << 10

SIZE_CONSTANT = constant(1, "the size")
IMAGE_FITS = Constraint(
    f"height and width of input and output are below {_MOST_SIZE}",
    lambda site: max(*site.input(0).shape[1:3], *site.output().shape[1:3]) < _MOST_SIZE,
)


def resize_access(site: Site, rows: Sequence[tuple[int, int]]) -> tuple[Access, ...]:
    """One step for each output row, which reads the input rows from the first to the last of ``rows``."""
    source, output = site.input(0), site.output()
    batches, height, *_ = source.shape
    row, out_row = source.nbytes // (batches * height), output.nbytes // (batches * len(rows))
    return tuple(
        Access(
            {0: ((b * height + first) * row, (b * height + last + 1) * row)},
            ((b * len(rows) + y) * out_row, (b * len(rows) + y + 1) * out_row),
        )
        for b in range(batches)
        for y, (first, last) in enumerate(rows)
    )


def _nearest(size: int, out_size: int, options: ResizeAttrs) -> list[int]:
    """The input index of each output index, in the interpreter's float32 arithmetic.

    Source: GetNearestNeighbor in tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h.
    """
    one_less = options.align_corners and out_size > 1
    scale = np.float32(size - one_less) / np.float32(out_size - one_less)
    offset = np.float32(0.5 if options.half_pixel_centers else 0)
    at = (np.arange(out_size, dtype=np.float32) + offset) * scale
    index = np.floor(at + np.float32(0.5)) if options.align_corners else np.floor(at)
    return [int(i) for i in np.clip(index, 0, size - 1)]


class ResizeNearestRef(Kernel):
    """Any type."""

    name = "resize_nearest__ref"
    ops = ("RESIZE_NEAREST_NEIGHBOR",)
    header = "sdk/resize.h"
    sources = ("kernels/resize/resize_nearest__ref.c",)
    constraints = (
        SIZE_CONSTANT,
        IMAGE_FITS,
        Constraint("input and output have the same type", lambda site: site.input(0).dtype is site.output().dtype),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output, options = site.input(0), site.output(), attrs(site, ResizeAttrs)
        batches, height, width, channels = source.shape
        _, out_height, out_width, _ = output.shape
        rows, columns = _nearest(height, out_height, options), _nearest(width, out_width, options)
        return Prepared(
            params_type="sdk_resize_nearest",
            params={
                "input_height": height,
                "input_width": width,
                "output_height": out_height,
                "output_width": out_width,
                "pixel": channels * source.dtype.itemsize,
                "rows": Ref("rows"),
                "columns": Ref("columns"),
            },
            consts=(
                Const("rows", "int16_t", np.array(rows, np.int16)),
                Const("columns", "int16_t", np.array(columns, np.int16)),
            ),
            units=batches * out_height,
            access=resize_access(site, [(row, row) for row in rows]),
            cost=cost.CALL + batches * out_height * out_width * cost.BLOCK + output.nbytes * cost.COPY,
        )


class _ResizeBilinearRef(Kernel):
    ops = ("RESIZE_BILINEAR",)
    header = "sdk/resize.h"

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output, options = site.input(0), site.output(), attrs(site, ResizeAttrs)
        batches, height, width, channels = source.shape
        _, out_height, out_width, _ = output.shape

        def scale(size: int, out_size: int) -> int:
            one_less = int(options.align_corners and out_size > 1)
            return (_UNIT * (size - one_less) + (out_size - one_less) // 2) // (out_size - one_less)

        def offset(scale: int) -> int:
            return scale // 2 - _UNIT // 2 if options.half_pixel_centers else 0

        height_scale, width_scale = scale(height, out_height), scale(width, out_width)

        def rows(y: int) -> tuple[int, int]:
            at = y * height_scale + offset(height_scale)
            return min(max(at, 0) // _UNIT, height - 1), min(max(-(-at // _UNIT), 0), height - 1)

        return Prepared(
            params_type="sdk_resize_bilinear",
            params={
                "input_height": height,
                "input_width": width,
                "output_height": out_height,
                "output_width": out_width,
                "channels": channels,
                "height_scale": height_scale,
                "width_scale": width_scale,
                "height_offset": offset(height_scale),
                "width_offset": offset(width_scale),
            },
            align=source.dtype.itemsize,
            units=batches * out_height,
            access=resize_access(site, [rows(y) for y in range(out_height)]),
            cost=cost.CALL + output.elements * 4 * cost.MAC,
        )


class ResizeBilinearS8Ref(_ResizeBilinearRef):
    """int8."""

    name = "resize_bilinear_s8__ref"
    sources = ("kernels/resize/resize_bilinear_s8__ref.c",)
    constraints = (input_type(0, DType.INT8), output_type(DType.INT8), SIZE_CONSTANT, IMAGE_FITS)


class ResizeBilinearS16Ref(_ResizeBilinearRef):
    """int16."""

    name = "resize_bilinear_s16__ref"
    sources = ("kernels/resize/resize_bilinear_s16__ref.c",)
    constraints = (input_type(0, DType.INT16), output_type(DType.INT16), SIZE_CONSTANT, IMAGE_FITS)
