"""The full sweep of the portable kernels: many random models of each against tflite-runtime's reference kernels.

    python tools/sweep_kernels.py [--cases 2000] [--seed 1] [--target host] [PATTERN ...]

Prints one line of Markdown for each kernel and operator whose names hold one of the patterns (all without any):
models run, the seed, and "equal" or what differed first. The exit code is 1 if anything differed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "kernels")]

from harness import TARGETS, run_cases  # noqa: E402
from kernel_cases import MAKERS, TILES, generate  # noqa: E402
from operator_cases import OPERATORS  # noqa: E402
from test_sweep import REFERENCE  # noqa: E402
from typed_cases import TYPED  # noqa: E402


def main() -> int:
    """Run the sweep."""
    parser = argparse.ArgumentParser(description="Compare the portable kernels with tflite-runtime's")
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="part of a kernel's name or an operator's")
    parser.add_argument("--cases", type=int, default=2000, help="models of each kernel and operator (default: 2000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random models (default: 1)")
    parser.add_argument("--target", choices=list(TARGETS), default="host", help="where to run (default: host)")
    options = parser.parse_args()
    print("| kernel | operator | models | seed | bytes |\n|---|---|---|---|---|", flush=True)
    different = False
    for kernel, op in REFERENCE:
        if options.patterns and not any(p in kernel.name or p == op for p in options.patterns):
            continue
        make = TYPED.get((kernel.name, op)) or OPERATORS.get((kernel.name, op)) or MAKERS[op]
        try:
            count = run_cases(kernel, generate(make, options.seed, options.cases, TILES), options.target)
            result = "equal"
        except AssertionError as error:
            different, count, result = True, options.cases, " ".join(str(error).splitlines()[:2])
        print(f"| {kernel.name} | {op} | {count} | {options.seed} | {result} |", flush=True)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
