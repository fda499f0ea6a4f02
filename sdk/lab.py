"""A lab file: which boards are attached where, and a lock for each so that two runs never share one.

Boards of one computer are locked by files; those that several computers share are places of labgrid, which are acquired
and released by its command line.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdk.cache import cache_folder
from sdk.errors import DeviceError, InputError, ToolError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

try:
    import fcntl
except ImportError:  # not a POSIX system: the port's own lock is all there is
    fcntl = None  # type: ignore[assignment]

_POLL_S = 0.2
_LABGRID_S = 60.0
_KEYS = {"board", "port", "serial", "method", "labgrid"}


@dataclass(frozen=True)
class Place:
    """One board of a lab.

    Attributes:
        board: its id.
        port: serial port, or user@host of a Linux board; None to find it.
        serial_number: of the board or its debug probe; None if there is only one.
        method: of flashing; None for the first that can be used.
        labgrid: name of its place in labgrid; None if it is locked on this computer.
    """

    board: str
    port: str | None = None
    serial_number: str | None = None
    method: str | None = None
    labgrid: str | None = None

    @property
    def name(self) -> str:
        """What tells it from the lab's other boards."""
        return self.labgrid or self.serial_number or self.port or self.board


def load_lab(path: Path) -> list[Place]:
    """Read a lab file: a TOML table ``[[board]]`` with "board" and, as needed, the other keys for each.

    Raises:
        InputError: the file cannot be read, or has unknown or missing keys, or names one board twice.
    """
    try:
        tables: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(path, f"not a readable TOML file: {error}") from error
    rows = tables.get("board")
    if set(tables) != {"board"} or not isinstance(rows, list):
        raise InputError(path, "must hold tables [[board]] and nothing else")
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
            raise InputError(path, f"board[{number}]: its values must be strings")
        if "board" not in row or set(row) - _KEYS:
            raise InputError(path, f"board[{number}]: needs 'board' and knows {', '.join(sorted(_KEYS))}")
    keys = ("port", "serial", "method", "labgrid")
    places = [Place(row["board"], *(row.get(key) for key in keys)) for row in rows]
    names = [place.name for place in places]
    for name in names:
        if names.count(name) > 1:
            raise InputError(path, f"two boards are {name}", "tell them apart by port or serial")
    return places


@contextmanager
def reserved(places: Sequence[Place], *, timeout_s: float) -> Iterator[Place]:
    """Hold the first board that is free; another process that wants it waits.

    Raises:
        DeviceError: all were in use for all the time, or labgrid refuses.
        ToolError: labgrid's command line is not installed.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        for place in places:
            lock = _lock(place)
            if lock is not None:
                with lock:
                    yield place
                return
        if time.monotonic() > deadline:
            names = ", ".join(place.name for place in places)
            raise DeviceError(names, f"in use by another run for {timeout_s:g} s", "wait, or attach another board")
        time.sleep(_POLL_S)


def holder(place: Place) -> str:
    """Who uses a board now; empty if nobody does.

    Raises:
        DeviceError: labgrid does not know the place.
        ToolError: labgrid's command line is not installed.
    """
    if place.labgrid is not None:
        done = _labgrid(place.labgrid, "show")
        if done.returncode != 0:
            raise _refusal(place.labgrid, done)
        lines = [line.strip() for line in done.stdout.splitlines()]
        found = next((line for line in lines if line.startswith("acquired:")), "").removeprefix("acquired:").strip()
        return "" if found == "None" else found
    lock = _lock(place)
    if lock is None:
        return _lock_file(place).read_text(encoding="utf-8", errors="replace") or "another run"
    with lock:
        return ""


def _lock(place: Place) -> AbstractContextManager[object] | None:
    """Hold a board until the context ends; None if it is in use."""
    return _lock_locally(place) if place.labgrid is None else _acquire(place.labgrid)


def _lock_file(place: Place) -> Path:
    return cache_folder() / "locks" / f"{hashlib.sha256(place.name.encode()).hexdigest()[:16]}.lock"


def _lock_locally(place: Place) -> AbstractContextManager[object] | None:
    file = _lock_file(place)
    file.parent.mkdir(parents=True, exist_ok=True)
    stream = file.open("a", encoding="utf-8")
    if fcntl is not None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            return None
    stream.truncate(0)
    stream.write(f"process {os.getpid()}: {' '.join(map(repr, sys.argv[1:]))[:80]}")
    stream.flush()
    return stream


def _acquire(name: str) -> AbstractContextManager[object] | None:
    done = _labgrid(name, "acquire")
    if done.returncode != 0:
        if "already acquired" in done.stdout + done.stderr:
            return None
        raise _refusal(name, done)
    held = ExitStack()
    held.callback(_labgrid, name, "release")
    return held


def _labgrid(name: str, command: str) -> subprocess.CompletedProcess[str]:
    argv = ["labgrid-client", "-p", name, command]
    try:
        return subprocess.run(
            argv,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_LABGRID_S,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise ToolError(argv[0], "not installed", "pip install labgrid") from error
    except subprocess.TimeoutExpired as error:
        raise DeviceError(name, f"labgrid did not answer for {_LABGRID_S:g} s", "check LG_COORDINATOR") from error


def _refusal(name: str, done: subprocess.CompletedProcess[str]) -> DeviceError:
    said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
    return DeviceError(name, f"labgrid: {said}", "check the place's name, and LG_COORDINATOR")
