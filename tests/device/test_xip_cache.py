"""The model of the RP2040's flash cache, on access patterns whose misses can be counted by hand."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import sdk.device

MODULE = Path(sdk.device.__path__[0]) / "rp2040js" / "xip-cache.mjs"
MISS_CYCLES = 56
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def stalls(body: str) -> list[int]:
    """Estimated cycles at each stamp that a script takes."""
    script = (
        f"import {{ XipCache }} from {json.dumps(MODULE.as_uri())};\n"
        f"const cache = new XipCache();\n{body}\nconsole.log(JSON.stringify(cache.take()));"
    )
    done = subprocess.run(["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def reads(start: int, end: int, step: int) -> str:
    return f"for (let a = {start}; a < {end}; a += {step}) cache.access(a);"


@pytest.mark.parametrize(
    ("body", "misses"),
    [
        (reads(0, 8, 1), 1),
        (reads(0, 16384, 1), 2048),
        (reads(0, 16384, 4) * 3, 2048),
        (reads(0, 32768, 4) * 2, 8192),
        ("for (let i = 0; i < 10; i++) { cache.access(0); cache.access(8192); }", 2),
        ("for (let i = 0; i < 10; i++) { cache.access(0); cache.access(8192); cache.access(16384); }", 30),
    ],
    ids=["a line", "all once", "fits", "too large by half", "two ways", "three in two ways"],
)
def test_misses(body: str, misses: int) -> None:
    assert stalls(f"{body} cache.stamp(1000);") == [misses * MISS_CYCLES]


def test_reads_of_one_time_stamp_count_once_and_stamps_are_taken_once() -> None:
    body = "cache.stamp(100); cache.stamp(110); cache.access(0); cache.stamp(5000); cache.take(); cache.stamp(9000);"
    assert stalls(body) == [MISS_CYCLES]
