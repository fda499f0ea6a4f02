"""What a device tells in its replies, whose bodies ``docs/protocol.md`` specifies."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sdk.device.framing import MAX_BODY

BACKWARDS = 1 << 63
"""A difference of time stamps from here on is negative."""

_HAS_CYCLES, _HAS_MICROS, _HAS_FAULT, _HAS_MARK = 1, 2, 4, 8
_CLOCK_TOLERANCE = 0.01
_CLOCK_SLACK_US = 100
_LEAST_BODY = 128

_HELLO = struct.Struct("<HBBII20s")
_FAULT = struct.Struct("<7I")
_MODEL = struct.Struct("<32sIIHH")
_INVOCATION = struct.Struct("<QQI")
_MEMORY = struct.Struct("<III")


@dataclass(frozen=True)
class Fault:
    """Registers of the exception that ended the device's previous run; 0 where the core has no such register."""

    pc: int
    lr: int
    psr: int
    sp: int
    cfsr: int
    hfsr: int
    address: int


@dataclass(frozen=True)
class DeviceInfo:
    """What the firmware says of itself.

    Attributes:
        board_id: id of the board that it was built for.
        build_id: 20 bytes that name the build.
        max_body: largest body of a frame in bytes.
        window: requests that may be under way at once.
        model_count: number of models in the firmware.
        clock_hz: frequency of the cycle counter, None if the device has no cycle counter.
        has_micros: whether the device has a microsecond clock.
        has_mark: whether it marks inferences on a pin, for power meters.
        unique_id: the chip's id; empty if it has none.
        fault: what ended the previous run, if it was a fault.
    """

    board_id: str
    build_id: bytes
    max_body: int
    window: int
    model_count: int
    clock_hz: int | None
    has_micros: bool
    has_mark: bool
    unique_id: bytes
    fault: Fault | None


@dataclass(frozen=True)
class ModelInfo:
    """A model in the firmware: its name, the SHA-256 of its file, and its sizes in bytes and steps."""

    index: int
    name: str
    sha256: bytes
    arena_bytes: int
    input_bytes: tuple[int, ...]
    output_bytes: tuple[int, ...]
    steps: int


@dataclass(frozen=True)
class Invocation:
    """One run of a model.

    Attributes:
        cycles: CPU cycles, None if there is no counter or it is not to be believed.
        micros: microseconds by the device's other clock; None likewise, and for runs shorter than its unit.
        steps: steps done.
        wall_s: seconds from request to reply on this computer: an upper bound on real hardware.
        clock_fault: why the device's clocks are not believed; empty if they are.
    """

    cycles: int | None
    micros: int | None
    steps: int
    wall_s: float
    clock_fault: str = ""


@dataclass(frozen=True)
class MemoryMarks:
    """Memory in bytes: the main stack's size and high-water mark (None if not known) and the arena's size."""

    stack_used: int | None
    stack_size: int | None
    arena_bytes: int


@dataclass(frozen=True)
class ModelPage:
    """A reply to MODEL_INFO: what it says of the model, and the sizes of as many inputs and outputs as fit."""

    name: str
    sha256: bytes
    arena_bytes: int
    steps: int
    inputs: int
    outputs: int
    sizes: tuple[int, ...]

    def model(self, index: int, sizes: Sequence[int]) -> ModelInfo:
        """The model whose last page this is, with the sizes of all pages.

        Raises:
            ValueError: these are not as many as there are inputs and outputs.
        """
        if len(sizes) != self.inputs + self.outputs:
            raise ValueError
        inputs, outputs = tuple(sizes[: self.inputs]), tuple(sizes[self.inputs :])
        return ModelInfo(index, self.name, self.sha256, self.arena_bytes, inputs, outputs, self.steps)


def parse_hello(body: bytes) -> DeviceInfo:
    """Read the body of the reply to HELLO.

    Raises:
        ValueError: it is none.
    """
    max_body, window, flags, hz, models, build_id = _unpack(_HELLO, body)
    at = _HELLO.size
    fault = None
    if flags & _HAS_FAULT:
        fault = Fault(*_unpack(_FAULT, body[at:]))
        at += _FAULT.size
    board, at = _short(body, at)
    unique_id, at = _short(body, at)
    if not _LEAST_BODY <= max_body <= MAX_BODY or window < 1 or models > 255:
        raise ValueError
    return DeviceInfo(
        board_id=board.decode(errors="replace"),
        build_id=build_id,
        max_body=max_body,
        window=window,
        model_count=models,
        clock_hz=hz if flags & _HAS_CYCLES and hz else None,
        has_micros=bool(flags & _HAS_MICROS),
        has_mark=bool(flags & _HAS_MARK),
        unique_id=unique_id,
        fault=fault,
    )


def parse_model(body: bytes) -> ModelPage:
    """Read the body of a reply to MODEL_INFO.

    Raises:
        ValueError: it is none.
    """
    sha256, arena_bytes, steps, inputs, outputs = _unpack(_MODEL, body)
    name, at = _short(body, _MODEL.size)
    try:
        sizes = tuple(size for (size,) in struct.iter_unpack("<I", body[at:]))
    except struct.error:
        raise ValueError from None
    return ModelPage(name.decode(errors="replace"), sha256, arena_bytes, steps, inputs, outputs, sizes)


def parse_invocation(body: bytes, device: DeviceInfo, wall_s: float) -> Invocation:
    """Read the body of the reply to INVOKE; counts of clocks that are not to be believed are left out.

    Args:
        body: of the reply.
        device: which clocks there are.
        wall_s: seconds that the exchange took.

    Raises:
        ValueError: it is none.
    """
    cycles, micros, steps = _unpack(_INVOCATION, body)
    fault = _clock_fault(device, cycles, micros)
    return Invocation(
        cycles=None if fault or device.clock_hz is None else cycles or None,
        micros=None if fault or not device.has_micros else micros or None,
        steps=steps,
        wall_s=wall_s,
        clock_fault=fault,
    )


def parse_memory(body: bytes) -> MemoryMarks:
    """Read the body of the reply to MEMORY.

    Raises:
        ValueError: it is none.
    """
    size, used, arena = _unpack(_MEMORY, body)
    return MemoryMarks(used if size else None, size or None, arena)


def _clock_fault(device: DeviceInfo, cycles: int, micros: int) -> str:
    """Return why the two clocks are not to be believed, or nothing."""
    hz = device.clock_hz
    if hz is not None and cycles >= BACKWARDS:
        return "the cycle counter ran backwards"
    if device.has_micros and micros >= BACKWARDS:
        return "the microsecond clock ran backwards"
    if hz is not None and cycles == 0:
        return "the cycle counter stands still"
    if hz is not None and device.has_micros:
        by_cycles = cycles * 1_000_000 / hz
        if abs(by_cycles - micros) > _CLOCK_SLACK_US + _CLOCK_TOLERANCE * max(by_cycles, micros):
            return f"{cycles} cycles at {hz} Hz are {by_cycles:.0f} us, but the microsecond clock says {micros} us"
    return ""


def _unpack(layout: struct.Struct, body: bytes) -> tuple[Any, ...]:
    if len(body) < layout.size:
        raise ValueError
    return layout.unpack_from(body)


def _short(body: bytes, at: int) -> tuple[bytes, int]:
    """Return the bytes behind a length byte, and where they end."""
    end = at + 1 + body[at] if at < len(body) else at + 1
    if end > len(body):
        raise ValueError
    return body[at + 1 : end], end
