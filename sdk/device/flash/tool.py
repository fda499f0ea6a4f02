"""Runs flash programs: argument lists, time limits, one clear line when they fail."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from sdk.errors import FlashError, ToolError

_LAST_LINES = 3


def run_tool(
    argv: Sequence[str], *, install: str, timeout_s: float = 180.0, cwd: Path | None = None, stdin: bytes = b""
) -> str:
    """Run a program to its end.

    Args:
        argv: program and arguments.
        install: how to get the program.
        timeout_s: after which it is killed.
        cwd: its working folder.
        stdin: what it reads.

    Returns:
        What it wrote, standard error included.

    Raises:
        ToolError: there is no such program.
        FlashError: it failed, or did not end in time.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            cwd=cwd,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolError(argv[0], "not found", install) from error
    except subprocess.TimeoutExpired as error:
        raise FlashError(argv[0], f"did not end within {timeout_s:g} s", "check the cable and repeat") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        words = "; ".join(lines[-_LAST_LINES:]) or "it said nothing"
        raise FlashError(argv[0], f"failed with code {done.returncode}: {words}", "mend that and repeat")
    return output
