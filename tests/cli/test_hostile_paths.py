"""Files and folders may have any name: nothing of it is run, and a terminal sees text alone."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from hostile import file_names
from make_corpus import conv

from sdk import board as boards
from sdk import pipeline
from sdk.cli import main
from sdk.errors import InputError
from sdk.importer import read
from sdk.kernels.select import Optimize
from sdk.write.tflite import write

PATHS = [os.fsdecode(name) for name in file_names(100, 1)]
BUILT = 4
"""Folders and models that go through a whole build."""
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


@pytest.fixture
def models(tmp_path):
    """A model in 100 files, each in a folder of its own."""
    made = []
    for folder, file in zip(PATHS, reversed(PATHS), strict=True):
        path = tmp_path / "models" / folder / f"{file}.tflite"
        path.parent.mkdir(parents=True)
        path.write_bytes(write(conv()))
        made.append(path)
    return made


def test_a_hundred_paths_reach_neither_shell_nor_compiler(models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    host = boards.load("host")
    lowered = pipeline.lower_all(models, host, Optimize.BALANCED)
    names = [program.module.name for program, _ in lowered]
    assert len(set(names)) == len(models) == 100
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,80}", name) for name in names)
    for folder in PATHS[:BUILT]:
        out = tmp_path / "out" / folder
        firmware = pipeline.build(models[:BUILT], host, Optimize.BALANCED, out, Silent())
        manifest = json.loads((out / "build.json").read_text(encoding="utf-8"))
        manifest.pop("cache")
        assert re.fullmatch(r"[\w/., \[\]{}\":=+\n-]+", json.dumps(manifest), re.ASCII)
        assert subprocess.run([firmware.elf], stdin=subprocess.DEVNULL, capture_output=True, check=False).stderr == b""
    assert {p.name for p in tmp_path.iterdir()} == {"models", "out"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == set(PATHS[:BUILT])


def test_the_terminal_sees_text_alone(models, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for path in models[:16]:
        assert main(["inspect", str(path)]) == 0
        assert main(["inspect", f"{path}.absent.tflite"]) == 2
        said = capsys.readouterr()
        assert not _CONTROL.search(said.out + said.err)
        assert said.err.startswith("error: ") and said.err.count("\n") == 1
    assert {p.name for p in tmp_path.iterdir()} == {"models"}


@pytest.mark.parametrize("path", ["a\0b.tflite", "x" * 5000 + ".tflite", "", ".", "a\0b.onnx", "x" * 5000 + ".onnx"])
def test_what_is_no_file_is_refused(path):
    with pytest.raises(InputError):
        read(Path(path))
