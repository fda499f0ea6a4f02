"""Chains: strips lie where the replay accepts them, and nowhere else; they need what is needed at one time."""

import random
from dataclasses import replace

import numpy as np
import pytest
from tiny_programs import chained_tensor, prepared, program, rows

from sdk.errors import PlanError
from sdk.kernels.base import Access
from sdk.plan import MemoryPlan
from sdk.plan.chain import fuse
from sdk.plan.place import Problem
from sdk.plan.program import memory_plan, program_buffers, program_needs, program_overlaps
from sdk.plan.verify import verify

ROWS, WIDTH = 12, 16


def windows(length: int, height: int = ROWS, scratch: int = 0):
    """Layers with windows of three rows, each output as large as its input."""
    fitted = prepared(access=rows(height, WIDTH, WIDTH, 1), units=height, scratch_bytes=scratch, cost=1000)
    tensors = [chained_tensor(i, height, WIDTH) for i in range(length + 1)]
    return program(tensors, [([i], [i + 1], fitted) for i in range(length)], [0], [length])


def fused(given, start: int = 0, end: int | None = None):
    end = len(given.steps) if end is None else end
    made = fuse(given, start, end, given.steps[start:end])
    assert made is not None
    return made


def whole_image_sum(height: int):
    """Adds up rows in scratch and writes one at the end."""
    rows_read = [{0: (y * WIDTH, (y + 1) * WIDTH)} for y in range(height)]
    access = tuple(Access(read, (0, WIDTH if y == height - 1 else 0)) for y, read in enumerate(rows_read))
    return prepared(access=access, units=height, scratch_bytes=2 * WIDTH, keeps_scratch=True, cost=100)


def test_equal_layers_need_three_rows_once_and_two_for_each_other() -> None:
    """While a layer reads three rows, of the others' outputs only two wait; the image itself dies as it is read."""
    given = fused(windows(5))
    assert len(given.steps) == 1
    plan = memory_plan(given)
    assert plan.lower_bound <= plan.size <= (ROWS + 2 * 5 + 2) * WIDTH < 2 * ROWS * WIDTH + 4


def in_blocks(block: int):
    """A window of three rows, known only by blocks of rows."""
    access = []
    for y in range(ROWS):
        end = min(y + block, ROWS)
        read = {0: (max(y - 1, 0) * WIDTH, min(end + 1, ROWS) * WIDTH)}
        access.append(Access({}, (0, 0)) if y % block else Access(read, (y * WIDTH, end * WIDTH)))
    return prepared(access=tuple(access), units=ROWS, grain=block, in_blocks=True, cost=1000)


def test_layers_known_by_blocks_are_called_by_blocks() -> None:
    tensors = [chained_tensor(i, ROWS, WIDTH) for i in range(4)]
    layers = [([0], [1], in_blocks(4)), ([1], [2], in_blocks(4)), ([2], [3], in_blocks(8))]
    chain = fused(program(tensors, layers, [0], [3])).steps[0].chain
    for action in chain.actions:
        grain = chain.links[action.link].prepared.grain
        assert action.units[0] % grain == 0 and (action.units[1] % grain == 0 or action.units[1] == ROWS)


def test_the_bound_of_a_chain_is_never_above_a_plan() -> None:
    for length in range(2, 6):
        given = fused(windows(length, scratch=40))
        assert max(program_needs(given).values()) <= memory_plan(given).size


def test_a_sum_of_rows_ends_a_chain() -> None:
    given = windows(3)
    steps = [([s.op.inputs[0]], [s.op.outputs[0]], s.prepared) for s in given.steps]
    steps.append(([3], [4], whole_image_sum(ROWS)))
    tensors = [chained_tensor(i, ROWS if i < 4 else 1, WIDTH) for i in range(5)]
    plan = memory_plan(fused(program(tensors, steps, [0], [4])))
    assert plan.size < (ROWS + 2 * 3 + 6) * WIDTH


def test_kept_scratch_that_is_overwritten_is_caught() -> None:
    height = 6
    tensors = [chained_tensor(0, height, WIDTH), chained_tensor(1, height, WIDTH), chained_tensor(2, 1, WIDTH)]
    first = prepared(access=rows(height, WIDTH, WIDTH, 0), units=height, cost=1000)
    given = fused(program(tensors, [([0], [1], first), ([1], [2], whole_image_sum(height))], [0], [2]))
    plan = memory_plan(given)
    over = {**plan.offsets, ("scratch", 1): plan.offsets["tensor", 1]}
    with pytest.raises(PlanError):
        verify(given, MemoryPlan(over, plan.size + 2 * WIDTH, 0, "by hand"))


def test_what_others_read_is_no_strip() -> None:
    given = windows(3)
    assert fuse(replace(given, graph=replace(given.graph, outputs=(3, 1))), 0, 2, given.steps[:2]) is None


@pytest.mark.parametrize("seed", range(6))
def test_planner_and_replay_agree_on_moved_buffers(seed: int) -> None:
    """Move one buffer of a chain's plan: the replay fails exactly when the planner forbids the place."""
    rng = random.Random(seed)
    height = rng.randint(4, 7)
    given = windows(4, height, scratch=rng.choice([0, 8]))
    given = fused(given, 0, rng.choice([3, 4]))
    plan = memory_plan(given)
    buffers = program_buffers(given)
    problem = Problem.of(buffers, program_overlaps(given, buffers))
    verdicts = set()
    for _ in range(60):
        moved = rng.randrange(len(buffers))
        offset = rng.randrange(0, plan.size, buffers[moved].align)
        offsets = {**plan.offsets, buffers[moved].id: offset}
        allowed = all(
            not any(low <= offset - offsets[buffers[j].id] < high for low, high in forbidden)
            for j, forbidden in problem.conflicts[moved].items()
        )
        try:
            verify(given, MemoryPlan(offsets, plan.size + height * WIDTH, 0, "moved"))
            passed = True
        except PlanError:
            passed = False
        assert passed or not allowed, (seed, buffers[moved].id, offset)
        verdicts.add((passed, allowed))
    assert {(True, True), (False, False)} <= verdicts


def test_every_place_that_the_planner_allows_replays_with_random_accesses() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        height = int(rng.integers(3, 9))
        reach = [int(r) for r in rng.integers(0, 3, 3)]
        tensors = [chained_tensor(i, height, WIDTH) for i in range(4)]
        steps = [([i], [i + 1], prepared(access=rows(height, WIDTH, WIDTH, r), units=height, scratch_bytes=int(
            rng.integers(0, 30)), cost=1000)) for i, r in enumerate(reach)]  # fmt: skip
        memory_plan(fused(program(tensors, steps, [0], [3])))
