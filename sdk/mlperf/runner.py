"""Plays the runner's part against a board.

Performance is the median over five inputs of the throughput in at least 10 s and 10 inferences each; energy the median
of the energy of an inference, likewise.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sdk import __version__
from sdk.board import Board
from sdk.build import build_firmware
from sdk.device.mlperf import MlperfDevice
from sdk.device.power import Meter
from sdk.device.runner import Image, runner_for
from sdk.emit.sources import FLOAT_INPUTS
from sdk.errors import DeviceError
from sdk.kernels.select import Optimize
from sdk.measure.energy import last_interval
from sdk.measure.evaluate import area_under_curve
from sdk.mlperf.results import Accuracy, MlperfResult, Trial, write_results
from sdk.mlperf.stimuli import Stimulus, load_stimuli, random_stimuli
from sdk.pipeline import DeployOptions, Watcher, lower

_INPUTS = 5
_MIN_INFERENCES = 10
_MIN_S = 10.0
_MARGIN = 1.01
_WARM_UP = 1
_SLACK_S = 60.0
_TAIL_S = 0.2
_ENERGY_BAUD = 9600
"""Of the benchmark's IO manager, which isolates the device."""


@dataclass(frozen=True)
class Monitor:
    """What measures the energy: a meter, and the chip's pin that tells it the time."""

    meter: Meter
    pin: int


def mlperf(
    path: Path,
    benchmark: str,
    board: Board,
    optimize: Optimize,
    options: DeployOptions,
    data: Path | None,
    out: Path,
    watcher: Watcher,
    limit: int | None = None,
    monitor: Monitor | None = None,
) -> MlperfResult:
    """Build firmware that speaks the benchmark's protocol, run it, and write a result folder.

    Args:
        path: the benchmark's quantized .tflite file.
        benchmark: one of ``BENCHMARKS``.
        board: that runs it.
        optimize: what to optimise for.
        options: where the board is, or that it is emulated, and the seed of inputs where there are no data.
        data: labelled samples, as ``load_stimuli`` reads them; None for random inputs and no accuracy.
        out: folder for the results.
        watcher: is told what goes on.
        limit: use only the first samples.
        monitor: for energy mode, which has no accuracy run; None for performance mode.
    """
    if monitor is not None:
        board = _energy_board(board, monitor.pin)
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch, ExitStack() as running:
        watcher.stage(f"building for {board.id}")
        models = [lower(path, board, optimize)]
        graph = models[0][0].graph
        firmware = build_firmware(models, optimize, Path(scratch) / "out", watcher.log, benchmark)
        if data is not None:
            stimuli = load_stimuli(data, graph, benchmark, limit)
        else:
            stimuli = random_stimuli(graph, benchmark, options.seed, _INPUTS)
        if monitor is not None:
            running.enter_context(monitor.meter)
        runner = runner_for(
            board,
            Image(firmware.elf, firmware.bin, firmware.uf2, firmware.build_id),
            emulate=options.emulate,
            port=options.port,
            serial_number=options.serial_number,
            method=options.method,
        )
        endpoint = running.enter_context(runner)
        device = running.enter_context(MlperfDevice(endpoint.url, endpoint.baud))
        watcher.stage(f"{'energy' if monitor else 'performance'} on {runner.measured_on}")
        trials, supply = _trials(device, stimuli[:_INPUTS], monitor, watcher)
        trial_log, device.log = device.log, []
        accuracy = None
        if data is not None and monitor is None:
            watcher.stage("accuracy")
            accuracy = _accuracy(device, stimuli, benchmark, watcher)
        result = MlperfResult(
            benchmark=benchmark,
            board=board.id,
            device=device.name,
            measured_on=runner.measured_on,
            model_sha256=models[0][0].module.sha256,
            build_id=firmware.build_id.hex(),
            trials=trials,
            supply=supply,
            accuracy=accuracy,
        )
        write_results(out, result, _system(board, firmware.compiler, runner.measured_on), trial_log, device.log)
    return result


def _energy_board(board: Board, pin: int) -> Board:
    """The board with firmware in energy mode, at the IO manager's rate where the port can have it."""
    defines = {**board.defines, "SDK_MARK_PIN": f"{pin}u", "SDK_MLPERF_ENERGY": "1"}
    if "SDK_CONSOLE_BAUD" not in board.defines:
        return replace(board, defines=defines)
    defines["SDK_CONSOLE_BAUD"] = f"{_ENERGY_BAUD}u"
    return replace(board, defines=defines, console=replace(board.console, baud=_ENERGY_BAUD))


def _trials(
    device: MlperfDevice, stimuli: Sequence[Stimulus], monitor: Monitor | None, watcher: Watcher
) -> tuple[tuple[Trial, ...], str]:
    """Measure each input; returns the trials, and the supply and the instrument of energy mode."""
    trials, supply = [], ""
    for number, stimulus in enumerate(stimuli, 1):
        device.load(stimulus.windows[0])
        trial, supply = _trial(device, _MIN_INFERENCES, monitor)
        if trial.seconds < _MIN_S:
            enough = math.ceil(_MARGIN * _MIN_INFERENCES * _MIN_S / trial.seconds)
            trial, supply = _trial(device, enough, monitor)
        trials.append(trial)
        watcher.advance(number, len(stimuli))
    return tuple(trials), supply


def _trial(device: MlperfDevice, count: int, monitor: Monitor | None) -> tuple[Trial, str]:
    timeout_s = _SLACK_S * _MIN_INFERENCES
    if monitor is None:
        micros, _ = device.infer(count, _WARM_UP, timeout_s=timeout_s)
        if not micros:
            raise DeviceError(device.name, "the board's port has no microsecond clock", "choose another board")
        return Trial(count, micros / 1e6), ""
    monitor.meter.start()
    device.infer(count, _WARM_UP, timeout_s=timeout_s)
    time.sleep(_TAIL_S)
    trace = monitor.meter.stop()
    seconds, joules = last_interval(trace)
    return Trial(count, seconds, joules), f"{trace.supply}; measured by {trace.source}"


def _accuracy(device: MlperfDevice, stimuli: Sequence[Stimulus], benchmark: str, watcher: Watcher) -> Accuracy:
    """The results of a sample's windows are averaged: for anomaly detection they are reconstruction errors."""
    results = []
    for number, stimulus in enumerate(stimuli, 1):
        windows = []
        for window in stimulus.windows:
            device.load(window)
            windows.append(device.infer(1, 0, timeout_s=_SLACK_S)[1])
        results.append(np.mean(windows, axis=0))
        watcher.advance(number, len(stimuli))
    labels = np.array([stimulus.label for stimulus in stimuli])
    if benchmark in FLOAT_INPUTS:
        return Accuracy(len(stimuli), auc=area_under_curve(np.array(results)[:, 0], labels))
    predicted = [int(np.argmax(values)) if len(values) > 1 else int(values[0] > 0.5) for values in results]
    return Accuracy(len(stimuli), top1=float(np.mean(np.array(predicted) == labels)))


def _system(board: Board, compiler: str, measured_on: str) -> dict[str, str]:
    """What the submission checker wants to know; "rdi" is research, development or internal."""
    return {
        "Status": "rdi",
        "Board Name": board.title or board.id,
        "Processor(s) Name": board.core,
        "Processor(s) Frequencies": f"{board.clock_hz / 1e6:g} MHz" if board.clock_hz else "",
        "Inference Framework": f"sdk {__version__}",
        "Software Notes": f"{compiler}; measured on {measured_on}",
    }
