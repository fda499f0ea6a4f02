"""Recordings that another instrument made, as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from sdk.device.power import Trace
from sdk.errors import InputError

_COLUMNS = ("time_s", "current_a", "mark")
_VOLTAGE = "voltage_v"
_STEADY = 0.01


def load_trace(path: Path, volts: float | None) -> Trace:
    """Read a CSV file with the columns time_s, current_a, mark (0 or 1) and, if it was measured, voltage_v.

    Args:
        path: the file.
        volts: the supply, where the file has no voltage.

    Raises:
        InputError: the file cannot be read, lacks a column or is not evenly sampled, or no voltage is known.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            names = [name for name in (*_COLUMNS, _VOLTAGE) if name in (reader.fieldnames or ())]
            rows = np.array([[float(row[name]) for name in names] for row in reader], np.float64)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read: {error}") from error
    except (TypeError, ValueError) as error:
        raise InputError(path, f"has a value that is no number: {error}") from error
    missing = [name for name in _COLUMNS if name not in names]
    if missing or len(rows) < 2:
        raise InputError(path, f"lacks {', '.join(missing) or 'samples'}", f"needs the columns {', '.join(_COLUMNS)}")
    if _VOLTAGE not in names and volts is None:
        raise InputError(path, "does not tell the voltage", f"add a column {_VOLTAGE}, or give --voltage")
    columns = dict(zip(names, rows.T, strict=True))
    steps = np.diff(columns["time_s"])
    step = float(np.median(steps))
    if step <= 0 or np.any(np.abs(steps - step) > 0.5 * step) or abs(steps.mean() / step - 1) > _STEADY:
        raise InputError(path, "is not evenly sampled", "record with a fixed rate and without gaps")
    voltage = columns.get(_VOLTAGE)
    if voltage is None:
        supply = f"{volts:.3f} V, as given, not measured"
        power = columns["current_a"] * volts
    else:
        supply = f"{voltage.mean():.3f} V, measured"
        power = columns["current_a"] * voltage
    return Trace(power, columns["mark"] > 0.5, 1 / step, supply, str(path))
