"""What comes from a board, as text for people."""

from __future__ import annotations

from collections.abc import Iterator

from sdk.device.ports import open_port, wait_readable
from sdk.errors import DeviceError, printable

_OPEN_S = 5.0
_LOOK_S = 3600.0
_READ_BYTES = 4096
_KEPT = "\n\t"


def listen(port: str, baud: int) -> Iterator[str]:
    """Yield what a port says, printable, for ever; frames of the link show as replacement characters.

    Raises:
        DeviceError: the port cannot be opened, or has gone.
    """
    with open_port(port, baud, timeout_s=_OPEN_S) as source:
        while True:
            try:
                wait_readable(source, _LOOK_S)
                data = source.read(_READ_BYTES)
            except OSError as error:
                raise DeviceError(port, f"the port went away: {error}", "check cable and power") from error
            text = data.decode(errors="replace").replace("\r", "")
            yield "".join(c if c in _KEPT else printable(c) for c in text)
