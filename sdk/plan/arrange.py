"""How the steps run, chosen together with their memory: in which direction, and on how many cores.

A layer that runs from its last row to its first lets its output grow down over an input that the layer before left
at the arena's start; layers that alternate need little more than the largest tensor. Two cores cannot share rows with
such an overlap, so a layer is split where that costs no memory, or everywhere when speed is all that counts.

Source: the directions are those of memory planning by "diagonal" overlap, as in TinyEngine's in-place depthwise
convolution (Lin et al., "MCUNetV2", 2021) carried over to any kernel whose order of accesses is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sdk.plan.buffers import MemoryPlan
from sdk.plan.planner import plan
from sdk.plan.program import program_buffers, program_overlaps
from sdk.plan.verify import verify

if TYPE_CHECKING:
    from sdk.kernels.select import Program, Step

_LEAST_SPLIT_CYCLES = 2000
"""Cost of a layer above which the start and the join of a second core are worth it."""


def arrange(program: Program, *, fastest: bool, split: bool) -> tuple[Program, MemoryPlan]:
    """Choose direction and cores of each step, and place all buffers.

    Args:
        program: as selected, every step ascending on one core.
        fastest: split all layers that gain from it, whatever it costs in memory; else only those that cost none.
        split: whether a second core may be used at all.

    Raises:
        PlanError: the plan is wrong, a defect of the SDK.
    """
    if fastest:
        program = _changed(program, (s for s in program.steps if split and _splittable(s)), _split)
        found = _place(program)
    else:
        program, found = _directed(program)
        if split:
            program, found = _split_for_free(program, found)
    verify(program, found)
    return program, found


def _place(program: Program) -> MemoryPlan:
    buffers = program_buffers(program)
    return plan(buffers, program_overlaps(program, buffers))


def _directed(program: Program) -> tuple[Program, MemoryPlan]:
    """The smallest plan found over directions; of plans of one size, that with the fewest descending steps."""
    best, found = program, _place(program)
    if found.size == _tensors_bound(program):
        return best, found
    reversible = [s for s in program.steps if _reversible(s)]
    for start in (0, 1):
        tried = _changed(program, (s for s in reversible if s.index % 2 == start), _descending)
        placed = _place(tried)
        if placed.size < found.size:
            best, found = tried, placed
    for step in best.steps:
        if not _reversible(step):
            continue
        tried = _changed(best, [step], _turned)
        placed = _place(tried)
        if placed.size < found.size or (placed.size == found.size and step.descending):
            best, found = tried, placed
    return best, found


def _tensors_bound(program: Program) -> int:
    """The largest tensor with its step's scratch: no direction needs less."""
    buffers = program_buffers(program)
    scratch = {b.first: b.size for b in buffers if b.id[0] == "scratch"}
    return max(
        (b.size + max((scratch.get(s, 0) for s in range(b.first, b.last + 1)), default=0) for b in buffers), default=0
    )


def _split_for_free(program: Program, found: MemoryPlan) -> tuple[Program, MemoryPlan]:
    for step in sorted(program.steps, key=lambda s: -s.prepared.cost):
        if not _splittable(step):
            continue
        tried = _changed(program, [step], _split)
        placed = _place(tried)
        if placed.size <= found.size:
            program, found = tried, placed
    return program, found


def _changed(program: Program, steps: Iterable[Step], change: Callable[[Step], Step]) -> Program:
    changed = {s.index: change(s) for s in steps}
    return replace(program, steps=tuple(changed.get(s.index, s) for s in program.steps))


def _reversible(step: Step) -> bool:
    prepared = step.prepared
    return prepared.access is not None and prepared.units > 1 and len(prepared.access) % prepared.units == 0


def _splittable(step: Step) -> bool:
    return step.prepared.units > step.prepared.grain and step.prepared.cost >= _LEAST_SPLIT_CYCLES


def _split(step: Step) -> Step:
    grain = step.prepared.grain
    half = (step.prepared.units + 1) // 2
    return replace(step, cut=-(-half // grain) * grain, descending=False)


def _descending(step: Step) -> Step:
    return replace(step, descending=True)


def _turned(step: Step) -> Step:
    return replace(step, descending=not step.descending)
