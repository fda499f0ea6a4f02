from pathlib import Path

import pytest

from sdk import board as boards
from sdk.board.scaffold import NEVER_RUN, scaffold
from sdk.cli import main
from sdk.errors import InputError


@pytest.mark.parametrize("like", [board.id for board in boards.available()])
def test_every_board_is_a_beginning(tmp_path: Path, like: str) -> None:
    file = scaffold("my-board", like, tmp_path)
    made, old = boards.load(str(file)), boards.load(like)
    assert (made.id, made.tested, made.emulator) == ("my-board", NEVER_RUN, None)
    assert (made.memories, made.console, made.flash) == (old.memories, old.console, old.flash)


def test_what_exists_is_kept(tmp_path: Path) -> None:
    file = scaffold("one", "pico", tmp_path)
    before = file.read_bytes()
    with pytest.raises(InputError, match="exists"):
        scaffold("one", "host", tmp_path)
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../x", "X", "a b", "1a", "a" * 32])
def test_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no name for a board"):
        scaffold(name, "pico", tmp_path)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["boards", "--new", "mine", "--like", "rpi4"]) == 0
    assert (tmp_path / "mine.toml").is_file()
    assert main(["boards", "--new", "mine"]) == 2
