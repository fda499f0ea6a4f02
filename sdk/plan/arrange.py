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

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sdk.plan.buffers import MemoryPlan
from sdk.plan.chain import as_links, fuse
from sdk.plan.planner import plan
from sdk.plan.program import program_buffers, program_needs, program_overlaps, program_peaks
from sdk.plan.strips import trace_of
from sdk.plan.verify import verify

if TYPE_CHECKING:
    from sdk.kernels.program import Program, Step

_LEAST_SPLIT_CYCLES = 2000
"""Cost of a layer above which the start and the join of a second core are worth it."""
_BYTES_FOR_CYCLES = 3
"""Where chains must gain: the share of the arena that they must save for a share of the cycles."""
_MATTERS = 0.6
"""Share of the arena below which a step's direction is of no account."""
_LEAST_SAVED = 2048
"""Where chains must gain: bytes without which the flash of kernels that work row by row is not worth it."""
_SHORT = 3
"""Layers of a short chain."""
_FREE = 0.01
"""Share of the cycles below which a change counts as costing so much."""
_TRIES_OF_A_CANDIDATE, _TRIES_OF_THE_RESULT = 8, 6000
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
            most_cycles = (1 + slowdown) * _cost(program)
            # Short chains first: they save most for their cycles, and long ones grow from what they leave.
            for longest in sorted({min(_SHORT, longest_chain), longest_chain}):
                program, found = _chained(program, found, longest, gain, most_cycles)
        if split:
            program, found = _split_for_free(program, found)
    careful = _place(program, _TRIES_OF_THE_RESULT)
    found = careful if careful.size < found.size else found
    verify(program, found)
    return program, found


def _place(program: Program, tries: int = _TRIES_OF_A_CANDIDATE) -> MemoryPlan:
    buffers = program_buffers(program)
    return plan(buffers, program_overlaps(program, buffers), program_peaks(program, buffers), tries=tries)


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
    needed = program_needs(best)
    for step in best.steps:
        if not _reversible(step) or needed[step.index] < _MATTERS * found.size:
            continue
        tried = _changed(best, [step], _turned)
        placed = _place(tried)
        if placed.size < found.size or (placed.size == found.size and step.descending):
            best, found = tried, placed
    return best, found


def _chained(
    program: Program, found: MemoryPlan, longest: int, gain: float, most_cycles: float
) -> tuple[Program, MemoryPlan]:
    """The program with chains and leaner kernels if they save enough, each time what saves most for its cycles."""
    best = _changed(program, (s for s in program.steps if s.descending), _turned)
    needed = program_needs(best)
    while True:
        fullest = max(needed, key=needed.__getitem__)
        most, cycles = needed[fullest], _cost(best)
        gained, chosen = 0.0, best
        for tried in _leaner(best, fullest, longest, most):
            cost = _cost(tried)
            worth = (most - _need(tried)) / max(cost - cycles, _FREE * cycles)
            if cost <= most_cycles and worth > gained:
                gained, chosen = worth, tried
        if chosen is best:
            break
        best, needed = chosen, program_needs(chosen)
    best = _with_exchanged_kernels(best, most_cycles)
    if best.steps == program.steps:
        return program, found
    best, smallest = _directed(best)
    lost = _cost(best) / _cost(program) - 1
    wanted = max(gain, _BYTES_FOR_CYCLES * lost) if gain else 0.0
    least = max(_LEAST_SAVED, wanted * found.size) if gain else 1
    return (best, smallest) if found.size - smallest.size >= least else (program, found)


def _cost(program: Program) -> int:
    return sum(step.prepared.cost for step in program.steps)


def _need(program: Program) -> int:
    return max(program_needs(program).values())


def _leaner(program: Program, fullest: int, longest: int, need: int) -> Iterator[Program]:
    """Programs in which the step where the arena is fullest needs less: by another kernel, or fused with neighbours."""
    if 0 <= fullest < len(program.steps) and program.steps[fullest].chain is None:
        step = program.steps[fullest]
        for kernel, prepared in step.alternatives:
            yield _changed(program, [step], lambda s: replace(s, kernel=kernel, prepared=prepared))  # noqa: B023
    for start in range(max(0, fullest - longest + 1), max(fullest, 0) + 1):
        for end in range(max(fullest, start) + 1, len(program.steps) + 1):
            parts = [link for step in program.steps[start:end] for link in step.links]
            if len(parts) == 1:
                continue
            choices = [as_links(part) for part in parts]
            if len(parts) > longest or not all(choices):
                break
            leanest = fuse(program, start, end, [_leanest(c) for c in choices])
            if leanest is not None and _need(leanest) < need:
                yield from _with_cheapest_kernels(program, start, end, choices)


def _with_cheapest_kernels(
    program: Program, start: int, end: int, choices: Sequence[Sequence[Step]]
) -> Iterator[Program]:
    """A chain of the cheapest kernels, and chains with ever less scratch where they need most."""
    links = [min(c, key=lambda s: s.prepared.cost) for c in choices]
    while True:
        fused = fuse(program, start, end, links)
        if fused is None:
            return
        yield fused
        chain = fused.steps[start].chain
        if chain is None:
            return
        link = trace_of(fused, chain).fullest_link()
        scratch = links[link].prepared.scratch_bytes
        less = [c for c in choices[link] if c.prepared.scratch_bytes < scratch]
        if not less:
            return
        links[link] = min(less, key=lambda s: s.prepared.cost)


def _with_exchanged_kernels(program: Program, most_cycles: float) -> Program:
    """Each link of a chain with the kernel that makes the program need least, and of these with the cheapest."""
    least = _need(program), _cost(program)
    for index, step in enumerate(program.steps):
        links = list(step.links)
        for i, link in enumerate(links if len(links) > 1 else []):
            for candidate in as_links(link):
                tried = fuse(program, index, index + 1, [*links[:i], candidate, *links[i + 1 :]])
                if tried is not None and _cost(tried) <= most_cycles and (_need(tried), _cost(tried)) < least:
                    least, program, links[i] = (_need(tried), _cost(tried)), tried, candidate
    return program


def _leanest(candidates: Sequence[Step]) -> Step:
    return min(candidates, key=lambda c: (c.prepared.scratch_bytes, c.prepared.cost))


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
    return step.reorderable and step.prepared.units > step.grain


def _splittable(step: Step) -> bool:
    prepared = step.prepared
    return not prepared.keeps_scratch and prepared.units > step.grain and prepared.cost >= _LEAST_SPLIT_CYCLES


def _split(step: Step) -> Step:
    grain = step.grain
    half = (step.prepared.units + 1) // 2
    return replace(step, cut=-(-half // grain) * grain, descending=False)


def _descending(step: Step) -> Step:
    return replace(step, descending=True)


def _turned(step: Step) -> Step:
    return replace(step, descending=not step.descending)
