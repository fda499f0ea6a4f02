"""A layer with weights as dot products, for the kernels that lay weights out in streams of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sdk.ir.attrs import Activation
from sdk.kernels.base import Site
from sdk.kernels.convolution import requantization, weight_rows
from sdk.kernels.operands import quant
from sdk.kernels.requantize import Ints
from sdk.numerics import activation_range

_D = TypeVar("_D", bound="Dots")


@dataclass(frozen=True)
class Dots:
    """The dot products of a layer.

    Attributes:
        weights: [channels, taps], in the model's order.
        bias: [channels], the input's zero point folded in.
        multiplier: [channels], Q0.31.
        shift: [channels], exponents, negative to the right.
        input_zero_point: of the input.
        output_zero_point: of the output.
        low: smallest output.
        high: largest output.
    """

    weights: Ints
    bias: Ints
    multiplier: Ints
    shift: Ints
    input_zero_point: int
    output_zero_point: int
    low: int
    high: int

    @classmethod
    def of(cls: type[_D], site: Site) -> _D:
        """Read an operator with weights, bias and quantization."""
        weights = weight_rows(site)
        bias, multiplier, shift = (const.values.astype(np.int64) for const in requantization(site))
        zero_point = quant(site.input(0)).zero_point
        low, high = activation_range(getattr(site.op.attrs, "activation", Activation.NONE), site.output())
        # A factor of zero may have any exponent.
        shift = np.where(multiplier == 0, -1, shift)
        folded = bias - zero_point * weights.sum(axis=1)
        return cls(weights, folded, multiplier, shift, zero_point, quant(site.output()).zero_point, low, high)


def padded(values: npt.NDArray[Any], multiple: int, axis: int) -> npt.NDArray[Any]:
    """With zeros at the end of an axis."""
    widths = [(0, 0)] * values.ndim
    widths[axis] = (0, -values.shape[axis] % multiple)
    return np.pad(values, widths)
