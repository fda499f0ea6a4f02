"""A bad cable: runs the firmware as a process and disturbs what passes between it and the host, from a seed."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import random
import select
import socket
import subprocess
import threading
import time
import tty
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = ("drop", "flip", "replace", "duplicate", "insert", "burst", "reorder", "replay", "stall", "cut")


@dataclass(frozen=True)
class Faults:
    """What goes wrong.

    Attributes:
        rate: probability of a fault at each byte, in both directions.
        kinds: of KINDS, chosen evenly.
        reboot_rate: probability at each byte to the device that it is restarted there.
        split: whether bytes are handed over in random pieces.
        stall_s: longest stall.
    """

    rate: float = 0.0
    kinds: tuple[str, ...] = KINDS
    reboot_rate: float = 0.0
    split: bool = False
    stall_s: float = 0.02


class Disturber:
    """One direction of the cable."""

    def __init__(self, faults: Faults, seed: str) -> None:
        self._faults = faults
        self._random = random.Random(seed)
        self._earlier: list[bytes] = []
        self._clean = self._gap(faults.rate)
        self._until_reboot = self._gap(faults.reboot_rate)
        self.count = 0

    def disturb(self, data: bytes) -> bytes:
        """Return what arrives of the data; a stall happens here."""
        self._earlier = [*self._earlier[-15:], data]
        out = b""
        while len(data) > self._clean:
            out += data[: self._clean]
            arrived, data = self._fault(data[self._clean :])
            out += arrived
            self.count += 1
            self._clean = self._gap(self._faults.rate)
        self._clean -= len(data)
        return out + data

    def pieces(self, data: bytes) -> list[bytes]:
        """Return the data in the pieces that they are handed over in."""
        if not self._faults.split or len(data) < 2:
            return [data]
        cuts = sorted({0, len(data), *(self._random.randrange(len(data)) for _ in range(3))})
        return [data[a:b] for a, b in itertools.pairwise(cuts)]

    def reboot_at(self, data: bytes) -> int | None:
        """Return the position in the data at which the device is restarted, if it is."""
        if self._until_reboot >= len(data):
            self._until_reboot -= len(data)
            return None
        at, self._until_reboot = self._until_reboot, self._gap(self._faults.reboot_rate)
        return at

    def _gap(self, rate: float) -> int:
        """Number of bytes before the next fault: geometrically distributed."""
        return int(math.log(1.0 - self._random.random()) / math.log1p(-rate)) if rate > 0 else 1 << 62

    def _fault(self, data: bytes) -> tuple[bytes, bytes]:
        """Disturb at the first byte; return what arrives, and the rest that is still to come undisturbed."""
        draw = self._random
        first, rest = data[:1], data[1:]
        kind = draw.choice(self._faults.kinds)
        if kind == "drop":
            return b"", rest
        if kind == "flip":
            return bytes([first[0] ^ 1 << draw.randrange(8)]), rest
        if kind == "replace":
            return bytes([draw.randrange(256)]), rest
        if kind == "duplicate":
            return first * 2, rest
        if kind == "insert":
            return bytes([draw.randrange(256)]) + first, rest
        if kind == "burst":
            size = draw.randrange(2, 17)
            return draw.randbytes(min(size, len(data))), data[size:]
        if kind == "reorder":
            size = draw.randrange(1, 33)
            return data[size : 2 * size] + data[:size], data[2 * size :]
        if kind == "replay":
            return b"\0" + draw.choice(self._earlier) + b"\0" + first, rest
        if kind == "cut":
            return b"", data[draw.randrange(1, 65) :]
        time.sleep(draw.random() * self._faults.stall_s)
        return first, rest


class FaultProxy:
    """The bad cable with a device at its end; a context manager.

    Attributes:
        url: of the port that the host opens.
        requests: frames that the host sent, repeats included.
        reboots: restarts of the device, its own included.

    Args:
        argv: the device: a process whose console is its standard input and output.
        faults: what goes wrong.
        seed: of everything random.
        transport: "pty" or "socket".
        env: environment of the device, if not this process's.
    """

    def __init__(
        self,
        argv: Sequence[str],
        faults: Faults | None = None,
        seed: int = 0,
        transport: str = "pty",
        env: dict[str, str] | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.seed = seed
        self.reboots = 0
        self.requests = 0
        self._argv = list(argv)
        self._env = env
        self._to_device = Disturber(self.faults, f"{seed} to device")
        self._to_host = Disturber(self.faults, f"{seed} to host")
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._transport = transport
        self._listener: socket.socket | None = None
        self._slave = -1
        self._host = -1
        if transport == "pty":
            self._host, self._slave = os.openpty()
            tty.setraw(self._slave)
            os.set_blocking(self._host, False)
            self.url = os.ttyname(self._slave)
        else:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._device = self._start()

    @property
    def fault_count(self) -> int:
        """Faults so far."""
        return self._to_device.count + self._to_host.count + self.reboots

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_write, b"x")
        self._thread.join(10)
        self._end_device()
        if self._listener is not None:
            self._listener.close()
        for descriptor in (self._host, self._slave, self._stop_read, self._stop_write):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=self._env)

    def _end_device(self) -> None:
        self._device.kill()
        self._device.wait(10)
        for pipe in (self._device.stdin, self._device.stdout):
            if pipe is not None:
                pipe.close()

    def _reboot(self) -> None:
        self.reboots += 1
        self._end_device()
        self._device = self._start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while self._serve():
                pass

    def _serve(self) -> bool:
        """Wait for bytes and pass them on; return whether to go on."""
        assert self._device.stdout is not None
        device = self._device.stdout.fileno()
        sources = [self._stop_read, device]
        if self._host >= 0:
            sources.append(self._host)
        if self._listener is not None:
            sources.append(self._listener.fileno())
        ready, _, _ = select.select(sources, [], [])
        if self._stop_read in ready:
            return False
        if device in ready:
            self._from_device(os.read(device, 65536))
        if self._host in ready:
            self._from_host()
        if self._listener is not None and self._listener.fileno() in ready:
            self._accept(self._listener)
        return True

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self._hang_up()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        self._host = connection.detach()

    def _hang_up(self) -> None:
        if self._host >= 0:
            os.close(self._host)
        self._host = -1

    def _from_device(self, data: bytes) -> None:
        if not data:  # it reset itself
            self._reboot()
            return
        for piece in self._to_host.pieces(self._to_host.disturb(data)):
            # Without a reader, bytes are lost, as on a serial line.
            with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
                if piece and self._host >= 0:
                    os.write(self._host, piece)

    def _from_host(self) -> None:
        try:
            data = os.read(self._host, 65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self._hang_up()
            return
        self.requests += data.count(b"\0") // 2  # the host puts a delimiter at both ends
        at = self._to_device.reboot_at(data)
        if at is not None:
            self._pass_on(data[:at])
            self._reboot()
            data = data[at:]
        self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        assert self._device.stdin is not None
        for piece in self._to_device.pieces(self._to_device.disturb(data)):
            with contextlib.suppress(BrokenPipeError):
                if piece:
                    os.write(self._device.stdin.fileno(), piece)
