"""Oracles against recorded outputs, against each other, and against models that break them."""

import csv
import importlib.metadata
import struct
from pathlib import Path

import numpy as np
import pytest
from make_corpus import constant, model, tensor

from sdk.errors import ModelError, ToolError
from sdk.ir import DType, Quant
from sdk.ir.attrs import ReducerAttrs
from sdk.oracle import available, best, best_for
from sdk.oracle.oracle import ChildOracle, with_all_outputs
from sdk.read.flatbuffer import decode
from sdk.read.schema import IDENTIFIER
from sdk.read.tflite import read
from sdk.write.tflite import write

LITERT, MICRO = "tflite-runtime", "tflite-micro"
CORE = [
    "mlperf__kws_ref_model",
    "mlperf__model_ToyCar_quant_fullint_micro_intio",
    "mlperf__pretrainedResnet_quant",
    "mlperf__str_ww_ref_model",
    "mlperf__vww_96_int8",
    "tflm__hello_world_int8",
    "tflm__micro_speech_quantized",
    "tflm__person_detect",
]
STATEFUL = ["mww__vad", "mww__okay_nabu_0689ab", "tflm__keyword_scrambled"]
"""Models whose outputs depend on the inferences before."""
IN_PLACE = {"mlperf__pretrainedResnet_quant": {24, 28, 32}}
"""Tensors of which the recording holds the ADD's output instead: it ran in place."""


def oracle(package):
    for found in available():
        if found.name.startswith(package):
            return found
    pytest.skip(f"{package} is not installed")


def model_path(shared: Path, name: str) -> Path:
    (path,) = shared.glob(f"models/*/{name}.tflite")
    return path


def recorded(shared, name):
    """Inputs and outputs of the recorded sequence of inferences."""
    with np.load(shared / "golden" / f"{name}.npz") as archive:
        arrays = dict(archive)
    inferences = range(sum(key.startswith("in") and key.endswith("_0") for key in arrays))
    inputs, outputs = (
        [[array for key, array in arrays.items() if key.startswith(f"{prefix}{k}_")] for k in inferences]
        for prefix in ("in", "out")
    )
    return inputs, outputs


def assert_equal(found, expected, what):
    assert len(found) == len(expected)
    for k, (outputs, references) in enumerate(zip(found, expected, strict=True)):
        assert len(outputs) == len(references)
        for j, (output, reference) in enumerate(zip(outputs, references, strict=True)):
            assert output.dtype == reference.dtype, what
            different = np.count_nonzero(output.reshape(-1) != reference.reshape(-1))
            assert different == 0, f"{what}: output {j} of inference {k} has {different} different elements"


@pytest.mark.parametrize("name", CORE + STATEFUL)
def test_litert_repeats_the_recorded_outputs(shared, name):
    inputs, outputs = recorded(shared, name)
    assert_equal(oracle(LITERT).run(read(model_path(shared, name)).content, inputs), outputs, name)


@pytest.mark.parametrize("name", CORE + STATEFUL)
def test_micro_equals_litert_where_known_to_be_exact(shared, name):
    with (shared / "models" / "SOURCES.csv").open(encoding="utf-8", newline="") as file:
        known = {Path(row["file"]).stem: row["tflm_vs_reference"] for row in csv.DictReader(file)}
    assert known[name] == "exact"
    inputs, outputs = recorded(shared, name)
    assert_equal(oracle(MICRO).run(read(model_path(shared, name)).content, inputs), outputs, name)


@pytest.mark.parametrize("name", [n for n in CORE if n != "tflm__hello_world_int8"])
def test_layers_equal_the_recorded_tensors(shared, name):
    inputs, _ = recorded(shared, name)
    layers = oracle(LITERT).layers(read(model_path(shared, name)).content, inputs[:1])
    with np.load(shared / "golden_layers" / f"{name}.npz") as archive:
        expected = {int(f.rpartition("_t")[2]): archive[f] for f in archive.files if f.startswith("op")}
    assert layers.keys() == expected.keys()
    different = {t for t, array in layers.items() if array.tobytes() != expected[t].tobytes()}
    assert different == IN_PLACE.get(name, set())


@pytest.mark.parametrize("name", [*IN_PLACE, "mltk__keyword_spotting_on_off_v3", "mww__okay_nabu_0689ab"])
def test_layers_are_whole_where_operators_run_in_place(shared, name):
    """Both interpreters give the same tensors, also those that ADD overwrites when they are not outputs."""
    content = read(model_path(shared, name)).content
    inputs, _ = recorded(shared, name)
    litert, micro = (oracle(package).layers(content, inputs) for package in (LITERT, MICRO))
    assert litert.keys() == micro.keys()
    assert [t for t in litert if litert[t].tobytes() != micro[t].tobytes()] == []


def digit(digits):
    content = (digits / "digits.tflite").read_bytes()
    with np.load(digits / "test.npz") as archive:
        return content, [[(archive["x"][:1] * (255 / 16) - 128).round().astype(np.int8)]]


@pytest.fixture(params=available(), ids=lambda o: o.name.split()[0])
def any_oracle(request):
    return request.param


def test_the_last_layer_is_the_output(any_oracle, digits):
    content, inputs = digit(digits)
    (outputs,) = any_oracle.run(content, inputs)
    last = list(any_oracle.layers(content, inputs).values())[-1]
    assert last.tobytes() == outputs[0].tobytes()


def test_all_outputs_of_all_operators_are_exposed_in_order(digits):
    content, _ = digit(digits)
    graph = decode(content, "Model", IDENTIFIER, "digits")["subgraphs"][0]
    exposed, tensors = with_all_outputs(content)
    after = decode(exposed, "Model", IDENTIFIER, "digits")["subgraphs"][0]
    assert tensors == [int(op["outputs"][0]) for op in graph["operators"]]
    assert after["outputs"].tolist() == tensors
    at = graph.offset("outputs")
    assert exposed[:at] == content[:at] and exposed[at + 4 : len(content)] == content[at + 4 :]


def test_no_inference_gives_no_output(any_oracle, digits):
    content, _ = digit(digits)
    assert any_oracle.run(content, []) == []


@pytest.mark.parametrize("content", [b"", b"no model at all" * 9], ids=["empty", "foreign"])
def test_what_is_no_model_is_refused(any_oracle, content):
    with pytest.raises(ModelError, match="can't run the model") as error:
        any_oracle.run(content, [])
    assert "\n" not in str(error.value) and any_oracle.name in str(error.value)


@pytest.mark.parametrize(
    "inputs",
    [[], [np.zeros((1, 8, 8, 2), np.int8)], [np.zeros((1, 8, 8, 1), np.float32)]],
    ids=["count", "shape", "type"],
)
def test_inputs_that_do_not_fit_are_refused(any_oracle, digits, inputs):
    content, _ = digit(digits)
    with pytest.raises(ModelError):
        any_oracle.run(content, [inputs])


def with_input_index(content, operator, position, index):
    """A model one of whose operators reads another tensor."""
    at = decode(content, "Model", IDENTIFIER, "digits")["subgraphs"][0]["operators"][operator].offset("inputs")
    data = bytearray(content)
    at += struct.unpack_from("<I", data, at)[0]
    struct.pack_into("<i", data, at + 4 + 4 * position, index)
    return bytes(data)


def test_a_crash_of_the_interpreter_is_an_error_of_ours(digits):
    content, inputs = digit(digits)
    with pytest.raises(ToolError, match="killed by SIGSEGV") as error:
        oracle(MICRO).run(with_input_index(content, 2, 0, 0x7FF_FFFF), inputs)
    assert "\n" not in str(error.value)


def test_a_hang_ends_after_the_time_limit(digits):
    content, inputs = digit(digits)
    found = best()
    # No interpreter starts within a millisecond.
    hasty = ChildOracle(found.name.split()[0], found.name, time_limit_s=0.001)
    with pytest.raises(ToolError, match=r"took longer than 0\.001 s"):
        hasty.run(content, inputs)


def test_litert_is_preferred_and_the_name_tells_what_ran(monkeypatch):
    installed = {LITERT: "2.14.0", MICRO: "0.1"}

    def version(package):
        if package not in installed:
            raise importlib.metadata.PackageNotFoundError(package)
        return installed[package]

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert best().name == "tflite-runtime 2.14.0 (BUILTIN_REF)"
    del installed[LITERT]
    assert best().name == "tflite-micro 0.1, not LiteRT"
    del installed[MICRO]
    with pytest.raises(ToolError, match="none of tflite-runtime, tflite-micro is installed"):
        best()


@pytest.mark.parametrize(
    ("kind", "dtype", "package"),
    [("SUM", DType.INT8, MICRO), ("SUM", DType.UINT8, LITERT), ("MEAN", DType.INT8, LITERT)],
)
def test_the_oracle_is_the_one_that_has_the_operators_right(kind, dtype, package):
    oracle(package)
    source = tensor((1, 4), dtype, quant=Quant((0.5,), (3,)))
    output = tensor((1, 1), dtype, quant=Quant((1.0,), (5,)))
    content = write(model(kind, ReducerAttrs(True), [source, constant([1])], output, version=2))
    found = best_for(content)
    assert found.name.startswith(package)
    outputs = found.run(content, [[np.array([[1, 9, 20, 40]], dtype.numpy)]])
    assert outputs[0][0].tolist() == [[34 if kind == "SUM" else 12]]
