"""Files that the writer makes mean what the module says, to our reader and to the runtime."""

from dataclasses import replace

import numpy as np
import pytest
from make_corpus import conv, model, tensor

from sdk.errors import ModelError
from sdk.ir import attrs
from sdk.ir.ops import OPS
from sdk.ir.text import dump
from sdk.read.flatbuffer import decode
from sdk.read.options import OPTIONS, decode_options
from sdk.read.schema import IDENTIFIER
from sdk.read.tflite import read, read_bytes
from sdk.write.tflite import write

REFUSED = {"helia__softmax_scale_unsupported"}


def outputs(runtime, content, seed):
    """Outputs of two invokes on seeded inputs."""
    kind = runtime.OpResolverType.BUILTIN_REF
    interpreter = runtime.Interpreter(model_content=content, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    rng = np.random.default_rng(seed)
    results = []
    for _ in range(2):
        for details in interpreter.get_input_details():
            values = rng.integers(0, 256, details["shape"]).astype(np.uint8).astype(details["dtype"])
            interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
        results += [interpreter.get_tensor(details["index"]) for details in interpreter.get_output_details()]
    return results


def test_real_models_survive_a_round_trip(model_path):
    if model_path.stem in REFUSED:
        with pytest.raises(ModelError, match="is never computed"):
            read(model_path)
        return
    module = read(model_path)
    assert dump(read_bytes(write(module), str(model_path))) == dump(module)


def test_the_runtime_computes_the_same_from_the_rewritten_file(model_path):
    runtime = pytest.importorskip("tflite_runtime.interpreter")
    if model_path.stem in REFUSED or "transpose_conv" in model_path.stem:
        pytest.skip("refused, or too slow in the reference kernels")
    module = read(model_path)
    expected = outputs(runtime, module.content, seed=1)
    found = outputs(runtime, write(module), seed=1)
    assert len(expected) == len(found)
    for a, b in zip(expected, found, strict=True):
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes()


def test_a_mended_file_gives_the_recorded_outputs(shared):
    """The recorded outputs of person_detect were made after setting its invalid dimensions to 0."""
    runtime = pytest.importorskip("tflite_runtime.interpreter")
    module = read(shared / "models" / "core" / "tflm__person_detect.tflite")
    assert len(module.repairs) == 14
    golden = np.load(shared / "golden" / "tflm__person_detect.npz")
    kind = runtime.OpResolverType.BUILTIN_REF
    interpreter = runtime.Interpreter(model_content=module.content, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], golden["in0_0"])
    interpreter.invoke()
    assert np.array_equal(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]), golden["out0_0"])


@pytest.mark.parametrize("kind", OPS)
def test_attributes_of_every_operator_survive(kind):
    """Every attribute gets a value that is not its default."""
    spec = OPS[kind]
    fields = {}
    for name, hint in spec.attrs.__annotations__.items():
        fields[name] = {
            "Padding": attrs.Padding.VALID, "Activation": attrs.Activation.RELU6, "int": 3, "float": 0.5, "str": "näme",
            "MirrorPadMode": attrs.MirrorPadMode.SYMMETRIC, "tuple[int, ...]": (2, -1), "DType": attrs.DType.INT64,
            "bool": name != "pot_scale_int16", "Pads | None": None,
        }[hint]  # fmt: skip
    given = spec.attrs(**fields)
    if kind in ("MUL", "DIV"):  # Their tables do not have it.
        given = replace(given, pot_scale_int16=True)
    module = model(kind, given, [tensor((2,))] * spec.inputs[0], *[tensor((2,))] * max(spec.outputs[0], 1))
    operator = decode(write(module), "Model", IDENTIFIER, "m")["subgraphs"][0]["operators"][0]
    assert decode_options(kind, operator["builtin_options"]) == given
    assert (operator["builtin_options"] is None) == (OPTIONS[kind] is None)


def test_gaps_between_ids_become_placeholders():
    module = conv()
    tensors = dict(module.main.tensors)
    tensors[7] = replace(tensors.pop(3), id=7)
    op = module.main.ops[0].with_(outputs=(7,))
    module = replace(module, graphs=(replace(module.main, tensors=tensors, ops=(op,), outputs=(7,)),))
    assert dump(read_bytes(write(module), "m.tflite")) == dump(module)


def test_equal_constants_share_a_buffer():
    module = conv()
    tensors = dict(module.main.tensors)
    tensors[4] = replace(tensors[1], id=4, name="again")
    second = module.main.ops[0].with_(id=1, inputs=(0, 4, 2), outputs=(5,))
    tensors[5] = replace(tensors[3], id=5, name="t5")
    graph = replace(module.main, tensors=tensors, ops=(*module.main.ops, second), outputs=(3, 5))
    assert len(write(replace(module, graphs=(graph,)))) < len(write(module)) + 500
    read_back = read_bytes(write(replace(module, graphs=(graph,))), "m.tflite").main
    assert read_back.tensors[1].data.base is read_back.tensors[4].data.base


def test_attributes_of_another_operator_are_refused():
    module = conv()
    wrong = module.main.ops[0].with_(attrs=attrs.SoftmaxAttrs())
    with pytest.raises(ModelError, match="CONV_2D has SoftmaxAttrs"):
        write(replace(module, graphs=(replace(module.main, ops=(wrong,)),)))


def test_attributes_that_no_file_has_are_refused():
    module = conv(pads=(1, 1, 0, 0))
    with pytest.raises(ModelError, match="a file cannot tell pads"):
        write(module)
