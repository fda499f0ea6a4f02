"""Files made to cost much: refused, or read within the limits that users are promised."""

import resource
import subprocess
import sys

import numpy as np
import pytest
from make_corpus import ROOT

from sdk.read.schema import IDENTIFIER, OPERATORS, TENSOR_TYPES
from sdk.write.flatbuffer import encode

CHILD = """
import resource, sys
from sdk.errors import SdkError
from sdk.read.tflite import read
try:
    read(sys.argv[1])
    print("read")
except SdkError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
MEMORY_MB = 512
CPU_S = 20
"""Far above what is needed, to end a loop."""

QUANTIZATION = {"scale": [0.5], "zero_point": [0]}
INT8, INT2, BOOL = (TENSOR_TYPES.index(name) for name in ("INT8", "INT2", "BOOL"))


def model(tensors, operators=(), kind="RELU", buffers=(), **graph):
    code = OPERATORS.index(kind)
    main = {"tensors": tensors, "operators": operators, "inputs": [0], "outputs": [len(tensors) - 1], **graph}
    return encode(
        {"version": 3, "operator_codes": [{"builtin_code": code}], "subgraphs": [main], "buffers": [{}, *buffers]},
        "Model",
        IDENTIFIER,
    )


def tensor(i, shape=(4,), type_=INT8, **fields):
    return {"shape": shape, "type": type_, "name": f"t{i}", **fields}


def chain():
    layers = [{"inputs": [i], "outputs": [i + 1]} for i in range(21_000)]
    return model([tensor(i, quantization=QUANTIZATION) for i in range(21_001)], layers)


def many_channels():
    count = 500_000
    quantization = {"scale": np.ones(count, np.float32), "zero_point": np.zeros(count, np.int64)}
    return model([tensor(i, (count,), quantization=quantization) for i in (0, 1)], [{"inputs": [0], "outputs": [1]}])


def shared_packed_buffer():
    buffer = {"data": np.zeros(14_000_000, np.uint8)}
    tensors = [tensor(i, (56_000_000 - i % 4, *(1,) * (i % 5)), INT2, buffer=1) for i in range(20_000)]
    return model([tensor(0), *tensors], [], buffers=[buffer])


def shared_bools():
    tensors = [tensor(i, (12_000_000,), BOOL, buffer=1) for i in range(20_000)]
    return model([tensor(0), *tensors], [], buffers=[{"data": np.zeros(12_000_000, np.uint8)}])


def long_names():
    names = [tensor(i, name="same" * 50) for i in range(60_000)]
    return model(names)


def custom_operators():
    data = {"version": 3, "buffers": [{}], "operator_codes": [
        {"builtin_code": OPERATORS.index("CUSTOM"), "custom_code": "x" * 8_000_000}]}  # fmt: skip
    graph = {"tensors": [{"name": "n" * 4_000_000}], "operators": [{"outputs": [0]}] * 60_000, "outputs": [0]}
    return encode({**data, "subgraphs": [graph]}, "Model", IDENTIFIER)


def many_operands():
    tensors = [tensor(0, (1, 1)), *(tensor(i, (1, 1024)) for i in range(1, 301))]
    layers = [{"inputs": [0] * 1024, "outputs": [i]} for i in range(1, 301)]
    return model(tensors, layers, kind="ADD_N")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (chain, "read"),
        (many_channels, "read"),
        (shared_packed_buffer, "never computed"),
        (shared_bools, "never computed"),
        (long_names, "never computed"),
        (custom_operators, "and 59980 more"),
        (many_operands, "more than 262144 inputs and outputs"),
    ],
)
def test_costly_files(make, says, tmp_path):
    path = tmp_path / "costly.tflite"
    path.write_bytes(make())
    assert path.stat().st_size <= 16 * 2**20 + 2**17
    done = subprocess.run(
        [sys.executable, "-c", CHILD, path], cwd=ROOT, capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S)),
    )  # fmt: skip
    *said, peak = done.stdout.splitlines()
    assert says in said[0] and len(said) == 1
    assert int(peak) < MEMORY_MB
