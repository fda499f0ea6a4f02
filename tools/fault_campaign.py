"""Infer over a bad cable, a million requests at each fault rate, and print what came of it.

    python tools/fault_campaign.py                        # the full campaign
    python tools/fault_campaign.py --exchanges 10000      # one per cent of it

The device is the firmware's runtime built for this computer; the cable is ``tests/device/fault_proxy.py``.
Faults are drops, flips, replaced, doubled and inserted bytes, bursts, reordered and replayed pieces, stalls and cuts,
at the given rate for each byte in both directions, handed over in random pieces; the last row adds restarts of the
device at any byte. The exit code is 1 if a wrong result was accepted, an error came later than the deadline allows,
or an inference failed at 0.1 % or less.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "device")]

from campaign import Outcome, run  # noqa: E402
from fault_proxy import Faults  # noqa: E402
from host_device import build_device  # noqa: E402

DEADLINE_S = 10.0
COMPLETE_UP_TO = 0.001


@dataclass(frozen=True)
class Row:
    """One line of the table: what the cable does, and the share of inferences with transfers of several frames."""

    name: str
    faults: Faults
    wide_share: float


ROWS = (
    Row("0.01 %", Faults(0.0001, split=True), 0.1),
    Row("0.1 %", Faults(0.001, split=True), 0.1),
    Row("1 %", Faults(0.01, split=True), 0.0),
    Row("5 %", Faults(0.05, split=True, stall_s=0.005), 0.0),
    Row("0.1 % and restarts", Faults(0.001, reboot_rate=0.0002, split=True), 0.1),
)


def total(outcomes: list[Outcome]) -> Outcome:
    """Add up the outcomes of parallel runs."""
    result = Outcome()
    for outcome in outcomes:
        result.exchanges += outcome.exchanges
        result.faults += outcome.faults
        result.inferences += outcome.inferences
        result.wrong += outcome.wrong
        result.retries += outcome.retries
        result.errors += outcome.errors
        result.slowest_s = max(result.slowest_s, outcome.slowest_s)
    return result


def share(device: Path, row: Row, exchanges: int, transport: str, seed: int) -> Outcome:
    """Run one part of a row."""
    return run(device, row.faults, exchanges, seed, transport=transport, wide_share=row.wide_share)


def passes(row: Row, outcome: Outcome) -> bool:
    """Return whether the row's figures are what they must be."""
    must_complete = row.faults.rate <= COMPLETE_UP_TO and row.faults.reboot_rate == 0
    failed = must_complete and bool(outcome.errors)
    return outcome.wrong == 0 and outcome.slowest_s < DEADLINE_S and not failed


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exchanges", type=int, default=1_000_000, help="requests on the wire at each rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=16, help="cables at once; they wait most of the time")
    parser.add_argument("--transport", choices=("pty", "socket"), default="pty", help="what carries the bytes")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.jobs} cables, {arguments.transport}\n")
    print("| byte faults | requests | faults | right results | wrong | errors | slowest error s | retries | minutes |")
    print("|---|---|---|---|---|---|---|---|---|")
    good = True
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(arguments.jobs) as pool:
        device = build_device(Path(folder))
        for row in ROWS:
            started = time.monotonic()
            part = partial(share, device, row, -(-arguments.exchanges // arguments.jobs), arguments.transport)
            seeds = range(1000 * arguments.seed, 1000 * arguments.seed + arguments.jobs)
            outcome = total(list(pool.map(part, seeds)))
            good &= passes(row, outcome)
            print(
                f"| {row.name} | {outcome.exchanges} | {outcome.faults} | {outcome.inferences} | {outcome.wrong} "
                f"| {sum(outcome.errors.values())} | {outcome.slowest_s:.1f} | {outcome.retries} "
                f"| {(time.monotonic() - started) / 60:.1f} |",
                flush=True,
            )
            for kind, count in outcome.errors.most_common():
                print(f"|   {count} x {kind} |", flush=True)
    print("\npassed" if good else "\nFAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
