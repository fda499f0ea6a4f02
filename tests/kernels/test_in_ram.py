"""Kernels are chosen so that what they need fits the RAM of a board whose flash is slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdk import board as boards
from sdk.board.linker import placed_in_ram, shared_ram
from sdk.importer import read
from sdk.kernels.program import Program
from sdk.kernels.select import Optimize, select
from sdk.passes import optimize
from sdk.plan.arrange import arrange


def program_of(model: Path, board: str) -> Program:
    return select(optimize(read(model)).module, boards.load(board), Optimize.SPEED)


@pytest.mark.parametrize("model", ["mlperf__kws_ref_model.tflite", "mlperf__vww_96_int8.tflite"])
def test_all_constants_fit_beside_the_arena(shared: Path, model: str) -> None:
    program = program_of(shared / "models/core" / model, "pico")
    room = shared_ram(program.board)
    assert room is not None
    _, plan = arrange(program, fastest=True, split=True)
    constants = {step.name: step.const_bytes for step in program.steps}
    assert sum(constants.values()) + plan.size <= room
    assert set(placed_in_ram(program.board, constants, plan.size)) == set(constants)
    assert any(step.kernel.name == "conv2d_s8_code__m0" for step in program.steps), "room is left unused"


def test_where_flash_is_fast_all_layers_have_the_fastest_kernel(shared: Path) -> None:
    program = program_of(shared / "models/core/mlperf__kws_ref_model.tflite", "nucleo_l4r5zi")
    for step in program.steps:
        assert all(step.prepared.cost <= prepared.cost for _, prepared in step.alternatives), step.name
