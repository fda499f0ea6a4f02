"""All passes on models that nobody here made."""

import numpy as np
import pytest
from oracle_equality import expand_pads, outputs, random_inputs

from sdk.errors import SdkError
from sdk.oracle import best
from sdk.passes import optimize
from sdk.passes.remove_dead_channels import macs
from sdk.read.tflite import read
from sdk.write.tflite import write


def test_outputs_stay(model_path, shared):
    """Recorded outputs for recorded inputs, and the oracle's for random ones."""
    try:
        module = read(model_path)
    except SdkError as error:
        pytest.skip(f"not readable: {error}")
    result = optimize(module)
    if result.module is module:
        assert (result.notes, dict(result.channel_maps)) == ((), {})
        return
    golden = np.load(shared / "golden" / f"{model_path.stem}.npz")
    count = sum(1 for name in golden.files if name.startswith("in") and name.endswith("_0"))
    inputs = [[golden[f"in{k}_{j}"] for j in range(len(module.main.inputs))] for k in range(count)]
    expected = [[golden[f"out{k}_{j}"] for j in range(len(module.main.outputs))] for k in range(count)]
    if module.main.tensors[module.main.inputs[0]].elements < 100_000:
        random = random_inputs(module, 3, 2)
        inputs, expected = inputs + random, best().run(module.content, inputs + random)
    for k, (right, given) in enumerate(zip(expected, outputs(result.module, inputs), strict=True)):
        for x, y in zip(right, given, strict=True):
            assert np.array_equal(x, y), f"inference {k}"


def test_half_of_the_visual_wake_words_model_is_dead(shared):
    module = read(shared / "models" / "core" / "mlperf__vww_96_int8.tflite")
    result = optimize(module)
    assert macs(module.main) == 7_489_664
    assert macs(result.module.main) <= 3_729_221


@pytest.mark.parametrize("name", ["mlperf__vww_96_int8", "tflm__person_detect"])
def test_surviving_channels_are_those_of_the_original_layers(name, shared):
    module = read(shared / "models" / "core" / f"{name}.tflite")
    result = optimize(module)
    inputs = random_inputs(module, 4, 1)
    before = best().layers(module.content, inputs)
    after = best().layers(write(expand_pads(result.module)), inputs)
    compared = 0
    for op in result.module.main.ops:
        for tensor in op.outputs:
            assert np.array_equal(result.surviving(tensor, before[tensor]), after[tensor]), f"operator {op.id}"
            compared += 1
    assert compared == len(result.module.main.ops)
