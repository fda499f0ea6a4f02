"""Every portable kernel against tflite-runtime's reference kernels."""

from __future__ import annotations

import pytest
from harness import CASES, run_cases, seeds
from kernel_cases import MAKERS, TILES, generate
from operator_cases import OPERATORS
from typed_cases import TYPED

from sdk.kernels.base import Kernel
from sdk.kernels.registry import KERNELS

STATEFUL = {"SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"}
"""These need several inferences: see test_stateful.py."""
CALLING = {"IF", "WHILE"}
"""These need several graphs: see test_control.py."""
REFERENCE = [(k, op) for k in KERNELS if k.name.endswith("__ref") for op in k.ops if op not in STATEFUL | CALLING]


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize(("kernel", "op"), REFERENCE, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, seed: int) -> None:
    make = TYPED.get((kernel.name, op)) or OPERATORS.get((kernel.name, op)) or MAKERS[op]
    assert run_cases(kernel, generate(make, seed, CASES, TILES)) > 0
