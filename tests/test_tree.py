"""The house's rules: what may be in the tree, and that firmware compiles wherever it is offered."""

import re
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest

from sdk import board as boards
from sdk.kernels.registry import KERNELS

ROOT = Path(__file__).resolve().parent.parent
FIRMWARE = ROOT / "firmware"
BINARY = {".sdkmodel", ".tflite", ".npz", ".png", ".wav", ".bin"}
MAX_BYTES = 1 << 20
BOARDS = boards.available()
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wvla", "-Werror"]
# Written so that no pattern matches itself.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.}-])/(?:wor[k]|tm[p]|hom[e])/"),
    "talk of how the work is organised": re.compile(r"\bissue[ ]#?\d|\bthis[ ]session\b|\bticke[t]\b", re.IGNORECASE),
    "a note to self": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b"),
    "a package registry": re.compile(r"pypi[.]org|npmjs[.]|debian[.]org|pythonhosted[.]"),
}


def tracked() -> list[Path]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Names and texts of the tracked files that are ours; the licence is not, the corpus is hostile on purpose."""
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in tracked()
        if path.suffix not in BINARY and path.name != "LICENSE"
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_text_holds(what):
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if FORBIDDEN[what].search(line)
    ]
    assert found == []


def test_texts_are_tidy():
    trailing = [name for name, text in texts() if re.search(r"[ \t\r]$", text, re.MULTILINE)]
    unfinished = [name for name, text in texts() if text and not text.endswith("\n")]
    assert (trailing, unfinished) == ([], [])


def test_files_are_small():
    assert [path.name for path in tracked() if path.stat().st_size > MAX_BYTES] == []


def test_every_source_of_firmware_is_used():
    used = {f"port/{source}" for board in BOARDS for source in board.port_sources}
    used |= {source for kernel in KERNELS for source in kernel.sources}
    sources = {path.relative_to(FIRMWARE).as_posix() for path in tracked() if path.is_relative_to(FIRMWARE)}
    compiled = {source for source in sources if re.fullmatch(r"(kernels|port)/.*\.[cS]", source)}
    assert compiled - used == set()
    assert [source for source in used if not (FIRMWARE / source).is_file()] == []


# Those of other names are made for the file that includes them.
C_HEADERS = [path for path in sorted((FIRMWARE / "include").rglob("*.h")) if not path.stem.endswith(("_asm", "_loops"))]


@pytest.mark.parametrize("header", C_HEADERS, ids=lambda path: path.name)
def test_headers_stand_alone(header, tmp_path):
    source = tmp_path / "header.c"
    name = header.relative_to(FIRMWARE / "include").as_posix()
    source.write_text(f'#include "{name}"\n#include "{name}"\ntypedef int sdk_not_empty;\n')
    include = [f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'kernels'}"]
    compiler = "aarch64-linux-gnu-gcc" if "neon" in header.stem else "gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    subprocess.run([compiler, "-std=c11", "-fsyntax-only", *WARNINGS, *include, source], check=True)


def compile_for(board, sources):
    """Compile files below ``FIRMWARE`` as a board's are, with all warnings."""
    compiler = f"{board.toolchain.prefix}gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    ports = {f"port/{source}" for source in board.port_sources}
    folders = ["include", "kernels", "runtime", *sorted({str(Path(source).parent) for source in ports})]
    command = [compiler, *board.toolchain.cpu_flags, "-std=c11", "-O1", "-fsyntax-only", *WARNINGS]
    command += [f"-D{key}={value}" for key, value in board.defines.items()]
    command += chain.from_iterable(("-I", FIRMWARE / folder) for folder in folders)
    subprocess.run([*command, *(FIRMWARE / source for source in sources)], check=True)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_ports_and_runtime_compile_without_warnings(board):
    sources = [f"port/{source}" for source in board.port_sources if source.endswith(".c")]
    compile_for(board, [*sources, *(f"runtime/{path.name}" for path in sorted((FIRMWARE / "runtime").glob("*.c")))])


TOOLCHAINS = {board.toolchain.prefix + " ".join(board.toolchain.cpu_flags): board for board in reversed(BOARDS)}


@pytest.mark.parametrize("board", TOOLCHAINS.values(), ids=lambda board: board.id)
def test_kernels_compile_without_warnings(board):
    """Once for each compiler and core."""
    kernels = {source for kernel in KERNELS if kernel.requires <= board.features for source in kernel.sources}
    compile_for(board, sorted(source for source in kernels if source.endswith(".c")))
