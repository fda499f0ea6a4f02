"""Builds small programs with a board's port, as the firmware is built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import jinja2
import pytest

from sdk import board as boards
from sdk import resources
from sdk.board import Board

STACK_BYTES = 4096
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")


def need(*programs: str) -> None:
    """Skip the test if a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def build(board: Board, folder: Path, *sources: Path, flags: tuple[str, ...] = ()) -> Path:
    """Compile sources with the board's port; the ELF file."""
    compiler = f"{board.toolchain.prefix}gcc"
    need(compiler)
    firmware = resources.path("firmware")
    elf = folder / f"{board.id}.elf"
    command = [compiler, *board.toolchain.cpu_flags, "-O2", "-std=c11", "-ffunction-sections", *WARNINGS, *flags]
    command += [f"-I{firmware / 'include'}", f"-I{firmware / 'port' / board.port}"]
    command += [*(f"-D{key}={value}" for key, value in board.defines.items())]
    command += [*board.toolchain.link_flags, "-Wl,--gc-sections", "-o", str(elf)]
    command += [*map(str, sources), *(str(firmware / "port" / source) for source in board.port_sources)]
    if not board.hosted:
        template = resources.path("templates", "link.ld.j2").read_text(encoding="ascii")
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
        script = folder / f"{board.id}.ld"
        script.write_text(environment.from_string(template).render(boards.link_view(board, STACK_BYTES)), "ascii")
        command += ["-T", str(script)]
    subprocess.run(command, check=True)
    return elf
