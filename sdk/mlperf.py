"""The part of MLPerf Tiny's runner: performance over five inputs, accuracy over labelled data.

Performance is the median over the inputs of the throughput in at least 10 s or 10 inferences each, whichever is more.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from sdk import __version__
from sdk.board import Board
from sdk.build import build_firmware
from sdk.device.mlperf import MlperfDevice
from sdk.device.runner import Image, runner_for
from sdk.emit.sources import BENCHMARKS
from sdk.errors import InputError
from sdk.kernels.select import Optimize
from sdk.measure.evaluate import LabelledData, judge, load_labelled
from sdk.measure.inputs import random_inputs
from sdk.pipeline import DeployOptions, Watcher, lower

_INPUTS = 5
_MIN_INFERENCES = 10
_MIN_US = 10_000_000
_WARM_UP = 1
_SLACK_S = 60.0


@dataclass(frozen=True)
class MlperfResult:
    """What the runner found.

    Attributes:
        throughput: inferences a second: the median over the inputs.
        throughputs: for each input.
        inferences: for each input.
        accuracy: share of right answers, None without labelled data or for reconstruction.
        auc: for reconstruction.
        samples: labelled samples that were run.
    """

    benchmark: str
    board: str
    device: str
    measured_on: str
    model_sha256: str
    build_id: str
    throughput: float
    throughputs: tuple[float, ...]
    inferences: tuple[int, ...]
    accuracy: float | None
    auc: float | None
    samples: int


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
) -> MlperfResult:
    """Build firmware that speaks the benchmark's protocol, run it, and write a result folder.

    Args:
        path: the benchmark's quantized .tflite file.
        benchmark: one of ``BENCHMARKS``.
        board: that runs it.
        optimize: what to optimise for.
        options: where the board is, or that it is emulated, and the seed of inputs where there are no data.
        data: .npz with samples x and labels y; None for performance alone.
        out: folder for the results.
        watcher: is told what goes on.
        limit: use only the first samples.
    """
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch:
        watcher.stage(f"building for {board.id}")
        models = [lower(path, board, optimize)]
        program, _ = models[0]
        firmware = build_firmware(models, optimize, Path(scratch) / "out", watcher.log, benchmark)
        labelled = load_labelled(data, program.graph, limit=limit) if data is not None else None
        inputs = labelled.inputs[:_INPUTS] if labelled else random_inputs(program.graph, options.seed, _INPUTS)
        flip = np.uint8(BENCHMARKS[benchmark])
        image = Image(firmware.elf, firmware.bin, firmware.uf2, firmware.build_id)
        runner = runner_for(
            board,
            image,
            emulate=options.emulate,
            port=options.port,
            serial_number=options.serial_number,
            method=options.method,
        )
        with runner as endpoint, MlperfDevice(endpoint.url, endpoint.baud) as device:
            watcher.stage(f"performance on {runner.measured_on}")
            rates, counts = [], []
            for number, (array,) in enumerate(inputs, 1):
                device.load((array.view(np.uint8) ^ flip).tobytes())
                count, micros = _measure(device)
                rates.append(1e6 * count / micros)
                counts.append(count)
                watcher.advance(number, len(inputs))
            performance, device.log = device.log, []
            metrics = _accuracy(device, program.graph, labelled, flip, watcher) if labelled else None
            result = MlperfResult(
                benchmark=benchmark,
                board=board.id,
                device=device.name,
                measured_on=runner.measured_on,
                model_sha256=program.module.sha256,
                build_id=firmware.build_id.hex(),
                throughput=median(rates),
                throughputs=tuple(rates),
                inferences=tuple(counts),
                accuracy=metrics.accuracy if metrics else None,
                auc=metrics.auc if metrics else None,
                samples=metrics.samples if metrics else 0,
            )
            _write(out, result, performance, device.log, firmware.compiler)
    return result


def _measure(device: MlperfDevice) -> tuple[int, int]:
    """Inferences that take long enough, and their microseconds; the first few tell how many that are."""
    micros, _ = device.infer(_MIN_INFERENCES, _WARM_UP, timeout_s=_SLACK_S * _MIN_INFERENCES)
    if micros >= _MIN_US:
        return _MIN_INFERENCES, micros
    count = -(-_MIN_INFERENCES * _MIN_US * 101 // (micros * 100))
    micros, _ = device.infer(count, _WARM_UP, timeout_s=_SLACK_S * _MIN_INFERENCES)
    return count, micros


def _accuracy(device: MlperfDevice, graph: Any, data: LabelledData, flip: np.uint8, watcher: Watcher) -> Any:
    watcher.stage("accuracy")
    tensor = graph.tensors[graph.outputs[0]]
    outputs = []
    for number, (array,) in enumerate(data.inputs, 1):
        device.load((array.view(np.uint8) ^ flip).tobytes())
        _, values = device.infer(1, 0, timeout_s=_SLACK_S)
        if len(values) != tensor.elements:
            raise InputError("results", f"{len(values)} values, the model has {tensor.elements}")
        numbers = np.rint(np.array(values) / tensor.quant.scale) + tensor.quant.zero_point
        outputs.append(np.clip(numbers, -128, 127).astype(np.int8).reshape(tensor.shape))
        watcher.advance(number, len(data.inputs))
    return judge(graph, data, outputs)


def _write(out: Path, result: MlperfResult, performance: list[str], accuracy: list[str], compiler: str) -> None:
    """The folder of a submission: systems/, and results/<system>/<benchmark>/<mode>/."""
    folder = out / "results" / result.board / result.benchmark
    system = {
        "system_name": result.board,
        "processor": result.measured_on,
        "inference_framework": f"sdk {__version__}",
        "compiler": compiler,
        "model_sha256": result.model_sha256,
        "build_id": result.build_id,
    }
    (out / "systems").mkdir(parents=True, exist_ok=True)
    (out / "systems" / f"{result.board}.json").write_text(json.dumps(system, indent=2) + "\n", encoding="utf-8")
    both = zip(result.throughputs, result.inferences, strict=True)
    rows = [f"{rate:.3f} inf./sec. ({count} inferences)" for rate, count in both]
    _mode(folder / "performance", [*rows, f"Median throughput is {result.throughput:.3f} inf./sec."], performance)
    if result.samples:
        figure = f"Top-1: {100 * result.accuracy:.2f} %" if result.accuracy is not None else f"AUC: {result.auc}"
        _mode(folder / "accuracy", [f"{figure} of {result.samples} samples"], accuracy)
    (folder / "result.json").write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")


def _mode(folder: Path, lines: list[str], log: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "log.txt").write_text("\n".join(log) + "\n", encoding="utf-8")
