"""sdk mlperf: MLPerf Tiny's benchmark, with this computer as the runner."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk.cli.common import add_board, add_target, add_verbose, plain, target_options, watch
from sdk.cli.meter import METERS, add_meter, chosen_meter
from sdk.emit.sources import BENCHMARKS
from sdk.errors import InputError
from sdk.mlperf import Monitor, mlperf


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "mlperf",
        help="run a model as MLPerf Tiny's runner does: throughput or energy, and accuracy over labelled data",
        description="Five inputs, at least 10 s and 10 inferences each, the median. Performance needs a board whose"
        " port has a microsecond clock; energy a --meter and a --pin.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="the benchmark's quantized .tflite file")
    parser.add_argument("--benchmark", required=True, choices=list(BENCHMARKS), help="which benchmark the model is for")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="D",
        help=".npz with samples x and labels y, or a folder with y_labels.csv",
    )
    parser.add_argument("--mode", choices=("performance", "energy"), default="performance", help="what to measure")
    parser.add_argument("--meter", choices=METERS, help="what measures the board in energy mode")
    add_meter(parser)
    parser.add_argument("--limit", type=int, metavar="N", help="use only the first N samples")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    add_board(parser)
    add_target(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    monitor = None
    if options.mode == "energy":
        if options.meter is None or options.pin is None:
            raise InputError("--mode energy", "needs --meter and --pin")
        monitor = Monitor(chosen_meter(options), options.pin)
    with watch(console, options.verbose) as watcher:
        found = mlperf(
            options.model,
            options.benchmark,
            boards.load(options.board),
            options.optimize,
            target_options(options),
            options.data,
            options.out,
            watcher,
            options.limit,
            monitor,
        )
    console.print(f"{found.benchmark} on {found.board} ({found.measured_on})", highlight=False)
    if monitor is None:
        figure = f"[bold]{found.throughput:.3f}[/] inferences a second"
    else:
        figure = f"[bold]{found.microjoules:.3f}[/] uJ an inference; {plain(found.supply)}"
    console.print(f"  {figure} (median of {len(found.trials)} inputs)", highlight=False, soft_wrap=True)
    accuracy = found.accuracy
    if accuracy is not None and accuracy.top1 is not None:
        console.print(f"  accuracy {100 * accuracy.top1:.2f} % of {accuracy.samples:,} samples", highlight=False)
    if accuracy is not None and accuracy.auc is not None:
        console.print(f"  AUC {accuracy.auc:.4f} over {accuracy.samples:,} samples", highlight=False)
    console.print(f"the results are in {plain(options.out)}", highlight=False)
    return 0
