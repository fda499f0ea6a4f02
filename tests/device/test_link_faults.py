"""One per cent of the campaign of ``tools/fault_campaign.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaign import run
from fault_proxy import KINDS, Disturber, Faults
from host_device import build_device

SEED = 20261
DEADLINE_S = 10.0


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_device(tmp_path_factory.mktemp("device"))


@pytest.mark.parametrize("transport", ["pty", "socket"])
@pytest.mark.parametrize("rate", [0.0001, 0.001])
def test_all_completes_over_a_poor_cable(device: Path, rate: float, transport: str) -> None:
    outcome = run(device, Faults(rate, split=True), 5000, SEED, transport=transport, wide_share=0.1)
    assert outcome.wrong == 0 and not outcome.errors, f"seed {SEED}: {outcome}"
    assert outcome.faults > 20, outcome


@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_nothing_wrong_over_a_terrible_cable(device: Path, rate: float) -> None:
    outcome = run(device, Faults(rate, split=True), 1500, SEED)
    assert outcome.wrong == 0 and outcome.slowest_s < DEADLINE_S, f"seed {SEED}: {outcome}"
    assert outcome.faults > 500, outcome


def test_nothing_wrong_with_a_device_that_restarts(device: Path) -> None:
    outcome = run(device, Faults(0.0005, reboot_rate=0.0005), 2000, SEED, wide_share=0.1)
    assert outcome.wrong == 0 and outcome.slowest_s < DEADLINE_S, f"seed {SEED}: {outcome}"
    assert outcome.inferences > 100 and sum(outcome.errors.values()) > 5, f"seed {SEED}: {outcome}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_disturbs(kind: str) -> None:
    """Each kind of fault changes the stream, but for the stall."""
    data = bytes(range(1, 201)) * 5
    disturber = Disturber(Faults(0.01, (kind,), stall_s=0.0001), "seed")
    arrived = b"".join(disturber.disturb(data[at : at + 40]) for at in range(0, 1000, 40))
    assert disturber.count > 0
    assert (arrived == data) == (kind == "stall")
