"""Flashing by BOSSA: the SAM-BA boot loader of SAMD boards, and Arduino's of nRF ones.

Contents are read back by its --read where the boot loader can.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer
from sdk.device.flash.tool import run_tool
from sdk.errors import FlashError

PROGRAM = "bossac"
INSTALL = "sudo apt install bossa-cli"


class Bossac(Programmer):
    """One chip in its boot loader.

    Args:
        method: of kind "bossac", with "device" (as ``bossac --info`` names it), "offset" (of the program in what the
            boot loader takes for the flash) and "reads" (whether it reads back).
        port: of the boot loader.
    """

    def __init__(self, method: FlashMethod, port: str) -> None:
        self._device = str(method.options["device"])
        self._offset = int(str(method.options["offset"]))
        self.reads = bool(method.options["reads"])
        self._port = port
        self._address = 0

    def check(self, board: Board) -> None:
        """Compare the name of the chip."""
        output = self._run("--info")
        named = [line.partition(":")[2].strip() for line in output.splitlines() if line.startswith("Device")]
        if named != [self._device]:
            found = ", ".join(named) or "not told"
            problem = f"its chip is {self._device}, this one is {found}; nothing was written"
            raise FlashError(board.id, problem, "attach the right board or choose another --board")

    def write(self, address: int, data: bytes) -> None:
        """Erase the flash behind the boot loader and program it."""
        self._address = address
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.bin").write_bytes(data)
            self._run(f"--offset={self._offset:#x}", "--erase", "--write", "image.bin", folder=folder)

    def read(self, address: int, count: int) -> bytes:
        """Read to a file."""
        offset = self._offset + address - self._address
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run(f"--offset={offset:#x}", f"--read={count:#x}", "back.bin", folder=folder)
            back = Path(folder) / "back.bin"
            return back.read_bytes() if back.is_file() else b""

    def start(self) -> None:
        """Reset the chip."""
        self._run("--reset")

    def _run(self, *arguments: str, folder: str | None = None) -> str:
        argv = [PROGRAM, f"--port={self._port}", *arguments]
        return run_tool(argv, install=INSTALL, cwd=Path(folder) if folder else None)
