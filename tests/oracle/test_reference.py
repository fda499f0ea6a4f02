"""The numpy reference equals tflite-runtime's reference kernels, layer by layer, on real models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdk.oracle import best
from sdk.oracle.reference import NumpyOracle, unsupported
from sdk.read.tflite import read

MODELS = (
    "core/mlperf__kws_ref_model",
    "core/mlperf__pretrainedResnet_quant",
    "core/mlperf__model_ToyCar_quant_fullint_micro_intio",
    "more/tinymaix__mnist_resnet_q",
    "more/tinymaix__mnist_arduino_q",
    "more/helia__tiny_cnn",
)


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_equals_the_interpreter(name: str, shared: Path) -> None:
    module = read(shared / "models" / f"{name}.tflite")
    assert unsupported(module.main) is None
    rng = np.random.default_rng(7)
    shapes = [module.main.tensors[t].shape for t in module.main.inputs]
    inputs = [[rng.integers(-128, 128, shape).astype(np.int8) for shape in shapes] for _ in range(3)]
    ours, theirs = NumpyOracle(), best()
    for got, want in zip(ours.run(module.content, inputs), theirs.run(module.content, inputs), strict=True):
        assert [g.tobytes() for g in got] == [w.tobytes() for w in want]
    expected = theirs.layers(module.content, inputs)
    found = ours.layers(module.content, inputs)
    different = [t for t in expected if not np.array_equal(found[t], expected[t].reshape(found[t].shape))]
    assert different == []
