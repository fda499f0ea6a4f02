"""Board descriptions: one TOML each in ``boards/``, read into frozen values."""

from sdk.board.board import Board, Chip, Console, Emulator, FlashMethod, ImageFormats, Memory, Toolchain
from sdk.board.linker import link_view
from sdk.board.loader import available, load, load_file

__all__ = [
    "Board",
    "Chip",
    "Console",
    "Emulator",
    "FlashMethod",
    "ImageFormats",
    "Memory",
    "Toolchain",
    "available",
    "link_view",
    "load",
    "load_file",
]
