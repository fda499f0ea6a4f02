"""Where a firmware crashed: the registers that it kept over the reset, by the ELF file's names and lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from sdk.device.replies import Fault
from sdk.device.runner import Endpoint
from sdk.errors import DeviceError, InputError

_ASK_S = 5.0

_CAUSES = {
    0: "IACCVIOL",
    1: "DACCVIOL",
    3: "MUNSTKERR",
    4: "MSTKERR",
    5: "MLSPERR",
    8: "IBUSERR",
    9: "PRECISERR",
    10: "IMPRECISERR",
    11: "UNSTKERR",
    12: "STKERR",
    13: "LSPERR",
    16: "UNDEFINSTR",
    17: "INVSTATE",
    18: "INVPC",
    19: "NOCP",
    20: "STKOF",
    24: "UNALIGNED",
    25: "DIVBYZERO",
}
"""Bits of the CFSR (Armv8-M architecture manual, D1.2.11; all but STKOF as in Armv7-M)."""


def last_crash(endpoint: Endpoint, elf: Path) -> str:
    """What ended the previous run of the firmware there; empty if it was no fault, or nobody answers.

    Raises:
        InputError: the ELF file cannot be read.
    """
    try:
        with endpoint.session(timeout_s=_ASK_S) as session:
            fault = session.info.fault
    except DeviceError:
        return ""
    return describe(fault, elf) if fault is not None else ""


def describe(fault: Fault, elf: Path) -> str:
    """Return place, caller, cause and registers of a fault in one line.

    Raises:
        InputError: the ELF file cannot be read.
    """
    try:
        with elf.open("rb") as stream:
            image = ELFFile(stream)
            place = _place(image, fault.pc) if fault.pc else "an unknown place, the stack had overflowed,"
            is_return = fault.lr & 1 and fault.lr < 1 << 31  # to Thumb code, not from an exception
            caller = f", called from {_place(image, (fault.lr & ~1) - 2)}" if is_return else ""
    except (OSError, ELFError, DWARFError) as error:
        raise InputError(elf, f"not a readable ELF file: {error}") from error
    causes = [name for bit, name in _CAUSES.items() if fault.cfsr >> bit & 1] or ["HardFault"]
    registers = f"pc 0x{fault.pc:08x}, lr 0x{fault.lr:08x}, sp 0x{fault.sp:08x}, xpsr 0x{fault.psr:08x}"
    status = f"cfsr 0x{fault.cfsr:08x}, hfsr 0x{fault.hfsr:08x}, address 0x{fault.address:08x}"
    return f"{' '.join(causes)} in {place}{caller} ({registers}, {status})"


def _place(image: ELFFile, address: int) -> str:
    """Function, file and line of an address, as far as the file tells them."""
    function = _function(image, address)
    line = _line(image, address)
    return f"{function} at {line}" if line else function


def _function(image: ELFFile, address: int) -> str:
    table: Any = image.get_section_by_name(".symtab")
    for symbol in table.iter_symbols() if table else ():
        start = symbol["st_value"] & ~1
        if symbol["st_info"]["type"] == "STT_FUNC" and start <= address < start + symbol["st_size"]:
            return str(symbol.name)
    return f"0x{address:08x}"


def _line(image: ELFFile, address: int) -> str:
    if not image.has_dwarf_info():
        return ""
    for program, low, high in _rows(image.get_dwarf_info()):
        if low.address <= address < high.address:
            header = program.header
            # DWARF 5 counts files and folders from 0, earlier versions from 1 (6.2.4).
            first = 0 if header["version"] >= 5 else 1
            entry = header["file_entry"][low.file - first]
            folders = header["include_directory"]
            folder = folders[entry.dir_index - first].decode() if entry.dir_index >= first else ""
            return f"{Path(folder, entry.name.decode())}:{low.line}"
    return ""


def _rows(dwarf: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Each line program, and the states at the start and the end of each of its rows."""
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        previous = None
        for entry in program.get_entries() if program else ():
            state = entry.state
            if state is None:
                continue
            if previous is not None and not previous.end_sequence:
                yield program, previous, state
            previous = state
