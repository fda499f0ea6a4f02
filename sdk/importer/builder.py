"""Puts a graph together, one operator after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sdk.ir import DType, Graph, Op, Quant, Tensor
from sdk.ir.attrs import Attrs
from sdk.ir.shapes import infer

Shape = tuple[int, ...]

_VERSIONS = {
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "ADD": 2, "SUB": 2, "MUL": 2, "AVERAGE_POOL_2D": 2,
    "MAX_POOL_2D": 2, "CONCATENATION": 2, "PAD": 2, "PADV2": 2, "MIRROR_PAD": 2, "RELU": 2, "RELU6": 2, "QUANTIZE": 2,
    "DEQUANTIZE": 2, "MEAN": 2, "TRANSPOSE": 2, "SOFTMAX": 2, "LOGISTIC": 2, "TANH": 2, "RESIZE_BILINEAR": 3,
    "RESIZE_NEAREST_NEIGHBOR": 3, "BATCH_MATMUL": 2, "STRIDED_SLICE": 2, "LEAKY_RELU": 2,
    "TRANSPOSE_CONV": 3, "MAXIMUM": 2, "MINIMUM": 2, "REDUCE_MAX": 2, "REDUCE_MIN": 2, "LOG_SOFTMAX": 2, "GATHER": 2,
    "ARG_MAX": 2, "ARG_MIN": 2, "GELU": 2, "EXP": 2,
}  # fmt: skip
"""Versions of operators that know int8; others are in their first."""


class Builder:
    """Tensors and operators of a graph under construction; ids are given in the order of the calls."""

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}
        self._ops: list[Op] = []

    def tensor(self, name: str, shape: Shape, dtype: DType, quant: Quant | None) -> int:
        """A tensor that is no constant."""
        return self._add(Tensor(len(self.tensors), name, shape, dtype, quant))

    def const(self, values: np.ndarray[Any, Any], quant: Quant | None = None) -> int:
        """A constant; its elements are copied."""
        data = np.array(values, order="C")
        data.flags.writeable = False
        number = len(self.tensors)
        return self._add(Tensor(number, f"constant {number}", data.shape, DType(data.dtype.name), quant, data))

    def op(
        self,
        kind: str,
        inputs: Sequence[int],
        attrs: Attrs,
        quant: Quant | None,
        dtype: DType = DType.INT8,
        name: str = "",
    ) -> int:
        """An operator and its output, whose shape is inferred.

        Raises:
            ShapeError: inputs and attributes do not fit each other.
        """
        output = self.tensor(name or f"{kind} {len(self._ops)}", (), dtype, quant)
        op = Op(len(self._ops), kind, _VERSIONS.get(kind, 1), tuple(inputs), (output,), attrs)
        (shape,) = infer(Graph("", self.tensors, (op,), (), ()), op)
        if shape is not None:
            self.tensors[output] = replace(self.tensors[output], shape=shape)
        self._ops.append(op)
        return output

    def graph(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
        """What the outputs need of all that was added."""
        needed = set(outputs)
        kept: list[Op] = []
        for op in reversed(self._ops):
            if needed.intersection(op.outputs):
                kept.append(op)
                needed.update(i for i in op.inputs if i is not None)
        used = needed.union(inputs)
        numbers = {old: new for new, old in enumerate(i for i in self.tensors if i in used)}
        tensors = {new: replace(self.tensors[old], id=new) for old, new in numbers.items()}
        ops = tuple(
            replace(
                op,
                id=index,
                inputs=tuple(None if i is None else numbers[i] for i in op.inputs),
                outputs=tuple(numbers[i] for i in op.outputs),
            )
            for index, op in enumerate(reversed(kept))
        )
        return Graph("main", tensors, ops, tuple(numbers[i] for i in inputs), tuple(numbers[i] for i in outputs))

    def _add(self, tensor: Tensor) -> int:
        self.tensors[tensor.id] = tensor
        return tensor.id
