"""What the ports write into clock registers gives the frequency that the description states, within the data sheets.

The fields are decoded here by the reference manuals, not by the ports' code; the limits are the data sheets'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from sdk import board as boards
from sdk import resources

MHZ = 1_000_000
_DEFINE = re.compile(r"^#define (\w+) (.+?)(?: /\*.*)?$", re.MULTILINE)


def constants(source: str) -> dict[str, int]:
    """The numbers that a C file of firmware/port defines."""
    found: dict[str, int] = {}
    for name, expression in _DEFINE.findall(resources.path("firmware", "port", source).read_text(encoding="ascii")):
        plain = re.sub(r"\b(0x[0-9A-Fa-f]+|\d+)u\b", r"\1", expression)
        plain = re.sub(r"\b[A-Z]\w*\b", lambda word: str(found.get(word[0], word[0])), plain)
        if re.fullmatch(r"[0-9a-fA-Fx()|<~*&+ -]+", plain):
            found[name] = int(eval(plain, {"__builtins__": {}}))
    return found


def field(word: int, low: int, bits: int) -> int:
    return word >> low & ((1 << bits) - 1)


@dataclass(frozen=True)
class Pll:
    """Frequencies in MHz: of the oscillator, at the VCO's input and output, of the core, and of the console's UART."""

    oscillator: float
    reference: float
    vco: float
    core: float
    uart: float


def f1(c: Mapping[str, int]) -> Pll:
    word = c["CFGR_HSE_X9_APB1_HALF"]
    assert field(word, 16, 1) == 1
    assert field(word, 8, 3) == 4, "APB1, which may have 36 MHz, must be halved"
    out = 8.0 * (field(word, 18, 4) + 2)
    return Pll(8, 8, out, out, out)


def f4_f7(name: str) -> Callable[[Mapping[str, int]], Pll]:
    def decode(c: Mapping[str, int]) -> Pll:
        word = c[name]
        assert field(word, 22, 1) == 1
        assert 8 / field(c["CFGR_RTCPRE_1MHZ"], 16, 5) == 1
        reference = 8.0 / field(word, 0, 6)
        vco = reference * field(word, 6, 9)
        core = vco / (2 * (field(word, 16, 2) + 1))
        apb1 = {4: 2, 5: 4, 6: 8}[field(c["CFGR_APB2_HALF_APB1_QUARTER"], 10, 3)]
        assert core / {4: 2, 5: 4}[field(c["CFGR_APB2_HALF_APB1_QUARTER"], 13, 3)] <= core / 2
        return Pll(8, reference, vco, core, core / apb1)

    return decode


def g0(c: Mapping[str, int]) -> Pll:
    word = c["PLLCFGR_64MHZ"]
    assert (field(word, 0, 2), field(word, 28, 1)) == (2, 1)
    reference = 16.0 / (field(word, 4, 3) + 1)
    vco = reference * field(word, 8, 7)
    core = vco / (field(word, 29, 3) + 1)
    return Pll(16, reference, vco, core, core)


def l4(c: Mapping[str, int]) -> Pll:
    word = c["PLLCFGR_120MHZ"]
    assert (field(word, 0, 2), field(word, 24, 1)) == (2, 1)
    reference = 16.0 / (field(word, 4, 4) + 1)
    vco = reference * field(word, 8, 7)
    core = vco / (2 * (field(word, 25, 2) + 1))
    return Pll(16, reference, vco, core, core)


def h7(c: Mapping[str, int]) -> Pll:
    assert field(c["PLLCKSELR_HSE_QUARTER"], 0, 2) == 2
    reference = 8.0 / field(c["PLLCKSELR_HSE_QUARTER"], 4, 6)
    assert (field(c["PLLCFGR_2MHZ_WIDE_P"], 1, 1), field(c["PLLCFGR_2MHZ_WIDE_P"], 2, 2)) == (0, 1)
    assert 8 / field(c["CFGR_RTCPRE_1MHZ"], 8, 6) == 1
    vco = reference * (field(c["PLL1DIVR_480MHZ"], 0, 9) + 1)
    core = vco / (field(c["PLL1DIVR_480MHZ"], 9, 7) + 1)
    assert field(c["D1CFGR_HALVES"], 0, 4) == 8
    assert field(c["D2CFGR_HALVES"], 4, 3) == 4
    return Pll(8, reference, vco, core, core / 4)


def u5(c: Mapping[str, int]) -> Pll:
    word = c["PLL1CFGR_HSI16_QUARTER_R"]
    assert (field(word, 0, 2), field(word, 2, 2), field(word, 18, 1)) == (2, 0, 1)
    assert field(word, 12, 4) == 0, "the booster must have 4 to 16 MHz"
    reference = 16.0 / (field(word, 8, 4) + 1)
    vco = reference * (field(c["PLL1DIVR_160MHZ"], 0, 9) + 1)
    core = vco / (field(c["PLL1DIVR_160MHZ"], 24, 7) + 1)
    return Pll(16, reference, vco, core, core)


@dataclass(frozen=True)
class Limits:
    """Of the data sheet, in MHz; and how many wait states the port sets, for as many MHz each."""

    reference: tuple[float, float]
    vco: tuple[float, float]
    latency: str
    mhz_a_wait: float


CASES = {
    "bluepill_f103": ("stm32/f1.c", f1, Limits((1, 25), (16, 72), "ACR_PREFETCH_2_WAITS", 24)),
    "nucleo_f446re": (
        "stm32/f4.c", f4_f7("PLLCFGR_180MHZ"), Limits((0.95, 2.1), (100, 432), "ACR_CACHES_PREFETCH_5_WAITS", 30)
    ),
    "nucleo_f746zg": (
        "stm32/f7.c", f4_f7("PLLCFGR_216MHZ"), Limits((0.95, 2.1), (100, 432), "ACR_ART_PREFETCH_7_WAITS", 30)
    ),
    "nucleo_g0b1re": ("stm32/g0.c", g0, Limits((2.66, 16), (96, 344), "ACR_CACHE_PREFETCH_2_WAITS", 24)),
    "nucleo_l4r5zi": ("stm32/l4.c", l4, Limits((2.66, 8), (64, 344), "ACR_CACHES_PREFETCH_5_WAITS", 20)),
    "nucleo_h743zi": ("stm32/h7.c", h7, Limits((2, 16), (192, 960), "ACR_4_WAITS", 52.5)),
    "nucleo_u575zi_q": ("stm32/u5.c", u5, Limits((4, 16), (128, 544), "ACR_PREFETCH_4_WAITS", 32)),
}


@pytest.mark.parametrize("name", CASES)
def test_stm32(name: str) -> None:
    source, decode, limits = CASES[name]
    board, found = boards.load(name), constants(source)
    pll = decode(found)
    assert pll.core * MHZ == board.clock_hz
    assert pll.uart * MHZ == int(board.defines["SDK_STM32_USART_HZ"].rstrip("u"))
    assert limits.reference[0] <= pll.reference <= limits.reference[1]
    assert limits.vco[0] <= pll.vco <= limits.vco[1]
    bus = board.clock_hz / MHZ / (2 if name == "nucleo_h743zi" else 1)
    waits = field(found[limits.latency], 0, 4)
    assert waits == -(-bus // limits.mhz_a_wait) - 1
    assert board.flash_access.startswith(f"{waits} wait states")


def test_rp2() -> None:
    """12 MHz * feedback / divider / divider; the VCO has 750 to 1600 MHz (RP2040 datasheet 2.18.2, RP2350 8.6.3)."""
    for name, chip in (("pico", "rp2040"), ("pico2", "rp2350")):
        text = resources.path("firmware", "port", chip, "chip.h").read_text(encoding="ascii")
        match = re.search(r"PLL_SYS_DIVIDERS (\d+), (\d+), (\d+)", text)
        assert match
        feedback, one, two = map(int, match.groups())
        assert 750 <= 12 * feedback <= 1600
        assert 12 * MHZ * feedback / one / two == boards.load(name).clock_hz
        assert f"CLK_SYS_HZ {boards.load(name).clock_hz}u" in text


def test_samd21() -> None:
    """The DFLL multiplies 32.768 kHz; the core may have 48 MHz."""
    found = constants("samd21/port.c")
    assert 32_768 * field(found["DFLLMUL_1464"], 0, 16) == boards.load("feather_m0").clock_hz <= 48 * MHZ


def test_imxrt() -> None:
    """24 MHz * DIV_SELECT / 2, DIV_SELECT 54 to 108 (i.MX RT1060 reference manual 14.8.1), then ARM_PODF."""
    found = constants("imxrt/port.c")
    divider = field(found["PLL_ARM_1200MHZ"], 0, 7)
    assert 54 <= divider <= 108
    assert 12 * MHZ * divider / (found["CACRR_ARM_HALF"] + 1) == boards.load("teensy41").clock_hz
    assert 600 / (field(found["CBCDR_IPG_QUARTER"], 8, 2) + 1) <= 150


def test_ra8() -> None:
    """20 MHz / PLIDIV * PLLMUL / PLODIVP; input 6 to 12 MHz, VCO 640 to 1440 MHz, and each bus below its maximum."""
    found = constants("ra8/port.c")
    reference = 20.0 / (field(found["PLLCCR_960MHZ"], 0, 2) + 1)
    vco = reference * (field(found["PLLCCR_960MHZ"], 8, 8) + 1)
    core = vco / (field(found["PLLCCR2_HALVES"], 0, 4) + 1)
    assert 6 <= reference <= 12
    assert 640 <= vco <= 1440
    assert core * MHZ == boards.load("ek_ra8d1").clock_hz
    maxima = {24: 240, 20: 240, 16: 120, 12: 120, 8: 60, 4: 60, 0: 120, 28: 60}
    for at, most in maxima.items():
        assert core / 2 ** field(found["SCKDIVCR_MAXIMA"], at, 4) <= most
    assert found["SCICLK_HZ"] == core * MHZ / 2 ** found["SCICKDIVCR_QUARTER"]


def test_every_stm32_that_sets_a_clock_is_here() -> None:
    assert {board.id for board in boards.available() if "SDK_STM32_USART_HZ" in board.defines} == set(CASES)
