"""Runs RP2040 images in rp2040js, by ``rp2040js/emulator.mjs``."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TextIO

from sdk.board import Board
from sdk.device.process import Child
from sdk.device.runner import Endpoint, Image, Runner
from sdk.errors import DeviceError, ToolError

_HERE = Path(__file__).resolve().parent / "rp2040js"
_START_SECONDS = 30.0


def _wanted_version() -> str:
    package = json.loads((_HERE / "package.json").read_text(encoding="utf-8"))
    return str(package["dependencies"]["rp2040js"])


def data_folder() -> Path:
    """The folder of this user that the emulator's npm package is installed in."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "sdk"


def node_modules() -> Path:
    """The ``node_modules`` folder with the version of rp2040js that this SDK was proven with.

    Looks into ``$SDK_NODE_MODULES``, a source checkout's own, and the user's data folder.

    Raises:
        ToolError: it is in none of them.
    """
    wanted = _wanted_version()
    chosen = os.environ.get("SDK_NODE_MODULES")
    folders = [Path(chosen)] if chosen else []
    folders += [_HERE.parents[2] / "node_modules", data_folder() / "node_modules"]
    found = []
    for folder in folders:
        try:
            package = json.loads((folder / "rp2040js" / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if package.get("version") == wanted:
            return folder
        found.append(f"{package.get('version')} in {folder}")
    problem = f"version {wanted} is not installed" + (f" (found {', '.join(found)})" if found else "")
    raise ToolError("rp2040js", problem, f"npm install --prefix {data_folder()} rp2040js@{wanted}")


class Rp2040jsRunner(Runner):
    """Runs the UF2 file of an image, with the console that the board's description names.

    The device's own cycle counter is what counts: rp2040js times instructions as the Cortex-M0+ manual does.
    """

    def __init__(self, board: Board, image: Image) -> None:
        self._image = image
        self._console = "usb" if board.console.kind == "usb-cdc" else "uart"
        self._baud = board.console.baud
        self._child: Child | None = None
        self._control: socket.socket | None = None
        self._answers: TextIO | None = None

    @property
    def measured_on(self) -> str:
        """The emulator's name and version."""
        return f"rp2040js {_wanted_version()}"

    @property
    def cycles_source(self) -> str:
        """The firmware's own counter, as the emulator drives it."""
        return "SysTick of the emulated core"

    def start(self) -> Endpoint:
        """Start the emulator; the firmware runs at once."""
        modules = node_modules()
        if self._image.uf2 is None or not self._image.uf2.is_file():
            raise DeviceError(self._image.uf2 or self._image.elf, "no UF2 file", "build it first")
        argv = ["node", str(_HERE / "emulator.mjs"), "--modules", str(modules), "--console", self._console]
        self._control, theirs = socket.socketpair()
        with theirs:
            self._child = Child([*argv, str(self._image.uf2.resolve())], package="nodejs", console=theirs.fileno())
        self._control.settimeout(_START_SECONDS)
        try:
            self._answers = self._control.makefile()
            words = self._answers.readline().split()
        except TimeoutError as error:
            raise DeviceError(self.measured_on, f"did not start within {_START_SECONDS:.0f} s") from error
        if words[:1] != ["listening"]:
            raise self.failure() or DeviceError(self.measured_on, "gave up its console")
        baud = {"baud": self._baud} if self._baud else {}
        return Endpoint(f"socket://127.0.0.1:{words[1]}", **baud)

    def touch(self) -> None:
        """Close the emulated USB port at 1200 baud, which sends the firmware to the boot loader."""
        if self._control is not None:
            self._control.sendall(b"touch\n")

    def flash_stalls(self) -> list[int] | None:
        """As the emulator's model of the XIP cache counts them."""
        if self._control is None or self._answers is None:
            return None
        try:
            self._control.sendall(b"stalls\n")
            return [int(cycles) for cycles in json.loads(self._answers.readline())]
        except (OSError, ValueError) as error:
            raise self.failure() or DeviceError(self.measured_on, f"does not answer: {error}") from error

    def stop(self) -> None:
        """End the emulator."""
        if self._answers is not None:
            self._answers.close()
            self._answers = None
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._child is not None:
            self._child.kill()

    def failure(self) -> DeviceError | None:
        """How the emulator ended, or None."""
        ending = self._child.ending() if self._child else None
        return DeviceError(self.measured_on, ending) if ending else None
