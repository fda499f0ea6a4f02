"""The benchmark's runner against firmware that speaks its protocol, as a process."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdk import board as boards
from sdk.cli import main, meter
from sdk.device import mlperf as device_module
from sdk.device.mlperf import MlperfDevice
from sdk.device.power import Meter, Trace
from sdk.errors import InputError, LinkError
from sdk.importer import read
from sdk.measure.energy import last_interval
from sdk.measure.evaluate import area_under_curve
from sdk.mlperf import runner
from sdk.mlperf.stimuli import load_stimuli
from sdk.oracle import best
from sdk.write.tflite import write

sys.path.append(str(Path(__file__).resolve().parents[1] / "passes"))

from nets import Net

SAMPLES = 40


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_MIN_S", 0.02)


def evaluated(digits: Path, tmp_path: Path) -> float:
    path = tmp_path / "evaluation.json"
    arguments = ["evaluate", str(digits / "digits.tflite"), "--data", str(digits / "test.npz"), "--board", "host"]
    assert main([*arguments, "--limit", str(SAMPLES), "--json", str(path)]) == 0
    return json.loads(path.read_text())["device"]["accuracy"]


@pytest.mark.parametrize("benchmark", ["kws01", "ic01"])
def test_throughput_and_accuracy(digits: Path, tmp_path: Path, benchmark: str) -> None:
    """ic01's bytes are unsigned on the wire and arrive signed all the same."""
    out = tmp_path / "out"
    arguments = ["mlperf", str(digits / "digits.tflite"), "--benchmark", benchmark, "--board", "host", "-o", str(out)]
    assert main([*arguments, "--data", str(digits / "test.npz"), "--limit", str(SAMPLES)]) == 0
    folder = out / "results" / "host" / {"kws01": "kws", "ic01": "ic"}[benchmark]
    accuracy = json.loads((folder / "accuracy" / "results.json").read_text())
    assert (accuracy["top1"], accuracy["samples"]) == (evaluated(digits, tmp_path), SAMPLES)
    performance = json.loads((folder / "performance" / "results.json").read_text())
    rates = [trial["inferences"] / trial["seconds"] for trial in performance["trials"]]
    assert len(rates) == 5 and min(trial["inferences"] for trial in performance["trials"]) >= 10
    assert performance["throughput"] == np.median(rates) > 0
    assert (folder / "accuracy" / "log.txt").read_text().count("> infer 1 0%") == SAMPLES
    assert json.loads((out / "systems" / "host.json").read_text())["Status"] == "rdi"
    # what the benchmark's submission checker looks for
    text = (folder / "performance" / "results.txt").read_text()
    (rate,) = re.findall(r"^.* Median throughput is\s+([\d.]+) inf\./sec\..*$", text, re.MULTILINE)
    assert float(rate) == pytest.approx(performance["throughput"], abs=0.001)
    text = (folder / "accuracy" / "results.txt").read_text()
    (top1,) = re.findall(r"^.* Top[- ]1%?\s?[:=] ([\d.]+).*$", text, re.MULTILINE)
    assert float(top1) == pytest.approx(100 * accuracy["top1"], abs=0.05)


def autoencoder(folder: Path) -> Path:
    """A model of the anomaly benchmark's kind: eight numbers in and out."""
    net = Net(3)
    source = net.input(1, 8, scale=0.5, zero_point=-3)
    path = folder / "ad01.tflite"
    path.write_bytes(write(net.module(net.dense(source, 8, scale=0.5, zero_point=2))))
    return path


def anomalies(folder: Path) -> dict[str, tuple[int, np.ndarray]]:
    """Files of the benchmark's dataset: floats, in windows of eight that move by two; anomalies are larger."""
    draw = np.random.default_rng(5)
    files = {f"{i}.bin": (i % 2, draw.normal(0, 3 + 30 * (i % 2), 8 + 2 * (i % 3)).astype("<f4")) for i in range(6)}
    for name, (_, values) in files.items():
        (folder / name).write_bytes(values.tobytes())
    rows = (f"{name},2,{label},32,8\n" for name, (label, _) in files.items())
    (folder / "y_labels.csv").write_text("".join(rows))
    return files


def test_anomaly_detection_averages_its_windows(tmp_path: Path) -> None:
    model, files = autoencoder(tmp_path), anomalies(tmp_path)
    arguments = ["mlperf", str(model), "--benchmark", "ad01", "--board", "host", "--data", str(tmp_path)]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / "results" / "host" / "ad"
    log = (folder / "accuracy" / "log.txt").read_text()
    errors = [float(value) for value in re.findall(r"m-results-\[(.*)\]", log)]
    windows = {name: (len(values) - 8) // 2 + 1 for name, (_, values) in files.items()}
    assert len(errors) == sum(windows.values()) and log.count("> db load 32%") == len(errors)
    module = read(model)
    source, result = (module.main.tensors[ids[0]] for ids in (module.main.inputs, module.main.outputs))
    first = files["0.bin"][1][:8]
    rounded = np.trunc(first / 0.5 + np.copysign(0.5, first)) - 3
    number = np.clip(rounded, -128, 127).astype(np.int8).reshape(source.shape)
    (output,) = best().run(module.content, [(number,)])[0]
    expected = np.mean(((output.astype(np.float64) - 2) * result.quant.scale - first) ** 2)
    assert errors[0] == pytest.approx(expected, abs=0.001)
    means, at = [], 0
    for count in windows.values():
        means.append(np.mean(errors[at : at + count]))
        at += count
    auc = area_under_curve(np.array(means), np.array([label for label, _ in files.values()]))
    text = (folder / "accuracy" / "results.txt").read_text()
    assert re.fullmatch(r".* AUC\s?[:=] ([\d.]+).*\n", text)[1] == f"{auc:.3f}"
    assert json.loads((folder / "accuracy" / "results.json").read_text())["auc"] == auc


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.bin,2,0,16,8", "a.bin: its windows have 16 bytes, the model's input 32"),
        ("a.bin,2,0,32,0", "its windows have 32 bytes"),
        ("none.bin,2,0,32,8", "none.bin: cannot be read: No such file"),
        ("a.bin,2,x,32,8", "y_labels.csv: has a row that is none"),
        ("a.bin,2", "y_labels.csv: has a row that is none"),
        ("", "y_labels.csv: names no samples"),
    ],
)
def test_a_dataset_that_does_not_fit(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(64))
    (tmp_path / "y_labels.csv").write_text(f"{row}\n")
    with pytest.raises(InputError, match=re.escape(message)):
        load_stimuli(tmp_path, read(autoencoder(tmp_path)).main, "ad01")


class Recorder(Meter):
    """A recording of 20 mW at 1 kHz in which the pin falls after 200, 500 and 800 samples."""

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> Trace:
        mark = np.ones(1000, bool)
        for fall in (200, 500, 800):
            mark[fall : fall + 5] = False
        return Trace(np.full(1000, 0.020), mark, 1000.0, "3.000 V, measured", "a recorder")


def test_energy_mode(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(meter, "Joulescope", Recorder)
    arguments = ["mlperf", str(digits / "digits.tflite"), "--benchmark", "kws01", "--board", "host", "--mode", "energy"]
    assert main([*arguments, "--meter", "joulescope", "--pin", "7", "-o", str(tmp_path)]) == 0
    assert "600.000 uJ an inference; 3.000 V, measured; measured by a recorder (median of 5" in capsys.readouterr().out
    folder = tmp_path / "results" / "host" / "kws"
    assert not (folder / "performance").exists() and not (folder / "accuracy").exists()
    found = json.loads((folder / "energy" / "results.json").read_text())
    assert found["trials"] == [{"inferences": 10, "seconds": 0.3, "joules": pytest.approx(0.006)}] * 5
    text = (folder / "energy" / "results.txt").read_text()
    assert re.findall(r"Median energy cost is ([\d.]+) uJ/inf", text) == ["600.0000"]
    log = (folder / "energy" / "log.txt").read_text()
    assert "m-lap-us" not in log and log.count("> infer 10 1%") == 5
    assert main([*arguments, "-o", str(tmp_path)]) == InputError.exit_code
    assert "--mode energy: needs --meter and --pin" in capsys.readouterr().err


def test_energy_mode_runs_at_the_io_manager_s_rate() -> None:
    board = runner._energy_board(boards.load("nucleo_f446re"), 5)
    assert board.console.baud == 9600 and board.defines["SDK_CONSOLE_BAUD"] == "9600u"
    assert board.defines["SDK_MARK_PIN"] == "5u" and board.defines["SDK_MLPERF_ENERGY"] == "1"
    assert runner._energy_board(boards.load("pico"), 5).console == boards.load("pico").console


def test_a_recording_without_time_stamps() -> None:
    trace = Recorder().stop()
    assert last_interval(trace) == (pytest.approx(0.3), pytest.approx(0.006))
    with pytest.raises(InputError, match="a recorder: holds 0 time stamps"):
        last_interval(replace(trace, mark=np.ones(1000, bool)))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(device_module, "_OPEN_S", 0.5)
    monkeypatch.setattr(device_module, "_REPLY_S", 0.3)
    controller, slave = os.openpty()
    yield controller, os.ttyname(slave)
    os.close(controller)
    os.close(slave)


def answer(controller: int, *answers: bytes) -> None:
    def run() -> None:
        for text in answers:
            heard = b""
            while not heard.endswith(b"%"):
                heard += os.read(controller, 1000)
            os.write(controller, text)

    threading.Thread(target=run, daemon=True).start()


NAME = b"m-init-done\r\nm-ready\r\nm-name-dut-[x]\r\nm-ready\r\n"


def test_a_silent_device(terminal: tuple[int, str]) -> None:
    with pytest.raises(LinkError, match="no answer to 'name' in time"):
        MlperfDevice(terminal[1], 115_200)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (b"e-[The input is not loaded]\r\nm-ready\r\n", InputError, "The input is not loaded"),
        (b"m-lap-us-5\r\nm-lap-us-5\r\nm-results-[1.0]\r\nm-ready\r\n", Exception, "no microsecond clock"),
        (b"m-lap-us-5\r\nm-lap-us-9\r\nm-results-[1.0,x]\r\nm-ready\r\n", LinkError, "an answer that is none"),
        (b"m-lap-us-5\r\nm-lap-us-9\r\nm-ready\r\n", LinkError, "an answer that is none"),
        (b"m-lap-us-5\r\nm-rea", LinkError, "no answer to 'infer 1 0' in time"),
    ],
)
def test_odd_answers(terminal: tuple[int, str], text: bytes, kind: type[Exception], words: str) -> None:
    answer(terminal[0], NAME, text)
    with MlperfDevice(terminal[1], 115_200) as device, pytest.raises(kind, match=words):
        device.infer(1, 0, timeout_s=0.3)
