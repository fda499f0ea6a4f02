"""Flashing by OpenOCD. Contents are read back by ``dump_image``, not by its ``verify_image``, which runs code there."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer, check_id
from sdk.device.flash.tool import run_tool
from sdk.errors import FlashError

PROGRAM = "openocd"
INSTALL = "sudo apt install openocd"


class OpenOcd(Programmer):
    """One chip behind one probe.

    Args:
        method: of kind "openocd"; its "config" is a script that comes with OpenOCD.
        serial_number: the probe's.
    """

    def __init__(self, method: FlashMethod, serial_number: str) -> None:
        self._config = str(method.options["config"])
        self._serial = serial_number

    def check(self, board: Board) -> None:
        """Read the identification register while the chip runs on."""
        check_id(board, self._word)

    def write(self, address: int, data: bytes) -> None:
        """Erase the sectors that the data need, and program them."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.bin").write_bytes(data)
            self._run("reset halt", f"flash write_image erase image.bin {address:#x} bin", folder=folder)

    def read(self, address: int, count: int) -> bytes:
        """Dump memory to a file."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run("halt", f"dump_image back.bin {address:#x} {count}", folder=folder)
            back = Path(folder) / "back.bin"
            return back.read_bytes() if back.is_file() else b""

    def start(self) -> None:
        """Reset the chip and let it run."""
        self._run("reset run")

    def _word(self, address: int) -> int:
        output = self._run(f"mdw {address:#x}")
        match = re.search(rf"^0x{address:08x}:\s+([0-9a-f]{{8}})\b", output, re.MULTILINE)
        if match is None:
            raise FlashError(PROGRAM, f"did not tell the word at {address:#x}: {output.strip()}", "check the cable")
        return int(match[1], 16)

    def _run(self, *commands: str, folder: str | None = None) -> str:
        argv = [PROGRAM, "-f", self._config, "-c", f"adapter serial {{{self._serial}}}"]
        for command in ("init", *commands, "shutdown"):
            argv += ["-c", command]
        return run_tool(argv, install=INSTALL, cwd=Path(folder) if folder else None)
