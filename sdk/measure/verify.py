"""Compare a device's bytes with the oracle's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sdk.measure.inputs import Inputs
from sdk.measure.record import Difference, Verification
from sdk.measure.run import Bench
from sdk.oracle import Oracle

Array = np.ndarray[Any, Any]


FLOAT_BOUND_ULP = 4
"""How far a float32 may be from the reference, in units in the last place: docs/numerics.md says why."""


def largest_ulp_difference(device: bytes, reference: Array) -> int:
    """Largest distance of float32 elements in units in the last place; anything that is not a number counts alike."""
    return int(_ulp_differences(device, reference).max(initial=0))


def _ulp_differences(device: bytes, reference: Array) -> Array:
    def ordered(values: Array) -> Array:
        """Integers that are one apart for neighbouring floats, and equal for both zeros."""
        bits = np.where(np.isnan(values), np.float32(np.nan), values).view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFF_FFFF), bits)

    expected = ordered(np.ascontiguousarray(reference, np.float32).reshape(-1))
    differences: Array = np.abs(ordered(np.frombuffer(device, np.float32)) - expected)
    return differences


def different_bytes(device: bytes, reference: Array) -> int:
    """Number of bytes in which a device's output differs from the reference; all of them if the sizes differ.

    Of float32 elements all bytes count that are further from the reference than ``FLOAT_BOUND_ULP``.
    """
    expected = np.ascontiguousarray(reference).tobytes()
    if len(device) != len(expected):
        return max(len(device), len(expected))
    if reference.dtype == np.float32:
        return 4 * int(np.count_nonzero(_ulp_differences(device, reference) > FLOAT_BOUND_ULP))
    return int(np.count_nonzero(np.frombuffer(device, np.uint8) != np.frombuffer(expected, np.uint8)))


def compare(outputs: Sequence[Sequence[bytes]], references: Sequence[Sequence[Array]], oracle: str) -> Verification:
    """Compare the outputs of a series of inferences."""
    pairs = [
        (device, reference)
        for device_outputs, reference_outputs in zip(outputs, references, strict=True)
        for device, reference in zip(device_outputs, reference_outputs, strict=True)
    ]
    floats = [pair for pair in pairs if pair[1].dtype == np.float32 and len(pair[0]) == pair[1].nbytes]
    return Verification(
        oracle=oracle,
        largest_ulp=max((largest_ulp_difference(*pair) for pair in floats), default=None),
        inferences=len(outputs),
        bytes_compared=sum(reference.nbytes for _, reference in pairs),
        bytes_different=sum(different_bytes(device, reference) for device, reference in pairs),
    )


def first_different_inference(outputs: Sequence[Sequence[bytes]], references: Sequence[Sequence[Array]]) -> int | None:
    """Index of the first inference with a differing output, or None."""
    for index, (device, reference) in enumerate(zip(outputs, references, strict=True)):
        if any(different_bytes(d, r) for d, r in zip(device, reference, strict=True)):
            return index
    return None


def layer_differences(
    bench: Bench, inferences: Sequence[Inputs], oracle: Oracle, advance: Callable[[int], None]
) -> list[Difference]:
    """Compare every step's output of the last inference with the oracle's tensor, in order.

    State is rebuilt for each step by running the inferences before the last one again.
    """
    program = bench.program
    reference = oracle.layers(program.module.content, inferences)
    stateful = any(t.is_variable for t in program.graph.tensors.values())
    found: list[Difference] = []
    for step in program.steps:
        tensor = program.graph.output(step.op)
        if tensor.id not in reference:
            continue
        if stateful:
            bench.session.reset_state(bench.model)
            for inputs in inferences[:-1]:
                bench.infer(inputs)
        kept = program.kept_channels.get(tensor.id)
        expected = reference[tensor.id] if kept is None else reference[tensor.id][..., kept]
        device = bench.step_output(inferences[-1], step.index)
        advance(step.index + 1)
        found.append(
            Difference(
                layer=step.name,
                op=step.op_name,
                kernel=step.kernel_name,
                tensor=tensor.name,
                bytes_different=different_bytes(device, expected),
                bytes_compared=tensor.nbytes,
            )
        )
    return found
