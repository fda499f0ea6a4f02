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
        base: load address of ``content``'s first byte.
        content: the bytes to be written to the board's flash.
        ram_bytes: statically allocated RAM, stacks and arena included.
        symbols: addresses and sizes of the functions and objects.
    """

    base: int
    content: bytes
    ram_bytes: int
    symbols: dict[str, tuple[int, int]]

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash that the image takes."""
        return len(self.content)


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
        table = elf.get_section_by_name(".symtab")
        symbols = {s.name: (s["st_value"], s["st_size"]) for s in table.iter_symbols()} if table else {}
        ram = sum(section["sh_size"] for section in elf.iter_sections() if _is_ram(section, board))
    segments.sort()
    base = segments[0][0]
    content = bytearray()
    for address, data in segments:
        if board.hosted:  # only its size means something: an operating system loads it
            content += data
        else:
            content += b"\xff" * (address - base - len(content)) + data
    return LinkedImage(base, bytes(content), ram, symbols)


def _in_flash(board: Board, address: int) -> bool:
    return any(m.kind == "flash" and m.origin <= address < m.end for m in board.memories)


def _is_ram(section: object, board: Board) -> bool:
    flags, address = section["sh_flags"], section["sh_addr"]  # type: ignore[index]
    if not flags & SH_FLAGS.SHF_ALLOC:
        return False
    if board.hosted:
        return bool(flags & SH_FLAGS.SHF_WRITE)
    return any(m.kind == "ram" and m.origin <= address < m.end for m in board.memories)
