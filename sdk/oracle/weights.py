"""Weights of few bits for interpreters that have no kernel for their type."""

from __future__ import annotations

import struct

import numpy as np

from sdk.ir import DType
from sdk.read.flatbuffer import Record, decode
from sdk.read.schema import IDENTIFIER, OPERATORS, TENSOR_TYPES
from sdk.read.tflite import unpack

_INT8 = TENSOR_TYPES.index("INT8")
_WEIGHTED = frozenset(OPERATORS.index(kind) for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"))
_FULLY_CONNECTED = OPERATORS.index("FULLY_CONNECTED")


def with_known_weights(content: bytes) -> bytes:
    """A .tflite file with int8 in the place of weights of a type that tflite-runtime 2.14 and tflite-micro lack.

    These are int2, and int4 with several scales in FULLY_CONNECTED; values and scales stay. LiteRT 2.3, which has
    kernels for both in FULLY_CONNECTED, computes with them as with int8. Elements are appended to the file as new
    vectors, so that all else stays at its place.

    Raises:
        ModelError: not a .tflite file.
    """
    model = decode(content, "Model", IDENTIFIER, "model")
    data = bytearray(content)
    for tensor in (t for graph in model["subgraphs"] for t in _unknown(model, graph)):
        buffer = model["buffers"][tensor["buffer"]]
        elements = unpack(buffer["data"], DType[TENSOR_TYPES[tensor["type"]]])[: np.prod(tensor["shape"], dtype=int)]
        data += bytes(-len(data) % 16 + 12)  # elements at a multiple of 16, as tflite-micro wants them
        field = buffer.offset("data")
        struct.pack_into("<I", data, field, len(data) - field)
        data += struct.pack("<I", elements.size) + elements.tobytes()
        data[tensor.offset("type")] = _INT8
    return bytes(data)


def _unknown(model: Record, graph: Record) -> list[Record]:
    """The tensors of a graph to be replaced."""
    found: dict[int, Record] = {}
    for op in graph["operators"]:
        code = model["operator_codes"][op["opcode_index"]]
        kind = max(code["builtin_code"], code["deprecated_builtin_code"])
        if kind not in _WEIGHTED or len(op["inputs"]) < 2:
            continue
        index = int(op["inputs"][1])
        if not 0 <= index < len(graph["tensors"]):
            continue
        tensor = graph["tensors"][index]
        name = TENSOR_TYPES[tensor["type"]]
        scales = len(tensor["quantization"]["scale"]) if tensor["quantization"] is not None else 0
        if tensor["buffer"] and (name == "INT2" or (name == "INT4" and kind == _FULLY_CONNECTED and scales > 1)):
            found[index] = tensor
    return list(found.values())
