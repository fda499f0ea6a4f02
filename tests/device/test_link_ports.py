from __future__ import annotations

import errno
import re
from types import SimpleNamespace

import pytest
import serial

from sdk.device import ports
from sdk.device.ports import PortInfo, choose_port, list_ports, open_port
from sdk.errors import DeviceError

PICO = (0x2E8A, 0x000A)
FIRST = PortInfo("/dev/ttyACM0", *PICO, "E66038B713", "Pico")
SECOND = PortInfo("/dev/ttyACM1", *PICO, "E66038B714", "Pico")
OTHER = PortInfo("/dev/ttyUSB0", 0x0403, 0x6001, "A1", "FT232R")
BUILT_IN = PortInfo("/dev/ttyS0")


def test_the_only_fitting_port_is_chosen() -> None:
    assert choose_port([BUILT_IN, OTHER, FIRST], "pico", [PICO]) == FIRST
    assert choose_port([FIRST, SECOND], "pico", [PICO], "E66038B714") == SECOND


def test_nothing_is_guessed() -> None:
    two = "pico: several ports fit: /dev/ttyACM0 [2e8a:000a E66038B713], /dev/ttyACM1 [2e8a:000a E66038B714]; choose"
    with pytest.raises(DeviceError, match=re.escape(two)):
        choose_port([FIRST, SECOND], "pico", [PICO])
    none = "pico: no port with USB id 2e8a:000a; ports here: /dev/ttyS0, /dev/ttyUSB0 [0403:6001 A1]; attach"
    with pytest.raises(DeviceError, match=re.escape(none)):
        choose_port([BUILT_IN, OTHER], "pico", [PICO])
    with pytest.raises(DeviceError, match="and serial number X; ports here: /dev/ttyACM0"):
        choose_port([FIRST], "pico", [PICO], "X")
    with pytest.raises(DeviceError, match="ports here: none"):
        choose_port([], "pico", [PICO])


def test_ports_are_listed_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        SimpleNamespace(device="/dev/ttyUSB0", vid=0x0403, pid=0x6001, serial_number="A1", description="FT232R"),
        SimpleNamespace(device="/dev/ttyS0", vid=None, pid=None, serial_number=None, description=None),
    ]
    monkeypatch.setattr(ports._list_ports, "comports", lambda: found)
    assert list_ports() == (BUILT_IN, OTHER)


def failing(monkeypatch: pytest.MonkeyPatch, number: int, times: int) -> list[str]:
    """Make opening fail so many times; return the list of attempts."""
    attempts: list[str] = []

    def open_url(url: str, *_: object, **__: object) -> object:
        attempts.append(url)
        if len(attempts) <= times:
            raise serial.SerialException(number, f"could not open port {url}")
        return SimpleNamespace(fileno=lambda: 0, close=lambda: None)

    monkeypatch.setattr(serial, "serial_for_url", open_url)
    monkeypatch.setattr(ports, "_RETRY_S", 0.001)
    return attempts


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.EBUSY, errno.EAGAIN, errno.ENODEV, errno.EIO])
def test_what_can_pass_is_waited_for(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    attempts = failing(monkeypatch, number, 3)
    open_port("/dev/ttyACM0", 115200, timeout_s=5)
    assert len(attempts) == 4


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.EACCES, "no permission to open the port; run 'sudo usermod -aG dialout $USER' and log in again"),
        (errno.EBUSY, "another program holds the port; close it ('fuser /dev/ttyX' shows which)"),
        (errno.ENOENT, "there is no such port; ports here: "),
        (errno.ENOSPC, "cannot open the port: "),
    ],
)
def test_each_failure_has_its_cure(monkeypatch: pytest.MonkeyPatch, number: int, message: str) -> None:
    failing(monkeypatch, number, 10**6)
    with pytest.raises(DeviceError, match="^/dev/ttyX: " + re.escape(message)):
        open_port("/dev/ttyX", 115200, timeout_s=0.05)
