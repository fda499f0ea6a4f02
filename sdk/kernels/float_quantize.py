"""QUANTIZE from and DEQUANTIZE to float32, portable; see ``firmware/include/sdk/quantize.h``."""

from __future__ import annotations

from sdk.ir import DType, Tensor
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Constraint, Kernel, Prepared, Site
from sdk.kernels.constraints import input_type, output_type, per_tensor
from sdk.kernels.operands import quant
from sdk.numerics import float32


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


class QuantizeF32Ref(Kernel):
    """float32 to an integer type.

    Args:
        dtype: the output's type.
    """

    ops = ("QUANTIZE",)
    header = "sdk/quantize.h"
    sources = ("kernels/quantize/quantize_f32__ref.c",)

    def __init__(self, dtype: DType) -> None:
        self.name = f"quantize_f32_{_SUFFIXES[dtype]}__ref"  # type: ignore[misc]
        self.constraints = (  # type: ignore[misc]
            input_type(0, DType.FLOAT32),
            output_type(dtype),
            Constraint("the output is quantized per tensor", lambda site: per_tensor(site.output())),
        )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return _prepared(site, site.output())


class DequantizeF32Ref(Kernel):
    """An integer type to float32.

    Args:
        dtype: the input's type.
    """

    ops = ("DEQUANTIZE",)
    header = "sdk/quantize.h"
    sources = ("kernels/quantize/dequantize_f32__ref.c",)

    def __init__(self, dtype: DType) -> None:
        self.name = f"dequantize_{_SUFFIXES[dtype]}_f32__ref"  # type: ignore[misc]
        self.constraints = (  # type: ignore[misc]
            input_type(0, dtype),
            output_type(DType.FLOAT32),
            Constraint("the input is quantized per tensor", lambda site: per_tensor(site.input(0))),
        )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return _prepared(site, site.input(0))


_SUFFIXES = {DType.INT8: "s8", DType.UINT8: "u8", DType.INT16: "s16"}
FLOAT_QUANTIZE_KERNELS: tuple[Kernel, ...] = (*map(QuantizeF32Ref, _SUFFIXES), *map(DequantizeF32Ref, _SUFFIXES))
"""Both ways between float32 and each quantized type."""
