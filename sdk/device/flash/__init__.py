"""Brings an image onto a board: each method checks the chip before it erases, and proves what it wrote."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from sdk.board import Board, FlashMethod
from sdk.device.flash import bossac, dfu, jlink, openocd, picoboot, probe_rs, pyocd, stm32_rom, teensy
from sdk.device.flash.programmer import Programmer, Where, program, segments
from sdk.device.flash.uf2 import flash_uf2
from sdk.device.ports import PortInfo, choose_port, list_ports
from sdk.device.runner import Image
from sdk.errors import DeviceError, FlashError, ToolError
from sdk.uf2 import parse_uf2

__all__ = ["Where", "choose_method", "flash", "segments"]

_PROGRAMS: Mapping[str, tuple[str, str]] = {
    "pyocd": (pyocd.PROGRAM, pyocd.INSTALL),
    "openocd": (openocd.PROGRAM, openocd.INSTALL),
    "probe-rs": (probe_rs.PROGRAM, probe_rs.INSTALL),
    "jlink": (jlink.PROGRAM, jlink.INSTALL),
    "dfu": (dfu.PROGRAM, dfu.INSTALL),
    "bossac": (bossac.PROGRAM, bossac.INSTALL),
    "teensy": (teensy.PROGRAM, teensy.INSTALL),
}
"""Methods that need a program, and how to get it."""


def choose_method(board: Board, kind: str | None = None) -> FlashMethod:
    """The method of a kind, or else the board's first whose program is installed.

    Raises:
        DeviceError: the board has no such method.
        ToolError: none of its programs is installed.
    """
    kinds = [method.kind for method in board.flash]
    if kind is not None:
        if kind not in kinds:
            raise DeviceError(board.id, f"cannot be flashed by {kind}", f"choose one of {', '.join(kinds) or 'none'}")
        return board.flash[kinds.index(kind)]
    for method in board.flash:
        if method.kind not in _PROGRAMS or shutil.which(_PROGRAMS[method.kind][0]):
            return method
    if not board.flash:
        raise DeviceError(board.id, "its description has no way to flash it", "run it with --emulate")
    remedies = " or ".join(f"{_PROGRAMS[kind][0]} ({_PROGRAMS[kind][1]})" for kind in kinds)
    raise ToolError(board.id, "no program that flashes it is installed", f"install {remedies}")


def flash(board: Board, image: Image, where: Where, kind: str | None = None) -> str | None:
    """Write an image to a board and start it.

    Args:
        board: what the image was built for.
        image: its files.
        where: which board is meant.
        kind: method to use; None for the first that can be used.

    Returns:
        The console's port if it may have changed, else None.

    Raises:
        DeviceError: no board is attached, or several; nothing was erased.
        ToolError: a program is not installed; nothing was erased.
        FlashError: the board is another one and nothing was erased, or it does not hold what was written.
    """
    method = choose_method(board, kind)
    if method.kind == "uf2":
        if image.uf2 is None:
            raise FlashError(image.elf, "the build made no UF2 file", "build it again")
        content = image.uf2.read_bytes()
        _, family = parse_uf2(content)
        return flash_uf2(board, content, family, port=where.port, serial_number=where.serial_number)
    contents = segments(board, image)
    program(board, _programmer(board, method, where), contents)
    return None


def _programmer(board: Board, method: FlashMethod, where: Where) -> Programmer:
    if method.kind == "stm32-rom":
        return stm32_rom.Stm32Rom(board, method, stm32_rom.SerialLine(_port(board, where)))
    if method.kind == "picoboot":
        usb = picoboot.PyUsb(board, method, where.serial_number)
        return picoboot.Picoboot(usb, str(method.options["chip"]))
    if method.kind == "bossac":
        # --port names the console, which is not the boot loader's where it is a UART of its own.
        named = where.port if board.console.kind == "usb-cdc" else None
        loader = named or choose_port(list_ports(), board.id, _numbers(method.options["usb_ids"])).device
        return bossac.Bossac(method, loader)
    if method.kind == "teensy":
        return teensy.Teensy(method)
    if method.kind == "dfu":
        return dfu.Dfu(board, method, where.serial_number)
    probe = where.serial_number or _serial_of(board, where.port)
    if method.kind == "pyocd":
        return pyocd.PyOcd(board, method, probe)
    if method.kind == "probe-rs":
        return probe_rs.ProbeRs(board, method, probe)
    # These two would take the first probe that they find.
    probe = probe or find_console(board, where).serial_number
    if not probe:
        raise DeviceError(board.id, f"{method.kind} must be told the debug probe", "name it with --serial")
    return jlink.JLink(method, probe) if method.kind == "jlink" else openocd.OpenOcd(method, probe)


def usb_ids(board: Board) -> list[tuple[int, int]]:
    """The USB ids of the board's console, as numbers."""
    return _numbers(board.console.usb_ids)


def _numbers(ids: object) -> list[tuple[int, int]]:
    pairs = [usb_id.partition(":") for usb_id in ids] if isinstance(ids, tuple) else []
    return [(int(vendor, 16), int(product, 16)) for vendor, _, product in pairs]


def find_console(board: Board, where: Where) -> PortInfo:
    """The console's port: the one that is named, or the only one that fits.

    Raises:
        DeviceError: none fits, or several do.
    """
    if where.port is not None:
        return next((info for info in list_ports() if info.device == where.port), PortInfo(where.port))
    return choose_port(list_ports(), board.id, usb_ids(board), where.serial_number)


def _port(board: Board, where: Where) -> str:
    return find_console(board, where).device


def _serial_of(board: Board, port: str | None) -> str | None:
    """The serial number of the on-board probe whose port the console is; None where they are not one device."""
    if port is None:
        return None
    info = next((info for info in list_ports() if info.device == port), None)
    return info.serial_number or None if info and (info.vid, info.pid) in usb_ids(board) else None
