"""The immutable representation of a model that every stage reads."""

from sdk.ir.dtype import DType
from sdk.ir.graph import Graph, Module, Op, Quant, Tensor

__all__ = ["DType", "Graph", "Module", "Op", "Quant", "Tensor"]
