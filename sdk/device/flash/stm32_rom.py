"""The STM32 chips' boot loader in ROM over UART, by our own hand (ST's AN3155); contents are read back by Read Memory.

The board enters it by a reset with its BOOT0 pin high; what was written is started by the loader's Go command. A loader
that was left in the middle of a command is brought back by bytes that complete no command, so that an interrupted run
is simply repeated.
"""

from __future__ import annotations

import re
import select
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import reduce
from itertools import accumulate
from operator import xor
from typing import Any

from sdk.board import Board, FlashMethod
from sdk.device.flash.programmer import Programmer
from sdk.device.ports import close_port, open_port
from sdk.errors import DeviceError, FlashError

BAUD = 115_200

SYNC, ACK, NACK = 0x7F, 0x79, 0x1F
GET, GET_ID, READ, GO, WRITE, ERASE, EXTENDED_ERASE = 0x00, 0x02, 0x11, 0x21, 0x31, 0x43, 0x44

_BLOCK = 256
_LONGEST_COMMAND = 2 * _BLOCK + 8
_REPLY_S = 1.0
_SYNC_S = 0.1
_OPEN_S = 2.0
_ERASE_S = 5.0
_SECTORS_AT_ONCE = 32
_HELD = "hold BOOT0 high, press reset and repeat"


class Line(ABC):
    """A serial line, 8 data bits and even parity."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes."""

    @abstractmethod
    def read(self, count: int, timeout_s: float) -> bytes:
        """Receive up to so many bytes until the time is over."""

    @abstractmethod
    def close(self) -> None:
        """Give the line back."""


class SerialLine(Line):
    """A serial port of this computer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._port: Any = open_port(url, BAUD, timeout_s=_OPEN_S)
        try:
            self._port.parity = "E"
        except Exception as error:  # of termios, which has a class of its own and is not everywhere
            close_port(self._port)
            raise DeviceError(url, f"the port cannot send even parity: {error}", "use another adapter") from error

    def write(self, data: bytes) -> None:
        """Send bytes."""
        rest = data
        deadline = time.monotonic() + _REPLY_S
        try:
            while rest and select.select([], [self._port.fileno()], [], max(0.0, deadline - time.monotonic()))[1]:
                rest = rest[self._port.write(rest) :]
        except OSError as error:
            raise FlashError(self._url, f"the port went away: {error}", "check the cable and repeat") from error
        if rest:
            raise FlashError(self._url, "the port takes no more bytes", "check the cable and repeat")

    def read(self, count: int, timeout_s: float) -> bytes:
        """Receive up to so many bytes until the time is over."""
        received = b""
        deadline = time.monotonic() + timeout_s
        try:
            while len(received) < count:
                if not select.select([self._port.fileno()], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    break
                received += self._port.read(count - len(received))
        except OSError as error:
            raise FlashError(self._url, f"the port went away: {error}", "check the cable and repeat") from error
        return received

    def close(self) -> None:
        """Close the port."""
        close_port(self._port)


def sector_sizes(text: str) -> tuple[int, ...]:
    """The sizes in bytes that a description such as "4x16K 1x64K" names, in the order of their addresses."""
    runs = re.findall(r"(\d+)x(\d+)K", text)
    return tuple(int(size) * 1024 for count, size in runs for _ in range(int(count)))


class Stm32Rom(Programmer):
    """One chip in its boot loader.

    Args:
        board: with a chip whose ``id_value`` is also its product id.
        method: of kind "stm32-rom", with "sectors".
        line: to the chip.
    """

    def __init__(self, board: Board, method: FlashMethod, line: Line) -> None:
        self._board = board
        self._line = line
        self._base = board.memory("vectors").origin
        sizes = sector_sizes(str(method.options["sectors"]))
        self._ends = tuple(accumulate(sizes, initial=self._base))[1:]
        self._commands: frozenset[int] = frozenset()

    def check(self, board: Board) -> None:
        """Find the loader and compare its product id."""
        self._synchronize()
        self._command(GET, "Get")
        self._commands = frozenset(self._counted("Get")[1:])
        self._ack("Get")
        self._command(GET_ID, "Get ID")
        product = int.from_bytes(self._counted("Get ID"), "big")
        self._ack("Get ID")
        chip = board.chip
        if chip is None or product != chip.id_value:
            wanted = "unknown" if chip is None else f"0x{chip.id_value:x} ({chip.name})"
            problem = f"the chip's product id is 0x{product:x}, the board's is {wanted}; nothing was written"
            raise FlashError(board.id, problem, "attach the right board or choose another --board")

    def write(self, address: int, data: bytes) -> None:
        """Erase the sectors that the data touch, and write them from the lowest address on."""
        self._erase(address, address + len(data))
        for at in range(0, len(data), _BLOCK):
            block = data[at : at + _BLOCK]
            self._command(WRITE, "Write Memory")
            self._address(address + at, "Write Memory")
            self._send(bytes([len(block) - 1]) + block, "Write Memory")

    def read(self, address: int, count: int) -> bytes:
        """Read in blocks."""
        content = b""
        for at in range(0, count, _BLOCK):
            size = min(_BLOCK, count - at)
            self._command(READ, "Read Memory")
            self._address(address + at, "Read Memory")
            self._line.write(bytes([size - 1, (size - 1) ^ 0xFF]))
            self._ack("Read Memory")
            content += self._exactly(size, "Read Memory")
        return content

    def start(self) -> None:
        """Jump to what was written."""
        self._command(GO, "Go")
        self._address(self._base, "Go")
        self._line.close()

    def _synchronize(self) -> None:
        """A fresh loader acknowledges 0x7f; one that waits for a command or its data refuses it at last."""
        for _ in range(_LONGEST_COMMAND):
            self._line.write(bytes([SYNC]))
            answer = self._line.read(1, _SYNC_S)
            if answer and answer[-1] in (ACK, NACK):
                break
        else:
            raise DeviceError(self._board.id, "no boot loader answers on the port", _HELD)
        # A refusal may have come for the first of two bytes: what follows it belongs to no command.
        while self._line.read(_BLOCK, _SYNC_S):
            pass

    def _erase(self, low: int, high: int) -> None:
        starts = (self._base, *self._ends[:-1])
        sectors = [i for i, (a, b) in enumerate(zip(starts, self._ends, strict=True)) if a < high and low < b]
        if not sectors or high > self._ends[-1]:
            raise FlashError(self._board.id, f"0x{low:08x} to 0x{high:08x} is not in the chip's flash")
        for at in range(0, len(sectors), _SECTORS_AT_ONCE):
            some = sectors[at : at + _SECTORS_AT_ONCE]
            if EXTENDED_ERASE in self._commands:
                self._command(EXTENDED_ERASE, "Extended Erase")
                numbers = b"".join(number.to_bytes(2, "big") for number in (len(some) - 1, *some))
            else:
                self._command(ERASE, "Erase")
                numbers = bytes([len(some) - 1, *some])
            self._send(numbers, "Erase", _ERASE_S * len(some))

    def _command(self, code: int, name: str) -> None:
        self._line.write(bytes([code, code ^ 0xFF]))
        self._ack(name)

    def _address(self, address: int, name: str) -> None:
        self._send(address.to_bytes(4, "big"), name)

    def _send(self, data: bytes, name: str, timeout_s: float = _REPLY_S) -> None:
        """Send data with their checksum."""
        self._line.write(data + bytes([_checksum(data)]))
        self._ack(name, timeout_s)

    def _ack(self, name: str, timeout_s: float = _REPLY_S) -> None:
        answer = self._line.read(1, timeout_s)
        if answer == bytes([ACK]):
            return
        if answer == bytes([NACK]):
            raise FlashError(self._board.id, f"the boot loader refuses {name}", "its flash may be protected; repeat")
        heard = f"0x{answer[0]:02x}" if answer else "nothing"
        raise FlashError(self._board.id, f"the boot loader answered {heard} to {name}", f"check the cable, {_HELD}")

    def _counted(self, name: str) -> bytes:
        """Bytes behind a count that is one less."""
        return self._exactly(self._exactly(1, name)[0] + 1, name)

    def _exactly(self, count: int, name: str) -> bytes:
        data = self._line.read(count, _REPLY_S)
        if len(data) != count:
            problem = f"the boot loader sent {len(data)} of {count} bytes for {name}"
            raise FlashError(self._board.id, problem, f"check the cable, {_HELD}")
        return data


def _checksum(data: Iterable[int]) -> int:
    return reduce(xor, data, 0)
