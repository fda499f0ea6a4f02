from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sdk import board as boards
from sdk.cli import lab as command
from sdk.cli import main
from sdk.device import devices
from sdk.device.devices import Found, look
from sdk.device.ports import PortInfo
from sdk.errors import DeviceError, ToolError
from sdk.lab import Place, holder, reserved

LABGRID = """#!{python}
import pathlib, sys
folder = pathlib.Path({folder!r})
with open(folder / "calls", "a") as calls:
    print(*sys.argv[1:], file=calls)
flag = folder / "acquired"
place, action = sys.argv[2], sys.argv[3]
if place != "rpi4-2":
    sys.exit("labgrid-client: error: place " + place + " not found")
if action == "show":
    print("Place 'rpi4-2':\\n  matches:\\n    rack/*\\n  acquired: " + (flag.read_text() if flag.exists() else "None"))
elif action == "acquire" and flag.exists():
    sys.exit("labgrid-client: error: Place rpi4-2 is already acquired by " + flag.read_text())
elif action == "acquire":
    flag.write_text("desk/me")
else:
    flag.unlink()
"""


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def labgrid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a stand-in for labgrid-client notes its calls and who has the place."""
    client = tmp_path / "labgrid-client"
    client.write_text(LABGRID.format(python=sys.executable, folder=str(tmp_path)))
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def lab_file(folder: Path, *tables: str) -> str:
    path = folder / "lab.toml"
    path.write_text("".join(f"[[board]]\n{table}\n" for table in tables))
    return str(path)


def test_the_state_of_all_boards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    found = {
        "A": Found("/dev/ttyACM0", "A", ("pico",), "e661", "0123456789abcdef", ("kws", "vww")),
        "B": Found("/dev/ttyACM1", "B", ("pico",), note="does not answer: other firmware, or none"),
    }
    monkeypatch.setattr(command, "look", lambda board, port, serial: found.get(serial))
    tables = [f'board = "pico"\nserial = "{name}"' for name in "ABCD"]
    with reserved([Place("pico", serial_number="D")], timeout_s=0):
        assert main(["lab", lab_file(tmp_path, *tables, 'board = "rpi4"\nport = "pi@rack"', 'board = "none"')]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = {words[1]: " ".join(words[2:]) for words in lines if len(words) > 1}
    assert rows["A"] == "free /dev/ttyACM0 0123456789ab kws, vww"
    assert "does not answer" in rows["B"] and "not attached" in rows["C"]
    assert "in use by process" in rows["D"]
    assert rows["pi@rack"] == "free pi@rack"
    assert "no such board" in rows["none"]


def test_what_is_at_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pico = boards.load("pico")
    ports = [PortInfo("/dev/ttyACM0", 0x2E8A, 0x000A, "A"), PortInfo("/dev/ttyACM1", 0x2E8A, 0x000A, "B")]
    monkeypatch.setattr(devices, "list_ports", lambda: tuple(ports))
    monkeypatch.setattr(devices, "_port", lambda info, boards, ask: info.device)
    assert look(pico, None, "B") == look(pico, "/dev/ttyACM1", None) == "/dev/ttyACM1"
    assert look(pico, None, None) is look(pico, None, "C") is look(pico, "/dev/ttyACM7", None) is None
    assert look(pico, "socket://rack:4001", None) == "socket://rack:4001"


def test_a_command_runs_on_the_next_free_board(
    tmp_path: Path, digits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = lab_file(tmp_path, 'board = "host"')
    job = ["--on", "host", "deploy", str(digits / "digits.tflite"), "--repeat", "1"]
    assert main(["lab", lab, *job]) == 0
    assert "PROVEN" in capsys.readouterr().out
    with reserved([Place("host")], timeout_s=0):
        assert main(["lab", lab, "--wait", "0.1", *job]) == DeviceError.exit_code
    assert "host: in use by another run for 0.1 s" in capsys.readouterr().err


def test_the_board_s_place_is_told_to_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr(command, "_execute", lambda arguments: told.append(arguments) or 7)
    lab = lab_file(tmp_path, 'board = "pico"\nport = "/dev/a"\nserial = "A"\nmethod = "picoboot"')
    assert main(["lab", lab, "--on", "pico", "bench", "m.tflite", "--json", "x.json"]) == 7
    place = ["--board", "pico", "--port", "/dev/a", "--serial", "A", "--flash-by", "picoboot"]
    assert told == [["bench", "m.tflite", "--json", "x.json", *place]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--on", "pico"], "--on: needs a kind of board and a command; such as: --on pico bench MODEL"),
        (["--on", "rpi4", "bench", "m"], "has no rpi4; it has pico"),
        (["--on", "none", "bench", "m"], "no such board"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", lab_file(tmp_path, 'board = "pico"'), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_labgrid_s_places_are_acquired_and_released(labgrid: Path) -> None:
    place = Place("rpi4", "pi@rack", labgrid="rpi4-2")
    assert holder(place) == ""
    with reserved([place], timeout_s=0) as held:
        assert held == place and holder(place) == "desk/me"
        words = "rpi4-2: in use by another run"
        with pytest.raises(DeviceError, match=words), reserved([place], timeout_s=0):
            pass
    assert holder(place) == ""
    calls = (labgrid / "calls").read_text().splitlines()
    assert calls == [f"-p rpi4-2 {action}" for action in ("show", "acquire", "show", "acquire", "release", "show")]


def test_labgrid_s_refusals(labgrid: Path) -> None:
    lost = Place("rpi4", labgrid="rpi4-9")
    with pytest.raises(DeviceError, match="rpi4-9: labgrid: labgrid-client: error: place rpi4-9 not found; check"):
        holder(lost)
    with pytest.raises(DeviceError, match="not found"), reserved([lost], timeout_s=0):
        pass
    (labgrid / "labgrid-client").unlink()
    with pytest.raises(ToolError, match="labgrid-client: not installed; pip install labgrid"):
        holder(lost)
