"""An ONNX file as Python values; the package onnx, which may be absent, is imported only once a model is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InputError, ModelError, UnsupportedError
from sdk.importer.builder import Shape
from sdk.importer.onnx.qonnx import to_qdq
from sdk.ir import DType
from sdk.read.tflite import load

Array = np.ndarray[Any, Any]

_DOMAINS = ("", "ai.onnx")
"""Names of the standard operator set."""


@dataclass(frozen=True)
class Node:
    """An ONNX node with its attributes as Python values."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]
    proto: Any

    def ints(self, name: str, default: Sequence[int]) -> list[int]:
        """An attribute that is a list of integers."""
        return [int(v) for v in self.attrs.get(name, default)]

    def given(self, index: int) -> bool:
        """Whether an optional input is there."""
        return index < len(self.inputs) and self.inputs[index] != ""


@dataclass(frozen=True)
class Edge:
    """An input or output of the model; a symbolic dimension is 0, and ``dtype`` None where it can be no edge's."""

    name: str
    shape: Shape
    dtype: DType | None


@dataclass(frozen=True)
class OnnxModel:
    """A model whose nodes are all of the standard operator set, version ``opset``, in the order of execution."""

    path: str
    sha256: str
    opset: int
    nodes: tuple[Node, ...]
    initializers: Mapping[str, Array]
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]


def read_model(path: Path) -> OnnxModel:
    """Read an ONNX file; data in other files are never opened: the model's bytes could name any.

    Raises:
        InputError: the file can't be read, or the package onnx is not installed.
        ModelError: it is no ONNX file.
        UnsupportedError: it has operators of other sets or keeps data in other files, or int8 can't follow its QONNX.
        AttributeError, LookupError, RuntimeError, TypeError, ValueError: it is damaged.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise InputError(path, "reading ONNX needs the package onnx", "pip install 'sdk[onnx]'") from error
    data = load(path, ".onnx")
    try:
        model = to_qdq(onnx.load_model_from_string(data), str(path))
    except DecodeError as error:
        raise invalid(path, error) from error
    graph = model.graph
    return OnnxModel(
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        opset=next((o.version for o in model.opset_import if o.domain in _DOMAINS), 0),
        nodes=tuple(_node(i, n, path) for i, n in enumerate(graph.node)),
        initializers={t.name: _array(t, path) for t in graph.initializer},
        inputs=tuple(_edge(i) for i in graph.input),
        outputs=tuple(_edge(o) for o in graph.output),
    )


def invalid(path: Path, error: Exception) -> ModelError:
    """What to raise where a file's damage made something else raise ``error``."""
    return ModelError(path, f"is no valid ONNX model ({type(error).__name__}: {error})")


def evaluate(node: Node, opset: int, inputs: Mapping[str, Array]) -> list[Array]:
    """The outputs of a node, computed by the package onnx."""
    from onnx.reference import ReferenceEvaluator

    return [np.asarray(v) for v in ReferenceEvaluator(node.proto, opsets={"": opset}).run(None, dict(inputs))]


def _node(index: int, proto: Any, path: Path) -> Node:
    from onnx.helper import get_attribute_value

    attrs = {x.name: get_attribute_value(x) for x in proto.attribute}
    name = f"node {index} {proto.op_type}"
    if proto.domain not in _DOMAINS:
        raise UnsupportedError(
            path, f"{name} is of the operator set {proto.domain!r}", "quantize with quant_format=QuantFormat.QDQ"
        )
    return Node(name, proto.op_type, tuple(proto.input), tuple(proto.output), attrs, proto)


def _array(tensor: Any, path: Path) -> Array:
    from onnx import TensorProto, numpy_helper

    if tensor.data_location == TensorProto.EXTERNAL:
        what = f"initializer {tensor.name!r} is kept in another file"
        raise UnsupportedError(path, what, "save the model as one file")
    array: Array = numpy_helper.to_array(tensor)
    return array


def _edge(info: Any) -> Edge:
    from onnx import TensorProto as types

    known = {types.FLOAT: DType.FLOAT32, types.INT8: DType.INT8, types.UINT8: DType.UINT8, types.INT64: DType.INT64}
    tensor = info.type.tensor_type
    shape = tuple(d.dim_value if d.HasField("dim_value") else 0 for d in tensor.shape.dim)
    return Edge(info.name, shape, known.get(tensor.elem_type))
