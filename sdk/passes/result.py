"""What a pass returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.ir import Graph, Module

Channels = npt.NDArray[np.int64]
"""Indices along a tensor's last dimension, ascending."""


@dataclass(frozen=True)
class PassResult:
    """A module and what was gained.

    Attributes:
        module: the very module that was given if nothing applied.
        notes: one sentence for each kind of saving.
        channel_maps: for tensors of the main graph that lost channels: which of the original ones they keep.
    """

    module: Module
    notes: tuple[str, ...] = ()
    channel_maps: Mapping[int, Channels] = field(default_factory=dict)

    def surviving(self, tensor: int, reference: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The part of a tensor of the original module, in its shape there, that the optimised module computes."""
        kept = self.channel_maps.get(tensor)
        return reference if kept is None else reference[..., kept]


def rewritten(module: Module, graph: Graph, *notes: str) -> PassResult:
    """A module with another main graph."""
    if graph is module.main:
        return PassResult(module)
    return PassResult(
        Module(module.name, module.path, module.sha256, (graph, *module.graphs[1:]), module.content, module.repairs),
        notes,
    )


def counted(count: int, what: str) -> str:
    """"1 operator", "2 operators"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
