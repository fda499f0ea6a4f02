import random
from dataclasses import replace

import numpy as np
import pytest
from tiny_programs import elementwise, pixels, prepared, program, random_access, rows, tensor

from sdk.errors import PlanError
from sdk.ir import DType
from sdk.plan import Buffer, MemoryPlan
from sdk.plan.chart import chart
from sdk.plan.place import Problem
from sdk.plan.program import memory_plan, program_buffers, program_overlaps
from sdk.plan.verify import verify


def buffers_of(program):
    return {b.id: b for b in program_buffers(program)}


def residual():
    """Input, pointwise, rows, then an addition of the two: what a residual block does."""
    tensors = [tensor(0, 64), tensor(1, 64), tensor(2, 64), tensor(3, 64), tensor(4, 10)]
    steps = [
        ([0], [1], prepared(access=pixels(16, 4, 4))),
        ([1], [2], prepared(access=rows(8, 8, 8, 1), scratch_bytes=12, align=4)),
        ([1, 2], [3], prepared(2, access=elementwise(64, 2))),
        ([3], [4], prepared()),
    ]
    return program(tensors, steps, [0], [4])


def test_lifetimes_are_from_the_writer_to_the_last_reader():
    buffers = buffers_of(residual())
    assert {id: (b.first, b.last) for id, b in buffers.items()} == {
        ("tensor", 0): (-1, 0),
        ("tensor", 1): (0, 2),
        ("tensor", 2): (1, 2),
        ("tensor", 3): (2, 3),
        ("tensor", 4): (3, 4),
        ("scratch", 1): (1, 1),
    }
    assert buffers["scratch", 1] == Buffer(("scratch", 1), 12, 4, 1, 1)


def test_renamed_bytes_share_one_buffer_that_lives_as_long_as_both():
    tensors = [tensor(0, 8), tensor(1, 8), tensor(2, 8), tensor(3, 8)]
    given = program(tensors, [([0], [1], prepared()), ([2], [3], prepared())], [0], [3], {2: 1})
    buffers = buffers_of(given)
    assert ("tensor", 2) not in buffers
    assert (buffers["tensor", 1].first, buffers["tensor", 1].last) == (0, 1)
    assert memory_plan(given).size == 16


def test_variables_live_always_and_are_not_overwritten():
    tensors = [tensor(0, 8), tensor(1, 8), tensor(2, 8), tensor(3, 6, is_variable=True)]
    steps = [([0, 3], [1], prepared(2)), ([1], [2], prepared())]
    given = program(tensors, steps, [0], [2])
    assert (buffers_of(given)["tensor", 3].first, buffers_of(given)["tensor", 3].last) == (-1, 2)
    result = memory_plan(given)
    assert result.size == 22
    over_the_variable = {("tensor", 0): 0, ("tensor", 1): 8, ("tensor", 2): 18, ("tensor", 3): 16}
    with pytest.raises(PlanError, match="tensor 3"):
        verify(given, MemoryPlan(over_the_variable, 26, 22, "by hand"))


def test_alignment_is_that_of_the_elements_and_of_the_kernels():
    tensors = [tensor(0, 3), tensor(1, 3, DType.INT16), tensor(2, 5)]
    given = program(tensors, [([0], [1], prepared()), ([1], [2], prepared(align=8))], [0], [2])
    buffers = buffers_of(given)
    assert [buffers["tensor", i].align for i in range(3)] == [1, 8, 8]
    result = memory_plan(given)
    with pytest.raises(PlanError, match="multiple of 8"):
        verify(given, replace(result, offsets={k: o + 4 for k, o in result.offsets.items()}, size=result.size + 4))


def test_an_elementwise_chain_is_computed_in_place():
    tensors = [tensor(i, 50) for i in range(4)]
    steps = [([i], [i + 1], prepared(access=elementwise(50))) for i in range(3)]
    result = memory_plan(program(tensors, steps, [0], [3]))
    assert result.size == result.lower_bound == 50


def test_a_residual_block_reaches_its_bound():
    result = memory_plan(residual())
    assert result.size == result.lower_bound == 64 + 64 + 12


def test_an_input_given_twice_is_read_at_both_places():
    tensors = [tensor(0, 8), tensor(1, 8)]
    same = program(tensors, [([0, 0], [1], prepared(2, access=elementwise(8, 2)))], [0], [1])
    assert memory_plan(same).size == 8


def test_a_step_with_several_outputs_overlaps_none():
    tensors = [tensor(0, 8), tensor(1, 8), tensor(2, 8)]
    split = program(tensors, [([0], [1, 2], prepared(access=elementwise(8)))], [0], [1, 2])
    assert memory_plan(split).size == 24


def test_an_output_that_does_not_fill_its_tensor_is_caught():
    tensors = [tensor(0, 8), tensor(1, 8)]
    given = program(tensors, [([0], [1], prepared(access=elementwise(7)))], [0], [1])
    with pytest.raises(PlanError, match="byte 7 of tensor 1"):
        memory_plan(given)


def test_scratch_over_an_input_or_output_is_caught():
    tensors = [tensor(0, 8), tensor(1, 8)]
    given = program(tensors, [([0], [1], prepared(scratch_bytes=4))], [0], [1])
    for scratch in (2, 10):
        offsets = {("tensor", 0): 0, ("tensor", 1): 8, ("scratch", 0): scratch}
        with pytest.raises(PlanError, match="layer00_any"):
            verify(given, MemoryPlan(offsets, 20, 20, "by hand"))
    verify(given, MemoryPlan({**offsets, ("scratch", 0): 16}, 20, 20, "by hand"))


def test_an_access_outside_its_tensor_is_caught():
    tensors = [tensor(0, 8), tensor(1, 8)]
    given = program(tensors, [([0], [1], prepared(access=pixels(3, 4, 4)))], [0], [1])
    with pytest.raises(PlanError, match="touches bytes 8 to 12 of 8"):
        verify(given, MemoryPlan({("tensor", 0): 0, ("tensor", 1): 16}, 24, 24, "by hand"))


@pytest.mark.parametrize("seed", range(20))
def test_planner_and_replay_agree_on_moved_buffers(seed):
    """Move one buffer of a good plan: the replay fails exactly when the planner forbids the place."""
    rng, np_rng = random.Random(seed), np.random.default_rng(seed)
    sizes = [rng.randint(4, 24) for _ in range(5)]
    tensors = [tensor(i, size) for i, size in enumerate(sizes)]
    steps = [([i], [i + 1], prepared(access=random_access(np_rng, sizes[i], sizes[i + 1]))) for i in range(4)]
    given = program(tensors, steps, [0], [4])
    result = memory_plan(given)

    buffers = program_buffers(given)
    problem = Problem.of(buffers, program_overlaps(given, buffers))
    verdicts = set()
    for _ in range(60):
        moved = rng.randrange(len(buffers))
        offset = rng.randrange(0, result.size)
        offsets = {**result.offsets, buffers[moved].id: offset}
        allowed = all(
            not any(low <= offset - offsets[buffers[j].id] < high for low, high in forbidden)
            for j, forbidden in problem.conflicts[moved].items()
        )
        try:
            verify(given, MemoryPlan(offsets, result.size + 24, 0, "moved"))
            passed = True
        except PlanError:
            passed = False
        assert passed == allowed, (seed, moved, offset)
        verdicts.add(passed)
    assert verdicts == {True, False}


def test_the_chart_draws_every_step_and_the_bound():
    given = residual()
    text = chart(given, memory_plan(given))
    lines = text.splitlines()
    assert len(lines) == len(given.steps) + 1
    assert lines[1].startswith("layer01_any |") and lines[1].endswith("140")
    assert lines[-1].startswith("arena 140 bytes, at the lower bound")
