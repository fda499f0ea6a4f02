"""Joules per inference: a power meter's recording, cut by the marks of the firmware."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdk.device.power import Trace
from sdk.errors import InputError
from sdk.measure.record import Spread

_QUIET_SHARE = 0.8
_LEAST_QUIET_SAMPLES = 100
_LEAST_SAMPLES = 10


@dataclass(frozen=True)
class Energy:
    """What inferences took.

    Attributes:
        inferences: that were marked.
        total_uj: microjoules of an inference.
        net_uj: the same without what the board takes when idle.
        idle_mw: milliwatts when idle: the mean of the quiet time before the first inference.
        duration_us: microseconds of an inference, as marked.
        samples: of an inference, at least.
        rate_hz: samples a second.
        supply: the board's voltage and who says so.
        source: what recorded it.
    """

    inferences: int
    total_uj: Spread
    net_uj: Spread
    idle_mw: float
    duration_us: Spread
    samples: int
    rate_hz: float
    supply: str
    source: str


def last_interval(trace: Trace) -> tuple[float, float]:
    """Seconds and joules between the last two falling edges of the mark: MLPerf Tiny's time stamps in energy mode.

    Raises:
        InputError: there are no two.
    """
    falls = np.flatnonzero(trace.mark[:-1] & ~trace.mark[1:]) + 1
    if len(falls) < 2:
        raise InputError(trace.source, f"holds {len(falls)} time stamps", "wire the pin of --pin to its logic input")
    first, last = falls[-2:]
    return float(last - first) / trace.rate_hz, float(np.sum(trace.power_w[first:last])) / trace.rate_hz


def energy(trace: Trace, inferences: int | None = None) -> Energy:
    """Integrate the power over each mark, and subtract the idle power.

    The idle power is the mean over the first 80 % of the samples before the first mark; the rest of them may already
    hold the transfer of the first input.

    Args:
        trace: the recording.
        inferences: how many marks there must be; None for any number.

    Raises:
        InputError: the marks are not those of so many inferences, or the samples are too few to say anything.
    """
    levels = np.concatenate(([False], trace.mark, [False])).astype(np.int8)
    edges = np.diff(levels)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if len(starts) == 0:
        raise InputError(trace.source, "holds no mark", "wire the pin of --pin to the meter's logic input")
    if trace.mark[0] or trace.mark[-1]:
        raise InputError(trace.source, "begins or ends within a mark", "record some time before and after")
    if inferences is not None and len(starts) != inferences:
        raise InputError(
            trace.source, f"holds {len(starts)} marks, {inferences} inferences were run", "check the wire of --pin"
        )
    quiet = int(_QUIET_SHARE * starts[0])
    if quiet < _LEAST_QUIET_SAMPLES:
        raise InputError(trace.source, f"has only {quiet} samples of idle power before the first mark", "start earlier")
    samples = ends - starts
    if samples.min() < _LEAST_SAMPLES:
        raise InputError(
            trace.source,
            f"has {samples.min()} samples in an inference, at least {_LEAST_SAMPLES} are needed",
            f"sample faster than {trace.rate_hz:g} Hz, or measure a larger model",
        )
    idle_w = float(np.mean(trace.power_w[:quiet]))
    sums = np.concatenate(([0.0], np.cumsum(trace.power_w)))
    total = (sums[ends] - sums[starts]) / trace.rate_hz
    seconds = samples / trace.rate_hz
    return Energy(
        inferences=len(starts),
        total_uj=Spread.of((1e6 * total).tolist()),
        net_uj=Spread.of((1e6 * (total - idle_w * seconds)).tolist()),
        idle_mw=1e3 * idle_w,
        duration_us=Spread.of((1e6 * seconds).tolist()),
        samples=int(samples.min()),
        rate_hz=trace.rate_hz,
        supply=trace.supply,
        source=trace.source,
    )
