"""What runs an image when no board does: emulators and, for Linux boards, processes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from sdk.board import Board
from sdk.device.link import Session
from sdk.errors import DeviceError


@dataclass(frozen=True)
class Image:
    """The files of one build; a format that the board does not use is None.

    Attributes:
        build_id: that the firmware tells; empty where nobody asks.
    """

    elf: Path
    bin: Path | None = None
    uf2: Path | None = None
    build_id: bytes = b""


@dataclass(frozen=True)
class Endpoint:
    """Where a running firmware's console is.

    Attributes:
        url: a port's path or a pyserial URL, such as "socket://127.0.0.1:4321".
        baud: bits a second; ignored by what is no UART.
        fastest_baud: up to which a session may raise it; 0: it may not.
    """

    url: str
    baud: int = 115_200
    fastest_baud: int = 0

    def session(self, *, timeout_s: float) -> Session:
        """Open a session there; ``Session.open`` says how, and what it raises."""
        return Session.open(self.url, self.baud, fastest_baud=self.fastest_baud, timeout_s=timeout_s)


@dataclass(frozen=True)
class Sample:
    """Counts at one call of the firmware's ``port_cycles()``, cumulative since the start.

    Attributes:
        instructions: executed until then.
        cycles: estimated for the core from its manual's timings; None where there is no estimate.
        classes: instructions by class; empty where they are not told apart.
        events: "words" moved by multiple loads and stores, "beats" of MVE instructions (an upper bound) and
            "taken" conditional branches, as far as they are counted.
    """

    instructions: int
    cycles: int | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    events: Mapping[str, int] = field(default_factory=dict)


class Runner(ABC):
    """Runs one image: a context manager whose value is the console's endpoint.

    A ``DeviceError`` inside the ``with`` block, such as a link that failed, becomes one with the emulator's last
    words when the cause is an emulator that died.
    """

    @property
    @abstractmethod
    def measured_on(self) -> str:
        """What runs the image, with its version, such as "QEMU 7.2.22 mps2-an386"."""

    @abstractmethod
    def start(self) -> Endpoint:
        """Start the image.

        Raises:
            ToolError: the emulator is not installed.
            DeviceError: it ended at once.
        """

    @abstractmethod
    def stop(self) -> None:
        """End the emulator and everything that it started; does nothing when called again."""

    @abstractmethod
    def failure(self) -> DeviceError | None:
        """Why the emulator is not running any more, or None while it is."""

    def counters(self) -> list[Sample] | None:
        """One sample for each call of ``port_cycles()`` since the last call of this; None without counters."""
        return None

    def flash_stalls(self) -> list[int] | None:
        """Estimated cycles of waiting for flash, cumulative, that the cycle counts leave out.

        One number for each time stamp since the last call of this; None where nothing estimates them.
        """
        return None

    @property
    def cycles_source(self) -> str:
        """What counts the cycles that ``counters`` or the device reports."""
        return "the board's cycle counter"

    @property
    def note(self) -> str:
        """What a user should know of this run, such as why there are no counters; may be empty."""
        return ""

    @property
    def keeps_time(self) -> bool:
        """Whether microseconds that the firmware tells are those that the board would take."""
        return True

    def __enter__(self) -> Endpoint:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failure = self.failure() if isinstance(error, DeviceError) else None
        self.stop()
        if failure is not None:
            raise failure from error


def runner_for(
    board: Board,
    image: Image,
    *,
    emulate: bool,
    port: str | None = None,
    serial_number: str | None = None,
    method: str | None = None,
) -> Runner:
    """The runner for an image.

    Args:
        board: what the image was built for.
        image: its files.
        emulate: use the board's emulator.
        port: the board's serial port, or user@host of a Linux board; None to find it.
        serial_number: of the board or its debug probe, where several are attached.
        method: of flashing; None for the first that can be used.

    Raises:
        DeviceError: nothing here runs the image.
    """
    emulator = board.emulator
    if emulator is not None and emulator.kind == "process":
        from sdk.device.process import ProcessRunner

        return ProcessRunner(image)
    if not emulate:
        if board.console.kind == "stdio":
            from sdk.device.flash.ssh import SshRunner

            return SshRunner(board, image, port)
        from sdk.device.attached import AttachedRunner
        from sdk.device.flash import Where

        return AttachedRunner(board, image, Where(port, serial_number), method)
    if emulator is None:
        raise DeviceError(board.id, "no emulator runs it", "attach the board and leave --emulate away")
    if emulator.kind == "rp2040js":
        from sdk.device.emulate_rp2040js import Rp2040jsRunner

        return Rp2040jsRunner(board, image)
    from sdk.device.emulate_qemu import QemuSystemRunner, QemuUserRunner

    return QemuUserRunner(board, image) if emulator.kind == "qemu-user" else QemuSystemRunner(board, image)
