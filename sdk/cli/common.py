"""Arguments and progress that several commands share."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from sdk.errors import InputError, printable
from sdk.kernels.select import Optimize
from sdk.pipeline import DeployOptions


def add_models(parser: argparse.ArgumentParser) -> None:
    """The models of one firmware."""
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL", help=".tflite or .onnx file; several share a firmware"
    )


def add_board(parser: argparse.ArgumentParser) -> None:
    """The board and what to optimise for."""
    parser.add_argument("--board", required=True, metavar="B", help="the board (see sdk boards)")
    add_optimize(parser)


def add_target(parser: argparse.ArgumentParser) -> None:
    """The board itself or its emulator."""
    parser.add_argument("--emulate", action="store_true", help="run the same image in the board's emulator")
    add_port(parser)


def add_port(parser: argparse.ArgumentParser) -> None:
    """Which of several boards, and how to flash it."""
    parser.add_argument("--port", metavar="P", help="the board's serial port or drive, or user@host of a Linux board")
    parser.add_argument("--serial", metavar="S", help="serial number of the board or its probe, when there are several")
    parser.add_argument("--flash-by", metavar="WAY", help="how to flash it, where the board knows several ways")


def target_options(options: argparse.Namespace) -> DeployOptions:
    """What ``add_target`` and, where a command has it, ``add_inputs`` have parsed."""
    return DeployOptions(
        options.emulate,
        getattr(options, "input", None),
        getattr(options, "seed", 1),
        getattr(options, "repeat", 1),
        options.port,
        options.serial,
        options.flash_by,
    )


def add_inputs(parser: argparse.ArgumentParser, repeat: int) -> None:
    """What to feed to the model."""
    parser.add_argument("--input", type=Path, metavar="FILE", help="inputs: .npy .npz .csv .bin .wav .png")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random inputs (default: 1)")
    parser.add_argument(
        "--repeat", type=int, default=repeat, metavar="N", help=f"inferences to run (default: {repeat})"
    )


def add_optimize(parser: argparse.ArgumentParser) -> None:
    """What to optimise for."""
    parser.add_argument(
        "--optimize",
        type=Optimize,
        choices=list(Optimize),
        default=Optimize.BALANCED,
        metavar="|".join(o.value for o in Optimize),
        help="what to spend and what to save (default: balanced)",
    )


def add_tuned(parser: argparse.ArgumentParser) -> None:
    """Kernels that were measured before."""
    parser.add_argument(
        "--tuned", type=Path, action="append", default=[], metavar="FILE", help="use the kernels that sdk tune found"
    )


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Show the tools' output."""
    parser.add_argument("-v", "--verbose", action="store_true", help="show the output of the tools that are called")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Write the result as JSON."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the whole result as JSON")


def plain(text: object) -> str:
    """Text for the terminal that shows as it is: without control characters, none of it taken as markup."""
    return escape(printable(text))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all.

    Raises:
        InputError: the file can't be written.
    """
    text = json.dumps(value, indent=2) + "\n"
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as stream:
            stream.write(text)
        whole = Path(stream.name)
        whole.chmod(0o644)
        whole.replace(path)
    except OSError as error:
        raise InputError(path, f"can't be written: {error.strerror or error}") from error


class ProgressWatcher:
    """Shows stages with a spinner, and a bar where there is a count."""

    def __init__(self, console: Console, progress: Progress, verbose: bool) -> None:
        self._console = console
        self._progress = progress
        self._verbose = verbose
        self._task: TaskID | None = None

    def stage(self, text: str) -> None:
        """Show that a stage begins."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(text, total=None)

    def advance(self, done: int, total: int) -> None:
        """Show how far the stage is."""
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def log(self, text: str) -> None:
        """Print a tool's output if it is wanted."""
        if self._verbose and text.strip():
            self._console.print(text.rstrip(), markup=False, highlight=False, style="dim", soft_wrap=True)


@contextmanager
def watch(console: Console, verbose: bool) -> Iterator[ProgressWatcher]:
    """Progress on standard error while the block runs, gone afterwards."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield ProgressWatcher(console, progress, verbose)
