"""Small random ONNX networks, quantized by onnxruntime's own quantizer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

OPSET = 17
CALIBRATION = 16


class OnnxNet:
    """Adds nodes one after another; each method returns the name of its output."""

    def __init__(self, shape: tuple[int, ...], seed: int, result: int = TensorProto.FLOAT) -> None:
        self.rng = np.random.default_rng(seed)
        self.shape = shape
        self.result = result
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind: str, *inputs: str, **attrs: object) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"{kind}{len(self.nodes)}", **attrs))
        return name

    def real(self, *shape: int) -> str:
        return self.constant((self.rng.normal(0, 1, shape) / np.sqrt(np.prod(shape[1:]) or 1)).astype(np.float32))

    def conv(
        self, x: str, depth: int, out: int, size: int = 3, group: int = 1, bias: bool = True, **attrs: object
    ) -> str:
        inputs = [x, self.real(out, depth // group, size, size)]
        if bias:
            inputs.append(self.constant(self.rng.normal(0, 0.1, out).astype(np.float32)))
        return self.node("Conv", *inputs, group=group, kernel_shape=[size, size], **attrs)

    def conv1d(self, x: str, depth: int, out: int, size: int, group: int = 1, **attrs: object) -> str:
        bias = self.constant(self.rng.normal(0, 0.1, out).astype(np.float32))
        inputs = [x, self.real(out, depth // group, size), bias]
        return self.node("Conv", *inputs, group=group, kernel_shape=[size], **attrs)

    def split(self, x: str, count: int, *sizes: str, **attrs: object) -> list[str]:
        name = self.node("Split", x, *sizes, **attrs)
        names = [name, *(f"{name}_{i}" for i in range(1, count))]
        self.nodes[-1].output[:] = names
        return names

    def gemm(self, x: str, depth: int, out: int) -> str:
        bias = self.constant(self.rng.normal(0, 0.1, out).astype(np.float32))
        return self.node("Gemm", x, self.real(out, depth), bias, transB=1)

    def model(self, output: str) -> onnx.ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info(output, self.result, None)],
            self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model)

    def samples(self, count: int) -> list[np.ndarray]:
        return [self.rng.normal(0, 1, self.shape).astype(np.float32) for _ in range(count)]


class _Samples(CalibrationDataReader):
    def __init__(self, arrays: list[np.ndarray]) -> None:
        self._feeds = iter([{"x": array} for array in arrays])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def quantized(net: OnnxNet, output: str, folder: Path, *, signed: bool = True, per_channel: bool = True) -> Path:
    """Write a network, quantize it in QDQ form and return the file."""
    plain, path = folder / "plain.onnx", folder / "net.onnx"
    onnx.save(net.model(output), plain)
    quantize_static(
        str(plain),
        str(path),
        _Samples(net.samples(CALIBRATION)),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8 if signed else QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=per_channel,
    )
    return path
