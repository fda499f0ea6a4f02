"""sdk bench: measure well, and against an earlier run."""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from rich import box
from rich.console import Console
from rich.table import Table

from sdk import board as boards
from sdk import pipeline
from sdk.cli.common import (
    add_board,
    add_inputs,
    add_json,
    add_models,
    add_target,
    add_verbose,
    plain,
    target_options,
    watch,
    write_json,
)
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN, InputError, SdkError
from sdk.measure.baseline import Change, changes, load_baseline
from sdk.report.terminal import show

_SHOWN_GROWTH = 0.001
_POLL_S = 0.5

_Values = Sequence[Mapping[str, Any]]


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "bench",
        help="warm up, measure, show median and spread; compare with a baseline",
        description="Every output is verified as by deploy. Exit code 1: outputs differ, or a figure has become worse"
        " than the baseline beyond the bound.",
    )
    add_models(parser)
    add_board(parser)
    add_target(parser)
    add_inputs(parser, repeat=10)
    parser.add_argument("--warm-up", type=int, default=2, metavar="N", help="inferences before (default: 2)")
    parser.add_argument("--compare", type=Path, metavar="BASELINE", help="a report that an earlier --json wrote")
    parser.add_argument(
        "--bound", type=float, default=2.0, metavar="PERCENT", help="growth that is no regression (default: 2)"
    )
    parser.add_argument("--watch", action="store_true", help="measure again whenever a model changes")
    add_json(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    if options.warm_up < 0 or not options.bound >= 0:
        raise InputError("--warm-up, --bound", "must not be negative")
    baseline = load_baseline(options.compare) if options.compare else None
    if options.watch:
        _watch(options, console, baseline)
    values, verified = _measure(options, console)
    worse = _compare(options, console, values, baseline, str(options.compare)) if baseline is not None else False
    return EXIT_PROVEN if verified and not worse else EXIT_DIFFERENT


def _measure(options: argparse.Namespace, console: Console) -> tuple[_Values, bool]:
    """Measure and show; returns the records in their JSON form, and whether all are verified."""
    chosen = replace(target_options(options), warm_up=options.warm_up)
    with watch(console, options.verbose) as watcher:
        records = pipeline.deploy(options.models, boards.load(options.board), options.optimize, chosen, watcher)
    for record in records:
        show(console, record)
    values = [record.to_json() for record in records]
    if options.json:
        write_json(options.json, values[0] if len(values) == 1 else values)
    return values, all(record.verification.verified for record in records)


def _compare(options: argparse.Namespace, console: Console, values: _Values, baseline: _Values, name: str) -> bool:
    """Show what changed; returns whether something has become worse beyond the bound."""
    found = changes(values, baseline, options.bound / 100)
    _show_changes(console, found)
    worse = [change for change in found if change.regressed]
    for change in worse:
        console.print(
            f"[bold red]WORSE[/]  {plain(change.what)}: {change.figure} grew by {100 * change.growth:.1f} %,"
            f" more than {options.bound:g} %",
            highlight=False,
        )
    if not worse:
        console.print(f"[bold green]NOT WORSE[/]  than {plain(name)}, within {options.bound:g} %", highlight=False)
    return bool(worse)


def _watch(options: argparse.Namespace, console: Console, baseline: _Values | None) -> NoReturn:
    """Measure again whenever a model changes, until interrupted; compares with the baseline or the run before."""
    files = [*options.models, *([options.input] if options.input else [])]
    before = baseline
    while True:
        seen = _contents(files)
        try:
            values, _ = _measure(options, console)
            if before is not None:
                _compare(options, console, values, before, str(options.compare or "the run before"))
            before = baseline or values
        except SdkError as error:  # a model that is being written may be none for a moment
            console.print(f"[bold red]error:[/] {plain(error)}", highlight=False, soft_wrap=True)
        console.print("[dim]waiting for a change of the model; Ctrl-C ends[/]")
        while _contents(files) == seen:
            time.sleep(_POLL_S)


def _contents(files: Sequence[Path]) -> list[str]:
    """A digest of each file; empty for one that cannot be read."""
    digests = []
    for file in files:
        try:
            digests.append(hashlib.sha256(file.read_bytes()).hexdigest())
        except OSError:
            digests.append("")
    return digests


def _show_changes(console: Console, found: Sequence[Change]) -> None:
    """The models' figures, and of the layers those that moved."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("", "figure", "before", "now", "change"):
        table.add_column(column, justify="left" if column in ("", "figure") else "right")
    for change in found:
        if change.bound is not None or abs(change.growth) > _SHOWN_GROWTH:
            style = "red" if change.regressed else "green" if change.growth < 0 else ""
            cells = (plain(change.what), change.figure, f"{change.before:,.0f}", f"{change.now:,.0f}")
            table.add_row(*cells, f"{100 * change.growth:+.1f} %", style=style)
    console.print(table)
