"""sdk devices: what is attached, and what runs on it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk.cli.common import add_json, plain, write_json
from sdk.device.devices import attached


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "devices",
        help="what is attached, and what runs on it",
        description="Asks the ports that known boards have; a UART adapter only when --port names it.",
    )
    parser.add_argument("--port", metavar="P", help="one more port to ask")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    found = attached(boards.available(), options.port)
    if options.json:
        write_json(options.json, [asdict(one) for one in found])
    if not found:
        console.print("nothing is attached")
        return 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("port", "serial number", "board", "chip's id", "build", "models"):
        table.add_column(column)
    for one in found:
        last = ", ".join(one.models) if one.build_id else f"({one.note})"
        cells = (one.place, one.serial_number, " or ".join(one.boards), one.unique_id, one.build_id[:12], last)
        table.add_row(*(plain(cell) for cell in cells))
    console.print(table)
    return 0
