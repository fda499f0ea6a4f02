"""The benchmark's runner against firmware that speaks its protocol, as a process."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from sdk import mlperf as module
from sdk.cli import main
from sdk.device import mlperf as device_module
from sdk.device.mlperf import MlperfDevice
from sdk.errors import InputError, LinkError

SAMPLES = 40


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MIN_US", 20_000)


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
    folder = out / "results" / "host" / benchmark
    result = json.loads((folder / "result.json").read_text())
    assert result["accuracy"] == evaluated(digits, tmp_path)
    assert (result["samples"], len(result["throughputs"])) == (SAMPLES, 5)
    assert min(result["inferences"]) >= 10
    assert result["throughput"] == np.median(result["throughputs"]) > 0
    assert "Median throughput is" in (folder / "performance" / "results.txt").read_text()
    assert (folder / "accuracy" / "log.txt").read_text().count("> infer 1 0%") == SAMPLES
    assert (out / "systems" / "host.json").is_file()


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
