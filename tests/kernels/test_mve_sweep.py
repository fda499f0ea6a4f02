"""Kernels for cores with MVE against tflite-runtime's reference kernels: C twins, then the core's code."""

from __future__ import annotations

import pytest
from harness import CASES, run_cases, seeds, targets
from kernel_cases import cases

from sdk.kernels.base import Kernel
from sdk.kernels.registry import KERNELS

MVE = [(k, op) for k in KERNELS if k.name.endswith("__mve") for op in k.ops]


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize("target", targets("host", "m55"))
@pytest.mark.parametrize(("kernel", "op"), MVE, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, target: str, seed: int) -> None:
    # Most random shapes miss some kernel's constraints.
    assert run_cases(kernel, cases(op, seed, tiles=(2, 4, 8, 16), count=4 * CASES), target) > 0
