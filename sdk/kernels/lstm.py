"""UNIDIRECTIONAL_SEQUENCE_LSTM, portable; see ``firmware/include/sdk/lstm.h``."""

from __future__ import annotations

import math

import numpy as np

from sdk.ir import DType, Tensor
from sdk.ir.attrs import Activation, LstmAttrs
from sdk.kernels import cost
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site, Value
from sdk.kernels.constraints import constant, input_type, output_type, per_tensor, quantized
from sdk.kernels.operands import attrs, data, quant
from sdk.numerics import float32, quantize_multiplier

_GATES = ("input_gate", "forget_gate", "cell_gate", "output_gate")
_WEIGHTS, _RECURRENT, _BIASES = 1, 5, 12
"""Inputs of the first gate; the others follow."""
_HIDDEN, _CELL = 18, 19
_PEEPHOLES: tuple[int | None, ...] = (9, 10, None, 11)
"""By gate: the candidate of the cell has none."""
_LAST_PEEPHOLE = 11
_PROJECTION, _NORMS = (16, 17), (20, 21, 22, 23)
_GATE_SCALE = 2.0**-12
"""Arguments of the gates are in Q3.12."""


def _present(site: Site, *inputs: int) -> list[bool]:
    return [site.optional(i) is not None for i in inputs]


def _coupled(site: Site) -> bool:
    """Whether what is forgotten is let in (CIFG): there is no input gate."""
    return not any(_present(site, _WEIGHTS, _RECURRENT, _BIASES))


def _gates_complete(site: Site) -> bool:
    first = 1 if _coupled(site) else 0
    return all(_present(site, *(base + g for base in (_WEIGHTS, _RECURRENT, _BIASES) for g in range(first, 4))))


def _peepholes_complete(site: Site) -> bool:
    found = _present(site, *(i for i in _PEEPHOLES[1 if _coupled(site) else 0 :] if i is not None))
    return all(found) or not any(found)


def _sizes_agree(site: Site) -> bool:
    """Without a projection the cells' outputs are the outputs."""
    cells, outputs = site.input(_RECURRENT + 1).shape
    return site.optional(_PROJECTION[0]) is not None or cells == outputs


def _cell_bits(site: Site) -> int | None:
    """Integer bits of the cell state; None if its scale is no power of two."""
    fraction, exponent = math.frexp(float32(quant(site.input(_CELL)).scale))
    return exponent - 1 + 15 if fraction == 0.5 else None


def _weights_quantized(site: Site) -> bool:
    weights = (*range(_WEIGHTS, _WEIGHTS + 8), *_PEEPHOLES, _PROJECTION[0])
    given = [tensor for i in weights if i is not None and (tensor := site.optional(i)) is not None]
    return all(per_tensor(tensor) for tensor in given)


def _hidden(site: Site) -> Tensor:
    """The tensor that tells the scale of the cells' outputs."""
    return site.graph.tensors[site.op.intermediates[4]]


class LstmS8Ref(Kernel):
    """int8 with an int16 cell state, with or without input gate, peepholes or projection, without normalization."""

    name = "lstm_s8__ref"
    ops = ("UNIDIRECTIONAL_SEQUENCE_LSTM",)
    header = "sdk/lstm.h"
    sources = ("kernels/lstm/lstm_s8__ref.c",)
    constraints = (
        input_type(0, DType.INT8),
        output_type(DType.INT8),
        Constraint("every gate has weights and a bias, but for an input gate that is left out", _gates_complete),
        Constraint("all gates have peepholes, or none", _peepholes_complete),
        # With both, the interpreter's bytes have not been explained.
        Constraint(
            "there are peepholes or a projection, not both",
            lambda site: site.optional(_LAST_PEEPHOLE) is None or site.optional(_PROJECTION[0]) is None,
        ),
        Constraint("there is no normalization", lambda site: not any(_present(site, *_NORMS))),
        Constraint("there are as many outputs as cells, or a projection", _sizes_agree),
        *(input_type(i, DType.INT16, what="a peephole") for i in _PEEPHOLES if i is not None),
        *(constant(i, "a peephole") for i in _PEEPHOLES if i is not None),
        input_type(_PROJECTION[0], DType.INT8, what="the projection"),
        input_type(_PROJECTION[1], DType.INT32, what="the projection's bias"),
        *(constant(i, "the projection") for i in _PROJECTION),
        *(input_type(i, DType.INT8, what="a gate's filter") for i in range(_WEIGHTS, _WEIGHTS + 8)),
        *(input_type(i, DType.INT32, what="a gate's bias") for i in range(_BIASES, _BIASES + 4)),
        *(constant(i, "a gate's filter") for i in range(_WEIGHTS, _WEIGHTS + 8)),
        *(constant(i, "a gate's bias") for i in range(_BIASES, _BIASES + 4)),
        input_type(_HIDDEN, DType.INT8, what="the output state"),
        input_type(_CELL, DType.INT16, what="the cell state"),
        quantized(0, _HIDDEN, _CELL),
        Constraint("weights are quantized per tensor", _weights_quantized),
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
            lambda site: max(site.input(_WEIGHTS + 1).shape + site.input(_RECURRENT + 1).shape) < 1 << 16,
        ),
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        lstm, source, cell = attrs(site, LstmAttrs), site.input(0), site.input(_CELL)
        cells, input_size = site.input(_WEIGHTS + 1).shape
        outputs = site.output().shape[-1]
        batches, times = source.shape[:2]
        if lstm.time_major:
            batches, times = times, batches
        gates: dict[str, Value] = {}
        consts: list[Const] = []
        for index, name in enumerate(_GATES):
            absent = index == 0 and _coupled(site)
            fields, arrays = (_NO_GATE, []) if absent else _gate(site, index, name)
            gates[name] = fields
            consts += arrays
        hidden = quant(_hidden(site))
        # Both states count from -1 to 1 in Q0.15.
        multiplier, shift = quantize_multiplier(float32(2.0**-30 / float32(hidden.scale)))
        clip = int(min(float32(lstm.cell_clip) / quant(cell).scale, 32767.0))
        projection, arrays = _projection(site)
        consts += arrays
        macs = batches * times * cells * ((3 if _coupled(site) else 4) * (input_size + outputs))
        macs += batches * times * cells * outputs if arrays else 0
        return Prepared(
            params_type="sdk_lstm_s8",
            params={
                "batches": batches,
                "times": times,
                "input_size": input_size,
                "cells": cells,
                "outputs": outputs,
                "batch_stride": 1 if lstm.time_major else times,
                "time_stride": batches if lstm.time_major else 1,
                "cell_bits": _cell_bits(site) or 0,
                "cell_clip": clip,
                "hidden_multiplier": multiplier,
                "hidden_shift": shift,
                "hidden_offset": -hidden.zero_point if arrays else hidden.zero_point,
                **gates,
                "projection": projection,
            },
            consts=tuple(consts),
            inputs=(0, _HIDDEN, _CELL),
            updates=(_HIDDEN, _CELL),
            scratch_bytes=(3 if arrays else 2) * cells,
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
    factors = [_factor(weights, site.input(0)), _factor(recurrent, site.input(_HIDDEN)), (0, 0)]
    pointers: list[Value] = [Ref(c.name) for c in consts]
    place = _PEEPHOLES[index]
    peephole = None if place is None else site.optional(place)
    if peephole is not None:
        consts.append(Const(f"{name}_peephole", "int16_t", data(peephole)))
        # In double, but kept as a float32.
        factors[2] = quantize_multiplier(
            float32(float32(quant(site.input(_CELL)).scale) * float32(quant(peephole).scale) / _GATE_SCALE)
        )
    pointers.insert(2, "NULL" if peephole is None else Ref(consts[-1].name))
    return (*pointers, *(v for pair in factors for v in pair)), consts


_NO_GATE: tuple[Value, ...] = ("NULL",) * 5 + (0,) * 6


def _projection(site: Site) -> tuple[tuple[Value, ...], list[Const]]:
    """The fields of sdk_lstm_projection and the constants that they point to."""
    weights, given, state = site.optional(_PROJECTION[0]), site.optional(_PROJECTION[1]), quant(site.input(_HIDDEN))
    if weights is None:
        return ("NULL", "NULL", 0, 0, 0, 0), []
    hidden = _hidden(site)
    # Before a projection the interpreter negates the cells' zero point.
    bias = (0 if given is None else data(given).astype(np.int64)) - _offset(weights, hidden)
    consts = [
        Const("projection_weights", "int8_t", data(weights)),
        Const("projection_bias", "int32_t", bias.astype(np.int32)),
    ]
    scale = np.float32(quant(weights).scale) * np.float32(quant(hidden).scale) / np.float32(state.scale)
    clip = int(min(float32(attrs(site, LstmAttrs).proj_clip) / float32(state.scale), 127.0))
    return (*(Ref(c.name) for c in consts), *quantize_multiplier(float(scale)), state.zero_point, clip), consts


def _offset(weights: Tensor, source: Tensor) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """What the zero point of what the weights multiply adds to each cell."""
    sums: np.ndarray[tuple[int], np.dtype[np.int64]] = data(weights).astype(np.int64).sum(axis=1)
    return -quant(source).zero_point * sums


def _factor(weights: Tensor, source: Tensor) -> tuple[int, int]:
    """Multiplier and shift to the gates' scale; the product is a float32, as in the interpreter."""
    product = np.float32(quant(weights).scale) * np.float32(quant(source).scale)
    return quantize_multiplier(float(product) / _GATE_SCALE)
