"""Flashing by UF2 against fakes: folders as drives, a PTY as port, and a list of ports."""

import os
import pty
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sdk.board import Board, load
from sdk.device.flash import uf2 as module
from sdk.device.flash.uf2 import find_drives, flash_uf2
from sdk.device.ports import PortInfo
from sdk.errors import DeviceError, FlashError

FAMILY = 0xE48BFF56
DATA = bytes(range(256)) * 1000
PICO_INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"
RUNNING = PortInfo("/dev/ttyACM0", 0x2E8A, 0x000A, "E661")
OTHER = PortInfo("/dev/ttyACM7", 0x2E8A, 0x000A, "D4D4")
FOREIGN = PortInfo("/dev/ttyUSB0", 0x0403, 0x6001, "FT1")


class World:
    """What is attached: drives appear and vanish by `mount` and `unmount`, ports by the list."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mounts: list[Path] = []
        self.ports: list[PortInfo] = []
        self.on_copied: Callable[[], None] = lambda: None

    def mount(self, name: str = "RPI-RP2", info: str = PICO_INFO) -> Path:
        drive = self.folder / name
        drive.mkdir()
        (drive / "INFO_UF2.TXT").write_text(info)
        self.mounts.append(drive)
        return drive

    def copied(self, descriptor: int) -> None:
        os.close(os.dup(descriptor))
        self.on_copied()

    def restart_as(self, *ports: PortInfo) -> None:
        def restart() -> None:
            self.mounts.clear()
            self.ports.extend(ports)

        self.on_copied = restart


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path)
    monkeypatch.setattr(module, "_mount_points", lambda: world.mounts)
    monkeypatch.setattr(module, "list_ports", lambda: tuple(world.ports))
    monkeypatch.setattr(module.os, "fsync", world.copied)
    monkeypatch.setattr(module, "_POLL_S", 0.01)
    monkeypatch.setattr(module, "_TOUCH_OPEN_S", 0.2)
    monkeypatch.setattr(module, "_LABELS", tmp_path / "by-label")
    return world


@pytest.fixture
def pico() -> Board:
    return load("pico")


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    controller, slave = pty.openpty()
    yield controller, os.ttyname(slave)
    os.close(controller)
    os.close(slave)


def test_drive_that_waits(world: World, pico: Board) -> None:
    drive = world.mount()
    world.ports = [FOREIGN]
    world.restart_as(RUNNING)
    assert flash_uf2(pico, DATA, FAMILY) == "/dev/ttyACM0"
    assert (drive / "firmware.uf2").read_bytes() == DATA


def test_touch_then_renamed_port(world: World, pico: Board, terminal: tuple[int, str]) -> None:
    """The port is opened at 1200 baud and closed; then the drive comes, and the port comes back with another name."""
    controller, name = terminal
    world.ports = [PortInfo(name, 0x2E8A, 0x000A, "E661"), FOREIGN]
    touched = threading.Event()
    stop = threading.Event()

    def board() -> None:
        while not stop.is_set():
            if termios.tcgetattr(controller)[5] == termios.B1200:
                world.ports = [FOREIGN]
                world.mount()
                touched.set()
                return
            time.sleep(0.005)

    world.restart_as(PortInfo("/dev/ttyACM3", 0x2E8A, 0x000A, "E661"), OTHER)
    thread = threading.Thread(target=board)
    thread.start()
    try:
        assert flash_uf2(pico, DATA, FAMILY) == "/dev/ttyACM3"
    finally:
        stop.set()
        thread.join()
    assert touched.is_set()
    assert (world.folder / "RPI-RP2" / "firmware.uf2").read_bytes() == DATA


def test_boot_loader_that_a_button_starts(world: World) -> None:
    """The console is a UART of its own: its port is not touched, and nothing is waited for."""
    feather = load("feather_m0")
    drive = world.mount("FEATHERBOOT", "UF2 Bootloader v1.23.1\nBoard-ID: SAMD21G18A-Feather-v0\n")
    world.ports = [FOREIGN]
    assert flash_uf2(feather, DATA, 0x68ED2B88, port=FOREIGN.device) is None
    assert (drive / "firmware.uf2").read_bytes() == DATA
    world.mounts.clear()
    with pytest.raises(DeviceError, match="no drive FEATHERBOOT; drives and ports here: /dev/ttyUSB0"):
        flash_uf2(feather, DATA, 0x68ED2B88, port=FOREIGN.device)


def test_drive_chosen_by_folder(world: World, pico: Board) -> None:
    world.mount("first")
    second = world.mount("second")
    world.restart_as(RUNNING)
    assert flash_uf2(pico, DATA, FAMILY, port=str(second)) == "/dev/ttyACM0"
    assert not (world.folder / "first" / "firmware.uf2").exists()


def test_error_after_the_last_byte_is_judged_by_the_port(world: World, pico: Board) -> None:
    """The board restarts on the last block, before the file is closed."""
    world.mount()

    def gone() -> None:
        world.mounts.clear()
        world.ports.append(RUNNING)
        raise OSError(5, "Input/output error")

    world.on_copied = gone
    assert flash_uf2(pico, DATA, FAMILY) == "/dev/ttyACM0"


@pytest.mark.parametrize("after", [0, 1, 70_000])
def test_copy_interrupted(world: World, pico: Board, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Writing fails after so many bytes, as when the cable is pulled."""
    drive = world.mount()

    class Torn:
        written = 0

        def __enter__(self) -> "Torn":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, data: bytes) -> int:
            if self.written >= after:
                raise OSError(19, "No such device")
            taken = min(len(data), after - self.written)
            self.written += taken
            return taken

    monkeypatch.setattr(Path, "open", lambda *_, **__: Torn())
    monkeypatch.setattr(module, "find_drives", lambda: [module.Drive(drive, "RPI-RP2")])
    with pytest.raises(FlashError, match=f"copying stopped after {after:,} of 256,000 bytes: No such device"):
        flash_uf2(pico, DATA, FAMILY)


def _refused(world: World, pico: Board, kind: type[Exception], message: str, **arguments: str) -> None:
    before = {path for drive in world.mounts for path in drive.iterdir()}
    with pytest.raises(kind, match=message):
        flash_uf2(pico, DATA, FAMILY, timeout_s=0.05, **arguments)
    assert {path for drive in world.mounts for path in drive.iterdir()} == before, "something was written"


def test_foreign_family(world: World, pico: Board) -> None:
    world.mount()
    with pytest.raises(FlashError, match="for UF2 family 0xe48bff59, the board takes 0xe48bff56"):
        flash_uf2(pico, DATA, 0xE48BFF59)
    assert not (world.folder / "RPI-RP2" / "firmware.uf2").exists()


def test_board_without_uf2(world: World) -> None:
    with pytest.raises(FlashError, match="mps2-an385: is not flashed by UF2"):
        flash_uf2(load("mps2-an385"), DATA, FAMILY)


def test_nothing_attached(world: World, pico: Board) -> None:
    world.ports = [FOREIGN]
    world.mount("PICO2", "Board-ID: RP2350\n")
    found = r"drives and ports here: drive .*PICO2 \[RP2350\], /dev/ttyUSB0 \[0403:6001 FT1\]"
    _refused(world, pico, DeviceError, f"no port with USB id 2e8a:000a and no drive RPI-RP2; {found}")


def test_attached_and_not_mounted(world: World, pico: Board) -> None:
    (world.folder / "by-label").mkdir()
    (world.folder / "by-label" / "RPI-RP2").touch()
    _refused(world, pico, DeviceError, "mount the drive: udisksctl mount -b .*/by-label/RPI-RP2")


def test_two_drives(world: World, pico: Board) -> None:
    world.mount("first")
    world.mount("second")
    _refused(world, pico, DeviceError, "several boards fit: drive .*first .*, drive .*second .*--port or --serial")


def test_drive_and_running_board(world: World, pico: Board) -> None:
    world.mount()
    world.ports = [RUNNING]
    _refused(world, pico, DeviceError, r"several boards fit: drive .*, /dev/ttyACM0 \[2e8a:000a E661\]")


def test_two_running_boards(world: World, pico: Board) -> None:
    world.ports = [RUNNING, OTHER]
    _refused(world, pico, DeviceError, "several boards fit: /dev/ttyACM0 .*, /dev/ttyACM7")


def test_no_board_with_the_serial_number(world: World, pico: Board) -> None:
    world.ports = [RUNNING, OTHER]
    _refused(world, pico, DeviceError, "serial number 0000", serial_number="0000")


def test_no_such_port(world: World, pico: Board) -> None:
    _refused(world, pico, DeviceError, "there is no such port", port=str(world.folder / "ttyACM9"))


def test_wrong_board_in_the_boot_loader(world: World, pico: Board) -> None:
    drive = world.mount("PICO2", "Board-ID: RP2350\n")
    _refused(world, pico, FlashError, "is of a RP2350, not of a RPI-RP2", port=str(drive))


def test_no_drive_after_the_touch(world: World, pico: Board, terminal: tuple[int, str]) -> None:
    world.ports = [PortInfo(terminal[1], 0x2E8A, 0x000A, "E661")]
    _refused(world, pico, FlashError, "no drive RPI-RP2 appeared within 0.05 s of the touch of /dev/pts/")


def test_port_does_not_come_back(world: World, pico: Board) -> None:
    world.mount()
    world.ports = [FOREIGN]
    with pytest.raises(FlashError, match="port did not appear within"):
        flash_uf2(pico, DATA, FAMILY, timeout_s=0.05)


def test_several_ports_come_back(world: World, pico: Board) -> None:
    world.mount()
    world.restart_as(RUNNING, OTHER)
    with pytest.raises(DeviceError, match=r"several ports appeared: /dev/ttyACM0 .*, /dev/ttyACM7"):
        flash_uf2(pico, DATA, FAMILY)


def test_a_drive_that_vanishes_is_no_drive(world: World) -> None:
    world.mount()
    world.mounts.append(world.folder / "gone")
    assert [drive.board_id for drive in find_drives()] == ["RPI-RP2"]


def test_mount_table() -> None:
    table = (
        "sysfs /sys sysfs rw 0 0\n/dev/sda1 /media/me/RPI-RP2 vfat rw 0 0\n"
        r"/dev/sdb1 /media/me/MY\040PICO vfat rw 0 0" + "\nserver:/x /net nfs rw 0 0\n"
    )
    assert module._fat_mounts(table) == [Path("/media/me/RPI-RP2"), Path("/media/me/MY PICO")]
