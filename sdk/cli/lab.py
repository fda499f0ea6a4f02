"""sdk lab: the state of a lab's boards, and commands on the next one that is free."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sdk import board as boards
from sdk.device.devices import look
from sdk.errors import InputError, SdkError, printable
from sdk.lab import Place, holder, load_lab, reserved


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "lab",
        help="the state of all boards of a lab, or a command on the next free one",
        description="Without --on, shows who uses each board and what runs on those that are free. With --on, waits for"
        " a board of that kind, holds it, and runs an sdk command with --board, --port, --serial and --flash-by of it.",
        epilog="sdk lab lab.toml --on pico bench kws.tflite --json today.json",
    )
    parser.add_argument("lab", type=Path, metavar="LAB", help="TOML file that says which boards are attached where")
    parser.add_argument(
        "--wait", type=float, default=3600.0, metavar="S", help="seconds to wait for a board (default: 3600)"
    )
    parser.add_argument(
        "--on", nargs=argparse.REMAINDER, metavar="B COMMAND", help="the kind of board, and an sdk command for it"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    places = load_lab(options.lab)
    if options.on is None:
        console.print(_table(places))
        return 0
    if len(options.on) < 2:
        raise InputError("--on", "needs a kind of board and a command", "such as: --on pico bench MODEL")
    kind, *command = options.on
    kind = boards.load(kind).id
    fitting = [place for place in places if place.board == kind]
    if not fitting:
        raise InputError(options.lab, f"has no {kind}", f"it has {', '.join(sorted({p.board for p in places}))}")
    with reserved(fitting, timeout_s=options.wait) as place:
        console.print(f"on {escape(place.name)}", style="dim", highlight=False)
        return _execute([*command, *_where(place)])


def _execute(arguments: list[str]) -> int:
    from sdk.cli.main import main  # which knows this command

    return main(arguments)


def _where(place: Place) -> list[str]:
    """The options that name a board."""
    named = {"--port": place.port, "--serial": place.serial_number, "--flash-by": place.method}
    return ["--board", place.board, *(word for key, value in named.items() if value for word in (key, value))]


def _table(places: list[Place]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("board", "place", "state", "port", "build", "models"):
        table.add_column(column)
    for place in places:
        state, port, build, models = _state(place)
        cells = (place.board, place.name, state, port, build, models)
        table.add_row(*(escape(printable(cell)) for cell in cells))
    return table


def _state(place: Place) -> tuple[str, str, str, str]:
    """State, port, build and models; a board in use, of labgrid or with Linux is not asked."""
    try:
        used_by = holder(place)
        if used_by:
            return f"in use by {used_by}", place.port or "", "", ""
        board = boards.load(place.board)
        if place.labgrid is not None or board.hosted:
            return "free", place.port or "", "", ""
        with reserved([place], timeout_s=0):
            found = look(board, place.port, place.serial_number)
    except SdkError as error:
        return error.problem, place.port or "", "", ""
    if found is None:
        return "not attached", place.port or "", "", ""
    return found.note or "free", found.place, found.build_id[:12], ", ".join(found.models)
