"""Linux boards over ssh: the program is copied, its digest read back, and run with the connection as its console."""

from __future__ import annotations

import hashlib
import shlex

from sdk.board import Board
from sdk.device.flash.tool import run_tool
from sdk.device.process import PtyRunner
from sdk.device.runner import Endpoint, Image
from sdk.errors import DeviceError, FlashError

PROGRAM = "ssh"
INSTALL = "sudo apt install openssh-client"

_NOT_CONNECTED = "code 255"
_FOLDER = ".cache/sdk"
_OPTIONS = ("-T", "-e", "none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")


class SshRunner(PtyRunner):
    """Runs an image on a board that runs Linux.

    Args:
        board: with a flash method "ssh".
        image: what it shall run.
        host: as ssh takes it, such as "pi@raspberrypi.local".

    Raises:
        DeviceError: there is no host, or the board has no such method.
    """

    def __init__(self, board: Board, image: Image, host: str | None) -> None:
        super().__init__(image)
        method = next((method for method in board.flash if method.kind == "ssh"), None)
        if method is None:
            raise DeviceError(board.id, "its console is no serial port", "emulate the board with --emulate")
        if host is None or host.startswith("-"):
            raise DeviceError(board.id, "is reached over the network", "name it with --port user@host, or --emulate it")
        self._board = board
        self._host = host
        self._model = str(method.options["model"])
        self._file = f"{_FOLDER}/{image.build_id.hex() or 'firmware'}"

    @property
    def measured_on(self) -> str:
        """The real thing."""
        return "board"

    @property
    def package(self) -> str:
        """Debian package of ssh."""
        return "openssh-client"

    def command(self) -> list[str]:
        """The program, with the connection as its standard input and output."""
        return [PROGRAM, *_OPTIONS, self._host, f"exec {shlex.quote(self._file)}"]

    def start(self) -> Endpoint:
        """Check the board's model, copy the program unless it is there, compare its digest, and run it."""
        model = self._run("cat /proc/device-tree/model").rstrip("\0\n")
        if not model.startswith(self._model):
            raise FlashError(
                self._host,
                f"is a {model or 'computer without a model name'}, not a {self._model}; nothing was written",
                "name the right board or choose another --board",
            )
        try:
            content = self._image.elf.read_bytes()
        except OSError as error:
            raise DeviceError(self._image.elf, "no such image", "build it first") from error
        wanted = hashlib.sha256(content).hexdigest()
        name = shlex.quote(self._file)
        digest = f"sha256sum {name}"
        if not self._run(f"test -e {name} && {digest} || true").startswith(wanted):
            part = shlex.quote(f"{self._file}.part")
            self._run(f"mkdir -p {_FOLDER} && cat > {part} && chmod 755 {part} && mv {part} {name} && sync", content)
            found = self._run(digest).split()[:1]
            if found != [wanted]:
                raise FlashError(self._host, f"{self._file} is not what was copied: its digest is {found}", "repeat")
        return super().start()

    def _run(self, command: str, stdin: bytes = b"") -> str:
        try:
            return run_tool([PROGRAM, *_OPTIONS, self._host, command], install=INSTALL, stdin=stdin)
        except FlashError as error:
            if _NOT_CONNECTED in error.problem:
                raise DeviceError(self._host, error.problem, "check its name, power and your key") from error
            raise
