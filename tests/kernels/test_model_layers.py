"""Every layer of real models, alone, against the reference kernels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import SEED, Case, run_cases
from test_sweep import STATEFUL

from sdk.ir import DType, Graph, Module, Op
from sdk.kernels.base import Kernel, Site
from sdk.kernels.registry import KERNELS
from sdk.read.tflite import read

MOST_MACS = 500_000
"""Larger layers are left to the tests that deploy whole models."""

UNREADABLE = {"helia__softmax_scale_unsupported.tflite"}
"""Models that the reader refuses."""


def _alone(graph: Graph, op: Op, label: str, rng: np.random.Generator) -> Case:
    """A layer with random inputs."""
    variable = tuple(dict.fromkeys(t for t in op.inputs if t is not None and not graph.tensors[t].is_constant))
    ids = {t for t in (*op.inputs, *op.outputs) if t is not None}
    alone = Graph("main", {t: graph.tensors[t] for t in ids}, (op.with_(id=0),), variable, op.outputs)
    inputs = []
    for t in variable:
        tensor = graph.tensors[t]
        if tensor.dtype is DType.FLOAT32:
            inputs.append(rng.normal(0, 1, tensor.shape).astype(np.float32))
        else:
            low, high = tensor.dtype.integer_range or (0, 1)
            inputs.append(rng.integers(low, high + 1, tensor.shape).astype(tensor.dtype.numpy))
    return Case(label, Module("case", label, "0" * 64, (alone,)), tuple(inputs))


def _layers(folder: Path, kernel: Kernel) -> Iterator[Case]:
    for path in sorted([*(folder / "core").glob("*.tflite"), *(folder / "more").glob("*.tflite")]):
        if path.name in UNREADABLE:
            continue
        graph = read(path).main
        for op in graph.ops:
            site = Site(graph, op)
            if op.kind not in kernel.ops or kernel.refusal(site) is not None:
                continue
            if kernel.prepare(site).macs <= MOST_MACS:
                rng = np.random.default_rng([SEED, op.id])
                yield _alone(graph, op, f"seed {SEED}: {path.name} layer {op.id}", rng)


# State is tested over several inferences, by test_stateful.py.
PORTABLE = [k for k in KERNELS if k.name.endswith("__ref") and not STATEFUL & set(k.ops)]


@pytest.mark.parametrize("kernel", PORTABLE, ids=lambda k: k.name)
def test_layers_of_real_models(kernel: Kernel, shared: Path) -> None:
    cases = list(_layers(shared / "models", kernel))
    if not cases:
        pytest.skip(f"no layer of these models needs {kernel.name}")
    assert run_cases(kernel, cases) == len(cases)
