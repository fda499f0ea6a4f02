"""Whole sessions with a board on a disturbed port: found, proven, used, each with the end that is due to it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import serial
from fault_proxy import FaultProxy, Faults
from flash_emulators import emulated_board
from host_device import build_device

from sdk.board import Board
from sdk.device import attached
from sdk.device.attached import AttachedRunner
from sdk.device.flash import Where
from sdk.device.link import Session
from sdk.device.ports import PortInfo, choose_port, close_port, open_port
from sdk.device.runner import Image
from sdk.errors import SdkError

USB_ID = (0x2E8A, 0x000A)
COUNTER = 0
FLASH_BASE, FLASH_BYTES = 0x10000000, 4096
RIGHT, STALE, OTHER = "right", "stale", "other"
AT = (b"AT\r\n", b"ATE0\r\n", b"AT+GCAP\r\n", b"ATI\r\n", b"\x7e\x26\xc9\x8f\x7e", b"\x00\x78\xf0\x7e")
BANNER = b"\r\n*** Booting build v4.1.0 ***\r\n[00:00:00.000] <inf> main: \xff\xfe\x00\x07ready\r\n"
_SESSION_S = 20.0


def build_devices(folder: Path) -> dict[str, Path]:
    """The right firmware, one with other contents in its flash, and another board's."""
    flags = {RIGHT: [], STALE: ["-DFLASH_PERIOD=249u"], OTHER: ['-DBOARD_ID="other-board"']}
    devices = {}
    for name, more in flags.items():
        (folder / name).mkdir()
        devices[name] = build_device(folder / name, flags=more)
    return devices


def board() -> Board:
    """The board that the firmware is for."""
    return replace(emulated_board("uf2"), id="host-test")


class Cable(FaultProxy):
    """A board on its cable; silent, as if it were starting, until ``ready_at``."""

    def __init__(self, device: Path, faults: Faults, seed: int) -> None:
        self.ready_at = 0.0
        super().__init__([str(device)], faults, seed)

    def say(self, text: bytes) -> None:
        """Send text that is no frame to the host."""
        os.write(self._host, text)

    def restart(self, silent_s: float) -> None:
        """Restart the device; its start takes so long."""
        self.ready_at = time.monotonic() + silent_s
        self._device.kill()

    def _from_device(self, data: bytes) -> None:
        super()._from_device(data if not data or time.monotonic() >= self.ready_at else b"\r\n")

    def _from_host(self) -> None:
        if time.monotonic() >= self.ready_at:
            super()._from_host()
        else:
            os.read(self._host, 65536)


class Desk:
    """A computer with one board: what is plugged in, who may open it, and what flashing it does.

    Attributes:
        flashes: how often the board was flashed.
        in_use: set while inferences run.
        cut: set when the board was taken away in between.
    """

    def __init__(self, devices: dict[str, Path], folder: Path, seed: int, pace: float) -> None:
        self.draw = random.Random(seed)
        self.flashes = 0
        self.in_use = threading.Event()
        self.cut = threading.Event()
        self.forbidden_until = 0.0
        self.start_s: float | None = None
        self.flash_works = True
        self._devices = devices
        self._folder = folder
        self._seed = seed
        self._pace = pace
        self._lock = threading.RLock()
        self._ports: list[PortInfo] = []
        self._cable: Cable | None = None

    def wait(self, low: float, high: float) -> None:
        """Let a random time pass."""
        time.sleep(self._pace * self.draw.uniform(low, high))

    def time(self, low: float, high: float) -> float:
        """A random time in seconds."""
        return self._pace * self.draw.uniform(low, high)

    def plug(self, device: str = RIGHT, name: str = "ttyACM0", faults: Faults | None = None) -> Cable:
        """Attach the board."""
        cable = Cable(self._devices[device], faults or Faults(), self._seed)
        cable.__enter__()
        path = self._folder / name
        with self._lock:
            self.unplug()
            path.symlink_to(cable.url)
            self._ports, self._cable = [PortInfo(str(path), *USB_ID, "S1")], cable
        return cable

    def unplug(self) -> None:
        """Take it away."""
        with self._lock:
            ports, self._ports = self._ports, []
            cable, self._cable = self._cable, None
            if cable is not None:
                Path(ports[0].device).unlink()
                cable.__exit__()

    def list_ports(self) -> tuple[PortInfo, ...]:
        """The ports that are there now."""
        return tuple(self._ports)

    def open(self, url: str, *arguments: Any, **options: Any) -> serial.SerialBase:
        """Open a port, as the system allows it and the board takes it."""
        if time.monotonic() < self.forbidden_until:
            raise serial.SerialException(13, f"could not open port {url}: Permission denied")
        port = _serial_for_url(url, *arguments, **options)
        if self.start_s is not None and self._cable is not None:
            self._cable.restart(self.start_s)
        return port

    def flash(self, board: Board, image: Image, where: Where, method: str | None) -> str:
        """Stand in for the boot loader: the board comes back with the image, and perhaps with another name."""
        port = choose_port(self.list_ports(), board.id, [USB_ID])
        close_port(open_port(port.device, 1200, timeout_s=2.0))
        self.flashes += 1
        self.unplug()
        self.plug(RIGHT if self.flash_works else STALE, self.draw.choice(("ttyACM0", "ttyACM1")))
        return self._ports[0].device


_serial_for_url = serial.serial_for_url


@contextlib.contextmanager
def held(url: str, lock: bool) -> Iterator[int]:
    """Have another program hold a port; without a lock it steals bytes instead."""
    terminal = os.open(url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        if lock:
            fcntl.flock(terminal, fcntl.LOCK_EX)
        yield terminal
    finally:
        os.close(terminal)


# ---- What happens to the port ----


def nothing(desk: Desk) -> None:
    desk.plug()


def late(desk: Desk) -> None:
    desk.wait(0, 8)
    desk.plug()


def forbidden(desk: Desk) -> None:
    """As until udev has set the rights of a new port."""
    desk.forbidden_until = time.monotonic() + desk.time(0, 6)
    desk.plug()


def busy(desk: Desk) -> None:
    with held(desk.plug().url, lock=True):
        desk.wait(0, 6)


def renamed(desk: Desk) -> None:
    desk.plug().ready_at = time.monotonic() + 60
    desk.wait(0, 1.5)
    desk.unplug()
    desk.wait(0, 1.5)
    desk.plug(name="ttyACM1")


def banner(desk: Desk) -> None:
    cable = desk.plug()
    for _ in range(desk.draw.randrange(1, 8)):
        with contextlib.suppress(OSError):  # it may have been flashed in between
            cable.say(desk.draw.choice((BANNER, desk.draw.randbytes(50), b"\0" * 5)))
        desk.wait(0, 0.2)


def modem_manager(desk: Desk) -> None:
    """Another program asks whether the board is a modem, and may not lock the port."""
    with held(desk.plug().url, lock=desk.draw.random() < 0.5) as terminal:
        for _ in range(desk.draw.randrange(1, 12)):
            with contextlib.suppress(OSError):  # nothing to read, or the board has gone
                os.write(terminal, desk.draw.choice(AT))
                os.read(terminal, 4096)
            desk.wait(0, 0.4)


def reset_by_opening(desk: Desk) -> None:
    desk.start_s = desk.time(0, 2.5)
    desk.plug()


def slow_start(desk: Desk) -> None:
    desk.plug().ready_at = time.monotonic() + desk.time(0, 4)


def bad_cable(desk: Desk) -> None:
    desk.plug(faults=Faults(0.001, split=True))


def old_firmware(desk: Desk) -> None:
    desk.plug(STALE)


def vanishing(desk: Desk) -> None:
    desk.plug()
    desk.in_use.wait(60)
    desk.wait(0, 0.2)
    desk.unplug()
    desk.cut.set()
    desk.wait(0, 2)
    desk.plug(name=desk.draw.choice(("ttyACM0", "ttyACM1")))


def another_board(desk: Desk) -> None:
    desk.plug(OTHER)


def flash_that_lies(desk: Desk) -> None:
    desk.flash_works = False
    desk.plug(STALE)


COMPLETED, REFUSED, TOLD = "completed", "refused", "told"
KINDS: dict[Callable[[Desk], None], str] = {
    nothing: COMPLETED,
    late: COMPLETED,
    forbidden: COMPLETED,
    busy: COMPLETED,
    renamed: COMPLETED,
    banner: COMPLETED,
    modem_manager: COMPLETED,
    reset_by_opening: COMPLETED,
    slow_start: COMPLETED,
    bad_cable: COMPLETED,
    old_firmware: COMPLETED,
    vanishing: TOLD,
    another_board: REFUSED,
    flash_that_lies: REFUSED,
}
"""Each disturbance, and how its session must end."""


# ---- Sessions ----


@dataclass(frozen=True)
class Outcome:
    """How a session ended.

    Attributes:
        kind: of disturbance.
        false_pass: a wrong result or a wrong board was accepted, or a cut session went on.
        failure: what went wrong that should not; empty if nothing.
        error: the error that was due; empty if none was.
        flashes: how often the board was flashed.
        retries: requests of the link that were repeated.
        seconds: that it took.
    """

    kind: str
    false_pass: bool
    failure: str
    error: str
    flashes: int
    retries: int
    seconds: float


def _infer(session: Session, draw: random.Random, number: int) -> bool:
    data = draw.randbytes(16)
    session.write_input(COUNTER, 0, data)
    session.invoke(COUNTER, deadline_s=10)
    expected = number.to_bytes(4, "little") + bytes(byte ^ number & 0xFF for byte in data)
    return session.read_output(COUNTER, 0) == expected


def _use(desk: Desk, draw: random.Random, until_cut: bool) -> tuple[bool, int]:
    """Find, prove and use the board; returns whether all results were right, and the link's repeats."""
    right = True
    with (
        AttachedRunner(board(), Image(Path("unused"), build_id=bytes(range(20))), Where()) as endpoint,
        endpoint.session(timeout_s=_SESSION_S) as session,
    ):
        for number in range(1, 6):
            right &= _infer(session, draw, number)
        desk.in_use.set()
        while until_cut and not desk.cut.is_set():
            number += 1
            right &= _infer(session, draw, number)
        if until_cut:
            session.memory()
        return right, session.retries


def disturbed_session(devices: dict[str, Path], kind: Callable[[Desk], None], seed: int, pace: float) -> Outcome:
    """Run one session.

    Args:
        devices: by ``build_devices``.
        kind: of ``KINDS``.
        seed: of everything random.
        pace: by which the disturbances' times are multiplied.
    """
    due = KINDS[kind]
    draw = random.Random(seed)
    contents = ((FLASH_BASE, bytes(i % 251 for i in range(FLASH_BYTES))),)
    started = time.monotonic()
    error = failure = ""
    right, retries, completed = True, 0, False
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as background:
        desk = Desk(devices, Path(folder), seed, pace)
        with (
            mock.patch.object(attached, "list_ports", desk.list_ports),
            mock.patch.object(attached, "segments", lambda *_: contents),
            mock.patch.object(attached, "flash", desk.flash),
            mock.patch.object(serial, "serial_for_url", desk.open),
        ):
            happening = background.submit(kind, desk)
            try:
                right, retries = _use(desk, draw, due == TOLD)
                completed = True
            except SdkError as problem:
                error = str(problem)
            except Exception as problem:
                failure = f"{type(problem).__name__}: {problem}"
            finally:
                desk.in_use.set()
                happening.result(60)
            try:
                if due == TOLD and error:
                    right, retries = _use(desk, draw, until_cut=False)
            except Exception as problem:
                failure = f"the session after: {type(problem).__name__}: {problem}"
            desk.unplug()
    if due == COMPLETED and error:
        failure = error
    if kind is another_board and desk.flashes:
        failure = "the wrong board was flashed"
    wrong = not right or (completed and due != COMPLETED)
    seconds = time.monotonic() - started
    return Outcome(kind.__name__, wrong, failure, error, desk.flashes, retries, seconds)
