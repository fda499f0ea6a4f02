"""Flashing by PJRC's Teensy Loader: HalfKay, the boot loader of a chip beside the processor.

HalfKay neither names its board nor reads back. What was written is proven by the checksums that the firmware makes
afterwards, and that there is one Teensy only is for the person who presses its button.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer
from sdk.device.flash.tool import run_tool

PROGRAM = "teensy_loader_cli"
INSTALL = "sudo apt install teensy-loader-cli"

_RECORD_BYTES = 16
_BUTTON_S = 60.0


class Teensy(Programmer):
    """One Teensy whose button is pressed when it is to be written.

    Args:
        method: of kind "teensy", with "mcu" as ``teensy_loader_cli --list-mcus`` names the board.
    """

    reads = False

    def __init__(self, method: FlashMethod) -> None:
        self._mcu = str(method.options["mcu"])

    def check(self, board: Board) -> None:
        """Nothing can be asked."""

    def write(self, address: int, data: bytes) -> None:
        """Wait for the button, erase the chip, program it and restart it."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.hex").write_text(intel_hex(address, data), encoding="ascii")
            argv = [PROGRAM, f"--mcu={self._mcu}", "-w", "-v", "image.hex"]
            run_tool(argv, install=INSTALL, timeout_s=_BUTTON_S, cwd=Path(folder))

    def read(self, address: int, count: int) -> bytes:
        """Nothing."""
        return b""

    def start(self) -> None:
        """It was started after writing."""


def intel_hex(address: int, data: bytes) -> str:
    """Bytes from an address on, as a file in Intel's hexadecimal format with 32-bit addresses."""
    lines = []
    upper = -1
    at = 0
    while at < len(data):
        here = address + at
        if here >> 16 != upper:
            upper = here >> 16
            lines.append(_record(4, 0, upper.to_bytes(2, "big")))
        count = min(_RECORD_BYTES, -here & 0xFFFF or _RECORD_BYTES)
        lines.append(_record(0, here & 0xFFFF, data[at : at + count]))
        at += count
    return "\n".join([*lines, _record(1, 0, b"")]) + "\n"


def _record(kind: int, address: int, data: bytes) -> str:
    content = bytes([len(data), address >> 8, address & 0xFF, kind]) + data
    return f":{(content + bytes([-sum(content) & 0xFF])).hex().upper()}"
