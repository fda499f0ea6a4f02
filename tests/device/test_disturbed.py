"""Two per cent of the campaign of ``tools/session_campaign.py``, with shorter disturbances."""

from __future__ import annotations

import sys
from pathlib import Path

from disturbed import KINDS

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))

from session_campaign import run

SEED = 20262


def test_sessions_on_a_disturbed_port() -> None:
    outcomes = run(2 * len(KINDS), SEED, pace=0.2, jobs=8)
    assert {outcome.kind for outcome in outcomes} == {kind.__name__ for kind in KINDS}
    bad = [outcome for outcome in outcomes if outcome.failure or outcome.false_pass]
    assert not bad, f"seed {SEED}: {bad}"
    told = {outcome.kind: outcome.error for outcome in outcomes}
    assert "the board there is a other-board, the firmware is for host-test" in told["another_board"]
    assert "is not this firmware" in told["flash_that_lies"]
    assert "the port went away" in told["vanishing"]
    assert sum(outcome.flashes for outcome in outcomes if outcome.kind == "old_firmware") == 2
