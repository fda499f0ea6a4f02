"""A Power Profiler Kit II on a pseudo-terminal: commands, calibration and samples as the real one's.

Each sample is a word of 32 bits: 14 of the converter, 3 of the range, 6 of a counter and 8 of the logic inputs.
"""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Callable

import numpy as np

RATE_HZ = 100_000
IDLE_CODE, ACTIVE_CODE = 200, 1500
RANGE, RESISTANCE = 3, 0.94
AMPERES_PER_CODE = 4 * 1.8 / 163840 / RESISTANCE
_DELAY_S = 0.03
"""By which samples come late, so that marks are known by then."""

_LENGTHS = {0x06: 1, 0x07: 1, 0x0C: 2, 0x0D: 3, 0x11: 2, 0x19: 1}


def metadata() -> bytes:
    """The calibration that the kit tells: no offsets and no gains, so that the current is the code's."""
    lines = ["Calibrated: 1"]
    for index, ohms in enumerate((1031.64, 101.65, 10.15, RESISTANCE, 0.043)):
        lines += [f"R{index}: {ohms}", f"GS{index}: 0", f"GI{index}: 1", f"O{index}: 0", f"S{index}: 0"]
        lines += [f"I{index}: 0", f"UG{index}: 1"]
    return "\n".join([*lines, "HW: 9173", "IA: 59", "END"]).encode()


class FakePpk2:
    """The kit; a context manager.

    Args:
        marks: returns the (level, monotonic seconds) at which the pin on D0 changed so far, in order.
        lose: whether one sample in the middle is lost.

    Attributes:
        url: of its serial port.
        commands: that it got, but for those of single samples.
    """

    def __init__(self, marks: Callable[[], list[tuple[int, float]]], lose: bool = False) -> None:
        self.commands: list[bytes] = []
        self._marks = marks
        self._lose = lose
        self._controller, self._terminal = os.openpty()
        tty.setraw(self._terminal)
        self.url = os.ttyname(self._terminal)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._start_s: float | None = None
        self._sent = 0

    def __enter__(self) -> FakePpk2:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self._controller)
        os.close(self._terminal)

    def _run(self) -> None:
        waiting = b""
        while not self._stop.is_set():
            if select.select([self._controller], [], [], 0.005)[0]:
                waiting += os.read(self._controller, 4096)
            while waiting and len(waiting) >= _LENGTHS[waiting[0]]:
                length = _LENGTHS[waiting[0]]
                self._obey(waiting[:length])
                waiting = waiting[length:]
            if self._start_s is not None:
                self._send(self._start_s)

    def _obey(self, command: bytes) -> None:
        self.commands.append(command)
        if command[0] == 0x19:
            os.write(self._controller, metadata())
        elif command[0] == 0x06:
            self._start_s, self._sent = time.monotonic(), 0
        elif command[0] == 0x07:
            self._start_s = None

    def _send(self, start_s: float) -> None:
        due = int((time.monotonic() - _DELAY_S - start_s) * RATE_HZ)
        if due <= self._sent:
            return
        numbers = np.arange(self._sent, due)
        levels, times = zip((0, 0.0), *self._marks(), strict=True)
        active = np.array(levels)[np.searchsorted(times, start_s + numbers / RATE_HZ, side="right") - 1] != 0
        code = np.where(active, ACTIVE_CODE, IDLE_CODE)
        lost = int(self._lose and self._sent > RATE_HZ // 2)
        words = code | RANGE << 14 | (numbers + lost & 0x3F) << 18 | active.astype(np.int64) << 24
        data = words.astype("<u4").tobytes()
        self._sent = due
        while data and not self._stop.is_set():
            if select.select([], [self._controller], [], 0.1)[1]:
                data = data[os.write(self._controller, data[:2048]) :]
