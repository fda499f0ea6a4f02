"""Module -> .tflite file."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdk.errors import ModelError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.ops import OPS
from sdk.read.options import OPTIONS, encode_options
from sdk.read.schema import IDENTIFIER, OPERATORS, TENSOR_TYPES, UNIONS, VERSION
from sdk.write.flatbuffer import encode

_LAST_OLD_CODE = OPERATORS.index("PLACEHOLDER_FOR_GREATER_OP_CODES")
"""Largest operator code of the schema's old one-byte field."""


def write(module: Module) -> bytes:
    """Encode a module as a .tflite file.

    A tensor's id becomes its index in the file; ids that the graph does not use become empty placeholders.
    Operators are numbered anew, in their order.

    Raises:
        ModelError: an operator's kind is unknown, or its attributes are of another kind or none that a file can tell.
    """
    return _Writer(module).encode()


def pack(values: np.ndarray[Any, Any], dtype: DType) -> bytes:
    """The elements as a .tflite buffer holds them: little-endian; sub-byte elements packed, lowest bits first."""
    if dtype.bits >= 8:
        return bytes(values.astype(dtype.numpy.newbyteorder("<"), copy=False).tobytes())
    per_byte = 8 // dtype.bits
    flat = values.reshape(-1).astype(np.uint8) & ((1 << dtype.bits) - 1)
    flat = np.pad(flat, (0, -flat.size % per_byte)).reshape(-1, per_byte)
    shifts = np.arange(per_byte, dtype=np.uint8) * np.uint8(dtype.bits)
    return bytes(np.bitwise_or.reduce(flat << shifts, axis=1).astype(np.uint8))


class _Writer:
    def __init__(self, module: Module) -> None:
        self._module = module
        self._codes: dict[tuple[str, int], int] = {}
        # By convention buffer 0 is empty and belongs to tensors without data.
        self._buffers: list[dict[str, Any]] = [{}]
        self._shared: dict[bytes, int] = {}

    def encode(self) -> bytes:
        subgraphs = [self._graph(graph) for graph in self._module.graphs]
        model = {
            "version": VERSION,
            "operator_codes": [self._code(kind, version) for kind, version in self._codes],
            "subgraphs": subgraphs,
            "description": "",
            "buffers": self._buffers,
        }
        return encode(model, "Model", IDENTIFIER)

    @staticmethod
    def _code(kind: str, version: int) -> dict[str, Any]:
        code = OPERATORS.index(kind)
        return {"deprecated_builtin_code": min(code, _LAST_OLD_CODE), "version": version, "builtin_code": code}

    def _graph(self, graph: Graph) -> dict[str, Any]:
        size = max(graph.tensors, default=-1) + 1
        tensors = [self._tensor(graph.tensors[i]) if i in graph.tensors else {"name": ""} for i in range(size)]
        return {
            "tensors": tensors,
            "inputs": graph.inputs,
            "outputs": graph.outputs,
            "operators": [self._operator(op) for op in graph.ops],
            "name": graph.name,
        }

    def _tensor(self, tensor: Tensor) -> dict[str, Any]:
        return {
            "shape": tensor.shape,
            "type": TENSOR_TYPES.index(tensor.dtype.name),
            "buffer": 0 if tensor.data is None else self._buffer(pack(tensor.data, tensor.dtype)),
            "name": tensor.name,
            "quantization": _quantization(tensor.quant),
            "is_variable": tensor.is_variable,
            "has_rank": True,
        }

    def _buffer(self, data: bytes) -> int:
        if data not in self._shared:
            self._shared[data] = len(self._buffers)
            self._buffers.append({"data": np.frombuffer(data, np.uint8)})
        return self._shared[data]

    def _operator(self, op: Op) -> dict[str, Any]:
        if op.kind not in OPS or type(op.attrs) is not OPS[op.kind].attrs:
            raise ModelError(
                self._module.name,
                f"operator {op.id} {op.kind} has {type(op.attrs).__name__}",
                "use a kind of sdk.ir.ops.OPS and its attributes",
            )
        table = OPTIONS[op.kind]
        try:
            options = encode_options(op.kind, op.attrs)
        except ValueError as error:
            raise ModelError(
                self._module.name, f"operator {op.id} {error}", "write the module as it was before the passes"
            ) from error
        return {
            "opcode_index": self._codes.setdefault((op.kind, op.version), len(self._codes)),
            "inputs": [-1 if i is None else i for i in op.inputs],
            "outputs": op.outputs,
            "builtin_options_type": UNIONS["BuiltinOptions"].index(table) if table else None,
            "builtin_options": options if table else None,
            "intermediates": op.intermediates or None,
        }


def _quantization(quant: Quant | None) -> dict[str, Any] | None:
    if quant is None:
        return None
    return {"scale": quant.scales, "zero_point": quant.zero_points, "quantized_dimension": quant.axis or 0}
