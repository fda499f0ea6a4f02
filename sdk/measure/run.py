"""Run inferences on a device: outputs, and what they cost there."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sdk.build import Firmware
from sdk.device.link import Session
from sdk.device.runner import Runner, Sample
from sdk.errors import DeviceError
from sdk.kernels.program import Program
from sdk.measure.inputs import Inputs

_SLOWEST_CYCLES_PER_SECOND = 2_000_000
"""An emulator on a busy machine; real boards are far above."""


@dataclass(frozen=True)
class Cost:
    """What one inference cost; None where nothing honest counts it.

    Attributes:
        clock_fault: why the device's own clocks were not believed; empty if they were.
        flash_stalls: estimated cycles of waiting for flash that ``cycles`` leaves out.
    """

    cycles: int | None
    instructions: int | None
    micros: int | None
    clock_fault: str = ""
    flash_stalls: int | None = None


@dataclass(frozen=True)
class StepCost:
    """What one step cost."""

    cycles: int | None
    instructions: int | None


@dataclass(frozen=True)
class Measured:
    """Outputs and costs of a series of inferences.

    Attributes:
        outputs: for each inference the bytes of each output.
        costs: for each inference.
        steps: of one more inference that was timed step by step.
    """

    outputs: tuple[tuple[bytes, ...], ...]
    costs: tuple[Cost, ...]
    steps: tuple[StepCost, ...]
    stack_used: int | None


def check_identity(session: Session, firmware: Firmware) -> None:
    """Make sure that the device runs this very firmware.

    Raises:
        DeviceError: it runs another build, on another board, or other models.
    """
    found, board = session.info, firmware.board.id
    if found.board_id != board:
        raise DeviceError(found.board_id, f"this board answers, the firmware is for {board}", "connect the right board")
    if found.build_id != firmware.build_id:
        raise DeviceError(
            board,
            f"runs another firmware (build {found.build_id.hex()[:12]}, expected {firmware.build_id.hex()[:12]})",
            "flash it again",
        )
    expected = [program.module.sha256 for program, _ in firmware.models]
    if [model.sha256.hex() for model in session.models] != expected:
        raise DeviceError(board, "its firmware holds other models", "flash it again")


def deadline_s(program: Program) -> float:
    """Seconds within which one inference must have ended, even in a slow emulator."""
    return 30.0 + sum(step.prepared.cost for step in program.steps) / _SLOWEST_CYCLES_PER_SECOND


@dataclass(frozen=True)
class Bench:
    """One model of a running firmware, with all that is needed to feed it."""

    session: Session
    runner: Runner
    program: Program
    model: int

    def feed(self, inputs: Inputs) -> None:
        """Write the inputs of one inference."""
        for index, array in enumerate(inputs):
            self.session.write_input(self.model, index, array.tobytes())

    def infer(self, inputs: Inputs) -> tuple[tuple[bytes, ...], Cost]:
        """One inference: its outputs and its cost."""
        self.feed(inputs)
        self.runner.counters()
        self.runner.flash_stalls()
        done = self.session.invoke(self.model, deadline_s=deadline_s(self.program))
        stamps = self.runner.counters()
        stalls = self.runner.flash_stalls()
        outputs = tuple(self.session.read_output(self.model, i) for i in range(len(self.program.graph.outputs)))
        if stamps is None:
            micros = done.micros if self.runner.keeps_time else None
            waited = stalls[-1] - stalls[0] if stalls else None
            return outputs, Cost(done.cycles, None, micros, done.clock_fault, waited)
        spans = _spans(stamps, 1)
        return outputs, Cost(spans[0].cycles, spans[0].instructions, None)

    def step_costs(self, inputs: Inputs) -> tuple[StepCost, ...]:
        """One inference timed step by step."""
        self.feed(inputs)
        self.runner.counters()
        self.session.invoke(self.model, timed=True, deadline_s=deadline_s(self.program))
        samples = self.runner.counters()
        if samples is not None:
            return _spans(samples, len(self.program.steps))
        stamps = self.session.step_stamps(self.model)
        if stamps is None:
            return tuple(StepCost(None, None) for _ in self.program.steps)
        return tuple(StepCost(b - a, None) for a, b in itertools.pairwise(stamps))

    def step_output(self, inputs: Inputs, step: int) -> bytes:
        """The first output of a step, from an inference that ends after it."""
        self.feed(inputs)
        self.session.invoke(self.model, stop_after=step + 1, deadline_s=deadline_s(self.program))
        return self.session.read_step(self.model, step)

    def run(self, inferences: Sequence[Inputs], progress: Callable[[int], None]) -> Measured:
        """Run all inferences in order from the model's initial state, then one timed by step."""
        self.session.reset_state(self.model)
        outputs: list[tuple[bytes, ...]] = []
        costs: list[Cost] = []
        for number, inputs in enumerate(inferences, 1):
            output, cost = self.infer(inputs)
            outputs.append(output)
            costs.append(cost)
            progress(number)
        steps = self.step_costs(inferences[0])
        return Measured(tuple(outputs), tuple(costs), steps, self.session.memory().stack_used)


def _spans(samples: Sequence[Sample], count: int) -> tuple[StepCost, ...]:
    """Differences of neighbouring samples, of which there must be ``count``."""
    if len(samples) != count + 1:
        raise DeviceError("emulator", f"its counters were read {len(samples)} times, {count + 1} were expected")
    return tuple(
        StepCost(
            None if a.cycles is None or b.cycles is None else b.cycles - a.cycles, b.instructions - a.instructions
        )
        for a, b in itertools.pairwise(samples)
    )
