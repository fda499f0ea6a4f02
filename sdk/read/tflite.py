"""Reading .tflite files: FlatBuffer -> Module.

A file is untrusted. Decoding checks its structure, this module its meaning tensor by tensor and operator by
operator, ``sdk.ir.verify`` the whole: all that is wrong is reported at once, as is all that is unsupported.
"""

from __future__ import annotations

import hashlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InputError, ModelError, UnsupportedError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import Attrs
from sdk.ir.ops import ANY, OPS
from sdk.ir.verify import problems
from sdk.read import sdkmodel
from sdk.read.flatbuffer import Record, decode
from sdk.read.naming import c_identifier
from sdk.read.options import OPTIONS, decode_options
from sdk.read.schema import IDENTIFIER, OPERATORS, TENSOR_TYPES, VERSION

MAX_RANK = 8
MAX_BYTES = 2**31 - 1
"""Largest tensor: what a signed 32-bit size can tell."""
MAX_OPERANDS = 262_144
"""Most inputs and outputs of all operators together: work and memory grow with them."""
MAX_FILE = 2**31 - 1
_LISTED = 20
"""Problems that one message lists."""
_SHOWN = 80
"""Bytes of a name that a message shows."""
_SMALLEST_NORMAL = np.finfo(np.float32).tiny


def read(path: Path | str) -> Module:
    """Read a model file.

    Raises:
        InputError: there is no such file, or it can't be read.
        ModelError: it is malformed; the message lists what is wrong and where.
        UnsupportedError: it uses what no stage here can represent; the message lists all of it.
    """
    path = Path(path)
    return read_bytes(sdkmodel.content(load(path, ".tflite, .onnx or .sdkmodel"), str(path)), str(path))


def load(path: Path, kind: str) -> bytes:
    """The bytes of a file; ``kind`` is what should be given instead when it is none.

    Raises:
        InputError: there is no such file, it can't be read, or it is larger than ``MAX_FILE``.
    """
    try:
        if path.stat().st_size > MAX_FILE:
            raise InputError(path, f"larger than {MAX_FILE} bytes", f"give a {kind} file")
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        why = getattr(error, "strerror", None) or error
        raise InputError(path, f"can't be read ({why})", f"give a {kind} file") from error


def read_bytes(data: bytes, path: str) -> Module:
    """Read a model from memory; ``path`` names it in messages. Raises as ``read`` does."""
    return _Reader(data, path).module()


def unpack(data: np.ndarray[Any, Any], dtype: DType) -> np.ndarray[Any, Any]:
    """Elements of a .tflite buffer, one an item of ``dtype.numpy``, read-only.

    Sub-byte elements start at the lowest bits; those that fill the last byte up come out too.
    """
    if dtype.bits >= 8:
        return np.frombuffer(data, dtype.numpy.newbyteorder("<"))
    shifts = np.arange(8 // dtype.bits, dtype=np.uint8) * np.uint8(dtype.bits)
    flat = (data[:, np.newaxis] >> shifts).reshape(-1)
    flat &= np.uint8((1 << dtype.bits) - 1)
    if dtype is not DType.UINT4:
        sign = np.uint8(1 << (dtype.bits - 1))
        flat ^= sign
        flat -= sign
    unpacked: np.ndarray[Any, Any] = flat.view(dtype.numpy)
    unpacked.flags.writeable = False
    return unpacked


class _Reader:
    def __init__(self, data: bytes, path: str) -> None:
        self._data = data
        self._path = path
        self._model = decode(data, "Model", IDENTIFIER, path)
        self._malformed: list[str] = []
        self._unsupported: list[str] = []
        self._repairs: list[str] = []
        self._operands_left = MAX_OPERANDS
        self._patched = bytearray()
        self._constants: dict[tuple[int, DType], np.ndarray[Any, Any]] = {}

    def module(self) -> Module:
        if self._model["version"] != VERSION:
            self._bad(self._model, "version", f"schema version {self._model['version']} is not {VERSION}")
        if not self._model["subgraphs"]:
            self._bad(self._model, "subgraphs", "the model has no graph")
        graphs = tuple(self._graph(i, record) for i, record in enumerate(self._model["subgraphs"]))
        for signature in self._model["signature_defs"]:
            self._check_signature(signature)
        self._raise(ModelError, self._malformed, "the file is damaged; convert the model again")
        self._raise(UnsupportedError, self._unsupported, "change or convert the model so that it needs none of these")
        module = Module(
            name=c_identifier(self._path),
            path=self._path,
            sha256=hashlib.sha256(self._data).hexdigest(),
            graphs=graphs,
            content=bytes(self._patched) or self._data,
            repairs=tuple(self._repairs),
        )
        self._raise(ModelError, problems(module), "the file is damaged; convert the model again")
        return module

    def _raise(self, error: type[ModelError | UnsupportedError], found: list[str], remedy: str) -> None:
        if found:
            more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
            raise error(self._path, "; ".join(found[:_LISTED]) + more, remedy)

    def _bad(self, record: Record, field: str, problem: str) -> None:
        self._malformed.append(f"{record.where(field)}: {problem}")

    # Graphs

    def _graph(self, index: int, record: Record) -> Graph:
        records = record["tensors"]
        inputs = self._indices(record, "inputs", len(records))
        outputs = self._indices(record, "outputs", len(records))
        ops = tuple(
            op for i, r in enumerate(record["operators"]) if (op := self._operator(i, r, records, index)) is not None
        )
        used = {t for op in ops for t in (*op.inputs, *op.outputs, *op.intermediates) if t is not None}
        used.update(inputs, outputs)
        tensors: dict[int, Tensor] = {}
        names = _Names()
        for i, r in enumerate(records):
            tensor = self._tensor(i, r, i in used, names)
            if tensor is not None and i in used:
                tensors[i] = tensor
        if index == 0:
            for i in inputs:
                self._check_input(i, records[i])
        name = _text(record["name"]) or ("main" if index == 0 else f"graph{index}")
        return Graph(name, tensors, ops, inputs, outputs)

    def _indices(self, record: Record, field: str, count: int, note: str = "") -> tuple[int, ...]:
        """A list of tensors that are all present."""
        return tuple(self._operands(record, field, 0, count, note))

    def _operands(self, record: Record, field: str, lowest: int, count: int, note: str) -> list[int]:
        """The entries of a list of tensors that are in range; those that are not are reported and left out."""
        length = len(record[field])
        if length > ANY:
            self._bad(record, field, f"{length} tensors{note}, more than {ANY}")
            return []
        self._operands_left -= length
        if self._operands_left < 0:
            problem = f"{record.where(field)}: more than {MAX_OPERANDS} inputs and outputs in all"
            raise ModelError(self._path, problem, "split the model")
        values: list[int] = record[field].tolist()
        for value in values:
            if not lowest <= value < count:
                self._bad(record, field, f"tensor index {value}{note}, but the graph has {count} tensors")
        return [value for value in values if lowest <= value < count]

    def _check_input(self, index: int, record: Record) -> None:
        """A batch size left open is fixed by ``shape``; another open dimension is for the caller to fix."""
        signature = record["shape_signature"][:MAX_RANK].tolist()
        if any(d < 0 for d in signature[1:]):
            self._unsupported.append(
                f'tensor {index} "{_short(record["name"])}", an input, has dynamic shape {signature} '
                "(convert the model with a fixed input shape)"
            )

    def _check_signature(self, record: Record) -> None:
        """Signatures are not used here, but a wrong one keeps the runtime from loading the model."""
        graphs = self._model["subgraphs"]
        graph = record["subgraph_index"]
        if graph >= len(graphs):
            self._bad(record, "subgraph_index", f"graph {graph}, but the model has {len(graphs)} graphs")
            return
        if not record["signature_key"] or not _is_text(record["signature_key"]):
            self._bad(record, "signature_key", "a signature needs a name in UTF-8")
        count = len(graphs[graph]["tensors"])
        for tensor in (*record["inputs"], *record["outputs"]):
            if tensor["tensor_index"] >= count:
                self._bad(tensor, "tensor_index", f"tensor index {tensor['tensor_index']}, but the graph has {count}")
            if not _is_text(tensor["name"]):
                self._bad(tensor, "name", "the name is not UTF-8")

    # Operators

    def _operator(self, index: int, record: Record, tensors: tuple[Record, ...], graph: int) -> Op | None:
        codes = self._model["operator_codes"]
        if record["opcode_index"] >= len(codes):
            self._bad(
                record, "opcode_index", f"operator code {record['opcode_index']}, but the model has {len(codes)} codes"
            )
            return None
        code = codes[record["opcode_index"]]
        kind = self._kind(code)
        if kind is None:
            return None
        note = f" ({kind})"
        outputs = self._indices(record, "outputs", len(tensors), note)
        version: int = code["version"]
        spec = OPS.get(kind)
        if spec is None or version > spec.version:
            name = f' "{_short(code["custom_code"])}"' if kind == "CUSTOM" else ""
            layer = f"graph {graph}, layer {index}" if graph else f"layer {index}"
            produced = ", ".join(f'"{_short(tensors[o]["name"])}"' for o in outputs[:4])
            known = f"versions up to {spec.version} are known" if spec else "the operator is not known here"
            self._unsupported.append(f"{layer} {kind}{name} v{version} (tensor {produced}): {known}")
            return None
        if version < 1:
            self._bad(code, "version", f"version {version} of {kind}")
        # An input of -1 is absent.
        inputs = tuple(None if i < 0 else i for i in self._operands(record, "inputs", -1, len(tensors), note))
        attrs = self._attrs(record, kind)
        intermediates = self._indices(record, "intermediates", len(tensors), note)
        return None if attrs is None else Op(index, kind, version, inputs, outputs, attrs, intermediates)

    def _kind(self, code: Record) -> str | None:
        # Files written before the code outgrew a byte have it in the old field alone.
        number: int = max(code["builtin_code"], code["deprecated_builtin_code"])
        kind = OPERATORS[number] if 0 <= number < len(OPERATORS) else None
        if kind is None or kind == "PLACEHOLDER_FOR_GREATER_OP_CODES":
            self._bad(code, "builtin_code", f"{number} is no operator's code")
            return None
        return kind

    def _attrs(self, record: Record, kind: str) -> Attrs | None:
        options: Record | None = record["builtin_options"]
        expected = OPTIONS[kind]
        if options is not None and options.type != expected:
            self._bad(record, "builtin_options", f"{kind} has {options.type} instead of {expected or 'no options'}")
            return None
        if record["custom_options"].size:
            self._bad(record, "custom_options", f"{kind} has options of a custom operator")
        if record["builtin_options2"] is not None:
            self._bad(record, "builtin_options2", f"{kind} has {record['builtin_options2'].type}")
            return None
        try:
            return decode_options(kind, options)
        except ValueError as error:
            field, problem = error.args
            self._bad(options or record, field if options else "builtin_options", f"{kind}: {problem}")
            return None

    # Tensors

    def _tensor(self, index: int, record: Record, used: bool, names: _Names) -> Tensor | None:
        name = names.unique(self._name(record, index), index)
        label = f'tensor {index} "{_short(record["name"])}"'
        type_ = record["type"]
        if not 0 <= type_ < len(TENSOR_TYPES):
            self._bad(record, "type", f"{label} has unknown type {type_}")
            return None
        shape = self._shape(record, label, used)
        reason = (
            f"has type {TENSOR_TYPES[type_]}"
            if TENSOR_TYPES[type_] not in DType.__members__
            else "is sparse"
            if record["sparsity"] is not None
            else "has its data in another file"
            if record["external_buffer"]
            else ""
        )
        if reason:
            if used:
                self._unsupported.append(f"{label} {reason}")
            return None
        if shape is None:
            return None
        dtype = DType[TENSOR_TYPES[type_]]
        nbytes = -(-prod(shape) * dtype.bits // 8)
        if nbytes > MAX_BYTES:
            self._bad(record, "shape", f"{label} of shape {list(shape)} has {nbytes} bytes, which overflows")
            return None
        data = self._constant(record, label, shape, dtype, nbytes)
        quant = self._quant(record, label, shape, dtype)
        return Tensor(index, name, shape, dtype, quant, data, bool(record["is_variable"]))

    def _shape(self, record: Record, label: str, used: bool) -> tuple[int, ...] | None:
        values = record["shape"]
        if len(values) > MAX_RANK:
            self._bad(record, "shape", f"{label} has {len(values)} dimensions, more than {MAX_RANK}")
            return None
        shape = tuple(values.tolist())
        if any(d < -1 for d in shape):
            self._bad(record, "shape", f"{label} has a negative dimension: {list(shape)}")
            return None
        if -1 in shape:
            if used:
                self._unsupported.append(
                    f"{label} has dynamic shape {list(shape)} (convert the model with a fixed input shape)"
                )
            return None
        return shape

    def _constant(
        self, record: Record, label: str, shape: tuple[int, ...], dtype: DType, nbytes: int
    ) -> np.ndarray[Any, Any] | None:
        buffers = self._model["buffers"]
        index = record["buffer"]
        # Buffer 0 stands for none, whatever it holds.
        if index == 0:
            return None
        if index >= len(buffers):
            self._bad(record, "buffer", f"{label} has buffer {index}, but the model has {len(buffers)} buffers")
            return None
        buffer = buffers[index]
        # Offsets of 0 and 1 mean that the data are in the FlatBuffer.
        if buffer["offset"] > 1:
            self._outside(buffer, label)
            return None
        data = buffer["data"]
        if "data" not in buffer:
            return None
        if data.size != nbytes:
            self._bad(buffer, "data", f"{label} {list(shape)} {dtype.value} needs {nbytes} bytes, not {data.size}")
            return None
        # Tensors that share a buffer share memory, also when it has to be unpacked.
        key = (index, dtype)
        if key not in self._constants:
            if dtype is DType.RESOURCE or (dtype is DType.BOOL and (data > 1).any()):
                self._bad(buffer, "data", f"{label} of type {dtype.value} has bytes that are none of its values")
                return None
            self._constants[key] = unpack(data, dtype)
        return self._constants[key][: prod(shape)].reshape(shape)

    def _outside(self, buffer: Record, label: str) -> None:
        if buffer["offset"] + buffer["size"] > len(self._data):
            self._bad(buffer, "offset", f"data of {label} at {buffer['offset']} are outside the file")
        else:
            self._unsupported.append(f"{label} has its data behind the FlatBuffer, as models over 2 GB do")

    def _quant(self, record: Record, label: str, shape: tuple[int, ...], dtype: DType) -> Quant | None:
        quantization: Record | None = record["quantization"]
        if quantization is None:
            return None
        if quantization["details"] is not None:
            self._unsupported.append(f"{label} has {quantization['details'].type}")
            return None
        scales = quantization["scale"]
        zero_points = quantization["zero_point"]
        count = len(scales)
        if count == 0:
            return None
        if len(zero_points) != count:
            self._bad(quantization, "zero_point", f"{label} has {count} scales and {len(zero_points)} zero points")
            return None
        wrong = scales[~(np.isfinite(scales) & (scales >= _SMALLEST_NORMAL))]
        if wrong.size:
            self._bad(quantization, "scale", f"{label} has scale {wrong[0]}, not a normal positive number")
            return None
        axis = self._axis(quantization, label, shape, count)
        if axis is None or dtype.integer_range is None:
            return None
        low, high = dtype.integer_range
        if zero_points.min() < low or zero_points.max() > high:
            worst = zero_points.min() if zero_points.min() < low else zero_points.max()
            self._bad(quantization, "zero_point", f"{label} has zero point {worst}, outside {low}..{high}")
            return None
        return Quant(tuple(scales.tolist()), tuple(zero_points.tolist()), axis if count > 1 else None)

    def _axis(self, quantization: Record, label: str, shape: tuple[int, ...], count: int) -> int | None:
        """The dimension of the scales, mended if it does not exist; None and a report if nothing fits."""
        axis: int = quantization["quantized_dimension"]
        if axis < 0 or (shape and axis >= len(shape)):
            if count > 1 and (not shape or shape[0] != count):
                self._bad(
                    quantization,
                    "quantized_dimension",
                    f"{label} {list(shape)} has {count} scales along dimension {axis}",
                )
                return None
            field = "quantized_dimension"
            what = f"dimension {axis} of {label} does not exist, read as 0"
            self._repair(quantization, field, what, quantization.offset(field), bytes(4))
            axis = 0
        if count > 1 and (axis >= len(shape) or shape[axis] != count):
            self._bad(quantization, "scale", f"{label} {list(shape)} has {count} scales along dimension {axis}")
            return None
        return axis

    def _name(self, record: Record, index: int) -> str:
        """The tensor's name; the oracle's file has question marks for the bytes that are no text."""
        raw: bytes = record["name"]
        if not _is_text(raw):
            at = record.offset("name")
            start = at + int.from_bytes(self._data[at : at + 4], "little") + 4
            replacement = bytes(b if b < 128 else ord("?") for b in raw)
            self._repair(record, "name", f"the name of tensor {index} is not UTF-8, read as text", start, replacement)
        return _text(raw)

    def _repair(self, record: Record, field: str, what: str, at: int, replacement: bytes) -> None:
        self._repairs.append(f"{record.where(field)}: {what}")
        if not self._patched:
            self._patched += self._data
        self._patched[at : at + len(replacement)] = replacement


class _Names:
    """Makes names unique within a graph."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._last: dict[str, int] = {}

    def unique(self, name: str, index: int) -> str:
        base = candidate = name or f"tensor{index}"
        while candidate in self._used:
            self._last[base] = self._last.get(base, 0) + 1
            candidate = f"{base}_{self._last[base]}"
        self._used.add(candidate)
        return candidate


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _short(raw: bytes) -> str:
    """A name for a message."""
    return _text(raw) if len(raw) <= _SHOWN else _text(raw[:_SHOWN]) + "\N{HORIZONTAL ELLIPSIS}"
