"""Arguments that choose a power meter."""

from __future__ import annotations

import argparse

from sdk.device.power import Meter
from sdk.device.power.joulescope import Joulescope
from sdk.device.power.ppk2 import Ppk2
from sdk.errors import InputError

METERS = ("ppk2", "joulescope")
_PPK2_VOLTS = (0.8, 5.0)


def add_meter(parser: argparse.ArgumentParser) -> None:
    """All but ``--meter`` itself, which commands need differently."""
    parser.add_argument("--meter-port", metavar="P", help="serial port of the Power Profiler Kit, if there are several")
    parser.add_argument("--pin", type=int, metavar="N", help="the chip's pin that is wired to the meter's logic input")
    parser.add_argument("--voltage", type=float, metavar="V", help="the supply, where the meter does not measure it")
    parser.add_argument("--supply", action="store_true", help="let the Power Profiler Kit supply the board")


def chosen_meter(options: argparse.Namespace) -> Meter:
    """The meter that was chosen.

    Raises:
        InputError: the Power Profiler Kit is not told the supply.
    """
    if options.meter == "joulescope":
        return Joulescope()
    low, high = _PPK2_VOLTS
    if options.voltage is None or not low <= options.voltage <= high:
        raise InputError("--voltage", f"the Power Profiler Kit must be told the supply, {low} to {high} V")
    return Ppk2(options.meter_port, round(1000 * options.voltage), options.supply)
