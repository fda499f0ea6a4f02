"""The commands round a board, against the measuring firmware as a process on a pseudo-terminal."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sdk import board as boards
from sdk import pipeline
from sdk.build import Firmware
from sdk.cli import bench, main
from sdk.device import devices, monitor
from sdk.device.flash import uf2
from sdk.device.ports import PortInfo
from sdk.device.process import ProcessRunner
from sdk.device.runner import Image
from sdk.errors import DeviceError, InputError
from sdk.kernels.select import Optimize
from sdk.measure.baseline import changes, load_baseline
from sdk.measure.inputs import load_inputs
from sdk.oracle import best


class Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


@dataclass(frozen=True)
class Running:
    firmware: Firmware
    port: str


@pytest.fixture(scope="module")
def firmware(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    out = tmp_path_factory.mktemp("host") / "out"
    return pipeline.build([digits / "digits.tflite"], boards.load("host"), Optimize.BALANCED, out, Silent())


@pytest.fixture
def running(firmware: Firmware) -> Iterator[Running]:
    with ProcessRunner(Image(firmware.elf)) as endpoint:
        yield Running(firmware, endpoint.url)


def test_run_gives_the_reference_s_outputs(running: Running, digits: Path, tmp_path: Path) -> None:
    samples = np.load(digits / "test.npz")["x"][:5]
    np.save(tmp_path / "in.npy", samples)
    arguments = ["run", str(digits / "digits.tflite"), "--board", "host", "--port", running.port]
    code = main([*arguments, "--input", str(tmp_path / "in.npy"), "--out", str(tmp_path / "out.npz")])
    program, _ = running.firmware.models[0]
    inputs = load_inputs(tmp_path / "in.npy", program.graph)
    wanted = [outputs[0] for outputs in best().run(program.module.content, inputs)]
    assert code == 0
    assert [array.tobytes() for array in np.load(tmp_path / "out.npz")["out0"]] == [w.tobytes() for w in wanted]


def test_run_refuses_another_model_and_another_board(
    running: Running, digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes((digits / "digits.tflite").read_bytes() + b"\0")
    where = ["--port", running.port, "--input", str(digits / "test.npz")]
    assert main(["run", str(other), "--board", "host", *where]) in (2, 3)
    assert main(["run", str(digits / "digits.tflite"), "--board", "pico", *where]) == 3
    assert "the board there is a host" in capsys.readouterr().err


def test_devices(running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    (drive / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    controller, silent = os.openpty()
    foreign = PortInfo("/dev/ttyUSB9", 0x0403, 0x6001, "FT1", "adapter")
    serials = {running.port: "E661", os.ttyname(silent): "D4"}
    picos = [PortInfo(port, 0x2E8A, 0x000A, serial) for port, serial in serials.items()]
    ports = (*picos, foreign)
    monkeypatch.setattr(uf2, "_mount_points", lambda: [drive])
    monkeypatch.setattr(devices, "list_ports", lambda: ports)
    boot_loader, known, mute, adapter = devices.attached(boards.available())
    assert (boot_loader.place, "pico" in boot_loader.boards) == (str(drive), True)
    assert (known.boards, known.build_id, known.models) == (("host",), running.firmware.build_id.hex(), ("digits",))
    assert (mute.build_id, mute.serial_number, "pico" in mute.boards) == ("", "D4", True)
    assert "does not answer" in mute.note
    assert (adapter.boards, adapter.note) == ((), "adapter: not asked")
    os.close(controller)
    os.close(silent)
    assert main(["devices", "--json", str(tmp_path / "found.json")]) == 0
    assert len(json.loads((tmp_path / "found.json").read_text())) == 4


def test_selftest_writes_a_report(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    code = main(["selftest", "--board", "host", "--out", str(path)])
    report = json.loads(path.read_text())
    outcomes = {outcome["name"]: outcome["passed"] for outcome in report["outcomes"]}
    assert (code, report["passed"], report["board"]) == (0, True, "host"), report["outcomes"]
    assert (outcomes["outputs"], outcomes["every layer"], outcomes["restart"]) == (True, True, True)
    assert outcomes["contents of the flash"] is None


def test_selftest_of_a_board_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uf2, "_mount_points", list)
    path = tmp_path / "report.json"
    assert main(["selftest", "--board", "pico", "--port", str(tmp_path / "none"), "--out", str(path)]) == 1
    assert json.loads(path.read_text())["outcomes"][-1]["passed"] is False


def record(**figures: object) -> dict[str, object]:
    layer = {"index": 0, "kernel": "conv", "cycles": 100, "instructions": None}
    base = {"model": {"name": "m"}, "board": "b", "measured_on": "board", "cycles": 1000, "instructions": None}
    return {**base, "latency_us": 10.0, "arena_bytes": 64, "layers": [layer], **figures}


def test_a_regression_is_what_grew_beyond_the_bound() -> None:
    found = changes([record(cycles=1021, latency_us=10.1)], [record()], 0.02)
    assert [(c.figure, c.regressed) for c in found if c.bound is not None] == [
        ("cycles", True),
        ("latency_us", False),
        ("arena_bytes", False),
    ]
    assert not any(change.regressed for change in changes([record(cycles=500)], [record()], 0.0))


@pytest.mark.parametrize("other", [{"board": "c"}, {"measured_on": "QEMU"}, {"model": {"name": "n"}}])
def test_only_like_is_compared_with_like(other: dict[str, object]) -> None:
    with pytest.raises(InputError, match="baseline"):
        changes([record()], [record(**other)], 0.02)


def test_bench_fails_on_a_regression(tmp_path: Path, digits: Path) -> None:
    now, model = tmp_path / "now.json", str(digits / "digits.tflite")
    arguments = ["bench", model, "--board", "host", "--repeat", "3", "--bound", "100000"]
    assert main([*arguments, "--json", str(now)]) == 0
    assert main([*arguments, "--compare", str(now)]) == 0
    better = json.loads(now.read_text())
    better["arena_bytes"] //= 2
    now.write_text(json.dumps(better))
    assert main([*arguments[:-1], "50", "--compare", str(now)]) == 1


def test_a_baseline_that_is_none(tmp_path: Path) -> None:
    for text in ("", "[]x", "[1]", '{"model": 1}'):
        (tmp_path / "b.json").write_text(text)
        with pytest.raises(InputError, match="is no report"):
            load_baseline(tmp_path / "b.json")


def test_listen_shows_text_until_the_port_goes() -> None:
    controller, terminal = os.openpty()
    heard = monitor.listen(os.ttyname(terminal), 115_200)
    threading.Timer(0.3, os.write, [controller, b"boot\r\n\x1b[2J\x00"]).start()
    threading.Timer(0.6, os.close, [controller]).start()
    text = ""
    with pytest.raises(DeviceError, match="the port went away"):
        for part in heard:
            text += part
    os.close(terminal)
    assert text == "boot\n\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"


def test_bench_watches_a_model(
    tmp_path: Path, digits: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.tflite"
    content = (digits / "digits.tflite").read_bytes()
    model.write_bytes(content)
    steps = iter([content[:100], content, None])

    def edit(_: float) -> None:
        step = next(steps)
        if step is None:
            raise KeyboardInterrupt
        model.write_bytes(step)

    monkeypatch.setattr(bench, "time", SimpleNamespace(sleep=edit))
    arguments = ["bench", str(model), "--board", "host", "--repeat", "1", "--bound", "100000", "--watch"]
    assert main(arguments) == 130
    out = capsys.readouterr().out
    assert out.count("PROVEN") == 2 and out.count("error:") == 1
    assert out.count("NOT WORSE") == 1 and "than the run before" in out
