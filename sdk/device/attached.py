"""A board on a serial port that already runs its firmware."""

from __future__ import annotations

from sdk.board import Board
from sdk.device.ports import choose_port, list_ports
from sdk.device.runner import Endpoint, Runner
from sdk.errors import DeviceError


class AttachedRunner(Runner):
    """Connects to a board; flashing it is a matter of its own.

    Args:
        board: which has a serial console.
        port: where it is; None to find it by its console's USB ids.
    """

    def __init__(self, board: Board, port: str | None) -> None:
        self._board = board
        self._port = port

    @property
    def measured_on(self) -> str:
        """The real thing."""
        return "board"

    def start(self) -> Endpoint:
        """Find the board's port.

        Raises:
            DeviceError: there is no such port, or more than one.
        """
        if self._port is None:
            ids = [(int(vendor, 16), int(product, 16)) for vendor, product in self._usb_ids()]
            self._port = choose_port(list_ports(), self._board.id, ids).device
        return Endpoint(self._port, self._board.console.baud or Endpoint.baud)

    def stop(self) -> None:
        """Leave the board as it is."""

    def failure(self) -> DeviceError | None:
        """Nothing is known of a board but by its link."""
        return None

    def _usb_ids(self) -> list[tuple[str, str]]:
        pairs = [usb_id.partition(":") for usb_id in self._board.console.usb_ids]
        return [(vendor, product) for vendor, _, product in pairs]
