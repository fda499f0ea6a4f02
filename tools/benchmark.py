"""Run models on boards' emulators and write down what they cost.

    python tools/benchmark.py MODEL... [--boards B ...] [--optimize O ...] [--jobs N] [--compare OLD.json]

Writes benchmarks/<date>-<commit>.json (machine, emulators, commit, command, results) and docs/benchmarks.md, in which
published figures stand beside ours. A model is named kws, vww, ic or ad when its file is the MLPerf Tiny one. Results
depend on the sources and tools alone: two runs give the same figures.

With --compare, exits with 1 when cycles (or instructions), arena or flash grew by more than --bound percent.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sdk import board as boards
from sdk import pipeline
from sdk.errors import SdkError
from sdk.kernels.select import Optimize

ROOT = Path(__file__).resolve().parent.parent
BOARDS = ("pico", "mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547")
SHORT = {
    "mlperf__kws_ref_model": "kws",
    "mlperf__vww_96_int8": "vww",
    "mlperf__pretrainedResnet_quant": "ic",
    "mlperf__model_ToyCar_quant_fullint_micro_intio": "ad",
}
WATCHED = ("cycles", "instructions", "arena_bytes", "flash_bytes")


class Quiet:
    """A watcher that says nothing."""

    def stage(self, text: str) -> None:
        """Ignore."""

    def advance(self, done: int, total: int) -> None:
        """Ignore."""

    def log(self, text: str) -> None:
        """Ignore."""


def fixed_input(folder: Path, bytes_: int) -> Path:
    """The input of the published figures: byte i is (37 i + 11) mod 256 - 128."""
    path = folder / f"{bytes_}.bin"
    path.write_bytes(((np.arange(bytes_) * 37 + 11) % 256 - 128).astype(np.int8).tobytes())
    return path


def attempt(case: tuple[Path, str, Optimize], folder: Path) -> dict[str, Any] | str:
    """One deployment in an emulator: its figures, or why there are none."""
    try:
        return measure(*case, folder)
    except SdkError as error:
        return str(error)


def measure(model: Path, board: str, optimize: Optimize, folder: Path) -> dict[str, Any]:
    """The figures of one deployment."""
    target = boards.load(board)
    program, _ = pipeline.lower(model, target, optimize)
    size = sum(program.graph.tensors[t].nbytes for t in program.graph.inputs)
    options = pipeline.DeployOptions(emulate=True, input=fixed_input(folder, size), repeat=1)
    (record,) = pipeline.deploy([model], target, optimize, options, Quiet())
    report = record.to_json()
    keys = ("core", "measured_on", "verified", "cycles", "cycles_source", "flash_stall_cycles", "instructions", "macs")
    keys += ("arena_bytes", "arena_lower_bound_bytes", "ram_bytes", "weights_bytes", "flash_bytes", "compiler")
    layers = [{k: layer[k] for k in ("name", "kernel", "cycles", "instructions")} for layer in report["layers"]]
    name = SHORT.get(model.stem, model.stem)
    return {"model": name, "board": board, "optimize": optimize.value, **{k: report[k] for k in keys}, "layers": layers}


def commit() -> str:
    """The commit that the sources are at, marked if they were changed since."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + ("-changed" if git("status", "--porcelain", "-uno") else "")


def published() -> list[dict[str, str]]:
    """The figures of others."""
    with (ROOT / "benchmarks" / "published.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _millions(value: int | None) -> str:
    return "" if value is None else f"{value / 1e6:.3f}"


def table(results: Iterable[dict[str, Any]]) -> list[str]:
    """Markdown rows: ours, and below them the published figures for the same core and model."""
    lines = [
        "| core | model | system | Mcycles | stalls | Minstructions | arena | flash |",
        "|---|---|---|--:|--:|--:|--:|--:|",
    ]
    ordered = sorted(results, key=lambda r: (r["core"], r["model"], r["optimize"]))
    for (core, model), group in itertools.groupby(ordered, key=lambda r: (r["core"], r["model"])):
        for r in group:
            lines.append(
                f"| {core} | {model} | **sdk {r['optimize']}** on {r['measured_on']} | {_millions(r['cycles'])} |"
                f" {_millions(r['flash_stall_cycles'])} | {_millions(r['instructions'])} |"
                f" {r['arena_bytes']:,} | {r['flash_bytes']:,} |"
            )
        for p in published():
            if (p["core"], p["model"]) == (core, model):
                figures = [p["Mcycles"], "", p["Minstructions"], p["arena_bytes"], p["flash_bytes"]]
                lines.append(f"| {core} | {model} | {p['source']} | {' | '.join(figures)} |")
    return lines


def document(report: dict[str, Any]) -> str:
    """docs/benchmarks.md."""
    head = [
        "# Benchmarks",
        "",
        f"Made by `{report['command']}` at commit {report['commit']} on {report['date']} ({report['machine']}).",
        "One inference. Cycles of emulated boards are counts (rp2040js) or estimates from the core manuals' timings",
        "(QEMU), both without flash wait states; a board takes more. Stalls are Mcycles of waiting for the Pico's",
        "flash, by a model of its cache, to be added to the cycles. Where there is no honest cycle model only",
        "instructions are given. Every output byte of every row was equal to the reference.",
        "",
    ]
    return "\n".join([*head, *table(report["results"]), ""])


def regressions(old: dict[str, Any], new: dict[str, Any], bound: float) -> list[str]:
    """What grew by more than a bound, in percent."""
    before = {(r["model"], r["board"], r["optimize"]): r for r in old["results"]}
    found = []
    for r in new["results"]:
        key = (r["model"], r["board"], r["optimize"])
        for figure in WATCHED:
            a, b = before.get(key, {}).get(figure), r[figure]
            if a and b and b > a * (1 + bound / 100):
                found.append(f"{' '.join(key)}: {figure} {a:,} -> {b:,} (+{100 * (b / a - 1):.1f} %)")
    return found


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--boards", nargs="+", default=BOARDS)
    parser.add_argument("--optimize", nargs="+", type=Optimize, default=list(Optimize))
    parser.add_argument("--jobs", type=int, default=1, help="deployments at once (default: 1)")
    parser.add_argument("--compare", type=Path, metavar="OLD")
    parser.add_argument("--bound", type=float, default=1.0, help="percent that a figure may grow (default: 1)")
    parser.add_argument("-o", "--out", type=Path, help="write the JSON here, and no document")
    options = parser.parse_args()
    results, failed = [], 0
    folder = Path(pipeline.cache_folder() / "benchmark")
    folder.mkdir(parents=True, exist_ok=True)
    cases = list(itertools.product(options.models, options.boards, options.optimize))
    with ProcessPoolExecutor(options.jobs) as pool:
        for case, result in zip(cases, pool.map(partial(attempt, folder=folder), cases), strict=True):
            name = f"{SHORT.get(case[0].stem, case[0].stem)} on {case[1]}, {case[2].value}"
            if isinstance(result, str):
                print(f"{name}: {result}", flush=True)
                failed += 1
                continue
            failed += not result["verified"]
            verdict = "" if result["verified"] else "  OUTPUTS DIFFER"
            print(f"{name}: {_millions(result['cycles'] or result['instructions'])} M{verdict}", flush=True)
            results.append(result)
    report = {
        "date": date.today().isoformat(),
        "commit": commit(),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "command": shlex.join(["python", "tools/benchmark.py", *(Path(a).name for a in sys.argv[1:])]),
        "results": results,
    }
    out = options.out or ROOT / "benchmarks" / f"{report['date']}-{report['commit']}.json"
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if not options.out:
        (ROOT / "docs" / "benchmarks.md").write_text(document(report), encoding="utf-8")
    if options.compare:
        worse = regressions(json.loads(options.compare.read_text(encoding="utf-8")), report, options.bound)
        print("\n".join(worse) or "no figure grew beyond the bound")
        failed += len(worse)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
