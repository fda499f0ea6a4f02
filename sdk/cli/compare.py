"""sdk compare: every layer's tensor, device against reference."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_board, add_inputs, add_target, add_verbose, plain, target_options, watch
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare", help="every layer's output, device against reference; the first difference named"
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .tflite or .onnx file")
    add_board(parser)
    add_target(parser)
    add_inputs(parser, repeat=1)
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    chosen = target_options(options)
    board = boards.load(options.board)
    with watch(console, options.verbose) as watcher:
        layers = pipeline.compare_layers(options.model, board, options.optimize, chosen, watcher)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("layer", "kernel", "tensor", "bytes", "different"):
        table.add_column(column, justify="right" if column in ("bytes", "different") else "left")
    for layer in layers:
        different = f"[bold red]{layer.bytes_different:,}[/]" if layer.bytes_different else "[green]0[/]"
        tensor = plain(layer.tensor)
        table.add_row(layer.layer, layer.kernel, tensor, f"{layer.bytes_compared:,}", different)
    console.print(table)
    first = next((layer for layer in layers if layer.bytes_different), None)
    if first is None:
        console.print(f"[bold green]PROVEN[/]  all {len(layers)} layers equal the reference")
        return EXIT_PROVEN
    console.print(f"[bold red]DIFFERENT[/]  first in {first.layer}, kernel {first.kernel}")
    return EXIT_DIFFERENT
