"""An ONNX model on a device: its bytes are those of tflite-runtime, its agreement with onnxruntime is told."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_nets import OnnxNet, quantized
from test_onnx import SHAPE, attention, gates, residual

from sdk import board as boards
from sdk.kernels.select import Optimize
from sdk.pipeline import DeployOptions, deploy


class _Silent:
    def stage(self, text: str) -> None: ...

    def advance(self, done: int, total: int) -> None: ...

    def log(self, text: str) -> None: ...


@pytest.mark.parametrize("make", [residual, gates, attention], ids=lambda f: f.__name__)
def test_the_devices_bytes_are_proven_and_onnxruntime_is_told_beside(make, tmp_path):
    net = OnnxNet(SHAPE, 4)
    path = quantized(net, make(net), tmp_path)
    inputs = tmp_path / "inputs.npy"
    np.save(inputs, np.stack(net.samples(3)))
    (record,) = deploy(
        [path], boards.load("host"), Optimize.BALANCED, DeployOptions(emulate=False, input=inputs), _Silent()
    )
    assert record.verification.verified
    assert record.model_sha256 != "0" * 64
    assert any(note.startswith("onnxruntime") and "outputs of 3 inferences are equal" in note for note in record.notes)
