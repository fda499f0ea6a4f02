"""FULLY_CONNECTED in int8 for cores with the DSP extension; see ``firmware/include/sdk/fully_connected_dsp.h``."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from sdk.ir.attrs import FullyConnectedAttrs
from sdk.kernels import chain_dsp
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Ref, Site
from sdk.kernels.fully_connected import PLAIN_WEIGHTS
from sdk.kernels.operands import attrs
from sdk.numerics import activation_range

_OUTPUTS = 4


class _FullyConnected(Kernel):
    """What both layouts have in common: four outputs at once, the input read as it is."""

    ops: ClassVar[tuple[str, ...]] = ("FULLY_CONNECTED",)
    header: ClassVar[str] = "sdk/fully_connected_dsp.h"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/fully_connected/fully_connected_s8__dsp.c",
        "kernels/fully_connected/fully_connected_streams__dsp.c",
        "kernels/fully_connected/fully_connected_streams__dsp.S",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"dsp"})
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *chain_dsp.COMMON,
        PLAIN_WEIGHTS,
        Constraint("the batch size is 1", lambda s: s.input(0).elements == s.input(1).shape[1]),
        Constraint("the input size is a multiple of 4", lambda s: s.input(1).shape[1] % 4 == 0),
        chain_dsp.FITS,
        chain_dsp.CHAINS,
    )
    layout: ClassVar[str]
    cycles_per_quad: ClassVar[int]

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        layer = chain_dsp.dots(site)
        output_size, input_size = site.input(1).shape
        low, high = activation_range(attrs(site, FullyConnectedAttrs).activation, site.output())
        stream = self.stream(layer)
        groups = -(-output_size // _OUTPUTS)
        exact, exact_consts = chain_dsp.exact_fields(layer)
        requantize = 60 if layer.requant is not None else 240
        return Prepared(
            params_type="sdk_fully_connected_s8_streamed",
            params={
                "quads": input_size // 4,
                "output_size": output_size,
                "weights": Ref("weights"),
                "group_words": stream.size // groups,
                "run": f"sdk_fully_connected_{self.layout}_{layer.instance}",
                "output_zero_point": layer.accumulators.zero_point,
                "low": low,
                "high": high,
                "clamp": int((low, high) != (-128, 127)),
                **exact,
            },
            consts=(Const("weights", "uint32_t", stream), *exact_consts),
            align=4,
            units=groups,
            access=(Access({0: (0, input_size)}, (0, output_size)),),
            macs=input_size * output_size,
            cost=150 + groups * (self.cycles_per_quad * input_size // 4 + requantize),
        )

    @abstractmethod
    def stream(self, layer: chain_dsp.Dots) -> chain_dsp.Words:
        """The weights as the loop reads them."""


class FullyConnectedChain(_FullyConnected):
    """Weights of 1.5 bytes.

    Cortex-M4 cycles, estimated, zero wait states: 1.0 for a MAC, 15 for an output.
    """

    name: ClassVar[str] = "fully_connected_s8_chain__dsp"
    layout: ClassVar[str] = "chain"
    cycles_per_quad: ClassVar[int] = 16

    def stream(self, layer: chain_dsp.Dots) -> chain_dsp.Words:
        """Four outputs in three accumulators."""
        order = np.array(chain_dsp.quads_order(range(layer.weights.shape[1]))).reshape(-1, 2)
        return chain_dsp.weights_chain(layer, order, folded=True)


class FullyConnectedPairs(_FullyConnected):
    """Weights of one byte.

    Cortex-M4 cycles, estimated, zero wait states: 1.25 for a MAC, 15 for an output.
    """

    name: ClassVar[str] = "fully_connected_s8_pairs__dsp"
    layout: ClassVar[str] = "pairs"
    cycles_per_quad: ClassVar[int] = 20

    def stream(self, layer: chain_dsp.Dots) -> chain_dsp.Words:
        """Two outputs in a halfword."""
        return chain_dsp.weight_pairs(layer)
