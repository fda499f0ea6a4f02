"""Flash programs: exact command lines, against fakes on PATH that keep what they are given as a chip would."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from flash_emulators import emulated_board

from sdk.board import Board, Chip, FlashMethod
from sdk.device.flash import bossac, dfu, jlink, openocd, probe_rs, pyocd, teensy
from sdk.device.flash.programmer import Programmer, program
from sdk.errors import DeviceError, FlashError, ToolError

BASE = 0x0800_0000
DATA = random.Random(5).randbytes(64)
CHIP = Chip("STM32F446", 0xE0042000, 0xFFF, 0x421)
LAYOUT = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,03*128Kg"

FAKE = """#!{python}
import json, pathlib, shutil, sys
state = pathlib.Path({state!r})
calls = json.loads((state / "calls.json").read_text())
number = len(list(state.glob("log*")))
(state / f"log{{number}}").write_text(json.dumps([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]))
output, action, code = calls[number] if number < len(calls) else ["unexpected call", "", 99]
if action == "store":
    shutil.copy("image.bin", state / "flash")
elif action == "hex file":
    shutil.copy("image.hex", state / "flash")
elif action == "spoil":
    (state / "flash").write_bytes(b"\\0" + pathlib.Path("image.bin").read_bytes()[1:])
elif action == "dump":
    shutil.copy(state / "flash", "back.bin")
elif action == "hex":
    output = (state / "flash").read_bytes().hex(" ")
elif action == "script":
    script = pathlib.Path("script.jlink").read_text()
    (state / f"script{{number}}").write_text(script)
    if "loadbin" in script:
        shutil.copy("image.bin", state / "flash")
    if "savebin" in script:
        shutil.copy(state / "flash", "back.bin")
print(output)
raise SystemExit(code)
"""


@dataclass
class Tool:
    """A fake program: what it answers to each call, and what it was called with."""

    folder: Path
    calls: list[tuple[str, str, int]] = field(default_factory=list)

    def answers(self, *calls: tuple[str, str] | str) -> None:
        self.calls = [(call, "", 0) if isinstance(call, str) else (*call, 0) for call in calls]
        self.save()

    def save(self) -> None:
        (self.folder / "calls.json").write_text(json.dumps(self.calls))

    @property
    def log(self) -> list[list[str]]:
        return [json.loads((self.folder / f"log{i}").read_text()) for i in range(len(list(self.folder.glob("log*"))))]

    def script(self, number: int) -> str:
        return (self.folder / f"script{number}").read_text()


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    programs, state = tmp_path / "bin", tmp_path / "state"
    programs.mkdir()
    state.mkdir()
    for name in ("pyocd", "openocd", "probe-rs", "JLinkExe", "dfu-util", "bossac", "teensy_loader_cli"):
        (programs / name).write_text(FAKE.format(python=sys.executable, state=str(state)))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return Tool(state)


def board(kind: str, **options: object) -> Board:
    made = emulated_board("stm32-rom")
    return replace(made, chip=CHIP, flash=(FlashMethod(kind, options),))  # type: ignore[arg-type]


PYOCD = board("pyocd", target="stm32f446retx")
OPENOCD = board("openocd", config="board/st_nucleo_f4.cfg")
PROBE_RS = board("probe-rs", chip="STM32F446RETx")
JLINK = board("jlink", device="STM32F446RE")
DFU = board("dfu", usb_id="0483:df11", layout=LAYOUT)
BOSSAC = board("bossac", device="ATSAMD21x18", usb_ids=("239a:000b",), offset=0x2000, reads=True)

PROBES = json.dumps({"boards": [{"unique_id": "0668FF"}, {"unique_id": "0042AB"}]})
PROBE_RS_LIST = (
    "The following debug probes were found:\n"
    "[0]: STLink V2-1 -- 0483:374b:0668FF (ST-LINK)\n[1]: J-Link -- 1366:1015:000683 (J-Link)\n"
)
DFU_LIST = (
    'Found DFU: [0483:df11] ver=2200, devnum=9, cfg=1, intf=0, path="1-2", alt=1,'
    ' name="@Option Bytes  /0x1FFFC000/01*016 e", serial="356A"\n'
    f'Found DFU: [0483:df11] ver=2200, devnum=9, cfg=1, intf=0, path="1-2", alt=0, name="{LAYOUT}", serial="356A"\n'
)
BOSSAC_INFO = "Device       : ATSAMD21x18\nVersion      : v1.1 [Arduino:XYZ]\nAddress      : 0x0\n"


@dataclass(frozen=True)
class Case:
    """One tool: how it is made, what it answers, and the command lines that it must get, in order."""

    board: Board
    make: Callable[[Board], Programmer]
    answers: list[tuple[str, str] | str]
    argv: list[str]
    identify: int
    """Number of the answer that tells the chip."""
    other: str
    """That answer by another chip."""


def make(kind: Callable[..., Programmer], serial: str) -> Callable[[Board], Programmer]:
    return lambda made: kind(made, made.flash[0], serial)


CASES = {
    "pyocd": Case(
        PYOCD,
        make(pyocd.PyOcd, "668ff"),
        [PROBES, "e0042000:  10006421    |..d!|", ("", "store"), ("", "dump"), ""],
        [
            "pyocd json --no-config --probes",
            "pyocd commander --no-config --no-wait --uid 0668FF --target cortex_m --command read32~0xe0042000",
            "pyocd load --no-config --no-wait --uid 0668FF --target stm32f446retx --erase sector --no-reset"
            " --base-address 0x8000000 --format bin image.bin",
            "pyocd commander --no-config --no-wait --uid 0668FF --target stm32f446retx"
            " --command savemem~0x8000000~64~back.bin",
            "pyocd reset --no-config --no-wait --uid 0668FF --target stm32f446retx",
        ],
        1,
        "e0042000:  10006415    |..d!|",
    ),
    "openocd": Case(
        OPENOCD,
        lambda made: openocd.OpenOcd(made.flash[0], "0668FF"),
        ["Info : x\n0xe0042000: 10006421 \n", ("", "store"), ("", "dump"), ""],
        [
            "openocd -f board/st_nucleo_f4.cfg -c adapter~serial~{0668FF} -c init -c mdw~0xe0042000 -c shutdown",
            "openocd -f board/st_nucleo_f4.cfg -c adapter~serial~{0668FF} -c init -c reset~halt"
            " -c flash~write_image~erase~image.bin~0x8000000~bin -c shutdown",
            "openocd -f board/st_nucleo_f4.cfg -c adapter~serial~{0668FF} -c init -c halt"
            " -c dump_image~back.bin~0x8000000~64 -c shutdown",
            "openocd -f board/st_nucleo_f4.cfg -c adapter~serial~{0668FF} -c init -c reset~run -c shutdown",
        ],
        0,
        "0xe0042000: 10006415 \n",
    ),
    "probe-rs": Case(
        PROBE_RS,
        make(probe_rs.ProbeRs, "0668FF"),
        [PROBE_RS_LIST, "10006421", ("", "store"), ("", "hex"), ""],
        [
            "probe-rs list",
            "probe-rs read --non-interactive --chip STM32F446RETx --probe 0483:374b:0668FF b32 0xe0042000 1",
            "probe-rs download --non-interactive --chip STM32F446RETx --probe 0483:374b:0668FF --binary-format bin"
            " --base-address 0x8000000 image.bin",
            "probe-rs read --non-interactive --chip STM32F446RETx --probe 0483:374b:0668FF b8 0x8000000 64",
            "probe-rs reset --non-interactive --chip STM32F446RETx --probe 0483:374b:0668FF",
        ],
        1,
        "10006415",
    ),
    "jlink": Case(
        JLINK,
        lambda made: jlink.JLink(made.flash[0], "000683"),
        [("J-Link>\nE0042000 = 10006421 ", "script"), ("", "script"), ("", "script"), ("", "script")],
        ["JLinkExe -NoGui 1 -ExitOnError 1 -USB 683 -Device STM32F446RE -If SWD -Speed 4000 -AutoConnect 1"
         " -CommandFile script.jlink"] * 4,
        0,
        "E0042000 = 10006415 ",
    ),
    "dfu": Case(
        DFU,
        make(dfu.Dfu, "356A"),
        [DFU_LIST, ("", "store"), ("", "dump"), ""],
        [
            "dfu-util --list --device 0483:df11",
            "dfu-util --device 0483:df11 --serial 356A --alt 0 --dfuse-address 0x8000000 --download image.bin",
            "dfu-util --device 0483:df11 --serial 356A --alt 0 --dfuse-address 0x8000000:64 --upload back.bin",
            "dfu-util --device 0483:df11 --serial 356A --alt 0 --dfuse-address 0x8000000:leave:4 --upload start.bin",
        ],
        0,
        DFU_LIST.replace("04*016Kg,01*064Kg,03*128Kg", "04*016Kg,01*064Kg,07*128Kg"),
    ),
    "bossac": Case(
        BOSSAC,
        lambda made: bossac.Bossac(made.flash[0], "/dev/ttyACM0"),
        [BOSSAC_INFO, ("", "store"), ("", "dump"), ""],
        [
            "bossac --port=/dev/ttyACM0 --info",
            "bossac --port=/dev/ttyACM0 --offset=0x2000 --erase --write image.bin",
            "bossac --port=/dev/ttyACM0 --offset=0x2000 --read=0x40 back.bin",
            "bossac --port=/dev/ttyACM0 --reset",
        ],
        0,
        BOSSAC_INFO.replace("ATSAMD21x18", "ATSAMD51x19"),
    ),
}
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def spaced(line: str) -> list[str]:
    """The arguments of a line, in which "~" stands for a space inside one."""
    return [word.replace("~", " ") for word in line.split()]


@ALL
def test_command_lines_in_order(tool: Tool, case: Case) -> None:
    tool.answers(*case.answers)
    program(case.board, case.make(case.board), [(BASE, DATA)])
    assert tool.log == [spaced(line) for line in case.argv]
    assert (tool.folder / "flash").read_bytes() == DATA


def test_jlink_scripts(tool: Tool) -> None:
    case = CASES["jlink"]
    tool.answers(*case.answers)
    program(case.board, case.make(case.board), [(BASE, DATA)])
    assert [tool.script(number) for number in range(4)] == [
        "mem32 0xe0042000, 1\nexit\n",
        "r\nhalt\nloadbin image.bin, 0x8000000\nexit\n",
        "savebin back.bin, 0x8000000, 0x40\nexit\n",
        "r\ng\nexit\n",
    ]


@ALL
def test_another_chip_is_refused_before_anything_is_written(tool: Tool, case: Case) -> None:
    answers = list(case.answers)
    other = answers[case.identify]
    answers[case.identify] = case.other if isinstance(other, str) else (case.other, other[1])
    tool.answers(*answers)
    with pytest.raises(FlashError, match="nothing was written; attach the right board"):
        program(case.board, case.make(case.board), [(BASE, DATA)])
    assert len(tool.log) == case.identify + 1
    assert not (tool.folder / "flash").exists()


@pytest.mark.parametrize("name", [name for name in CASES if name != "jlink"])
def test_wrong_contents_are_found_and_not_started(tool: Tool, name: str) -> None:
    case = CASES[name]
    answers = [("", "spoil") if answer == ("", "store") else answer for answer in case.answers]
    tool.answers(*answers)
    with pytest.raises(FlashError, match=f"there is 0x00 instead of 0x{DATA[0]:02x} at 0x08000000"):
        program(case.board, case.make(case.board), [(BASE, DATA)])
    assert len(tool.log) == len(case.argv) - 1, "it must not be started"


@ALL
@pytest.mark.parametrize("step", range(4))
def test_a_tool_that_fails_is_quoted(tool: Tool, case: Case, step: int) -> None:
    tool.answers(*case.answers)
    tool.calls[step] = ("first\nError: no power\n", "", 1)
    tool.save()
    with pytest.raises(FlashError, match="failed with code 1: first; Error: no power"):
        program(case.board, case.make(case.board), [(BASE, DATA)])
    assert len(tool.log) == step + 1


@ALL
def test_a_tool_that_is_not_there(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="not found; "):
        program(case.board, case.make(case.board), [(BASE, DATA)])


@pytest.mark.parametrize(
    ("kind", "made", "answer"),
    [(pyocd.PyOcd, PYOCD, PROBES), (probe_rs.ProbeRs, PROBE_RS, PROBE_RS_LIST)],
)
def test_probes_are_never_guessed(tool: Tool, kind: Callable[..., Programmer], made: Board, answer: str) -> None:
    tool.answers(answer, answer)
    with pytest.raises(DeviceError, match=r"several probes fit: .*choose one with --serial"):
        kind(made, made.flash[0], None)
    with pytest.raises(DeviceError, match="no debug probe 999; probes here: "):
        kind(made, made.flash[0], "999")


def test_boards_in_dfu_are_never_guessed(tool: Tool) -> None:
    tool.answers(DFU_LIST + DFU_LIST.replace("356A", "356B"), "No DFU capable USB device available")
    with pytest.raises(DeviceError, match="several boards fit: 356A, 356B"):
        dfu.Dfu(DFU, DFU.flash[0], None)
    with pytest.raises(DeviceError, match="no boot loader 0483:df11 is attached; hold BOOT0 high"):
        dfu.Dfu(DFU, DFU.flash[0], None)


NANO = board("bossac", device="nRF52840-QIAA", usb_ids=("2341:005a",), offset=0, reads=False)


def test_a_boot_loader_that_does_not_read_back_is_not_asked_to(tool: Tool) -> None:
    tool.answers(BOSSAC_INFO.replace("ATSAMD21x18", "nRF52840-QIAA"), ("", "store"), "")
    program(NANO, bossac.Bossac(NANO.flash[0], "/dev/ttyACM0"), [(0x10000, DATA)])
    assert tool.log == [
        ["bossac", "--port=/dev/ttyACM0", "--info"],
        ["bossac", "--port=/dev/ttyACM0", "--offset=0x0", "--erase", "--write", "image.bin"],
        ["bossac", "--port=/dev/ttyACM0", "--reset"],
    ]


TEENSY = board("teensy", mcu="TEENSY41")


def test_teensy_loader(tool: Tool) -> None:
    tool.answers(("Found HalfKay Bootloader\nProgramming.\nBooting", "hex file"))
    program(TEENSY, teensy.Teensy(TEENSY.flash[0]), [(0x6000_0000, DATA)])
    assert tool.log == [["teensy_loader_cli", "--mcu=TEENSY41", "-w", "-v", "image.hex"]]
    assert (tool.folder / "flash").read_text() == teensy.intel_hex(0x6000_0000, DATA)


def test_teensy_loader_that_fails_is_quoted(tool: Tool) -> None:
    tool.calls = [("Waiting for Teensy device...\nerror writing to Teensy\n", "", 1)]
    tool.save()
    with pytest.raises(FlashError, match=r"failed with code 1: .*error writing to Teensy"):
        program(TEENSY, teensy.Teensy(TEENSY.flash[0]), [(0x6000_0000, DATA)])


@pytest.mark.parametrize("address", [0x6000_0000, 0x6000_FFF8])
def test_intel_hex(address: int) -> None:
    """Read back by the format's definition: checksums, and the upper half of the address from records of type 4."""
    data = random.Random(address).randbytes(100)
    content: dict[int, int] = {}
    upper = None
    *lines, end = teensy.intel_hex(address, data).split()
    assert end == ":00000001FF"
    for line in lines:
        assert line[0] == ":"
        record = bytes.fromhex(line[1:])
        assert sum(record) % 256 == 0
        count, low, kind, payload = record[0], int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        assert count == len(payload)
        if kind == 4:
            upper = int.from_bytes(payload, "big") << 16
        else:
            assert kind == 0
            assert upper is not None
            assert low + count <= 0x10000, "a record must not wrap"
            content |= {upper + low + i: byte for i, byte in enumerate(payload)}
    assert [content[address + i] for i in range(len(data))] == list(data)
    assert len(content) == len(data)
