"""Kernels for the Cortex-M0+ against tflite-runtime's reference kernels: C twins, then the core's code."""

from __future__ import annotations

import numpy as np
import pytest
from harness import CASES, run_cases, seeds, targets
from kernel_cases import cases

from sdk.kernels.base import Kernel
from sdk.kernels.registry import KERNELS
from sdk.kernels.requantize import Accumulators
from sdk.kernels.requantize_m0 import split_requantization

M0 = [(k, op) for k in KERNELS if k.name.endswith("__m0") for op in k.ops]


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("target", targets("host", "m0plus"))
@pytest.mark.parametrize(("kernel", "op"), M0, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, target: str, seed: int) -> None:
    assert run_cases(kernel, cases(op, seed, tiles=(2, 3, 4, 8), count=2 * CASES), target) > 0


def test_left_shifts_that_wrap_have_no_short_requantization() -> None:
    one = np.array([1], np.int64)
    layer = Accumulators(-(one << 23), one << 23, one << 30, 9 * one, 0)
    assert split_requantization(layer) is None
