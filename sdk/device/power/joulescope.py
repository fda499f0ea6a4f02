"""Joulescope JS110 and JS220, by the package joulescope."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np

from sdk.device.power import Meter, Trace, load_package
from sdk.errors import DeviceError

_LONGEST_S = 60.0


class Joulescope(Meter):
    """A Joulescope in the board's supply, whose general-purpose input 0 is wired to the firmware's mark."""

    def __init__(self) -> None:
        self._device: Any = None

    def __enter__(self) -> Joulescope:
        package = load_package("joulescope", "joulescope")
        try:
            self._device = package.scan_require_one(config="auto")
            self._device.buffer_duration = _LONGEST_S
            self._device.open()
        except (RuntimeError, OSError, TimeoutError) as error:
            raise DeviceError("joulescope", str(error), "attach one Joulescope and close other programs") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._device.close()

    def start(self) -> None:
        """Begin to record."""
        self._device.start()

    def stop(self) -> Trace:
        """End the recording and return it."""
        self._device.stop()
        buffer = self._device.stream_buffer
        first, end = buffer.sample_id_range
        # The package calls the general-purpose input 0 "current_lsb", after the JS110's first firmware.
        found = buffer.samples_get(first, end, fields=["current", "voltage", "current_lsb"])
        current, voltage, mark = (found["signals"][name]["value"] for name in ("current", "voltage", "current_lsb"))
        if len(current) == 0 or not np.all(np.isfinite(current)) or not np.all(np.isfinite(voltage)):
            raise DeviceError("joulescope", "samples were lost", "use a USB port of its own")
        if end - first >= len(buffer):
            raise DeviceError("joulescope", f"the recording is longer than {_LONGEST_S:g} s", "give a lower --repeat")
        return Trace(
            power_w=np.asarray(current, np.float64) * np.asarray(voltage, np.float64),
            mark=np.asarray(mark) != 0,
            rate_hz=float(found["time"]["sampling_frequency"]["value"]),
            supply=f"{float(np.mean(voltage)):.3f} V, measured",
            source=f"Joulescope {self._device}",
        )
