"""Runs SCons on a folder of sources."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sdk import resources
from sdk.errors import BuildError, ToolError

_OVERFLOW = re.compile(r"region [`'](?P<region>[^']+)' overflowed by (?P<bytes>\d+) bytes")


@dataclass(frozen=True)
class Manifest:
    """What SConstruct reads from build.json; paths are relative to the build folder."""

    prefix: str
    cflags: Sequence[str]
    ldflags: Sequence[str]
    libs: Sequence[str]
    include: Sequence[str]
    sources: Sequence[str]
    linker_script: str | None
    program: str
    map: str
    cache: str | None


def _problem(output: str) -> str:
    """The line of the tools' output that says most."""
    lines = [line for line in output.splitlines() if line.strip()]
    told = (line for line in lines if "error:" in line or "undefined reference" in line)
    return next(told, lines[-1] if lines else "no output")


def run(folder: Path, manifest: Manifest, log: Callable[[str], None]) -> None:
    """Compile and link in a folder.

    Args:
        folder: holds the sources; receives the program and the map.
        manifest: what to build.
        log: called with the tools' output.

    Raises:
        BuildError: the compiler or linker refused, or the firmware does not fit a memory.
        ToolError: SCons is not installed.
    """
    (folder / "build.json").write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    command = [sys.executable, "-m", "SCons", "-f", str(resources.path("SConstruct")), "-j", str(os.cpu_count() or 1)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL
    )
    output = done.stdout + done.stderr
    log(output)
    if done.returncode == 0:
        return
    if "No module named SCons" in output:
        raise ToolError("scons", "not installed", "pip install scons")
    overflow = _OVERFLOW.search(output)
    if overflow:
        raise BuildError(
            manifest.program,
            f"does not fit: memory {overflow['region']} is over by {int(overflow['bytes']):,} bytes",
            "try --optimize size or memory, a smaller model, or a larger board",
        )
    raise BuildError(manifest.program, _problem(output), "run again with -v for the tools' whole output")
