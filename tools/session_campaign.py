"""Run whole sessions with a board whose port is disturbed, and print what came of them.

    python tools/session_campaign.py                      # the full campaign: 1,000 sessions
    python tools/session_campaign.py --sessions 20        # two per cent of it

A session finds the board, proves that it holds the image (or flashes it), and runs inferences whose results are known.
The device is the firmware's runtime built for this computer, on a PTY; what happens to the port is in
``tests/device/disturbed.py``. The exit code is 1 if a wrong result, a wrong board or a cut session was accepted, or if
more than one session in a thousand failed that should not have.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "device")]

from disturbed import KINDS, Outcome, build_devices, disturbed_session  # noqa: E402

ALLOWED_FAILURES = 0.001
_HANG_S = 300.0


def run(sessions: int, seed: int, pace: float, jobs: int) -> list[Outcome]:
    """Run so many sessions, of all kinds in turn."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as pool:
        devices = build_devices(Path(folder))
        kinds = itertools.islice(itertools.cycle(KINDS), sessions)
        futures = [
            pool.submit(disturbed_session, devices, kind, 1_000_000 * seed + number, pace)
            for number, kind in enumerate(kinds)
        ]
        return [future.result(_HANG_S) for future in futures]


def print_table(outcomes: Sequence[Outcome]) -> None:
    """Print a row for each kind, and what went wrong."""
    print("| disturbance | due end | sessions | false passes | false failures | flashed | repeats | slowest s |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for kind, due in KINDS.items():
        rows = [outcome for outcome in outcomes if outcome.kind == kind.__name__]
        if rows:
            print(
                f"| {kind.__name__.replace('_', ' ')} | {due} | {len(rows)} | {sum(row.false_pass for row in rows)} "
                f"| {sum(bool(row.failure) for row in rows)} | {sum(row.flashes for row in rows)} "
                f"| {sum(row.retries for row in rows)} | {max(row.seconds for row in rows):.1f} |"
            )
    for outcome in outcomes:
        if outcome.failure or outcome.false_pass:
            print(f"{outcome.kind}: {outcome.failure or 'FALSE PASS'}")


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pace", type=float, default=1.0, help="multiplies the disturbances' times")
    parser.add_argument("--jobs", type=int, default=16, help="sessions at once; they wait most of the time")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.sessions} sessions, {arguments.jobs} at once\n")
    outcomes = run(arguments.sessions, arguments.seed, arguments.pace, arguments.jobs)
    print_table(outcomes)
    failures = sum(bool(outcome.failure) for outcome in outcomes)
    good = not any(outcome.false_pass for outcome in outcomes) and failures <= ALLOWED_FAILURES * len(outcomes)
    print("\npassed" if good else "\nFAILED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
