"""Chips in their boot loaders, with flash that behaves as NOR does, which lose power or the host at a given point."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import xor

from sdk.board import Board, Chip, Console, FlashMethod, ImageFormats, Memory, Toolchain
from sdk.device.flash import picoboot, stm32_rom
from sdk.errors import FlashError

ERASED = 0xFF
STM32_BASE, STM32_SECTORS = 0x0800_0000, "4x1K 1x4K 1x8K"
RP2040_BASE = 0x1000_0000


class CutError(FlashError):
    """The power or the host went away."""

    def __init__(self) -> None:
        super().__init__("emulator", "cut")


class Nor:
    """Flash whose bits are set by erasing whole sectors and cleared by programming.

    Args:
        base: address of the first byte.
        sectors: sizes in bytes.
        seed: of what it holds at first, and of how far an operation has come when the power goes.
    """

    def __init__(self, base: int, sectors: Sequence[int], seed: int) -> None:
        self.base = base
        self._draw = random.Random(seed)
        self._sectors = list(sectors)
        self.content = bytearray(self._draw.randbytes(sum(sectors)))
        self.operations = 0
        self.erased: list[int] = []
        self.cut_at: int | None = None
        self.weak: set[int] = set()
        """Offsets whose lowest bit cannot be programmed."""

    def erase(self, number: int) -> None:
        """Erase a sector."""
        start = sum(self._sectors[:number])
        reached = self._reached(self._sectors[number])
        self.erased.append(number)
        self.content[start : start + reached] = bytes([ERASED]) * reached
        self._end()

    def erase_at(self, offset: int) -> None:
        """Erase the sector that begins at an offset."""
        starts = [sum(self._sectors[:i]) for i in range(len(self._sectors))]
        self.erase(starts.index(offset))

    def program(self, offset: int, data: bytes) -> None:
        """Clear bits."""
        for i in range(self._reached(len(data))):
            self.content[offset + i] &= data[i] | (offset + i in self.weak)
        self._end()

    def read(self, address: int, count: int) -> bytes:
        """The bytes from an address on."""
        return bytes(self.content[address - self.base : address - self.base + count])

    def holds(self, address: int, data: bytes) -> bool:
        """Whether some bytes are there."""
        return self.read(address, len(data)) == data

    def _reached(self, count: int) -> int:
        """How many bytes an operation changes: all, unless the power goes while it runs."""
        return count if self.operations != self.cut_at else self._draw.randrange(count + 1)

    def _end(self) -> None:
        self.operations += 1
        if self.operations - 1 == self.cut_at:
            self.cut_at = None
            raise CutError


class Stm32Chip(stm32_rom.Line):
    """The STM32 boot loader in ROM (AN3155), byte by byte, at the other end of a line.

    Args:
        product: its product id.
        flash: at its base address.
        extended: whether it has Extended Erase instead of Erase.
    """

    def __init__(self, product: int, flash: Nor, *, extended: bool = True) -> None:
        self.flash = flash
        self.started: int | None = None
        self.written = 0
        self.host_cut_at: int | None = None
        self._product = product
        self._erase_code = stm32_rom.EXTENDED_ERASE if extended else stm32_rom.ERASE
        self.power_on()

    def power_on(self) -> None:
        """Reset with BOOT0 high."""
        self._synchronized = False
        self._in = bytearray()
        self._out = bytearray()
        self._state = "command"
        self._address = 0

    def write(self, data: bytes) -> None:
        """What the host sends; it may die at any byte."""
        for byte in data:
            if self.written == self.host_cut_at:
                self.host_cut_at = None
                raise CutError
            self.written += 1
            self._take(byte)

    def read(self, count: int, timeout_s: float) -> bytes:
        """What the host receives."""
        data = bytes(self._out[:count])
        del self._out[:count]
        return data

    def close(self) -> None:
        """Nothing is held."""

    def _take(self, byte: int) -> None:
        if not self._synchronized:
            self._synchronized = byte == stm32_rom.SYNC
            self._answer(self._synchronized)
            return
        self._in.append(byte)
        wanted = self._wanted()
        if len(self._in) < wanted:
            return
        data = bytes(self._in)
        self._in.clear()
        state, self._state = self._state, "command"
        if state == "command":
            self._command(data)
        elif reduce(xor, data) != (0xFF if state == "read length" else 0):
            self._answer(False)
        elif state.endswith("address"):
            self._located(state, int.from_bytes(data[:4], "big"))
        else:
            self._data(state, data[:-1])

    def _wanted(self) -> int:
        """Bytes of the present part of a command."""
        if self._state in ("command", "read length"):
            return 2
        if self._state.endswith("address"):
            return 5
        if self._state == "write data":
            return self._in[0] + 3
        if self._erase_code == stm32_rom.ERASE:
            return self._in[0] + 3
        return 2 * (int.from_bytes(self._in[:2], "big") + 1) + 3 if len(self._in) > 1 else 2 + len(self._in)

    def _command(self, data: bytes) -> None:
        code = data[0]
        states = {
            stm32_rom.READ: "read address",
            stm32_rom.WRITE: "write address",
            stm32_rom.GO: "go address",
            self._erase_code: "erase data",
        }
        known = code in states or code in (stm32_rom.GET, stm32_rom.GET_ID)
        self._answer(known and data[0] ^ data[1] == 0xFF)
        if data[0] ^ data[1] != 0xFF:
            return
        if code == stm32_rom.GET:
            codes = bytes([0x31, 0x00, 0x02, 0x11, 0x21, 0x31, self._erase_code])
            self._out += bytes([len(codes) - 1]) + codes
            self._answer(True)
        elif code == stm32_rom.GET_ID:
            self._out += bytes([1]) + self._product.to_bytes(2, "big")
            self._answer(True)
        elif known:
            self._state = states[code]

    def _located(self, state: str, address: int) -> None:
        self._address = address
        inside = 0 <= address - self.flash.base < len(self.flash.content)
        self._answer(inside)
        if state == "go address":
            self.started = address
        elif inside:
            self._state = "read length" if state == "read address" else "write data"

    def _data(self, state: str, data: bytes) -> None:
        if state == "read length":
            self._answer(True)
            self._out += self.flash.read(self._address, data[0] + 1)
            return
        if state == "write data":
            self._operate(lambda: self.flash.program(self._address - self.flash.base, data[1:]))
        else:
            width = 1 if self._erase_code == stm32_rom.ERASE else 2
            for at in range(width, len(data), width):
                number = int.from_bytes(data[at : at + width], "big")
                self._operate(lambda number=number: self.flash.erase(number))
        self._answer(True)

    def _operate(self, operation) -> None:
        try:
            operation()
        except CutError:
            self.power_on()
            raise

    def _answer(self, good: bool) -> None:
        self._out.append(stm32_rom.ACK if good else stm32_rom.NACK)


class PicobootChip:
    """The boot ROM at the other end of USB: the RP2040's, or another one by what it begins with."""

    def __init__(self, flash: Nor, rom: bytes = picoboot.ROM_MAGIC + b"\2") -> None:
        self.flash = flash
        self.rebooted = False
        self._rom = rom
        self._command: tuple[int, bytes, int] | None = None
        self._out = b""

    def reset(self) -> None:
        """Forget the command."""
        self._command = None

    def send(self, data: bytes) -> None:
        """A command, its data, or the empty packet after a READ."""
        if self._command is None:
            if data:
                self._begin(data)
            return
        code, arguments, size = self._command
        if len(data) != size or code != picoboot.WRITE:
            raise FlashError("emulator", f"{len(data)} bytes for command {code:#x}")
        self._command = None
        address, _ = struct.unpack_from("<II", arguments)
        for at in range(0, size, 256):
            self.flash.program(address - self.flash.base + at, data[at : at + 256])

    def receive(self, count: int) -> bytes:
        """The data of a READ, or the empty packet after other commands."""
        data, self._out = self._out, b""
        if len(data) != count:
            raise FlashError("emulator", f"{count} bytes asked, {len(data)} there")
        return data

    def _begin(self, data: bytes) -> None:
        magic, _, code, count, zero, size, arguments = picoboot.HEAD.unpack(data)
        if (magic, zero) != (picoboot.MAGIC, 0) or arguments[count:].strip(b"\0"):
            raise FlashError("emulator", "a malformed command")
        if code == picoboot.READ:
            address, length = struct.unpack_from("<II", arguments)
            if length != size:
                raise FlashError("emulator", "two lengths")
            inside = address >= self.flash.base
            self._out = self.flash.read(address, size) if inside else self._rom.ljust(size, b"\0")[:size]
        elif code == picoboot.FLASH_ERASE:
            address, length = struct.unpack_from("<II", arguments)
            for at in range(address, address + length, picoboot.SECTOR_BYTES):
                self.flash.erase_at(at - self.flash.base)
        elif code == picoboot.WRITE:
            self._command = (code, arguments, size)
        elif code == (picoboot.REBOOT if self._rom[2:3] == b"\1" else picoboot.REBOOT2):
            self.rebooted = True
        elif code in (picoboot.REBOOT, picoboot.REBOOT2):
            raise FlashError("emulator", f"no command {code:#x} in this ROM")


class Uf2Drive:
    """The RP2040's drive: programs blocks as they are written to a file, and restarts on the last."""

    def __init__(self, flash: Nor, family: int) -> None:
        self.flash = flash
        self.restarted = False
        self._family = family
        self._buffer = b""
        self._erased: set[int] = set()
        self._seen: set[int] = set()

    def write(self, data: bytes) -> int:
        """Take a part of the file."""
        self._buffer += data
        while len(self._buffer) >= 512:
            block, self._buffer = self._buffer[:512], self._buffer[512:]
            _, _, _, address, size, number, count, family = struct.unpack_from("<8I", block)
            if family != self._family:
                continue
            offset = address - self.flash.base
            sector = offset // picoboot.SECTOR_BYTES * picoboot.SECTOR_BYTES
            if sector not in self._erased:
                self.flash.erase_at(sector)
                self._erased.add(sector)
            self.flash.program(offset, block[32 : 32 + size])
            self._seen.add(number)
            self.restarted = len(self._seen) == count
        return len(data)


@dataclass(frozen=True)
class Identity:
    """Where in an image its build id is."""

    offset: int
    build_id: bytes


def emulated_board(kind: str) -> Board:
    """A board that is flashed in one way."""
    stm32 = kind == "stm32-rom"
    options = {
        "uf2": {"volume": "V", "board_id": "B", "usb_ids": ("2e8a:0003",), "touch_baud": 1200},
        "picoboot": {"usb_id": "2e8a:0003", "chip": "rp2040"},
        "stm32-rom": {"sectors": STM32_SECTORS},
    }
    base = STM32_BASE if stm32 else RP2040_BASE
    return Board(
        id="emulated",
        title="",
        core="cortex-m3",
        clock_hz=1,
        port="",
        port_sources=(),
        tested="",
        toolchain=Toolchain("arm-none-eabi-"),
        console=Console("usb-cdc", 0, ("2e8a:000a",)),
        memories=(Memory("flash", base, 64 * 1024, "flash", ("vectors",)),),
        flash=(FlashMethod(kind, options[kind]),),
        image=ImageFormats(("elf", "bin"), 0xE48BFF56),
        chip=Chip("STM32TEST", 0xE0042000, 0xFFF, 0x421) if stm32 else None,
    )
