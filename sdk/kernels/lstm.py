"""UNIDIRECTIONAL_SEQUENCE_LSTM, portable; see ``firmware/include/sdk/lstm.h``."""

from __future__ import annotations

import math

import numpy as np

from sdk.ir import DType, Tensor
from sdk.ir.attrs import Activation, LstmAttrs
from sdk.kernels import cost
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site, Value
from sdk.kernels.constraints import constant, input_type, output_type, quantized
from sdk.kernels.operands import attrs, data, quant
from sdk.numerics import float32, quantize_multiplier

_GATES = ("input_gate", "forget_gate", "cell_gate", "output_gate")
_WEIGHTS, _RECURRENT, _BIASES = 1, 5, 12
"""Inputs of the first gate; the others follow."""
_HIDDEN, _CELL = 18, 19
_PEEPHOLES, _PROJECTION, _NORMS = (9, 10, 11), (16, 17), (20, 21, 22, 23)
_GATE_SCALE = 2.0**-12
"""Arguments of the gates are in Q3.12."""


def _all_present(site: Site) -> bool:
    needed = (*range(_WEIGHTS, _WEIGHTS + 8), *range(_BIASES, _BIASES + 4))
    return all(site.optional(i) is not None for i in needed)


def _cell_bits(site: Site) -> int | None:
    """Integer bits of the cell state; None if its scale is no power of two."""
    fraction, exponent = math.frexp(float32(quant(site.input(_CELL)).scale))
    return exponent - 1 + 15 if fraction == 0.5 else None


def _hidden(site: Site) -> Tensor:
    """The tensor that tells the scale of the cells' outputs."""
    return site.graph.tensors[site.op.intermediates[4]]


class LstmS8Ref(Kernel):
    """int8 with an int16 cell state, all gates, without peepholes, projection and normalization."""

    name = "lstm_s8__ref"
    ops = ("UNIDIRECTIONAL_SEQUENCE_LSTM",)
    header = "sdk/lstm.h"
    sources = ("kernels/lstm/lstm_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        Constraint("every gate has weights and a bias", _all_present),
        Constraint(
            "there are no peepholes, no projection and no normalization",
            lambda site: all(site.optional(i) is None for i in (*_PEEPHOLES, *_PROJECTION, *_NORMS)),
        ),
        *(input_type(i, DType.INT8, what="a gate's filter") for i in range(_WEIGHTS, _WEIGHTS + 8)),
        *(input_type(i, DType.INT32, what="a gate's bias") for i in range(_BIASES, _BIASES + 4)),
        *(constant(i, "a gate's filter") for i in range(_WEIGHTS, _WEIGHTS + 8)),
        *(constant(i, "a gate's bias") for i in range(_BIASES, _BIASES + 4)),
        input_type(_HIDDEN, DType.INT8, what="the output state"),
        input_type(_CELL, DType.INT16, what="the cell state"),
        quantized(0, _HIDDEN, _CELL, *range(_WEIGHTS, _WEIGHTS + 8)),
        Constraint("the states are variables", lambda s: s.input(_HIDDEN).is_variable and s.input(_CELL).is_variable),
        Constraint(
            "the cell state's scale is a power of two from 2**-15 to 2**-11", lambda site: _cell_bits(site) in range(5)
        ),
        Constraint("the activation is TANH", lambda site: attrs(site, LstmAttrs).activation is Activation.TANH),
        Constraint(
            "five intermediate tensors tell the scales inside",
            lambda site: len(site.op.intermediates) == 5 and _hidden(site).quant is not None,
        ),
        Constraint(
            "input and cells are below 65536",
            lambda site: max(site.input(_WEIGHTS).shape + site.input(_RECURRENT).shape) < 1 << 16,
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        lstm, source, cell = attrs(site, LstmAttrs), site.input(0), site.input(_CELL)
        cells, input_size = site.input(_WEIGHTS).shape
        batches, times = source.shape[:2]
        if lstm.time_major:
            batches, times = times, batches
        gates: dict[str, Value] = {}
        consts: list[Const] = []
        for index, name in enumerate(_GATES):
            fields, arrays = _gate(site, index, name)
            gates[name] = fields
            consts += arrays
        hidden = quant(_hidden(site))
        # Both states count from -1 to 1 in Q0.15.
        multiplier, shift = quantize_multiplier(float32(2.0**-30 / float32(hidden.scale)))
        clip = int(min(float32(lstm.cell_clip) / quant(cell).scale, 32767.0))
        macs = batches * times * 4 * cells * (input_size + cells)
        return Prepared(
            params_type="sdk_lstm_s8",
            params={
                "batches": batches,
                "times": times,
                "input_size": input_size,
                "cells": cells,
                "batch_stride": 1 if lstm.time_major else times,
                "time_stride": batches if lstm.time_major else 1,
                "cell_bits": _cell_bits(site) or 0,
                "cell_clip": clip,
                "hidden_multiplier": multiplier,
                "hidden_shift": shift,
                "hidden_offset": hidden.zero_point,
                **gates,
            },
            consts=tuple(consts),
            inputs=(0, _HIDDEN, _CELL),
            updates=(_HIDDEN, _CELL),
            scratch_bytes=2 * cells,
            align=2,
            macs=macs,
            cost=cost.CALL + macs * cost.MAC,
        )


def _gate(site: Site, index: int, name: str) -> tuple[tuple[Value, ...], list[Const]]:
    """The fields of sdk_lstm_gate and the constants that they point to."""
    weights, recurrent = site.input(_WEIGHTS + index), site.input(_RECURRENT + index)
    bias = data(site.input(_BIASES + index)).astype(np.int64)
    consts = [
        Const(f"{name}_input", "int8_t", data(weights)),
        Const(f"{name}_recurrent", "int8_t", data(recurrent)),
        Const(f"{name}_input_bias", "int32_t", (bias + _offset(weights, site.input(0))).astype(np.int32)),
        Const(f"{name}_recurrent_bias", "int32_t", _offset(recurrent, site.input(_HIDDEN)).astype(np.int32)),
    ]
    factors = (_factor(weights, site.input(0)), _factor(recurrent, site.input(_HIDDEN)))
    return (*(Ref(c.name) for c in consts), *(v for pair in factors for v in pair)), consts


def _offset(weights: Tensor, source: Tensor) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """What the zero point of what the weights multiply adds to each cell."""
    sums: np.ndarray[tuple[int], np.dtype[np.int64]] = data(weights).astype(np.int64).sum(axis=1)
    return -quant(source).zero_point * sums


def _factor(weights: Tensor, source: Tensor) -> tuple[int, int]:
    """Multiplier and shift to the gates' scale; the product is a float32, as in the interpreter."""
    product = np.float32(quant(weights).scale) * np.float32(quant(source).scale)
    return quantize_multiplier(float(product) / _GATE_SCALE)
