from dataclasses import replace

import numpy as np
import pytest
from make_corpus import constant, conv, in_graph, model, put, spoil, tensor

from sdk.errors import InputError, ModelError, UnsupportedError
from sdk.ir import DType, Module, attrs
from sdk.read.schema import OPERATORS, TENSOR_TYPES
from sdk.read.tflite import read, read_bytes, unpack
from sdk.write.tflite import pack, write


def test_reads_what_the_file_says():
    module = read_bytes(write(conv()), "a/kws.tflite")
    graph = module.main
    (op,) = graph.ops
    assert (module.name, module.path, len(module.sha256)) == ("kws", "a/kws.tflite", 64)
    assert (op.kind, op.version, op.inputs, op.outputs) == ("CONV_2D", 3, (0, 1, 2), (3,))
    assert op.attrs == attrs.Conv2DAttrs(attrs.Padding.SAME, 1, 1)
    weights = graph.tensors[1]
    assert weights.dtype is DType.INT8 and weights.shape == (3, 2, 2, 2)
    assert weights.quant.axis == 0 and weights.quant.scales == (0.5, 0.25, 0.125)
    assert weights.data.tolist() == np.arange(24).reshape(3, 2, 2, 2).tolist()
    assert not weights.data.flags.writeable
    assert graph.tensors[0].data is None and graph.inputs == (0,) and graph.outputs == (3,)
    assert module.content == write(conv()) and module.repairs == ()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("dtype", [DType.INT4, DType.INT2, DType.UINT4])
def test_sub_byte_elements(dtype, seed):
    low, high = dtype.integer_range
    values = np.random.default_rng(seed).integers(low, high + 1, 5 + seed).astype(dtype.numpy)
    packed = np.frombuffer(pack(values, dtype), np.uint8)
    assert packed.size == -(-values.size * dtype.bits // 8)
    assert unpack(packed, dtype)[: values.size].tolist() == values.tolist(), f"seed {seed}"


def test_the_low_nibble_comes_first():
    assert unpack(np.array([0x81], np.uint8), DType.INT4).tolist() == [1, -8]
    assert unpack(np.array([0b11_10_01_00], np.uint8), DType.INT2).tolist() == [0, 1, -2, -1]
    assert unpack(np.array([0xF0], np.uint8), DType.UINT4).tolist() == [0, 15]


@pytest.mark.parametrize("dtype", [DType.INT4, DType.INT2])
def test_sub_byte_weights(dtype):
    low, high = dtype.integer_range
    values = np.resize(np.arange(low, high + 1), 15).reshape(3, 5)
    weights = replace(constant(values, dtype), quant=tensor(()).quant)
    module = model("FULLY_CONNECTED", attrs.FullyConnectedAttrs(), [tensor((1, 5)), weights], tensor((1, 3)))
    assert read_bytes(write(module), "m.tflite").main.tensors[1].data.tolist() == values.tolist()


def test_all_that_is_unsupported_is_listed_at_once():
    def change(plain):
        plain["operator_codes"] = [
            {"builtin_code": OPERATORS.index("CUSTOM"), "custom_code": "Mine", "version": 2},
            {"builtin_code": OPERATORS.index("CONV_2D"), "version": 77},
        ]
        graph = plain["subgraphs"][0]
        graph["operators"].append({**graph["operators"][0], "opcode_index": 1, "inputs": [0, 1], "outputs": [2]})
        graph["tensors"][0]["type"] = TENSOR_TYPES.index("BFLOAT16")
        graph["tensors"][3]["shape"] = [1, -1, 4, 3]

    with pytest.raises(UnsupportedError) as caught:
        read_bytes(spoil(change), "m.tflite")
    said = str(caught.value)
    assert 'layer 0 CUSTOM "Mine" v2 (tensor "t3")' in said
    assert "layer 1 CONV_2D v77" in said and "versions up to 8 are known" in said
    assert 'tensor 0 "t0" has type BFLOAT16' in said
    assert 'tensor 3 "t3" has dynamic shape [1, -1, 4, 3]' in said


def test_all_that_is_malformed_is_listed_at_once():
    def change(plain):
        tensors = plain["subgraphs"][0]["tensors"]
        tensors[0]["shape"] = [-7]
        tensors[1]["buffer"] = 900
        tensors[3]["quantization"]["scale"] = [0.0]

    with pytest.raises(ModelError) as caught:
        read_bytes(spoil(change), "m.tflite")
    said = str(caught.value)
    for path in ("tensors[0].shape", "tensors[1].buffer", "tensors[3].quantization.scale"):
        assert f"subgraphs[0].{path}: " in said
    assert said.count("offset 0x") == 3


def test_an_open_batch_is_fixed_by_the_shape():
    module = read_bytes(in_graph([-1, 4, 4, 2], "tensors", 0, "shape_signature"), "m.tflite")
    assert module.main.tensors[0].shape == (1, 4, 4, 2)


def test_tensors_that_nothing_uses_are_dropped():
    def change(plain):
        plain["subgraphs"][0]["tensors"].append({"name": "lost", "type": TENSOR_TYPES.index("STRING"), "shape": [-1]})

    assert sorted(read_bytes(spoil(change), "m.tflite").main.tensors) == [0, 1, 2, 3]


def test_old_files_have_the_operator_code_in_a_byte():
    code = {"deprecated_builtin_code": OPERATORS.index("CONV_2D")}
    module = read_bytes(put([code], "operator_codes"), "m.tflite")
    assert (module.main.ops[0].kind, module.main.ops[0].version) == ("CONV_2D", 1)


def test_options_that_are_absent_are_zeros_as_for_the_runtime():
    module = model("ADD", attrs.BinaryAttrs(), [tensor((2,)), tensor((2,))], tensor((2,)))

    def change(plain):
        del plain["subgraphs"][0]["operators"][0]["builtin_options"]

    read_attrs = read_bytes(spoil(change, module), "m.tflite").main.ops[0].attrs
    assert read_attrs == attrs.BinaryAttrs(pot_scale_int16=False)


def test_a_dimension_that_does_not_exist_is_mended():
    axis = ("tensors", 2, "quantization", "quantized_dimension")
    data = in_graph(3, *axis)
    module = read_bytes(data, "m.tflite")
    assert module.main.tensors[2].quant.axis == 0
    assert len(module.repairs) == 1 and "dimension 3 of tensor 2" in module.repairs[0]
    assert sum(a != b for a, b in zip(data, module.content, strict=True)) == 1
    mended = read_bytes(module.content, "m.tflite")
    assert mended.repairs == () and mended.main.tensors[2].quant == module.main.tensors[2].quant
    assert module.sha256 != mended.sha256


def test_a_name_that_is_no_text_is_mended_for_the_oracle():
    module = read_bytes(in_graph(b"a\xff\xc0b", "tensors", 0, "name"), "m.tflite")
    assert module.main.tensors[0].name == "a\ufffd\ufffdb"
    assert len(module.repairs) == 1 and "tensors[0].name" in module.repairs[0]
    mended = read_bytes(module.content, "m.tflite")
    assert mended.main.tensors[0].name == "a??b" and mended.repairs == ()


def test_names_are_unique_and_readable():
    def change(plain):
        for each in plain["subgraphs"][0]["tensors"]:
            each["name"] = "same"
        plain["subgraphs"][0]["tensors"][2]["name"] = ""

    tensors = read_bytes(spoil(change), "m.tflite").main.tensors
    assert [tensors[i].name for i in range(4)] == ["same", "same_1", "tensor2", "same_2"]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read(tmp_path / "none.tflite")
    with pytest.raises(InputError, match="Is a directory"):
        read(tmp_path)


def test_several_graphs():
    first = model("CALL_ONCE", attrs.CallOnceAttrs(1), []).main
    relu = model("RELU", attrs.Attrs(), [tensor((2,))], tensor((2,))).main
    main = replace(relu, ops=(first.ops[0], replace(relu.ops[0], id=1)))
    empty = replace(first, name="init", ops=())
    module = read_bytes(write(Module("m", "", "", (main, empty))), "m.tflite")
    assert [graph.name for graph in module.graphs] == ["main", "init"]
    assert module.main.ops[0].attrs == attrs.CallOnceAttrs(1)
