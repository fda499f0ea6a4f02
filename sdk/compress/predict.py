"""What a compressed model will cost on a board, from its plan and from what another model was measured to cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sdk import pipeline
from sdk.board import Board
from sdk.compress.compress import Compressor
from sdk.compress.mixed import Option
from sdk.ir import Module
from sdk.kernels.program import Step
from sdk.kernels.select import Optimize, select
from sdk.measure.record import Record
from sdk.passes import optimize as run_passes

_UNPACKING = 2048
"""Flash of the code that unpacks weights, where the measured model had none."""


@dataclass(frozen=True)
class Cost:
    """What a model costs on a board.

    Attributes:
        flash: bytes of the whole firmware.
        ram: the same.
        latency_us: microseconds of an inference; None where nothing counts them.
    """

    flash: int
    ram: int
    latency_us: float | None

    @staticmethod
    def measured(record: Record) -> Cost:
        """As a deployment found it."""
        latency = None if record.latency_us is None else record.latency_us.median
        return Cost(record.memory.flash, record.memory.ram, latency)


@dataclass(frozen=True)
class _Planned:
    constants: int
    arena: int
    cycles: float
    packed: bool


class Predictor:
    """Predicts costs: constants, arena and cycles of the plan, the rest as measured.

    Args:
        module: a model.
        measured: what it was measured to cost.
        board: where.
        optimize: how kernels are chosen.
    """

    def __init__(self, module: Module, measured: Record, board: Board, optimize: Optimize) -> None:
        self.board = board
        self.optimize = optimize
        self.learn(module, measured)

    def learn(self, module: Module, measured: Record) -> None:
        """Take another model's measurement for what does not follow from a plan."""
        plan, cost = self._plan(module), Cost.measured(measured)
        self._packed = plan.packed
        self.code = cost.flash - plan.constants
        self.other_ram = cost.ram - plan.arena
        self.us_per_cycle = None if cost.latency_us is None else cost.latency_us / max(plan.cycles, 1)

    def predict(self, module: Module) -> Cost:
        """The cost of a model."""
        plan = self._plan(module)
        code = self.code + (_UNPACKING if plan.packed and not self._packed else 0)
        latency = None if self.us_per_cycle is None else plan.cycles * self.us_per_cycle
        return Cost(plan.constants + code, plan.arena + self.other_ram, latency)

    def options(self, compressor: Compressor, options: Mapping[str, Sequence[Option]]) -> dict[str, list[Option]]:
        """Options with the constants, cycles and RAM of the kernels that would be chosen."""
        found: dict[tuple[str, str], Option] = {}
        for kind in {option.kind for of in options.values() for option in of}:
            module = compressor.compress({layer.name: kind for layer in compressor.layers}, "clip").module
            program = select(run_passes(module).module, self.board, self.optimize)
            for step in program.steps:
                for layer in compressor.layers:
                    if layer.op.outputs[0] == step.op.outputs[0]:
                        held = (program.graph.input(step.op, 0), program.graph.output(step.op))
                        ram = step.scratch_bytes + max(tensor.nbytes for tensor in held)
                        found[layer.name, kind] = Option(kind, step.const_bytes, step.prepared.cost, 0.0, ram)
        return {
            name: [replace(found[name, o.kind], loss=o.loss) for o in of if (name, o.kind) in found]
            for name, of in options.items()
        }

    def _plan(self, module: Module) -> _Planned:
        program, plan = pipeline.plan_module(module, self.board, self.optimize)
        links = [link for step in program.steps for link in step.links]
        return _Planned(
            sum(step.const_bytes for step in program.steps),
            plan.size,
            sum(_cycles(step) for step in program.steps),
            any("packed" in link.kernel.name for link in links),
        )


def _cycles(step: Step) -> float:
    """Cycles of the core that does the larger part of a step."""
    units = step.prepared.units
    share = 1.0 if step.cut is None else max(step.cut, units - step.cut) / units
    return share * step.prepared.cost
