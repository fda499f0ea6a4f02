"""A Linux board over ssh, whose place a shell of this computer takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sdk import board as boards
from sdk import pipeline
from sdk.board import Board
from sdk.build import Firmware
from sdk.device.flash.ssh import SshRunner
from sdk.device.link import Session
from sdk.device.runner import Image
from sdk.errors import DeviceError, FlashError
from sdk.kernels.select import Optimize
from sdk.measure.run import check_identity

OPTIONS = ["-T", "-e", "none", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "pi@rack"]
FAKE = """#!{python}
import json, os, pathlib, sys
home = pathlib.Path({home!r})
with (home / "log").open("a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
command = sys.argv[-1].replace("/proc/device-tree/model", "model")
if (home / "down").exists():
    sys.stderr.write("No route to host\\n")
    sys.exit(255)
if (home / "full").exists():
    command = command.replace("cat > ", "head -c 1000 > ")
os.chdir(home)
os.execv("/bin/sh", ["sh", "-c", command])
"""


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def firmware(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    out = tmp_path_factory.mktemp("host") / "out"
    return pipeline.build([digits / "digits.tflite"], boards.load("host"), Optimize.BALANCED, out, Silent())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    programs, home = tmp_path / "bin", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    (programs / "ssh").write_text(FAKE.format(python=sys.executable, home=str(home)))
    (programs / "ssh").chmod(0o755)
    (home / "model").write_bytes(b"Raspberry Pi 4 Model B Rev 1.4\0")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    return home


def board() -> Board:
    return replace(boards.load("host"), flash=boards.load("rpi4").flash)


def image(firmware: Firmware) -> Image:
    return Image(firmware.elf, build_id=firmware.build_id)


def commands(home: Path) -> list[list[str]]:
    return [json.loads(line) for line in (home / "log").read_text().splitlines()]


def test_copied_once_and_proven(home: Path, firmware: Firmware) -> None:
    name = f".cache/sdk/{firmware.build_id.hex()}"
    for run in range(2):
        with SshRunner(board(), image(firmware), "pi@rack") as endpoint, Session.open(endpoint.url) as session:
            check_identity(session, firmware)
            session.memory()
        copies = [argv for argv in commands(home) if "cat > " in argv[-1]]
        assert len(copies) == 1, f"run {run}"
    assert (home / name).read_bytes() == firmware.elf.read_bytes()
    assert all(argv[:-1] == OPTIONS for argv in commands(home))
    assert commands(home)[-1][-1] == f"exec {name}"


def test_another_model_is_not_touched(home: Path, firmware: Firmware) -> None:
    (home / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    with pytest.raises(FlashError, match=r"is a Raspberry Pi 5 .*, not a Raspberry Pi 4; nothing was written"):
        SshRunner(board(), image(firmware), "pi@rack").start()
    assert len(commands(home)) == 1


def test_a_copy_that_is_cut_is_found(home: Path, firmware: Firmware) -> None:
    (home / "full").touch()
    with pytest.raises(FlashError, match="is not what was copied"):
        SshRunner(board(), image(firmware), "pi@rack").start()
    (home / "full").unlink()
    with SshRunner(board(), image(firmware), "pi@rack") as endpoint, Session.open(endpoint.url) as session:
        check_identity(session, firmware)


def test_a_host_that_is_down(home: Path, firmware: Firmware) -> None:
    (home / "down").touch()
    with pytest.raises(DeviceError, match="pi@rack: failed with code 255: No route to host"):
        SshRunner(board(), image(firmware), "pi@rack").start()


@pytest.mark.parametrize("host", [None, "-oProxyCommand=x"])
def test_no_host(firmware: Firmware, host: str | None) -> None:
    with pytest.raises(DeviceError, match="name it with --port user@host"):
        SshRunner(board(), image(firmware), host)
