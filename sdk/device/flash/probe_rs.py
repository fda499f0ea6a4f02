"""Flashing by probe-rs. Contents are read back byte by byte by its ``read``; its own --verify is opt-in."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer, check_id
from sdk.device.flash.pyocd import same_serial
from sdk.device.flash.tool import run_tool
from sdk.errors import DeviceError, FlashError

PROGRAM = "probe-rs"
INSTALL = "see https://probe.rs/docs/getting-started/installation"

_PROBE = re.compile(r"^\[\d+\]: .*?-- ([0-9a-f]{4}:[0-9a-f]{4}(?:-\d+)?):(\S*) ", re.MULTILINE)
_READ_BYTES = 4096


class ProbeRs(Programmer):
    """One chip behind one probe.

    Args:
        board: for messages.
        method: of kind "probe-rs".
        serial_number: the probe's; None if only one is attached.
    """

    def __init__(self, board: Board, method: FlashMethod, serial_number: str | None) -> None:
        self._chip = str(method.options["chip"])
        self._probe = _probe(board, serial_number)

    def check(self, board: Board) -> None:
        """Read the identification register."""
        check_id(board, lambda address: self._numbers("b32", address, 1)[0])

    def write(self, address: int, data: bytes) -> None:
        """Program sector by sector."""
        with tempfile.TemporaryDirectory(prefix="sdk-flash-") as folder:
            (Path(folder) / "image.bin").write_bytes(data)
            options = ["--binary-format", "bin", "--base-address", hex(address)]
            self._run("download", *options, "image.bin", folder=folder)

    def read(self, address: int, count: int) -> bytes:
        """Read in parts, because the answer is text."""
        parts = [(at, min(_READ_BYTES, count - at)) for at in range(0, count, _READ_BYTES)]
        return b"".join(bytes(self._numbers("b8", address + at, size)) for at, size in parts)

    def start(self) -> None:
        """Reset the chip."""
        self._run("reset")

    def _numbers(self, width: str, address: int, count: int) -> list[int]:
        output = self._run("read", width, hex(address), str(count))
        words = output.split()
        try:
            numbers = [int(word, 16) for word in words]
        except ValueError:
            numbers = []
        if len(numbers) != count:
            raise FlashError(PROGRAM, f"did not tell {count} numbers at {address:#x}: {output.strip()[:200]}")
        return numbers

    def _run(self, command: str, *arguments: str, folder: str | None = None) -> str:
        argv = [PROGRAM, command, "--non-interactive", "--chip", self._chip, "--probe", self._probe, *arguments]
        return run_tool(argv, install=INSTALL, cwd=Path(folder) if folder else None)


def _probe(board: Board, serial_number: str | None) -> str:
    """The one probe that is meant, as "vendor:product:serial number"."""
    found: list[tuple[str, str]] = _PROBE.findall(run_tool([PROGRAM, "list"], install=INSTALL))
    fitting = [one for one in found if serial_number is None or same_serial(one[1], serial_number)]
    names = ", ".join(":".join(one) for one in fitting or found) or "none"
    if len(fitting) == 1:
        return ":".join(fitting[0])
    if fitting:
        raise DeviceError(board.id, f"several probes fit: {names}", "choose one with --serial")
    wanted = f" {serial_number}" if serial_number else ""
    raise DeviceError(board.id, f"no debug probe{wanted}; probes here: {names}", "attach the board")
