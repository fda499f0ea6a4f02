"""A serial port over the network by RFC 2217, as ser2net and labgrid give it."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from fault_proxy import FaultProxy
from host_device import build_device
from serial.rfc2217 import PortManager

from sdk.device.link import Session
from sdk.errors import DeviceError, LinkError


class Terminal(serial.Serial):
    """A pseudo-terminal, which has no modem lines."""

    cts = dsr = ri = cd = True

    def _update_dtr_state(self) -> None: ...

    def _update_rts_state(self) -> None: ...


class Server:
    """Gives one client a serial port."""

    def __init__(self, port: str) -> None:
        self._port = Terminal(port, timeout=0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._client: socket.socket | None = None

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._listener.close()
        self._port.close()

    def write(self, data: bytes) -> None:  # the manager's own answers
        if self._client is not None:
            self._client.sendall(data)

    def _serve(self) -> None:
        while not self._stop.is_set():
            if select.select([self._listener], [], [], 0.05)[0]:
                self._client, _ = self._listener.accept()
                with self._client:
                    self._forward(self._client, PortManager(self._port, self))
                self._client = None

    def _forward(self, client: socket.socket, manager: PortManager) -> None:
        while not self._stop.is_set():
            ready = select.select([client, self._port.fileno()], [], [], 0.05)[0]
            if client in ready:
                data = client.recv(4096)
                if not data:
                    return
                self._port.write(b"".join(manager.filter(data)))
            if self._port.fileno() in ready:
                client.sendall(b"".join(manager.escape(self._port.read(4096))))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    device: Path = build_device(tmp_path_factory.mktemp("device"))
    with FaultProxy([str(device)]) as proxy, Server(proxy.url) as server:
        yield server.url


def test_a_session(served: str) -> None:
    data = bytes(range(256)) * 11 + bytes(184)  # 0xff is Telnet's escape
    with Session.open(served) as session:
        session.write_input(1, 0, data)
        session.write_input(1, 1, b"\xff")
        session.invoke(1)
        sums = [byte + 255 & 0xFF for byte in data]
        assert session.read_output(1, 0) == bytes(sums[i] ^ sums[i + 500] for i in range(2500))


def test_a_server_that_goes_away(tmp_path: Path) -> None:
    with FaultProxy([str(build_device(tmp_path))]) as proxy:
        with Server(proxy.url) as server:
            session = Session.open(server.url, timeout_s=2)
        with pytest.raises(LinkError):
            session.memory()
        session.close()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"rfc2217://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(DeviceError, match=r"rfc2217://127.0.0.1:\d+: "):
        Session.open(url, timeout_s=0.3)
