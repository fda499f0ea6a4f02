"""Everything that a board must be able to do, in one run, with a report to send in."""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sdk import __version__, pipeline, resources
from sdk.board import Board
from sdk.build import Firmware
from sdk.device.flash import segments
from sdk.device.link import Session
from sdk.device.runner import Endpoint, Image, Runner, runner_for
from sdk.errors import SdkError
from sdk.kernels.select import Optimize
from sdk.measure.inputs import Inputs, random_inputs
from sdk.measure.run import Bench, check_identity
from sdk.measure.verify import compare, layer_differences
from sdk.oracle import best_for

SCHEMA_VERSION = 1

_INFERENCES = 20
_EXCHANGES = 500
_SEED = 1
_OPEN_S = 20.0
_STEADY = 0.01


@dataclass(frozen=True)
class Outcome:
    """One test: whether it passed, None where it does not apply, and what was seen."""

    name: str
    passed: bool | None
    seen: str


@dataclass
class Report:
    """What was tested on which board, and on which computer."""

    board: str
    tested: str
    measured_on: str = ""
    unique_id: str = ""
    build_id: str = ""
    compiler: str = ""
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether all that applies passed."""
        return bool(self.outcomes) and all(outcome.passed is not False for outcome in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        host = {"sdk": __version__, "python": platform.python_version(), "system": platform.platform()}
        return {"schema_version": SCHEMA_VERSION, "passed": self.passed, "host": host, **asdict(self)}


@dataclass
class _Run:
    """A firmware that is running, and what its tests need."""

    firmware: Firmware
    runner: Runner
    endpoint: Endpoint
    session: Session
    inputs: list[Inputs]

    @property
    def bench(self) -> Bench:
        return Bench(self.session, self.runner, self.firmware.models[0][0], 0)


def selftest(
    board: Board, options: pipeline.DeployOptions, watcher: pipeline.Watcher, model: Path | None = None
) -> Report:
    """Build, flash and test a model on a board; what fails is in the report, not an exception.

    Args:
        board: to be tested.
        options: where it is, or that it is emulated.
        watcher: is told what goes on.
        model: a .tflite file; None for the example that comes with the SDK.
    """
    path = model or resources.path("examples", "digits", "digits.tflite")
    report = Report(board.id, board.tested)
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch:
        try:
            firmware = pipeline.build([path], board, Optimize.BALANCED, Path(scratch) / "out", watcher)
            report.build_id, report.compiler = firmware.build_id.hex(), firmware.compiler
            _on_device(firmware, options, watcher, report)
        except SdkError as error:
            report.outcomes.append(Outcome("run to the end", False, str(error)))
    return report


def _on_device(
    firmware: Firmware, options: pipeline.DeployOptions, watcher: pipeline.Watcher, report: Report
) -> None:
    board = firmware.board
    runner = runner_for(
        board,
        Image(firmware.elf, firmware.bin, firmware.uf2, firmware.build_id),
        emulate=options.emulate,
        port=options.port,
        serial_number=options.serial_number,
        method=options.method,
    )
    report.measured_on = runner.measured_on
    watcher.stage(f"starting on {runner.measured_on}")
    with runner as endpoint:
        report.outcomes.append(Outcome("flash and start", True, runner.note or f"answers on {endpoint.url}"))
        with endpoint.session(timeout_s=_OPEN_S) as session:
            report.unique_id = session.info.unique_id.hex()
            inputs = random_inputs(firmware.models[0][0].graph, _SEED, _INFERENCES)
            run = _Run(firmware, runner, endpoint, session, inputs)
            for name, test in _TESTS.items():
                watcher.stage(name)
                passed, seen = test(run)
                report.outcomes.append(Outcome(name, passed, seen))


_Test = Callable[[_Run], tuple[bool | None, str]]


def _identity(run: _Run) -> tuple[bool | None, str]:
    check_identity(run.session, run.firmware)
    return True, f"build {run.firmware.build_id.hex()[:12]} for {run.session.info.board_id}"


def _contents(run: _Run) -> tuple[bool | None, str]:
    board = run.firmware.board
    if board.hosted:
        return None, "the system loads the program"
    image = Image(run.firmware.elf, run.firmware.bin)
    parts = segments(board, image)
    same = all(run.session.holds(address, data) for address, data in parts)
    return same, f"{sum(len(data) for _, data in parts):,} bytes by CRC-32"


def _unique_id(run: _Run) -> tuple[bool | None, str]:
    found = run.session.info.unique_id
    return (len(set(found)) > 1 if found else None), found.hex() or "the port tells none"


def _outputs(run: _Run) -> tuple[bool | None, str]:
    content = run.bench.program.module.content
    oracle = best_for(content)
    run.session.reset_state(0)
    outputs = [run.bench.infer(inputs)[0] for inputs in run.inputs]
    found = compare(outputs, oracle.run(content, run.inputs), oracle.name)
    return found.verified, f"{found.bytes_different} of {found.bytes_compared} bytes differ from {oracle.name}"


def _layers(run: _Run) -> tuple[bool | None, str]:
    oracle = best_for(run.bench.program.module.content)
    found = layer_differences(run.bench, run.inputs[:1], oracle, lambda _: None)
    wrong = [layer.layer for layer in found if layer.bytes_different]
    return not wrong, f"wrong: {', '.join(wrong)}" if wrong else f"all {len(found)} layers' tensors are equal"


def _clocks(run: _Run) -> tuple[bool | None, str]:
    """Cycles and microseconds of the device agree, and repeat."""
    if not run.runner.keeps_time:
        return None, "the emulator keeps no time"
    run.bench.feed(run.inputs[0])
    one = run.session.invoke(0)
    if one.clock_fault:
        return False, one.clock_fault
    if one.cycles is None:
        return None, "the port has no cycle counter"
    run.bench.feed(run.inputs[0])
    two = run.session.invoke(0)
    if two.cycles is None or abs(two.cycles - one.cycles) > _STEADY * one.cycles:
        return False, f"the same inference took {one.cycles} and {two.cycles} cycles"
    hz = run.firmware.board.clock_hz
    same = run.session.info.clock_hz == hz
    return same, f"{one.cycles:,} cycles, {one.micros} us; the port says {run.session.info.clock_hz} Hz, the board {hz}"


def _wall_clock(run: _Run) -> tuple[bool | None, str]:
    """The device must not have counted more time than passed here, link included."""
    hz = run.session.info.clock_hz
    if not run.runner.keeps_time or hz is None or run.runner.measured_on != "board":
        return None, "needs a real board with a cycle counter"
    cycles, wall = 0, 0.0
    began = time.monotonic()
    while time.monotonic() - began < 2.0:
        run.bench.feed(run.inputs[0])
        done = run.session.invoke(0)
        if done.cycles is None:
            return False, done.clock_fault
        cycles, wall = cycles + done.cycles, wall + done.wall_s
    return cycles / hz <= wall, f"{cycles / hz:.3f} s by the device, {wall:.3f} s here with the link's delays"


def _link(run: _Run) -> tuple[bool | None, str]:
    before = run.session.retries
    for _ in range(_EXCHANGES):
        run.session.memory()
    rate = f", {run.session.baud:,} bits a second" if run.firmware.board.console.kind == "uart" else ""
    return True, f"{run.session.retries - before} of {_EXCHANGES} requests repeated{rate}"


def _stack(run: _Run) -> tuple[bool | None, str]:
    marks = run.session.memory()
    if marks.stack_used is None or marks.stack_size is None:
        return None, "not measured"
    return marks.stack_used < marks.stack_size, f"{marks.stack_used:,} of {marks.stack_size:,} bytes used"


def _restart(run: _Run) -> tuple[bool | None, str]:
    """The firmware restarts on request and is itself again; the last test, because it ends the session."""
    if run.endpoint.url.startswith("socket:"):
        return None, "an emulator ends with its console"
    run.session.reset()
    began = time.monotonic()
    with run.endpoint.session(timeout_s=_OPEN_S) as session:
        check_identity(session, run.firmware)
    return True, f"answers again after {time.monotonic() - began:.1f} s"


_TESTS: dict[str, _Test] = {
    "identity": _identity,
    "contents of the flash": _contents,
    "unique id": _unique_id,
    "outputs": _outputs,
    "every layer": _layers,
    "clocks": _clocks,
    "clock against this computer": _wall_clock,
    "link": _link,
    "stack": _stack,
    "restart": _restart,
}
