"""sdk selftest: prove a board in one command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from sdk import board as boards
from sdk.cli.common import add_target, add_verbose, plain, target_options, watch, write_json
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN
from sdk.selftest import selftest


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "selftest",
        help="test a board from flashing to every layer, and write a report to send in",
        description="Flashes an example model and tests all that the SDK relies on. Exit code 1: something failed.",
    )
    parser.add_argument("model", nargs="?", type=Path, metavar="MODEL", help="a .tflite file instead of the example")
    parser.add_argument("--board", required=True, metavar="B", help="the board (see sdk boards)")
    add_target(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="the report (default: selftest-BOARD.json)")
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    board = boards.load(options.board)
    with watch(console, options.verbose) as watcher:
        report = selftest(board, target_options(options), watcher, options.model)
    marks = {True: "[bold green]passed[/]", False: "[bold red]FAILED[/]", None: "[dim]left out[/]"}
    for outcome in report.outcomes:
        seen = plain(outcome.seen)
        console.print(f"{marks[outcome.passed]}  {outcome.name}: {seen}", highlight=False, soft_wrap=True)
    path = options.out or Path(f"selftest-{board.id}.json")
    write_json(path, report.to_json())
    console.print(f"the report is in {plain(path)}", highlight=False)
    return EXIT_PROVEN if report.passed else EXIT_DIFFERENT
