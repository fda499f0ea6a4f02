"""What the constraints of a kernel have promised, as types that need no further checks."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from sdk.ir import Quant, Tensor
from sdk.ir.attrs import Attrs
from sdk.kernels.base import Site

_Attrs = TypeVar("_Attrs", bound=Attrs)


def attrs(site: Site, kind: type[_Attrs]) -> _Attrs:
    """The operator's parameters.

    Raises:
        TypeError: the operator has parameters of another kind.
    """
    if not isinstance(site.op.attrs, kind):
        raise TypeError(f"{site.op.kind} {site.op.id} has no {kind.__name__}")
    return site.op.attrs


def quant(tensor: Tensor) -> Quant:
    """The quantization of a quantized tensor.

    Raises:
        ValueError: the tensor is not quantized.
    """
    if tensor.quant is None:
        raise ValueError(f"tensor {tensor.id} is not quantized")
    return tensor.quant


def data(tensor: Tensor) -> np.ndarray[Any, Any]:
    """The elements of a constant.

    Raises:
        ValueError: the tensor is not constant.
    """
    if tensor.data is None:
        raise ValueError(f"tensor {tensor.id} is not constant")
    return tensor.data
