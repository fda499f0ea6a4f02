"""The pin that tells a power meter that a model runs."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import port_images
import pytest
from host_device import ROOT, WARNINGS

from sdk import board as boards

ON_REGISTERS = """#include <stdint.h>
#include <stdio.h>
static uint32_t gpio[0x300], enable;
#define SDK_STM32_GPIO ((uintptr_t)gpio)
#define SDK_STM32_GPIO_ENABLE ((uintptr_t)&enable)
#define SDK_MARK_PIN 19u
#include "stm32/mark.c"
static void show(void) { printf("%x %x %x\\n", (unsigned)enable, (unsigned)gpio[0x100], (unsigned)gpio[0x106]); }
int main(void)
{
    gpio[0x100] = 0xffffffffu;
    (void)port_mark(true);
    show();
    (void)port_mark(false);
    show();
}
"""


def test_stm32_registers(tmp_path: Path) -> None:
    """PB3 is pin 19: its port's clock, its mode (output), and its set and reset bits."""
    (tmp_path / "main.c").write_text(ON_REGISTERS)
    include = [f"-I{ROOT / 'firmware' / 'port'}", f"-I{ROOT / 'firmware' / 'include'}"]
    argv = ["gcc", *WARNINGS, *include, str(tmp_path / "main.c"), "-o", str(tmp_path / "main")]
    subprocess.run(argv, check=True)
    shown = subprocess.run([str(tmp_path / "main")], check=True, capture_output=True, text=True).stdout
    assert shown.split("\n")[:2] == ["2 ffffff7f 8", "2 ffffff7f 80000"]


def marking() -> list[str]:
    found = ("stm32/mark.c", "nrf/port.c", "rp2/port.c")
    return [board.id for board in boards.available() if set(found) & set(board.port_sources)]


@pytest.mark.parametrize("name", marking())
def test_every_port_that_marks_compiles(name: str, tmp_path: Path) -> None:
    board = boards.load(name)
    compiler = f"{board.toolchain.prefix}gcc"
    port_images.need(compiler)
    board = replace(board, defines={**board.defines, "SDK_MARK_PIN": "5u"})
    sources = [source for source in board.port_sources if Path(source).name in ("mark.c", "port.c")]
    port = ROOT / "firmware" / "port"
    objects = []
    for source in sources:
        objects.append(tmp_path / f"{Path(source).stem}.o")
        argv = [compiler, *board.toolchain.cpu_flags, "-O2", "-c", *WARNINGS, f"-I{ROOT / 'firmware' / 'include'}"]
        argv += [f"-I{port / board.port}", *(f"-D{key}={value}" for key, value in board.defines.items())]
        subprocess.run([*argv, str(port / source), "-o", str(objects[-1])], check=True)
    symbols = subprocess.run(["nm", *map(str, objects)], check=True, capture_output=True, text=True).stdout
    assert symbols.count(" T port_mark\n") == 1
