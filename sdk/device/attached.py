"""A board that is attached: flashed unless it already holds the image, and proven to hold it."""

from __future__ import annotations

import time
from pathlib import Path

from sdk.board import Board
from sdk.device.flash import Where, flash, segments, usb_ids
from sdk.device.link import OtherProtocolError
from sdk.device.ports import list_ports
from sdk.device.runner import Endpoint, Image, Runner
from sdk.errors import DeviceError, FlashError, LinkError, PortError

_APPEAR_S = 10.0
_PROBE_S = 2.0
_START_S = 15.0
_POLL_S = 0.1


class AttachedRunner(Runner):
    """Brings an image onto a board and connects to it.

    The board is asked first: one that holds this very image, by the checksums of its flash, is not flashed again.
    After flashing, the same checksums must be right, whatever the method's own verification has said.

    Args:
        board: which has a serial console.
        image: what it shall run.
        where: which board is meant, where there are several.
        method: of flashing; None for the first that can be used.
    """

    def __init__(self, board: Board, image: Image, where: Where, method: str | None = None) -> None:
        self._board = board
        self._image = image
        self._where = where
        self._method = method
        self._note = ""

    @property
    def measured_on(self) -> str:
        """The real thing."""
        return "board"

    @property
    def note(self) -> str:
        """Whether it was flashed."""
        return self._note

    def start(self) -> Endpoint:
        """Find the board, flash it if need be, and make sure that it holds the image.

        A port that is missing, busy or forbidden is waited for: the system may still be setting it up.

        Raises:
            DeviceError: there is no such board, more than one, or another one; nothing was written.
            FlashError: it could not be flashed, or does not hold the image.
        """
        deadline = time.monotonic() + _APPEAR_S
        while True:
            try:
                return self._bring()
            except PortError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_S)

    def _bring(self) -> Endpoint:
        port = self._console()
        if port is not None and self._holds_image(port, _PROBE_S):
            self._note = "the board already held this firmware and was not flashed again"
            return self._endpoint(port)
        moved = flash(self._board, self._image, self._where, self._method)
        port = moved or port or self._await_console()
        if not self._holds_image(port, _START_S):
            raise FlashError(
                self._board.id, f"was flashed, but what answers on {port} is not this firmware", "flash it again"
            )
        return self._endpoint(port)

    def stop(self) -> None:
        """Leave the board as it is."""

    def failure(self) -> DeviceError | None:
        """Nothing is known of a board but by its link."""
        return None

    def _endpoint(self, port: str) -> Endpoint:
        console = self._board.console
        return Endpoint(port, console.baud or Endpoint.baud, console.fastest_baud)

    def _console(self) -> str | None:
        """The console's port, if there is one now and it is clear which."""
        where = self._where
        if where.port is not None:
            return None if Path(where.port).is_dir() else where.port
        ids = usb_ids(self._board)
        fitting = [
            info.device
            for info in list_ports()
            if (info.vid, info.pid) in ids and where.serial_number in (None, info.serial_number)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _await_console(self) -> str:
        deadline = time.monotonic() + _START_S
        while (port := self._console()) is None:
            if time.monotonic() > deadline:
                raise FlashError(
                    self._board.id,
                    f"was flashed, but its port did not appear within {_START_S:g} s",
                    "name it with --port",
                )
            time.sleep(_POLL_S)
        return port

    def _holds_image(self, port: str, timeout_s: float) -> bool:
        """Whether the firmware at a port is the image, to the last byte.

        Raises:
            DeviceError: the port cannot be opened, or the firmware says that the board is another one.
        """
        endpoint = self._endpoint(port)
        try:
            with endpoint.session(timeout_s=timeout_s) as session:
                if session.info.board_id != self._board.id:
                    raise DeviceError(
                        port,
                        f"the board there is a {session.info.board_id}, the firmware is for {self._board.id};"
                        " nothing was written",
                        "attach the right board, or start its boot loader by hand if this is it",
                    )
                if session.info.build_id != self._image.build_id:
                    return False
                return all(session.holds(address, data) for address, data in segments(self._board, self._image))
        except (LinkError, OtherProtocolError):
            return False
