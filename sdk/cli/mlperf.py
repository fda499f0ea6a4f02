"""sdk mlperf: MLPerf Tiny's benchmark, with this computer as the runner."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk.cli.common import add_board, add_target, add_verbose, target_options, watch
from sdk.emit.sources import BENCHMARKS
from sdk.mlperf import mlperf


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "mlperf",
        help="run a model as MLPerf Tiny's runner does: throughput, and accuracy over labelled data",
        description="Performance: five inputs, at least 10 s and 10 inferences each, the median. Needs a board whose"
        " port has a microsecond clock.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="the benchmark's quantized .tflite file")
    parser.add_argument("--benchmark", required=True, choices=list(BENCHMARKS), help="which benchmark the model is for")
    parser.add_argument("--data", type=Path, metavar="FILE", help=".npz with samples x and labels y, for accuracy")
    parser.add_argument("--limit", type=int, metavar="N", help="use only the first N samples")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    add_board(parser)
    add_target(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
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
        )
    console.print(f"{found.benchmark} on {found.board} ({found.measured_on})", highlight=False)
    console.print(f"  [bold]{found.throughput:.3f}[/] inferences a second (median of 5 inputs)", highlight=False)
    if found.accuracy is not None:
        console.print(f"  accuracy {100 * found.accuracy:.2f} % of {found.samples:,} samples", highlight=False)
    if found.auc is not None:
        console.print(f"  AUC {found.auc:.4f} over {found.samples:,} samples", highlight=False)
    console.print(f"the results are in {options.out}", highlight=False)
    return 0
