"""The benchmark's short form: the example costs no more than when its figures were last written down."""

from __future__ import annotations

import json
from pathlib import Path

import benchmark
import pytest
from emulated import need

from sdk.kernels.select import Optimize

ROOT = Path(__file__).parent.parent
DIGITS = ROOT / "examples" / "digits" / "digits.tflite"
BASELINE = json.loads((ROOT / "benchmarks" / "digits.json").read_text(encoding="utf-8"))
BOUND_PERCENT = 2.0


@pytest.mark.parametrize("board", ["pico", "mps2-an386", "mps3-an547"])
def test_the_example_costs_no_more_than_before(tmp_path: Path, board: str) -> None:
    need(board)
    result = benchmark.measure(DIGITS, board, Optimize.BALANCED, tmp_path)
    assert result["verified"]
    before = next(r for r in BASELINE["results"] if r["board"] == board)
    if result["compiler"] != before["compiler"]:
        pytest.skip(f"the baseline was made with {before['compiler']}")
    assert benchmark.regressions(BASELINE, {"results": [result]}, BOUND_PERCENT) == []


def test_a_regression_is_told() -> None:
    old = {"model": "m", "board": "b", "optimize": "speed", "cycles": 100, "instructions": None}
    old |= {"arena_bytes": 10, "flash_bytes": 1000}
    new = old | {"cycles": 103, "flash_bytes": 1001}
    found = benchmark.regressions({"results": [old]}, {"results": [new]}, 2.0)
    assert found == ["m b speed: cycles 100 -> 103 (+3.0 %)"]


def test_published_figures_are_read() -> None:
    rows = benchmark.published()
    assert {row["core"] for row in rows} >= {"cortex-m0plus", "cortex-m4", "cortex-m55"}
    assert all(row["source"] for row in rows)
