"""sdk monitor: what a board says, and what ended its previous run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk.device.crash import last_crash
from sdk.device.flash import Where, find_console
from sdk.device.monitor import listen
from sdk.device.runner import Endpoint


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "monitor",
        help="show what a board says until Ctrl-C; with --elf, where it crashed",
        description="Sends nothing, unless --elf asks the firmware for the fault that ended its previous run.",
    )
    parser.add_argument("--board", required=True, metavar="B", help="the board (see sdk boards)")
    parser.add_argument("--port", metavar="P", help="the board's serial port")
    parser.add_argument("--serial", metavar="S", help="serial number of the board, when there are several")
    parser.add_argument("--elf", type=Path, metavar="FILE", help="the firmware's ELF file, to name a fault's place")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    board = boards.load(options.board)
    port = find_console(board, Where(options.port, options.serial)).device
    baud = board.console.baud or 115_200
    if options.elf:
        crash = last_crash(Endpoint(port, baud, board.console.fastest_baud), options.elf)
        text = f"the firmware crashed: {crash}" if crash else "the firmware's previous run did not end by a fault"
        console.print(text, highlight=False, markup=False, soft_wrap=True)
        return 0
    for text in listen(port, baud):
        sys.stdout.write(text)
        sys.stdout.flush()
    return 0
