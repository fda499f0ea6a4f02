"""MLPerf Tiny's text protocol from the runner's side (docs/protocol.md)."""

from __future__ import annotations

import re
import time
from types import TracebackType

from sdk.device.ports import close_port, open_port, wait_readable, wait_writable
from sdk.errors import DeviceError, InputError, LinkError

_OPEN_S = 20.0
_REPLY_S = 5.0
_QUIET_S = 0.2
_PART_BYTES = 32
_READY = b"m-ready\r\n"


class MlperfDevice:
    """A device that speaks the protocol; a context manager that closes its port.

    Args:
        url: name or URL of the port.
        baud: bits a second.

    Raises:
        LinkError: nothing answers.
    """

    def __init__(self, url: str, baud: int) -> None:
        self._url = url
        self._port = open_port(url, baud, timeout_s=_OPEN_S)
        self.log: list[str] = []
        try:
            self._find()
        except BaseException:
            self.close()
            raise

    def _find(self) -> None:
        """Ask for the name; the device's greeting, which ends like an answer, may come before it."""
        deadline = time.monotonic() + _OPEN_S
        lines: list[str] = []
        while not any(line.startswith("m-name-dut-") for line in lines):
            try:
                lines = self._hear("name", _REPLY_S) if lines else self._ask("name")
            except LinkError:
                lines = []
                if time.monotonic() > deadline:
                    raise
        self.name = self._value(lines, r"m-name-dut-\[(.*)\]")
        while wait_readable(self._port, _QUIET_S):
            self._port.read(4096)

    def __enter__(self) -> MlperfDevice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        close_port(self._port)

    def load(self, data: bytes) -> None:
        """Load one input, as the runner sends it.

        Raises:
            InputError: the device's input has another size.
        """
        self._ask(f"db load {len(data)}")
        for at in range(0, len(data), _PART_BYTES):
            self._ask(f"db {data[at : at + _PART_BYTES].hex()}")

    def infer(self, count: int, warm_up: int, *, timeout_s: float) -> tuple[int | None, list[float]]:
        """Run inferences of the loaded input.

        Returns:
            Microseconds that ``count`` of them took by the device's clock, None in energy mode, and the last one's
            outputs.

        Raises:
            DeviceError: the device's clock stood still.
        """
        lines = self._ask(f"infer {count} {warm_up}", timeout_s)
        laps = [int(line.removeprefix("m-lap-us-")) for line in lines if re.fullmatch(r"m-lap-us-\d+", line)]
        values = self._value(lines, r"m-results-\[(.*)\]")
        if laps and (len(laps) != 2 or laps[1] <= laps[0]):
            raise DeviceError(self._url, "the board's port has no microsecond clock", "choose another board")
        try:
            return laps[1] - laps[0] if laps else None, [float(value) for value in values.split(",")]
        except ValueError as error:
            raise self._odd(lines) from error

    def _ask(self, command: str, timeout_s: float = _REPLY_S) -> list[str]:
        """Send a command; returns its answer."""
        deadline = time.monotonic() + timeout_s
        rest = f"{command}%".encode("ascii")
        self.log.append(f"> {command}%")
        try:
            while rest:
                if not wait_writable(self._port, deadline - time.monotonic()):
                    break
                rest = rest[self._port.write(rest) :]
        except OSError as error:
            raise self._gone(error) from error
        return self._hear(command, timeout_s)

    def _hear(self, command: str, timeout_s: float) -> list[str]:
        """The lines up to "m-ready"."""
        answer = b""
        deadline = time.monotonic() + timeout_s
        try:
            while not answer.endswith(_READY):
                if not wait_readable(self._port, deadline - time.monotonic()):
                    raise LinkError(self._url, f"no answer to {command[:40]!r} in time", "check the cable")
                answer += self._port.read(4096)
        except OSError as error:
            raise self._gone(error) from error
        lines = answer.decode("ascii", errors="replace").splitlines()[:-1]
        self.log += lines
        refused = next((line for line in lines if line.startswith("e-")), None)
        if refused is not None:
            raise InputError(self._url, f"the device refuses {command[:40]!r}: {refused[2:]}")
        return lines

    def _value(self, lines: list[str], pattern: str) -> str:
        found = next((match for line in lines if (match := re.fullmatch(pattern, line))), None)
        if found is None:
            raise self._odd(lines)
        return found[1]

    def _gone(self, error: OSError) -> LinkError:
        return LinkError(self._url, f"the port went away: {error}", "check cable and power")

    def _odd(self, lines: list[str]) -> LinkError:
        return LinkError(self._url, f"an answer that is none: {lines[-3:]}", "try again; check the cable")
