"""Cut the power in every operation of flashing, run again, and print what came of it.

    python tools/flash_campaign.py                   # the full campaign: 10,000 cuts and more
    python tools/flash_campaign.py --cuts 500        # a part of it

The chips are emulated (``tests/device/flash_emulators.py``): their flash has NOR's semantics, an operation that is cut
has been done in part, and half an image that boots answers with what it holds. The UF2 drive, PICOBOOT and the STM32
boot loader in ROM are cut; of the last the host also dies, at bytes that it sends. The exit code is 1 if a run said OK
with wrong contents, or the run after a cut did not succeed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "device")]

from flash_campaign import Tally, drive, pico, stm32  # noqa: E402


def main() -> int:
    """Run the campaign; returns the exit code."""
    parser = argparse.ArgumentParser(description="Cut the power while boards are flashed.")
    parser.add_argument("--cuts", type=int, default=10_000, help="cuts in all, at least")
    parser.add_argument("--seed", type=int, default=1, help="of the first image")
    options = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[int], Tally]] = {
            "UF2 drive": partial(drive, folder=Path(folder)),
            "PICOBOOT": pico,
            "STM32 ROM": stm32,
        }
        print("way         cuts  false OK  not recovered  seeds")
        for name, run in ways.items():
            total = Tally()
            for seed in itertools.count(options.seed):
                found = run(seed)
                total.cuts += found.cuts
                total.false_ok += found.false_ok
                total.not_recovered += found.not_recovered
                if total.cuts * len(ways) >= options.cuts:
                    break
            good &= total.good
            seeds = f"{options.seed} to {seed}"
            print(f"{name:10} {total.cuts:6,} {total.false_ok:9} {total.not_recovered:14}  {seeds}", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
