"""Kernels whose constants and scratch fit RAM, on boards that copy them there because their flash is slow.

The fastest kernels may store seven bytes for a weight. Where that is too much, kernels of some layers are exchanged for
others that need less, each time where a byte saved costs least, as long as it costs less than reading it from flash.
"""


from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sdk.board.linker import FLASH_CYCLES, shared_ram
from sdk.kernels.base import Kernel, Prepared
from sdk.kernels.program import Program, Step


def fit_ram(program: Program, given: Collection[int] = ()) -> Program:
    """Exchange kernels that need more RAM than they gain.

    Args:
        program: with the fastest kernel in each step, and its alternatives.
        given: operators whose kernels may not be changed.
    """
    room = shared_ram(program.board)
    if room is None:
        return program
    while (used := _ram_bytes(program)) > room:
        smaller = [
            ((found.prepared.cost - step.prepared.cost) / min(used - room, used - after), after, step.index, found)
            for step in program.steps
            if step.op.id not in given
            for found in (_exchanged(step, f) for f in step.alternatives)
            if (after := _ram_bytes(_with(program, found))) < used
        ]
        if not smaller:
            break
        price, *_, found = min(smaller, key=lambda candidate: candidate[:3])
        if price >= FLASH_CYCLES:
            break
        program = _with(program, found)
    return program


def _with(program: Program, step: Step) -> Program:
    return replace(program, steps=(*program.steps[: step.index], step, *program.steps[step.index + 1 :]))


_Fitted = tuple[Kernel, Prepared]


def _fitted(step: Step) -> list[_Fitted]:
    return [(step.kernel, step.prepared), *step.alternatives]


def _exchanged(step: Step, fitted: _Fitted) -> Step:
    others = sorted((f for f in _fitted(step) if f[0] is not fitted[0]), key=lambda f: f[1].cost)
    return replace(step, kernel=fitted[0], prepared=fitted[1], alternatives=tuple(others))


def _ram_bytes(program: Program) -> int:
    """Constants, and the most that tensors and scratch need at one time, before anything is placed."""
    graph, storage = program.graph, program.storage
    last = {storage[t]: len(program.steps) for t in graph.outputs}
    for step in program.steps:
        for tensor in step.op.inputs:
            if tensor is not None and tensor in storage:
                last[storage[tensor]] = max(last.get(storage[tensor], 0), step.index)
    live = {storage[t] for t in graph.inputs}
    most = 0
    for step in program.steps:
        live |= {storage[t] for t in step.op.outputs}
        tensors = sum(graph.tensors[t].nbytes for t in live)
        most = max(most, tensors + program.board.cores * step.prepared.scratch_bytes)
        live = {t for t in live if last.get(t, 0) > step.index}
    return most + sum(step.const_bytes for step in program.steps)
