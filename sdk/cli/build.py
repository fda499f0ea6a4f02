"""sdk build: only the firmware."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_board, add_models, add_tuned, add_verbose, plain, watch
from sdk.measure.tuning import load_tuned


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "build", help="make the firmware only: C sources, ELF, UF2, map, manifest.json"
    )
    add_models(parser)
    add_board(parser)
    add_tuned(parser)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="where to put it")
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    board = boards.load(options.board)
    with watch(console, options.verbose) as watcher:
        tuned = [load_tuned(path) for path in options.tuned]
        firmware = pipeline.build(options.models, board, options.optimize, options.out, watcher, tuned)
    image = firmware.image
    console.print(
        f"{plain(firmware.elf)}: flash {image.flash_bytes:,} B (weights {firmware.weights_bytes:,}),"
        f" RAM {image.ram_bytes:,} B (arena {max(plan.size for _, plan in firmware.models):,})",
        highlight=False,
        soft_wrap=True,
    )
    return 0
