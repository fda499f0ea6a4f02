"""Quantized networks built by hand."""

import numpy as np

from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import (
    Activation,
    Attrs,
    BinaryAttrs,
    ConcatenationAttrs,
    Conv2DAttrs,
    DepthwiseConv2DAttrs,
    FullyConnectedAttrs,
    Padding,
    Pool2DAttrs,
    ReducerAttrs,
    ReshapeAttrs,
)
from sdk.ir.shapes import infer
from sdk.ir.verify import verify

VERSIONS = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "ADD": 2, "MUL": 2, "AVERAGE_POOL_2D": 2,
            "MAX_POOL_2D": 2, "CONCATENATION": 2, "PAD": 2, "RELU": 2, "RELU6": 2, "QUANTIZE": 2,
            "DEQUANTIZE": 2, "MEAN": 2, "STRIDED_SLICE": 1, "PACK": 1, "TRANSPOSE": 2, "SLICE": 2}  # fmt: skip


class Net:
    """Adds operators one after another; each method returns the id of its output."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.tensors = {}
        self.ops = []
        self.inputs = []

    def tensor(self, shape, dtype=DType.INT8, quant=None, data=None):
        id = len(self.tensors)
        self.tensors[id] = Tensor(id, f"t{id}", tuple(shape), dtype, quant, data)
        return id

    def constant(self, values, dtype=DType.INT32, quant=None):
        data = np.array(values, dtype.numpy)
        return self.tensor(data.shape, dtype, quant, data)

    def input(self, *shape, scale=0.05, zero_point=-3, dtype=DType.INT8):
        self.inputs.append(self.tensor(shape, dtype, Quant((scale,), (zero_point,))))
        return self.inputs[-1]

    def op(self, kind, inputs, attrs=None, quant=None, shape=None, dtype=None):
        """An operator of one output; its quantization and type are the first input's unless given."""
        first = self.tensors[inputs[0]]
        output = self.tensor(shape or (), dtype or first.dtype, quant or first.quant)
        op = Op(len(self.ops), kind, VERSIONS.get(kind, 1), tuple(inputs), (output,), attrs or Attrs())
        if shape is None:
            (shape,) = infer(Graph("", self.tensors, (op,), (), ()), op)
            self.tensors[output] = Tensor(output, f"t{output}", shape, dtype or first.dtype, quant or first.quant)
        self.ops.append(op)
        return output

    def _weights(self, source, shape, axis, weights, bias, per_channel):
        outputs = shape[axis]
        if weights is None:
            weights = self.rng.integers(-127, 128, shape)
        scales = self.rng.uniform(0.002, 0.02, outputs if per_channel else 1).astype(np.float32).tolist()
        many = Quant(tuple(scales), (0,) * len(scales), axis if per_channel else None)
        source_scale = self.tensors[source].quant.scale
        products = tuple(float(np.float32(source_scale) * np.float32(s)) for s in scales)
        filter = self.constant(weights, DType.INT8, many)
        if bias is None:
            return [source, filter]
        bias_quant = Quant(products, (0,) * len(scales), 0 if per_channel else None)
        values = self.rng.integers(-3000, 3000, outputs) if isinstance(bias, str) else bias
        return [source, filter, self.constant(values, DType.INT32, bias_quant)]

    def conv(self, source, outputs, size=1, stride=1, padding=Padding.SAME, activation=Activation.NONE, weights=None,
             bias="random", dilation=1, scale=0.1, zero_point=5):  # fmt: skip
        depth = self.tensors[source].shape[-1]
        height, width = size if isinstance(size, tuple) else (size, size)
        inputs = self._weights(source, (outputs, height, width, depth), 0, weights, bias, True)
        attrs = Conv2DAttrs(padding, stride, stride, activation, dilation, dilation)
        return self.op("CONV_2D", inputs, attrs, Quant((scale,), (zero_point,)))

    def depthwise(self, source, multiplier=1, size=3, stride=1, padding=Padding.SAME, activation=Activation.NONE,
                  weights=None, bias="random", scale=0.1, zero_point=5):  # fmt: skip
        depth = self.tensors[source].shape[-1] * multiplier
        inputs = self._weights(source, (1, size, size, depth), 3, weights, bias, True)
        attrs = DepthwiseConv2DAttrs(padding, stride, stride, multiplier, activation)
        return self.op("DEPTHWISE_CONV_2D", inputs, attrs, Quant((scale,), (zero_point,)))

    def dense(self, source, outputs, weights=None, bias="random", activation=Activation.NONE, scale=0.1, zero_point=5):
        shape = self.tensors[source].shape
        depth = int(np.prod(shape)) // shape[0]
        inputs = self._weights(source, (outputs, depth), 0, weights, bias, False)
        return self.op("FULLY_CONNECTED", inputs, FullyConnectedAttrs(activation), Quant((scale,), (zero_point,)))

    def add(self, a, b, scale=0.1, zero_point=5, kind="ADD"):
        return self.op(kind, [a, b], BinaryAttrs(), Quant((scale,), (zero_point,)))

    def pool(self, source, kind="AVERAGE_POOL_2D", size=2, stride=2, padding=Padding.VALID, activation=Activation.NONE):
        return self.op(kind, [source], Pool2DAttrs(padding, stride, stride, size, size, activation))

    def mean(self, source):
        return self.op("MEAN", [source, self.constant([1, 2])], ReducerAttrs(False))

    def reshape(self, source, *shape):
        return self.op("RESHAPE", [source, self.constant(shape)], ReshapeAttrs(tuple(shape)), shape=tuple(shape))

    def pad(self, source, top, bottom, left, right):
        return self.op("PAD", [source, self.constant([(0, 0), (top, bottom), (left, right), (0, 0)])])

    def concatenate(self, sources, axis=-1):
        return self.op("CONCATENATION", list(sources), ConcatenationAttrs(axis))

    def module(self, *outputs):
        graph = Graph("main", self.tensors, tuple(self.ops), tuple(self.inputs), outputs)
        module = Module("net", "net.tflite", "0" * 64, (graph,))
        verify(module)
        return module


def kinds(module):
    return [op.kind for op in module.main.ops]
