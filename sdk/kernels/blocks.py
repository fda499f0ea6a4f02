"""MIRROR_PAD, BATCH_TO_SPACE_ND and SPACE_TO_BATCH_ND, portable; see ``firmware/include/sdk/copy.h``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import MirrorPadAttrs, MirrorPadMode
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import constant
from sdk.kernels.copy import SAME_TYPE
from sdk.kernels.operands import attrs, data

_TABLE_DIMS = 6
_MOST_STEPS = 1 << 17
"""Most blocks whose order of accesses is stated."""

Offsets = list[list[int]]


def _pairs(site: Site, index: int) -> list[tuple[int, int]]:
    return [(int(before), int(after)) for before, after in data(site.input(index)).reshape(-1, 2)]


def _mirror_pad(site: Site) -> Offsets:
    """For each dimension of the output the offset of each index in the input, in bytes."""
    source = site.input(0)
    reflect = attrs(site, MirrorPadAttrs).mode is MirrorPadMode.REFLECT
    tables = []
    for d, (size, (before, after)) in enumerate(zip(source.shape, _pairs(site, 1), strict=True)):
        stride = prod(source.shape[d + 1 :]) * source.dtype.itemsize
        period = max(2 * size - 2, 1) if reflect else 2 * size
        last = period if reflect else period - 1
        folded = (i % period for i in range(-before, size + after))
        tables.append([min(i, last - i) * stride for i in folded])
    return tables


def _images(site: Site, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Batches, height, width and bytes of a pixel; images of three dimensions have a width of 1."""
    width = shape[2] if len(shape) == 4 else 1
    return shape[0], shape[1], width, shape[-1] * site.output().dtype.itemsize


def _block(site: Site) -> tuple[int, int]:
    sizes = [int(v) for v in data(site.input(1)).reshape(-1)]
    return sizes[0], sizes[1] if len(sizes) == 2 else 1


def _before(site: Site) -> tuple[int, int]:
    """What is padded or cropped above and left of the images."""
    pairs = _pairs(site, 2)
    return pairs[0][0], pairs[1][0] if len(pairs) == 2 else 0


def _batch_to_space(site: Site) -> Offsets:
    """As ``_mirror_pad``."""
    _, height, width, pixel = _images(site, site.input(0).shape)
    batches, rows, columns, _ = _images(site, site.output().shape)
    (block_h, block_w), (top, left) = _block(site), _before(site)
    row, image = width * pixel, height * width * pixel
    return [
        [b * image for b in range(batches)],
        [y // block_h * row + y % block_h * block_w * batches * image for y in range(top, top + rows)],
        [x // block_w * pixel + x % block_w * batches * image for x in range(left, left + columns)],
        list(range(0, pixel, site.output().dtype.itemsize)),
    ]


_TABLES = {"MIRROR_PAD": _mirror_pad, "BATCH_TO_SPACE_ND": _batch_to_space}


def _tables(site: Site) -> tuple[Offsets, int]:
    """Tables of offsets without the last dimensions that are copied as they are, and the bytes of a block."""
    tables = _TABLES[site.op.kind](site)
    block = site.output().dtype.itemsize
    while tables and tables[-1] == list(range(0, block * len(tables[-1]), block)):
        block *= len(tables.pop())
    return [t for t in tables if t != [0]], block


class TableCopyRef(Kernel):
    """Any type."""

    name = "table_copy__ref"
    ops = tuple(_TABLES)
    header = "sdk/copy.h"
    sources = ("kernels/copy/table_copy__ref.c",)
    constraints = (
        SAME_TYPE,
        constant(1, "the second input"),
        constant(2, "the third input"),
        Constraint(
            f"at most {_TABLE_DIMS} dimensions are regrouped", lambda site: len(_tables(site)[0]) <= _TABLE_DIMS
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        tables, block = _tables(site)
        tables = [[0]] * (_TABLE_DIMS - len(tables)) + tables
        sizes = tuple(map(len, tables))
        units = prod(sizes)
        flat = np.concatenate([np.array(t, np.int32) for t in tables])
        return Prepared(
            params_type="sdk_table_copy",
            params={"sizes": sizes, "offsets": Ref("offsets"), "block": block},
            consts=(Const("offsets", "int32_t", flat),),
            units=units,
            access=None if units > _MOST_STEPS else _block_access(tables, block),
            cost=cost.CALL + units * cost.BLOCK + site.output().nbytes * cost.COPY,
        )


def _block_access(tables: Offsets, block: int) -> tuple[Access, ...]:
    offsets: np.ndarray[Any, Any] = np.zeros((), np.int64)
    for table in tables:
        offsets = offsets[..., None] + np.array(table)
    return tuple(
        Access({0: (o, o + block)}, (i * block, (i + 1) * block)) for i, o in enumerate(offsets.reshape(-1).tolist())
    )


class SpaceToBatchRef(Kernel):
    """Any type; the padding of 8-bit types is the output's zero point, of others 0."""

    name = "space_to_batch__ref"
    ops = ("SPACE_TO_BATCH_ND",)
    header = "sdk/copy.h"
    sources = ("kernels/copy/space_to_batch__ref.c",)
    constraints = (
        SAME_TYPE,
        constant(1, "the block shape"),
        constant(2, "the list of paddings"),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        output = site.output()
        batches, height, width, pixel = _images(site, site.input(0).shape)
        images, out_height, out_width, _ = _images(site, output.shape)
        (block_h, block_w), (pad_h, pad_w) = _block(site), _before(site)
        zero_point = output.quant.zero_point if output.quant and output.dtype in (DType.INT8, DType.UINT8) else 0
        return Prepared(
            params_type="sdk_space_to_batch",
            params={
                "batches": batches,
                "height": height,
                "width": width,
                "block_h": block_h,
                "block_w": block_w,
                "pad_h": pad_h,
                "pad_w": pad_w,
                "out_height": out_height,
                "out_width": out_width,
                "pixel": pixel,
                "fill": zero_point & 0xFF,
            },
            units=images * out_height,
            cost=cost.CALL + images * out_height * out_width * cost.BLOCK + output.nbytes * cost.COPY,
        )
