"""SOFTMAX, portable; see ``firmware/include/sdk/softmax.h``."""

from __future__ import annotations

import ctypes
import math

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import SoftmaxAttrs
from sdk.kernels import cost
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import attrs, quant

_DIFFERENCES = 256
_LEAST_SCALE = 1e-6


def float32_exp(value: float) -> float:
    """The C library's expf(), which the interpreter calls and which is not always the nearest float32."""
    return float(_EXPF(value))


_EXPF = ctypes.CDLL(None).expf
_EXPF.argtypes = [ctypes.c_float]
_EXPF.restype = ctypes.c_float


class SoftmaxS8Ref(Kernel):
    """int8 along the last dimension."""

    name = "softmax_s8__ref"
    ops = ("SOFTMAX",)
    header = "sdk/softmax.h"
    sources = ("kernels/softmax/softmax_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        quantized(0),
        Constraint("beta is not negative", lambda site: attrs(site, SoftmaxAttrs).beta >= 0),
        Constraint(f"the output's scale is at least {_LEAST_SCALE}", lambda s: quant(s.output()).scale >= _LEAST_SCALE),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        size = source.shape[-1] if source.shape else 1
        rows = math.prod(source.shape[:-1])
        factor = -np.float32(quant(source).scale) * np.float32(attrs(site, SoftmaxAttrs).beta)
        exps = [float32_exp(float(np.float32(factor * np.float32(d)))) for d in range(_DIFFERENCES)]
        return Prepared(
            params_type="sdk_softmax_s8",
            params={
                "size": size,
                "zero_point": quant(output).zero_point,
                "scale": float(np.float32(quant(output).scale)),
                "exps": Ref("exps"),
            },
            consts=(Const("exps", "float", np.array(exps, np.float32)),),
            units=rows,
            access=tuple(access for row in range(rows) for access in _row(row * size, size)),
            cost=cost.CALL + source.elements * 3 * cost.FLOAT,
        )


def _row(start: int, size: int) -> list[Access]:
    """A row is read whole before its first output is written."""
    whole = Access({0: (start, start + size)}, (start, start))
    return [whole, *(Access({0: (i, i + 1)}, (i, i + 1)) for i in range(start, start + size))]
