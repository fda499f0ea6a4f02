"""sdk deploy: build, run and verify models on a board."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import add_board, add_json, add_models, add_verbose, watch, write_json
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN
from sdk.report.terminal import show


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "deploy",
        help="build, flash, run, verify every output byte and time every layer",
        description="Turn models into firmware, run it on a board or its emulator, and compare every output byte.",
    )
    add_models(parser)
    add_board(parser)
    parser.add_argument("--emulate", action="store_true", help="run the same image in the board's emulator")
    parser.add_argument("--port", metavar="P", help="the board's serial port, when it can't be found or there are several")
    parser.add_argument("--input", type=Path, metavar="FILE", help="inputs: .npy .npz .csv .bin .wav .png (default: random)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random inputs (default: 1)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="inferences to run (default: 3)")
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="keep the firmware in this folder")
    add_json(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    chosen = pipeline.DeployOptions(options.emulate, options.input, options.seed, options.repeat, options.port)
    board = boards.load(options.board)
    with watch(console, options.verbose) as watcher:
        records = pipeline.deploy(options.models, board, options.optimize, chosen, watcher, options.out)
    for record in records:
        show(console, record)
    if options.json:
        values = [record.to_json() for record in records]
        write_json(options.json, values[0] if len(values) == 1 else values)
    return EXIT_PROVEN if all(record.verification.verified for record in records) else EXIT_DIFFERENT
