from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sdk.cli import main, meter
from sdk.device import replies
from sdk.device.power import Meter, Trace
from sdk.errors import InputError


class Recorder(Meter):
    """Records 3 mW when idle and 30 mW in marks of 20 ms, at 10 kHz."""

    def __init__(self, inferences: int) -> None:
        mark = np.concatenate([np.zeros(2000), np.tile(np.repeat([1, 0], 200), inferences)]) != 0
        self.trace = Trace(np.where(mark, 0.030, 0.003), mark, 10_000.0, "3.000 V, measured", "a recorder")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> Trace:
        return self.trace


def run(digits: Path, monkeypatch: pytest.MonkeyPatch, recorded: int, *more: str) -> int:
    monkeypatch.setattr(meter, "Ppk2", lambda *_: Recorder(recorded))
    arguments = ["energy", str(digits / "digits.tflite"), "--board", "host", "--meter", "ppk2", "--voltage", "3"]
    return main([*arguments, "--pin", "5", "--repeat", "4", *more])


def test_a_model_s_energy(
    digits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replies, "_HAS_MARK", replies._HAS_MICROS)  # this computer has no pin
    path = tmp_path / "energy.json"
    assert run(digits, monkeypatch, 4, "--json", str(path)) == 0
    shown = capsys.readouterr().out
    assert "600.00 uJ an inference (600.00 to 600.00), 540.00 without idle power" in shown
    assert "idle 3.000 mW; an inference takes 20.000 ms as marked" in shown
    assert "4 inferences of at least 200 samples at 10,000 Hz" in shown
    assert "supply 3.000 V, measured; measured by a recorder" in shown
    assert "40 of 40 output bytes equal" in shown
    found = json.loads(path.read_text())
    assert found["net_uj"]["median"] == pytest.approx(540) and found["verification"]["bytes_different"] == 0


def test_another_instrument_records(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replies, "_HAS_MARK", replies._HAS_MICROS)
    arguments = ["energy", str(digits / "digits.tflite"), "--board", "host", "--meter", "external"]
    assert main([*arguments, "--pin", "5", "--repeat", "2"]) == 0
    shown = capsys.readouterr().out
    assert "marked on pin 5: cut the recording by sdk energy --trace CSV" in shown
    assert "20 of 20 output bytes equal" in shown and "uJ" not in shown


def test_marks_that_are_not_those_of_the_inferences(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replies, "_HAS_MARK", replies._HAS_MICROS)
    assert run(digits, monkeypatch, 3) == InputError.exit_code
    assert "a recorder: holds 3 marks, 4 inferences were run" in capsys.readouterr().err


def test_a_port_without_a_pin(
    digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(digits, monkeypatch, 4) == 3
    assert "host: its port cannot mark inferences on a pin" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--meter", "ppk2", "--voltage", "3"], "--meter: needs a MODEL, --board and --pin"),
        (["m.tflite", "--board", "pico", "--pin", "2", "--meter", "ppk2"], "must be told the supply"),
        (["m.tflite", "--board", "pico", "--pin", "2", "--meter", "ppk2", "--voltage", "12"], "0.8 to 5.0 V"),
        (["--trace", "none.csv"], "none.csv: cannot be read"),
    ],
)
def test_what_is_missing(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["energy", *arguments]) == InputError.exit_code
    assert message in capsys.readouterr().err
