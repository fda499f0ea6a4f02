"""ADD and SUB in int8 for cores with NEON; see ``firmware/include/sdk/add_neon.h``."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from sdk.kernels.add_mve import AddMve
from sdk.kernels.base import Constraint, Kernel, Prepared, Site

_BLOCK = 16


class AddNeon(Kernel):
    """Sixteen outputs at a time.

    Instructions: 2.8 for an output.
    """

    name: ClassVar[str] = "add_s8__neon"
    ops: ClassVar[tuple[str, ...]] = AddMve.ops
    header: ClassVar[str] = "sdk/add_neon.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/add/add_s8__neon.c",)
    requires: ClassVar[frozenset[str]] = frozenset({"neon"})
    constraints: ClassVar[tuple[Constraint, ...]] = AddMve.constraints

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        blocks, rest = divmod(site.output().elements, _BLOCK)
        return replace(AddMve().prepare(site), grain=_BLOCK, cost=40 + 45 * blocks + 100 * (rest > 0))
