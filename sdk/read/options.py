"""Translation between FlatBuffers options tables and the attributes of operators."""

from __future__ import annotations

from dataclasses import MISSING, fields
from enum import Enum
from math import isfinite
from typing import Any, Protocol, get_type_hints

from sdk.ir.attrs import Attrs
from sdk.ir.dtype import DType
from sdk.ir.ops import OPS
from sdk.read.schema import TABLES, TENSOR_TYPES, UNIONS

_NAMED = {
    "AVERAGE_POOL_2D": "Pool2DOptions", "MAX_POOL_2D": "Pool2DOptions", "L2_POOL_2D": "Pool2DOptions",
    "CONV_2D": "Conv2DOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions", "BATCH_MATMUL": "BatchMatMulOptions",
    "L2_NORMALIZATION": "L2NormOptions", "MAXIMUM": "MaximumMinimumOptions", "MINIMUM": "MaximumMinimumOptions",
    "MEAN": "ReducerOptions", "SUM": "ReducerOptions", "REDUCE_MAX": "ReducerOptions", "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions", "REDUCE_ANY": "ReducerOptions", "REDUCE_ALL": "ReducerOptions",
    "SVDF": "SVDFOptions", "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions", "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "PADV2": "PadV2Options", "TOPK_V2": "TopKV2Options",
}  # fmt: skip
"""Options tables whose names do not follow from the operator's."""


def _options_table(kind: str) -> str | None:
    derived = "".join(part.capitalize() for part in kind.split("_")) + "Options"
    name = _NAMED.get(kind, derived)
    return name if name in UNIONS["BuiltinOptions"] else None


OPTIONS: dict[str, str | None] = {kind: _options_table(kind) for kind in OPS}
"""The options table of each operator; None if it has none."""

SCHEMA_NAMES = {
    "activation": "fused_activation_function", "dilation_h": "dilation_h_factor", "dilation_w": "dilation_w_factor",
    "filter_h": "filter_height", "filter_w": "filter_width", "shuffled_weights": "weights_format",
}  # fmt: skip
"""Attributes that have another name in the schema."""


class Options(Protocol):
    """An options table: its fields' values by name."""

    def __getitem__(self, name: str, /) -> Any: ...


def decode_options(kind: str, options: Options | None) -> Attrs:
    """The attributes of an operator from its options table.

    Args:
        kind: a key of OPS.
        options: the table's fields; None if the operator has none: the runtime then reads zeros.

    Raises:
        ValueError: a value outside its range; args are (schema field or "", message).
    """
    values: dict[str, Any] = {}
    for name, schema_name, type_, default in _FIELDS[kind]:
        if schema_name is None:
            values[name] = default
            continue
        raw = options[schema_name] if options is not None else () if type_ == tuple[int, ...] else 0
        values[name] = _from_schema(type_, raw, schema_name)
    return OPS[kind].attrs(**values)


def encode_options(kind: str, attrs: Attrs) -> dict[str, Any]:
    """The fields of an operator's options table.

    Raises:
        ValueError: an attribute that the table cannot tell has another value than its default.
    """
    for name, schema_name, _, default in _FIELDS[kind]:
        if schema_name is None and getattr(attrs, name) != default:
            raise ValueError(f"{kind}: a file cannot tell {name}={getattr(attrs, name)}")
    return {
        schema_name: _to_schema(getattr(attrs, name))
        for name, schema_name, _, _ in _FIELDS[kind]
        if schema_name is not None
    }


def _from_schema(type_: Any, raw: Any, name: str) -> Any:
    if type_ is DType:
        return _dtype(raw, name)
    if isinstance(type_, type) and issubclass(type_, Enum):
        try:
            return type_(raw)
        except ValueError:
            raise ValueError(name, f"{raw} is not one of {', '.join(m.name for m in type_)}") from None
    if type_ == tuple[int, ...]:
        if len(raw) > 8:
            raise ValueError(name, f"{len(raw)} entries where a tensor has at most 8 dimensions")
        return tuple(map(int, raw))
    if type_ is str:
        return bytes(raw or b"").decode("utf-8", "replace")
    if type_ is bool and raw not in (0, 1):
        raise ValueError(name, f"{raw} is neither 0 nor 1")
    value = type_(raw)
    if type_ is float and not isfinite(value):
        raise ValueError(name, f"{value} is not a finite number")
    return value


def _dtype(code: int, name: str) -> DType:
    known = TENSOR_TYPES[code] if 0 <= code < len(TENSOR_TYPES) else ""
    if known not in DType.__members__:
        raise ValueError(name, f"type {code} {known} is not one that a tensor can have".replace("  ", " "))
    return DType[known]


def _to_schema(value: Any) -> Any:
    if isinstance(value, DType):
        return TENSOR_TYPES.index(value.name)
    return value.value if isinstance(value, Enum) else value


def _fields(kind: str) -> tuple[tuple[str, str | None, Any, Any], ...]:
    """(attribute, field in the schema or None if this table has none, type, default) of an operator."""
    attrs, table = OPS[kind].attrs, OPTIONS[kind]
    present = {f.name for f in TABLES[table].fields} if table else set()
    hints = get_type_hints(attrs)
    result = []
    for field in fields(attrs):
        name: str | None = SCHEMA_NAMES.get(field.name, field.name)
        if name not in present:
            if field.default is MISSING:
                raise TypeError(f"{kind}: {table} has no {name}")
            name = None
        result.append((field.name, name, hints[field.name], field.default))
    return tuple(result)


_FIELDS = {kind: _fields(kind) for kind in OPS}
