"""Directions and cores are chosen for memory, and every result is one that the replay accepts."""

import pytest
from tiny_programs import prepared, program, rows, tensor

from sdk.plan.arrange import arrange
from sdk.plan.verify import verify

ROWS, WIDTH = 10, 16
SIZE = ROWS * WIDTH


def chain(length: int, cost: int = 10_000):
    """Layers with a window of three rows, each output as large as its input."""
    tensors = [tensor(i, SIZE) for i in range(length + 1)]
    fitted = prepared(access=rows(ROWS, WIDTH, WIDTH, 1), units=ROWS, cost=cost)
    return program(tensors, [([i], [i + 1], fitted) for i in range(length)], [0], [length])


def test_alternating_directions_need_two_rows_more_than_a_tensor() -> None:
    arranged, plan = arrange(chain(6), fastest=False, split=False)
    assert plan.size == SIZE + 2 * WIDTH
    turns = [a.descending != b.descending for a, b in zip(arranged.steps, arranged.steps[1:], strict=False)]
    assert all(turns)


def test_a_second_core_takes_no_memory_unless_speed_is_all() -> None:
    arranged, plan = arrange(chain(6), fastest=False, split=True)
    assert plan.size == SIZE + 2 * WIDTH
    assert all(step.cut is None for step in arranged.steps)
    arranged, plan = arrange(chain(6), fastest=True, split=True)
    assert all(step.cut == ROWS // 2 for step in arranged.steps)
    assert plan.size == 2 * SIZE


def test_small_layers_stay_on_one_core() -> None:
    arranged, _ = arrange(chain(2, cost=100), fastest=True, split=True)
    assert all(step.cut is None for step in arranged.steps)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("fastest", [False, True])
def test_arrangements_replay(length: int, fastest: bool) -> None:
    arranged, plan = arrange(chain(length), fastest=fastest, split=fastest)
    verify(arranged, plan)
