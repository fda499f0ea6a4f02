"""Child processes that never outlive this one, and the runner for firmware that is a Linux process."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import signal
import subprocess
import sys
import threading
import tty
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from sdk.device.runner import Endpoint, Image, Runner
from sdk.errors import DeviceError, ToolError

_KEPT_LINES = 200
_REAP_SECONDS = 5.0
_LAST_GASP_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1


class Child:
    """A process in a group of its own whose text output is collected.

    On Linux the kernel kills it when the thread that started it ends, even by SIGKILL.

    Args:
        argv: program and arguments.
        package: Debian package that the program comes from; for the error message.
        console: descriptor for standard input and output; None: nothing to read, and standard output is
            collected with standard error.
        pass_fds: descriptors that it inherits under the same numbers.
        cwd: its working folder.

    Raises:
        ToolError: there is no such program.
        DeviceError: the program cannot be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        package: str = "",
        console: int | None = None,
        pass_fds: Sequence[int] = (),
        cwd: Path | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        try:
            self._process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL if console is None else console,
                stdout=subprocess.PIPE if console is None else console,
                stderr=subprocess.STDOUT if console is None else subprocess.PIPE,
                pass_fds=pass_fds,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        except FileNotFoundError as error:
            remedy = f"sudo apt install {package}" if package else ""
            raise ToolError(self.argv[0], "not found", remedy) from error
        except OSError as error:
            raise DeviceError(self.argv[0], f"cannot be started: {error.strerror}") from error
        pipe = self._process.stdout if console is None else self._process.stderr
        self._reader = threading.Thread(target=self._collect, args=(pipe,), daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it is running."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """The last lines of its output; all of them once it has ended."""
        if not self.alive:
            self._reader.join(_REAP_SECONDS)
        return "\n".join(self._lines)

    def ending(self) -> str | None:
        """How it ended, with its last words, or None if it still runs after half a second.

        The last words are the last line that starts with the program's name, as messages do and register
        dumps do not, or else the last line.
        """
        try:
            code = self._process.wait(_LAST_GASP_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        how = f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        lines = [line for line in self.output.splitlines() if line]
        messages = [line for line in lines if line.startswith(("qemu", Path(self.argv[0]).name))] or lines
        return f"{how}: {messages[-1]}" if messages else how

    def kill(self) -> None:
        """Kill it and all that it started, and wait for its end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_REAP_SECONDS)
        self._reader.join(_REAP_SECONDS)

    def _collect(self, pipe: IO[bytes]) -> None:
        with pipe:
            for line in pipe:
                self._lines.append(line.decode(errors="replace").rstrip())


def _die_with_parent() -> Callable[[], None] | None:
    """What a new process calls to be killed with its parent; None where the system cannot."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def request() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return request


class PtyRunner(Runner):
    """Runs a program whose console is its standard input and output, on a pseudo-terminal.

    The program holds the terminal's controlling side, so that it sees the end of the session, and pyserial
    opens the other side, so that it sees the end of the program.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self._child: Child | None = None
        self._held: int | None = None

    def command(self) -> list[str]:
        """Program and arguments."""
        return [str(self._image.elf)]

    def start(self) -> Endpoint:
        """Start the program."""
        if not self._image.elf.is_file():
            raise DeviceError(self._image.elf, "no such image", "build it first")
        controller, terminal = os.openpty()
        self._held = terminal  # while nobody has it open, the program would read an error
        try:
            tty.setraw(terminal)
            self._child = Child(self.command(), package=self.package, console=controller)
            return Endpoint(os.ttyname(terminal))
        finally:
            os.close(controller)

    def stop(self) -> None:
        """Kill the program."""
        if self._child is not None:
            self._child.kill()
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def failure(self) -> DeviceError | None:
        """How the program ended, or None."""
        ending = self._child.ending() if self._child else None
        return DeviceError(self._image.elf.name, ending) if ending else None

    @property
    def package(self) -> str:
        """Debian package of the program."""
        return ""


class ProcessRunner(PtyRunner):
    """Runs an image on this computer."""

    @property
    def measured_on(self) -> str:
        """This computer's architecture."""
        return f"host ({platform.machine()} {platform.system()})"
