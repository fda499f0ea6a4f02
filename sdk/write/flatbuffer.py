"""A FlatBuffers encoder driven by a table of the schema.

It takes a tree of plain values, so that tests can also write files that no careful writer would.
Source: FlatBuffers internals (flatbuffers.dev/internals).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sdk.read.schema import SCALARS, TABLES, UNIONS, Field, Kind, Table

_VECTOR_ALIGN = 16
"""Alignment of byte vectors: tensors' data are read in place as any type."""


def encode(values: Mapping[str, Any], root: str, identifier: bytes) -> bytes:
    """Encode a tree of tables.

    Args:
        values: field values by name: numbers; bytes or str for a string; sequences or arrays for vectors; mappings for
            tables. A union's member is named by its ``<field>_type`` code. Fields that are absent or None are not
            written; others are, also if equal to the default.
        root: name of the root table in the schema.
        identifier: four bytes.
    """
    encoder = _Encoder(identifier)
    encoder.point(0, encoder.table(TABLES[root], values))
    return bytes(encoder.data)


class _Encoder:
    def __init__(self, identifier: bytes) -> None:
        self.data = bytearray(4) + identifier
        self._vtables: dict[bytes, int] = {}

    def point(self, at: int, target: int) -> None:
        struct.pack_into("<I", self.data, at, target - at)

    def _align(self, alignment: int, after: int = 0) -> None:
        """Pad so that what follows the next ``after`` bytes is aligned."""
        self.data += bytes(-(len(self.data) + after) % alignment)

    def table(self, table: Table, values: Mapping[str, Any]) -> int:
        """Append a table and all that it refers to; return its position."""
        present = [f for f in table.fields if values.get(f.name) is not None]
        entries: dict[str, int] = {}
        end = 4
        # Largest fields first leaves no holes but the one after the vtable's offset.
        for field in sorted(present, key=lambda f: -f.size):
            entries[field.name] = end = end + -end % field.size
            end += field.size
        slots = [0] * (max((f.slot for f in present), default=-1) + 1)
        for field in present:
            slots[field.slot] = entries[field.name]
        vtable = struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), end, *slots)
        if vtable not in self._vtables:
            self._align(2)
            self._vtables[vtable] = len(self.data)
            self.data += vtable
        self._align(8 if any(f.size == 8 for f in present) else 4)
        at = len(self.data)
        self.data += bytes(end)
        struct.pack_into("<i", self.data, at, at - self._vtables[vtable])
        for field in present:
            self._field(field, at + entries[field.name], values)
        return at

    def _field(self, field: Field, at: int, values: Mapping[str, Any]) -> None:
        value = values[field.name]
        if field.kind is Kind.SCALAR:
            struct.pack_into("<" + SCALARS[field.type], self.data, at, value)
        elif field.kind is Kind.UNION_TYPE:
            self.data[at] = value
        elif field.kind is Kind.VECTOR:
            self.point(at, self._vector(field.type, value))
        elif field.kind is Kind.STRING:
            self.point(at, self._string(value))
        elif field.kind is Kind.TABLE:
            self.point(at, self.table(TABLES[field.type], value))
        elif field.kind is Kind.UNION:
            member = UNIONS[field.type][values[f"{field.name}_type"]]
            self.point(at, self.table(TABLES[member], value))
        else:
            self.point(at, self._tables(TABLES[field.type], value))

    def _vector(self, type_: str, value: Any) -> int:
        items = np.asarray(value).astype(np.dtype(type_).newbyteorder("<"), copy=False)
        self._align(max(4, _VECTOR_ALIGN if type_ == "uint8" else items.itemsize), after=4)
        at = len(self.data)
        self.data += struct.pack("<I", items.size) + items.tobytes()
        return at

    def _string(self, value: str | bytes) -> int:
        text = value.encode() if isinstance(value, str) else value
        self._align(4)
        at = len(self.data)
        self.data += struct.pack("<I", len(text)) + text + b"\0"
        return at

    def _tables(self, table: Table, items: Sequence[Mapping[str, Any]]) -> int:
        self._align(4)
        at = len(self.data)
        self.data += struct.pack("<I", len(items)) + bytes(4 * len(items))
        for i, item in enumerate(items):
            self.point(at + 4 + 4 * i, self.table(table, item))
        return at
