"""Flashing by pyOCD: CMSIS-DAP, DAPLink, ST-Link and J-Link probes.

Contents are read back by ``savemem``: pyOCD itself does not compare what it has programmed.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer, check_id
from sdk.device.flash.tool import run_tool
from sdk.errors import DeviceError, FlashError

PROGRAM = "pyocd"
INSTALL = "pip install pyocd"


class PyOcd(Programmer):
    """One chip behind one probe.

    Args:
        board: with a chip.
        method: of kind "pyocd".
        serial_number: the probe's; None if only one is attached.
    """

    def __init__(self, board: Board, method: FlashMethod, serial_number: str | None) -> None:
        self._target = str(method.options["target"])
        self._probe = _probe(board, serial_number)

    def check(self, board: Board) -> None:
        """Read the identification register by the target "cortex_m", which every chip answers to."""
        check_id(board, self._word)

    def write(self, address: int, data: bytes) -> None:
        """Program sector by sector; what else is in the flash stays."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.bin").write_bytes(data)
            options = ["--erase", "sector", "--no-reset", "--base-address", hex(address), "--format", "bin"]
            self._run("load", self._target, *options, "image.bin", folder=folder)

    def read(self, address: int, count: int) -> bytes:
        """Save memory to a file."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            self._run("commander", self._target, "--command", f"savemem {address:#x} {count} back.bin", folder=folder)
            back = Path(folder) / "back.bin"
            return back.read_bytes() if back.is_file() else b""

    def start(self) -> None:
        """Reset the chip."""
        self._run("reset", self._target)

    def _word(self, address: int) -> int:
        output = self._run("commander", "cortex_m", "--command", f"read32 {address:#x}")
        match = re.search(rf"^{address:08x}:\s+([0-9a-f]{{8}})\b", output, re.MULTILINE)
        if match is None:
            raise FlashError(PROGRAM, f"did not tell the word at {address:#x}: {output.strip()}", "check the cable")
        return int(match[1], 16)

    def _run(self, command: str, target: str, *arguments: str, folder: str | None = None) -> str:
        argv = [PROGRAM, command, "--no-config", "--no-wait", "--uid", self._probe, "--target", target, *arguments]
        return run_tool(argv, install=INSTALL, cwd=Path(folder) if folder else None)


def probes() -> list[str]:
    """The unique ids of the probes that are attached.

    Raises:
        ToolError: pyOCD is not installed.
    """
    found = json.loads(run_tool([PROGRAM, "json", "--no-config", "--probes"], install=INSTALL))
    return [str(probe["unique_id"]) for probe in found.get("boards", [])]


def _probe(board: Board, serial_number: str | None) -> str:
    found = probes()
    fitting = [probe for probe in found if serial_number is None or same_serial(probe, serial_number)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DeviceError(board.id, f"several probes fit: {', '.join(fitting)}", "choose one with --serial")
    wanted = f" {serial_number}" if serial_number else ""
    here = ", ".join(found) or "none"
    raise DeviceError(board.id, f"no debug probe{wanted}; probes here: {here}", "attach the board")


def same_serial(probe: str, serial_number: str) -> bool:
    """Whether two spellings of a serial number are one: a port's has zeros in front that a probe's may lack."""
    return probe.lower().lstrip("0") == serial_number.lower().lstrip("0")
