"""Kernels with packed weights against tflite-runtime's reference kernels, for weights of every encoding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from harness import CASES, Case, run_cases, seeds, targets
from kernel_cases import cases, generate
from test_dsp_sweep import depthwise_3x3

from sdk.encode import smallest
from sdk.ir import Graph
from sdk.kernels.base import Kernel
from sdk.kernels.registry import KERNELS
from sdk.kernels.unpacked import Unpacked

PACKED = [(k, op) for k in KERNELS if isinstance(k, Unpacked) for op in k.ops]
TARGETS = {"ref": ("host", "m0plus"), "m0": ("host", "m0plus"), "dsp": ("host", "m4"), "mve": ("host", "m55")}
RUNS = [(k, op, t) for k, op in PACKED for t in targets(*TARGETS[k.name.rsplit("__")[-1]])]

LEVELS = (
    range(-1, 2), range(-2, 2), range(-4, 4), range(-7, 8), range(-16, 16), range(-31, 32),
    (-64, -16, -4, -2, -1, 1, 2, 4, 16, 64), (-100, 0, 100), (-128, 127), (0, 5, 90), tuple(range(-100, 101, 4)),
)  # fmt: skip


def few_levels(case: Case, index: int, seed: int) -> Case:
    """The case with other weights; every fourth one is sparse."""
    rng = np.random.default_rng([seed, index])
    graph = case.module.main
    weights = graph.input(graph.ops[0], 1)
    levels = np.array(LEVELS[index % len(LEVELS)], np.int8)
    data = rng.choice(levels, weights.shape).astype(np.int8)
    if index % 4 == 3:
        data[rng.random(weights.shape) < 0.8] = 0
    tensors = {**graph.tensors, weights.id: replace(weights, data=data)}
    changed = Graph(graph.name, tensors, graph.ops, graph.inputs, graph.outputs)
    module = replace(case.module, graphs=(changed,))
    return Case(f"{case.label}, levels {levels.tolist()}", module, case.inputs)


def few_level_cases(op: str, seed: int, name: str = "") -> Iterator[Case]:
    drawn = cases(op, seed, tiles=(2, 3, 4, 8), count=2 * CASES)
    if "3x3" in name:
        drawn = generate(depthwise_3x3, seed, 2 * CASES, ())
    return (few_levels(case, index, seed) for index, case in enumerate(drawn))


@pytest.mark.parametrize("seed", seeds())
@pytest.mark.parametrize(("kernel", "op", "target"), RUNS, ids=lambda v: v if isinstance(v, str) else v.name)
def test_equals_the_reference_interpreter(kernel: Kernel, op: str, target: str, seed: int) -> None:
    assert run_cases(kernel, few_level_cases(op, seed, kernel.name), target) > 0


def test_every_encoding_is_tried() -> None:
    drawn = [case.site.input(1).data for case in few_level_cases("CONV_2D", seeds()[0])]
    names = {found.name for weights in drawn if weights is not None and (found := smallest(weights)) is not None}
    assert {"ternary", "2-bit", "4-bit", "5-bit", "6-bit"} <= names, names
    assert any("shift" in name for name in names) and any("palette" in name for name in names), names
    assert any(name.startswith("sparse") for name in names), names
