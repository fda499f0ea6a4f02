"""Numbers as C source text, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan
from typing import Any

import numpy as np

_LINE = 110


def integer(value: int, ctype: str = "int32_t") -> str:
    """An integer constant of at most 64 bits; the smallest values need care in C."""
    if value == -(1 << 31):
        return "INT32_MIN"
    if value == -(1 << 63):
        return "INT64_MIN"
    suffix = "u" if ctype.startswith("u") else ""
    wide = "64" in ctype or not -(1 << 31) <= value < 1 << 32
    return f"{value}{suffix}{'ll' if wide else ''}"


def floating(value: float, *, single: bool = True) -> str:
    """A float or double constant in hexadecimal, which loses nothing."""
    if isnan(value):
        return "NAN"
    if not isfinite(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return f"{value.hex()}{'f' if single else ''}"


def elements(values: np.ndarray[Any, Any], ctype: str) -> Iterable[str]:
    """Each element of an array as C text, in memory order."""
    if values.dtype.kind == "f":
        return (floating(float(v), single=ctype == "float") for v in values.ravel())
    if values.dtype.itemsize <= 2:
        return map(str, values.ravel().tolist())
    return (integer(int(v), ctype) for v in values.ravel().tolist())


def rows(values: np.ndarray[Any, Any], ctype: str) -> list[str]:
    """The lines of an initializer, each ending in a comma."""
    lines: list[str] = []
    line = ""
    for text in elements(values, ctype):
        if line and len(line) + len(text) + 2 > _LINE:
            lines.append(line)
            line = ""
        line += f" {text}," if line else f"{text},"
    if line:
        lines.append(line)
    return lines


def byte_list(data: bytes) -> str:
    """Bytes as the inside of an initializer."""
    return ", ".join(f"0x{b:02x}" for b in data)
