"""sdk flash: build, and bring the firmware onto a board."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_board, add_models, add_port, add_verbose, plain, watch
from sdk.pipeline import DeployOptions


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "flash",
        help="build the firmware and bring it onto a board, without running a model",
        description="The chip is checked before it is erased, and what was written is proven by checksums. A board"
        " that holds the same build already is left alone.",
    )
    add_models(parser)
    add_board(parser)
    add_port(parser)
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="keep the firmware in this folder")
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    chosen = DeployOptions(False, port=options.port, serial_number=options.serial, method=options.flash_by)
    board = boards.load(options.board)
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch, watch(console, options.verbose) as watcher:
        out = options.out or Path(scratch) / "out"
        firmware = pipeline.build(options.models, board, options.optimize, out, watcher)
        with pipeline.running(firmware, chosen, watcher) as (session, runner):
            names = ", ".join(model.name for model in session.models)
            note = f" ({runner.note})" if runner.note else ""
    console.print(
        f"[bold green]PROVEN[/]  {board.id} runs build {firmware.build_id.hex()[:12]} with {plain(names + note)}",
        highlight=False,
        soft_wrap=True,
    )
    return 0
