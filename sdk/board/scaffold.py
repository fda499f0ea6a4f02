"""A description of a new board, begun from one that is like it."""

from __future__ import annotations

import re
from pathlib import Path

from sdk import resources
from sdk.board.loader import load, load_file
from sdk.errors import InputError

NEVER_RUN = "compiled only; never run on silicon"


def scaffold(name: str, like: str, folder: Path) -> Path:
    """Write NAME.toml, which differs from another board's description by its title and what was tested.

    Args:
        name: the new board's id: lower-case letters, digits, "_" and "-", beginning with a letter.
        like: id of the board to begin from.
        folder: where to write.

    Returns:
        The file, which ``--board`` takes.

    Raises:
        InputError: the name is none, the other board is unknown, or the file exists.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,30}", name):
        raise InputError(name, "is no name for a board", "use lower-case letters, digits, _ and -, at most 31")
    load(like)
    text = resources.path("boards", f"{like}.toml").read_text(encoding="utf-8")
    # A board that was only compiled for has no emulator to be tested in.
    text = re.sub(r'^title = ".*"$', f'title = "{name}, begun from {like}"', text, count=1, flags=re.MULTILINE)
    text = re.sub(r'^tested = ".*"$', f'tested = "{NEVER_RUN}"', text, count=1, flags=re.MULTILINE)
    text = re.sub(r"^\[emulator\]\n(?:(?!\[).*\n)*", "", text, flags=re.MULTILINE)
    file = folder / f"{name}.toml"
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise InputError(file, "exists", "choose another name or remove it") from error
    except OSError as error:
        raise InputError(file, f"can't be written: {error.strerror or error}") from error
    load_file(file)
    return file
