"""What comes from a board, for people: its text, and the place of its last fault."""

from __future__ import annotations

import select
from collections.abc import Iterator
from pathlib import Path

from sdk.device.flash.tool import run_tool
from sdk.device.link import Session
from sdk.device.ports import open_port
from sdk.errors import DeviceError, printable

_OPEN_S = 5.0
_READ_BYTES = 4096
_KEPT = "\n\t"


def listen(port: str, baud: int) -> Iterator[str]:
    """Yield what a port says, printable, for ever; frames of the link show as replacement characters.

    Raises:
        DeviceError: the port cannot be opened, or has gone.
    """
    with open_port(port, baud, timeout_s=_OPEN_S) as source:
        while True:
            select.select([source.fileno()], [], [])
            try:
                data = source.read(_READ_BYTES)
            except OSError as error:
                raise DeviceError(port, f"the port went away: {error}", "check cable and power") from error
            text = data.decode(errors="replace").replace("\r", "")
            yield "".join(c if c in _KEPT else printable(c) for c in text)


def describe_fault(port: str, baud: int, elf: Path, prefix: str) -> str:
    """What ended the previous run of a board's firmware, with file and line.

    Args:
        port: of the board.
        baud: bits a second.
        elf: the firmware's ELF file.
        prefix: of the toolchain that has ``addr2line``.

    Raises:
        DeviceError: the firmware does not answer.
        ToolError: there is no ``addr2line``.
    """
    with Session.open(port, baud, timeout_s=_OPEN_S) as session:
        fault = session.info.fault
    if fault is None:
        return "the firmware's previous run did not end by a fault"
    places = run_tool(
        [f"{prefix}addr2line", "-f", "-p", "-e", str(elf), hex(fault.pc), hex(fault.lr & ~1)],
        install="sudo apt install binutils-arm-none-eabi",
    ).splitlines()
    registers = f"CFSR 0x{fault.cfsr:08x}, HFSR 0x{fault.hfsr:08x}, address 0x{fault.address:08x}"
    return "\n".join(
        [
            f"fault at 0x{fault.pc:08x}: {places[0]}",
            f"called from 0x{fault.lr:08x}: {places[1]}",
            f"SP 0x{fault.sp:08x}, xPSR 0x{fault.psr:08x}, {registers}",
        ]
    )
