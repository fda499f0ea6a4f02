"""Serial ports: which there are, which one is meant, and opening it.

A port is named by a device file (``/dev/ttyACM0``, a PTY), ``COM3``, or a URL such as ``socket://localhost:4000``.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import serial
from serial.tools import list_ports as _list_ports

from sdk.errors import DeviceError, PortError

try:
    import fcntl
    import grp
    import termios
except ImportError:  # not a POSIX system: pyserial's own lock is all there is
    fcntl = None  # type: ignore[assignment]

_RETRY_S = 0.1
_NO_SUCH_RATE: tuple[type[Exception], ...] = (OSError, ValueError, OverflowError)
if fcntl is not None:
    _NO_SUCH_RATE = (*_NO_SUCH_RATE, termios.error)

_WITHOUT_WRITE_TIMEOUT = "rfc2217://"
_POLL_S = 0.001


@dataclass(frozen=True)
class PortInfo:
    """A serial port of this computer.

    Attributes:
        device: name to open it by.
        vid, pid: USB ids, None for ports that are not on USB.
        serial_number: the USB device's serial number, empty if it has none.
        description: the operating system's name for it.
    """

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    description: str = ""

    def __str__(self) -> str:
        usb = f" [{self.vid:04x}:{self.pid:04x} {self.serial_number or '-'}]" if self.vid is not None else ""
        return f"{self.device}{usb}"


def list_ports() -> tuple[PortInfo, ...]:
    """Return the serial ports that are attached now, in the order of their names."""
    ports = (
        PortInfo(port.device, port.vid, port.pid, port.serial_number or "", port.description or "")
        for port in _list_ports.comports()
    )
    return tuple(sorted(ports, key=lambda port: port.device))


def choose_port(
    ports: Iterable[PortInfo], board: str, usb_ids: Collection[tuple[int, int]], serial_number: str | None = None
) -> PortInfo:
    """Return the one port that a board can be on.

    Args:
        ports: the ports that are attached.
        board: the board's name, for messages.
        usb_ids: vendor and product ids that the board's port may have.
        serial_number: the board's serial number, where several are attached.

    Raises:
        PortError: no port fits.
        DeviceError: more than one does; nothing is guessed.
    """
    ports = tuple(ports)
    fitting = [
        port
        for port in ports
        if (port.vid, port.pid) in usb_ids and (serial_number is None or port.serial_number == serial_number)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(str(port) for port in fitting)
        raise DeviceError(board, f"several ports fit: {names}", "choose one with --port or --serial")
    ids = ", ".join(f"{vid:04x}:{pid:04x}" for vid, pid in usb_ids) or "any"
    wanted = f"USB id {ids}" + (f" and serial number {serial_number}" if serial_number is not None else "")
    seen = ", ".join(str(port) for port in ports) or "none"
    raise PortError(board, f"no port with {wanted}; ports here: {seen}", "attach the board or name its --port")


def open_port(url: str, baud: int, *, timeout_s: float) -> serial.SerialBase:
    """Open a port for this process alone. Its reads do not wait; where select() works, nor do its writes.

    A port that is missing, busy or not yet readable is tried again until the time is over: boards enumerate late, and
    udev and ModemManager take their time with a new port.

    Args:
        url: name or URL of the port.
        baud: bits per second; ignored by ports that are not serial lines.
        timeout_s: how long to try.

    Raises:
        PortError: the port cannot be opened now.
        DeviceError: it cannot be opened at all; both say why and what to do.
    """
    deadline = time.monotonic() + timeout_s
    write_timeout = timeout_s if fcntl is None else 0
    while True:
        try:
            if url.startswith(_WITHOUT_WRITE_TIMEOUT):
                port = serial.serial_for_url(url, baud, timeout=0)
            else:
                port = serial.serial_for_url(url, baud, timeout=0, write_timeout=write_timeout, exclusive=True)
        except (OSError, ValueError) as error:  # pyserial's errors are OSErrors
            number = _errno(error)
            if number not in _PASSING or time.monotonic() + _RETRY_S > deadline:
                raise _open_error(url, number, error) from error
            time.sleep(_RETRY_S)
        else:
            _refuse_others(port)
            return port


def wait_readable(port: serial.SerialBase, timeout_s: float) -> bool:
    """Wait until a port has a byte; return False if the time was over.

    Raises:
        OSError: the port has gone.
    """
    descriptor = _descriptor(port)
    if descriptor is not None:
        return bool(select.select([descriptor], [], [], max(0.0, timeout_s))[0])
    deadline = time.monotonic() + timeout_s
    while not port.in_waiting:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def wait_writable(port: serial.SerialBase, timeout_s: float) -> bool:
    """Wait until a port takes a byte; return False if the time was over. A port without select() takes them always.

    Raises:
        OSError: the port has gone.
    """
    descriptor = _descriptor(port)
    return descriptor is None or bool(select.select([], [descriptor], [], max(0.0, timeout_s))[1])


def _descriptor(port: serial.SerialBase) -> int | None:
    """What select() can wait for; None on Windows, and for ports of RFC 2217, which read ahead in a thread."""
    if fcntl is None or not hasattr(port, "fileno"):
        return None
    try:
        return int(port.fileno())
    except io.UnsupportedOperation:
        return None


def set_baud(port: serial.SerialBase, baud: int) -> bool:
    """Change an open port's bits per second; return whether its adapter can."""
    try:
        port.baudrate = baud
    except _NO_SUCH_RATE:
        return False
    return True


def close_port(port: serial.SerialBase) -> None:
    """Close a port opened by ``open_port``; a port that has gone is no error."""
    with contextlib.suppress(OSError):
        _allow_others(port)
        port.close()


# Reasons that can pass by themselves.
_PASSING = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.EACCES, errno.EPERM, errno.EBUSY, errno.EAGAIN}
_PASSING |= {errno.ECONNREFUSED}


def _errno(error: BaseException) -> int | None:
    """Return the number of the operating system's error behind pyserial's."""
    cause: BaseException | None = error
    while cause is not None:
        number = getattr(cause, "errno", None)
        if isinstance(number, int):
            return number
        cause = cause.__context__
    return None


def _open_error(url: str, number: int | None, error: Exception) -> DeviceError:
    if number in (errno.EACCES, errno.EPERM):
        group = _group(url)
        return PortError(
            url, "no permission to open the port", f"run 'sudo usermod -aG {group} $USER' and log in again"
        )
    if number in (errno.EBUSY, errno.EAGAIN):
        return PortError(url, "another program holds the port", f"close it ('fuser {url}' shows which)")
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
        seen = ", ".join(port.device for port in list_ports()) or "none"
        return PortError(url, f"there is no such port; ports here: {seen}", "attach the board or name its --port")
    if number == errno.ECONNREFUSED:
        return DeviceError(url, "nothing listens there", "start the emulator or server, or correct the address")
    return DeviceError(url, f"cannot open the port: {error}", "check its name")


def _group(path: str) -> str:
    """Return the group that may use a device file."""
    try:
        return grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError, NameError):
        return "dialout"


def _refuse_others(port: serial.SerialBase) -> None:
    """Keep programs that ignore the lock, such as ModemManager, from opening the terminal as well."""
    _terminal_request(port, "TIOCEXCL")


def _allow_others(port: serial.SerialBase) -> None:
    """Undo ``_refuse_others``: the mark outlives this process while another one has the terminal open."""
    _terminal_request(port, "TIOCNXCL")


def _terminal_request(port: serial.SerialBase, name: str) -> None:
    if fcntl is None:
        return
    with contextlib.suppress(OSError, AttributeError):
        if os.isatty(port.fileno()):
            fcntl.ioctl(port.fileno(), getattr(termios, name))
