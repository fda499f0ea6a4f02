"""Flashing by SEGGER's J-Link Commander. Contents are read back by ``savebin``."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer, check_id
from sdk.device.flash.tool import run_tool
from sdk.errors import FlashError

PROGRAM = "JLinkExe"
INSTALL = "install SEGGER's J-Link software"


class JLink(Programmer):
    """One chip behind one probe.

    Args:
        method: of kind "jlink".
        serial_number: the probe's.
    """

    def __init__(self, method: FlashMethod, serial_number: str) -> None:
        self._device = str(method.options["device"])
        self._serial = serial_number.lstrip("0")

    def check(self, board: Board) -> None:
        """Read the identification register."""
        check_id(board, self._word)

    def write(self, address: int, data: bytes) -> None:
        """Erase the sectors that the data need, and program them."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.bin").write_bytes(data)
            self._run(f"r\nhalt\nloadbin image.bin, {address:#x}\n", folder)

    def read(self, address: int, count: int) -> bytes:
        """Save memory to a file."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run(f"savebin back.bin, {address:#x}, {count:#x}\n", folder)
            back = Path(folder) / "back.bin"
            return back.read_bytes() if back.is_file() else b""

    def start(self) -> None:
        """Reset the chip and let it run."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run("r\ng\n", folder)

    def _word(self, address: int) -> int:
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            output = self._run(f"mem32 {address:#x}, 1\n", folder)
        match = re.search(rf"^(?:J-Link>)?{address:08X} = ([0-9A-F]{{8}})\b", output, re.MULTILINE)
        if match is None:
            raise FlashError(PROGRAM, f"did not tell the word at {address:#x}", "check the cable")
        return int(match[1], 16)

    def _run(self, script: str, folder: str) -> str:
        (Path(folder) / "script.jlink").write_text(f"{script}exit\n", encoding="ascii")
        argv = [PROGRAM, "-NoGui", "1", "-ExitOnError", "1", "-USB", self._serial, "-Device", self._device]
        argv += ["-If", "SWD", "-Speed", "4000", "-AutoConnect", "1"]
        return run_tool([*argv, "-CommandFile", "script.jlink"], install=INSTALL, cwd=Path(folder))
