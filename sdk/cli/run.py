"""sdk run: inputs through firmware that is already there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from sdk import board as boards
from sdk.cli.common import watch
from sdk.device.flash import Where
from sdk.errors import InputError
from sdk.measure.resident import run_resident

_SHOWN = 10


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "run",
        help="run inputs through the firmware that is on a board already",
        description="Builds and flashes nothing: the board must hold firmware with this very model.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="the .tflite file that is in the firmware")
    parser.add_argument("--board", required=True, metavar="B", help="the board (see sdk boards)")
    parser.add_argument("--port", metavar="P", help="the board's serial port")
    parser.add_argument("--serial", metavar="S", help="serial number of the board, when there are several")
    parser.add_argument("--input", type=Path, required=True, metavar="FILE", help=".npy .npz .csv .bin .wav .png")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the outputs as .npz: out0, out1, ...")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    if options.out and options.out.suffix != ".npz":
        raise InputError(options.out, "outputs are written as .npz", "give a name that ends with .npz")
    board, where = boards.load(options.board), Where(options.port, options.serial)
    with watch(console, verbose=False) as watcher:
        watcher.stage(f"running on {board.id}")
        results = run_resident(options.model, board, where, options.input, watcher.advance)
    for number, result in enumerate(results):
        time = f"{result.cost.micros:,} us" if result.cost.micros is not None else "no time"
        for output in result.outputs:
            flat = output.reshape(-1)
            text = " ".join(map(str, flat[:_SHOWN])) + (f" ... ({flat.size:,} in all)" if flat.size > _SHOWN else "")
            largest = f", largest at {int(np.argmax(flat))}" if flat.size > 1 else ""
            console.print(f"{number}: {text}{largest}  [{time}]", highlight=False, markup=False, soft_wrap=True)
    if options.out:
        stacked = [np.stack(arrays) for arrays in zip(*(result.outputs for result in results), strict=True)]
        try:
            np.savez(options.out, **{f"out{i}": array for i, array in enumerate(stacked)})
        except OSError as error:
            raise InputError(options.out, f"can't be written: {error.strerror or error}") from error
    return 0
