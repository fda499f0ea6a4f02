"""Images with a real board's port, run instruction by instruction: they get through clock set-up and answer a byte.

The chip's registers are memory that remembers, with the ready bits that the reference manuals name, which follow what
turns them on and nothing else: waiting for another bit, or before its cause, is a hang. It is no emulation of the chip.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import port_images
import pytest

from sdk import board as boards
from sdk.build.elf import read_image
from sdk.device.counters import symbol_address

unicorn = pytest.importorskip("unicorn")
from unicorn import arm_const  # noqa: E402

PROGRAM = """
#include "sdk/port.h"
int main(void) {
    port_init();
    (void)port_cycles();
    (void)port_micros();
    port_write((const uint8_t *)"ready", 5);
    for (;;) {
        const int byte = port_getc();
        if (byte == 't') {
            const uint64_t times[2] = {port_micros(), port_cycles()};
            port_write((const uint8_t *)times, sizeof times);
        } else if (byte >= 0) {
            const uint8_t answer = (uint8_t)~(unsigned)byte;
            port_write(&answer, 1);
        }
    }
}
"""
GREETING = b"ready"
SENT = bytes([0x00, 0x5A, 0xFF, 0x31])
MOST_INSTRUCTIONS = 400_000
PAGE = 0x1000

Word = Callable[[int], int]
Rule = Callable[[Word, int], int]
"""What a register reads as, by the words at all addresses and what was written to it."""


def follows(pairs: dict[int, int], cause: int | None = None) -> Rule:
    """Each bit that is a value here is what its key's bit is, in the same register or in another one."""

    def rule(word: Word, value: int) -> int:
        source = value if cause is None else word(cause)
        for bit, ready in pairs.items():
            value = value & ~(1 << ready) | (source >> bit & 1) << ready
        return value

    return rule


def mirrors(bits: int, to: int) -> Rule:
    """The lowest bits again from another place on: which clock is selected."""

    def rule(_: Word, value: int) -> int:
        mask = (1 << bits) - 1
        return value & ~(mask << to) | (value & mask) << to

    return rule


def has(bits: int) -> Rule:
    return lambda _, value: value | bits


def lacks(bits: int) -> Rule:
    return lambda _, value: value & ~bits


def when(address: int, mask: int, wanted: int, bits: int) -> Rule:
    """Some bits once a field elsewhere is what it must be."""
    return lambda word, value: value & ~bits | (bits if word(address) & mask == wanted else 0)


@dataclass(frozen=True)
class Uart:
    """Where a polled UART takes and gives bytes, and how it says that it can."""

    status: int
    room: int
    received: int
    data_in: int
    data_out: int


@dataclass(frozen=True)
class Chip:
    """A core, rules of its registers, its console, and the words that the ready firmware must have left.

    Attributes:
        left: by address a mask, and the value under it.
        reset: words after a reset that are not 0.
        receives: whether the port polls for bytes; else its interrupt, which nothing here causes, fetches them.
        aliases: whether 0x2000 behind each register there is one that sets bits, and 0x3000 behind it one that clears.
    """

    cpu: str
    uart: Uart
    rules: dict[int, Rule]
    left: dict[int, tuple[int, int]]
    reset: dict[int, int] = field(default_factory=dict)
    receives: bool = True
    aliases: bool = False


def usart(base: int, generation: int) -> Uart:
    status, data_in, data_out = (0x00, 0x04, 0x04) if generation == 1 else (0x1C, 0x24, 0x28)
    return Uart(base + status, 1 << 7, 1 << 5, base + data_in, base + data_out)


F4_F7 = {
    0x40023800: follows({0: 1, 16: 17, 24: 25}),
    0x40023808: mirrors(2, 2),
    0x40007004: follows({16: 16, 17: 17}, cause=0x40007000),
    0x4000280C: follows({7: 6}),
}
CHIPS = {
    "bluepill_f103": Chip(
        "M3",
        usart(0x40013800, 1),
        {0x40021000: follows({0: 1, 16: 17, 24: 25}), 0x40021004: mirrors(2, 2), 0x40002804: has(0x28)},
        {0x40021004: (0xC, 0x8), 0x40013808: (0xFFFF, 625)},
    ),
    "nucleo_f446re": Chip("M4", usart(0x40004400, 1), F4_F7, {0x40023808: (0xC, 0x8), 0x40004408: (0xFFFF, 391)}),
    "nucleo_f746zg": Chip("M7", usart(0x40004800, 2), F4_F7, {0x40023808: (0xC, 0x8), 0x4000480C: (0xFFFF, 469)}),
    "nucleo_g0b1re": Chip(
        "M0",
        usart(0x40004400, 2),
        {0x40021000: follows({8: 10, 24: 25}), 0x40021008: mirrors(3, 3)},
        {0x40021008: (0x38, 0x10), 0x4000440C: (0xFFFF, 556)},
    ),
    "nucleo_l4r5zi": Chip(
        "M4",
        usart(0x40008000, 2),
        {0x40021000: follows({0: 1, 8: 10, 24: 25}), 0x40021008: mirrors(2, 2)},
        {0x40021008: (0xFC, 0xC), 0x4000800C: (0xFFFFF, 266_667), 0x40007080: (1 << 8, 0)},
    ),
    "nucleo_h743zi": Chip(
        "M7",
        usart(0x40004800, 2),
        {
            0x58024400: follows({0: 2, 16: 17, 24: 25}),
            0x58024410: mirrors(3, 3),
            0x58024804: has(1 << 13),
            0x58024818: when(0x58024818, 3 << 14, 3 << 14, 1 << 13),
            0x5800400C: follows({7: 6}),
        },
        {0x58024410: (0x38, 0x18), 0x4000480C: (0xFFFF, 1042), 0x5800042C: (1, 1)},
    ),
    "nucleo_u575zi_q": Chip(
        "M33",
        usart(0x40013800, 2),
        {
            0x46020C00: follows({8: 10, 24: 25}),
            0x46020C1C: mirrors(2, 2),
            0x4602080C: lambda word, value: value & ~0xC000
            | (0x8000 if value >> 16 & 3 == 3 else 0)
            | (0x4000 if value >> 18 & 1 and word(0x46020C28) & 3 else 0),
        },
        {0x46020C1C: (0xC, 0xC), 0x4001380C: (0xFFFF, 1389), 0x40030400: (1, 1)},
    ),
    "nrf52840dk": Chip(
        "M4",
        Uart(0x40002108, 0, 1, 0x40002518, 0x4000251C),
        {0x40000100: follows({0: 0}, cause=0x40000000), 0x4000211C: has(1)},
        {0x40002524: (0xFFFFFFFF, 0x01D7E000), 0x4001E540: (1, 1)},
    ),
    "feather_m0": Chip(
        "M0",
        Uart(0x42000818, 1 << 0, 1 << 2, 0x42000828, 0x42000828),
        {
            0x4000080C: lambda word, value: value & ~0xD2
            | (word(0x40000814) & 2)
            | 0x10
            | (0xC0 if word(0x40000824) & 6 == 6 else 0),
            0x40000C00: lacks(0x8001),
            0x40001400: lacks(1),
            0x40001408: lacks(0x800000),
            0x4200081C: lacks(0xFFFFFFFF),
        },
        {0x41004004: (0x4001E, 2), 0x4200080C: (0xFFFF, 63_018)},
    ),
    "teensy41": Chip(
        "M7",
        Uart(0x40198014, 1 << 23, 1 << 21, 0x4019801C, 0x4019801C),
        {
            0x40080000: has(1 << 31),
            0x400FC048: lacks(0xFFFFFFFF),
            0x400D8000: when(0x400D8000, 3 << 12, 1 << 13, 1 << 31),
        },
        {0x400FC014: ((1 << 25) | (3 << 8), 3 << 8), 0x40198010: (0x1FFF, 13)},
    ),
}

CHIPS["pico2"] = Chip(
    "M33",
    Uart(0x40070018, 0, 0, 0x40070FFC, 0x40070000),
    {
        0x40020008: lambda word, _: ~word(0x40020000),
        0x40048004: when(0x40048000, 0xFFFFFF, 0xFABAA0, 1 << 31),
        0x40010038: lambda word, _: 1 << (word(0x40010030) & 3),
        0x40010044: lambda word, _: 1 << (word(0x4001003C) & 1),
        0x40050000: when(0x40050004, 0x21, 0, 1 << 31),
        0x40058000: when(0x40058004, 0x21, 0, 1 << 31),
    },
    {
        0x4001003C: (1, 1),
        0x40070024: (0xFFFF, 81),
        0x40070028: (0x3F, 24),
        0x4010801C: (0x1FF, 12),
        0x400D000C: (0x7FF, 0x202),
        0x50110040: (5, 1),
    },
    reset={0x40020000: 0x1FFFFFFF, 0x40050004: 0x2D, 0x40058004: 0x2D, 0x400D0010: 0x200, 0x50110040: 4},
    receives=False,
    aliases=True,
)
ROM_BYTES = {0x16: 0x0101, 0x100: 0x2000, 0x102: 0x4770}
"""The RP2350's look-up of ROM functions, which finds none: MOVS R0, #0; BX LR."""


class Machine:
    """Memory and a core that runs an image from its reset on."""

    def __init__(self, board: boards.Board, chip: Chip, elf: Path, sent: bytes, answers: int) -> None:
        self._chip = chip
        self._waiting = list(sent)
        self._most = len(GREETING) + answers
        self.received = 0
        self.answers = bytearray()
        self._uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(getattr(arm_const, f"UC_CPU_ARM_CORTEX_{chip.cpu}"))
        for memory in board.memories:
            start = memory.origin // PAGE * PAGE
            self._uc.mem_map(start, -(-memory.end // PAGE) * PAGE - start)
        for base, size in ((0x40000000, 0x20000000), (0xE0000000, 0x100000)):
            self._uc.mem_map(base, size)
        if board.port == "samd21":
            self._uc.mem_map(0x0080A000, PAGE)
        if board.port == "nrf":
            self._uc.mem_map(0x10000000, PAGE)
        if board.port == "rp2350":
            self._uc.mem_map(0, PAGE)
            self._uc.mem_map(0xD0000000, PAGE)
            for address, code in ROM_BYTES.items():
                self._uc.mem_write(address, code.to_bytes(2, "little"))
        for address, value in chip.reset.items():
            self._uc.mem_write(address, value.to_bytes(4, "little"))
        for address, data in read_image(elf, board).segments:
            self._uc.mem_write(address, data)
        self._uc.hook_add(unicorn.UC_HOOK_MEM_READ, self._read, begin=0x40000000, end=0x5FFFFFFF)
        self._uc.hook_add(unicorn.UC_HOOK_MEM_READ, self._read, begin=0xE0000000, end=0xE00FFFFF)
        self._uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, self._write, begin=0x40000000, end=0x5FFFFFFF)

    def run(self, vectors: int) -> None:
        self._uc.reg_write(arm_const.UC_ARM_REG_SP, self.word(vectors))
        self._uc.emu_start(self.word(vectors + 4), 0, count=MOST_INSTRUCTIONS)

    def word(self, address: int) -> int:
        return int.from_bytes(self._uc.mem_read(address, 4), "little")

    def _read(self, _uc, _kind, address: int, size: int, _value, _data) -> None:
        uart = self._chip.uart
        word = address & ~3
        if word == uart.data_in & ~3:
            self._uc.mem_write(address, bytes([self._waiting.pop(0) if self._waiting else 0]) + bytes(size - 1))
            self.received += 1
        elif word == uart.status & ~3:
            bits = uart.room | (uart.received if self._waiting else 0)
            self._uc.mem_write(uart.status, (bits or 0).to_bytes(4, "little"))
        elif word in self._chip.rules:
            value = self._chip.rules[word](self.word, self.word(word)) & 0xFFFFFFFF
            self._uc.mem_write(word, value.to_bytes(4, "little"))

    def _write(self, _uc, _kind, address: int, _size: int, value: int, _data) -> None:
        if self._chip.aliases and address & 0x2000:
            old = self.word(address & ~0x3000)
            new = old & ~value if address & 0x1000 else old | value
            self._uc.mem_write(address & ~0x3000, (new & 0xFFFFFFFF).to_bytes(4, "little"))
        elif address == self._chip.uart.data_out:
            self.answers.append(value & 0xFF)
            if len(self.answers) == self._most:
                self._uc.emu_stop()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Callable[[boards.Board], tuple[Path, int]]:
    """The image of a board, and where its vectors are."""

    @functools.cache
    def build(name: str) -> tuple[Path, int]:
        folder = tmp_path_factory.mktemp(name)
        source = folder / "main.c"
        source.write_text(PROGRAM, encoding="ascii")
        elf = port_images.build(boards.load(name), folder, source)
        vectors = symbol_address(elf, "__vectors")
        assert vectors is not None
        return elf, vectors

    return lambda board: build(board.id)


@pytest.mark.parametrize("name", CHIPS)
def test_it_starts_and_answers(name: str, image) -> None:
    board, chip = boards.load(name), CHIPS[name]
    elf, vectors = image(board)
    sent = SENT if chip.receives else b""
    machine = Machine(board, chip, elf, sent, len(sent))
    machine.run(vectors)
    assert bytes(machine.answers) == GREETING + bytes(byte ^ 0xFF for byte in sent)
    for address, (mask, wanted) in chip.left.items():
        assert machine.word(address) & mask == wanted, f"{machine.word(address):#x} at {address:#x}"


@dataclass(frozen=True)
class Counter:
    """A chip's second clock: its register, what it counts within, its direction, and microseconds a count."""

    address: int
    mask: int
    down: bool
    micros: float


COUNTERS = {
    "bluepill_f103": Counter(0x40002814, 0x7FFF, True, 16),
    "nucleo_f446re": Counter(0x40002828, 0x7FFF, True, 1),
    "nucleo_g0b1re": Counter(0x40007C1C, 0x7FFF, False, 1),
    "nucleo_u575zi_q": Counter(0x4600441C, 0x7FFF, False, 1),
    "nrf52840dk": Counter(0x40008540, 0xFFFFFFFF, False, 1),
    "feather_m0": Counter(0x40001410, 0xFFFFFFFF, False, 1e6 / 32768),
    "teensy41": Counter(0x401EC024, 0xFFFFFFFF, False, 1),
}
CYCCNT = 0xE0001004


@pytest.mark.parametrize("name", COUNTERS)
def test_both_clocks_go_on_when_their_counters_wrap(name: str, image) -> None:
    board, chip, counter = boards.load(name), CHIPS[name], COUNTERS[name]
    counts = [step * (counter.mask // 5 * 3) for step in range(6)]
    cycles = [step * 0xA000_0001 for step in range(6)]
    elf, vectors = image(board)

    def now(values: list[int]) -> int:
        return values[min(max(machine.received - 1, 0), len(values) - 1)]

    def count(_: Word, __: int) -> int:
        value = now(counts) & counter.mask
        return counter.mask - value if counter.down else value

    rules = {**chip.rules, counter.address: count, CYCCNT: lambda _, __: now(cycles) & 0xFFFFFFFF}
    machine = Machine(board, replace(chip, rules=rules), elf, b"t" * len(counts), 16 * len(counts))
    machine.run(vectors)
    times = list(struct.iter_unpack("<QQ", bytes(machine.answers)[len(GREETING) :]))
    assert [micros for micros, _ in times] == [int(value * counter.micros) for value in counts]
    if chip.cpu != "M0":
        assert [count for _, count in times] == cycles
