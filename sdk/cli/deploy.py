"""sdk deploy: build, run and verify models on a board."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import (
    add_board,
    add_inputs,
    add_json,
    add_models,
    add_target,
    add_tuned,
    add_verbose,
    target_options,
    watch,
    write_json,
)
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN
from sdk.measure.tuning import load_tuned
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
    add_tuned(parser)
    add_target(parser)
    add_inputs(parser, repeat=3)
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="keep the firmware in this folder")
    add_json(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    chosen = target_options(options)
    board = boards.load(options.board)
    with watch(console, options.verbose) as watcher:
        tuned = [load_tuned(path) for path in options.tuned]
        records = pipeline.deploy(options.models, board, options.optimize, chosen, watcher, options.out, tuned)
    for record in records:
        show(console, record)
    if options.json:
        values = [record.to_json() for record in records]
        write_json(options.json, values[0] if len(values) == 1 else values)
    return EXIT_PROVEN if all(record.verification.verified for record in records) else EXIT_DIFFERENT
