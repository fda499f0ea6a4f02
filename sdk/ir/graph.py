"""Tensors, operators, graphs and modules: frozen values, never changed in place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from sdk.ir.attrs import Attrs
from sdk.ir.dtype import DType


@dataclass(frozen=True)
class Quant:
    """Affine quantization: real = scale * (q - zero_point).

    Attributes:
        scales: one scale, or one for each slice along ``axis``; float32 values, positive and finite.
        zero_points: as many as ``scales``.
        axis: the dimension of per-channel quantization; None when per tensor.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None

    @property
    def scale(self) -> float:
        """The scale of a tensor quantized per tensor."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a tensor quantized per tensor."""
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor: a constant when it has ``data``, else the result of an operator or an input.

    Attributes:
        id: unique in its graph; what side tables are keyed by.
        name: as in the model; untrusted text.
        shape: dimensions, all static; () for a scalar.
        data: the constant's elements, read-only, of ``dtype.numpy``; None if not constant.
        is_variable: keeps its value from one invoke to the next.
        initial: a variable's elements before the first invoke, as ``data``; None: all bytes are 0, or the zero point
            of int8.
    """

    id: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quant: Quant | None = None
    data: np.ndarray[Any, Any] | None = None
    is_variable: bool = False
    initial: np.ndarray[Any, Any] | None = None

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.elements * self.dtype.itemsize

    @property
    def is_constant(self) -> bool:
        """Whether the tensor's elements are known before the model runs."""
        return self.data is not None


@dataclass(frozen=True, eq=False)
class Op:
    """One operator.

    Attributes:
        id: unique in its graph; the operator's index in the file, kept through the passes.
        kind: the TensorFlow Lite name, such as "CONV_2D".
        version: operator version in the file.
        inputs: tensor ids; None for an optional input that is absent.
        outputs: tensor ids.
        attrs: the operator's own parameters.
        intermediates: tensors that only tell the quantization of values inside the operator (LSTM).
    """

    id: int
    kind: str
    version: int
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    attrs: Attrs
    intermediates: tuple[int, ...] = ()

    def with_(self, **changes: Any) -> Op:
        """Return a copy with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Graph:
    """Operators in execution order over tensors keyed by id."""

    name: str
    tensors: dict[int, Tensor]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @cached_property
    def producers(self) -> dict[int, Op]:
        """The operator that writes each tensor."""
        return {t: op for op in self.ops for t in op.outputs}

    @cached_property
    def consumers(self) -> dict[int, tuple[Op, ...]]:
        """The operators that read each tensor."""
        readers: dict[int, list[Op]] = {}
        for op in self.ops:
            for t in dict.fromkeys(i for i in op.inputs if i is not None):
                readers.setdefault(t, []).append(op)
        return {t: tuple(ops) for t, ops in readers.items()}

    @cached_property
    def _ranges(self) -> dict[tuple[int, int, str], tuple[Any, Any]]:
        return {}

    def constant_range(self, tensor: Tensor) -> tuple[Any, Any] | None:
        """Smallest and largest element of a constant; None if it has no elements or is not constant."""
        if tensor.data is None or tensor.data.size == 0:
            return None
        # Keyed by the memory, which many tensors may share; the graph keeps it alive.
        key = (tensor.data.ctypes.data, tensor.data.size, tensor.data.dtype.str)
        if key not in self._ranges:
            self._ranges[key] = (tensor.data.min(), tensor.data.max())
        return self._ranges[key]

    def input(self, op: Op, index: int) -> Tensor:
        """The tensor at an operator's input; KeyError if it is absent."""
        tensor = op.inputs[index] if index < len(op.inputs) else None
        if tensor is None:
            raise KeyError(f"{op.kind} (operator {op.id}) has no input {index}")
        return self.tensors[tensor]

    def optional_input(self, op: Op, index: int) -> Tensor | None:
        """The tensor at an operator's input, or None if it is absent."""
        tensor = op.inputs[index] if index < len(op.inputs) else None
        return None if tensor is None else self.tensors[tensor]

    def output(self, op: Op, index: int = 0) -> Tensor:
        """The tensor at an operator's output."""
        return self.tensors[op.outputs[index]]


@dataclass(frozen=True, eq=False)
class Module:
    """A model: its graphs (the first is the main one) and where it came from.

    Attributes:
        name: a C identifier made from the file's name.
        path: the file as the user named it.
        sha256: hexadecimal digest of the file.
        content: the bytes that an oracle can run: the file, or the file with ``repairs`` applied.
        repairs: what was mended in the file and how, one sentence each.
    """

    name: str
    path: str
    sha256: str
    graphs: tuple[Graph, ...]
    content: bytes = b""
    repairs: tuple[str, ...] = field(default=())

    @property
    def main(self) -> Graph:
        """The graph that an invoke runs."""
        return self.graphs[0]
