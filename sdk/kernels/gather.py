"""GATHER, GATHER_ND and EMBEDDING_LOOKUP, portable; see ``firmware/include/sdk/copy.h``."""

from __future__ import annotations

from math import prod

from sdk.ir import DType
from sdk.ir.attrs import GatherAttrs
from sdk.kernels import cost
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.broadcast import operands
from sdk.kernels.operands import attrs, data


def _roles(site: Site) -> tuple[int, int]:
    """Which inputs are the table and the indices."""
    return (1, 0) if site.op.kind == "EMBEDDING_LOOKUP" else (0, 1)


def _types(site: Site) -> bool:
    table, indices = _roles(site)
    return site.input(indices).dtype is DType.INT32 and site.input(table).dtype is site.output().dtype


class GatherRef(Kernel):
    """Any type, along any dimension, with int32 indices."""

    name = "gather__ref"
    ops = ("GATHER", "EMBEDDING_LOOKUP")
    header = "sdk/copy.h"
    sources = ("kernels/copy/gather__ref.c",)
    constraints = (
        Constraint("the indices are int32, and input and output have the same type", _types),
        Constraint("there are no batch dimensions", lambda site: getattr(site.op.attrs, "batch_dims", 0) == 0),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        table, indices = (site.input(i) for i in _roles(site))
        axis = attrs(site, GatherAttrs).axis % len(table.shape) if site.op.kind == "GATHER" else 0
        outer, count = prod(table.shape[:axis]), indices.elements
        slice_bytes = prod(table.shape[axis + 1 :]) * table.dtype.itemsize
        names = {_roles(site)[0]: "table", _roles(site)[1]: "indices"}
        consts = tuple(
            Const(name, f"{site.input(i).dtype.value}_t", data(site.input(i)))
            for i, name in names.items()
            if site.input(i).is_constant
        )
        return Prepared(
            params_type="sdk_gather",
            params={"size": table.shape[axis], "count": count, "slice": slice_bytes},
            consts=consts,
            inputs=tuple(i for i in names if not site.input(i).is_constant),
            arguments=tuple(Ref(name) if site.input(i).is_constant else i for i, name in names.items()),
            align=1 if indices.is_constant else 4,
            units=outer * count,
            cost=cost.CALL + outer * count * cost.BLOCK + site.output().nbytes * cost.COPY,
        )


_DEPTH = 6


class GatherNdRef(Kernel):
    """Any type, with int32 indices."""

    name = "gather_nd__ref"
    ops = ("GATHER_ND",)
    header = "sdk/copy.h"
    sources = ("kernels/copy/gather_nd__ref.c",)
    constraints = (
        Constraint("the indices are int32, and input and output have the same type", _types),
        Constraint(f"an index has at most {_DEPTH} parts", lambda site: site.input(1).shape[-1] <= _DEPTH),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        table, indices, output = site.input(0), site.input(1), site.output()
        depth = indices.shape[-1]
        size, fill = table.dtype.itemsize, (0,) * (_DEPTH - depth)
        inputs, arguments, consts = operands(site, ("table", "indices"))
        count = prod(indices.shape[:-1])
        return Prepared(
            params_type="sdk_gather_nd",
            params={
                "depth": depth,
                "sizes": table.shape[:depth] + fill,
                "strides": tuple(prod(table.shape[d + 1 :]) * size for d in range(depth)) + fill,
                "slice": prod(table.shape[depth:]) * size,
            },
            consts=consts,
            inputs=inputs,
            arguments=arguments,
            align=1 if indices.is_constant else 4,
            units=count,
            cost=cost.CALL + count * cost.BLOCK + output.nbytes * cost.COPY,
        )
