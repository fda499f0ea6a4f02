"""Compressed models: accuracy on data that had no part in it, files, errors."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sdk.compress.compress import Compressor, Sparsity, accuracy
from sdk.encode import smallest
from sdk.errors import InputError, ModelError, UnsupportedError
from sdk.ir import Module
from sdk.oracle import best
from sdk.oracle.reference import NumpyOracle
from sdk.read import sdkmodel
from sdk.read.tflite import read, read_bytes


@pytest.fixture(scope="module")
def kws(shared: Path) -> tuple[Module, np.ndarray, np.ndarray, np.ndarray]:
    """Model, calibration samples, test samples, their labels."""
    module = read(shared / "models/core/mlperf__kws_ref_model.tflite")
    with np.load(shared / "data/mlperf_kws01_int8.npz") as data:
        return module, data["x"][:100], data["x"][100:], data["y"][100:].astype(np.int64)


def all_layers(compressor: Compressor, kind: str) -> dict[str, str]:
    return {layer.name: kind for layer in compressor.layers}


KWS_GOALS = [("4", 0.89, 11_008), ("shift3", 0.88, 8_500), ("2", 0.8, 5_504)]


@pytest.mark.parametrize(("kind", "least", "most_bytes"), KWS_GOALS)
def test_keyword_spotting_keeps_its_accuracy(kind: str, least: float, most_bytes: int, kws: tuple) -> None:
    module, calibration, test, labels = kws
    compressor = Compressor(module, calibration)
    result = compressor.compress(all_layers(compressor, kind))
    assert result.nbytes <= most_bytes
    assert accuracy(result.module, test, labels) >= least


def test_both_references_agree_on_compressed_models(kws: tuple) -> None:
    module, calibration, test, _ = kws
    compressor = Compressor(module, calibration)
    kinds = ("ternary", "2", "shift", "exp", "3", "4", "5", "6", "shift3", "keep")
    mixed = dict(zip((layer.name for layer in compressor.layers), kinds, strict=True))
    result = compressor.compress(mixed)
    inputs = [[sample[None]] for sample in test[:5]]
    ours, theirs = NumpyOracle().run(result.module.content, inputs), best().run(result.module.content, inputs)
    assert [a[0].tobytes() for a in ours] == [b[0].tobytes() for b in theirs]
    by_kind = {layer.kind: layer.encoding for layer in result.layers}
    assert "ternary" in by_kind["ternary"] or "binary" in by_kind["ternary"], by_kind
    assert (by_kind["2"], by_kind["4"]) == ("2-bit", "4-bit")
    assert "shift" in by_kind["shift"] and "palette" in by_kind["exp"], by_kind


def test_pruned_layers_are_stored_sparse(kws: tuple) -> None:
    module, calibration, _, _ = kws
    compressor = Compressor(module, calibration)
    result = compressor.compress({"conv2": "6"}, sparsity=Sparsity(0.7))
    layer = next(layer for layer in result.layers if layer.name == "conv2")
    assert layer.encoding.startswith("sparse")
    assert layer.bytes_after < 0.4 * layer.bytes_before
    weights = result.module.main.input(compressor.layers[2].op, 1).data
    assert weights is not None and np.mean(weights == 0) >= 0.68


def test_without_data_weights_are_clipped_and_rounded(kws: tuple) -> None:
    module, _, test, labels = kws
    compressor = Compressor(module)
    result = compressor.compress(all_layers(compressor, "6"))
    assert {layer.method for layer in result.layers} == {"clip"}
    assert accuracy(result.module, test, labels) > 0.87


def test_bad_calibration_data_and_arguments_are_refused(kws: tuple) -> None:
    module, calibration, _, _ = kws
    with pytest.raises(InputError, match="are 5 samples; give at least 20"):
        Compressor(module, calibration[:5])
    with pytest.raises(InputError, match="one and the same sample"):
        Compressor(module, np.repeat(calibration[:1], 30, axis=0))
    assert any("scaled" in w for w in Compressor(module, np.sign(calibration).astype(np.int8)).warnings)
    assert any("only 30" in w for w in Compressor(module, calibration[:30]).warnings)
    without = Compressor(module)
    with pytest.raises(InputError, match="conv77: is no layer"):
        without.compress({"conv77": "4"})
    with pytest.raises(InputError, match="--rounding feedback: needs calibration data"):
        without.compress({"conv0": "4"}, "feedback")
    with pytest.raises(InputError, match="makes ternary weights"):
        without.compress({"conv0": "4"}, "median")


def test_models_without_int8_layers_are_refused(shared: Path) -> None:
    with pytest.raises(UnsupportedError, match="no int8 layer"):
        Compressor(read(shared / "models/float/mlperf__kws_ref_model_float32.tflite"))


def test_files_are_read_back_and_damage_is_noticed(kws: tuple, tmp_path: Path) -> None:
    module = kws[0]
    packed = sdkmodel.pack(module.content, {"source": "kws"})
    assert packed == sdkmodel.pack(module.content, {"source": "kws"})
    path = tmp_path / "small.sdkmodel"
    path.write_bytes(packed)
    assert (read(path).content, read(path).name) == (module.content, "small")
    assert sdkmodel.unpack(packed, "m").manifest["source"] == "kws"
    for damaged in (packed[:-40], packed[:100] + b"\xff" * 60 + packed[160:], b"PK\x03\x04"):
        with pytest.raises(ModelError, match="make it again"):
            sdkmodel.unpack(damaged, "m")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, "a zip without model.tflite"),
        ({"model.tflite": b"x", "manifest.json": b"[]"}, "schema None"),
        ({"model.tflite": b"x", "manifest.json": b'{"schema": 2}'}, "schema 2 instead of 1"),
        ({"model.tflite": b"x", "manifest.json": b'{"schema": 1, "model_sha256": "0"}'}, "not the one"),
        ({"model.tflite": b"x", "manifest.json": b"{"}, "is damaged"),
    ],
)
def test_other_zips_are_refused(files: dict[str, bytes], problem: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("other", b"")
        for name, data in files.items():
            archive.writestr(name, data)
    with pytest.raises(ModelError, match=problem):
        read_bytes(sdkmodel.content(stream.getvalue(), "m.sdkmodel"), "m.sdkmodel")


def test_structure_that_is_there_already_is_found(kws: tuple) -> None:
    module, calibration, _, _ = kws
    compressor = Compressor(module, calibration)
    found = compressor.compress(all_layers(compressor, "ternary")).module
    weights = [found.main.input(layer.op, 1).data for layer in compressor.layers]
    encodings = [smallest(w) for w in weights if w is not None]
    assert all(e is not None and ("ternary" in e.name or "binary" in e.name) for e in encodings), encodings
