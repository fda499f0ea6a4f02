"""Inference over a bad cable, each result checked against what the test models must give."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fault_proxy import FaultProxy, Faults

from sdk.device.link import Session
from sdk.errors import LinkError

COUNTER, WIDE = 0, 1
WIDE_INPUT = 3000


@dataclass
class Outcome:
    """What a campaign came to.

    Attributes:
        exchanges: requests on the wire, repeats included.
        faults: on the wire.
        inferences: completed with the right result.
        wrong: results that were accepted and are not right.
        errors: sessions that ended in an error, by its kind.
        slowest_s: longest time from an operation's start to its error.
    """

    exchanges: int = 0
    faults: int = 0
    inferences: int = 0
    wrong: int = 0
    retries: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0


@dataclass
class _Device:
    """One session's expectations."""

    session: Session
    random: random.Random
    count: int = 0

    def infer(self, wide: bool) -> bool:
        """Run one inference; return whether its result is right."""
        if wide:
            return self._wide()
        if self.random.random() < 0.05:
            self.session.reset_state(COUNTER)
            self.count = 0
        data = self.random.randbytes(16)
        self.session.write_input(COUNTER, 0, data)
        timed = self.random.random() < 0.2
        self.session.invoke(COUNTER, timed=timed, deadline_s=5)
        self.count += 1
        mask = self.count & 0xFF
        expected = self.count.to_bytes(4, "little") + bytes(byte ^ mask for byte in data)
        right = self.session.read_output(COUNTER, 0) == expected
        return right and (not timed or len(self.session.step_stamps(COUNTER) or []) == 3)

    def _wide(self) -> bool:
        data, add = self.random.randbytes(WIDE_INPUT), self.random.randrange(256)
        self.session.write_input(WIDE, 0, data)
        self.session.write_input(WIDE, 1, bytes([add]))
        self.session.invoke(WIDE, deadline_s=5)
        self.count = 0  # the other model loses its variable
        sums = [(byte + add) & 0xFF for byte in data]
        expected = bytes(sums[i] ^ sums[i + 500] for i in range(2500))
        return self.session.read_output(WIDE, 0) == expected and self.session.read_output(WIDE, 1) == b""


def run(
    device: Path,
    faults: Faults,
    exchanges: int,
    seed: int,
    *,
    transport: str = "pty",
    wide_share: float = 0.0,
    timeout_s: float = 5.0,
) -> Outcome:
    """Infer until so many requests were on the wire; sessions that fail are opened again.

    Args:
        device: the firmware for this computer.
        faults: of the cable.
        exchanges: requests, repeats included.
        seed: of faults and data.
        transport: "pty" or "socket".
        wide_share: share of inferences with transfers of several frames.
        timeout_s: deadline of the sessions' operations.
    """
    outcome = Outcome()
    draw = random.Random(seed)
    with FaultProxy([str(device)], faults, seed, transport) as proxy:
        while proxy.requests < exchanges:
            started = time.monotonic()
            try:
                with Session.open(proxy.url, timeout_s=timeout_s, retry_s=0.01) as session:
                    expectations = _Device(session, draw)
                    try:
                        while proxy.requests < exchanges:
                            started = time.monotonic()
                            right = expectations.infer(draw.random() < wide_share)
                            outcome.inferences += right
                            outcome.wrong += not right
                    finally:
                        outcome.retries += session.retries
            except LinkError as error:
                outcome.errors[error.problem.split(";")[0].split(",")[0]] += 1
                outcome.slowest_s = max(outcome.slowest_s, time.monotonic() - started)
        outcome.exchanges = proxy.requests
        outcome.faults = proxy.fault_count
    return outcome
