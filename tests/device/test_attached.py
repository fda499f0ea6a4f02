"""A board from its boot loader to a proven image: the drive is a folder, the chip that starts from it is emulated."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sdk import board as boards
from sdk import pipeline
from sdk.build import Firmware
from sdk.device import attached
from sdk.device.attached import AttachedRunner
from sdk.device.emulate_rp2040js import Rp2040jsRunner, node_modules
from sdk.device.flash import Where, choose_method, uf2
from sdk.device.ports import PortInfo
from sdk.device.runner import Image
from sdk.errors import DeviceError, FlashError, ToolError
from sdk.kernels.select import Optimize

INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def firmware(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    try:
        node_modules()
    except ToolError as error:
        pytest.skip(str(error))
    if shutil.which("arm-none-eabi-gcc") is None or shutil.which("node") is None:
        pytest.skip("the compiler or node is not installed")
    out = tmp_path_factory.mktemp("pico") / "out"
    return pipeline.build([digits / "digits.tflite"], boards.load("pico"), Optimize.BALANCED, out, Silent())


def image_of(firmware: Firmware) -> Image:
    return Image(firmware.elf, firmware.bin, firmware.uf2, firmware.build_id)


class Lab:
    """One Pico: a drive while in its boot loader, an emulated chip with a port once a file was copied."""

    def __init__(self, folder: Path) -> None:
        self.drive = folder / "RPI-RP2"
        self.in_boot_loader = False
        self.ports: list[PortInfo] = []
        self.copies = 0
        self.spoil = False
        self.chip: Rp2040jsRunner | None = None

    def boot_loader(self) -> None:
        self.drive.mkdir(exist_ok=True)
        (self.drive / "INFO_UF2.TXT").write_text(INFO)
        self.ports.clear()
        self.in_boot_loader = True

    def copied(self, _: int) -> None:
        self.copies += 1
        self.in_boot_loader = False
        file = self.drive / "firmware.uf2"
        if self.spoil:
            content = bytearray(file.read_bytes())
            content[20 * 512 + 32] ^= 0x10  # a bit of a weight or an instruction that does not run at once
            file.write_bytes(content)
        board = replace(boards.load("pico"))
        self.chip = Rp2040jsRunner(board, Image(file, uf2=file))
        self.ports = [PortInfo(self.chip.start().url, 0x2E8A, 0x000A, "E661")]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    monkeypatch.setattr(uf2, "_mount_points", lambda: [lab.drive] if lab.in_boot_loader else [])
    for module in (uf2, attached):
        monkeypatch.setattr(module, "list_ports", lambda: tuple(lab.ports))
    monkeypatch.setattr(os, "fsync", lab.copied)
    yield lab
    if lab.chip is not None:
        lab.chip.stop()


def test_flash_then_leave_alone(lab: Lab, firmware: Firmware) -> None:
    lab.boot_loader()
    board = boards.load("pico")
    with AttachedRunner(board, image_of(firmware), Where()) as endpoint:
        assert endpoint.url == lab.ports[0].device
    again = AttachedRunner(board, image_of(firmware), Where(serial_number="E661"))
    with again as endpoint:
        assert endpoint.url == lab.ports[0].device
    assert lab.copies == 1, "the same build must not wear the flash again"
    assert "not flashed again" in again.note


def test_deploy_proves_an_attached_board(lab: Lab, firmware: Firmware, digits: Path) -> None:
    lab.boot_loader()
    options = pipeline.DeployOptions(emulate=False)
    (record,) = pipeline.deploy([digits / "digits.tflite"], firmware.board, Optimize.BALANCED, options, Silent())
    assert (record.verification.verified, record.measured_on, lab.copies) == (True, "board", 1)


def test_wrong_contents_are_never_accepted(lab: Lab, firmware: Firmware, monkeypatch: pytest.MonkeyPatch) -> None:
    """The firmware that answers has the right build id, and one wrong bit somewhere else."""
    lab.spoil = True
    lab.boot_loader()
    with pytest.raises(FlashError, match="not this firmware"), AttachedRunner(
        firmware.board, image_of(firmware), Where()
    ):
        pass


def test_another_board_s_firmware_is_refused(lab: Lab, firmware: Firmware) -> None:
    lab.boot_loader()
    with AttachedRunner(firmware.board, image_of(firmware), Where()):
        pass
    other = replace(firmware.board, id="pico_x")
    with (
        pytest.raises(DeviceError, match="the board there is a pico, the firmware is for pico_x; nothing was written"),
        AttachedRunner(other, image_of(firmware), Where()),
    ):
        pass
    assert lab.copies == 1


def test_choice_of_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    pico = boards.load("pico")
    assert choose_method(pico).kind == "uf2"
    with pytest.raises(DeviceError, match="cannot be flashed by jlink; choose one of uf2"):
        choose_method(pico, "jlink")
    with pytest.raises(DeviceError, match="no way to flash it"):
        choose_method(boards.load("mps2-an385"))
