from __future__ import annotations

import math
import random
import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_proxy import FaultProxy
from host_device import HERE, ROOT, build_device

from sdk.device.framing import encode
from sdk.device.link import Session
from sdk.errors import LinkError

HELLO = "m-timestamp-mode-performance\r\nm-lap-us-0\r\nm-init-done\r\nm-ready\r\n"
INPUT = bytes(range(100, 116))


MLPERF = [ROOT / "firmware" / "mlperf" / "mlperf.c", HERE / "host_mlperf.c"]


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_device(tmp_path_factory.mktemp("mlperf"), MLPERF)


class Console:
    """A device whose text commands are answered up to "m-ready"."""

    def __init__(self, device: Path, env: dict[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([str(device)], stdin=pipe, stdout=pipe, bufsize=0, env=env)
        self.banner = self.hear()

    def hear(self) -> str:
        assert self.process.stdout is not None
        heard = b""
        while not heard.endswith(b"m-ready\r\n"):
            got = self.process.stdout.read(4096)
            assert got, heard
            heard += got
        return heard.decode()

    def ask(self, command: str) -> list[str]:
        self.send(command.encode() + b"%")
        *lines, ready = self.hear().splitlines()
        assert ready == "m-ready"
        return lines

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)


@pytest.fixture
def console(device: Path) -> Iterator[Console]:
    console = Console(device)
    yield console
    console.process.kill()
    console.process.wait()


def load(console: Console) -> None:
    console.ask(f"db load {len(INPUT)}")
    assert console.ask(f"db {INPUT[:10].hex()}") == []
    assert console.ask(f"db {INPUT[10:].hex()}") == ["m-load-done"]


def results(number: int) -> str:
    """Return the results' line after so many inferences: see the model in host_models.c."""
    values = [number, 0, 0, 0, *((byte ^ 0x80 ^ number) for byte in INPUT)]
    reals = ((value - 256 if value > 127 else value) - 1 for value in values)
    return "m-results-[" + ",".join(f"{real * 0.25:.3f}" for real in reals) + "]"


def test_a_runner_s_dialogue(console: Console) -> None:
    assert console.banner == HELLO
    assert console.ask("name") == ["m-name-dut-[host-test]"]
    assert console.ask("profile") == ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[kws01]"]
    assert re.fullmatch(r"m-lap-us-\d+", console.ask("timestamp")[0])
    assert console.ask("db load 16") == ["m-[Expecting 16 bytes]"]
    load(console)
    assert console.ask("db print") == [
        "m-buffer-64-65-66-67-68-69-6a-6b",
        "m-buffer-6c-6d-6e-6f-70-71-72-73",
    ]
    lines = console.ask("infer 5 2")
    laps = [int(line.removeprefix("m-lap-us-")) for line in lines if line.startswith("m-lap-us-")]
    assert lines[:3] == ["m-warmup-start-2", "m-warmup-done", "m-infer-start-5"]
    assert len(laps) == 2 and laps == sorted(laps)
    assert lines[5:] == ["m-infer-done", results(7)]
    assert console.ask("results") == [results(7)]
    assert console.ask("infer 1")[0] == "m-warmup-start-10"
    assert console.ask("results") == [results(18)]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("nonsense", "e-[Unknown command: nonsense]"),
        ("db", "e-[db needs load, print or hex digits]"),
        ("db load", "e-[db load needs a number of bytes]"),
        ("db load 0", "e-[db load needs a number of bytes]"),
        ("db load -1", "e-[db load needs a number of bytes]"),
        ("db load 99999999999999999999", "e-[db load needs a number of bytes]"),
        ("db load 17", "e-[db load: the input has only 16 bytes]"),
        ("db 00", "e-[More bytes than expected]"),
        ("db 0g", "e-[Invalid hex digit]"),
        ("db 000", "e-[Insufficient number of hex digits]"),
        ("infer 1 0", "e-[The input is not loaded]"),
        ("infer 0", "e-[infer needs a number above 0, and of warm-up runs]"),
        ("infer 1 x", "e-[infer needs a number above 0, and of warm-up runs]"),
        ("results", "e-[No results]"),
        ("x" * 80, f"e-[Unknown command: {'x' * 80}]"),
        ("x" * 81, "e-[Command too long]"),
        ("x" * 5000, "e-[Command too long]"),
    ],
)
def test_errors(console: Console, command: str, answer: str) -> None:
    assert console.ask(command) == [answer]
    assert console.ask("name") == ["m-name-dut-[host-test]"]


def test_more_bytes_than_loaded_are_refused(console: Console) -> None:
    load(console)
    assert console.ask("db 00") == ["e-[More bytes than expected]"]
    assert console.ask("") == [] and console.ask("  \r\n ") == []
    assert console.ask("infer 1 0")[-1] == results(1)


def test_text_in_frames_is_no_command(console: Console) -> None:
    console.send(encode(b"\x01\x88" + b"%name%" * 10) + b"\0name%\0name%\0" + encode(b"\x01\x88" + bytes(10)))
    assert console.ask("name") == ["m-name-dut-[host-test]"]


def test_both_protocols_on_one_console(device: Path) -> None:
    with FaultProxy([str(device)]) as proxy, Session.open(proxy.url) as session:
        session.write_input(0, 0, bytes(16))
        session.invoke(0)
        assert session.read_output(0, 0)[0] == 1
        session._port.write(f"db load 16%db {INPUT.hex()}%infer 1 0%".encode())
        with pytest.raises(LinkError, match="the device restarted"):
            session.read_output(0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_hostile_text(device: Path, seed: int) -> None:
    """Under the sanitizers; the last command must still be answered."""
    draw = random.Random(seed)
    words = ["db", "load", "print", "infer", "results", "name", "16", "17", "3", "0", "-1", "4294967297", "ab" * 16]
    words += ["%", "%", " ", "\r\n", "\x80", "zz", "f" * 79]
    text = "".join(draw.choice(words) + draw.choice((" ", "%", "")) for _ in range(20_000)).encode("latin1")
    done = subprocess.run([str(device)], input=text + b"%name%", capture_output=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr.decode()}"
    assert done.stdout.endswith(b"m-name-dut-[host-test]\r\nm-ready\r\n"), f"seed {seed}"


def test_floats_are_quantized_and_the_result_is_the_reconstruction_error(tmp_path: Path) -> None:
    """The reference's way with anomaly detection: windows of floats, and one number."""
    console = Console(build_device(tmp_path, MLPERF, ["-DFLOATS"]))
    values = [0.0, 0.24, 0.25, 0.26, -0.24, -0.25, -0.26, 63.0, 66.0, 1e4, -62.0, -63.0, -1e4, 5.5, -5.5, 1.0]
    console.ask("db load 64")
    data = struct.pack("<16f", *values)
    assert console.ask(f"db {data[:32].hex()}") == [] and console.ask(f"db {data[32:].hex()}") == ["m-load-done"]
    lines = console.ask("infer 1 0")
    halves = [math.floor(abs(x / 0.5) + 0.5) * (1 if x >= 0 else -1) - 3 for x in values]
    numbers = [max(-128, min(127, number)) for number in halves]
    outputs = [1, 0, 0, 0, *((number & 0xFF) ^ 1 for number in numbers)][:16]  # see the model in host_models.c
    reals = [0.25 * ((value - 256 if value > 127 else value) - 1) for value in outputs]
    error = sum((a - b) ** 2 for a, b in zip(reals, values, strict=True)) / 16
    (found,) = re.fullmatch(r"m-results-\[(.*)\]", lines[-1]).groups()
    assert float(found) == pytest.approx(error, rel=1e-6)
    console.process.kill()
    console.process.wait()


def test_energy_mode_marks_the_time_on_a_pin(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.touch()
    device = build_device(tmp_path, MLPERF, ["-DSDK_MLPERF_ENERGY=1"])
    console = Console(device, {"SDK_TEST_MARK": str(marks)})
    assert console.banner == "m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"
    assert console.ask("timestamp") == []
    load(console)
    lines = console.ask("infer 3 1")
    assert lines == ["m-warmup-start-1", "m-warmup-done", "m-infer-start-3", "m-infer-done", results(4)]
    levels = "".join(line.split()[0] for line in marks.read_text().splitlines())
    assert levels == "1" + "101" * 3, "high, then a pulse for each time stamp"
    console.process.kill()
    console.process.wait()
