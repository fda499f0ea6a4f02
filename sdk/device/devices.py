"""What is attached to this computer, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sdk.board import Board
from sdk.device.flash import usb_ids
from sdk.device.flash.uf2 import find_drives
from sdk.device.link import Session
from sdk.device.ports import PortInfo, list_ports
from sdk.errors import DeviceError, LinkError

_ASK_S = 1.0


@dataclass(frozen=True)
class Found:
    """One thing that is attached.

    Attributes:
        place: serial port or drive.
        serial_number: of the USB device; empty if it has none.
        boards: ids of the boards that it can be, by what it says or else by its USB ids.
        unique_id: of the chip, in hexadecimal; empty if it did not say.
        build_id: of the firmware, in hexadecimal; empty if it is not this SDK's.
        models: names of the models in it.
        note: why less is known than could be.
    """

    place: str
    serial_number: str
    boards: tuple[str, ...]
    unique_id: str = ""
    build_id: str = ""
    models: tuple[str, ...] = ()
    note: str = ""


def attached(boards: Iterable[Board], port: str | None = None) -> list[Found]:
    """Boot loaders' drives and serial ports; ports that a known board can be on are asked.

    Args:
        boards: the known ones.
        port: one more port to ask, such as a UART adapter's, which could be anybody's.
    """
    known = list(boards)
    found = [_drive(place.board_id, str(place.folder), known) for place in find_drives()]
    ports = list(list_ports())
    if port is not None and port not in [info.device for info in ports]:
        ports.append(PortInfo(port))
    return found + [_port(info, known, info.device == port) for info in ports]


def look(board: Board, port: str | None, serial_number: str | None) -> Found | None:
    """What is at one board's place now, asked if it has a port; None if nothing is.

    Args:
        board: that should be there.
        port: its serial port or URL; None to find it.
        serial_number: of its USB device, where several fit.
    """
    infos = list_ports()
    if port is not None:
        known = next((info for info in infos if info.device == port), None)
        if known is None and "://" not in port:
            return None
        return _port(known or PortInfo(port), [board], ask=True)
    ids = usb_ids(board)
    fitting = [info for info in infos if (info.vid, info.pid) in ids and serial_number in (None, info.serial_number)]
    return _port(fitting[0], [board], ask=True) if len(fitting) == 1 else None


def _drive(board_id: str, folder: str, boards: list[Board]) -> Found:
    ids = [
        board.id
        for board in boards
        if any(method.kind == "uf2" and method.options["board_id"] == board_id for method in board.flash)
    ]
    return Found(folder, "", tuple(ids), note=f"boot loader of a {board_id}")


def _port(info: PortInfo, boards: list[Board], ask: bool) -> Found:
    fitting = [board for board in boards if (info.vid, info.pid) in usb_ids(board)]
    ids = tuple(board.id for board in fitting)
    if not fitting and not ask:
        return Found(info.device, info.serial_number, (), note=f"{info.description}: not asked")
    baud = next((board.console.baud for board in fitting if board.console.baud), 115_200)
    # Not to be raised, but a device that was left at a faster rate is led back.
    fastest = baud if any(board.console.fastest_baud for board in fitting) else 0
    try:
        with Session.open(info.device, baud, fastest_baud=fastest, timeout_s=_ASK_S) as session:
            device = session.info
            names = tuple(model.name for model in session.models)
    except LinkError:
        return Found(info.device, info.serial_number, ids, note="does not answer: other firmware, or none")
    except DeviceError as error:
        return Found(info.device, info.serial_number, ids, note=error.problem)
    return Found(
        info.device, info.serial_number, (device.board_id,), device.unique_id.hex(), device.build_id.hex(), names
    )
