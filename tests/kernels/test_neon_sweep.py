"""Kernels for cores with NEON against tflite-runtime's reference kernels, in 64-bit and 32-bit Arm code."""

from __future__ import annotations

import pytest
from harness import CASES, run_cases, seeds, targets
from kernel_cases import cases

from sdk.kernels.base import Kernel
from sdk.kernels.conv2d_neon import Conv2DBytes
from sdk.kernels.depthwise_neon import Depthwise3x3Sdot
from sdk.kernels.registry import KERNELS

NEON = [
    (k, op, target)
    for k in KERNELS
    for op in k.ops
    for target in targets("a64", "a32")
    if "neon" in k.requires
    and not isinstance(k, Conv2DBytes | Depthwise3x3Sdot)  # hardly a random case fits: test_neon_shapes.py
    and not (target == "a32" and "sdot" in k.requires)
]


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize(("kernel", "op", "target"), NEON, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, target: str, seed: int) -> None:
    assert run_cases(kernel, cases(op, seed, tiles=(2, 4, 8, 16), count=4 * CASES), target) > 0
