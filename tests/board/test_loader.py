"""Board descriptions: those that exist are sound, and each mistake is an error that names file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdk import board as boards
from sdk import resources
from sdk.errors import BoardError, InputError

BOARD = """
title = "A board"
core = "cortex-m4"
clock_hz = 100_000_000
port = "mps"
port_sources = ["mps/port.c"]
tested = "nowhere"
cores = 1

[toolchain]
prefix = "arm-none-eabi-"
cpu_flags = ["-mcpu=cortex-m4"]

[console]
kind = "uart"
baud = 115_200

[image]
formats = ["elf", "uf2"]
uf2_family = 0x1234

[[flash]]
kind = "uf2"
volume = "DRIVE"
board_id = "BOARD"
usb_ids = ["1234:5678"]
touch_baud = 1200

[[memory]]
name = "flash"
origin = 0x0800_0000
length = 0x0010_0000
kind = "flash"
roles = ["vectors", "text", "rodata"]

[[memory]]
name = "ram"
origin = 0x2000_0000
length = 0x0002_0000
kind = "ram"
roles = ["ramfunc", "data", "arena", "stack"]
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "some.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_board_of_the_sdk_loads() -> None:
    ids = [board.id for board in boards.available()]
    wanted = {"host", "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547", "pico", "rpi4"}
    assert wanted <= set(ids)
    assert ids == sorted(ids)


@pytest.mark.parametrize("board", boards.available(), ids=lambda board: board.id)
def test_sources_of_a_board_exist(board: boards.Board) -> None:
    assert board.port_sources
    for source in board.port_sources:
        assert resources.path("firmware", "port", source).is_file(), source


@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("pico", {"m0"}),
        ("mps2-an385", set()),
        ("mps2-an386", {"dsp", "fpu"}),
        ("mps2-an500", {"dsp", "fpu"}),
        ("mps2-an505", {"dsp", "fpu"}),
        ("mps3-an547", {"dsp", "fpu", "mve"}),
        ("rpi4", {"fpu", "neon"}),
    ],
)
def test_features_follow_from_the_core(name: str, features: set[str]) -> None:
    assert boards.load(name).features == features


def test_values_arrive(tmp_path: Path) -> None:
    board = boards.load_file(write(tmp_path, BOARD))
    assert (board.id, board.core, board.clock_hz, board.cores) == ("some", "cortex-m4", 100_000_000, 1)
    assert board.toolchain == boards.Toolchain("arm-none-eabi-", ("-mcpu=cortex-m4",))
    assert board.console == boards.Console("uart", 115_200)
    assert board.image == boards.ImageFormats(("elf", "uf2"), 0x1234)
    assert board.flash[0].options["usb_ids"] == ("1234:5678",)
    assert board.memory("arena") == boards.Memory(
        "ram", 0x2000_0000, 0x2_0000, "ram", ("ramfunc", "data", "arena", "stack")
    )
    assert board.features == {"dsp"}
    assert not board.hosted


def test_no_such_board() -> None:
    with pytest.raises(InputError, match=r"^tricorder: no such board; choose one of .*pico, "):
        boards.load("tricorder")


MISTAKES = {
    "unknown key": ('tested = "nowhere"', 'tested = "nowhere"\ncolour = "red"', "colour: unknown key"),
    "unknown key in table": ("baud = 115_200", "baud = 115_200\nparity = 1", "console.parity: unknown key"),
    "unknown key in list": ("touch_baud = 1200", "touch_baud = 1200\nx = 1", "flash[0].x: unknown key"),
    "unknown table": ("[image]", "[probe]\n[image]", "probe: unknown key"),
    "missing key": ("clock_hz = 100_000_000", "", "clock_hz: missing key"),
    "missing key in table": ("baud = 115_200", "", "console.baud: missing key"),
    "missing key in list": ('kind = "ram"', "", "memory[1].kind: missing key"),
    "missing table": ('[toolchain]\nprefix = "arm-none-eabi-"\ncpu_flags = ["-mcpu=cortex-m4"]', "", "toolchain"),
    "missing family": ("uf2_family = 0x1234", "", "image.uf2_family: missing key"),
    "text for a number": ("100_000_000", '"fast"', "clock_hz: must be an integer"),
    "truth for a number": ("cores = 1", "cores = true", "cores: must be an integer"),
    "number for a list": ('["mps/port.c"]', "7", "port_sources: must be a list of strings"),
    "numbers in a list": ('["mps/port.c"]', "[7]", "port_sources: must be a list of strings"),
    "text for a table": ('tested = "nowhere"', 'tested = ""\nemulator = "x"', "emulator: must be a table"),
        "number out of range": ("cores = 1", "cores = 3", "cores: 3 is outside 1 to 2"),
    "negative origin": ("0x0800_0000", "-4", "memory[0].origin: -4 is outside"),
    "past the address space": ("0x2000_0000", "0xffff_0000", "memory[1].length"),
    "unknown core": ("cortex-m4", "cortex-m99", "core: 'cortex-m99' is none of"),
    "unknown console": ('kind = "uart"', 'kind = "smoke"', "console.kind: 'smoke' is none of"),
    "unknown flash method": ('kind = "uf2"', 'kind = "magnet"', "flash[0].kind: 'magnet' is none of"),
    "unknown format": ('"elf", "uf2"', '"exe"', "image.formats: 'exe' is none of"),
    "unknown role": ('"rodata"', '"rodata", "heap"', "memory[0].roles: 'heap' is none of"),
    "role given twice": ('"rodata"', '"rodata", "ramfunc"', "memory: the role 'ramfunc' is given twice"),
    "role missing": ('"arena", ', "", "memory: no memory has the role 'arena'"),
    "second core without stack": ("cores = 1", "cores = 2", "memory: no memory has the role 'core1_stack'"),
    "data in flash": ('"rodata"]', '"rodata", "stack"]', "memory[0].roles: 'stack' needs a memory of kind 'ram'"),
    "overlapping memories": ("0x2000_0000", "0x080f_fff0", "memory: 'flash' and 'ram' overlap"),
    "name given twice": ('name = "ram"', 'name = "flash"', "memory: the name 'flash' is given twice"),
    "name no identifier": ('name = "ram"', 'name = "r am"', "memory[1].name: 'r am' is no identifier"),
    "no TOML": ("[console]", "[console", "not a readable TOML file"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BOARD
    file = write(tmp_path, BOARD.replace(old, new, 1))
    with pytest.raises(BoardError) as caught:
        boards.load_file(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


def test_code_for_ram_must_be_with_code_or_data_or_alone(tmp_path: Path) -> None:
    text = BOARD.replace('"ramfunc", ', "") + (
        '[[memory]]\nname = "tcm"\norigin = 0\nlength = 1024\nkind = "ram"\nroles = ["ramfunc", "core1_stack"]\n'
    )
    with pytest.raises(BoardError, match="memory: the role 'ramfunc' must be with 'text' or 'data', or alone"):
        boards.load_file(write(tmp_path, text))


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"absent\.toml: not a readable TOML file"):
        boards.load_file(tmp_path / "absent.toml")
