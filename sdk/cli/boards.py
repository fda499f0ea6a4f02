"""sdk boards: what is supported, and how well tested."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk.board.scaffold import scaffold
from sdk.cli.common import plain


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser("boards", help="the supported boards and how each was tested")
    parser.add_argument("--new", metavar="NAME", help="write NAME.toml, the beginning of a description")
    parser.add_argument("--like", metavar="B", default="nucleo_f446re", help="begin it from this board's")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    if options.new:
        file = plain(scaffold(options.new, options.like, Path()))
        console.print(f"{file}: correct what differs from {options.like}, then give --board {file}", highlight=False)
        return 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("board", "core", "MHz", "flash KB", "RAM KB"):
        table.add_column(column, justify="right" if column[0].isupper() or "KB" in column else "left", no_wrap=True)
    table.add_column("tested", overflow="fold")
    for board in boards.available():
        flash = sum(m.length for m in board.memories if m.kind == "flash")
        ram = sum(m.length for m in board.memories if m.kind == "ram")
        table.add_row(
            f"[bold]{board.id}[/]",
            board.core if board.cores == 1 else f"{board.cores} x {board.core}",
            f"{board.clock_hz / 1e6:g}" if board.clock_hz else "",
            f"{flash // 1024:,}" if flash else "",
            f"{ram // 1024:,}" if ram else "",
            board.tested,
        )
    console.print(table)
    return 0
