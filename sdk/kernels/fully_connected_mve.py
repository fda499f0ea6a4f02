"""FULLY_CONNECTED in int8 for cores with MVE; see ``firmware/include/sdk/fully_connected_mve.h``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.dots import padded
from sdk.kernels.dots_mve import CHUNK, COMMON, MveDots
from sdk.kernels.fully_connected import PLAIN_WEIGHTS

_BLOCK = 8


class FullyConnectedMve(Kernel):
    """Eight outputs at a time, any number of batches.

    Cortex-M55 instructions: 0.14 for a MAC of inputs rounded up to multiples of 16, 5 for an output.
    """

    name: ClassVar[str] = "fully_connected_s8__mve"
    ops: ClassVar[tuple[str, ...]] = ("FULLY_CONNECTED",)
    header: ClassVar[str] = "sdk/fully_connected_mve.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/fully_connected/fully_connected_s8__mve.c",
        "kernels/fully_connected/fully_connected__mve.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"mve"})
    constraints: ClassVar[tuple[Constraint, ...]] = (*COMMON, PLAIN_WEIGHTS)

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        layer = MveDots.of(site)
        output_size, input_size = site.input(1).shape
        batches = site.input(0).elements // input_size
        blocks = -(-output_size // _BLOCK)
        form = "clamp" if layer.exact_form == "plain" else layer.exact_form
        constants = _constants(layer, form)
        steps = -(-input_size // CHUNK)
        return Prepared(
            params_type="sdk_fully_connected_s8_mve",
            params={
                "input_size": input_size,
                "output_size": output_size,
                "weights": Ref("weights"),
                "constants": Ref("constants"),
                "block_words": constants.values.size // blocks,
                "run": f"sdk_fully_connected_{form}__mve",
                "output_zero_point": layer.output_zero_point,
                "low": layer.low,
                "high": layer.high,
            },
            consts=(_stream(layer), constants),
            units=batches * blocks,
            access=tuple(
                Access({0: (b * input_size, (b + 1) * input_size)}, (b * output_size, (b + 1) * output_size))
                for b in range(batches)
            ),
            macs=batches * input_size * output_size,
            cost=batches * (130 + blocks * (18 * steps + 45)),
        )


def _stream(layer: MveDots) -> Const:
    """[blocks][chunks][8][16]."""
    whole = padded(padded(layer.weights, CHUNK, axis=1), _BLOCK, axis=0)
    blocks = whole.reshape(-1, _BLOCK, whole.shape[1] // CHUNK, CHUNK).transpose(0, 2, 1, 3)
    return Const("weights", "int8_t", blocks.reshape(-1).astype(np.int8))


def _constants(layer: MveDots, form: str) -> Const:
    """[blocks][kinds][8]."""
    right = np.minimum(layer.shift, 0)
    kinds = [layer.bias, layer.multiplier, right]
    if form == "general":
        kinds = [layer.bias, np.maximum(layer.shift, 0), layer.multiplier, -(right < 0).astype(np.int64), right]
    table = padded(np.stack(kinds), _BLOCK, axis=1).reshape(len(kinds), -1, _BLOCK).transpose(1, 0, 2)
    return Const("constants", "int32_t", table.reshape(-1).astype(np.int32))
