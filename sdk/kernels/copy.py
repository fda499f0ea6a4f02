"""Operators that only move elements of any type, portable; see ``firmware/include/sdk/copy.h``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

from sdk.ir import Tensor
from sdk.ir.attrs import Activation, BlockAttrs, ConcatenationAttrs, PackAttrs, StridedSliceAttrs, UnpackAttrs
from sdk.ir.shapes import strided_ranges
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.broadcast import operands
from sdk.kernels.constraints import constant
from sdk.kernels.operands import attrs, data, quant

_COPY_DIMS = 6
_PAD_DIMS = 5
_MOST_STEPS = 1 << 17
"""Most blocks whose order of accesses is stated."""

Array = np.ndarray[Any, Any]


def _ints(tensor: Tensor) -> list[int]:
    return [int(v) for v in data(tensor).reshape(-1)]


def _same_quantization(site: Site) -> bool:
    """Elements keep their meaning: all that are quantized are so in the same way."""
    tensors = [site.graph.tensors[t] for t in (*site.op.inputs, *site.op.outputs) if t is not None]
    moved = [t.quant for t in tensors if t.dtype is site.output().dtype and t.quant is not None]
    return all(q.scales == moved[0].scales and q.zero_points == moved[0].zero_points for q in moved)


SAME_QUANTIZATION = Constraint("inputs and outputs have the same scale and zero point", _same_quantization)
SAME_TYPE = Constraint("input and output have the same type", lambda site: _moved(site).dtype is site.output().dtype)


def _moved(site: Site) -> Tensor:
    return site.input(1 if site.op.kind in ("SPLIT", "FILL") else 0)


# What an operator takes, as a view of its input: numpy knows the strides.


def _slice(site: Site, source: Array) -> Array:
    begin, size = _ints(site.input(1)), _ints(site.input(2))
    ranges = (slice(b, b + n if n >= 0 else None) for b, n in zip(begin, size, strict=True))
    index = (*ranges, ...)  # with the ellipsis a scalar gives a view too
    return source[index]


def _strided_slice(site: Site, source: Array) -> Array:
    options = attrs(site, StridedSliceAttrs)
    begin, end, strides = (_ints(site.input(i)) for i in (1, 2, 3))
    ranges = strided_ranges(site.input(0).shape, begin, end, strides, options)
    added: list[bool] = []
    for i in range(len(begin)):
        if options.ellipsis_mask >> i & 1:
            added += [False] * (len(ranges) - len(begin) + 1)
        else:
            added.append(bool(options.new_axis_mask >> i & 1))
    added += [False] * (len(ranges) - len(added))

    def index(indices: range, kept: bool, new: bool) -> slice | int | None:
        if new:
            return None
        if not kept:
            return indices.start
        if not indices:
            return slice(0, 0)
        return slice(indices.start, indices.stop if indices.stop >= 0 else None, indices.step)

    # With the ellipsis a single element is a view, too.
    indices = tuple(index(r, kept, new) for (r, kept), new in zip(ranges, added, strict=True))
    return source[indices + (...,)]  # noqa: RUF005 - a star in an index needs Python 3.11


def _transpose(site: Site, source: Array) -> Array:
    return source.transpose(_ints(site.input(1)))


def _broadcast_to(site: Site, source: Array) -> Array:
    return np.broadcast_to(source, site.output().shape)


def _fill(site: Site, source: Array) -> Array:
    return np.broadcast_to(source.reshape(()), site.output().shape)


def _tile(site: Site, source: Array) -> Array:
    counts = _ints(site.input(1))
    pairs = [p for n, d in zip(counts, source.shape, strict=True) for p in (n, d)]
    return np.broadcast_to(source.reshape([p for d in source.shape for p in (1, d)]), pairs)


def _reverse(site: Site, source: Array) -> Array:
    return np.flip(source, _ints(site.input(1)))


def _reverses_neighbours(site: Site) -> bool:
    if site.op.kind != "REVERSE_V2":
        return True
    axes = sorted(axis % len(site.input(0).shape) for axis in _ints(site.input(1)))
    return axes == list(range(axes[0], axes[0] + len(axes)))


def _space_to_depth(site: Site, source: Array) -> Array:
    block = attrs(site, BlockAttrs).block_size
    batches, height, width, depth = source.shape
    tiles = source.reshape(batches, height // block, block, width // block, block, depth)
    return tiles.transpose(0, 1, 3, 2, 4, 5)


def _depth_to_space(site: Site, source: Array) -> Array:
    block = attrs(site, BlockAttrs).block_size
    batches, height, width, depth = source.shape
    tiles = source.reshape(batches, height, width, block, block, depth // block // block)
    return tiles.transpose(0, 1, 3, 2, 4, 5)


_VIEWS: Mapping[str, Callable[[Site, Array], Array]] = {
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "TRANSPOSE": _transpose,
    "BROADCAST_TO": _broadcast_to,
    "TILE": _tile,
    "FILL": _fill,
    "REVERSE_V2": _reverse,
    "SPACE_TO_DEPTH": _space_to_depth,
    "DEPTH_TO_SPACE": _depth_to_space,
}


def _blocks(site: Site) -> tuple[list[int], list[int], int, int]:
    """Sizes and strides of the output's blocks in the input, first byte, and bytes of a block."""
    source = _moved(site)
    # Only the strides are used: one element stands for all.
    whole = np.empty(source.shape, np.dtype((np.void, source.dtype.itemsize)))
    view = _VIEWS[site.op.kind](site, whole)
    start = view.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    sizes: list[int] = []
    strides: list[int] = []
    block = source.dtype.itemsize
    for size, stride in zip(reversed(view.shape), reversed(view.strides), strict=True):
        if size == 1:
            continue
        if not sizes and stride == block:
            block *= size
        elif sizes and stride == strides[-1] * sizes[-1]:
            sizes[-1] *= size
        else:
            sizes.append(size)
            strides.append(stride)
    return sizes[::-1], strides[::-1], start, block


class StridedCopyRef(Kernel):
    """Any type: slices, transposed, reversed, repeated or regrouped dimensions."""

    name = "strided_copy__ref"
    ops = tuple(_VIEWS)
    header = "sdk/copy.h"
    sources = ("kernels/copy/strided_copy__ref.c",)
    constraints = (
        SAME_TYPE,
        Constraint("what is moved is not constant", lambda site: not _moved(site).is_constant),
        Constraint(
            "all other inputs are constant",
            lambda site: all(
                site.graph.tensors[i].is_constant for i in site.op.inputs if i not in (None, _moved(site).id)
            ),
        ),
        Constraint("reversed dimensions are neighbours", _reverses_neighbours),
        Constraint(
            f"what is moved has at most {_COPY_DIMS} dimensions when neighbours are merged",
            lambda site: len(_blocks(site)[0]) <= _COPY_DIMS,
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        sizes, strides, start, block = _blocks(site)
        units = prod(sizes) if site.output().elements else 0
        pad = _COPY_DIMS - len(sizes)
        offsets = np.array(start, np.int64)
        for size, stride in zip(sizes, strides, strict=True):
            offsets = offsets[..., None] + np.arange(size) * stride
        steps = enumerate(offsets.reshape(-1).tolist())
        return Prepared(
            params_type="sdk_strided_copy",
            params={
                "sizes": (1,) * pad + tuple(sizes),
                "strides": (0,) * pad + tuple(strides),
                "start": start,
                "block": block,
            },
            inputs=(site.op.inputs.index(_moved(site).id),),
            units=units,
            access=None
            if units > _MOST_STEPS
            else tuple(Access({0: (o, o + block)}, (i * block, (i + 1) * block)) for i, o in steps),
            cost=cost.CALL + units * cost.BLOCK + site.output().nbytes * cost.COPY,
        )


def _joined_axis(site: Site) -> int:
    """The dimension of the shared tensor along which the others lie."""
    op = site.op
    rank = len(site.output().shape)
    if op.kind == "CONCATENATION":
        return attrs(site, ConcatenationAttrs).axis % rank
    if op.kind == "PACK":
        return attrs(site, PackAttrs).axis % rank
    rank = len(_moved(site).shape)
    if op.kind == "UNPACK":
        return attrs(site, UnpackAttrs).axis % rank
    return _ints(site.input(0 if op.kind == "SPLIT" else 2))[0] % rank


def _no_activation(site: Site) -> bool:
    return getattr(site.op.attrs, "activation", Activation.NONE) is Activation.NONE


class ConcatenationRef(Kernel):
    """Any type, along any dimension."""

    name = "concatenation__ref"
    ops = ("CONCATENATION", "PACK")
    header = "sdk/copy.h"
    sources = ("kernels/copy/interleave__ref.c",)
    constraints = (
        SAME_TYPE,
        SAME_QUANTIZATION,
        Constraint("there is no fused activation", _no_activation),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        count, output = len(site.op.inputs), site.output()
        inputs, arguments, consts = operands(site, tuple(f"input{i}" for i in range(count)))
        blocks = prod(output.shape[: _joined_axis(site)])
        sizes = [site.input(i).nbytes // max(blocks, 1) for i in range(count)]
        starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
        position = {index: place for place, index in enumerate(inputs)}

        def step(block: int, index: int) -> Access:
            size, base = sizes[index], block * starts[-1] + starts[index]
            reads = {position[index]: (block * size, (block + 1) * size)} if index in position else {}
            return Access(reads, (base, base + size))

        return Prepared(
            params_type="sdk_interleave",
            params={"count": count, "sizes": Ref("sizes")},
            consts=(Const("sizes", "int32_t", np.array(sizes, np.int32)), *consts),
            inputs=inputs,
            arguments=arguments,
            inputs_as_array=True,
            units=blocks,
            access=tuple(step(b, i) for b in range(blocks) for i in range(count)),
            cost=cost.CALL + blocks * count * cost.BLOCK + output.nbytes * cost.COPY,
        )


class SplitRef(Kernel):
    """Any type, along any dimension, in equal parts or not."""

    name = "split__ref"
    ops = ("SPLIT", "SPLIT_V", "UNPACK")
    header = "sdk/copy.h"
    sources = ("kernels/copy/interleave__ref.c",)
    constraints = (
        SAME_TYPE,
        Constraint(
            "the axis and the sizes are constant",
            lambda site: all(
                site.input(i).is_constant for i in range(len(site.op.inputs)) if site.input(i) is not _moved(site)
            ),
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = _moved(site)
        blocks = prod(source.shape[: _joined_axis(site)])
        sizes = [site.output(i).nbytes // max(blocks, 1) for i in range(len(site.op.outputs))]
        return Prepared(
            params_type="sdk_interleave",
            params={"count": len(sizes), "sizes": Ref("sizes")},
            consts=(Const("sizes", "int32_t", np.array(sizes, np.int32)),),
            inputs=(1 if site.op.kind == "SPLIT" else 0,),
            outputs_as_array=True,
            units=blocks,
            cost=cost.CALL + blocks * len(sizes) * cost.BLOCK + source.nbytes * cost.COPY,
        )


def _paddings(site: Site) -> list[tuple[int, int]]:
    pairs = data(site.input(1)).reshape(-1, 2)
    return [(int(before), int(after)) for before, after in pairs]


def _pad_value(site: Site) -> bytes:
    """The bytes of an element of padding: given, or zero, which for quantized types is the zero point."""
    output = site.output()
    given = site.optional(2)
    if given is not None:
        return data(given).reshape(-1)[:1].tobytes()
    zero = quant(output).zero_point if output.quant else 0
    return np.array([zero]).astype(output.dtype.numpy).tobytes()


class PadRef(Kernel):
    """Any type of up to 4 bytes, with zero or a given value."""

    name = "pad__ref"
    ops = ("PAD", "PADV2")
    header = "sdk/copy.h"
    sources = ("kernels/copy/pad__ref.c",)
    constraints = (
        SAME_TYPE,
        Constraint("an element has at most 4 bytes", lambda site: site.output().dtype.itemsize <= 4),
        constant(1, "the list of paddings"),
        constant(2, "the value"),
        Constraint(
            f"the input has 1 to {_PAD_DIMS + 1} dimensions", lambda s: 1 <= len(s.input(0).shape) <= _PAD_DIMS + 1
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        paddings, size = _paddings(site), source.dtype.itemsize
        fill = _PAD_DIMS + 1 - len(source.shape)
        left, right = (p * size for p in paddings[-1])
        copied = source.shape[-1] * size
        value = _pad_value(site)
        row = output.shape[-1] * size
        rows = prod(output.shape[:-1])
        outer = source.shape[:-1]
        held = np.full(output.shape[:-1], -1)
        inside = tuple(slice(before, before + n) for (before, _), n in zip(paddings, outer, strict=False))
        held[inside] = np.arange(prod(outer)).reshape(outer)
        steps = [
            Access({0: (n * copied, (n + 1) * copied)} if n >= 0 else {}, (i * row, (i + 1) * row))
            for i, n in enumerate(held.reshape(-1).tolist())
        ]
        return Prepared(
            params_type="sdk_pad",
            params={
                "sizes": (1,) * fill + output.shape[:-1],
                "before": (0,) * fill + tuple(before for before, _ in paddings[:-1]),
                "inputs": (1,) * fill + source.shape[:-1],
                "left": left,
                "copied": copied,
                "right": right,
                "value": tuple(value),
                "value_bytes": len(value),
            },
            units=rows,
            access=tuple(steps),
            cost=cost.CALL + rows * cost.BLOCK + output.nbytes * cost.COPY,
        )
