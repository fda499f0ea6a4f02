"""The linker script puts everything where the board's memories say, or the link fails."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import jinja2
import pytest
from elftools.elf.elffile import ELFFile

from sdk import board as boards
from sdk import resources
from sdk.board import Board
from sdk.board.linker import placed_in_ram
from sdk.errors import BoardError

STACK_BYTES = 2048
BOARDS = [board for board in boards.available() if not board.hosted]
PROGRAM = """
#include <stdint.h>
__attribute__((section(".vectors"), used)) const uint32_t vectors[2] = {1, 2};
#ifdef FLEXSPI_BOOT
__attribute__((section(".flexspi_boot"), used)) const uint32_t configuration[128] = {8};
__attribute__((section(".flexspi_boot.ivt"), used)) const uint32_t ivt[8] = {9};
#endif
#ifdef BOOT2_BYTES
__attribute__((section(".boot2"), used)) const uint8_t boot2[BOOT2_BYTES] = {1};
#endif
__attribute__((section(".arena"), used, aligned(16))) uint8_t arena[ARENA_BYTES];
__attribute__((section(".noinit"), used)) uint32_t noinit;
__attribute__((used)) uint32_t data[3] = {3, 4, 5};
__attribute__((used)) uint32_t bss[5];
__attribute__((used)) const uint32_t rodata[7] = {6};
__attribute__((section(".ramfunc"), used, noinline)) void ramfunc(void) { bss[0] = rodata[1]; }
__attribute__((used)) void reset_handler(void) { ramfunc(); }
"""


def link_script(board: Board) -> str:
    text = resources.path("templates", "link.ld.j2").read_text(encoding="ascii")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(text).render(boards.link_view(board, STACK_BYTES))


def link(
    board: Board, folder: Path, *, arena_bytes: int = 64, boot2_bytes: int = 256
) -> subprocess.CompletedProcess[str]:
    compiler = f"{board.toolchain.prefix}gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (folder / "program.c").write_text(PROGRAM, encoding="ascii")
    (folder / "link.ld").write_text(link_script(board), encoding="ascii")
    roles = {role for memory in board.memories for role in memory.roles}
    return subprocess.run(
        [
            compiler,
            *board.toolchain.cpu_flags,
            *board.toolchain.link_flags,
            f"-DARENA_BYTES={arena_bytes}",
            *([f"-DBOOT2_BYTES={boot2_bytes}"] if "boot2" in roles else []),
            *(["-DFLEXSPI_BOOT"] if "flexspi_boot" in roles else []),
            "-T",
            "link.ld",
            "-Wl,--fatal-warnings,--no-gc-sections",
            "-o",
            "program.elf",
            "program.c",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_everything_is_in_its_memory(board: Board, tmp_path: Path) -> None:
    done = link(board, tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "program.elf").open("rb") as stream:
        elf = ELFFile(stream)
        symbols = {symbol.name: symbol["st_value"] for symbol in elf.get_section_by_name(".symtab").iter_symbols()}
        types = {section.name: section["sh_type"] for section in elf.iter_sections()}
        loads = [(s["p_vaddr"], s["p_paddr"], s["p_filesz"]) for s in elf.iter_segments("PT_LOAD") if s["p_filesz"]]

    def inside(role: str, *names: str) -> None:
        memory = board.memory(role)
        for name in names:
            assert memory.origin <= symbols[name] <= memory.end, f"{name} at {symbols[name]:#x} is not in {memory}"

    inside("vectors", "vectors")
    inside("text", "reset_handler")
    inside("rodata", "rodata", "__data_load")
    inside("ramfunc", "ramfunc")
    apart = symbols["__ramfunc_end"] > symbols["__ramfunc_start"]
    assert apart == (board.memory("ramfunc") not in (board.memory("text"), board.memory("data")))
    inside("data", "data", "bss", "noinit", "__data_start", "__data_end", "__bss_start", "__bss_end")
    inside("arena", "arena", "__arena_start", "__arena_end")
    inside("stack", "__stack_low", "__stack_top")
    assert symbols["__stack_top"] - symbols["__stack_low"] >= STACK_BYTES
    assert symbols["__stack_top"] % 8 == 0
    assert symbols["__stack_low"] == board.memory("stack").origin, "an overflow would not leave the memory"
    assert symbols["__data_start"] <= symbols["data"] < symbols["__data_end"]
    assert symbols["__bss_start"] <= symbols["bss"] < symbols["__bss_end"] <= symbols["noinit"]
    assert symbols["__arena_end"] - symbols["__arena_start"] == 64
    assert types[".arena"] == types[".noinit"] == "SHT_NOBITS"
    if board.cores == 2:
        inside("core1_stack", "__core1_stack_low", "__core1_stack_top")
    if "boot2" in symbols:
        assert symbols["boot2"] == board.memory("boot2").origin
        assert symbols["vectors"] == board.memory("boot2").origin + 256
    elif "ivt" in symbols:
        flash = board.memory("flexspi_boot").origin
        assert (symbols["configuration"], symbols["ivt"], symbols["vectors"]) == (flash, flash + 0x1000, flash + 0x1400)
    else:
        assert symbols["vectors"] == board.memory("vectors").origin
    for _, physical, size in loads:
        flash = [memory for memory in board.memories if memory.kind == "flash"]
        assert any(memory.origin <= physical and physical + size <= memory.end for memory in flash)
    data_load = symbols["__data_load"] - symbols["__data_start"]
    assert any(physical - virtual == data_load for virtual, physical, _ in loads)
    code_load = symbols["__ramfunc_load"] - symbols["__ramfunc_start"]
    assert not apart or any(physical - virtual == code_load for virtual, physical, _ in loads)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_what_does_not_fit_is_refused(board: Board, tmp_path: Path) -> None:
    done = link(board, tmp_path, arena_bytes=board.memory("arena").length + 16)
    assert done.returncode != 0
    assert f"region `{board.memory('arena').name}' overflowed by" in done.stderr


def test_boot_loader_must_have_its_size(tmp_path: Path) -> None:
    done = link(boards.load("pico"), tmp_path, boot2_bytes=252)
    assert done.returncode != 0
    assert "the second-stage boot loader must have 256 bytes" in done.stderr


def test_stack_larger_than_its_memory() -> None:
    board = boards.load("pico")
    memory = board.memory("stack")
    with pytest.raises(BoardError, match=rf"pico: the memory '{memory.name}' has {memory.length} bytes"):
        boards.link_view(board, memory.length + 8)


def test_stack_with_a_memory_of_its_own_gets_all_of_it() -> None:
    board = boards.load("pico")
    stacks = {stack["name"]: stack["bytes"] for stack in boards.link_view(board, 1024)["stacks"]}
    assert stacks["core1_stack"] == board.memory("core1_stack").length


def test_the_largest_constants_that_fit_are_copied_to_ram() -> None:
    board = boards.load("pico")
    sizes = {"a": 100_000, "b": 90_000, "c": 60_000, "d": 1_000}
    assert placed_in_ram(board, sizes, arena_bytes=64_000) == ["a", "c", "d"]
    assert placed_in_ram(board, sizes, arena_bytes=board.memory("data").length) == []
    assert placed_in_ram(boards.load("mps2-an386"), sizes, arena_bytes=0) == [], "its flash is as fast as its RAM"


def test_constants_are_where_they_were_placed(tmp_path: Path) -> None:
    board = boards.load("pico")
    compiler = f"{board.toolchain.prefix}gcc"
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    text = resources.path("templates", "link.ld.j2").read_text(encoding="ascii")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True)
    view = boards.link_view(board, STACK_BYTES, ["m_layer00_"])
    (tmp_path / "link.ld").write_text(environment.from_string(text).render(view), encoding="ascii")
    (tmp_path / "program.c").write_text(PROGRAM, encoding="ascii")
    weights = "".join(f"const int m_layer0{i}_weights[9] = {{{i + 1}}};\n" for i in range(2))
    (tmp_path / "m_weights.c").write_text(weights, encoding="ascii")
    flags = ["-fdata-sections", "-DARENA_BYTES=64", "-DBOOT2_BYTES=256", *board.toolchain.cpu_flags]
    for name in ("program", "m_weights"):
        command = [compiler, *flags, "-c", f"{name}.c", "-o", f"{name}.c.o"]
        subprocess.run(command, cwd=tmp_path, check=True)
    objects = ["program.c.o", "m_weights.c.o", *board.toolchain.link_flags]
    subprocess.run([compiler, *flags, *objects, "-T", "link.ld", "-o", "program.elf"], cwd=tmp_path, check=True)
    with (tmp_path / "program.elf").open("rb") as stream:
        symbols = {s.name: s["st_value"] for s in ELFFile(stream).get_section_by_name(".symtab").iter_symbols()}
    assert symbols["__data_start"] <= symbols["m_layer00_weights"] < symbols["__data_end"]
    flash = board.memory("rodata")
    assert flash.origin <= symbols["m_layer01_weights"] < flash.end
    assert symbols["m_layer01_weights"] >= symbols["__data_load"] + symbols["__data_end"] - symbols["__data_start"]
