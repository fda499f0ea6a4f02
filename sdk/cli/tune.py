"""sdk tune: measure the candidate kernels of every layer and remember the winners."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_target, add_verbose, target_options, watch, write_json


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "tune",
        help="measure the candidate kernels of every layer, remember the winners in a file",
        description="Give the file to deploy or build with --tuned, and commit it with the product.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a model file")
    parser.add_argument("--board", required=True, metavar="B", help="the board (see sdk boards)")
    add_target(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="where to put the winners (JSON)")
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    chosen = replace(target_options(options), repeat=1)
    with watch(console, options.verbose) as watcher:
        tuned, layers = pipeline.tune(options.model, boards.load(options.board), chosen, watcher)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("#", justify="right", style="dim")
    table.add_column("fastest", style="cyan", overflow="fold")
    table.add_column("cost", justify="right", no_wrap=True)
    table.add_column("gain", justify="right", no_wrap=True)
    table.add_column("next best", overflow="fold")
    for layer in layers:
        others = f"{layer.trials[1].cost:,}  {layer.trials[1].kernel}" if len(layer.trials) > 1 else ""
        gain = f"{layer.gain:,}" if layer.gain else ""
        table.add_row(str(layer.op), layer.best.kernel, f"{layer.best.cost:,}", gain, others)
    console.print(table)
    total, gained = sum(layer.best.cost for layer in layers), sum(layer.gain for layer in layers)
    share = f"{100 * gained / (total + gained):.1f} %"
    console.print(f"{total:,} on {tuned.measured_on}, {share} less than by the cost model", highlight=False)
    write_json(options.out, tuned.to_json())
    return 0
