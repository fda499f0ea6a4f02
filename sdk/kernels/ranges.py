"""Which values a quantized tensor can have, by the operator that makes it."""

from __future__ import annotations

from sdk.ir import Graph, Op, Tensor
from sdk.ir.attrs import Activation
from sdk.numerics import activation_range, integer_range

_CLAMPS = {"RELU": Activation.RELU, "RELU6": Activation.RELU6, "RELU_N1_TO_1": Activation.RELU_N1_TO_1}
_KEEPERS = frozenset({"MAX_POOL_2D", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE"})
"""Operators whose outputs are among their inputs."""


def value_range(graph: Graph, tensor: Tensor) -> tuple[int, int]:
    """Smallest and largest value that an int8, uint8 or int16 tensor can have.

    Bounds come from activations, fused or not; an input of the model has the range of its type.
    """
    op = next((op for op in graph.ops if tensor.id in op.outputs), None)
    if op is None:
        return integer_range(tensor.dtype)
    if op.kind in _KEEPERS:
        return value_range(graph, graph.input(op, 0))
    return activation_range(_activation(op), tensor)


def _activation(op: Op) -> Activation:
    fused = getattr(op.attrs, "activation", Activation.NONE)
    bounded = fused in (Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
    return _CLAMPS.get(op.kind, fused if bounded else Activation.NONE)
