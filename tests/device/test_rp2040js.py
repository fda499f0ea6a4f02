"""The RP2040 port, its image and its emulator, by the firmware in rp2040_main.c."""

from __future__ import annotations

import random
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from sdk import resources
from sdk.board import Board, Console, link_view, load
from sdk.device.emulate_rp2040js import Rp2040jsRunner, node_modules
from sdk.device.runner import Image
from sdk.emit.render import render
from sdk.errors import DeviceError, ToolError
from sdk.uf2 import RP2040_FAMILY, parse_uf2, seal_boot2, uf2

FLASH = 0x10000000
CYCLES_PER_MICROSECOND = 125
TURN_CYCLES = 3
SYSTICK_PERIOD = 1 << 24
FLAGS = ["-std=c11", "-O2", "-ffunction-sections", "-fdata-sections"]
FLAGS += ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Wvla", "-Werror"]


def _missing() -> str:
    for program in ("arm-none-eabi-gcc", "node"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    try:
        node_modules()
    except ToolError as error:
        return str(error)
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing())


@pytest.fixture(scope="module")
def pico() -> Board:
    return load("pico")


@pytest.fixture(scope="module")
def elf(pico: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rp2040")
    script = folder / "link.ld"
    script.write_text(render("link.ld.j2", link_view(pico, 4096)))
    sources = [resources.path("firmware", "port", source) for source in pico.port_sources]
    sources.append(Path(__file__).parent / "rp2040_main.c")
    program = folder / "test.elf"
    tool = pico.toolchain
    command = [f"{tool.prefix}gcc", *tool.cpu_flags, *FLAGS, f"-I{resources.path('firmware', 'include')}"]
    command += [f"-I{resources.path('firmware', 'port', 'rp2040')}"]
    command += [*map(str, sources), *tool.link_flags, "-Wl,--gc-sections", f"-T{script}", "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


def content_of(elf: Path) -> bytes:
    with elf.open("rb") as stream:
        segments = [(s["p_paddr"], s.data()) for s in ELFFile(stream).iter_segments("PT_LOAD") if s["p_filesz"]]
    content = bytearray()
    for address, data in sorted(segments):
        content += bytes(address - FLASH - len(content)) + data
    return bytes(content)


@pytest.fixture(scope="module")
def image(elf: Path) -> Image:
    file = elf.with_suffix(".uf2")
    file.write_bytes(uf2(seal_boot2(content_of(elf)), FLASH, RP2040_FAMILY))
    return Image(elf, uf2=file)


class Target:
    """A running test firmware."""

    def __init__(self, runner: Rp2040jsRunner, url: str) -> None:
        self.runner = runner
        host, port = url.removeprefix("socket://").split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(20)

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, f"the console closed after {data!r}: {self.runner.failure()}"
            data += more
        return data

    def ask(self, command: bytes, layout: str) -> tuple[int, ...]:
        self.socket.sendall(command)
        return struct.unpack(f"<{layout}", self.read(struct.calcsize(f"<{layout}")))

    def wait_until_ready(self) -> None:
        """Ask until there is an answer: bytes sent while the chip restarts are lost."""
        self.socket.settimeout(0.2)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.socket.sendall(b"?")
                assert self.read(1) == b"?"
                break
            except TimeoutError:
                assert time.monotonic() < deadline, "the firmware does not answer"
        self.socket.settimeout(1)
        with pytest.raises(TimeoutError):  # answers to questions that took longer
            while self.read(1):
                pass
        self.socket.settimeout(20)


def console(pico: Board, kind: str) -> Board:
    return replace(pico, console=Console("uart", 115_200) if kind == "uart" else Console("usb-cdc"))


@pytest.fixture(scope="module", params=["uart", "usb"])
def target(request: pytest.FixtureRequest, pico: Board, image: Image) -> Iterator[Target]:
    runner = Rp2040jsRunner(console(pico, request.param), image)
    with runner as endpoint:
        target = Target(runner, endpoint.url)
        target.wait_until_ready()
        yield target
        target.socket.close()


def test_measured_on(pico: Board, image: Image) -> None:
    assert Rp2040jsRunner(pico, image).measured_on == "rp2040js 1.4.1"


@pytest.mark.parametrize("count", [0, 1, 62, 63, 64, 65, 127, 128, 255])
def test_echo(target: Target, count: int) -> None:
    """Around the USB packet's 64 bytes; the byte values include all that a terminal would change."""
    data = bytes(random.Random(count).choices(range(256), k=count))
    target.socket.sendall(b"e" + bytes([count]) + data)
    assert target.read(count) == data


def test_no_byte_is_lost_while_busy(target: Target) -> None:
    """2,000 bytes take 174 ms at 115,200 baud; the firmware looks at none of them for 200 ms."""
    data = bytes(random.Random(1).choices(range(256), k=2000))
    target.socket.sendall(b"w" + struct.pack("<I", 200_000 * CYCLES_PER_MICROSECOND // TURN_CYCLES))
    assert target.read(1) == b"w"
    target.socket.sendall(data)
    count, checksum = struct.unpack("<II", target.read(8))
    assert count == len(data)
    assert checksum == sum(byte * (place + 1) for place, byte in enumerate(data)) % 2**32


def test_microseconds(target: Target) -> None:
    first, second = target.ask(b"m", "Q")[0], target.ask(b"m", "Q")[0]
    assert 0 < first < second < first + 10_000_000


@pytest.mark.parametrize("turns", [1, 1000, SYSTICK_PERIOD // TURN_CYCLES, 2 * SYSTICK_PERIOD])
def test_cycles(target: Target, turns: int) -> None:
    """A loop of known length, also over several wraps of SysTick's 24 bits, and TIMER as a second clock."""
    cycles, micros = target.ask(b"l" + struct.pack("<I", turns), "QQ")
    wraps = TURN_CYCLES * turns // SYSTICK_PERIOD + 1
    overhead = cycles - (TURN_CYCLES * turns - 1)
    assert 0 < overhead < 150 + 40 * wraps, "calls and one interrupt each wrap"
    assert abs(micros - cycles / CYCLES_PER_MICROSECOND) < 3


def test_two_cores(target: Target) -> None:
    """The second core is launched, does half of the work, and both halves make the whole."""
    one, two, cycles_one, cycles_two, core = target.ask(b"d", "iiQQI")
    expected = sum((i & 31) * (i * 7 & 31) for i in range(4096))
    assert (one, two) == (expected, expected)
    assert core == 1
    assert cycles_one / 2 < cycles_two < 0.52 * cycles_one


def test_unique_id(target: Target) -> None:
    """Read from the emulated flash chip with XIP off; the firmware goes on, so boot2 has turned it on again."""
    assert target.ask(b"u", "B") == (8,)
    assert target.read(8) == b"RP2040js"


def test_stack(target: Target, elf: Path) -> None:
    pointer, low, high = target.ask(b"s", "III")
    assert low < pointer < high
    assert (low, high) == (0x20041000, 0x20042000)


def _symbol(elf: Path, address: int) -> str:
    with elf.open("rb") as stream:
        for symbol in ELFFile(stream).get_section_by_name(".symtab").iter_symbols():
            start = symbol["st_value"] & ~1
            if symbol["st_info"]["type"] == "STT_FUNC" and start <= address < start + symbol["st_size"]:
                return str(symbol.name)
    return ""


@pytest.mark.parametrize(("command", "stack"), [(b"c", 0x20041000), (b"C", 0x20040000)])
def test_fault_is_kept_over_the_restart(target: Target, elf: Path, command: bytes, stack: int) -> None:
    target.socket.sendall(command)
    target.wait_until_ready()
    assert target.ask(b"f", "B") == (1,)
    pc, sp = struct.unpack("<II", target.read(8))
    assert _symbol(elf, pc) in ("fault", "main")  # where the compiler put it
    assert stack <= sp < stack + 0x1000
    target.socket.sendall(b"r")
    target.wait_until_ready()
    assert target.ask(b"f", "B") == (0,), "told once"
    assert target.ask(b"d", "iiQQI")[4] == 1, "the second core starts again"


def test_touch_enters_the_boot_loader(pico: Board, image: Image) -> None:
    runner = Rp2040jsRunner(console(pico, "usb"), image)
    with runner as endpoint:
        target = Target(runner, endpoint.url)
        target.wait_until_ready()
        runner.touch()
        assert target.socket.recv(1) == b"", "the emulator ends"
        assert "the firmware went to the boot loader" in str(runner.failure())


def test_usb_by_the_book(image: Image) -> None:
    """Enumeration in Linux's order, stalls, data toggles, packet sizes and flow control, by a host of our own."""
    script = Path(__file__).parent / "usb_host.mjs"
    command = ["node", str(script), str(node_modules()), str(image.uf2)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("seed", [1, 2])
def test_fast_decoder_is_exact(seed: int) -> None:
    """Registers, flags, memory and cycles equal those of rp2040js's own decoder on random instructions."""
    here = Path(__file__).parent
    fast = here.parents[1] / "sdk" / "device" / "rp2040js" / "fast-core.mjs"
    command = ["node", str(here / "compare_cores.mjs"), str(node_modules()), str(fast), str(seed), "10000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def _start(pico: Board, elf: Path, data: bytes) -> str:
    file = elf.with_name("other.uf2")
    file.write_bytes(data)
    runner = Rp2040jsRunner(pico, Image(elf, uf2=file))
    try:
        with pytest.raises(DeviceError) as caught:
            runner.start()
    finally:
        runner.stop()
    return str(caught.value)


@pytest.mark.parametrize("byte", [0, 100, 251, 252, 255])
def test_damaged_boot2_is_refused(pico: Board, elf: Path, image: Image, byte: int) -> None:
    assert image.uf2 is not None
    blocks, _ = parse_uf2(image.uf2.read_bytes())
    content = bytearray(b"".join(payload for _, payload in blocks))
    content[byte] ^= 1
    assert "the CRC-32 of the second-stage boot is wrong" in _start(pico, elf, uf2(content, FLASH, RP2040_FAMILY))


def test_foreign_files_are_refused(pico: Board, elf: Path) -> None:
    sealed = seal_boot2(content_of(elf))
    assert "block 0 is not for the RP2040" in _start(pico, elf, uf2(sealed, FLASH, 0xE48BFF59))
    assert "not a UF2 file" in _start(pico, elf, sealed[:700])
    assert "wrong magic number" in _start(pico, elf, bytes(512))
    assert "out of order" in _start(pico, elf, uf2(sealed, FLASH, RP2040_FAMILY)[512:])
    assert "not within the flash" in _start(pico, elf, uf2(sealed, 0x20000000, RP2040_FAMILY))


def test_ends_with_its_parent(pico: Board, image: Image) -> None:
    """Nothing is left when standard input closes, as it does when the parent dies."""
    runner = Rp2040jsRunner(pico, image)
    try:
        runner.start()
        assert runner._control is not None
        runner._control.shutdown(socket.SHUT_RDWR)
        assert runner._child is not None
        runner._child._process.wait(10)
    finally:
        runner.stop()


def test_missing_package(pico: Board, image: Image, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    modules = tmp_path / "node_modules" / "rp2040js"
    modules.mkdir(parents=True)
    (modules / "package.json").write_text('{"version": "1.0.0"}')
    monkeypatch.setenv("SDK_NODE_MODULES", str(modules.parent))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("sdk.device.emulate_rp2040js._HERE", Path(__file__).parents[2] / "sdk/device/rp2040js")
    with pytest.raises(ToolError) as caught:
        Rp2040jsRunner(pico, image).start()
    assert f"npm install --prefix {tmp_path / 'sdk'} rp2040js@1.4.1" in str(caught.value)
    assert f"1.0.0 in {modules.parent}" in str(caught.value)
