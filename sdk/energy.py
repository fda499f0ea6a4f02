"""Energy of a model on a board: run, recorded by a power meter, and verified like every run."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from sdk.board import Board
from sdk.device.power import Meter
from sdk.errors import DeviceError
from sdk.kernels.select import Optimize
from sdk.measure.energy import Energy, energy
from sdk.measure.record import Verification
from sdk.measure.run import Bench
from sdk.measure.verify import compare
from sdk.oracle import best
from sdk.pipeline import DeployOptions, Watcher, build, choose_inputs, running

_QUIET_S = 0.5
_TAIL_S = 0.2
"""In which the last samples arrive."""


def measure_energy(
    path: Path,
    board: Board,
    optimize: Optimize,
    options: DeployOptions,
    meter: Meter | None,
    pin: int,
    watcher: Watcher,
) -> tuple[Energy | None, Verification]:
    """Build firmware that marks its inferences on a pin, run it, and integrate what the meter recorded.

    Args:
        path: of the model.
        board: that runs it.
        optimize: what to optimise for.
        options: where the board is; its repeat is the number of inferences.
        meter: that measures the board, with the pin wired to its logic input; None if something else records it.
        pin: number of the pin, by the chip's numbering.
        watcher: is told what goes on.

    Returns:
        The figures, None without a meter, and the comparison of the outputs with the reference's.

    Raises:
        DeviceError: the board's port has no such pin, or the meter failed.
        InputError: the recording does not hold what was run.
    """
    board = replace(board, defines={**board.defines, "SDK_MARK_PIN": f"{pin}u"})
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch, ExitStack() as measuring:
        firmware = build([path], board, optimize, Path(scratch) / "out", watcher)
        program = firmware.models[0][0]
        inputs = choose_inputs(program, options)
        oracle = best()
        references = oracle.run(program.module.content, inputs)
        if meter is not None:
            measuring.enter_context(meter)
        session, runner = measuring.enter_context(running(firmware, options, watcher))
        if not session.info.has_mark:
            raise DeviceError(board.id, "its port cannot mark inferences on a pin", "choose another board")
        bench = Bench(session, runner, program, 0)
        session.reset_state(0)
        watcher.stage(f"measuring on {runner.measured_on}")
        if meter is not None:
            meter.start()
        time.sleep(_QUIET_S)
        outputs = []
        for number, arrays in enumerate(inputs, 1):
            outputs.append(bench.infer(arrays)[0])
            watcher.advance(number, len(inputs))
        time.sleep(_TAIL_S)
        trace = meter.stop() if meter is not None else None
    found = energy(trace, len(inputs)) if trace is not None else None
    return found, compare(outputs, references, oracle.name)
