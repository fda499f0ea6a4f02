"""Inputs that are broadcast to the output's shape; see ``firmware/include/sdk/broadcast.h``."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from sdk.ir import DType, Tensor
from sdk.kernels import cost
from sdk.kernels.access import elementwise, equal_steps
from sdk.kernels.base import Access, Const, Constraint, Interval, Prepared, Ref, Site, Value
from sdk.kernels.operands import data

MAX_DIMS = 6
_CTYPES = {DType.FLOAT32: "float", DType.BOOL: "uint8_t"}

Shape = tuple[int, ...]


def _collapsed(shapes: list[Shape]) -> tuple[list[int], list[list[bool]]]:
    """Sizes of the output with as few dimensions as can be, and for each input which of them it has."""
    rank = max(map(len, shapes))
    full = [(1,) * (rank - len(s)) + s for s in shapes]
    sizes: list[int] = []
    present: list[list[bool]] = []
    for column in zip(*full, strict=True):
        size = max(column) if 0 not in column else 0
        if size == 1:
            continue
        has = [d == size for d in column]
        if present and present[-1] == has:
            sizes[-1] *= size
        else:
            sizes.append(size)
            present.append(has)
    return sizes, present


def _strides(sizes: list[int], present: list[bool]) -> Shape:
    return tuple(prod(s for s, p in zip(sizes[d + 1 :], present[d + 1 :], strict=True) if p) * present[d]
                 for d in range(len(sizes)))  # fmt: skip


def broadcast_fields(*shapes: Shape) -> tuple[Shape, ...]:
    """The fields of sdk_broadcast: sizes, then the strides of each input, in MAX_DIMS dimensions."""
    sizes, present = _collapsed(list(shapes))
    pad = MAX_DIMS - len(sizes)
    strides = [(0,) * pad + _strides(sizes, [has[i] for has in present]) for i in range(len(shapes))]
    return ((1,) * pad + tuple(sizes), *strides)


def broadcast_access(output: Tensor, inputs: list[Tensor]) -> tuple[Access, ...]:
    """Inputs of the output's size are read element by element, others may be read whole at any time."""
    if all(t.elements == output.elements for t in inputs):
        return elementwise(output.elements, [t.dtype.itemsize for t in inputs], output.dtype.itemsize)
    steps, each = equal_steps(output.elements)

    def read(tensor: Tensor, step: int) -> Interval:
        size = each * tensor.dtype.itemsize
        return (step * size, (step + 1) * size) if tensor.elements == output.elements else (0, tensor.nbytes)

    return tuple(
        Access({p: read(t, step) for p, t in enumerate(inputs)}, read(output, step)) for step in range(steps)
    )


def operands(site: Site, names: tuple[str, ...]) -> tuple[tuple[int, ...], tuple[int | Ref, ...], tuple[Const, ...]]:
    """Inputs in the arena, what to pass as pointers, and the constants, for ``names`` of the first inputs."""
    inputs: list[int] = []
    arguments: list[int | Ref] = []
    consts: list[Const] = []
    for index, name in enumerate(names):
        tensor = site.input(index)
        if tensor.is_constant:
            ctype = _CTYPES.get(tensor.dtype, f"{tensor.dtype.value}_t")
            consts.append(Const(name, ctype, data(tensor)))
            arguments.append(Ref(name))
        else:
            inputs.append(index)
            arguments.append(index)
    return tuple(inputs), tuple(arguments), tuple(consts)


def prepared(site: Site, params_type: str, fields: Mapping[str, Value], element_cost: float) -> Prepared:
    """A kernel of two inputs of one type, element by element.

    Args:
        site: the operator; each input may be constant.
        params_type: C struct that has a field ``shape``.
        fields: its other fields.
        element_cost: cycles of an output.
    """
    output = site.output()
    inputs, arguments, consts = operands(site, ("input1", "input2"))
    return Prepared(
        params_type=params_type,
        params={"shape": broadcast_fields(site.input(0).shape, site.input(1).shape), **fields},
        consts=consts,
        inputs=inputs,
        arguments=arguments,
        align=site.input(0).dtype.itemsize,
        units=output.elements,
        access=broadcast_access(output, [site.input(i) for i in inputs]),
        cost=cost.CALL + int(output.elements * element_cost),
    )


DIMS_FIT = Constraint(
    f"broadcasting takes at most {MAX_DIMS} dimensions",
    lambda site: len(_collapsed([t.shape for i in range(3) if (t := site.optional(i))])[0]) <= MAX_DIMS,
)
