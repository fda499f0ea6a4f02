"""ONNX models in QDQ form become the same network: their outputs are those of onnxruntime, up to its other rounding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from onnx_nets import OnnxNet, quantized  # noqa: E402

from sdk.errors import InputError, ModelError, UnsupportedError  # noqa: E402
from sdk.importer import read  # noqa: E402
from sdk.ir import Module  # noqa: E402
from sdk.measure.agreement import onnx_agreement  # noqa: E402
from sdk.oracle import best  # noqa: E402

SAMPLES = 8
LEAST_EQUAL = 0.5
MOST_STEPS = 4
"""Each layer's rounding may shift the following ones; a wrong layout or weight differs by tens of steps."""


def residual(n: OnnxNet) -> str:
    x = n.node("Relu", n.conv("x", 3, 8, pads=[1, 1, 1, 1], strides=[2, 2]))
    bounds = [n.constant(np.float32(bound)) for bound in (0, 6)]
    y = n.node("Clip", n.conv(x, 8, 8, group=8, pads=[1, 1, 1, 1]), *bounds)
    x = n.node("Relu", n.node("Add", x, n.conv(y, 8, 8, 1)))
    x = n.node("Flatten", n.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]))
    return n.node("Softmax", n.gemm(x, 8 * 3 * 2, 10), axis=1)


def windows(n: OnnxNet) -> str:
    x = n.conv("x", 3, 6, group=3, bias=False, auto_pad="SAME_LOWER", strides=[2, 2])
    x = n.conv(x, 6, 4, 2, group=2, pads=[0, 1, 1, 0])
    x = n.conv(x, 4, 5, dilations=[2, 1], pads=[2, 1, 2, 1])
    x = n.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    return n.node("GlobalAveragePool", x)


def averages(n: OnnxNet) -> str:
    x = n.conv("x", 3, 4, pads=[1, 1, 1, 1])
    x = n.node("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    return n.node("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])


def border_averages(n: OnnxNet) -> str:
    # Where padding does not count, the pool's result is rounded in the input's quantization first.
    return n.node("AveragePool", n.conv("x", 3, 4, pads=[1, 1, 1, 1]), kernel_shape=[3, 3], auto_pad="SAME_UPPER")


def gates(n: OnnxNet) -> str:
    x = n.node("Relu", n.conv("x", 3, 8, pads=[1, 1, 1, 1]))
    gate = n.node("Sigmoid", n.conv(n.node("GlobalAveragePool", x), 8, 8, 1))
    y = n.node("Mul", x, gate)
    y = n.node("Add", y, n.constant(n.rng.normal(0, 1, (8, 1, 1)).astype(np.float32)))
    y = n.node("Concat", n.node("Tanh", y), x, axis=1)
    return n.conv(y, 16, 3, 1)


def sizes(n: OnnxNet) -> str:
    x = n.conv("x", 3, 4, pads=[1, 1, 1, 1])
    scales = n.constant(np.array([1, 1, 2, 2], np.float32))
    empty = n.constant(np.zeros(0, np.float32))
    x = n.node("Resize", x, empty, scales, mode="nearest", coordinate_transformation_mode="asymmetric",
               nearest_mode="floor")  # fmt: skip
    x = n.node("Pad", x, n.constant(np.array([0, 0, 1, 2, 0, 0, 0, 1])), mode="reflect")
    x = n.node("Pad", x, n.constant(np.array([0, 1, 1, 0, 0, 0, 0, 1])))
    return n.conv(x, 5, 3, strides=[3, 3])


def scales(n: OnnxNet) -> str:
    x = n.node("LeakyRelu", n.conv("x", 3, 4, pads=[1, 1, 1, 1]), alpha=0.2)
    size = [n.constant(np.zeros(0, np.float32)), n.constant(np.array([1, 1, 2, 3], np.float32))]
    y = n.node("Resize", x, *size, mode="linear", coordinate_transformation_mode="half_pixel")
    z = n.node("Resize", x, *size, mode="nearest", coordinate_transformation_mode="half_pixel")
    bounds = [n.constant(np.array(v)) for v in ([1, 2], [3, -1], [1, 3], [1, 2])]
    return n.node("Slice", n.conv(n.node("Add", y, z), 4, 5, 1), *bounds)


def means(n: OnnxNet) -> str:
    x = n.node("ReduceMean", n.conv("x", 3, 6), axes=[2, 3], keepdims=0)
    return n.gemm(n.node("Relu", n.gemm(x, 6, 7)), 7, 3)


def attention(n: OnnxNet) -> str:
    x = n.conv("x", 3, 8, 3, strides=[2, 2])
    tokens = n.node("Transpose", n.node("Reshape", x, n.constant(np.array([0, 0, -1]))), perm=[0, 2, 1])
    q, k, v = (n.node("MatMul", tokens, n.real(8, 8)) for _ in range(3))
    scores = n.node("Softmax", n.node("MatMul", q, n.node("Transpose", k, perm=[0, 2, 1])), axis=-1)
    return n.node("MatMul", n.node("MatMul", scores, v), n.real(8, 4))


def channels_last(n: OnnxNet) -> str:
    x = n.conv(n.node("Transpose", "x", perm=[0, 3, 1, 2]), 10, 6, pads=[1, 1, 1, 1])
    return n.node("Transpose", n.node("Relu", n.conv(x, 6, 6, group=6)), perm=[0, 2, 3, 1])


def lines(n: OnnxNet) -> str:
    x = n.node("Reshape", "x", n.constant(np.array([1, 3, 120])))
    x = n.node("Relu", n.conv1d(x, 3, 8, 5, pads=[2, 2], strides=[2]))
    x = n.conv1d(x, 8, 8, 3, group=8, dilations=[2], pads=[2, 1])
    return n.node("ConvTranspose", x, n.real(8, 4, 4), strides=[2], pads=[1, 1])


def line_pools(n: OnnxNet) -> str:
    x = n.conv1d(n.node("Reshape", "x", n.constant(np.array([1, 3, 120]))), 3, 8, 3)
    x = n.node("MaxPool", x, kernel_shape=[3], strides=[2], pads=[1, 1])
    return n.node("AveragePool", x, kernel_shape=[2], strides=[2])


def upwards(n: OnnxNet) -> str:
    x = n.conv("x", 3, 6, strides=[2, 2], pads=[1, 1, 1, 1])
    bias = n.constant(n.rng.normal(0, 0.1, 5).astype(np.float32))
    x = n.node("Relu", n.node("ConvTranspose", x, n.real(6, 5, 3, 3), bias, strides=[2, 2], pads=[1, 1, 1, 1],
                              output_padding=[1, 1]))  # fmt: skip
    x = n.node("ConvTranspose", x, n.real(5, 4, 2, 2), strides=[2, 2])
    x = n.node("ConvTranspose", x, n.real(4, 3, 3, 3), strides=[1, 2], pads=[0, 1, 2, 0])
    return n.node("ConvTranspose", x, n.real(3, 2, 4, 4), strides=[2, 2], pads=[1, 1, 1, 1])


def parts(n: OnnxNet) -> str:
    x = n.conv("x", 3, 8, pads=[1, 1, 1, 1])
    first, second = n.split(x, 2, n.constant(np.array([3, 5])), axis=1)
    third, fourth = n.split(second, 2, axis=3)
    x = n.node("Add", n.conv(first, 3, 5, 1), n.node("Concat", fourth, third, axis=3))
    x = n.conv(n.node("Gather", x, n.constant(np.array([4, 0, -2, 1])), axis=1), 4, 4, 1)
    return n.node("MatMul", n.node("Gather", x, n.constant(np.array(3)), axis=2), n.real(10, 4))


def blocks(n: OnnxNet) -> str:
    x = n.node("SpaceToDepth", n.conv("x", 3, 2, pads=[1, 1, 1, 1]), blocksize=2)
    x = n.node("DepthToSpace", n.conv(x, 8, 12, 1), blocksize=2, mode="DCR")
    return n.conv(n.node("DepthToSpace", n.conv(x, 3, 8, 1), blocksize=2, mode="CRD"), 2, 3, 1)


def extremes(n: OnnxNet) -> str:
    slopes = n.constant(np.linspace(0.1, 0.4, 6, dtype=np.float32).reshape(6, 1, 1))
    x = n.conv(n.node("PRelu", n.conv("x", 3, 6, pads=[1, 1, 1, 1]), slopes), 6, 6, 1)
    x = n.conv(n.node("Max", x, n.conv("x", 3, 6, pads=[1, 1, 1, 1])), 6, 6, 1)
    x = n.conv(n.node("Min", x, n.conv("x", 3, 6, pads=[1, 1, 1, 1])), 6, 6, 1)
    x = n.conv(n.node("HardSwish", x), 6, 4, 1)
    return n.node("GlobalMaxPool", x)


NETS = [
    residual, windows, averages, border_averages, gates, sizes, scales, means, attention, channels_last, lines,
    line_pools, upwards, parts, blocks, extremes,
]  # fmt: skip
SHAPE = (1, 3, 12, 10)


def _agreement(make: Callable[[OnnxNet], str], seed: int, folder: Path, **options: bool):
    net = OnnxNet(SHAPE, seed)
    module = read(quantized(net, make(net), folder, **options))
    inputs = [(x,) for x in net.samples(SAMPLES)]
    return module, onnx_agreement(module, inputs, best().run(module.content, inputs))


def _bytes_edge(path: Path, unsigned: bool) -> Path:
    """The model with its first QuantizeLinear and last DequantizeLinear taken off, so that bytes go in and out."""
    model = onnx.load(path)
    graph = model.graph
    kind = onnx.TensorProto.UINT8 if unsigned else onnx.TensorProto.INT8
    first = next(n for n in graph.node if n.op_type == "QuantizeLinear" and n.input[0] == "x")
    last = next(n for n in graph.node if n.output[0] == graph.output[0].name)
    graph.input[0].name, graph.output[0].name = first.output[0], last.input[0]
    for info in (graph.input[0], graph.output[0]):
        info.type.tensor_type.elem_type = kind
    for node in (first, last):
        graph.node.remove(node)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("signed", [True, False])
def test_bytes_go_in_and_out(signed, tmp_path):
    net = OnnxNet(SHAPE, 6)
    module = read(_bytes_edge(quantized(net, averages(net), tmp_path, signed=signed), not signed))
    dtype = np.int8 if signed else np.uint8
    limits = np.iinfo(dtype)
    inputs = [(net.rng.integers(limits.min, limits.max, SHAPE, dtype, endpoint=True),) for _ in range(SAMPLES)]
    outputs = best().run(module.content, inputs)
    assert outputs[0][0].dtype == dtype
    agreement = onnx_agreement(module, inputs, outputs)
    assert agreement.equal >= LEAST_EQUAL, str(agreement)
    assert agreement.largest < MOST_STEPS + 0.5, str(agreement)


def test_the_place_of_the_largest_is_given_as_onnx_gives_it(tmp_path):
    net = OnnxNet(SHAPE, 7, onnx.TensorProto.INT64)
    x = net.node("ArgMax", net.conv("x", 3, 6), axis=1, keepdims=0)
    path = quantized(net, x, tmp_path)
    module = read(path)
    inputs = [(x,) for x in net.samples(SAMPLES)]
    outputs = best().run(module.content, inputs)
    assert outputs[0][0].dtype == np.int64
    assert onnx_agreement(module, inputs, outputs).equal > 0.95


def _kinds(module: Module) -> list[str]:
    return [op.kind for op in module.main.ops]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("make", NETS, ids=lambda f: f.__name__)
def test_outputs_are_those_of_onnxruntime_up_to_rounding(make, seed, tmp_path):
    _, agreement = _agreement(make, seed, tmp_path)
    assert agreement.in_steps
    assert agreement.equal >= LEAST_EQUAL, f"seed {seed}: {agreement}"
    assert agreement.largest < MOST_STEPS + 0.5, f"seed {seed}: {agreement}"


@pytest.mark.parametrize(("signed", "per_channel"), [(False, True), (True, False), (False, False)])
def test_unsigned_activations_and_one_scale_for_all_weights(signed, per_channel, tmp_path):
    _, agreement = _agreement(residual, 3, tmp_path, signed=signed, per_channel=per_channel)
    assert agreement.equal >= LEAST_EQUAL, str(agreement)
    assert agreement.largest < MOST_STEPS + 0.5, str(agreement)


def test_images_are_transposed_at_the_edge_alone(tmp_path):
    module, _ = _agreement(residual, 1, tmp_path)
    assert _kinds(module) == [
        "QUANTIZE", "TRANSPOSE", "PAD", "CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "ADD", "MAX_POOL_2D", "RESHAPE",
        "FULLY_CONNECTED", "SOFTMAX", "QUANTIZE", "DEQUANTIZE",
    ]  # fmt: skip


def test_transposes_of_a_model_with_channels_last_vanish(tmp_path):
    module, _ = _agreement(channels_last, 1, tmp_path)
    assert "TRANSPOSE" not in _kinds(module)


def test_a_model_that_is_not_quantized_is_refused(tmp_path):
    net = OnnxNet(SHAPE, 1)
    path = tmp_path / "plain.onnx"
    onnx.save(net.model(residual(net)), path)
    with pytest.raises(UnsupportedError, match="QDQ"):
        read(path)


def test_an_unknown_operator_is_named(tmp_path):
    net = OnnxNet(SHAPE, 1)
    path = tmp_path / "plain.onnx"
    onnx.save(net.model(net.node("Erf", "x")), path)
    with pytest.raises(UnsupportedError, match="node 0 Erf"):
        read(path)


def test_data_in_other_files_are_never_opened(tmp_path):
    net = OnnxNet(SHAPE, 1)
    path = quantized(net, residual(net), tmp_path)
    model = onnx.load(path)
    tensor = next(t for t in model.graph.initializer if t.name == "c0_quantized")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UnsupportedError, match="another file"):
        read(path)


@pytest.mark.parametrize("seed", range(60))
def test_damaged_files_are_refused_or_read(seed, tmp_path_factory):
    path = _sample_file(tmp_path_factory)
    data, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for at in rng.integers(0, len(data), int(rng.integers(1, 20))):
        data[at] = rng.integers(256)
    if rng.integers(3) == 0:
        del data[int(rng.integers(1, len(data))) :]
    damaged = path.with_name(f"damaged{seed}.onnx")
    damaged.write_bytes(data)
    try:
        read(damaged)
    except (InputError, ModelError, UnsupportedError) as error:
        assert str(damaged) in str(error)


_SAMPLE: list[Path] = []


def _sample_file(factory: pytest.TempPathFactory) -> Path:
    if not _SAMPLE:
        net = OnnxNet(SHAPE, 1)
        _SAMPLE.append(quantized(net, residual(net), factory.mktemp("damaged")))
    return _SAMPLE[0]
