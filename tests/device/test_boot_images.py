"""What the boot ROM or boot loader of each chip looks for is where it looks, by the chip's own documents."""

from __future__ import annotations

import struct
from pathlib import Path

import port_images
import pytest

from sdk import board as boards
from sdk import uf2
from sdk.board import Board
from sdk.build.elf import LinkedImage, read_image

BARE = [board for board in boards.available() if board.core.startswith("cortex-m")]
FIRST_BYTES = {
    "STM32": 0x0800_0000,
    "nano33ble": 0x0001_0000,
    "feather_m0": 0x0000_2000,
    "pico2": 0x1000_0000,
    "teensy41": 0x6000_0000,
    "ek_ra8d1": 0x0200_0000,
}
PROGRAM = """
#include "sdk/port.h"
int main(void) {
    port_init();
    for (;;) {
        const uint8_t byte = (uint8_t)(port_getc() + (int)(port_cycles() + port_micros() + port_clock_hz()));
        port_write(&byte, 1);
    }
}
"""


@pytest.fixture
def link(tmp_path: Path):
    def build(board: Board) -> LinkedImage:
        source = tmp_path / "main.c"
        source.write_text(PROGRAM, encoding="ascii")
        return read_image(port_images.build(board, tmp_path, source), board)

    return build


def words(image: LinkedImage, address: int, count: int) -> tuple[int, ...]:
    return struct.unpack_from(f"<{count}I", image.flat(), address - image.base)


def vectors(board: Board, image: LinkedImage) -> int:
    """Where the core's vectors must be."""
    return image.base + {"boot2": 256, "flexspi_boot": 0x1400}.get(board.memory("vectors").roles[0], 0)


@pytest.mark.parametrize("board", BARE, ids=lambda board: board.id)
def test_vectors(link, board: Board) -> None:
    """Stack and reset handler stand first, the table is aligned to its size, and the rest of it is inside the code."""
    image = link(board)
    at = vectors(board, image)
    stack, reset, nmi, hard_fault = words(image, at, 4)
    assert board.memory("stack").origin < stack <= board.memory("stack").end
    assert stack % 8 == 0
    for handler in (reset, nmi, hard_fault):
        assert handler & 1, "Thumb"
        assert board.memory("text").origin <= handler < board.memory("text").end
    assert at % 256 == 0
    expected = FIRST_BYTES.get("STM32" if board.port == "stm32" else board.id, board.memory("vectors").origin)
    assert image.base == expected


def test_the_rp2350_finds_one_valid_block(link) -> None:
    """RP2350 datasheet 5.9: a block loop in the first 4 KiB, with an IMAGE_TYPE item, ended by LAST with its size."""
    board = boards.load("pico2")
    image = link(board)
    flat = image.flat()
    start = flat.index(struct.pack("<I", 0xFFFF_DED3))
    assert start % 4 == 0
    assert start < 4096
    assert flat.count(struct.pack("<I", 0xFFFF_DED3)) == 1
    kind, size, flags, last, items, pad, link_to, end = struct.unpack_from("<BBHBHBiI", flat, start + 4)
    assert (kind, size) == (0x42, 1)
    assert flags & 0xF == 1, "EXE"
    assert flags >> 4 & 3 == 2, "Secure"
    assert flags >> 8 & 7 == 0, "Arm"
    assert flags >> 12 & 7 == 1, "RP2350"
    assert (last, items, pad, link_to, end) == (0xFF, size, 0, 0, 0xAB12_3579)
    assert words(image, image.base + 4 * (16 + 14), 1)[0] & 1, "the USB interrupt has a handler"
    assert words(image, image.base + 4 * (16 + 33), 1)[0] & 1, "the UART's interrupt has a handler"


FAMILIES = {"pico": 0xE48B_FF56, "pico2": 0xE48B_FF59, "feather_m0": 0x68ED_2B88}


@pytest.mark.parametrize(("name", "family"), FAMILIES.items())
def test_uf2_families(link, name: str, family: int) -> None:
    board = boards.load(name)
    image = link(board)
    blocks, found = uf2.parse_uf2(uf2.uf2(image.flat(), image.base, board.image.uf2_family or 0))
    assert found == family
    assert blocks[0][0] == FIRST_BYTES.get(name, 0x1000_0000)


def test_the_rt1062_finds_flash_configuration_and_vectors(link) -> None:
    """i.MX RT1060 reference manual 9.6.3 and 9.7: FCFB at 0, the image vector table at 0x1000, which names itself."""
    board = boards.load("teensy41")
    image = link(board)
    flash = image.base
    assert words(image, flash, 1) == (struct.unpack("<I", b"FCFB")[0],)
    device_type, pads, clock, custom = struct.unpack_from("<4B", image.flat(), 0x44)
    assert (device_type, pads, clock, custom) == (1, 4, 6, 0)
    assert words(image, flash + 0x50, 1) == (8 << 20,)
    assert words(image, flash + 0x80, 4) == (0x0A18_04EB, 0x3204_1EFF, 0x0000_2601, 0)
    assert words(image, flash + 0x1C0, 2) == (256, 4096)
    header, entry, _, device_data, boot_data, self, _, _ = words(image, flash + 0x1000, 8)
    assert (header & 0xFF, header >> 8 & 0xFFFF, header >> 28) == (0xD1, 0x2000, 4)
    assert (entry, device_data, self) == (vectors(board, image), 0, flash + 0x1000)
    assert words(image, boot_data, 3) == (flash, len(image.flat()), 0)
