"""MEAN, SUM, REDUCE_MAX and REDUCE_MIN of int8 and int16, portable; see ``firmware/include/sdk/reduce.h``."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.constraints import constant, input_type, output_type, quantized, same_quantization
from sdk.kernels.operands import data, quant
from sdk.numerics import float32, quantize_multiplier

_DIMS = 4
_Dims = tuple[tuple[int, ...], tuple[int, ...]]


def _axes(site: Site) -> set[int]:
    rank = len(site.input(0).shape)
    return {int(axis) % rank for axis in data(site.input(1)).reshape(-1)} if rank else set()


def _dims(shape: Sequence[int], axes: Sequence[int]) -> _Dims:
    """Sizes and strides of some dimensions, neighbours merged."""
    sizes: list[int] = []
    strides: list[int] = []
    for axis in axes:
        if shape[axis] == 1:
            continue
        stride = prod(shape[axis + 1 :])
        if sizes and strides[-1] == stride * shape[axis]:
            sizes[-1] *= shape[axis]
            strides[-1] = stride
        else:
            sizes.append(shape[axis])
            strides.append(stride)
    return tuple(sizes), tuple(strides)


def _split_dims(site: Site) -> tuple[_Dims, _Dims]:
    shape, axes = site.input(0).shape, _axes(site)
    kept = [i for i in range(len(shape)) if i not in axes]
    return _dims(shape, kept), _dims(shape, sorted(axes))


def shape_fields(site: Site) -> Value:
    """The fields of sdk_reduce_shape."""
    (kept, kept_strides), (reduced, reduced_strides) = _split_dims(site)

    def padded(values: tuple[int, ...], fill: int) -> tuple[int, ...]:
        return (fill,) * (_DIMS - len(values)) + values

    return padded(kept, 1), padded(kept_strides, 0), padded(reduced, 1), padded(reduced_strides, 0)


def reduce_access(site: Site) -> tuple[Access, ...]:
    """Output i reads from its first to its last element."""
    itemsize = site.output().dtype.itemsize
    (kept, kept_strides), (reduced, reduced_strides) = _split_dims(site)
    extent = 1 + sum((n - 1) * s for n, s in zip(reduced, reduced_strides, strict=True))
    starts = np.zeros((), np.int64)
    for size, stride in zip(kept, kept_strides, strict=True):
        starts = starts[..., None] + np.arange(size) * stride
    return tuple(
        Access({0: (s * itemsize, (s + extent) * itemsize)}, (i * itemsize, (i + 1) * itemsize))
        for i, s in enumerate(starts.reshape(-1).tolist())
    )


AXES_CONSTANT = constant(1, "the list of axes")
DIMS_FIT = Constraint(
    f"at most {_DIMS} groups of dimensions stay, and as many are reduced",
    lambda site: all(len(sizes) <= _DIMS for sizes, _ in _split_dims(site)),
)
NOT_EMPTY = Constraint("the input has elements", lambda site: site.input(0).elements > 0)


def _cost(site: Site) -> int:
    return cost.CALL + site.input(0).elements * cost.MAC + site.output().elements * cost.REQUANTIZE


class _MeanRef(Kernel):
    header = "sdk/reduce.h"
    ops = ("MEAN", "SUM")

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        count = _reduced(site)
        multiplier, shift = quantize_multiplier(float32(quant(source).scale) / float32(quant(output).scale))
        if site.op.kind == "MEAN":
            # The division by count goes into the multiplier, with as many bits as it has room for.
            room = min(count.bit_length() - 1, 32, 31 + shift)
            multiplier, shift = (multiplier << room) // count, shift - room
        return Prepared(
            params_type="sdk_mean",
            params={
                "shape": shape_fields(site),
                "sum_offset": -quant(source).zero_point * count,
                "multiplier": multiplier,
                "shift": shift,
                "output_offset": quant(output).zero_point,
            },
            align=source.dtype.itemsize,
            units=output.elements,
            access=reduce_access(site),
            cost=_cost(site),
        )


def _reduced(site: Site) -> int:
    """Elements that are reduced to one."""
    return site.input(0).elements // max(site.output().elements, 1)


def _quantized(dtype: DType) -> tuple[Constraint, ...]:
    return input_type(0, dtype), output_type(dtype), quantized(0)


_SHAPES = (AXES_CONSTANT, NOT_EMPTY, DIMS_FIT)


class MeanS8Ref(_MeanRef):
    """int8, over any dimensions."""

    name = "mean_s8__ref"
    sources = ("kernels/reduce/reduce_s8__ref.c",)
    constraints = (*_quantized(DType.INT8), *_SHAPES)


class MeanS16Ref(_MeanRef):
    """int16, over any dimensions."""

    name = "mean_s16__ref"
    sources = ("kernels/reduce/reduce_s16__ref.c",)
    constraints = (
        *_quantized(DType.INT16),
        *_SHAPES,
        Constraint(
            "the zero points are 0",
            lambda site: quant(site.input(0)).zero_point == quant(site.output()).zero_point == 0,
        ),
        Constraint("no sum leaves 32 bits", lambda site: _reduced(site) < 1 << 16),
    )


class _ReduceRef(Kernel):
    header = "sdk/reduce.h"

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return Prepared(
            params_type="sdk_reduce",
            params={"shape": shape_fields(site)},
            align=site.input(0).dtype.itemsize,
            units=site.output().elements,
            access=reduce_access(site),
            cost=_cost(site),
        )


class _ReduceS8Ref(_ReduceRef):
    sources = ("kernels/reduce/reduce_s8__ref.c",)
    constraints = (*_quantized(DType.INT8), same_quantization((0,)), *_SHAPES)


class ReduceMaxS8Ref(_ReduceS8Ref):
    """int8, over any dimensions."""

    name = "reduce_max_s8__ref"
    ops = ("REDUCE_MAX",)


class ReduceMinS8Ref(_ReduceS8Ref):
    """int8, over any dimensions."""

    name = "reduce_min_s8__ref"
    ops = ("REDUCE_MIN",)


class _ReduceS16Ref(_ReduceRef):
    sources = ("kernels/reduce/reduce_s16__ref.c",)
    constraints = (*_quantized(DType.INT16), same_quantization((0,)), *_SHAPES)


class ReduceMaxS16Ref(_ReduceS16Ref):
    """int16, over any dimensions."""

    name = "reduce_max_s16__ref"
    ops = ("REDUCE_MAX",)


class ReduceMinS16Ref(_ReduceS16Ref):
    """int16, over any dimensions."""

    name = "reduce_min_s16__ref"
    ops = ("REDUCE_MIN",)
