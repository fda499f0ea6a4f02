"""Builds the firmware's runtime for this computer."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
LINK = [ROOT / "firmware" / "runtime" / name for name in ("frame.c", "harness.c", "link.c", "stack.c")]
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def build(program: Path, sources: Sequence[Path], flags: Sequence[str]) -> Path:
    """Compile sources of the runtime and of the tests into a program."""
    include = [f"-I{ROOT / 'firmware' / 'include'}", f"-I{ROOT / 'firmware' / 'runtime'}"]
    argv = ["gcc", *WARNINGS, "-O1", "-g", *flags, *include, *map(str, sources), "-o", str(program)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return program


def build_device(folder: Path, more: Sequence[Path] = (), flags: Sequence[str] = ()) -> Path:
    """Build the measuring firmware with the test models; its console is standard input and output."""
    main = ROOT / "firmware" / "runtime" / "main.c"
    sources = [main, *LINK, HERE / "host_port.c", HERE / "host_models.c", *more]
    return build(folder / "device", sources, [*SANITIZERS, *flags])
