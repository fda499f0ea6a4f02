"""Programs and plans to a firmware for a board: sources, ELF, BIN, UF2, map and manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sdk import __version__, resources
from sdk.board import Board
from sdk.board.linker import link_view, placed_in_ram
from sdk.build import scons
from sdk.build.elf import LinkedImage, read_image
from sdk.cache import cache_folder
from sdk.emit import emit_firmware, emit_model
from sdk.emit.render import render
from sdk.errors import BuildError, InputError, ToolError
from sdk.kernels.program import Program
from sdk.kernels.select import Optimize
from sdk.plan import MemoryPlan
from sdk.uf2 import seal_boot2, uf2

STACK_BYTES = 4096
_LEVELS = {Optimize.SPEED: "-O3", Optimize.BALANCED: "-O2", Optimize.MEMORY: "-O2", Optimize.SIZE: "-Os"}
_COMMON_FLAGS = (
    "-g",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-common",
    "-fno-strict-aliasing",
    "-Wall",
    "-Wextra",
    "-Werror",
)
_MANIFEST = "manifest.json"
_MLPERF = "mlperf/mlperf.c"


@dataclass(frozen=True)
class Firmware:
    """A built firmware.

    Attributes:
        folder: with everything below.
        build_id: 20 bytes, the same for the same sources, flags and compiler.
    """

    folder: Path
    board: Board
    models: tuple[tuple[Program, MemoryPlan], ...]
    build_id: bytes
    elf: Path
    bin: Path | None
    uf2: Path | None
    image: LinkedImage
    compiler: str
    flags: tuple[str, ...]
    stack_bytes: int

    @property
    def weights_bytes(self) -> int:
        """Bytes of the layers' constants."""
        return sum(step.const_bytes for program, _ in self.models for step in program.all_steps)


def build_firmware(
    models: Sequence[tuple[Program, MemoryPlan]],
    optimize: Optimize,
    out: Path,
    log: Callable[[str], None] = lambda _: None,
    mlperf: str | None = None,
) -> Firmware:
    """Emit, compile and link the measuring firmware of one or several models.

    Args:
        models: programs for the same board, with their memory plans.
        optimize: sets the compiler's level.
        out: becomes the folder with the result; replaced as a whole if an earlier build made it.
        log: called with the tools' output.
        mlperf: benchmark of MLPerf Tiny whose protocol the firmware speaks too; None for none.

    Raises:
        BuildError: the compiler refused, or the firmware does not fit the board.
        ToolError: the compiler is missing.
        InputError: ``out`` holds something that no build made.
    """
    board = models[0][0].board
    _check_arena(board, models)
    compiler = _compiler(board)
    if out.exists() and not (out / _MANIFEST).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(out, "exists and is not the result of an earlier build", "choose another folder with -o")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        folder = Path(scratch) / "build"
        firmware = _build(models, optimize, folder, compiler, log, mlperf)
        _replace(out, folder)
    return _moved(firmware, out)


def _check_arena(board: Board, models: Sequence[tuple[Program, MemoryPlan]]) -> None:
    if board.hosted:
        return
    memory = board.memory("arena")
    for program, plan in models:
        if plan.size > memory.length:
            raise BuildError(
                program.module.path,
                f"needs an arena of {plan.size:,} bytes, {plan.size - memory.length:,} more than"
                f" {board.id}'s memory {memory.name} has",
                "try --optimize memory, a smaller model, or a larger board",
            )


def _compiler(board: Board) -> str:
    program = f"{board.toolchain.prefix}gcc"
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ToolError(program, f"the compiler for {board.id} is not installed", "run sdk doctor") from error
    return done.stdout.splitlines()[0]


def _copy(sources: Iterable[str], folder: Path) -> None:
    for name in sources:
        target = folder / "src" / "sdk" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(resources.path("firmware", *Path(name).parts), target)


def _below(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    root = resources.path("firmware")
    return sorted(
        path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.suffix in suffixes
    )


def _build(
    models: Sequence[tuple[Program, MemoryPlan]],
    optimize: Optimize,
    folder: Path,
    compiler: str,
    log: Callable[[str], None],
    mlperf: str | None,
) -> Firmware:
    board = models[0][0].board
    links = [link for program, _ in models for step in program.all_steps for link in step.links]
    kernels = sorted({source for link in links for source in link.kernel.sources})
    ports = [f"port/{source}" for source in board.port_sources]
    compiled = [*kernels, *_below("runtime", (".c", ".S")), *ports, *([_MLPERF] if mlperf else [])]
    port_folders = sorted({f"port/{Path(source).parts[0]}" for source in (*board.port_sources, f"{board.port}/_")})
    headers = [*_below("include", (".h",)), *_below("kernels", (".h",)), *_below("runtime", (".h",))]
    headers += [header for port in port_folders for header in _below(port, (".h",))]

    (folder / "src").mkdir(parents=True)
    _copy([*compiled, *headers], folder)
    generated: dict[str, str] = {}
    for program, plan in models:
        generated |= emit_model(program, plan)
    if not board.hosted:
        constants = {
            f"{part.module.name}_{step.name}_": step.const_bytes
            for program, _ in models
            for part in (program, *program.callees.values())
            for step in part.steps
        }
        arena = max(plan.size for _, plan in models)
        in_ram = placed_in_ram(board, constants, arena) if optimize is Optimize.SPEED else []
        generated["link.ld"] = render("link.ld.j2", link_view(board, STACK_BYTES, in_ram))
    _write(folder, generated)

    flags = (
        *board.toolchain.cpu_flags,
        _LEVELS[optimize],
        *_COMMON_FLAGS,
        *(f"-D{key}={value}" for key, value in board.defines.items()),
    )
    build_id = _build_id(folder / "src", [compiler, *flags, board.id, *([mlperf] if mlperf else [])])
    _write(folder, emit_firmware(models, build_id, mlperf))
    name = models[0][0].module.name if len(models) == 1 else "firmware"
    sources = [f"src/{f}" for f in (*generated, "firmware.c") if f.endswith((".c", ".S"))]
    link_flags = (*board.toolchain.cpu_flags, *board.toolchain.link_flags, "-Wl,--gc-sections", "-Wl,--build-id=none")
    scons.run(
        folder,
        scons.Manifest(
            prefix=board.toolchain.prefix,
            cflags=flags,
            ldflags=link_flags,
            libs=("m",),
            include=["src", "src/sdk/include", "src/sdk/kernels", *(f"src/sdk/{port}" for port in port_folders)],
            sources=[*sources, *(f"src/sdk/{source}" for source in compiled)],
            linker_script=None if board.hosted else "src/link.ld",
            program=f"{name}.elf",
            map=f"{name}.map",
            cache=str(cache_folder() / "objects"),
        ),
        log,
    )
    return _finish(folder, name, models, optimize, build_id, compiler, flags)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / "src" / name).write_text(text, encoding="ascii")


def _build_id(folder: Path, words: Sequence[str]) -> bytes:
    digest = hashlib.sha256(json.dumps(words).encode())
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.digest()[:20]


def _finish(
    folder: Path,
    name: str,
    models: Sequence[tuple[Program, MemoryPlan]],
    optimize: Optimize,
    build_id: bytes,
    compiler: str,
    flags: tuple[str, ...],
) -> Firmware:
    board = models[0][0].board
    elf = folder / f"{name}.elf"
    image = read_image(elf, board)
    binary = uf2_path = None
    if "bin" in board.image.formats:
        content = image.flat()
        if any("boot2" in memory.roles for memory in board.memories):
            content = seal_boot2(content)
        binary = folder / f"{name}.bin"
        binary.write_bytes(content)
        if board.image.uf2_family is not None:
            uf2_path = folder / f"{name}.uf2"
            uf2_path.write_bytes(uf2(content, image.base, board.image.uf2_family))
    shutil.rmtree(folder / "obj")
    (folder / ".sconsign.dblite").unlink(missing_ok=True)
    firmware = Firmware(
        folder, board, tuple(models), build_id, elf, binary, uf2_path, image, compiler, flags, STACK_BYTES
    )
    (folder / _MANIFEST).write_text(json.dumps(_manifest(firmware, optimize), indent=2) + "\n", encoding="utf-8")
    return firmware


def _manifest(firmware: Firmware, optimize: Optimize) -> dict[str, object]:
    files = sorted(p for p in firmware.folder.rglob("*") if p.is_file())
    return {
        "schema_version": 1,
        "sdk_version": __version__,
        "board": firmware.board.id,
        "build_id": firmware.build_id.hex(),
        "compiler": firmware.compiler,
        "compiler_flags": list(firmware.flags),
        "optimize": optimize.value,
        "flash_bytes": firmware.image.flash_bytes,
        "ram_bytes": firmware.image.ram_bytes,
        "models": [
            {
                "name": program.module.name,
                "sha256": program.module.sha256,
                "arena_bytes": plan.size,
                "arena_lower_bound_bytes": plan.lower_bound,
                "layers": [{"name": s.name, "op": s.op_name, "kernel": s.kernel_name} for s in program.steps],
            }
            for program, plan in firmware.models
        ],
        "files": {
            path.relative_to(firmware.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
            if path.name != "build.json"
        },
    }


def _replace(out: Path, folder: Path) -> None:
    """Put a finished folder in its place; what was there is removed only after."""
    if not out.exists():
        folder.rename(out)
        return
    old = folder.with_name("old")
    out.rename(old)
    folder.rename(out)


def _moved(firmware: Firmware, out: Path) -> Firmware:
    def there(path: Path | None) -> Path | None:
        return None if path is None else out / path.name

    return replace(
        firmware, folder=out, elf=out / firmware.elf.name, bin=there(firmware.bin), uf2=there(firmware.uf2)
    )
