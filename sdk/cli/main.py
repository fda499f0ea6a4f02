"""Entry point of the command line.

Exit codes: 0 proven, or done; 1 outputs differ; 2 bad input or usage; 3 no board or tool; 4 build or flash
failed; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from sdk import __version__
from sdk.cli import (
    bench,
    boards,
    build,
    compare,
    compress,
    deploy,
    devices,
    doctor,
    energy,
    evaluate,
    flash,
    inspect,
    lab,
    mlperf,
    monitor,
    selftest,
    tune,
)
from sdk.cli import run as run_command
from sdk.cli.common import plain
from sdk.errors import SdkError

_COMMANDS = (
    deploy,
    build,
    flash,
    run_command,
    bench,
    inspect,
    evaluate,
    compare,
    compress,
    devices,
    lab,
    monitor,
    tune,
    selftest,
    mlperf,
    energy,
    boards,
    doctor,
)
_INTERRUPTED = 130
_EPILOG = (
    "Exit codes: 0 proven or done, 1 outputs differ, 2 bad input or usage, 3 no board or tool, 4 build or flash failed."
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sdk",
        description="Quantized neural networks as firmware for Arm microcontrollers, proven on the device.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"sdk {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.register(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    try:
        return int(options.run(options, console))
    except SdkError as error:
        errors.print(f"[bold red]error:[/] {plain(error)}", soft_wrap=True, highlight=False)
        return error.exit_code
    except KeyboardInterrupt:
        errors.print("interrupted")
        return _INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
