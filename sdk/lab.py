"""A lab file: which boards are attached where, and a lock for each so that two runs never share one."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sdk.cache import cache_folder
from sdk.errors import DeviceError, InputError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

try:
    import fcntl
except ImportError:  # not a POSIX system: the port's own lock is all there is
    fcntl = None  # type: ignore[assignment]

_POLL_S = 0.2
_KEYS = {"board", "port", "serial", "method"}


@dataclass(frozen=True)
class Place:
    """One board of a lab.

    Attributes:
        board: its id.
        port: serial port, or user@host of a Linux board; None to find it.
        serial_number: of the board or its debug probe; None if there is only one.
        method: of flashing; None for the first that can be used.
    """

    board: str
    port: str | None = None
    serial_number: str | None = None
    method: str | None = None

    @property
    def name(self) -> str:
        """What tells it from the lab's other boards."""
        return self.serial_number or self.port or self.board


def load_lab(path: Path) -> list[Place]:
    """Read a lab file: a TOML table ``[[board]]`` with "board" and, as needed, "port", "serial" and "method" for each.

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
    places = [Place(row["board"], row.get("port"), row.get("serial"), row.get("method")) for row in rows]
    names = [place.name for place in places]
    for name in names:
        if names.count(name) > 1:
            raise InputError(path, f"two boards are {name}", "tell them apart by port or serial")
    return places


@contextmanager
def reserved(places: Sequence[Place], *, timeout_s: float) -> Iterator[Place]:
    """Hold the first board that is free; another process that wants it waits.

    Raises:
        DeviceError: all were in use for all the time.
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


def _lock(place: Place) -> IO[bytes] | None:
    """The open file whose lock is held until it is closed, or None if another process has it."""
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / f"{hashlib.sha256(place.name.encode()).hexdigest()[:16]}.lock").open("ab")
    if fcntl is not None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            return None
    return stream
