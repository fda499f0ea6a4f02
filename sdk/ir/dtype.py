"""Element types of tensors."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np


class DType(Enum):
    """An element type, named as TensorFlow Lite names it.

    ``INT4``, ``INT2`` and ``UINT4`` constants are held unpacked, one element an int8 / uint8. A ``RESOURCE``
    is a handle of a variable; it has no elements that a program could read.
    """

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT32 = "int32"
    UINT8 = "uint8"
    INT64 = "int64"
    BOOL = "bool"
    INT16 = "int16"
    INT8 = "int8"
    FLOAT64 = "float64"
    UINT32 = "uint32"
    UINT16 = "uint16"
    UINT64 = "uint64"
    INT4 = "int4"
    INT2 = "int2"
    UINT4 = "uint4"
    RESOURCE = "resource"

    @property
    def bits(self) -> int:
        """Bits of one element as stored in a .tflite buffer."""
        return _BITS[self]

    @property
    def itemsize(self) -> int:
        """Bytes of one element in memory (sub-byte types: 1)."""
        return max(1, self.bits // 8)

    @property
    def integer_range(self) -> tuple[int, int] | None:
        """Smallest and largest value of an integer type; None for others."""
        if self in _UNSIGNED:
            return 0, (1 << self.bits) - 1
        if self in _SIGNED:
            return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
        return None

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy type that holds one element."""
        return np.dtype(_NUMPY.get(self, self.value))


_BITS = {
    DType.FLOAT32: 32, DType.FLOAT16: 16, DType.INT32: 32, DType.UINT8: 8, DType.INT64: 64,
    DType.BOOL: 8, DType.INT16: 16, DType.INT8: 8, DType.FLOAT64: 64, DType.UINT32: 32,
    DType.UINT16: 16, DType.UINT64: 64, DType.INT4: 4, DType.INT2: 2, DType.UINT4: 4,
    DType.RESOURCE: 32,
}  # fmt: skip
_NUMPY = {DType.INT4: "int8", DType.INT2: "int8", DType.UINT4: "uint8", DType.RESOURCE: "int32"}
_UNSIGNED = frozenset({DType.UINT8, DType.UINT16, DType.UINT32, DType.UINT64, DType.UINT4})
_SIGNED = frozenset({DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.INT4, DType.INT2})
