from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from elftools.elf.elffile import ELFFile
from emulated import need

from sdk import board as boards
from sdk import pipeline, resources
from sdk.cli import main
from sdk.device import crash
from sdk.device.crash import describe
from sdk.device.replies import Fault
from sdk.device.runner import Endpoint
from sdk.errors import DeviceError, InputError
from sdk.kernels.select import Optimize

SOURCE = """int second(volatile int *x)
{
    return *x / *x;
}
int first(volatile int *x)
{
    *x = 1;
    return second(x) + *x;
}
"""


def elf(folder: Path, *flags: str) -> Path:
    (folder / "code.c").write_text(SOURCE)
    argv = ["gcc", "-O0", *flags, "-nostdlib", "-static", "-Wl,-e,first,--build-id=none", "code.c", "-o", "image"]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return folder / "image"


def address_of(image: Path, name: str) -> int:
    with image.open("rb") as stream:
        (symbol,) = ELFFile(stream).get_section_by_name(".symtab").get_symbol_by_name(name)
        return int(symbol["st_value"])


def fault(pc: int, lr: int = 0, cfsr: int = 0) -> Fault:
    return Fault(pc=pc, lr=lr, psr=0x61000000, sp=0x20001000, cfsr=cfsr, hfsr=0, address=0)


@pytest.mark.parametrize("version", ["4", "5"])
def test_function_file_and_line(tmp_path: Path, version: str) -> None:
    image = elf(tmp_path, f"-gdwarf-{version}")
    at, caller = address_of(image, "second"), address_of(image, "first")
    text = describe(fault(at, (caller + 4) | 1, 1 << 25 | 1 << 16), image)
    folder = "" if version == "4" else f"{tmp_path}/"
    assert text.startswith(
        f"UNDEFINSTR DIVBYZERO in second at {folder}code.c:2, called from first at {folder}code.c:6 (pc 0x{at:08x}, lr "
    )


def test_what_the_file_does_not_tell(tmp_path: Path) -> None:
    image = elf(tmp_path, "-g0")
    assert describe(fault(address_of(image, "second")), image).startswith("HardFault in second (pc ")
    assert describe(fault(0x10), image).startswith("HardFault in 0x00000010 (pc 0x00000010, ")
    assert describe(fault(0), image).startswith("HardFault in an unknown place, the stack had overflowed, (pc ")
    with pytest.raises(InputError, match="not a readable ELF file"):
        describe(fault(16), tmp_path / "code.c")


def test_nothing_is_told_without_a_fault_or_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = mock.MagicMock()
    session.__enter__.return_value.info.fault = None
    monkeypatch.setattr(Endpoint, "session", lambda *_, **__: session)
    assert crash.last_crash(Endpoint("/dev/ttyX"), tmp_path / "none") == ""
    monkeypatch.setattr(Endpoint, "session", mock.Mock(side_effect=DeviceError("/dev/ttyX", "silent")))
    assert crash.last_crash(Endpoint("/dev/ttyX"), tmp_path / "none") == ""


def test_a_crash_in_the_middle_of_a_session_is_the_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("mps2-an386")
    board, model = boards.load("mps2-an386"), resources.path("examples", "digits", "digits.tflite")
    firmware = pipeline.build([model], board, Optimize.BALANCED, tmp_path / "out", mock.Mock())
    (harness,) = firmware.folder.rglob("harness.c")
    before, after = harness.read_text().split("    const uint64_t micros = port_micros();")
    line = before.count("\n") + 1
    wild = "    *(volatile uint32_t *)0xF0000000u = 1;\n    const uint64_t micros = port_micros();"
    harness.write_text(before + wild + after)
    scons = [sys.executable, "-m", "SCons", "-f", str(resources.path("SConstruct"))]
    subprocess.run(scons, cwd=firmware.folder, check=True, capture_output=True)
    place = rf"firmware crashed: PRECISERR in sdk_harness_invoke at \S*runtime/harness.c:{line} .*address 0xf0000000"
    with (
        pytest.raises(DeviceError, match=place),
        pipeline.running(firmware, pipeline.DeployOptions(emulate=True), mock.Mock()) as (session, _),
    ):
        session.write_input(0, 0, bytes(session.models[0].input_bytes[0]))
        session.invoke(0)


def test_monitor_tells_the_crash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from sdk.cli import monitor

    monkeypatch.setattr(monitor, "find_console", lambda *_: mock.Mock(device="/dev/ttyX"))
    for crash_text, shown in (("here", "the firmware crashed: here"), ("", "did not end by a fault")):
        monkeypatch.setattr(monitor, "last_crash", lambda *_, text=crash_text: text)
        assert main(["monitor", "--board", "pico", "--elf", "x.elf"]) == 0
        assert shown in capsys.readouterr().out
