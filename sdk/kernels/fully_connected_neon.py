"""FULLY_CONNECTED in int8 for cores with NEON; see ``firmware/include/sdk/fully_connected_neon.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.kernels.base import Access, Constraint, Kernel, Prepared, Site
from sdk.kernels.dots_mve import COMMON
from sdk.kernels.dots_neon import PIXELS, NeonDots, Products, Sdot, Smull, dots_fields
from sdk.kernels.fully_connected import PLAIN_WEIGHTS


class _FullyConnected(Kernel):
    """What both kinds of products have in common."""

    ops: ClassVar[tuple[str, ...]] = ("FULLY_CONNECTED",)
    header: ClassVar[str] = "sdk/fully_connected_neon.h"
    products: ClassVar[Products]

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        layer = NeonDots.of(site)
        output_size, input_size = site.input(1).shape
        batches = site.input(0).elements // input_size
        tiles = [(b, min(b + PIXELS, batches)) for b in range(0, batches, PIXELS)]
        return Prepared(
            params_type="sdk_fully_connected_s8_neon",
            params={"batches": batches, "dots": dots_fields(layer, self.products)},
            consts=(self.products.stream(layer.weights), layer.constants(self.products.group)),
            units=-(-output_size // self.products.group) if batches == 1 else len(tiles),
            access=tuple(
                Access({0: (b * input_size, e * input_size)}, (b * output_size, e * output_size)) for b, e in tiles
            ),
            macs=batches * input_size * output_size,
            cost=20 + self.products.instructions(layer, input_size, batches),
        )


class FullyConnectedNeon(_FullyConnected):
    """Four outputs at a time, of up to four batches.

    Instructions: 0.27 for a MAC of one batch, 10 for an output.
    """

    name: ClassVar[str] = "fully_connected_s8__neon"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/fully_connected/fully_connected_s8__neon.c",
        "kernels/dots/dots__neon.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    products: ClassVar[Products] = Smull
    constraints: ClassVar[tuple[Constraint, ...]] = (
        *COMMON,
        PLAIN_WEIGHTS,
        Constraint("there are 8, 16 or more inputs", lambda s: Smull.end(s.input(1).shape[1]) == s.input(1).shape[1]),
        Constraint("no two weights multiplied in a pair are -128", lambda s: Smull.is_exact(NeonDots.of(s).weights)),
    )


class FullyConnectedSdot(_FullyConnected):
    """Eight outputs at a time, of up to eight batches.

    Instructions: 0.125 for a MAC of one batch, 6 for an output.
    """

    name: ClassVar[str] = "fully_connected_s8__sdot"
    sources: ClassVar[tuple[str, ...]] = (
        "kernels/fully_connected/fully_connected_s8__sdot.c",
        "kernels/dots/dots__sdot.c",
    )
    requires: ClassVar[frozenset[str]] = frozenset({"neon", "sdot"})
    products: ClassVar[Products] = Sdot
    constraints: ClassVar[tuple[Constraint, ...]] = FullyConnectedNeon.constraints[:-1]
