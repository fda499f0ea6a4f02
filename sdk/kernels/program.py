"""A model as a sequence of kernel calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sdk.board import Board
from sdk.ir import Graph, Module, Op
from sdk.kernels.base import Access, Interval, Kernel, Prepared


@dataclass(frozen=True)
class Move:
    """Bytes of a strip that move down.

    Attributes:
        strip: index of the strip.
        start: their place before, in bytes from the strip's start.
        count: bytes.
    """

    strip: int
    start: int
    count: int


@dataclass(frozen=True)
class Action:
    """A call of one link's kernel in a chain.

    Attributes:
        link: which step of the chain.
        units: range of the step's units.
        drop: bytes by which all strips of the link's group move down before the call.
        moves: the bytes of them that are still needed.
    """

    link: int
    units: Interval
    drop: int = 0
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True)
class Strip:
    """Room for the bytes of a tensor that are needed at one time.

    Byte b of the tensor lies at b - origin - (what the group has dropped so far) from the strip's start.

    Attributes:
        size: bytes from the lowest place in use to the highest.
        align: of its start, in bytes.
        group: strips of one group move together.
    """

    size: int
    align: int
    origin: int
    group: int


@dataclass(frozen=True, eq=False)
class Chain:
    """Several layers that run as one step, each making its rows just in time for the next.

    Attributes:
        links: the steps, in order; each output but the last's is in a strip.
        actions: the calls in order.
        strips: of each link but the last.
    """

    links: tuple[Step, ...]
    actions: tuple[Action, ...]
    strips: tuple[Strip, ...]


@dataclass(frozen=True)
class Step:
    """One call of a kernel in the generated code.

    Attributes:
        index: position in the generated invoke function.
        cut: units of work that the first of two cores does; None when one core does all.
        chain: several layers that run row by row as one step; None for a layer by itself.
        alternatives: the other kernels that could do the operator, cheapest first.
        descending: whether the units are done from the last to the first, ``grain`` at a time.
        prefix: of the name, so that layers of called graphs have names of their own.
    """

    index: int
    op: Op
    kernel: Kernel
    prepared: Prepared
    cut: int | None = None
    alternatives: tuple[tuple[Kernel, Prepared], ...] = ()
    descending: bool = False
    chain: Chain | None = None
    prefix: str = ""

    @property
    def units_per_access(self) -> int:
        """Units that one statement of the kernel's accesses covers; 1 where each unit has its own."""
        access = self.prepared.access
        return max(1, self.prepared.units // len(access)) if access else 1

    @property
    def grain(self) -> int:
        """Units that are done together: the kernel's grain, and no fewer than its accesses are known for."""
        return max(self.prepared.grain, self.units_per_access)

    @property
    def divisible(self) -> bool:
        """Whether it is known which units touch what, so that they may be done in several calls."""
        access, units = self.prepared.access or (), self.prepared.units
        return len(access) > 0 and units > 1 and (len(access) % units == 0 or units % len(access) == 0)

    def accesses(self, begin: int, end: int) -> tuple[Access, ...]:
        """What a range of units touches, which must keep to multiples of ``units_per_access``."""
        access, units = self.prepared.access or (), self.prepared.units
        return access[begin * len(access) // units : end * len(access) // units]

    @property
    def scratch_bytes(self) -> int:
        """Bytes of scratch in all: each core that takes part has its own, aligned to 8."""
        per_core = self.prepared.scratch_bytes
        return per_core if self.cut is None else 2 * (-(-per_core // 8) * 8)

    @property
    def scratch_align(self) -> int:
        """Alignment of the scratch in bytes."""
        return self.prepared.align if self.cut is None else max(self.prepared.align, 8)

    @property
    def access(self) -> tuple[tuple[Access, ...], ...] | None:
        """The order in which each core that takes part touches memory; None when it is not known."""
        if self.prepared.access is None or (self.cut is None and not self.descending):
            return None if self.prepared.access is None else (self.prepared.access,)
        if not self.divisible:
            return None
        units = self.prepared.units
        if self.cut is not None:
            return self.accesses(0, self.cut), self.accesses(self.cut, units)
        blocks = [(begin, min(begin + self.grain, units)) for begin in range(0, units, self.grain)]
        return (tuple(access for block in reversed(blocks) for access in self.accesses(*block)),)

    @property
    def kernel_name(self) -> str:
        """The kernel, or for a chain all its kernels."""
        return self.kernel.name if self.chain is None else " + ".join(s.kernel.name for s in self.chain.links)

    @property
    def op_name(self) -> str:
        """The operator's kind, or for a chain all its operators'."""
        return self.op.kind if self.chain is None else " + ".join(s.op.kind for s in self.chain.links)

    @property
    def links(self) -> tuple[Step, ...]:
        """The steps of a chain, or the step itself."""
        return (self,) if self.chain is None else self.chain.links

    @property
    def reorderable(self) -> bool:
        """Whether the units may be done in any order, and by two cores."""
        return self.divisible and not self.prepared.keeps_scratch

    @property
    def name(self) -> str:
        """A C identifier, unique in the model."""
        return f"{self.prefix}layer{self.index:02d}_{self.op.kind.lower()}"

    @property
    def const_bytes(self) -> int:
        """Bytes of the step's constants in flash."""
        return sum(const.nbytes for link in self.links for const in link.prepared.consts)


def graph_function(index: int) -> str:
    """The C function of a graph that IF or WHILE calls, by its index in the module."""
    return f"graph{index}"


@dataclass(frozen=True)
class Program:
    """A model as a sequence of kernel calls.

    Attributes:
        storage: for each tensor that is not constant the tensor whose bytes it has: itself, or the input of
            an operator that only renames its bytes, such as RESHAPE.
        kept_channels: for tensors that lost channels: which of the model's own they keep, in their last dimension.
        callees: the graphs that its IF and WHILE call, and those that these call, by index in the module.
    """

    module: Module
    graph: Graph
    board: Board
    steps: tuple[Step, ...]
    storage: Mapping[int, int]
    kept_channels: Mapping[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    callees: Mapping[int, Program] = field(default_factory=dict)

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """Its own steps and those of the graphs that are called."""
        return tuple(step for program in (self, *self.callees.values()) for step in program.steps)
