"""Every emulated board, and this computer: boots, talks, counts, faults, and never hangs or stays behind."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import port_images
import pytest
import serial

from sdk import board as boards
from sdk.device import attached
from sdk.device import counters as counters_module
from sdk.device.emulate_qemu import qemu_version
from sdk.device.runner import Image, Runner, runner_for
from sdk.errors import DeviceError, LinkError, ToolError
from sdk.uf2 import RP2040_FAMILY, uf2

SYSTEM = ["raspi2b", "raspi3b", "mps2-an385", "mps2-an386", "mps2-an500", "mps2-an505", "mps3-an547"]
QEMU = [*SYSTEM, "rpi4"]
EVERY = [*QEMU, "host"]
SECONDS = 20.0
CYCLES_PER_TURN = {"mps2-an385": 4, "mps2-an386": 4}  # SUBS 1, BNE taken 1 + 2


class Device:
    """A running program of qemu_main.c."""

    def __init__(self, runner: Runner, elf: Path, url: str, baud: int) -> None:
        self.runner = runner
        self.elf = elf
        self._url = url
        self._port = serial.serial_for_url(url, baud, timeout=SECONDS)

    def ask(self, request: bytes, size: int) -> bytes:
        try:
            self._port.write(request)
            answer = self._port.read(size)
        except (OSError, serial.SerialException) as error:
            raise LinkError(self._url, str(error)) from error
        if len(answer) != size:
            raise LinkError(self._url, f"{len(answer)} of {size} bytes after {SECONDS} s")
        return bytes(answer)

    def restart(self, request: bytes) -> None:
        """Send a request that restarts the program, and wait until it answers again: a reset may lose input."""
        self._port.write(request)
        self._port.timeout = 0.3
        deadline = time.monotonic() + SECONDS
        while self._port.read(64)[:1] != b"?":
            assert time.monotonic() < deadline, "no answer after a restart"
            self._port.write(b"?")
        assert set(self._port.read(64)) <= set(b"?")
        self._port.timeout = SECONDS

    def close(self) -> None:
        self._port.close()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {}


@contextmanager
def running(name: str, images: dict[str, Path], factory: pytest.TempPathFactory) -> Iterator[Device]:
    board = boards.load(name)
    if board.emulator is not None and board.emulator.program:
        port_images.need(board.emulator.program)
    if name not in images:
        images[name] = port_images.build(board, factory.mktemp(name), Path(__file__).parent / "qemu_main.c")
    runner = runner_for(board, Image(images[name]), emulate=True)
    with runner as endpoint:
        device = Device(runner, images[name], endpoint.url, endpoint.baud)
        try:
            yield device
        finally:
            device.close()


@pytest.fixture
def device(
    request: pytest.FixtureRequest, images: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Device]:
    with running(request.param, images, tmp_path_factory) as value:
        yield value


@pytest.mark.parametrize("device", EVERY, indirect=True)
def test_every_byte_comes_back(device: Device) -> None:
    data = bytes(range(256)) * 4
    chunks = [data[start : start + 200] for start in range(0, len(data), 200)]
    assert b"".join(device.ask(b"e" + bytes([len(chunk)]) + chunk, len(chunk)) for chunk in chunks) == data


@pytest.mark.parametrize("device", SYSTEM, indirect=True)
def test_start_up_sets_memory_and_restart_does_it_again(device: Device) -> None:
    assert device.ask(b"s", 1) == b"\x0f"
    assert device.ask(b"s", 1) == b"\x08", "the program has changed what it found"
    device.restart(b"r")
    assert device.ask(b"s", 1) == b"\x0f"


@pytest.mark.parametrize("device", EVERY, indirect=True)
def test_stack_bounds_hold_the_stack(device: Device) -> None:
    size, inside = struct.unpack("<IB", device.ask(b"k", 5))
    assert size >= port_images.STACK_BYTES
    assert inside == 1


@pytest.mark.parametrize("device", EVERY, indirect=True)
def test_counters_count_a_loop_exactly(device: Device) -> None:
    turns = [1, 1000, 12345]
    spans = []
    for count in turns:
        device.ask(b"l" + struct.pack("<I", count), 1)
        samples = device.runner.counters()
        if samples is None:
            assert device.runner.measured_on.startswith("host")
            return
        first, second = samples
        assert first.instructions < second.instructions
        spans.append((first, second))
    instructions = [b.instructions - a.instructions for a, b in spans]
    assert [i - instructions[0] for i in instructions] == [2 * (count - turns[0]) for count in turns]
    assert 2 < instructions[0] < 2 + 8, "a stamp costs its call and the moves around it"

    per_turn = CYCLES_PER_TURN.get(device.elf.stem)
    for (a, b), count in zip(spans, turns, strict=True):
        assert (a.cycles is None) == (b.cycles is None) == (per_turn is None)
        if per_turn is not None:
            assert b.cycles - a.cycles - (spans[0][1].cycles - spans[0][0].cycles) == per_turn * (count - turns[0])
            assert b.events["taken"] - a.events["taken"] == count - 1
        if a.classes:
            assert b.classes["branch_cond"] - a.classes["branch_cond"] == count
            assert sum(b.classes.values()) == b.instructions


@pytest.mark.parametrize("device", SYSTEM, indirect=True)
def test_a_fault_is_told_after_the_restart_that_it_causes(device: Device) -> None:
    assert device.ask(b"q", 13) == bytes(13)
    main = counters_module.symbol_address(device.elf, "main")
    assert main is not None
    device.restart(b"f")
    known, pc, sp, address = struct.unpack("<BIII", device.ask(b"q", 13))
    assert known == 1
    assert main <= pc < main + 1024
    assert sp != 0
    assert address == 0xF0000000
    device.restart(b"r")
    assert device.ask(b"q", 13) == bytes(13), "a fault is told once"


@pytest.mark.parametrize("device", SYSTEM, indirect=True)
def test_a_stack_overflow_is_a_fault(device: Device) -> None:
    device.restart(b"o")
    known, *_ = struct.unpack("<BIII", device.ask(b"q", 13))
    assert known == 1
    assert device.ask(b"s", 1) == b"\x0f"


@pytest.mark.parametrize("device", ["rpi4", "host"], indirect=True)
def test_linux_time_goes_on(device: Device) -> None:
    (first,) = struct.unpack("<Q", device.ask(b"m", 8))
    time.sleep(0.02)
    (second,) = struct.unpack("<Q", device.ask(b"m", 8))
    assert second - first >= 20_000


@pytest.mark.parametrize("device", SYSTEM, indirect=True)
def test_qemu_boards_tell_no_time(device: Device) -> None:
    assert device.ask(b"m", 8) == bytes(8)


@pytest.mark.parametrize("name", ["rpi4", "host"])
def test_a_program_that_ends_is_told(
    name: str, images: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        pytest.raises(DeviceError, match="ended with code 3") as caught,
        running(name, images, tmp_path_factory) as device,
    ):
        device.ask(b"x", 1)
    assert not isinstance(caught.value, LinkError)


@pytest.mark.parametrize("name", ["rpi4", "host"])
def test_a_program_that_crashes_is_told(
    name: str, images: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(DeviceError, match="SIGSEGV"), running(name, images, tmp_path_factory) as device:
        device.ask(b"f", 1)


def test_an_image_of_another_board_is_told(images: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    with running("mps2-an505", images, tmp_path_factory) as device:
        device.ask(b"e\x01x", 1)
    with (
        pytest.raises(DeviceError, match=r"mps2-an386: was ended by SIGABRT: qemu: fatal: Lockup"),
        running("mps2-an386", {"mps2-an386": images["mps2-an505"]}, tmp_path_factory) as device,
    ):
        device.ask(b"e\x01x", 1)


@pytest.mark.parametrize("name", ["mps2-an386", "rpi4"])
def test_no_elf_file_is_told(name: str, tmp_path: Path) -> None:
    board = boards.load(name)
    assert board.emulator is not None
    port_images.need(board.emulator.program)
    bad = tmp_path / "bad.elf"
    bad.write_bytes(b"\x7fELF, or so it says")
    with pytest.raises(DeviceError, match=r"bad\.elf: not a readable ELF file"):
        runner_for(board, Image(bad), emulate=True).start()


def test_measured_on_names_qemu_and_machine(images: dict[str, Path]) -> None:
    port_images.need("qemu-system-arm", "qemu-aarch64")
    version = qemu_version("qemu-system-arm")
    image = Image(Path("x.elf"))
    assert runner_for(boards.load("mps2-an386"), image, emulate=True).measured_on == f"QEMU {version} mps2-an386"
    wanted = f"qemu-aarch64 {qemu_version('qemu-aarch64')} cortex-a72"
    assert runner_for(boards.load("rpi4"), image, emulate=True).measured_on == wanted


@pytest.mark.parametrize(("name", "keeps_time"), [("host", True), ("rpi4", False), ("mps2-an386", False)])
def test_time_in_qemu_is_not_the_boards(name: str, keeps_time: bool) -> None:
    assert runner_for(boards.load(name), Image(Path("x.elf")), emulate=True).keeps_time is keeps_time


@pytest.mark.parametrize(("name", "package"), [("mps2-an386", "qemu-system-arm"), ("rpi4", "qemu-user")])
def test_missing_qemu_names_its_package(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    qemu_version.cache_clear()
    with pytest.raises(ToolError, match=f"sudo apt install {package}"):
        runner_for(boards.load(name), Image(tmp_path / "x.elf"), emulate=True).start()
    qemu_version.cache_clear()


def test_without_a_compiler_it_runs_without_counters(
    images: dict[str, Path],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counters_module, "plugin", lambda: None)
    with running("mps2-an386", images, tmp_path_factory) as device:
        assert device.ask(b"e\x01x", 1) == b"x"
        assert device.runner.counters() is None
        assert "need gcc" in device.runner.note


def test_a_board_that_is_not_emulated_must_be_attached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "_APPEAR_S", 0.0)
    image = Image(Path("x.elf"), uf2=tmp_path / "x.uf2")
    (tmp_path / "x.uf2").write_bytes(uf2(bytes(256), 0x10000000, RP2040_FAMILY))
    with pytest.raises(DeviceError, match="no port with USB id"):
        runner_for(boards.load("pico"), image, emulate=False).start()
    with pytest.raises(DeviceError, match="name it with --port user@host, or --emulate it"):
        runner_for(boards.load("rpi4"), Image(Path("x.elf")), emulate=False)


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


KILLED = """
import sys
from pathlib import Path
from sdk import board as boards
from sdk.device.runner import Image, runner_for
runner = runner_for(boards.load(sys.argv[1]), Image(Path(sys.argv[2])), emulate=True)
with runner:
    print(runner._child._process.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and parent-death signals")
@pytest.mark.parametrize("name", ["mps2-an386", "rpi4", "host"])
def test_nothing_stays_behind_when_python_is_killed(
    name: str, images: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with running(name, images, tmp_path_factory):
        pass
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, name, str(images[name])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert images[name].name in command_of(child)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + SECONDS
    while images[name].name in command_of(child):
        assert time.monotonic() < deadline, f"{command_of(child)} is still running"
        time.sleep(0.01)
