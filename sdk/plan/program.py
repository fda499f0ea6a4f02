"""From a program to its memory plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from sdk.kernels.base import Interval, Prepared
from sdk.plan.access import coarsened, forbidden_distances
from sdk.plan.bound import needs
from sdk.plan.buffers import Buffer, BufferId, MemoryPlan, Overlap, scratch_buffer, tensor_buffer
from sdk.plan.planner import plan
from sdk.plan.strips import inputs_of, strip_buffers, trace_of
from sdk.plan.verify import verify

if TYPE_CHECKING:
    from sdk.kernels.program import Program, Step


_MOST_INTERVALS = 32
"""Forbidden distances of a pair of buffers that the planner looks at."""


def memory_plan(program: Program, *, time_limit_s: float | None = None) -> MemoryPlan:
    """Place all tensors and scratch of a program in one arena, and prove the result by replaying it.

    Args:
        program: kernels with their scratch and access orders.
        time_limit_s: for the exact search; None: heuristics only.

    Raises:
        PlanError: the plan is wrong, a defect of the SDK.
    """
    buffers = program_buffers(program)
    overlaps, peaks = program_overlaps(program, buffers), program_peaks(program, buffers)
    result = plan(buffers, overlaps, peaks, time_limit_s=time_limit_s)
    verify(program, result)
    return result


def program_buffers(program: Program) -> list[Buffer]:
    """Size, alignment and lifetime of every buffer of a program.

    A buffer of tensors that share storage lives from the first write to the last read of any of them. Variables
    live always.
    """
    graph, storage, end = program.graph, program.storage, len(program.steps)
    size: dict[int, int] = defaultdict(lambda: 1)
    align: dict[int, int] = defaultdict(lambda: 1)
    first: dict[int, int] = {}
    last: dict[int, int] = {}

    def touch(tensor: int, step: int, alignment: int) -> None:
        root = storage[tensor]
        size[root] = max(size[root], graph.tensors[tensor].nbytes)
        align[root] = max(align[root], graph.tensors[tensor].dtype.itemsize, alignment)
        first[root] = min(first.get(root, step), step)
        last[root] = max(last.get(root, step), step)

    for tensor in graph.inputs:
        touch(tensor, -1, 1)
    for variable in (t.id for t in graph.tensors.values() if t.is_variable):
        touch(variable, -1, 1)
        touch(variable, end, 1)
    own: list[Buffer] = []
    for step in program.steps:
        for tensor in (*inputs_of(step), *step.op.outputs):
            touch(tensor, step.index, step.prepared.align)
        own += [
            Buffer(scratch_buffer(link.op.id), link.scratch_bytes, link.scratch_align, step.index, step.index)
            for link in step.links
            if link.scratch_bytes
        ]
        if step.chain is not None:
            own += strip_buffers(program, step, step.chain)
    for tensor in graph.outputs:
        touch(tensor, end, 1)
    tensors = [Buffer(tensor_buffer(root), size[root], align[root], first[root], last[root]) for root in first]
    return sorted([*tensors, *own], key=lambda b: (b.first, b.id))


def program_peaks(program: Program, buffers: list[Buffer]) -> dict[int, int]:
    """For each chain the most bytes that it needs at once of the buffers that begin or end in it."""
    by_id = {b.id: b for b in buffers}
    chains = [(step, step.chain) for step in program.steps if step.chain is not None]
    return {s.index: trace_of(program, chain).peak(_dying(program, s, by_id)) for s, chain in chains}


def _dying(program: Program, step: Step, by_id: Mapping[BufferId, Buffer]) -> set[int]:
    """The tensors that a step is the last to read."""
    roots = {program.storage[t] for t in inputs_of(step)}
    return {root for root in roots if by_id[tensor_buffer(root)].last == step.index}


def program_needs(program: Program) -> dict[int, int]:
    """For each step the least bytes that any placement needs in it."""
    buffers = program_buffers(program)
    found = needs(buffers, _step_overlaps(program, {b.id: b for b in buffers}), program_peaks(program, buffers))
    return {step.index: found.get(step.index, 0) for step in program.steps}


def program_overlaps(program: Program, buffers: list[Buffer]) -> list[Overlap]:
    """Where a step's output may share bytes with an input that dies in it, and a chain's strips with each other."""
    by_id = {b.id: b for b in buffers}
    overlaps = list(_step_overlaps(program, by_id))
    for step in program.steps:
        if step.chain is not None:
            overlaps += trace_of(program, step.chain).overlaps(step.chain, _dying(program, step, by_id))
    return overlaps


def _step_overlaps(program: Program, by_id: Mapping[BufferId, Buffer]) -> Iterator[Overlap]:
    for step in program.steps:
        if step.access is None or len(step.op.outputs) != 1:
            continue
        late = by_id[tensor_buffer(program.storage[step.op.outputs[0]])]
        positions: dict[int, list[int]] = defaultdict(list)
        for position, tensor in enumerate(inputs_of(step)):
            positions[program.storage[tensor]].append(position)
        for root, places in positions.items():
            early = by_id[tensor_buffer(root)]
            if early.last == late.first == step.index and early.first < late.first:
                asked = _Question(
                    step.prepared, step.cut, step.descending, tuple(places), early.size, late.size, step
                )
                yield Overlap(early.id, late.id, _forbidden(asked))


def bytes_in_use(program: Program, plan: MemoryPlan) -> list[int]:
    """For each step the bytes of the arena that something lives in; a byte that two buffers share counts once."""
    buffers = program_buffers(program)
    used = []
    for step in program.steps:
        count = reach = 0
        spans = ((plan.offsets[b.id], plan.offsets[b.id] + b.size) for b in buffers if b.first <= step.index <= b.last)
        for start, end in sorted(spans):
            count += max(0, end - max(start, reach))
            reach = max(reach, end)
        used.append(count)
    return used


@dataclass(frozen=True)
class _Question:
    """What the distances of a step's output and input depend on; plans are made again for many arrangements."""

    prepared: Prepared
    cut: int | None
    descending: bool
    places: tuple[int, ...]
    input_size: int
    output_size: int
    step: Step = field(compare=False)


@lru_cache(maxsize=1024)
def _forbidden(asked: _Question) -> tuple[Interval, ...]:
    distances = forbidden_distances(asked.step.access or (), asked.places, asked.input_size, asked.output_size)
    return coarsened(distances, _MOST_INTERVALS)
