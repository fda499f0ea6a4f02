"""The list of passes, and the function that runs them."""

from __future__ import annotations

from collections.abc import Callable

from sdk.ir import Module
from sdk.ir.verify import verify
from sdk.passes.fold_constants import fold_constants
from sdk.passes.fold_pads import fold_pads
from sdk.passes.fuse_activations import fuse_activations
from sdk.passes.merge_duplicates import merge_duplicates
from sdk.passes.merge_requantize import merge_requantize
from sdk.passes.remove_dead_channels import remove_dead_channels
from sdk.passes.remove_dead_operators import remove_dead_operators
from sdk.passes.remove_identities import remove_identities
from sdk.passes.resolve_variables import resolve_variables
from sdk.passes.result import Channels, PassResult
from sdk.passes.uint8_as_int8 import uint8_as_int8
from sdk.passes.widen_depthwise import widen_depthwise
from sdk.passes.widen_weights import widen_weights

EXACT_PASSES: tuple[Callable[[Module], PassResult], ...] = (
    widen_weights,
    fold_constants,
    uint8_as_int8,
    remove_identities,
    merge_duplicates,
    merge_requantize,
    fuse_activations,
    fold_pads,
    widen_depthwise,
    remove_dead_operators,
    remove_dead_channels,
    resolve_variables,
)
"""In order. Each keeps every byte of the model's outputs for every input."""


def optimize(module: Module) -> PassResult:
    """Run the exact passes, checking the module's invariants after each.

    Raises:
        ModelError: a pass broke an invariant, a defect of the SDK.
    """
    notes: list[str] = []
    maps: dict[int, Channels] = {}
    for run in EXACT_PASSES:
        result = run(module)
        if result.module is not module:
            verify(result.module, after=run.__name__.replace("_", " "))
        module = result.module
        notes += result.notes
        for tensor, kept in result.channel_maps.items():
            maps[tensor] = maps[tensor][kept] if tensor in maps else kept
    return PassResult(module, tuple(notes), maps)
