"""sdk evaluate: accuracy over labelled data, on the device and in the reference."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_board, add_json, add_target, add_verbose, plain, target_options, watch, write_json
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN
from sdk.measure.evaluate import Metrics, load_labelled


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "evaluate",
        help="accuracy over labelled data, on the device and in the reference",
        description="An interrupted run goes on where it stopped when the same command is given again.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .tflite or .onnx file")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE", help=".npz with samples x and labels y")
    parser.add_argument("--divide", type=float, metavar="N", help="divide the samples by N first (images: 255)")
    parser.add_argument("--limit", type=int, metavar="N", help="use only the first N samples")
    add_board(parser)
    add_target(parser)
    add_json(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def _score(metrics: Metrics) -> str:
    if metrics.accuracy is not None:
        return f"{100 * metrics.accuracy:.2f} %"
    return "undefined: one class only" if metrics.auc is None else f"{metrics.auc:.4f}"


def _confusion(console: Console, metrics: Metrics) -> None:
    if metrics.confusion is None:
        return
    table = Table(title="confusion on the device: rows are labels", box=box.SIMPLE, title_justify="left")
    table.add_column("")
    for predicted in range(len(metrics.confusion)):
        table.add_column(str(predicted), justify="right")
    for label, row in enumerate(metrics.confusion):
        cells = [f"[bold]{n}[/]" if label == i else str(n or "") for i, n in enumerate(row)]
        table.add_row(str(label), *cells)
    console.print(table)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    chosen = target_options(options)
    board = boards.load(options.board)
    with watch(console, options.verbose) as watcher:
        found = pipeline.evaluate(
            options.model,
            board,
            options.optimize,
            chosen,
            lambda graph: load_labelled(options.data, graph, divide=options.divide, limit=options.limit),
            watcher,
        )
    name = "accuracy" if found.device.accuracy is not None else "AUC of the reconstruction error"
    _confusion(console, found.device)
    console.print(f"{name} over {found.device.samples:,} samples of {plain(options.data)}", highlight=False)
    console.print(f"  {found.measured_on}: [bold]{_score(found.device)}[/]", highlight=False)
    console.print(f"  {found.oracle}: {_score(found.reference)}", highlight=False)
    if found.original:
        console.print(f"  {found.original[0]}, the ONNX model itself: {_score(found.original[1])}", highlight=False)
    if found.outputs_different:
        console.print(f"[bold red]DIFFERENT[/]  {found.outputs_different:,} samples' output bytes differ")
    else:
        console.print("[bold green]PROVEN[/]  all output bytes are equal")
    if options.json:
        write_json(options.json, asdict(found))
    return EXIT_DIFFERENT if found.outputs_different else EXIT_PROVEN
