"""What one deployment found, as plain values: the terminal table and the JSON are views of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Spread:
    """Smallest, median and largest of a measurement."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return Spread(median(values), min(values), max(values))


@dataclass(frozen=True)
class ArenaUse:
    """A tensor or scratch that a layer uses, with its place in the arena (bytes)."""

    role: str
    offset: int
    bytes: int


@dataclass(frozen=True)
class LayerRecord:
    """One kernel call. ``cycles`` and ``instructions`` are None where nothing honest counts them."""

    index: int
    name: str
    op: str
    kernel: str
    macs: int
    cycles: int | None
    instructions: int | None
    weights_bytes: int
    arena: tuple[ArenaUse, ...]


@dataclass(frozen=True)
class Memory:
    """Bytes in the device.

    Attributes:
        arena: inputs, outputs, activations and scratch.
        arena_lower_bound: the least any placement of the same buffers could need.
        stack: reserved; ``stack_used`` is the high-water mark seen on the device, or None.
        ram: all of the firmware's RAM, stack included.
        weights: constants of the layers in flash; ``code`` is the rest of ``flash``.
    """

    arena: int
    arena_lower_bound: int
    stack: int
    stack_used: int | None
    ram: int
    weights: int
    code: int
    flash: int


@dataclass(frozen=True)
class Difference:
    """The first layer whose output on the device is not the reference's."""

    layer: str
    op: str
    kernel: str
    tensor: str
    bytes_different: int
    bytes_compared: int


@dataclass(frozen=True)
class Verification:
    """The comparison of the device's outputs with the oracle's.

    Attributes:
        bytes_different: of integers that differ, and of floats further from the oracle's than the bound.
        largest_ulp: largest difference of a float32 output in units in the last place; None where there is none.
    """

    oracle: str
    inferences: int
    bytes_compared: int
    bytes_different: int
    first_difference: Difference | None = None
    largest_ulp: int | None = None

    @property
    def verified(self) -> bool:
        """Whether at least one byte was compared and none differs."""
        return self.bytes_compared > 0 and self.bytes_different == 0


@dataclass(frozen=True)
class Setup:
    """What the figures depend on besides the model."""

    sdk: str
    optimize: str
    compiler: str
    flags: tuple[str, ...]
    tools: dict[str, str]


@dataclass(frozen=True)
class Record:
    """One model on one board.

    Attributes:
        measured_on: "board", or the emulator's name and version.
        cycles_source: what counted the cycles, in words; None when nothing did.
        flash_stalls: estimated cycles of waiting for flash that the cycles leave out; None where not estimated.
        latency_us: microseconds for one inference, stalls included; None when no clock can be believed.
        input: where the inputs came from.
        link_retries: requests on the link that had to be repeated.
    """

    model_path: str
    model_name: str
    model_sha256: str
    board: str
    core: str
    clock_hz: int
    build_id: str
    measured_on: str
    cycles_source: str | None
    input: str
    verification: Verification
    cycles: Spread | None
    instructions: Spread | None
    flash_stalls: Spread | None
    latency_us: Spread | None
    macs: int
    memory: Memory
    layers: tuple[LayerRecord, ...]
    setup: Setup
    link_retries: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON form (docs/report.md)."""
        v, m = self.verification, self.memory
        return {
            "schema_version": SCHEMA_VERSION,
            "model": {"path": self.model_path, "name": self.model_name, "sha256": self.model_sha256},
            "board": self.board,
            "core": self.core,
            "clock_hz": self.clock_hz,
            "build_id": self.build_id,
            "measured_on": self.measured_on,
            "input": self.input,
            "oracle": v.oracle,
            "verified": v.verified,
            "bytes_compared": v.bytes_compared,
            "bytes_different": v.bytes_different,
            "largest_ulp": v.largest_ulp,
            "first_difference": asdict(v.first_difference) if v.first_difference else None,
            "inferences": v.inferences,
            "cycles": _median(self.cycles),
            "cycles_spread": _spread(self.cycles),
            "cycles_source": self.cycles_source,
            "instructions": _median(self.instructions),
            "flash_stall_cycles": _median(self.flash_stalls),
            "latency_us": self.latency_us.median if self.latency_us else None,
            "latency_us_spread": _spread(self.latency_us),
            "macs": self.macs,
            "arena_bytes": m.arena,
            "arena_lower_bound_bytes": m.arena_lower_bound,
            "stack_bytes": m.stack,
            "stack_used_bytes": m.stack_used,
            "ram_bytes": m.ram,
            "weights_bytes": m.weights,
            "code_bytes": m.code,
            "flash_bytes": m.flash,
            "layers": [asdict(layer) for layer in self.layers],
            "sdk_version": self.setup.sdk,
            "optimize": self.setup.optimize,
            "compiler": self.setup.compiler,
            "compiler_flags": list(self.setup.flags),
            "tools": self.setup.tools,
            "link_retries": self.link_retries,
            "notes": list(self.notes),
        }


def _median(spread: Spread | None) -> int | None:
    return round(spread.median) if spread else None


def _spread(spread: Spread | None) -> dict[str, float] | None:
    return {"low": spread.low, "high": spread.high} if spread else None
