"""A cable between two UARTs: what is sent at one rate is rubbish to a receiver at another."""

from __future__ import annotations

import random
import termios
from collections.abc import Callable
from pathlib import Path

from fault_proxy import Disturber, FaultProxy, Faults

FIRST_BAUD = 115_200
_TOLERANCE = 0.03
_DAMAGE = 0.1


class _Wire(Disturber):
    """One direction: sender's and receiver's rate, and the fastest that the wire carries."""

    def __init__(self, seed: str, sender: Callable[[], int], receiver: Callable[[], int], fastest: int) -> None:
        super().__init__(Faults(), seed)
        self._rates = sender, receiver
        self._fastest = fastest
        self._random = random.Random(seed)

    def disturb(self, data: bytes) -> bytes:
        sent, received = (rate() for rate in self._rates)
        if abs(sent - received) > _TOLERANCE * sent:
            return self._random.randbytes(max(1, len(data) * received // sent))
        if sent > self._fastest:
            return bytes(b ^ self._random.getrandbits(8) if self._random.random() < _DAMAGE else b for b in data)
        return data


class UartProxy(FaultProxy):
    """The firmware built for this computer behind a UART.

    Args:
        device: the program.
        folder: for the file in which it tells its rate.
        fastest: bits per second above which the cable damages bytes.
        seed: of the rubbish.
    """

    def __init__(self, device: Path, folder: Path, fastest: int = 1 << 32, seed: int = 0) -> None:
        self._rate = folder / "baud"
        self.set_device_baud(FIRST_BAUD)
        super().__init__([str(device)], seed=seed, env={"SDK_TEST_BAUD": str(self._rate)})
        self._to_device = _Wire(f"{seed} to device", self._host_baud, self.device_baud, fastest)
        self._to_host = _Wire(f"{seed} to host", self.device_baud, self._host_baud, fastest)

    def set_device_baud(self, baud: int) -> None:
        """Set the rate of a device that has been restarted."""
        self._rate.write_text(str(baud), encoding="ascii")

    def device_baud(self) -> int:
        """The device's rate now."""
        return int(self._rate.read_text(encoding="ascii") or FIRST_BAUD)

    def _host_baud(self) -> int:
        code = termios.tcgetattr(self._slave)[4]
        names = (name for name in dir(termios) if name[0] == "B" and name[1:].isdigit())
        return next(int(name[1:]) for name in names if getattr(termios, name) == code)
