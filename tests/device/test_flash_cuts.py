"""A few per cent of the campaign of ``tools/flash_campaign.py``, and faults other than cuts."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flash_campaign import drive, pico, stm32
from flash_emulators import (
    RP2040_BASE,
    STM32_BASE,
    STM32_SECTORS,
    CutError,
    Nor,
    PicobootChip,
    Stm32Chip,
    emulated_board,
)

from sdk.board import load
from sdk.device.flash.picoboot import Picoboot
from sdk.device.flash.programmer import program
from sdk.device.flash.stm32_rom import SerialLine, Stm32Rom, sector_sizes
from sdk.errors import DeviceError, FlashError

IMAGE = random.Random(7).randbytes(5000)


@pytest.mark.parametrize("seed", range(2))
def test_stm32_rom(seed: int) -> None:
    tally = stm32(seed)
    assert tally.good, f"seed {seed}: {tally}"


def test_picoboot() -> None:
    tally = pico(3)
    assert tally.good, f"seed 3: {tally}"


def test_uf2_drive(tmp_path: Path) -> None:
    tally = drive(4, tmp_path)
    assert tally.good, f"seed 4: {tally}"


def rom(chip: Stm32Chip) -> Stm32Rom:
    board = emulated_board("stm32-rom")
    return Stm32Rom(board, board.flash[0], chip)


def test_only_the_sectors_of_the_image_are_erased() -> None:
    chip = Stm32Chip(0x421, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), 1))
    before = bytes(chip.flash.content)
    program(emulated_board("stm32-rom"), rom(chip), [(STM32_BASE, IMAGE)])
    assert chip.flash.erased == [0, 1, 2, 3, 4]
    assert chip.flash.content[8192:] == before[8192:]
    assert chip.started == STM32_BASE


@pytest.mark.parametrize("kind", ["stm32-rom", "picoboot"])
def test_a_weak_cell_is_found(kind: str) -> None:
    board = emulated_board(kind)
    base, sectors = (STM32_BASE, sector_sizes(STM32_SECTORS)) if kind == "stm32-rom" else (RP2040_BASE, [4096] * 4)
    flash = Nor(base, sectors, 1)
    flash.weak = {IMAGE.index(bytes([IMAGE[1234] & 0xFE]), 1000)}
    at = next(iter(flash.weak))
    chip = Stm32Chip(0x421, flash) if kind == "stm32-rom" else PicobootChip(flash)
    programmer = rom(chip) if isinstance(chip, Stm32Chip) else Picoboot(chip)
    with pytest.raises(FlashError, match=f"reading back, there is 0x.. instead of 0x.. at 0x{base + at:08x}"):
        program(board, programmer, [(base, IMAGE)])
    assert not (chip.started if isinstance(chip, Stm32Chip) else chip.rebooted)


def test_another_chip_is_not_touched() -> None:
    chip = Stm32Chip(0x450, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), 1))
    before = bytes(chip.flash.content)
    with pytest.raises(FlashError, match=r"is 0x450, the board's is 0x421 \(STM32TEST\); nothing was written"):
        program(emulated_board("stm32-rom"), rom(chip), [(STM32_BASE, IMAGE)])
    assert (chip.flash.operations, bytes(chip.flash.content)) == (0, before)
    rp2350 = PicobootChip(Nor(RP2040_BASE, [4096] * 4, 1), rom=b"Mu\2\1")
    with pytest.raises(FlashError, match="its boot ROM begins with 4d7501, this one with 4d7502; nothing was written"):
        program(emulated_board("picoboot"), Picoboot(rp2350), [(RP2040_BASE, IMAGE)])
    assert rp2350.flash.operations == 0


def test_rp2350() -> None:
    """Its ROM knows the RP2040's commands, save that it is restarted by another one."""
    chip = PicobootChip(Nor(RP2040_BASE, [4096] * 4, 1), rom=b"Mu\2\1")
    program(load("pico2"), Picoboot(chip, "rp2350"), [(RP2040_BASE, IMAGE)])
    assert chip.rebooted
    assert chip.flash.holds(RP2040_BASE, IMAGE)


def test_what_is_there_already_is_not_written_again() -> None:
    chip = PicobootChip(Nor(RP2040_BASE, [4096] * 4, 1))
    for operations in (2 + 32, 0, 1 + 16):
        program(emulated_board("picoboot"), Picoboot(chip), [(RP2040_BASE, IMAGE)])
        assert (chip.flash.operations, chip.flash.holds(RP2040_BASE, IMAGE)) == (operations, True)
        chip.flash.operations = 0
        if operations == 0:
            chip.flash.content[100] ^= 1


class Mute(Stm32Chip):
    def read(self, count: int, timeout_s: float) -> bytes:
        return b""


def test_no_boot_loader() -> None:
    chip = Mute(0x421, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), 1))
    with pytest.raises(DeviceError, match="no boot loader answers on the port; hold BOOT0 high"):
        program(emulated_board("stm32-rom"), rom(chip), [(STM32_BASE, IMAGE)])


def test_an_image_larger_than_the_flash() -> None:
    chip = Stm32Chip(0x421, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), 1))
    with pytest.raises(FlashError, match="is not in the chip's flash"):
        program(emulated_board("stm32-rom"), rom(chip), [(STM32_BASE, bytes(17000))])
    assert chip.flash.operations == 0


@contextmanager
def attached(chip: Stm32Chip) -> Iterator[str]:
    """The address of a port with a chip behind it; a PTY would know no parity."""

    def serve() -> None:
        with contextlib.suppress(OSError, CutError):
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(300):
                    chip.write(data)
                    connection.sendall(chip.read(1000, 0))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def test_over_a_port() -> None:
    chip = Stm32Chip(0x421, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), 1))
    board = emulated_board("stm32-rom")
    with attached(chip) as url:
        program(board, Stm32Rom(board, board.flash[0], SerialLine(url)), [(STM32_BASE, IMAGE)])
    assert (chip.flash.holds(STM32_BASE, IMAGE), chip.started) == (True, STM32_BASE)


def test_a_port_that_goes_away() -> None:
    chip = Stm32Chip(0x421, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), 1))
    chip.flash.cut_at = 0
    board = emulated_board("stm32-rom")
    with attached(chip) as url, pytest.raises((FlashError, DeviceError)) as caught:
        program(board, Stm32Rom(board, board.flash[0], SerialLine(url)), [(STM32_BASE, IMAGE)])
    assert "went away" in str(caught.value) or "answered nothing" in str(caught.value)


def test_a_port_without_parity() -> None:
    controller, terminal = pty.openpty()
    with pytest.raises(DeviceError, match="cannot send even parity"):
        SerialLine(os.ttyname(terminal))
    os.close(terminal)
    os.close(controller)


def test_sizes_of_sectors() -> None:
    assert sector_sizes("4x16K 1x64K 3x128K") == (16384,) * 4 + (65536,) + (131072,) * 3
