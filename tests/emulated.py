"""What tests on emulated boards need."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from sdk import board as boards
from sdk.errors import ToolError


def need(board: str) -> None:
    """Skip where a board's compiler or emulator is not installed."""
    found = boards.load(board)
    programs = [f"{found.toolchain.prefix}gcc"]
    if found.emulator and found.emulator.program:
        programs.append(found.emulator.program)
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if "--specs=picolibc.specs" in found.toolchain.cpu_flags:
        library = subprocess.run([programs[0], "-print-file-name=picolibc.specs"], capture_output=True, check=True)
        if library.stdout.strip() == b"picolibc.specs":
            pytest.skip("picolibc is not installed")
    if found.emulator and found.emulator.kind == "rp2040js":
        from sdk.device.emulate_rp2040js import node_modules

        try:
            node_modules()
        except ToolError as error:
            pytest.skip(str(error))
