"""What all ways of programming a chip have in common: check it, write, read back, compare, start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from sdk.board import Board
from sdk.device.runner import Image
from sdk.errors import DeviceError, FlashError

WRITE_UNIT = 32
"""Bytes that every chip here can program at once, or a multiple of it; contents are filled up to it."""

_ERASED = b"\xff"

Segment = tuple[int, bytes]
"""An address in flash, and what is to be there."""


@dataclass(frozen=True)
class Where:
    """Which of several attached boards is meant.

    Attributes:
        port: serial port or drive; None to find it.
        serial_number: of the board or its debug probe; None if there is only one.
    """

    port: str | None = None
    serial_number: str | None = None


class Programmer(ABC):
    """Reads and writes the flash of one chip that is connected.

    Attributes:
        reads: whether it can read back. What the others wrote is proven by the checksums of the firmware alone.
    """

    reads = True

    @abstractmethod
    def check(self, board: Board) -> None:
        """Make sure that the chip is the board's. Erases and writes nothing.

        Raises:
            FlashError: it is another one.
        """

    @abstractmethod
    def write(self, address: int, data: bytes) -> None:
        """Erase what must be and write.

        Args:
            address: in flash; a multiple of ``WRITE_UNIT``.
            data: a multiple of ``WRITE_UNIT`` bytes.
        """

    @abstractmethod
    def read(self, address: int, count: int) -> bytes:
        """Read back from the chip."""

    @abstractmethod
    def start(self) -> None:
        """Start what was written."""


def segments(board: Board, image: Image) -> tuple[Segment, ...]:
    """What an image wants to have in the board's flash, by ascending address.

    Raises:
        DeviceError: the image's files are missing or damaged.
    """
    try:
        with image.elf.open("rb") as stream:
            loaded = [
                (int(segment["p_paddr"]), bytes(segment.data()))
                for segment in ELFFile(stream).iter_segments("PT_LOAD")
                if segment["p_filesz"] and _in_flash(board, int(segment["p_paddr"]))
            ]
        if not loaded:
            raise DeviceError(image.elf, f"holds nothing for the flash of {board.id}", "build it for this board")
        loaded.sort()
        # The .bin is the same contents, with what the chip's boot ROM wants to have added.
        return ((loaded[0][0], image.bin.read_bytes()),) if image.bin is not None else tuple(loaded)
    except (OSError, ELFError) as error:
        raise DeviceError(image.elf, f"not a readable image: {error}", "build again") from error


def _in_flash(board: Board, address: int) -> bool:
    return any(m.kind == "flash" and m.origin <= address < m.end for m in board.memories)


def program(board: Board, programmer: Programmer, contents: Sequence[Segment]) -> None:
    """Check the chip, write, read everything back where that can be done, and start it.

    Raises:
        FlashError: the chip is another one and nothing was erased; or it holds something else than was written,
            and was not started.
    """
    programmer.check(board)
    filled = [(address, data + _ERASED * (-len(data) % WRITE_UNIT)) for address, data in contents]
    for address, data in filled:
        programmer.write(address, data)
    if programmer.reads:
        for address, data in filled:
            compare(board, address, data, programmer.read(address, len(data)))
    programmer.start()


def compare(board: Board, address: int, wanted: bytes, found: bytes) -> None:
    """Compare what was read back with what was written.

    Raises:
        FlashError: they differ.
    """
    if wanted == found:
        return
    at = next((i for i, (a, b) in enumerate(zip(wanted, found, strict=False)) if a != b), len(found))
    what = f"0x{found[at]:02x} instead of 0x{wanted[at]:02x}" if at < len(found) else "nothing more"
    raise FlashError(board.id, f"reading back, there is {what} at 0x{address + at:08x}", "repeat; check the cable")


def check_id(board: Board, read_word: Callable[[int], int]) -> None:
    """Compare the chip's identification register with the board's.

    Args:
        board: with a chip.
        read_word: reads 32 bits at an address.

    Raises:
        FlashError: it is another chip.
    """
    chip = board.chip
    if chip is None:
        raise FlashError(board.id, "its description has no [chip], by which the right one is known")
    found = read_word(chip.id_address) & chip.id_mask
    if found != chip.id_value:
        raise FlashError(
            board.id,
            f"the chip's identification is 0x{found:x}, a {chip.name} has 0x{chip.id_value:x}; nothing was written",
            "attach the right board or choose another --board",
        )
