"""What the SDK needs of this computer: found, or how to get it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sdk import oracle
from sdk.device.emulate_qemu import qemu_version
from sdk.device.emulate_rp2040js import node_modules
from sdk.device.ports import list_ports
from sdk.errors import ModelError, ToolError

try:
    import grp
except ImportError:  # not a POSIX system: ports have no groups
    grp = None  # type: ignore[assignment]

NODE_MAJOR = 18
"""The oldest major version of Node.js that the emulator was run with."""
_SERIAL_GROUP = "dialout"


@dataclass(frozen=True)
class Check:
    """One thing that the SDK needs.

    Attributes:
        name: what it is.
        ok: whether it is there and usable.
        found: its version or place; empty when it is not there.
        remedy: what to do when it is not there.
    """

    name: str
    ok: bool
    found: str
    remedy: str


def check() -> list[Check]:
    """Look for compilers, emulators, the reference interpreter and permission to use serial ports."""
    arm, aarch64 = "arm-none-eabi-gcc", "aarch64-linux-gnu-gcc"
    return [
        _check(arm, lambda: _version(arm), _install("gcc-arm-none-eabi")),
        _check("newlib for Arm", lambda: _library(arm, "libc_nano.a"), _install("libnewlib-arm-none-eabi")),
        _check(aarch64, lambda: _version(aarch64), _install("gcc-aarch64-linux-gnu")),
        _check("C library for aarch64", lambda: _library(aarch64, "crt1.o"), _install("libc6-dev-arm64-cross")),
        _check(
            "C library for bare aarch64",
            lambda: _library(aarch64, "picolibc.specs"),
            _install("picolibc-aarch64-linux-gnu"),
        ),
        _check("gcc", lambda: _version("gcc"), _install("gcc libc6-dev")),
        _check("qemu-system-arm", lambda: qemu_version("qemu-system-arm"), _install("qemu-system-arm")),
        _check("qemu-aarch64", lambda: qemu_version("qemu-aarch64"), _install("qemu-user")),
        _check("node", _node, f"install Node.js {NODE_MAJOR} or later, such as by {_install('nodejs')}"),
        _check("rp2040js", lambda: str(node_modules()), "npm install rp2040js"),
        _check("reference", _reference, "pip install the project again"),
        _serial(),
    ]


def _install(packages: str) -> str:
    return f"sudo apt install {packages}"


def _check(name: str, probe: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, True, probe(), remedy)
    except ToolError as error:
        return Check(name, False, "", error.remedy or remedy)


def _output(*command: str) -> str:
    """The first line that a program prints.

    Raises:
        ToolError: it is not there or fails.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(command[0], f"can't be run ({error})") from error
    return (done.stdout.splitlines() or [""])[0]


def _version(program: str) -> str:
    line = _output(program, "--version")
    numbers = re.findall(r"\d+(?:\.\d+)+", line)
    return numbers[-1] if numbers else line


def _library(compiler: str, name: str) -> str:
    """Where a file of a compiler's C library is; the compiler echoes the name of one that it does not have."""
    path = _output(compiler, f"-print-file-name={name}")
    if path == name:
        raise ToolError(compiler, f"has no {name}")
    return str(Path(path).resolve().parent)


def _node() -> str:
    version = _version("node")
    if int(version.partition(".")[0]) < NODE_MAJOR:
        raise ToolError("node", f"{version} is too old")
    return version


def _reference() -> str:
    """The best oracle, once it has shown that it starts: it must refuse an empty file."""
    found = oracle.best()
    with contextlib.suppress(ModelError):
        found.run(b"", [])
    return found.name


def _serial() -> Check:
    ports = [port.device for port in list_ports()]
    closed = [port for port in ports if not os.access(port, os.R_OK | os.W_OK)]
    found = ", ".join(ports) or "no port attached"
    remedy = f"sudo usermod -aG {_SERIAL_GROUP} $USER, then log in again"
    if closed:
        return Check("serial ports", False, found, f"{', '.join(closed)}: no permission; {remedy}")
    return Check("serial ports", bool(ports) or _may_open_ports(), found, remedy)


def _may_open_ports() -> bool:
    """Whether this user could open a serial port that is attached later."""
    if grp is None or os.geteuid() == 0:
        return True
    try:
        group = grp.getgrnam(_SERIAL_GROUP)
    except KeyError:  # the group has another name here: nothing to say before a port is there
        return True
    return group.gr_gid in os.getgroups()
