"""Conditions that many kernels share."""

from __future__ import annotations

from collections.abc import Iterable

from sdk.ir import DType, Tensor
from sdk.ir.attrs import Activation
from sdk.kernels.base import Constraint, Site

_QUANTIZED_ACTIVATIONS = (Activation.NONE, Activation.RELU, Activation.RELU_N1_TO_1, Activation.RELU6)


def _names(types: Iterable[DType]) -> str:
    return " or ".join(t.value for t in types)


def input_type(index: int, *types: DType, what: str = "the input") -> Constraint:
    """The type of an input that is present."""

    def check(site: Site) -> bool:
        tensor = site.optional(index)
        return tensor is None or tensor.dtype in types

    return Constraint(f"{what} is {_names(types)}", check)


def output_type(*types: DType) -> Constraint:
    """The type of the output."""
    return Constraint(f"the output is {_names(types)}", lambda site: site.output().dtype in types)


def constant(index: int, what: str) -> Constraint:
    """An input that is constant where present."""

    def check(site: Site) -> bool:
        tensor = site.optional(index)
        return tensor is None or tensor.is_constant

    return Constraint(f"{what} is constant", check)


def per_tensor(tensor: Tensor | None) -> bool:
    """Whether a tensor has one scale."""
    return tensor is not None and tensor.quant is not None and len(tensor.quant.scales) == 1


def quantized(*inputs: int) -> Constraint:
    """These inputs and the outputs have one scale each."""

    def check(site: Site) -> bool:
        outputs = (site.output(i) for i in range(len(site.op.outputs)))
        return all(per_tensor(t) for t in (*(site.optional(i) for i in inputs), *outputs))

    return Constraint("inputs and outputs are quantized per tensor", check)


def same_quantization(inputs: Iterable[int], tolerance: float = 0.0) -> Constraint:
    """These inputs and the outputs have the same scale, up to ``tolerance``, and zero point."""
    indices = tuple(inputs)

    def check(site: Site) -> bool:
        quants = [site.input(i).quant for i in indices]
        quants += [site.output(i).quant for i in range(len(site.op.outputs))]
        first = quants[0]
        return first is not None and all(
            q is not None and abs(q.scale - first.scale) <= tolerance and q.zero_point == first.zero_point
            for q in quants
        )

    return Constraint("inputs and outputs have the same scale and zero point", check)


ACTIVATION = Constraint(
    "the fused activation is NONE, RELU, RELU6 or RELU_N1_TO_1",
    lambda site: getattr(site.op.attrs, "activation", Activation.NONE) in _QUANTIZED_ACTIVATIONS,
)
"""The fused activation is a pair of bounds."""

FILTER_CONSTANT = constant(1, "the filter")
BIAS_CONSTANT = constant(2, "the bias")
BIAS_INT32 = input_type(2, DType.INT32, what="the bias")
