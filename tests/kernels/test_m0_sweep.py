"""Kernels for the Cortex-M0+ against tflite-runtime's reference kernels: C twins, then the core's code."""

from __future__ import annotations

import numpy as np
import pytest
from harness import CASES, run_cases, seeds, targets
from kernel_cases import cases
from test_packed_sweep import few_level_cases

from sdk.kernels.base import Kernel
from sdk.kernels.registry import KERNELS
from sdk.kernels.requantize import Accumulators, requantize
from sdk.kernels.requantize_m0 import split_requantization

M0 = [(k, op) for k in KERNELS if k.name.endswith("__m0") for op in k.ops]


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("target", targets("host", "m0plus"))
@pytest.mark.parametrize(("kernel", "op"), M0, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, target: str, seed: int) -> None:
    # Small weights for kernels that take no others.
    narrow = "narrow" in kernel.name
    tried = few_level_cases(op, seed) if narrow else cases(op, seed, tiles=(2, 3, 4, 8), count=2 * CASES)
    assert run_cases(kernel, tried, target) > 0


def test_requantization_to_few_steps_of_the_accumulator() -> None:
    one = np.array([1], np.int64)
    for scale in (1.3, 2.2, 7.9):
        shift = int(np.ceil(np.log2(scale)))
        layer = Accumulators(-800 * one, 700 * one, one * round(scale * 2 ** (31 - shift)), shift * one, 3)
        found = split_requantization(layer)
        assert found is not None, scale
        values = np.arange(-800, 701)[:, None]
        expected = np.clip(requantize(values, layer.multiplier, layer.shift) + 3, -128, 127)
        assert (found.apply(values) == expected).all(), scale


def test_left_shifts_that_wrap_have_no_short_requantization() -> None:
    one = np.array([1], np.int64)
    layer = Accumulators(-(one << 23), one << 23, one << 30, 9 * one, 0)
    assert split_requantization(layer) is None
