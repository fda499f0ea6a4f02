"""The pytest plug-in, in runs of its own, and the lab file with its locks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sdk.errors import DeviceError, InputError
from sdk.lab import Place, load_lab, reserved

ROOT = Path(__file__).resolve().parent.parent
TESTS = '''
import pytest
DIGITS = {digits!r}

def test_device(device):
    assert device.models[0].name == "digits"

def test_deployed(deployed):
    first = deployed(DIGITS)
    second = deployed(DIGITS)
    assert second.session.models == first.session.models
    assert second.bench.runner is second.runner

def test_bench(bench):
    assert bench(DIGITS).verification.bytes_different == 0

@pytest.mark.hardware
def test_hardware(device): ...

@pytest.mark.board("pico", "pico_w")
def test_pico(device): ...

@pytest.mark.needs_ram(1 << 30)
def test_ram(): ...

def test_nothing(): ...
'''


def run(folder: Path, digits: Path, *arguments: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(TESTS.format(digits=str(digits / "digits.tflite")))
    options = ["-q", "-rs", "-p", "sdk.pytest_plugin", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_it.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_without_a_board_all_that_needs_one_is_skipped(tmp_path: Path, digits: Path) -> None:
    code, text = run(tmp_path, digits)
    assert (code, "1 passed, 6 skipped" in text) == (0, True), text
    assert "needs a board: give --board" in text


def test_on_the_host(tmp_path: Path, digits: Path) -> None:
    files = ("--junitxml", "report.xml", "--records", "records.json")
    code, text = run(tmp_path, digits, "--board", "host", "--emulate", *files)
    assert (code, "5 passed, 2 skipped" in text) == (0, True), text
    assert "needs a real board" in text and "runs on pico, pico_w only" in text
    assert "link: 0 requests repeated in 4 deployments" in text
    assert len(re.findall('name="link_retries" value="0"', (tmp_path / "report.xml").read_text())) == 4
    (told,) = json.loads((tmp_path / "records.json").read_text())["tests"]
    assert (told["test"], told["link_retries"]) == ("test_it.py::test_bench", 0)
    (record,) = told["records"]
    assert record["board"] == "host" and record["model"]["name"] == "digits"


def test_ram_is_what_the_board_has(tmp_path: Path, digits: Path) -> None:
    code, text = run(tmp_path, digits, "--board", "bluepill_f103", "--emulate", "-k", "ram")
    assert (code, "needs 1,073,741,824 bytes of RAM, bluepill_f103 has 20,480" in text) == (0, True), text


@pytest.mark.parametrize(
    ("lab", "words"),
    [(None, "no such board"), ('[[board]]\nboard = "pico"\n', "has no host"), ("x = 1\n", "must hold tables")],
)
def test_usage_errors(tmp_path: Path, digits: Path, lab: str | None, words: str) -> None:
    arguments = ["--board", "none"]
    if lab is not None:
        (tmp_path / "lab.toml").write_text(lab)
        arguments = ["--board", "host", "--lab", "lab.toml"]
    code, text = run(tmp_path, digits, *arguments, "-k", "bench")
    assert (code != 0, words in text) == (True, True), text


def lab(tmp_path: Path, text: str) -> list[Place]:
    (tmp_path / "lab.toml").write_text(text)
    return load_lab(tmp_path / "lab.toml")


def test_a_lab(tmp_path: Path) -> None:
    one = '[[board]]\nboard = "pico"\nserial = "E661"\nmethod = "uf2"\n'
    two = '[[board]]\nboard = "rpi4"\nport = "pi@rack"\n'
    assert lab(tmp_path, one + two) == [Place("pico", None, "E661", "uf2"), Place("rpi4", "pi@rack")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[board]\n", "must hold tables"),
        ('[[board]]\nport = "x"\n', "board[0]: needs 'board'"),
        ('[[board]]\nboard = "pico"\nbaud = "1"\n', "board[0]: needs 'board' and knows"),
        ('[[board]]\nboard = "pico"\nport = 1\n', "board[0]: its values must be strings"),
        ('[[board]]\nboard = "pico"\n' * 2, "two boards are pico"),
        ("[[", "not a readable TOML file"),
    ],
)
def test_mistakes_in_a_lab(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)):
        lab(tmp_path, text)


def test_two_runs_never_share_a_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, two = Place("pico", "/dev/a"), Place("pico", "/dev/b")
    with reserved([one, two], timeout_s=0) as first, reserved([one, two], timeout_s=0) as second:
        assert (first, second) == (one, two)
        words = "/dev/a, /dev/b: in use by another run"
        with pytest.raises(DeviceError, match=words), reserved([one, two], timeout_s=0.3):
            pass
    with reserved([one], timeout_s=0) as again:
        assert again == one
