"""Flashing by dfu-util: the ST chips' USB boot loader (DfuSe, AN3156). Contents are read back by its upload."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer
from sdk.device.flash.tool import run_tool
from sdk.errors import DeviceError, FlashError

PROGRAM = "dfu-util"
INSTALL = "sudo apt install dfu-util"

_FOUND = re.compile(r'^Found DFU: \[([0-9a-f:]+)\].*, alt=(\d+), name="(.*?)", serial="(.*?)"', re.MULTILINE)
_HELD = "hold BOOT0 high and reset the board"


class Dfu(Programmer):
    """One chip in its boot loader.

    The loader does not tell which chip it is in; its description of the flash does: the sizes of the sectors.

    Args:
        board: for messages.
        method: of kind "dfu", with "usb_id" and "layout": the name of the flash's alternate setting.
        serial_number: of the USB device; None if only one is attached.
    """

    def __init__(self, board: Board, method: FlashMethod, serial_number: str | None) -> None:
        self._usb_id = str(method.options["usb_id"])
        self._layout = str(method.options["layout"])
        listed = run_tool([PROGRAM, "--list", "--device", self._usb_id], install=INSTALL)
        found = [one for one in _FOUND.findall(listed) if one[0] == self._usb_id]
        serials = sorted({one[3] for one in found if serial_number in (None, one[3])})
        if len(serials) > 1:
            raise DeviceError(board.id, f"several boards fit: {', '.join(serials)}", "choose one with --serial")
        if not serials:
            raise DeviceError(board.id, f"no boot loader {self._usb_id} is attached", _HELD)
        self._serial = serials[0]
        self._alternates = {one[2]: one[1] for one in found if one[3] == self._serial}
        self._start: int | None = None

    def check(self, board: Board) -> None:
        """Compare the description of the flash."""
        if self._layout not in self._alternates:
            names = ", ".join(repr(name) for name in self._alternates)
            problem = f"its chip's flash is {self._layout!r}, this boot loader has {names}; nothing was written"
            raise FlashError(board.id, problem, "attach the right board or choose another --board")

    def write(self, address: int, data: bytes) -> None:
        """Download; the loader erases the sectors that the data need."""
        if self._start is None:
            self._start = address
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.bin").write_bytes(data)
            self._run(folder, "--dfuse-address", hex(address), "--download", "image.bin")

    def read(self, address: int, count: int) -> bytes:
        """Upload."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run(folder, "--dfuse-address", f"{address:#x}:{count}", "--upload", "back.bin")
            back = Path(folder) / "back.bin"
            return back.read_bytes() if back.is_file() else b""

    def start(self) -> None:
        """Leave the boot loader, with one more upload of a few bytes."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run(folder, "--dfuse-address", f"{self._start:#x}:leave:4", "--upload", "start.bin")

    def _run(self, folder: str, *arguments: str) -> None:
        argv = [PROGRAM, "--device", self._usb_id, "--serial", self._serial, "--alt", self._alternates[self._layout]]
        run_tool([*argv, *arguments], install=INSTALL, cwd=Path(folder))
