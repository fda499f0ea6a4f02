"""QUANTIZE from and DEQUANTIZE to float32, portable; see ``firmware/include/sdk/quantize.h``."""

from __future__ import annotations

from sdk.ir import DType, Tensor
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import input_type, output_type, per_tensor
from sdk.kernels.operands import quant
from sdk.kernels.quantize import float32


def _prepared(site: Site, quantized: Tensor) -> Prepared:
    source, output = site.input(0), site.output()
    return Prepared(
        params_type="sdk_affine_f32",
        params={"scale": float32(quant(quantized).scale), "zero_point": quant(quantized).zero_point},
        align=4,
        units=source.elements,
        access=elementwise(source.elements, (source.dtype.itemsize,), output.dtype.itemsize),
        cost=cost.CALL + source.elements * 2 * cost.FLOAT,
    )


class QuantizeF32S8Ref(Kernel):
    """float32 to int8."""

    name = "quantize_f32_s8__ref"
    ops = ("QUANTIZE",)
    header = "sdk/quantize.h"
    sources = ("kernels/quantize/quantize_f32_s8__ref.c",)
    constraints = (
        input_type(0, DType.FLOAT32),
        output_type(DType.INT8),
        Constraint("the output is quantized per tensor", lambda site: per_tensor(site.output())),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return _prepared(site, site.output())


class DequantizeS8F32Ref(Kernel):
    """int8 to float32."""

    name = "dequantize_s8_f32__ref"
    ops = ("DEQUANTIZE",)
    header = "sdk/quantize.h"
    sources = ("kernels/quantize/dequantize_s8_f32__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.FLOAT32),
        Constraint("the input is quantized per tensor", lambda site: per_tensor(site.input(0))),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return _prepared(site, site.input(0))
