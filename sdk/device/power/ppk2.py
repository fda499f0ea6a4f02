"""Nordic's Power Profiler Kit II, by the package ppk2-api."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType
from typing import Any

import numpy as np

from sdk.device.power import Meter, Trace, load_package
from sdk.errors import DeviceError

_RATE_HZ = 100_000.0
_LOGIC_MARK = 1  # D0
_COUNTER_SHIFT, _COUNTER_MASK = 18, 0x3F
_READ_S = 0.002
_WRITE_S = 2.0
_METADATA_TRIES = 3
_DRAIN_S = 0.1


class Ppk2(Meter):
    """A Power Profiler Kit II whose logic input D0 is wired to the firmware's mark.

    Args:
        port: its serial port; None for the only one that is attached.
        millivolts: 800 to 5000: what it supplies, or what supplies the board.
        supplies: whether it supplies the board (source meter) or sits in the board's supply (ampere meter).
    """

    def __init__(self, port: str | None, millivolts: int, supplies: bool) -> None:
        self._port = port
        self._millivolts = millivolts
        self._supplies = supplies
        self._kit: Any = None
        self._chunks: list[bytes] = []
        self._stop = threading.Event()
        self._reader: threading.Thread | None = None
        self._failure = ""

    def __enter__(self) -> Ppk2:
        api = load_package("ppk2_api.ppk2_api", "ppk2").PPK2_API
        if self._port is None:
            found = api.list_devices()
            if not found:
                raise DeviceError("ppk2", "no Power Profiler Kit is attached", "attach it, or name its --meter-port")
            if len(found) > 1:
                raise DeviceError("ppk2", f"several kits are attached: {', '.join(found)}", "choose by --meter-port")
            self._port = str(found[0])
        try:
            self._kit = api(self._port, timeout=0, write_timeout=_WRITE_S, exclusive=True)
            self._configure()
        except OSError as error:
            raise DeviceError(self._port, f"cannot open the Power Profiler Kit: {error}", "check its port") from error
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_reader()
        if self._kit is not None and self._supplies:
            self._kit.toggle_DUT_power("OFF")
        self._close()

    def start(self) -> None:
        """Begin to record."""
        self._chunks = []
        self._stop.clear()
        self._kit.start_measuring()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> Trace:
        """End the recording and return it."""
        self._end_reader()
        data = b"".join(self._chunks)
        data = data[: len(data) // 4 * 4]
        if self._failure or not data:
            raise DeviceError(self._port, f"the recording broke off: {self._failure or 'no samples came'}")
        _check_counter(np.frombuffer(data, "<u4"), str(self._port))
        micro_amperes, bits = self._kit.get_samples(data)
        volts = self._millivolts / 1000
        return Trace(
            power_w=np.array(micro_amperes) * (1e-6 * volts),
            mark=np.array(bits) & _LOGIC_MARK != 0,
            rate_hz=_RATE_HZ,
            supply=f"{volts:.3f} V, {'supplied by the meter' if self._supplies else 'as given, not measured'}",
            source=f"Power Profiler Kit II on {self._port}",
        )

    def _configure(self) -> None:
        for _ in range(_METADATA_TRIES):
            self._kit.stop_measuring()
            time.sleep(_DRAIN_S)
            self._kit.get_data()  # what is left of an earlier recording
            with contextlib.suppress(UnicodeDecodeError):
                if self._kit.get_modifiers():
                    break
        else:
            raise DeviceError(self._port, "no Power Profiler Kit answers", "check --meter-port")
        if self._supplies:
            self._kit.use_source_meter()
        else:
            self._kit.use_ampere_meter()
        self._kit.set_source_voltage(self._millivolts)
        self._kit.toggle_DUT_power("ON")

    def _read(self) -> None:
        try:
            while not self._stop.is_set():
                data = self._kit.get_data()
                if data:
                    self._chunks.append(data)
                else:
                    time.sleep(_READ_S)
        except OSError as error:
            self._failure = str(error)

    def _end_reader(self) -> None:
        if self._reader is not None:
            self._stop.set()
            self._reader.join()
            self._reader = None
            self._kit.stop_measuring()

    def _close(self) -> None:
        if self._kit is not None:
            self._kit.ser.close()
            self._kit = None


def _check_counter(words: np.ndarray[Any, Any], port: str) -> None:
    """Each sample has a number of 6 bits."""
    numbers = words >> _COUNTER_SHIFT & _COUNTER_MASK
    gaps = int(np.count_nonzero(np.diff(numbers.astype(np.int64)) & _COUNTER_MASK != 1))
    if gaps:
        lost = f"samples were lost in {gaps} places"
        raise DeviceError(port, lost, "use a USB port of its own, or a faster computer")
