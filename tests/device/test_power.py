from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from fake_ppk2 import ACTIVE_CODE, AMPERES_PER_CODE, IDLE_CODE, FakePpk2
from fault_proxy import FaultProxy
from host_device import build_device

from sdk.device.link import Session
from sdk.device.power.joulescope import Joulescope
from sdk.device.power.ppk2 import Ppk2
from sdk.device.power.recorded import load_trace
from sdk.errors import DeviceError, InputError, ToolError
from sdk.measure.energy import energy

SLOW = 2
VOLTS = 3.3
IDLE_W, ACTIVE_W = (code * AMPERES_PER_CODE * VOLTS for code in (IDLE_CODE, ACTIVE_CODE))


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_device(tmp_path_factory.mktemp("device"))


class Marks:
    """What the device's firmware did with its pin."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "marks"
        self.file.touch()

    def __call__(self) -> list[tuple[int, float]]:
        lines = [line.split() for line in self.file.read_text().splitlines()]
        return [(int(level), int(nanoseconds) / 1e9) for level, nanoseconds in lines]


def test_a_power_profiler_kit_measures_marked_inferences(device: Path, tmp_path: Path) -> None:
    pytest.importorskip("ppk2_api")
    marks = Marks(tmp_path)
    with (
        FakePpk2(marks) as kit,
        FaultProxy([str(device)], env={"SDK_TEST_MARK": str(marks.file)}) as proxy,
        Ppk2(kit.url, 3300, supplies=True) as meter,
        Session.open(proxy.url) as session,
    ):
        assert session.info.has_mark
        meter.start()
        session.memory()  # traffic without a mark
        time.sleep(0.2)
        for _ in range(4):
            session.write_input(SLOW, 0, b"a")
            session.invoke(SLOW)
        time.sleep(0.2)
        trace = meter.stop()
    found = energy(trace, 4)
    times = [seconds for _, seconds in marks()[-8:]]
    micros = [1e6 * (times[i + 1] - times[i]) for i in range(0, 8, 2)]
    assert found.duration_us.low == pytest.approx(min(micros), abs=20)
    assert found.duration_us.high == pytest.approx(max(micros), abs=20)
    assert found.idle_mw == pytest.approx(1e3 * IDLE_W)
    assert found.total_uj.low == pytest.approx(ACTIVE_W * found.duration_us.low)
    assert found.net_uj.low == pytest.approx((ACTIVE_W - IDLE_W) * found.duration_us.low)
    assert found.samples >= 4000 and found.rate_hz == 100_000
    assert found.supply == "3.300 V, supplied by the meter" and kit.url in found.source
    on, off = kit.commands.index(b"\x0c\x01"), kit.commands.index(b"\x0c\x00")
    mode, voltage, start = (kit.commands.index(command) for command in (b"\x11\x02", b"\x0d\x0c\xe4", b"\x06"))
    assert mode < voltage < on < start < off


def test_lost_samples_are_told(tmp_path: Path) -> None:
    pytest.importorskip("ppk2_api")
    with FakePpk2(list, lose=True) as kit, Ppk2(kit.url, 1800, supplies=False) as meter:
        meter.start()
        time.sleep(0.8)
        with pytest.raises(DeviceError, match="samples were lost in 1 places"):
            meter.stop()
    assert b"\x11\x01" in kit.commands and b"\x0c\x00" not in kit.commands


def test_a_port_without_a_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = pytest.importorskip("ppk2_api.ppk2_api").PPK2_API
    with (
        FakePpk2(list) as kit,
        mock.patch("fake_ppk2.metadata", lambda: b"hello\n"),
        pytest.raises(DeviceError, match=r"/dev/pts/.*: no Power Profiler Kit answers"),
    ):
        Ppk2(kit.url, 3300, supplies=False).__enter__()
    with pytest.raises(DeviceError, match="cannot open the Power Profiler Kit"):
        Ppk2(str(tmp_path / "none"), 3300, supplies=False).__enter__()
    monkeypatch.setattr(api, "list_devices", lambda: ["/dev/a", "/dev/b"])
    with pytest.raises(DeviceError, match="several kits are attached: /dev/a, /dev/b; choose by --meter-port"):
        Ppk2(None, 3300, supplies=False).__enter__()
    monkeypatch.setattr(api, "list_devices", list)
    with pytest.raises(DeviceError, match="no Power Profiler Kit is attached"):
        Ppk2(None, 3300, supplies=False).__enter__()


@pytest.mark.parametrize(("name", "meter"), [("ppk2_api.ppk2_api", Ppk2("x", 1, False)), ("joulescope", Joulescope())])
def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, name: str, meter: Ppk2 | Joulescope) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ToolError, match=r"not installed; pip install 'sdk\[(ppk2|joulescope)\]'"):
        meter.__enter__()


def joulescope(current: np.ndarray, mark: np.ndarray) -> SimpleNamespace:
    """The package as far as it is used, with one device that has recorded this."""
    signals = {"current": current, "voltage": np.full(len(current), VOLTS, np.float32), "current_lsb": mark}
    buffer = mock.MagicMock(sample_id_range=(7, 7 + len(current)))
    buffer.__len__.return_value = 10**6
    buffer.samples_get.side_effect = lambda first, end, fields: {
        "time": {"sampling_frequency": {"value": 1e6, "units": "Hz"}},
        "signals": {name: {"value": signals[name][first - 7 : end - 7], "units": ""} for name in fields},
    }
    device = mock.MagicMock(stream_buffer=buffer)
    device.__str__.return_value = "JS220-000415"
    return SimpleNamespace(scan_require_one=mock.Mock(return_value=device))


def test_a_joulescope(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = np.repeat([0, 1, 0, 1, 0], 1000).astype(np.uint8)
    package = joulescope(np.where(mark, 0.010, 0.002).astype(np.float32), mark)
    monkeypatch.setitem(sys.modules, "joulescope", package)
    with Joulescope() as meter:
        meter.start()
        found = energy(meter.stop(), 2)
    assert found.total_uj.median == pytest.approx(0.010 * VOLTS * 1000, rel=1e-5)
    assert found.net_uj.median == pytest.approx(0.008 * VOLTS * 1000, rel=1e-5)
    assert found.supply == "3.300 V, measured" and found.source == "Joulescope JS220-000415"
    device = package.scan_require_one.return_value
    names = [call[0] for call in device.method_calls]
    assert [name for name in names if "." not in name] == ["open", "start", "stop", "close"]


def test_a_joulescope_that_lost_samples_or_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    package = joulescope(np.array([0.1, np.nan, 0.1]), np.zeros(3))
    monkeypatch.setitem(sys.modules, "joulescope", package)
    with Joulescope() as meter, pytest.raises(DeviceError, match="samples were lost"):
        meter.stop()
    package.scan_require_one.side_effect = RuntimeError("no devices found")
    with pytest.raises(DeviceError, match="joulescope: no devices found; attach one"):
        Joulescope().__enter__()


def write_csv(path: Path, mark: list[int], columns: str = "time_s,current_a,mark", step: float = 1e-4) -> Path:
    rows = [f"{i * step:.7f},{0.010 if m else 0.001},{m}" for i, m in enumerate(mark)]
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def test_a_recording(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", [0] * 500 + [1] * 20 + [0] * 7 + [1] * 30 + [0])
    found = energy(load_trace(path, 3.0))
    assert (found.inferences, found.samples) == (2, 20)
    assert (found.total_uj.low, found.total_uj.high) == (pytest.approx(60), pytest.approx(90))
    assert (found.net_uj.low, found.idle_mw) == (pytest.approx(54), pytest.approx(3))
    assert found.supply == "3.000 V, as given, not measured" and found.source == str(path)


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ([0] * 900, "holds no mark; wire the pin"),
        ([1] * 30 + [0] * 30, "begins or ends within a mark"),
        ([0] * 500 + [1] * 30, "begins or ends within a mark"),
        ([0] * 500 + [1] * 30 + [0], "holds 1 marks, 2 inferences were run"),
        ([0] * 100 + [1] * 30 + [0] * 9 + [1] * 30 + [0], "has only 80 samples of idle power"),
        ([0] * 500 + [1] * 30 + [0] * 9 + [1] * 9 + [0], "has 9 samples in an inference, at least 10 are needed"),
    ],
)
def test_marks_that_say_nothing(tmp_path: Path, mark: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        energy(load_trace(write_csv(tmp_path / "t.csv", mark), 3.0), 2)


def test_recordings_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with pytest.raises(InputError, match="cannot be read"):
        load_trace(path, 3.0)
    with pytest.raises(InputError, match=r"lacks current_a; needs the columns time_s, current_a, mark"):
        load_trace(write_csv(path, [0, 1, 0], "time_s,amps,mark"), 3.0)
    with pytest.raises(InputError, match="does not tell the voltage; add a column voltage_v, or give --voltage"):
        load_trace(write_csv(path, [0, 1, 0]), None)
    path.write_text("time_s,current_a,mark\n0,1,0\n1,x,0\n")
    with pytest.raises(InputError, match="no number"):
        load_trace(path, 3.0)
    path.write_text("time_s,current_a,mark\n0,1,0\n1,1,0\n2,1,0\n7,1,0\n")
    with pytest.raises(InputError, match="not evenly sampled"):
        load_trace(path, 3.0)






