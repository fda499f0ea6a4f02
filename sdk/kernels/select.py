"""Choose a kernel for each operator: Module -> Program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from sdk.board import Board
from sdk.errors import UnsupportedError
from sdk.ir import Graph, Module, Op
from sdk.kernels.base import Access, Kernel, Prepared, Site
from sdk.kernels.registry import ALIAS_OPS, candidates, refusals


class Optimize(Enum):
    """What to spend and what to save.

    SPEED: fewest cycles. SIZE: fewest bytes of flash. MEMORY: least RAM, at no more than 1.15 times the
    fewest cycles. BALANCED: fewest cycles among kernels whose constants are at most a tenth larger than the
    smallest.
    """

    SPEED = "speed"
    MEMORY = "memory"
    SIZE = "size"
    BALANCED = "balanced"


@dataclass(frozen=True)
class Step:
    """One call of a kernel in the generated code.

    Attributes:
        index: position in the generated invoke function.
        cut: units of work that the first of two cores does; None when one core does all.
        descending: whether the units are done from the last to the first, ``grain`` at a time.
    """

    index: int
    op: Op
    kernel: Kernel
    prepared: Prepared
    cut: int | None = None
    descending: bool = False

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
        order = self.prepared.access
        if order is None or (self.cut is None and not self.descending):
            return None if order is None else (order,)
        per_unit, rest = divmod(len(order), self.prepared.units)
        if rest:
            return None
        if self.cut is not None:
            return order[: self.cut * per_unit], order[self.cut * per_unit :]
        block = self.prepared.grain * per_unit
        last = (len(order) - 1) // block * block
        return (tuple(access for start in range(last, -1, -block) for access in order[start : start + block]),)

    @property
    def name(self) -> str:
        """A C identifier, unique in the model."""
        return f"layer{self.index:02d}_{self.op.kind.lower()}"

    @property
    def const_bytes(self) -> int:
        """Bytes of the step's constants in flash."""
        return sum(const.nbytes for const in self.prepared.consts)


@dataclass(frozen=True)
class Program:
    """A model as a sequence of kernel calls.

    Attributes:
        storage: for each tensor that is not constant the tensor whose bytes it has: itself, or the input of
            an operator that only renames its bytes, such as RESHAPE.
    """

    module: Module
    graph: Graph
    board: Board
    steps: tuple[Step, ...]
    storage: Mapping[int, int]


def select(module: Module, board: Board, optimize: Optimize) -> Program:
    """Choose and prepare a kernel for every operator of a module's main graph.

    Raises:
        UnsupportedError: naming all operators that no kernel can implement, each with the condition it breaks.
    """
    graph = module.main
    storage = {t.id: t.id for t in graph.tensors.values() if not t.is_constant}
    steps: list[Step] = []
    missing: list[str] = []
    for op in graph.ops:
        site = Site(graph, op)
        if op.kind in ALIAS_OPS:
            storage[op.outputs[0]] = storage[site.input(0).id]
            continue
        kernels = candidates(site, board.features)
        if not kernels:
            missing.append(f"operator {op.id} {op.kind} version {op.version} ({'; '.join(refusals(site))})")
            continue
        fitted = [(kernel, kernel.prepare(site)) for kernel in kernels]
        kernel, prepared = _CHOICE[optimize](fitted)
        steps.append(Step(len(steps), op, kernel, prepared))
    if missing:
        count = "1 operator has" if len(missing) == 1 else f"{len(missing)} operators have"
        raise UnsupportedError(
            module.path,
            f"{count} no kernel: {', '.join(missing)}",
            "see docs/operators.md for what is supported, and convert the model without these operators",
        )
    return Program(module, graph, board, tuple(steps), storage)


_Fitted = tuple[Kernel, Prepared]


def _const_bytes(prepared: Prepared) -> int:
    return sum(const.nbytes for const in prepared.consts)


def _fastest(fitted: list[_Fitted]) -> _Fitted:
    return min(fitted, key=lambda f: (f[1].cost, _const_bytes(f[1])))


def _smallest(fitted: list[_Fitted]) -> _Fitted:
    return min(fitted, key=lambda f: (_const_bytes(f[1]), f[1].cost))


def _balanced(fitted: list[_Fitted]) -> _Fitted:
    bound = 1.1 * _const_bytes(_smallest(fitted)[1])
    return _fastest([f for f in fitted if _const_bytes(f[1]) <= bound])


def _least_memory(fitted: list[_Fitted]) -> _Fitted:
    bound = 1.15 * _fastest(fitted)[1].cost
    affordable = [f for f in fitted if f[1].cost <= bound]
    return min(affordable, key=lambda f: (f[1].scratch_bytes, f[1].access is None, f[1].cost))


_CHOICE: Mapping[Optimize, Callable[[list[_Fitted]], _Fitted]] = {
    Optimize.SPEED: _fastest,
    Optimize.MEMORY: _least_memory,
    Optimize.SIZE: _smallest,
    Optimize.BALANCED: _balanced,
}
