"""sdk energy: microjoules per inference."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from sdk import board as boards
from sdk.cli.common import add_inputs, add_json, add_optimize, add_port, add_verbose, target_options, watch, write_json
from sdk.cli.meter import METERS, add_meter, chosen_meter
from sdk.device.power.recorded import load_trace
from sdk.energy import measure_energy
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN, InputError
from sdk.measure.energy import Energy, energy
from sdk.measure.record import Verification

_EXTERNAL = "external"


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "energy",
        help="microjoules per inference, by a power meter and a pin that marks the inferences",
        description="With --meter, runs a model on a board and records it; external leaves that to another instrument,"
        " whose recording --trace cuts afterwards.",
    )
    parser.add_argument("model", nargs="?", type=Path, metavar="MODEL", help=".tflite or .onnx file")
    parser.add_argument("--board", metavar="B", help="the board (see sdk boards)")
    add_optimize(parser)
    add_port(parser)
    add_inputs(parser, repeat=20)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--meter", choices=(*METERS, _EXTERNAL), help="what measures the board")
    source.add_argument("--trace", type=Path, metavar="CSV", help="columns time_s, current_a, mark, voltage_v")
    add_meter(parser)
    add_json(parser)
    add_verbose(parser)
    parser.set_defaults(run=run, emulate=False)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    found: Energy | None
    verification: Verification | None
    if options.trace:
        found, verification = energy(load_trace(options.trace, options.voltage)), None
    else:
        found, verification = _measure(options, console)
    if found is not None:
        _show(console, found)
    else:
        console.print(f"the inferences were marked on pin {options.pin}: cut the recording by sdk energy --trace CSV")
    if verification is not None:
        same = verification.bytes_compared - verification.bytes_different
        text = f"{same:,} of {verification.bytes_compared:,} output bytes equal {verification.oracle}"
        console.print(text, highlight=False)
    if options.json:
        figures = asdict(found) if found is not None else {}
        write_json(options.json, figures | ({"verification": asdict(verification)} if verification else {}))
    return EXIT_PROVEN if verification is None or verification.verified else EXIT_DIFFERENT


def _measure(options: argparse.Namespace, console: Console) -> tuple[Energy | None, Verification]:
    if options.model is None or options.board is None or options.pin is None:
        raise InputError("--meter", "needs a MODEL, --board and --pin")
    meter = None if options.meter == _EXTERNAL else chosen_meter(options)
    with watch(console, options.verbose) as watcher:
        board = boards.load(options.board)
        return measure_energy(
            options.model, board, options.optimize, target_options(options), meter, options.pin, watcher
        )


def _show(console: Console, found: Energy) -> None:
    total, net = found.total_uj, found.net_uj
    lines = [
        f"[bold]{total.median:,.2f}[/] uJ an inference ({total.low:,.2f} to {total.high:,.2f}),"
        f" {net.median:,.2f} without idle power",
        f"idle {found.idle_mw:,.3f} mW; an inference takes {found.duration_us.median / 1000:,.3f} ms as marked",
        f"{found.inferences} inferences of at least {found.samples:,} samples at {found.rate_hz:,.0f} Hz",
        f"supply {found.supply}; measured by {escape(found.source)}",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
