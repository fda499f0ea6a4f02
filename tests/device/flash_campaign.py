"""Flashing that is cut at a point, and the run after it: what came of it, for each way that is driven here."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from flash_emulators import (
    RP2040_BASE,
    STM32_BASE,
    STM32_SECTORS,
    CutError,
    Nor,
    PicobootChip,
    Stm32Chip,
    Uf2Drive,
    emulated_board,
)

from sdk.device import attached
from sdk.device.attached import AttachedRunner
from sdk.device.flash import Where
from sdk.device.flash import uf2 as uf2_module
from sdk.device.flash.picoboot import Picoboot
from sdk.device.flash.programmer import Programmer, program
from sdk.device.flash.stm32_rom import Stm32Rom, sector_sizes
from sdk.device.link import Session
from sdk.device.ports import PortInfo
from sdk.device.runner import Image
from sdk.errors import DeviceError, FlashError, LinkError
from sdk.uf2 import parse_uf2, uf2

FAMILY = 0xE48BFF56
_SECTORS = 12
_PORT = PortInfo("/dev/emulated", 0x2E8A, 0x000A, "E661")


@dataclass
class Tally:
    """What the cuts came to.

    Attributes:
        cuts: runs that were cut.
        false_ok: runs that said OK with wrong contents.
        not_recovered: cuts after which the next run did not succeed.
    """

    cuts: int = 0
    false_ok: int = 0
    not_recovered: int = 0

    def add(self, cut: tuple[bool, bool], after: tuple[bool, bool]) -> None:
        """Count a run that was cut and the run after it: whether each said OK, and whether the contents were right."""
        self.cuts += 1
        self.false_ok += cut == (True, False) or after == (True, False)
        self.not_recovered += after != (True, True)

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return self.cuts > 0 and not (self.false_ok or self.not_recovered)


def _attempt(run: Callable[[], object]) -> bool:
    try:
        run()
    except (DeviceError, FlashError):
        return False
    return True


def _cut_twice(run: Callable[[], object], right: Callable[[], bool], tally: Tally) -> None:
    """A run that is cut, and the next."""
    tally.add((_attempt(run), right()), (_attempt(run), right()))


def stm32(seed: int) -> Tally:
    """Power lost in every flash operation of one image, and the host lost at every byte that it sends."""
    board, tally = emulated_board("stm32-rom"), Tally()
    image = random.Random(seed).randbytes(random.Random(seed).randrange(3000, 12000))
    contents = [(STM32_BASE, image)]

    def chip() -> Stm32Chip:
        return Stm32Chip(0x421, Nor(STM32_BASE, sector_sizes(STM32_SECTORS), seed), extended=seed % 2 == 0)

    def run(target: Stm32Chip) -> None:
        program(board, Stm32Rom(board, board.flash[0], target), contents)

    whole = chip()
    run(whole)
    for at in range(whole.flash.operations):
        target = chip()
        target.flash.cut_at = at
        _cut_twice(lambda: run(target), lambda: target.flash.holds(*contents[0]), tally)  # noqa: B023
    draw = random.Random(seed)
    for at in sorted(draw.sample(range(whole.written), 40)):
        target = chip()
        target.host_cut_at = at
        _cut_twice(lambda: run(target), lambda: target.flash.holds(*contents[0]), tally)  # noqa: B023
    return tally


def pico(seed: int) -> Tally:
    """Power lost in every flash operation of one image over PICOBOOT."""
    board, tally = emulated_board("picoboot"), Tally()
    image = random.Random(seed).randbytes(random.Random(seed).randrange(9000, 40000))

    def run(target: PicobootChip) -> None:
        target.reset()
        programmer: Programmer = Picoboot(target)
        program(board, programmer, [(RP2040_BASE, image)])

    def flash() -> Nor:
        return Nor(RP2040_BASE, [4096] * _SECTORS, seed)

    whole = PicobootChip(flash())
    run(whole)
    for at in range(whole.flash.operations):
        target = PicobootChip(flash())
        target.flash.cut_at = at
        _cut_twice(lambda: run(target), lambda: target.flash.holds(RP2040_BASE, image), tally)  # noqa: B023
    return tally


class _FlashedSession:
    """What firmware would answer from the present contents of its flash, however wrong these are."""

    def __init__(self, nor: Nor, build_id: bytes, offset: int) -> None:
        found = nor.read(RP2040_BASE + offset, len(build_id))
        self.info = mock.Mock(board_id="emulated", build_id=found)
        self.holds = nor.holds

    def __enter__(self) -> _FlashedSession:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@contextmanager
def _uf2_world(nor: Nor, image: bytes, build_id: bytes, offset: int, folder: Path) -> Iterator[Callable[[], None]]:
    """A board in its boot loader whenever it does not run; its firmware starts when the first sector is whole."""
    drive = uf2_module.Drive(folder, "B")
    state = {"running": False}

    class File(Uf2Drive):
        def __enter__(self) -> File:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def fileno(self) -> int:
            return 0

        def write(self, data: bytes) -> int:
            try:
                taken = super().write(data)
            except CutError as error:
                raise OSError(19, "No such device") from error
            state["running"] = self.restarted
            return taken

    def open_session(*_: object, **__: object) -> _FlashedSession:
        if not state["running"] or not nor.holds(RP2040_BASE, image[:4096]):
            raise LinkError("emulated", "silent")
        return _FlashedSession(nor, build_id, offset)

    def power_cycle() -> None:
        """The user plugs the board in: what boots, runs, though it be half an image."""
        state["running"] = nor.holds(RP2040_BASE, image[:4096])

    true_open = Path.open

    def opened(path: Path, *arguments: object, **options: object) -> object:
        if path.name == "firmware.uf2":
            return File(nor, FAMILY)
        return true_open(path, *arguments, **options)  # type: ignore[call-overload]

    patches = [
        mock.patch.object(uf2_module, "find_drives", lambda: [] if state["running"] else [drive]),
        mock.patch.object(uf2_module, "_enter_boot_loader", lambda *_: drive),
        mock.patch.object(uf2_module, "list_ports", lambda: (_PORT,) if state["running"] else ()),
        mock.patch.object(attached, "list_ports", lambda: (_PORT,) if state["running"] else ()),
        mock.patch.object(Session, "open", open_session),
        mock.patch.object(attached, "segments", lambda *_: ((RP2040_BASE, image),)),
        mock.patch.object(Path, "open", opened),
        mock.patch.object(os, "fsync", lambda _: None),
    ]
    for patch in patches:
        patch.start()
    try:
        yield power_cycle
    finally:
        for patch in patches:
            patch.stop()


def drive(seed: int, folder: Path) -> Tally:
    """Power lost in every flash operation of one image over the UF2 drive; half images that boot are no success."""
    board, tally = emulated_board("uf2"), Tally()
    draw = random.Random(seed)
    image = draw.randbytes(256 * draw.randrange(40, 160))
    offset = 256 * draw.randrange(4)
    build_id = image[offset : offset + 20]
    file = folder / "image.uf2"
    file.write_bytes(uf2(image, RP2040_BASE, FAMILY))
    parse_uf2(file.read_bytes())
    data = Image(folder / "image.elf", None, file, build_id)
    for at in range(-(-len(image) // 4096) + len(image) // 256):
        nor = Nor(RP2040_BASE, [4096] * _SECTORS, seed)
        nor.cut_at = at
        with _uf2_world(nor, image, build_id, offset, folder) as power_cycle:

            def run() -> None:
                with AttachedRunner(board, data, Where()):
                    pass

            cut = _attempt(run), nor.holds(RP2040_BASE, image)
            power_cycle()
            tally.add(cut, (_attempt(run), nor.holds(RP2040_BASE, image)))
    return tally
