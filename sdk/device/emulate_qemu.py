"""Runs images in QEMU: whole boards, and Linux programs of other architectures."""

from __future__ import annotations

import functools
import re
import socket
import subprocess

from sdk.board import Board
from sdk.device.counters import Counters
from sdk.device.process import Child, PtyRunner
from sdk.device.runner import Endpoint, Image, Runner, Sample
from sdk.errors import DeviceError, ToolError

_PACKAGES = {
    "qemu-system-arm": "qemu-system-arm",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-aarch64": "qemu-user",
    "qemu-arm": "qemu-user",
}
_VERSION = re.compile(r"version (\d+(?:\.\d+)+)")


@functools.cache
def qemu_version(program: str) -> str:
    """The version of a QEMU program, such as "7.2.22".

    Raises:
        ToolError: it is not installed or does not say.
    """
    remedy = f"sudo apt install {_PACKAGES[program]}"
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError as error:
        raise ToolError(program, "not found", remedy) from error
    match = _VERSION.search(done.stdout)
    if match is None:
        raise ToolError(program, f"does not tell its version: {done.stderr or done.stdout}", remedy)
    return match[1]


class QemuSystemRunner(Runner):
    """Runs an image on a board that QEMU emulates."""

    def __init__(self, board: Board, image: Image) -> None:
        if board.emulator is None:
            raise DeviceError(board.id, "has no emulator")
        self._board = board
        self._emulator = board.emulator
        self._image = image
        self._child: Child | None = None
        self._counters: Counters | None = None
        self._note = ""

    @property
    def measured_on(self) -> str:
        """QEMU's version and the machine."""
        return f"QEMU {qemu_version(self._emulator.program)} {self._emulator.machine}"

    @property
    def cycles_source(self) -> str:
        """The plug-in's timing tables."""
        return "estimated from the core manual's timings, no wait states"

    @property
    def note(self) -> str:
        """Why there are no counters, or nothing."""
        return self._note

    @property
    def keeps_time(self) -> bool:
        """No: QEMU's time is this computer's."""
        return False

    def start(self) -> Endpoint:
        """Start QEMU; the image runs once somebody connects to the endpoint."""
        version = qemu_version(self._emulator.program)
        self._counters, self._note = Counters.create(self._board.core, self._image.elf, version)
        # QEMU inherits a socket that listens already: no port can be lost to somebody else in between.
        with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
            server.setblocking(True)
            port = server.getsockname()[1]
            self._child = Child(
                [*self._command(), "-chardev", f"socket,id=console,fd={server.fileno()},server=on,wait=on,nodelay=on"],
                package=_PACKAGES[self._emulator.program],
                pass_fds=[server.fileno()],
            )
        return Endpoint(f"socket://127.0.0.1:{port}", self._board.console.baud)

    def _command(self) -> list[str]:
        command = [self._emulator.program, "-M", self._emulator.machine]
        if self._emulator.cpu:
            command += ["-cpu", self._emulator.cpu]
        command += ["-display", "none", "-monitor", "none", "-serial", "chardev:console"]
        command += ["-kernel", str(self._image.elf)]
        return command + (self._counters.arguments() if self._counters else [])

    def stop(self) -> None:
        """Kill QEMU."""
        if self._child is not None:
            self._child.kill()
        if self._counters is not None:
            self._counters.close()

    def failure(self) -> DeviceError | None:
        """How QEMU ended, or None."""
        ending = self._child.ending() if self._child else None
        return DeviceError(self.measured_on, ending, "the image may be of another board") if ending else None

    def counters(self) -> list[Sample] | None:
        """Counts from the plug-in."""
        return self._counters.samples() if self._counters else None


class QemuUserRunner(PtyRunner):
    """Runs a Linux program of another architecture on this computer."""

    def __init__(self, board: Board, image: Image) -> None:
        super().__init__(image)
        if board.emulator is None:
            raise DeviceError(board.id, "has no emulator")
        self._board = board
        self._emulator = board.emulator
        self._counters: Counters | None = None
        self._note = ""

    @property
    def measured_on(self) -> str:
        """QEMU's program and version, and the core."""
        return f"{self._emulator.program} {qemu_version(self._emulator.program)} {self._emulator.cpu}"

    @property
    def note(self) -> str:
        """Why there are no counters, or nothing."""
        return self._note

    @property
    def package(self) -> str:
        """Debian package of QEMU."""
        return _PACKAGES[self._emulator.program]

    def command(self) -> list[str]:
        """QEMU, its options and the image."""
        command = [self._emulator.program, "-cpu", self._emulator.cpu]
        return [*command, *(self._counters.arguments() if self._counters else []), str(self._image.elf)]

    @property
    def keeps_time(self) -> bool:
        """No: QEMU's time is this computer's."""
        return False

    def start(self) -> Endpoint:
        """Start the program in QEMU."""
        version = qemu_version(self._emulator.program)
        self._counters, self._note = Counters.create(self._board.core, self._image.elf, version)
        return super().start()

    def stop(self) -> None:
        """Kill QEMU."""
        super().stop()
        if self._counters is not None:
            self._counters.close()

    def counters(self) -> list[Sample] | None:
        """Counts from the plug-in."""
        return self._counters.samples() if self._counters else None
