"""Which kernels are chosen, and which may take their place."""

from __future__ import annotations

from sdk import board as boards
from sdk.kernels.base import Prepared
from sdk.kernels.select import Optimize, select
from sdk.passes import optimize
from sdk.read.tflite import read


def flash(prepared: Prepared) -> int:
    return sum(const.nbytes for const in prepared.consts) + prepared.code_bytes


def test_for_size_no_alternative_needs_more_flash(digits) -> None:
    module = optimize(read(digits / "digits.tflite")).module
    board = boards.load("mps2-an386")
    steps = select(module, board, Optimize.SIZE).steps
    assert all(flash(p) <= flash(step.prepared) for step in steps for _, p in step.alternatives)
    assert sum(len(s.alternatives) for s in steps) < sum(
        len(s.alternatives) for s in select(module, board, Optimize.SPEED).steps
    )
