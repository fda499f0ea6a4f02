"""An ONNX model on a device: its bytes are those of tflite-runtime, its agreement with onnxruntime is told."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnx_nets import OnnxNet, quantized
from test_onnx import SHAPE, attention, gates, residual

from sdk import board as boards
from sdk.cli import main
from sdk.kernels.select import Optimize
from sdk.measure.evaluate import load_labelled
from sdk.pipeline import DeployOptions, deploy, evaluate


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


def test_accuracy_in_onnxruntime_stands_beside_the_devices(tmp_path):
    net = OnnxNet(SHAPE, 5)
    path = quantized(net, residual(net), tmp_path)
    data = tmp_path / "set.npz"
    np.savez(data, x=np.stack(net.samples(12)).reshape(12, *SHAPE[1:]), y=net.rng.integers(0, 10, 12))
    found = evaluate(
        path,
        boards.load("host"),
        Optimize.BALANCED,
        DeployOptions(emulate=False),
        lambda graph: load_labelled(data, graph),
        _Silent(),
    )
    assert found.outputs_different == 0
    name, metrics = found.original
    assert name.startswith("onnxruntime")
    assert metrics.samples == 12
    assert abs(metrics.accuracy - found.reference.accuracy) <= 3 / 12


def test_inspect_takes_onnx(tmp_path, capsys):
    net = OnnxNet(SHAPE, 5)
    assert main(["inspect", str(quantized(net, residual(net), tmp_path)), "--board", "host"]) == 0
    printed = capsys.readouterr().out
    assert "DEPTHWISE" in printed
    assert "imported from ONNX" in printed
