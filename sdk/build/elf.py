"""What a linked image holds, read back from the ELF file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from sdk.board import Board
from sdk.errors import BuildError


@dataclass(frozen=True)
class LinkedImage:
    """A linked image.

    Attributes:
        segments: (load address, bytes) of what is written to the board's flash, by ascending address.
        ram_bytes: statically allocated RAM, stacks and arena included.
    """

    segments: tuple[tuple[int, bytes], ...]
    ram_bytes: int

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash that the image takes."""
        return sum(len(data) for _, data in self.segments)

    @property
    def base(self) -> int:
        """Load address of the first byte."""
        return self.segments[0][0]

    def flat(self) -> bytes:
        """The bytes from ``base`` on, with gaps as erased flash reads."""
        content = bytearray()
        for address, data in self.segments:
            content += b"\xff" * (address - self.base - len(content)) + data
        return bytes(content)


def read_image(path: Path, board: Board) -> LinkedImage:
    """Read an ELF file that was linked for a board.

    Raises:
        BuildError: the file has nothing to load.
    """
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        segments = [
            (segment["p_paddr"], segment.data())
            for segment in elf.iter_segments("PT_LOAD")
            if segment["p_filesz"] and (board.hosted or _in_flash(board, segment["p_paddr"]))
        ]
        if not segments:
            raise BuildError(path, "has no segment to load")
        ram = sum(section["sh_size"] for section in elf.iter_sections() if _is_ram(section, board))
    return LinkedImage(tuple(sorted(segments)), ram)


def _in_flash(board: Board, address: int) -> bool:
    return any(m.kind == "flash" and m.origin <= address < m.end for m in board.memories)


def _is_ram(section: object, board: Board) -> bool:
    flags, address = section["sh_flags"], section["sh_addr"]  # type: ignore[index]
    if not flags & SH_FLAGS.SHF_ALLOC:
        return False
    if board.hosted:
        return bool(flags & SH_FLAGS.SHF_WRITE)
    return any(m.kind == "ram" and m.origin <= address < m.end for m in board.memories)
