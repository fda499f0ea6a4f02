"""sdk doctor: what is installed, and how to get what is not."""

from __future__ import annotations

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from sdk import doctor
from sdk.cli.common import plain


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser("doctor", help="compilers, emulators, serial permissions")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    table = Table.grid(padding=(0, 2))
    for check in doctor.check():
        mark = "[green]ok[/]" if check.ok else "[red]missing[/]"
        table.add_row(mark, check.name, plain(check.found if check.ok else check.remedy))
    console.print(table)
    return 0
