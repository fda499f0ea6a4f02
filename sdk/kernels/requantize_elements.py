"""QUANTIZE between integer types, portable; see ``firmware/include/sdk/requantize_elements.h``."""

from __future__ import annotations

from sdk.ir import DType
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.constraints import input_type, output_type, quantized
from sdk.kernels.operands import quant
from sdk.numerics import float32, quantize_multiplier

_SUFFIXES = {DType.INT8: "s8", DType.INT16: "s16", DType.INT32: "s32"}


class RequantizeElements(Kernel):
    """QUANTIZE from one integer type to another.

    Args:
        source: the input's type.
        target: the output's type.
    """

    ops = ("QUANTIZE",)
    header = "sdk/requantize_elements.h"
    sources = ("kernels/quantize/requantize_elements__ref.c",)

    def __init__(self, source: DType, target: DType) -> None:
        self.name = f"requantize_{_SUFFIXES[source]}_{_SUFFIXES[target]}__ref"  # type: ignore[misc]
        self.constraints = (input_type(0, source), output_type(target), quantized(0))  # type: ignore[misc]

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        multiplier, shift = quantize_multiplier(float32(quant(source).scale) / float32(quant(output).scale))
        return Prepared(
            params_type="sdk_requantize_elements",
            params={
                "input_offset": -quant(source).zero_point,
                "multiplier": multiplier,
                "shift": shift,
                "output_offset": quant(output).zero_point,
            },
            align=max(source.dtype.itemsize, output.dtype.itemsize),
            units=source.elements,
            access=elementwise(source.elements, (source.dtype.itemsize,), output.dtype.itemsize),
            cost=cost.CALL + source.elements * cost.REQUANTIZE,
        )


REQUANTIZE_ELEMENTS = tuple(
    RequantizeElements(source, target)
    for source, target in (
        (DType.INT16, DType.INT8),
        (DType.INT16, DType.INT16),
        (DType.INT16, DType.INT32),
        (DType.INT32, DType.INT16),
        (DType.INT32, DType.INT8),
    )
)
