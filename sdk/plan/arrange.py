"""How the steps run, chosen together with their memory: in which direction, in which chains, on how many cores.

A layer that runs from its last row to its first lets its output grow down over an input that the layer before left
at the arena's start; layers that alternate need little more than the largest tensor. Two cores cannot share rows with
such an overlap, so a layer is split where that costs no memory, or everywhere when speed is all that counts.

Chains of layers that run row by row keep strips instead of tensors between them (``sdk.plan.chain``). They are found by
merging neighbours round the step that needs most, as long as that lowers the arena.

Source: the directions are those of memory planning by "diagonal" overlap, as in TinyEngine's in-place depthwise
convolution (Lin et al., "MCUNetV2", 2021) carried over to any kernel whose order of accesses is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from sdk.plan.buffers import MemoryPlan
from sdk.plan.chain import fuse
from sdk.plan.planner import plan
from sdk.plan.program import bytes_in_use, program_buffers, program_overlaps
from sdk.plan.verify import verify

if TYPE_CHECKING:
    from sdk.kernels.program import Program, Step

_LEAST_SPLIT_CYCLES = 2000
"""Cost of a layer above which the start and the join of a second core are worth it."""
_BYTES_FOR_CYCLES = 3
"""Where chains must gain: the share of the arena that they must save for a share of the cycles."""
_NEARLY_FULL = 0.95
"""Share of the arena in use above which a step counts among the fullest."""
_MOST_MERGED = 8
"""Neighbours that are merged at once while chains grow."""
_TRIES_OF_A_CANDIDATE, _TRIES_OF_THE_RESULT = 8, 600
"""Changed orders that the planner tries; the result is planned once more with care."""


def arrange(
    program: Program,
    *,
    fastest: bool = False,
    split: bool = False,
    longest_chain: int = 1,
    gain: float = 0.0,
    slowdown: float = 0.0,
) -> tuple[Program, MemoryPlan]:
    """Choose direction, chains and cores of the steps, and place all buffers.

    Args:
        program: as selected, every step ascending on one core.
        fastest: split all layers that gain from it, whatever it costs in memory; else only those that cost none.
        split: whether a second core may be used at all.
        longest_chain: layers that may run row by row as one.
        gain: share of the arena that chains must save to be worth their calls, 0 to 1.
        slowdown: share of the cycles that chains may cost, because of kernels that work row by row.

    Raises:
        PlanError: the plan is wrong, a defect of the SDK.
    """
    if fastest:
        program = _changed(program, (s for s in program.steps if split and _splittable(s)), _split)
        found = _place(program)
    else:
        program, found = _directed(program)
        if longest_chain > 1:
            program, found = _chained(program, found, longest_chain, gain, slowdown)
        if split:
            program, found = _split_for_free(program, found)
    careful = _place(program, _TRIES_OF_THE_RESULT)
    found = careful if careful.size < found.size else found
    verify(program, found)
    return program, found


def _place(program: Program, tries: int = _TRIES_OF_A_CANDIDATE) -> MemoryPlan:
    buffers = program_buffers(program)
    return plan(buffers, program_overlaps(program, buffers), tries=tries)


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


def _chained(
    program: Program, found: MemoryPlan, longest: int, gain: float, slowdown: float
) -> tuple[Program, MemoryPlan]:
    """The program with chains if they save enough, each time merging the neighbours that save most."""
    ascending = _changed(program, (s for s in program.steps if s.descending), _turned)
    best, smallest = ascending, _place(ascending)
    most_cycles = (1 + slowdown) * _cost(program)
    merged = True
    while merged:
        merged = False
        for (start, end), lean in itertools.product(_runs(best, smallest, longest), (False, True)):
            tried = fuse(best, start, end, lean=lean)
            if tried is None or _cost(tried) > most_cycles:
                continue
            placed = _place(tried)
            if placed.size < smallest.size:
                choice, smallest, merged = tried, placed, True
        if merged:
            best = choice
    if best is ascending:
        return program, found
    best, smallest = _directed(best)
    lost = _cost(best) / _cost(program) - 1
    wanted = max(gain, _BYTES_FOR_CYCLES * lost) if gain else 0.0
    return (best, smallest) if smallest.size <= (1 - wanted) * found.size else (program, found)


def _cost(program: Program) -> int:
    return sum(step.prepared.cost for step in program.steps)


def _runs(program: Program, found: MemoryPlan, longest: int) -> list[tuple[int, int]]:
    """Ranges of steps that hold one of those where the arena is fullest, shorter chains first."""
    used = bytes_in_use(program, found)
    peaks = {step for step, count in enumerate(used) if count >= _NEARLY_FULL * max(used)}
    runs = [
        (start, end)
        for start in range(len(program.steps))
        for end in range(start + 2, min(start + min(longest, _MOST_MERGED), len(program.steps)) + 1)
        if peaks & set(range(start, end)) and sum(len(s.links) for s in program.steps[start:end]) <= longest
    ]
    return sorted(runs, key=lambda run: (run[1] - run[0], run))


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
    return step.divisible and step.prepared.units > step.grain


def _splittable(step: Step) -> bool:
    return step.prepared.units > step.grain and step.prepared.cost >= _LEAST_SPLIT_CYCLES


def _split(step: Step) -> Step:
    grain = step.grain
    half = (step.prepared.units + 1) // 2
    return replace(step, cut=-(-half // grain) * grain, descending=False)


def _descending(step: Step) -> Step:
    return replace(step, descending=True)


def _turned(step: Step) -> Step:
    return replace(step, descending=not step.descending)
