"""CAST, portable; see ``firmware/include/sdk/cast.h``."""

from __future__ import annotations

from collections.abc import Mapping

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Kernel, Prepared, Site, Value
from sdk.kernels.constraints import input_type, output_type

_TYPES: Mapping[DType, str] = {
    DType.BOOL: "SDK_CAST_BOOL",
    DType.UINT8: "SDK_CAST_U8",
    DType.INT8: "SDK_CAST_S8",
    DType.INT16: "SDK_CAST_S16",
    DType.INT32: "SDK_CAST_S32",
    DType.INT64: "SDK_CAST_S64",
}


class _CastRef(Kernel):
    ops = ("CAST",)
    header = "sdk/cast.h"
    sources = ("kernels/cast/cast__ref.c",)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        roles = {"from": source.dtype, "to": output.dtype}
        params: dict[str, Value] = {role: _TYPES[dtype] for role, dtype in roles.items() if dtype in _TYPES}
        count = output.elements
        return Prepared(
            params_type="sdk_cast",
            params=params,
            align=max(source.dtype.itemsize, output.dtype.itemsize),
            units=count,
            access=elementwise(count, (source.dtype.itemsize,), output.dtype.itemsize),
            cost=cost.CALL + count * (2 * cost.LOOKUP if len(params) == 2 else cost.FLOAT),
        )


class CastRef(_CastRef):
    """bool and integers."""

    name = "cast__ref"
    constraints = (input_type(0, *_TYPES), output_type(*_TYPES))


class CastFromF32Ref(_CastRef):
    """float32 to bool or an integer."""

    name = "cast_from_f32__ref"
    constraints = (input_type(0, DType.FLOAT32), output_type(*_TYPES))


class CastToF32Ref(_CastRef):
    """bool or an integer to float32."""

    name = "cast_to_f32__ref"
    constraints = (input_type(0, *_TYPES), output_type(DType.FLOAT32))
