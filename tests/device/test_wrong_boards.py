"""Every board's image on every other board: refused, and nothing is sent that erases or writes."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import pytest
from flash_emulators import Nor, Stm32Chip

from sdk import board as boards
from sdk.board import Board
from sdk.device import attached
from sdk.device.attached import AttachedRunner
from sdk.device.flash import Where, pyocd
from sdk.device.flash import uf2 as uf2_module
from sdk.device.flash.programmer import Programmer, check_id, program
from sdk.device.flash.stm32_rom import Stm32Rom
from sdk.device.link import Session
from sdk.device.ports import PortInfo
from sdk.device.runner import Image
from sdk.errors import DeviceError, FlashError
from sdk.uf2 import uf2

BOARDS = boards.available()
ATTACHABLE = [board for board in BOARDS if board.console.kind != "stdio" and board.flash]
PROBED = [board for board in ATTACHABLE if board.chip is not None]
DRIVES = [board for board in ATTACHABLE if any(method.kind == "uf2" for method in board.flash)]
FOREIGN_DRIVES = ("RP2350", "SAMD21G18A-Feather-v0", "nRF52840-Feather-revD")
WRONG_DRIVES = [
    (board, drive)
    for board, drive in product(DRIVES, FOREIGN_DRIVES)
    if all(method.options.get("board_id") != drive for method in board.flash)
]


def name(board: Board) -> str:
    return board.id


class ProbedChip(Programmer):
    """What a probe sees: one word that names the chip, and a bus fault wherever else another chip has its own."""

    def __init__(self, board: Board) -> None:
        self._chip = board.chip
        self.touched = False

    def check(self, board: Board) -> None:
        check_id(board, self._word)

    def _word(self, address: int) -> int:
        if self._chip is None or address != self._chip.id_address:
            raise FlashError("probe", f"no word at 0x{address:08x}; nothing was written")
        return self._chip.id_value

    def write(self, address: int, data: bytes) -> None:
        self.touched = True

    def read(self, address: int, count: int) -> bytes:
        raise AssertionError("nothing was written to be read back")

    def start(self) -> None:
        self.touched = True


OTHER_CHIPS = [(wanted, there) for wanted, there in permutations(PROBED, 2) if wanted.chip != there.chip]


@pytest.mark.parametrize(("wanted", "there"), OTHER_CHIPS, ids=lambda board: board.id)
def test_by_a_probe(wanted: Board, there: Board) -> None:
    chip = ProbedChip(there)
    with pytest.raises(FlashError, match="nothing was written"):
        program(wanted, chip, [(wanted.memory("vectors").origin, bytes(64))])
    assert not chip.touched


@pytest.mark.parametrize("there", [board for board in PROBED if board.id != "bluepill_f103"], ids=name)
def test_by_the_rom_loader(there: Board) -> None:
    wanted = boards.load("bluepill_f103")
    assert there.chip is not None
    flash = Nor(0x0800_0000, [1024] * 64, 1)
    method = next(method for method in wanted.flash if method.kind == "stm32-rom")
    with pytest.raises(FlashError, match="nothing was written"):
        loader = Stm32Rom(wanted, method, Stm32Chip(there.chip.id_value & 0xFFFF, flash))
        program(wanted, loader, [(0x0800_0000, bytes(64))])
    assert flash.operations == 0


@pytest.mark.parametrize(("wanted", "drive"), WRONG_DRIVES, ids=lambda v: v if isinstance(v, str) else v.id)
def test_by_a_drive(wanted: Board, drive: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text(f"Board-ID: {drive}\n")
    monkeypatch.setattr(uf2_module, "_mount_points", lambda: [folder])
    for module in (uf2_module, attached):
        monkeypatch.setattr(module, "list_ports", lambda: ())
    file = tmp_path / "x.uf2"
    file.write_bytes(uf2(bytes(256), 0x1000_0000, wanted.image.uf2_family or 0))
    image = Image(tmp_path / "x.elf", uf2=file)
    for where, error in ((Where(), DeviceError), (Where(str(folder)), FlashError)):
        with pytest.raises(error):
            AttachedRunner(wanted, image, where).start()
    assert [path.name for path in folder.iterdir()] == ["INFO_UF2.TXT"]


class Answering:
    """A board on a port that says which it is."""

    def __init__(self, board: str) -> None:
        self.info = type("Info", (), {"board_id": board, "build_id": b""})()

    def __enter__(self) -> Answering:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(("wanted", "there"), list(permutations(ATTACHABLE, 2)), ids=lambda board: board.id)
def test_by_what_the_firmware_says(wanted: Board, there: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where two boards have one USB id, as all with an ST-LINK have."""
    flashed: list[object] = []
    monkeypatch.setattr(attached, "list_ports", lambda: (PortInfo("/dev/x", 1, 2, "S"),))
    monkeypatch.setattr(Session, "open", lambda *_, **__: Answering(there.id))
    monkeypatch.setattr(attached, "flash", lambda *arguments: flashed.append(arguments))
    with pytest.raises(DeviceError, match=f"the board there is a {there.id}, the firmware is for {wanted.id}; nothing"):
        AttachedRunner(wanted, Image(Path("x.elf")), Where("/dev/x")).start()
    assert flashed == []


def test_a_board_that_is_swapped_after_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chip is asked by the very connection that writes, so what was found before does not count."""
    board = boards.load("microbit_v2")
    calls: list[list[str]] = []

    def run(argv: list[str], **_: object) -> str:
        calls.append(argv)
        return '{"boards": [{"unique_id": "9904"}]}' if "json" in argv else "10000100:  00052840  |@(..|"

    monkeypatch.setattr(pyocd, "run_tool", run)
    with pytest.raises(FlashError, match="identification is 0x52840, a nRF52833 has 0x52833"):
        program(board, pyocd.PyOcd(board, board.flash[0], "9904"), [(0, bytes(64))])
    assert ["load" in argv for argv in calls] == [False, False]
