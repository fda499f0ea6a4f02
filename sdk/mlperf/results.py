"""The benchmark's result folder, as its submission checker reads it (mlcommons/tiny, tools/submission)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

_SHORT = {"kws01": "kws", "vww01": "vww", "ic01": "ic", "ad01": "ad"}


@dataclass(frozen=True)
class Trial:
    """Inferences of one input that were measured together.

    Attributes:
        inferences: number of them.
        seconds: that they took.
        joules: that they took; None without a power meter.
    """

    inferences: int
    seconds: float
    joules: float | None = None

    @property
    def throughput(self) -> float:
        """Inferences a second."""
        return self.inferences / self.seconds

    @property
    def microjoules(self) -> float:
        """Of an inference; 0 without a power meter."""
        return 1e6 * (self.joules or 0.0) / self.inferences


@dataclass(frozen=True)
class Accuracy:
    """How right the answers were: the share of right ones, or for anomaly detection the area under the ROC curve."""

    samples: int
    top1: float | None = None
    auc: float | None = None


@dataclass(frozen=True)
class MlperfResult:
    """What the runner found.

    Attributes:
        benchmark: one of ``BENCHMARKS``.
        board: its id.
        device: what it said its name is.
        measured_on: "board", or the emulator.
        trials: one for each input.
        supply: the voltage and the instrument of energy mode; empty in performance mode.
        accuracy: None without labelled data.
    """

    benchmark: str
    board: str
    device: str
    measured_on: str
    model_sha256: str
    build_id: str
    trials: tuple[Trial, ...]
    supply: str
    accuracy: Accuracy | None

    @property
    def throughput(self) -> float:
        """Median of the trials' throughputs, in inferences a second."""
        return median(trial.throughput for trial in self.trials)

    @property
    def microjoules(self) -> float:
        """Median of the trials' energies of an inference."""
        return median(trial.microjoules for trial in self.trials)


def write_results(
    out: Path, result: MlperfResult, system: dict[str, str], trial_log: list[str], accuracy_log: list[str]
) -> None:
    """Write systems/BOARD.json and results/BOARD/BENCHMARK/MODE/.

    Args:
        out: the folder.
        result: to be written.
        system: what the submission tells of the system.
        trial_log: the dialogue with the device during the trials.
        accuracy_log: and during the accuracy run.
    """
    (out / "systems").mkdir(parents=True, exist_ok=True)
    (out / "systems" / f"{result.board}.json").write_text(json.dumps(system, indent=2) + "\n", encoding="utf-8")
    folder = out / "results" / result.board / _SHORT[result.benchmark]
    facts = {key: getattr(result, key) for key in ("benchmark", "board", "device", "measured_on")}
    facts |= {"model_sha256": result.model_sha256, "build_id": result.build_id}
    trials = [{"inferences": t.inferences, "seconds": t.seconds, "joules": t.joules} for t in result.trials]
    if result.supply:
        content = facts | {"trials": trials, "microjoules": result.microjoules, "supply": result.supply}
        _write(folder / "energy", _energy_lines(result), trial_log, content)
    else:
        content = facts | {"trials": trials, "throughput": result.throughput}
        _write(folder / "performance", _performance_lines(result.trials, result.throughput), trial_log, content)
    found = result.accuracy
    if found is not None:
        line = f"sdk: Top 1% = {100 * found.top1:.1f}" if found.top1 is not None else f"sdk: AUC = {found.auc or 0:.3f}"
        content = facts | {"samples": found.samples, "top1": found.top1, "auc": found.auc}
        _write(folder / "accuracy", [line], accuracy_log, content)


def _performance_lines(trials: Sequence[Trial], throughput: float) -> list[str]:
    lines = []
    for number, trial in enumerate(trials, 1):
        lines += [
            f"sdk: Performance results for window {number}:",
            f"sdk:   # Inferences : {trial.inferences:>13}",
            f"sdk:   Runtime      : {trial.seconds:>10.3f} sec.",
            f"sdk:   Throughput   : {trial.throughput:>10.3f} inf./sec.",
        ]
    return [*lines, f"sdk: Median throughput is {throughput:>10.3f} inf./sec."]


def _energy_lines(result: MlperfResult) -> list[str]:
    lines = [f"sdk: {result.supply}"]
    for number, trial in enumerate(result.trials):
        joules = trial.joules or 0.0
        lines += [
            f"sdk: Energy data for trial {number}",
            f"sdk:   Elapsed time  : {trial.seconds:.3f}",
            f"sdk:   Inferences    : {trial.inferences}",
            f"sdk:   Power         : {1e3 * joules / trial.seconds:.4f} mW.",
            f"sdk:   Total Energy  : {1e6 * joules:.3f} uJ",
            f"sdk:   Energy/Inf    : {trial.microjoules:.3f} uJ/inf",
        ]
    return [*lines, f"sdk: Median energy cost is {result.microjoules:.4f} uJ/inf."]


def _write(folder: Path, lines: list[str], log: list[str], content: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "log.txt").write_text("\n".join(log) + "\n", encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
