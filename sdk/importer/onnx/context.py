"""What every operator's translation shares: the values that ONNX names stand for, and the graph under construction.

Dimensions are never moved at run time unless there is no other way: a value knows in which order its tensor holds its
dimensions, so that Transpose costs nothing, convolutions get channels last, and constants are transposed here. A tensor
is transposed only where a Reshape or the model's edge needs the order of the ONNX model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sdk.errors import UnsupportedError
from sdk.importer.builder import Builder, Shape
from sdk.importer.onnx.model import Array, Node, OnnxModel
from sdk.ir import Quant
from sdk.ir import attrs as a


@dataclass(frozen=True)
class Value:
    """What an ONNX name stands for: a tensor whose dimension i is the value's dimension ``order[i]``."""

    tensor: int
    shape: Shape
    order: tuple[int, ...]


@dataclass(frozen=True)
class Flat:
    """A value with all dimensions but the first made one, which is not done yet: weights can take up the order."""

    source: Value
    shape: Shape


@dataclass(frozen=True)
class Constant:
    """An initializer, or what is computed from some; ``quant`` as for a tensor once it was dequantized."""

    data: Array
    quant: Quant | None = None


class Context:
    """A model on its way to TensorFlow Lite's operators.

    ``done`` are names of nodes that an earlier node took in, ``readers`` the nodes that read a name.
    """

    def __init__(self, model: OnnxModel) -> None:
        self.path = model.path
        self.opset = model.opset
        self.build = Builder()
        self.values: dict[str, Value | Flat | Constant] = {n: Constant(v) for n, v in model.initializers.items()}
        self.outputs = frozenset(edge.name for edge in model.outputs)
        self.done: set[str] = set()
        self.readers: dict[str, list[Node]] = {}
        for node in model.nodes:
            for name in dict.fromkeys(node.inputs):
                self.readers.setdefault(name, []).append(node)

    def unsupported(self, node: Node, problem: str, remedy: str = "") -> UnsupportedError:
        """What to raise for a node that has no form in TensorFlow Lite, or none here."""
        return UnsupportedError(self.path, f"{node.name}: {problem}", remedy)

    def value(self, name: str) -> Value:
        """A computed value; KeyError if there is no such name."""
        value = self.values[name]
        if isinstance(value, Flat):
            value = self.reshaped(self.plain(value.source).tensor, value.shape)
            self.values[name] = value
        if isinstance(value, Constant):
            raise UnsupportedError(self.path, f"{name!r} is constant where a computed value is expected")
        return value

    def constant(self, node: Node, index: int, what: str) -> Array:
        """A constant input; LookupError if it is absent."""
        value = self.values[node.inputs[index]]
        if not isinstance(value, Constant):
            raise self.unsupported(node, f"{what} is not constant")
        return value.data

    def optional(self, node: Node, index: int, what: str) -> Array | None:
        """A constant input, or None if it is absent."""
        return self.constant(node, index, what) if node.given(index) else None

    def optional_real(self, node: Node, index: int) -> float | None:
        """The number that a constant input stands for, or None if it is absent."""
        if not node.given(index):
            return None
        value = self.values[node.inputs[index]]
        if not isinstance(value, Constant):
            raise self.unsupported(node, f"input {index} is not constant")
        number = float(value.data.reshape(-1)[0])
        return number if value.quant is None else (number - value.quant.zero_point) * value.quant.scale

    def ints(self, node: Node, index: int, name: str, default: Sequence[int], what: str) -> list[int]:
        """Integers that newer operator sets give as a constant input and older ones as an attribute."""
        given = self.optional(node, index, what)
        return node.ints(name, default) if given is None else [int(v) for v in given.reshape(-1)]

    def ordered(self, value: Value, order: tuple[int, ...]) -> Value:
        """The value in a tensor whose dimensions have this order."""
        if value.order == order:
            return value
        permutation = np.array([value.order.index(d) for d in order], np.int32)
        tensor = self.build.tensors[value.tensor]
        moved = self.build.op(
            "TRANSPOSE", [value.tensor, self.build.const(permutation)], a.Attrs(), tensor.quant, tensor.dtype
        )
        return Value(moved, value.shape, order)

    def plain(self, value: Value) -> Value:
        """The value in a tensor that holds its dimensions as the ONNX model does."""
        return self.ordered(value, tuple(range(len(value.shape))))

    def reshaped(self, tensor: int, shape: Shape) -> Value:
        """The elements of a tensor in another shape."""
        held = self.build.tensors[tensor]
        if held.shape != shape:
            new = self.build.const(np.array(shape, np.int32))
            tensor = self.build.op("RESHAPE", [tensor, new], a.ReshapeAttrs(shape), held.quant, held.dtype)
        return Value(tensor, shape, tuple(range(len(shape))))


Handler = Callable[[Context, Node], None]
"""Adds a node to the graph under construction, and its outputs to the values."""
