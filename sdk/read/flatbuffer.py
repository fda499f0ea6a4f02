"""A FlatBuffers decoder that verifies what it reads, driven by a table of the schema.

Every offset, vtable, vector and string is checked against the buffer and against the alignment that
the format demands before it is followed. Work is linear in the file's size: subtables and vectors that
several offsets share are counted once for each reference, against limits that a file without sharing
cannot reach.

Source: FlatBuffers internals (flatbuffers.dev/internals) and the limits of its C++ verifier.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from sdk.errors import ModelError
from sdk.read.schema import SCALARS, TABLES, UNIONS, Field, Kind, Table

MAX_TABLES = 65_536
MAX_DEPTH = 16
_SHARING = 2
"""Bytes of vectors and strings that a file may refer to, as a multiple of its size."""
_SMALL = 65_536
"""Bytes of vectors and strings that any file may refer to."""

_UINT16 = struct.Struct("<H")
_UINT32 = struct.Struct("<I")
_INT32 = struct.Struct("<i")
_UNPACK = {name: struct.Struct("<" + code).unpack_from for name, code in SCALARS.items()}
_DTYPE = {name: np.dtype(name).newbyteorder("<") for name in SCALARS}
_EMPTY = {name: np.empty(0, dtype) for name, dtype in _DTYPE.items()}


def _default(field: Field) -> Any:
    if field.kind in (Kind.SCALAR, Kind.UNION_TYPE):
        return field.default
    if field.kind is Kind.VECTOR:
        return _EMPTY[field.type]
    return {Kind.STRING: b"", Kind.TABLES: ()}.get(field.kind)


_DEFAULTS = {name: {field.name: _default(field) for field in table.fields} for name, table in TABLES.items()}


class Record:
    """A decoded table.

    ``record["axis"]`` is a field's value: a Python scalar; for a vector of scalars a read-only numpy array;
    bytes for a string; a Record, or a tuple of Records; a field that is absent has the schema's default
    (an empty vector, None for a table). A union's value is a Record whose ``type`` tells which, or None.

    Attributes:
        type: the table's name.
        at: its offset in the file.
        path: how it is reached, such as "subgraphs[0].tensors[3]".
    """

    __slots__ = ("_offsets", "_values", "at", "path", "type")

    def __init__(self, type_: str, at: int, path: str) -> None:
        self.type = type_
        self.at = at
        self.path = path
        self._values: dict[str, Any] = _DEFAULTS[type_].copy()
        self._offsets: dict[str, int] = {}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        """Whether the file states the field."""
        return name in self._offsets

    def where(self, name: str) -> str:
        """Where a field is, for messages: file offset and path."""
        return f"offset {self.offset(name):#x}, {_join(self.path, name)}"

    def offset(self, name: str) -> int:
        """File offset of a field, or of its table when the field is absent."""
        return self._offsets.get(name, self.at)

    def plain(self) -> dict[str, Any]:
        """The fields that the file states, as a tree of dicts and lists that an encoder takes."""
        return {name: _plain(self._values[name]) for name in self._offsets}

    def _set(self, field: Field, at: int, value: Any) -> None:
        self._offsets[field.name] = at
        self._values[field.name] = value


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.plain()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def decode(data: bytes, root: str, identifier: bytes, source: str) -> Record:
    """Decode and verify a FlatBuffer.

    Args:
        data: the whole file.
        root: name of the root table in the schema.
        identifier: the four bytes that the file must have at offset 4.
        source: the file's name, for messages.

    Raises:
        ModelError: the file is not such a FlatBuffer; names the file offset and the path of the table.
    """
    if len(data) < 8 or data[4:8] != identifier:
        found = data[4:8].decode("ascii", "replace") if len(data) >= 8 else f"{len(data)} bytes"
        name = identifier.decode("ascii")
        raise ModelError(
            source,
            f'not a {name} file (offset 0x4: found "{found}", expected "{name}")',
            "give a .tflite, .onnx or .sdkmodel file",
        )
    return _Decoder(data, source).root(root)


class _Decoder:
    def __init__(self, data: bytes, source: str) -> None:
        self._data = data
        self._size = len(data)
        self._source = source
        self._tables_left = MAX_TABLES
        self._bytes_left = _SHARING * self._size + _SMALL

    def root(self, type_: str) -> Record:
        return self._table(self._follow(0, ""), TABLES[type_], "", 0)

    def _fail(self, at: int, path: str, problem: str) -> ModelError:
        where = f"offset {at:#x}, {path}" if path else f"offset {at:#x}"
        return ModelError(self._source, f"{where}: {problem}", "the file is damaged or not a .tflite model")

    def _follow(self, at: int, path: str) -> int:
        """The position that the offset stored at a verified position points to."""
        offset: int = _UINT32.unpack_from(self._data, at)[0]
        target = at + offset
        if offset == 0 or target & 3 or target > self._size - 4:
            raise self._fail(at, path, f"offset {offset} leads to {target:#x}, not to an aligned place in the file")
        return target

    def _table(self, at: int, table: Table, path: str, depth: int) -> Record:
        data = self._data
        self._tables_left -= 1
        if self._tables_left < 0:
            raise self._fail(at, path, f"more than {MAX_TABLES} tables")
        if depth > MAX_DEPTH:
            raise self._fail(at, path, f"tables nested more than {MAX_DEPTH} deep")
        vtable = at - _INT32.unpack_from(data, at)[0]
        if vtable & 1 or not 0 <= vtable <= self._size - 4:
            raise self._fail(at, path, f"the vtable at {vtable:#x} is outside the file or misaligned")
        vtable_size: int = _UINT16.unpack_from(data, vtable)[0]
        table_size: int = _UINT16.unpack_from(data, vtable + 2)[0]
        if vtable_size < 4 or vtable_size & 1 or vtable + vtable_size > self._size:
            raise self._fail(vtable, path, f"a vtable of {vtable_size} bytes cannot be")
        if table_size < 4 or at + table_size > self._size:
            raise self._fail(vtable + 2, path, f"a table of {table_size} bytes at {at:#x} does not fit the file")
        record = Record(table.name, at, path)
        slots = (vtable_size - 4) >> 1
        for field in table.fields:
            if field.slot >= slots:
                break
            entry: int = _UINT16.unpack_from(data, vtable + 4 + 2 * field.slot)[0]
            if entry == 0:
                continue
            position = at + entry
            if entry < 4 or entry + field.size > table_size or position % field.size:
                raise self._fail(
                    vtable + 4 + 2 * field.slot, _join(path, field.name), f"misplaced in its table (byte {entry})"
                )
            record._set(field, position, self._value(field, position, record, path, depth))
        return record

    def _value(self, field: Field, at: int, record: Record, path: str, depth: int) -> Any:
        kind = field.kind
        if kind is Kind.SCALAR:
            return _UNPACK[field.type](self._data, at)[0]
        if kind is Kind.UNION_TYPE:
            return self._data[at]
        path = _join(path, field.name)
        target = self._follow(at, path)
        if kind is Kind.VECTOR:
            return self._vector(target, field.type, path)
        if kind is Kind.STRING:
            return self._string(target, path)
        if kind is Kind.TABLE:
            return self._table(target, TABLES[field.type], path, depth + 1)
        if kind is Kind.TABLES:
            return self._tables(target, TABLES[field.type], path, depth)
        members = UNIONS[field.type]
        member: int = record[f"{field.name}_type"]
        if member == 0:
            return None
        if member >= len(members):
            raise self._fail(at, path, f"unknown member {member} of {field.type}")
        return self._table(target, TABLES[members[member]], path, depth + 1)

    def _extent(self, at: int, item_size: int, path: str) -> int:
        """Number of elements of the vector at a verified position; its elements are inside the file."""
        count: int = _UINT32.unpack_from(self._data, at)[0]
        nbytes = count * item_size
        if nbytes > self._size - at - 4:
            raise self._fail(at, path, f"{count} elements do not fit the file")
        self._bytes_left -= nbytes
        if self._bytes_left < 0:
            raise self._fail(at, path, "vectors overlap: together they are larger than the file")
        return count

    def _vector(self, at: int, type_: str, path: str) -> np.ndarray[Any, Any]:
        dtype = _DTYPE[type_]
        count = self._extent(at, dtype.itemsize, path)
        if count == 0:
            return _EMPTY[type_]
        if (at + 4) % dtype.itemsize:
            raise self._fail(at, path, f"elements of {dtype.itemsize} bytes are misaligned")
        return np.frombuffer(self._data, dtype, count, at + 4)

    def _string(self, at: int, path: str) -> bytes:
        end = at + 4 + self._extent(at, 1, path)
        if end >= self._size or self._data[end] != 0:
            raise self._fail(at, path, "the string has no terminating zero")
        return self._data[at + 4 : end]

    def _tables(self, at: int, table: Table, path: str, depth: int) -> tuple[Record, ...]:
        count = self._extent(at, 4, path)
        if count > self._tables_left:
            raise self._fail(at, path, f"more than {MAX_TABLES} tables")
        items = []
        for i in range(count):
            item = f"{path}[{i}]"
            items.append(self._table(self._follow(at + 4 + 4 * i, item), table, item, depth + 1))
        return tuple(items)
