"""A stable text form of a Module, for people and for tests that compare modules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import Any

import numpy as np

from sdk.ir.graph import Graph, Module, Op, Quant, Tensor

_SPELT_OUT = 8
"""Values of a constant, or scales, up to which they are written, not digested."""


def dump(module: Module) -> str:
    """The graphs of a module: tensors, operators and attributes, one a line; long constants as digests.

    Two modules with the same text compute the same function. What concerns the file alone is left out.
    """
    lines: list[str] = []
    for index, graph in enumerate(module.graphs):
        lines += [f"graph {index} {_quoted(graph.name)}", *(f"  {line}" for line in _graph(graph))]
    return "\n".join(lines) + "\n"


def _graph(graph: Graph) -> Iterator[str]:
    yield f"inputs {_ids(graph.inputs)}"
    yield f"outputs {_ids(graph.outputs)}"
    for i in sorted(graph.tensors):
        yield _tensor(graph.tensors[i])
    for op in graph.ops:
        yield _op(op)


def _ids(ids: tuple[int | None, ...]) -> str:
    return " ".join("-" if i is None else f"%{i}" for i in ids)


def _quoted(text: str) -> str:
    return json.dumps(text)


def _tensor(tensor: Tensor) -> str:
    parts = [f"%{tensor.id} {tensor.dtype.value}[{','.join(map(str, tensor.shape))}]"]
    if tensor.is_variable:
        parts.append("variable")
    if tensor.quant is not None:
        parts.append(_quant(tensor.quant))
    if tensor.data is not None:
        parts.append(f"= {_values(tensor.data)}")
    return " ".join([*parts, _quoted(tensor.name)])


def _quant(quant: Quant) -> str:
    scales = _values(np.array(quant.scales, np.float32))
    axis = "" if quant.axis is None else f" axis {quant.axis}"
    zero_points = set(quant.zero_points)
    points = str(zero_points.pop()) if len(zero_points) == 1 else _values(np.array(quant.zero_points, np.int64))
    return f"scale {scales} zero {points}{axis}"


def _values(values: np.ndarray[Any, Any]) -> str:
    if values.size <= _SPELT_OUT:
        # str() of a numpy scalar is the shortest text that gives the same value.
        return f"({' '.join(map(str, values.reshape(-1)))})"
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return f"#{hashlib.sha256(little.tobytes()).hexdigest()[:16]}"


def _op(op: Op) -> str:
    values = {f.name: getattr(op.attrs, f.name) for f in fields(op.attrs)}
    attrs = " ".join(f"{name}={_attr(value)}" for name, value in values.items() if value is not None)
    inner = f" intermediates {_ids(op.intermediates)}" if op.intermediates else ""
    text = f"{op.id} {op.kind} v{op.version} ({_ids(op.inputs)}) -> ({_ids(op.outputs)}){inner}"
    return f"{text} {attrs}".rstrip()


def _attr(value: Any) -> str:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, tuple):
        return f"({' '.join(map(str, value))})"
    if isinstance(value, str):
        return _quoted(value)
    return str(np.float32(value)) if isinstance(value, float) else str(value)
