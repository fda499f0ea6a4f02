"""QONNX models with weights of few bits, against the package qonnx's own execution."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the package onnx is absent")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sdk.compress.layers import layers  # noqa: E402
from sdk.encode import smallest  # noqa: E402
from sdk.errors import UnsupportedError  # noqa: E402
from sdk.importer import read  # noqa: E402
from sdk.ir import DType  # noqa: E402
from sdk.oracle import best  # noqa: E402

SEED = 5
DOMAIN = "qonnx.custom_op.general"


class Net:
    """A network of Quant nodes, one after another."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(SEED)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: np.ndarray | float) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def node(self, kind: str, *inputs: str, **attrs: object) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"{kind}{len(self.nodes)}", **attrs))
        return name

    def quant(self, x: str, scale: np.ndarray | float, bits: int, signed: int = 1, narrow: int = 0) -> str:
        inputs = (x, self.constant(scale), self.constant(0.0), self.constant(float(bits)))
        return self.node(
            "Quant", *inputs, domain=DOMAIN, signed=signed, narrow=narrow, rounding_mode="ROUND"
        )

    def weights(self, shape: tuple[int, ...], bits: int) -> str:
        real = self.rng.normal(0, 0.3, shape).astype(np.float32)
        if bits == 1:
            return self.node("BipolarQuant", self.constant(real), self.constant(0.2), domain=DOMAIN)
        largest = np.abs(real).max(axis=tuple(range(1, len(shape))), keepdims=True)
        return self.quant(self.constant(real), largest / ((1 << (bits - 1)) - 1), bits, narrow=1)

    def model(self, result: str, path: Path) -> Path:
        graph = helper.make_graph(
            self.nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, [1, 10])], self.constants,
        )  # fmt: skip
        opsets = [helper.make_opsetid("", 13), helper.make_opsetid(DOMAIN, 1)]
        onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
        return path


def network(path: Path, bits: int, activation_bits: int = 8) -> Path:
    net = Net()
    x = net.quant("x", 1 / 64, 8)
    x = net.node("Conv", x, net.weights((8, 3, 3, 3), bits), net.constant(net.rng.normal(0, 0.1, 8)),
                 kernel_shape=[3, 3], pads=[1, 1, 1, 1])  # fmt: skip
    x = net.quant(net.node("Relu", x), 1 / 32, activation_bits, signed=0)
    x = net.quant(net.node("GlobalAveragePool", x), 1 / 64, 8, signed=0)
    x = net.node("Flatten", x)
    x = net.node("Gemm", x, net.weights((10, 8), bits), net.constant(net.rng.normal(0, 0.1, 10)), transB=1)
    return net.model(net.quant(x, 1 / 32, 8), path)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 8])
def test_models_of_few_bits_do_as_qonnx_does(bits: int, tmp_path: Path) -> None:
    core = pytest.importorskip("qonnx.core.onnx_exec", reason="the package qonnx is absent")
    wrapper = pytest.importorskip("qonnx.core.modelwrapper")
    shapes = pytest.importorskip("qonnx.transformation.infer_shapes")
    path = network(tmp_path / "net.onnx", bits)
    module = read(path)
    for layer in layers(module.main):
        encoding = smallest(layer.levels.astype(np.int8))
        assert bits == 8 or (encoding is not None and encoding.bits <= bits), layer.name
    graph = module.main
    source, result = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    assert source.dtype is DType.FLOAT32 and result.dtype is DType.FLOAT32
    original = wrapper.ModelWrapper(str(path)).transform(shapes.InferShapes())
    for _ in range(4):
        x = np.random.default_rng(SEED).normal(0, 0.7, (1, 3, 8, 8)).astype(np.float32)
        (wanted,) = core.execute_onnx(original, {"x": x}).values()
        given = x if source.shape == x.shape else x.transpose(0, 2, 3, 1)
        (got,) = best().run(module.content, [[given]])[0]
        assert np.abs(got - wanted).max() <= 1.01 / 32


def test_what_int8_cannot_follow_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=r"Quant 'Quant\d+' makes activations of 4 bits"):
        read(network(tmp_path / "net.onnx", 4, activation_bits=4))
