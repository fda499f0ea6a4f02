"""BATCH_MATMUL, portable; see ``firmware/include/sdk/batch_matmul.h``."""

from __future__ import annotations

from abc import abstractmethod
from math import prod

from sdk.ir import DType
from sdk.ir.attrs import BatchMatMulAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Constraint, Interval, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import operands
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.convolution_s16 import requantize64
from sdk.kernels.operands import attrs, quant
from sdk.numerics import float32, quantize_multiplier

_DIMS = 3
_LARGEST_PRODUCT = 255 * 255


def _batch_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Elements from one matrix to the next along each of _DIMS dimensions, 0 where there is one."""
    full = (1,) * (_DIMS + 2 - len(shape)) + shape
    return tuple(prod(full[d + 1 :]) if full[d] > 1 else 0 for d in range(_DIMS))


def _depth(site: Site) -> int:
    return site.input(0).shape[-2 if attrs(site, BatchMatMulAttrs).adj_x else -1]


def _factor(site: Site) -> float:
    """GetQuantizedConvolutionMultipler: the product is a float32, the quotient a double."""
    product = float32(float32(quant(site.input(0)).scale) * float32(quant(site.input(1)).scale))
    return product / float32(quant(site.output()).scale)


def _constraints(dtype: DType) -> tuple[Constraint, ...]:
    return (
        input_type(0, dtype),
        input_type(1, dtype, what="the second input"),
        output_type(dtype),
        *(() if dtype is DType.FLOAT32 else (quantized(0, 1),)),
        Constraint(f"there are at most {_DIMS} batch dimensions", lambda s: len(s.output().shape) <= _DIMS + 2),
        # There tflite-runtime 2.14 computes the first batch alone.
        Constraint(
            "where the first input is transposed the second is not broadcast",
            lambda site: not attrs(site, BatchMatMulAttrs).adj_x
            or prod(site.input(1).shape[:-2]) == prod(site.output().shape[:-2]),
        ),
    )


class _BatchMatMulRef(Kernel):
    ops = ("BATCH_MATMUL",)
    header = "sdk/batch_matmul.h"

    @abstractmethod
    def arithmetic(self, site: Site) -> dict[str, Value]:
        """The fields of zero points and scales."""

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        first, second, output = site.input(0), site.input(1), site.output()
        options = attrs(site, BatchMatMulAttrs)
        inputs, arguments, consts = operands(site, ("input1", "input2"))
        rows, columns, depth = output.shape[-2], output.shape[-1], _depth(site)
        batches = (1,) * (_DIMS + 2 - len(output.shape)) + output.shape[:-2]
        return Prepared(
            params_type="sdk_batch_matmul",
            params={
                "sizes": batches,
                "batches1": _batch_strides(first.shape),
                "batches2": _batch_strides(second.shape),
                "rows": rows,
                "columns": columns,
                "depth": depth,
                "row1": 1 if options.adj_x else depth,
                "depth1": rows if options.adj_x else 1,
                "column2": depth if options.adj_y else 1,
                "depth2": 1 if options.adj_y else columns,
                **self.arithmetic(site),
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            align=output.dtype.itemsize,
            units=prod(batches) * rows,
            access=_access(site, inputs, prod(batches) * rows),
            macs=output.elements * depth,
            cost=cost.CALL + output.elements * (depth * cost.MAC + cost.REQUANTIZE),
        )


class BatchMatMulS8Ref(_BatchMatMulRef):
    """int8; either matrix may be transposed, broadcast or constant."""

    name = "batch_matmul_s8__ref"
    sources = ("kernels/batch_matmul/batch_matmul_s8__ref.c",)
    constraints = (
        *_constraints(DType.INT8),
        Constraint("no sum leaves 32 bits", lambda site: _depth(site) * _LARGEST_PRODUCT < 1 << 31),
    )

    def arithmetic(self, site: Site) -> dict[str, Value]:
        """A multiplier in Q0.31 and a shift to the left."""
        return _offsets(site, *quantize_multiplier(_factor(site)))


class BatchMatMulS16Ref(_BatchMatMulRef):
    """int16; either matrix may be transposed, broadcast or constant."""

    name = "batch_matmul_s16__ref"
    sources = ("kernels/batch_matmul/batch_matmul_s16__ref.c",)
    constraints = (
        *_constraints(DType.INT16),
        Constraint(
            "the zero points are 0",
            lambda site: not any(quant(t).zero_point for t in (site.input(0), site.input(1), site.output())),
        ),
        Constraint(
            "no sum leaves 48 bits, no scaled sum 32",
            lambda site: _depth(site) < 1 << 17 and _depth(site) * 2.0**30 * _factor(site) < 1 << 31,
        ),
        Constraint("the factor from sums to outputs is below 128", lambda site: requantize64(_factor(site))[1] >= 8),
    )

    def arithmetic(self, site: Site) -> dict[str, Value]:
        """A multiplier in Q0.15 and a shift to the right."""
        return _offsets(site, *requantize64(_factor(site)))


class BatchMatMulF32Ref(_BatchMatMulRef):
    """float32; either matrix may be transposed, broadcast or constant."""

    name = "batch_matmul_f32__ref"
    sources = ("kernels/batch_matmul/batch_matmul_f32__ref.c",)
    constraints = _constraints(DType.FLOAT32)

    def arithmetic(self, site: Site) -> dict[str, Value]:
        """None."""
        return {}


def _offsets(site: Site, multiplier: int, shift: int) -> dict[str, Value]:
    return {
        "offset1": -quant(site.input(0)).zero_point,
        "offset2": -quant(site.input(1)).zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_offset": quant(site.output()).zero_point,
    }


def _access(site: Site, inputs: tuple[int, ...], rows: int) -> tuple[Access, ...]:
    """A row of the output at a time; of the first input one row where it is neither transposed nor broadcast."""
    first = site.input(0)
    depth, written = first.shape[-1], site.output().shape[-1] * first.dtype.itemsize
    by_rows = not attrs(site, BatchMatMulAttrs).adj_x and prod(first.shape[:-1]) == rows

    def read(index: int, row: int) -> Interval:
        size = depth * first.dtype.itemsize
        return (row * size, (row + 1) * size) if index == 0 and by_rows else (0, site.input(index).nbytes)

    return tuple(
        Access({p: read(i, row) for p, i in enumerate(inputs)}, (row * written, (row + 1) * written))
        for row in range(rows)
    )
