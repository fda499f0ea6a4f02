"""Requantize once instead of twice where that gives the same for every value."""

from __future__ import annotations

import numpy as np

from sdk.ir import DType, Graph, Module, Tensor
from sdk.numerics import MOST_FACTOR, float32
from sdk.passes.arithmetic import Ints, fits_int32, multipliers, requantize
from sdk.passes.result import PassResult, counted, rewritten
from sdk.passes.rewrite import changed

_TYPES = frozenset({DType.INT8, DType.UINT8, DType.INT16})


def merge_requantize(module: Module) -> PassResult:
    """Let a QUANTIZE read the input of the QUANTIZE or DEQUANTIZE before it.

    Done only if all values of the input's type come out the same, which is tried one by one.
    """
    graph = module.main
    ops = []
    merged = 0
    for op in graph.ops:
        before = graph.producers.get(op.inputs[0]) if op.kind == "QUANTIZE" and op.inputs[0] is not None else None
        chained = before is not None and before.kind in ("QUANTIZE", "DEQUANTIZE")
        if before is not None and chained and _equal(graph, before.inputs, op.outputs):
            op = op.with_(inputs=before.inputs)
            merged += 1
        ops.append(op)
    if not merged:
        return PassResult(module)
    return rewritten(module, changed(graph, ops), f"requantization: {counted(merged, 'chain')} shortened")


def _equal(graph: Graph, inputs: tuple[int | None, ...], outputs: tuple[int, ...]) -> bool:
    """Whether one QUANTIZE does what the chain between two tensors does."""
    if inputs[0] is None:
        return False
    source, target = graph.tensors[inputs[0]], graph.tensors[outputs[0]]
    between = graph.producers[outputs[0]].inputs[0]
    if between is None or not (_is_quantized(source) and _is_quantized(target)):
        return False
    middle = graph.tensors[between]
    limits = source.dtype.integer_range
    if limits is None:
        return False
    values = np.arange(limits[0], limits[1] + 1, dtype=np.int64)
    once = _requantized(values, source, target)
    if middle.dtype is DType.FLOAT32:
        twice: Ints | None = _quantized(values, source, target)
    elif _is_quantized(middle):
        inner = _requantized(values, source, middle)
        twice = None if inner is None else _requantized(inner, middle, target)
    else:
        return False
    return once is not None and twice is not None and bool(np.array_equal(once, twice))


def _is_quantized(tensor: Tensor) -> bool:
    return tensor.dtype in _TYPES and tensor.quant is not None and len(tensor.quant.scales) == 1


def _requantized(values: Ints, source: Tensor, target: Tensor) -> Ints | None:
    """QUANTIZE from integers (reference_ops::Requantize); None if that leaves int32."""
    if source.quant is None or target.quant is None:
        return None
    factor = float32(source.quant.scale) / float32(target.quant.scale)
    if factor >= MOST_FACTOR:
        return None
    multiplier, shift = multipliers([factor])
    centred = values - source.quant.zero_point
    if not fits_int32(centred, shift):
        return None
    return _clamped(requantize(centred, multiplier, shift) + target.quant.zero_point, target)


def _quantized(values: Ints, source: Tensor, target: Tensor) -> Ints | None:
    """DEQUANTIZE, then QUANTIZE from float32 (reference_ops::Dequantize and AffineQuantize)."""
    if source.quant is None or target.quant is None:
        return None
    real = (float32(source.quant.scale) * (values - source.quant.zero_point)).astype(np.float32)
    quotient = (real / np.float32(target.quant.scale)).astype(np.float64)
    # Half away from zero.
    rounded = np.copysign(np.floor(np.abs(quotient) + 0.5), quotient).astype(np.int64)
    return _clamped(rounded + target.quant.zero_point, target)


def _clamped(values: Ints, target: Tensor) -> Ints | None:
    limits = target.dtype.integer_range
    if limits is None:
        return None
    clamped: Ints = np.clip(values, *limits)
    return clamped
