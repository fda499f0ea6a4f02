"""Flashing boards whose boot loader is a USB drive that takes UF2 files.

The running firmware is sent to its boot loader by opening its port at 1200 baud and closing it (the "touch"), the file
is copied to the drive that appears, and the board restarts by itself with its port again. Whether it then runs what
was copied only the link can tell: the caller compares the build id.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sdk.board import Board, FlashMethod
from sdk.device.ports import PortInfo, choose_port, close_port, list_ports, open_port
from sdk.errors import DeviceError, FlashError, PortError

_POLL_S = 0.1
_TOUCH_OPEN_S = 2.0
_INFO_FILE = "INFO_UF2.TXT"
_CHUNK = 64 * 1024
_LABELS = Path("/dev/disk/by-label")

_T = TypeVar("_T")


@dataclass(frozen=True)
class Drive:
    """A mounted UF2 drive.

    Attributes:
        folder: where it is mounted.
        board_id: what its INFO_UF2.TXT says.
    """

    folder: Path
    board_id: str

    def __str__(self) -> str:
        return f"drive {self.folder} [{self.board_id}]"


def flash_uf2(
    board: Board,
    uf2: bytes,
    family_id: int,
    *,
    port: str | None = None,
    serial_number: str | None = None,
    timeout_s: float = 10.0,
) -> str | None:
    """Copy a UF2 file to a board and wait until its firmware is back.

    Args:
        board: with a flash method "uf2".
        uf2: the file's contents, in which ``parse_uf2`` found nothing wrong.
        family_id: which it has by ``parse_uf2``.
        port: the serial port of the board, or the folder that its drive is mounted at; None to find either.
        serial_number: of the board's USB port, where several boards are attached.
        timeout_s: how long to wait for the drive, and then for the port.

    Returns:
        The serial port of the restarted firmware, which may have another name than before; None where the firmware's
        console is a UART of its own.

    Raises:
        DeviceError: there is no such board, or more than one; nothing was written.
        FlashError: the file is for another chip or the drive for another board, and nothing was written; or
            the copy did not get through, or the board did not come back.
    """
    method = _method(board)
    if family_id != board.image.uf2_family:
        wanted = "none" if board.image.uf2_family is None else f"0x{board.image.uf2_family:08x}"
        raise FlashError(board.id, f"the file is for UF2 family 0x{family_id:08x}, the board takes {wanted}")
    target = _find(board, method, port, serial_number)
    if isinstance(target, Drive):
        drive, before = target, ""
    else:
        drive, before = _enter_boot_loader(board, method, target, timeout_s), target.serial_number
    if drive.board_id != method.options["board_id"]:
        problem = f"the drive {drive.folder} is of a {drive.board_id}, not of a {method.options['board_id']}"
        raise FlashError(board.id, problem, "attach the right board or choose another --board")
    others = set(list_ports()) - {target}
    _copy(uf2, drive.folder)
    if not method.options["touch_baud"]:
        return None
    back = _wait(lambda: _returned(board, others, serial_number or before), timeout_s)
    if back is None:
        problem = f"the file was copied, but the firmware's port did not appear within {timeout_s:g} s"
        raise FlashError(board.id, problem, "plug the board in again with its BOOTSEL button held and repeat")
    return back.device


def _method(board: Board) -> FlashMethod:
    for method in board.flash:
        if method.kind == "uf2":
            return method
    raise FlashError(board.id, "is not flashed by UF2")


def _usb_ids(board: Board) -> list[tuple[int, int]]:
    pairs = [usb_id.partition(":") for usb_id in board.console.usb_ids]
    return [(int(vendor, 16), int(product, 16)) for vendor, _, product in pairs]


def _find(board: Board, method: FlashMethod, port: str | None, serial_number: str | None) -> Drive | PortInfo:
    """The one drive or running board that is meant."""
    drives, ports = find_drives(), list_ports()
    if port is not None:
        for drive in drives:
            if drive.folder == Path(port):
                return drive
        if method.options["touch_baud"]:
            return next((info for info in ports if info.device == port), PortInfo(port))
    elif serial_number is not None and method.options["touch_baud"]:
        return choose_port(ports, board.id, _usb_ids(board), serial_number)
    running = [info for info in ports if (info.vid, info.pid) in _usb_ids(board)]
    waiting = [drive for drive in drives if drive.board_id == method.options["board_id"]]
    fitting: list[Drive | PortInfo] = [*waiting, *running]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(str(one) for one in fitting)
        raise DeviceError(board.id, f"several boards fit: {names}", "choose one with --port or --serial")
    seen = ", ".join(str(one) for one in [*drives, *ports]) or "none"
    missing, remedy = f"no drive {method.options['volume']}", "attach it and press its reset button twice"
    if method.options["touch_baud"]:
        missing = f"no port with USB id {', '.join(board.console.usb_ids)} and {missing}"
        remedy = "attach it (a new one with its BOOTSEL button held), name its --port, or --emulate it"
    raise PortError(board.id, f"{missing}; drives and ports here: {seen}", _unmounted(method) or remedy)


def _enter_boot_loader(board: Board, method: FlashMethod, port: PortInfo, timeout_s: float) -> Drive:
    """Touch a port and wait for the drive that was not there before."""
    before = {drive.folder for drive in find_drives()}
    touch(port.device, int(str(method.options["touch_baud"])))

    def appeared() -> Drive | None:
        return next((drive for drive in find_drives() if drive.folder not in before), None)

    drive = _wait(appeared, timeout_s)
    if drive is None:
        problem = f"no drive {method.options['volume']} appeared within {timeout_s:g} s of the touch of {port.device}"
        raise FlashError(
            board.id, problem, _unmounted(method) or "plug the board in again with its BOOTSEL button held"
        )
    return drive


def touch(port: str, baud: int = 1200) -> None:
    """Open a port at the rate that sends firmware to its boot loader, and close it."""
    touched = open_port(port, baud, timeout_s=_TOUCH_OPEN_S)
    with contextlib.suppress(OSError):  # the board may be gone already, and a PTY has no DTR
        touched.dtr = False
    close_port(touched)


def _copy(uf2: bytes, folder: Path) -> None:
    """Write the file and have it on the board when this returns.

    The board restarts on the last block, so that an error once everything was handed over may mean success; it
    shows when the firmware comes back.
    """
    written = 0
    try:
        with (folder / "firmware.uf2").open("wb", buffering=0) as file:
            while written < len(uf2):
                written += file.write(uf2[written : written + _CHUNK])
            os.fsync(file.fileno())
    except OSError as error:
        if written < len(uf2):
            raise FlashError(
                folder,
                f"copying stopped after {written:,} of {len(uf2):,} bytes: {error.strerror or error}",
                "plug the board in again with its BOOTSEL button held and repeat",
            ) from error


def _returned(board: Board, others: set[PortInfo], serial_number: str) -> PortInfo | None:
    """The board's port: of the same serial number, or else one that was not there while the drive was."""
    fitting = [info for info in list_ports() if (info.vid, info.pid) in _usb_ids(board) and info not in others]
    same = [info for info in fitting if serial_number and info.serial_number == serial_number]
    candidates = same or fitting
    if len(candidates) > 1:
        names = ", ".join(str(info) for info in candidates)
        raise DeviceError(board.id, f"several ports appeared: {names}", "choose one with --port")
    return candidates[0] if candidates else None


def _wait(poll: Callable[[], _T | None], timeout_s: float) -> _T | None:
    deadline = time.monotonic() + timeout_s
    while (found := poll()) is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return found


def find_drives() -> list[Drive]:
    """The UF2 drives that are mounted now, in the order of their folders."""
    drives = []
    for folder in _mount_points():
        with contextlib.suppress(OSError):  # no such file, or the drive has just gone
            text = (folder / _INFO_FILE).read_text(encoding="ascii", errors="replace")
            match = re.search(r"^Board-ID:\s*(.*?)\s*$", text, re.MULTILINE)
            drives.append(Drive(folder, match[1] if match else "board without id"))
    return sorted(drives, key=lambda drive: drive.folder)


def _mount_points() -> list[Path]:
    """Folders at which drives may be mounted."""
    if sys.platform == "darwin":
        return list(Path("/Volumes").iterdir())
    if sys.platform == "win32":
        return [Path(f"{letter}:\\") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ"]
    return _fat_mounts(Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape"))


def _fat_mounts(table: str) -> list[Path]:
    """Mount points of FAT file systems in a Linux mount table; others are left alone, as they may hang."""
    rows = [line.split() for line in table.splitlines()]
    names = [row[1] for row in rows if len(row) > 2 and row[2] in ("vfat", "msdos", "fuseblk")]
    return [Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), name)) for name in names]


def _unmounted(method: FlashMethod) -> str:
    """What to do about a drive that is attached and not mounted; empty when there is none."""
    device = _LABELS / str(method.options["volume"])
    return f"mount the drive: udisksctl mount -b {device}" if device.exists() else ""
