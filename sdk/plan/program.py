"""From a program to its memory plan."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from sdk.kernels.base import Interval
from sdk.plan.access import forbidden_distances
from sdk.plan.buffers import Buffer, MemoryPlan, Overlap, scratch_buffer, tensor_buffer
from sdk.plan.planner import plan
from sdk.plan.verify import verify

if TYPE_CHECKING:
    from sdk.kernels.program import Program, Step


def memory_plan(program: Program, *, time_limit_s: float | None = None) -> MemoryPlan:
    """Place all tensors and scratch of a program in one arena, and prove the result by replaying it.

    Args:
        program: kernels with their scratch and access orders.
        time_limit_s: for the exact search; None: heuristics only.

    Raises:
        PlanError: the plan is wrong, a defect of the SDK.
    """
    buffers = program_buffers(program)
    result = plan(buffers, program_overlaps(program, buffers), time_limit_s=time_limit_s)
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
    scratch = []
    for step in program.steps:
        for tensor in (*input_tensors(step), *step.op.outputs):
            touch(tensor, step.index, step.prepared.align)
        if step.scratch_bytes:
            place = scratch_buffer(step.index)
            scratch.append(Buffer(place, step.scratch_bytes, step.scratch_align, step.index, step.index))
    for tensor in graph.outputs:
        touch(tensor, end, 1)
    tensors = [Buffer(tensor_buffer(root), size[root], align[root], first[root], last[root]) for root in first]
    return sorted([*tensors, *scratch], key=lambda b: (b.first, b.id))


def program_overlaps(program: Program, buffers: list[Buffer]) -> list[Overlap]:
    """Where a step's output may share bytes with an input that dies in it."""
    by_id = {b.id: b for b in buffers}
    overlaps = []
    for step in program.steps:
        if step.access is None or len(step.op.outputs) != 1:
            continue
        late = by_id[tensor_buffer(program.storage[step.op.outputs[0]])]
        positions: dict[int, list[int]] = defaultdict(list)
        for position, tensor in enumerate(input_tensors(step)):
            positions[program.storage[tensor]].append(position)
        for root, places in positions.items():
            early = by_id[tensor_buffer(root)]
            if early.last == late.first == step.index and early.first < late.first:
                forbidden = _forbidden(step, tuple(places), early.size, late.size)
                overlaps.append(Overlap(early.id, late.id, forbidden))
    return overlaps


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


@lru_cache(maxsize=1024)
def _forbidden(step: Step, places: tuple[int, ...], input_size: int, output_size: int) -> tuple[Interval, ...]:
    """As ``forbidden_distances``; kept, because plans are made again for many arrangements of the same steps."""
    return forbidden_distances(step.access or (), places, input_size, output_size)


def input_tensors(step: Step) -> tuple[int, ...]:
    """The tensors that a step reads from the arena, in the order of its pointers."""
    tensors = [step.op.inputs[i] for i in step.prepared.inputs]
    return tuple(t for t in tensors if t is not None)
