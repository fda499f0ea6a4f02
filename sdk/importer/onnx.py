"""ONNX models in QDQ form, as onnxruntime's quantizer writes them -> Module.

QuantizeLinear and DequantizeLinear round every operator tell how its tensors are quantized; the operator itself becomes
the TensorFlow Lite operator of the same meaning. The result is written as a .tflite file and read again: that file is
what the device's bytes are proven against, and its reader checks this module's work. Its arithmetic is TensorFlow
Lite's, which rounds differently from onnxruntime's in places.

Dimensions are never moved at run time unless there is no other way: a value knows in which order its tensor holds its
dimensions, so that Transpose costs nothing, convolutions get channels last, and constants are transposed here. A tensor
is transposed only where a Reshape or the model's edge needs the order of the ONNX model.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, prod
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InputError, ModelError, SdkError, UnsupportedError
from sdk.importer.builder import Builder, Shape
from sdk.importer.qonnx import to_qdq
from sdk.ir import DType, Module, Quant
from sdk.ir import attrs as a
from sdk.read.naming import c_identifier
from sdk.read.tflite import load, read_bytes
from sdk.write.tflite import write

Array = np.ndarray[Any, Any]

_CHANNELS_LAST = (0, 2, 3, 1)
_LINE_CHANNELS_LAST = (0, 2, 1)
_SAME_RANGE = 128
"""What turns uint8 into int8 of the same meaning."""
_BOUNDS = {(0.0, inf): a.Activation.RELU, (0.0, 6.0): a.Activation.RELU6, (-1.0, 1.0): a.Activation.RELU_N1_TO_1}
_MOVES = frozenset({"Constant", "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Cast"})
_FOLDED = _MOVES | {"Add", "Sub", "Mul", "Div", "Concat", "Gather", "Slice", "Floor", "Ceil", "ReduceProd", "Equal"}
"""Operators that are computed here where all inputs are constant: those that exporters compute shapes with."""
_MOST_FOLDED = 1024
"""Most elements of an input of such an operator, unless it only moves them."""
_LONGEST_SIDE = 1 << 16
_LEAST_SLOPE = 1e-6
_DAMAGE = (struct.error, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a wrong model makes Python and the package onnx raise."""
_FIXED_OUTPUTS = {
    "SOFTMAX": Quant((1 / 256,), (-128,)),
    "LOG_SOFTMAX": Quant((16 / 256,), (127,)),
    "LOGISTIC": Quant((1 / 256,), (-128,)),
}
"""Operators whose int8 form has one quantization of the output alone."""


@dataclass(frozen=True)
class _Value:
    """What an ONNX name stands for: a tensor whose dimension i is the value's dimension ``order[i]``."""

    tensor: int
    shape: Shape
    order: tuple[int, ...]


@dataclass(frozen=True)
class _Flat:
    """A value with all dimensions but the first made one, which is not done yet: weights can take up the order."""

    source: _Value
    shape: Shape


@dataclass(frozen=True)
class _Constant:
    """An initializer, or what is computed from some; ``quant`` as for a tensor once it was dequantized."""

    data: Array
    quant: Quant | None = None


@dataclass(frozen=True)
class _Node:
    """An ONNX node with its attributes as Python values."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Any]
    proto: Any

    def ints(self, name: str, default: Sequence[int]) -> list[int]:
        """A list of integers."""
        return [int(v) for v in self.attrs.get(name, default)]


def read_onnx(path: Path) -> Module:
    """Read an ONNX model in QDQ form, or in QONNX.

    A symbolic first dimension of an input becomes 1.

    Raises:
        InputError: the file can't be read, or the package onnx is not installed.
        ModelError: the file is malformed.
        UnsupportedError: it holds an operator, or a form of one, that is not imported; or it is not quantized.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise InputError(path, "reading ONNX needs the package onnx", "pip install 'sdk[onnx]'") from error
    data = load(path, ".onnx")
    try:
        model = onnx.load_model_from_string(data)
        # Data in other files are never opened: the model's bytes could name any.
        content = write(_Importer(to_qdq(model, str(path)), str(path)).module())
    except SdkError:
        raise
    except (DecodeError, *_DAMAGE) as error:
        raise ModelError(path, f"is no valid ONNX model ({type(error).__name__}: {error})") from error
    module = read_bytes(content, str(path))
    note = "imported from ONNX; its arithmetic is TensorFlow Lite's, which onnxruntime's differs from in rounding"
    return replace(module, sha256=hashlib.sha256(data).hexdigest(), repairs=(note, *module.repairs))


class _Importer:
    def __init__(self, model: Any, path: str) -> None:
        import onnx

        self._onnx = onnx
        self._path = path
        self._graph = model.graph
        self._opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
        self._values: dict[str, _Value | _Flat | _Constant] = {}
        self._build = Builder()
        self._done: set[str] = set()
        self._nodes = [self._node(i, n) for i, n in enumerate(model.graph.node)]
        self._readers: dict[str, list[_Node]] = {}
        for node in self._nodes:
            for name in dict.fromkeys(node.inputs):
                self._readers.setdefault(name, []).append(node)

    def module(self) -> Module:
        for tensor in self._graph.initializer:
            self._values[tensor.name] = _Constant(self._array(tensor, f"initializer {tensor.name!r}"))
        inputs = [self._input(i) for i in self._graph.input if i.name not in self._values]
        for node in self._nodes:
            if node.name not in self._done:
                self._import(node)
        outputs = tuple(self._output(o) for o in self._graph.output)
        graph = self._build.graph(tuple(inputs), outputs)
        return Module(c_identifier(self._path), self._path, "0" * 64, (graph,))

    def _node(self, index: int, proto: Any) -> _Node:
        attrs = {x.name: self._onnx.helper.get_attribute_value(x) for x in proto.attribute}
        if proto.domain not in ("", "ai.onnx"):
            raise UnsupportedError(
                self._path,
                f"node {index} {proto.op_type} is of the operator set {proto.domain!r}",
                "quantize with quant_format=QuantFormat.QDQ",
            )
        name = f"node {index} {proto.op_type}"
        return _Node(name, proto.op_type, tuple(proto.input), tuple(proto.output), attrs, proto)

    def _array(self, tensor: Any, what: str) -> Array:
        if tensor.data_location == self._onnx.TensorProto.EXTERNAL:
            raise UnsupportedError(self._path, f"{what} is kept in another file", "save the model as one file")
        array: Array = self._onnx.numpy_helper.to_array(tensor)
        return array

    def _unsupported(self, node: _Node, problem: str, remedy: str = "") -> UnsupportedError:
        return UnsupportedError(self._path, f"{node.name}: {problem}", remedy)

    # The model's edge

    def _input(self, info: Any) -> int:
        dims = info.type.tensor_type.shape.dim
        shape = tuple(d.dim_value if d.HasField("dim_value") else 0 for d in dims)
        if shape and shape[0] == 0:
            shape = (1, *shape[1:])
        if 0 in shape:
            raise UnsupportedError(self._path, f"input {info.name!r} has a symbolic dimension", "export fixed shapes")
        dtype = self._edge_type(info)
        if dtype not in (DType.FLOAT32, DType.INT8, DType.UINT8):
            raise UnsupportedError(self._path, f"input {info.name!r} is neither float32 nor int8 nor uint8")
        quant = None
        if dtype is not DType.FLOAT32:
            reader = next((n for n in self._readers.get(info.name, ()) if n.kind == "DequantizeLinear"), None)
            if reader is None:
                raise UnsupportedError(self._path, f"{dtype.value} input {info.name!r} has no DequantizeLinear")
            quant = self._quant_of(reader)
        if dtype is DType.UINT8 and quant is not None:
            given = self._build.tensor(info.name, shape, dtype, _unsigned(quant))
            tensor = self._build.op("QUANTIZE", [given], a.Attrs(), quant)
        else:
            given = tensor = self._build.tensor(info.name, shape, dtype, quant)
        self._values[info.name] = _Value(tensor, shape, tuple(range(len(shape))))
        return given

    def _edge_type(self, info: Any) -> DType | None:
        """The type of an input or output of the model, if it may be one."""
        types = self._onnx.TensorProto
        known = {types.FLOAT: DType.FLOAT32, types.INT8: DType.INT8, types.UINT8: DType.UINT8, types.INT64: DType.INT64}
        return known.get(info.type.tensor_type.elem_type)

    def _output(self, info: Any) -> int:
        value = self._value(info.name)
        tensor = self._ordered(value, tuple(range(len(value.shape)))).tensor
        wanted, result = self._edge_type(info), self._build.tensors[tensor]
        held, quant = result.dtype, result.quant
        if wanted is DType.FLOAT32 and held is DType.INT8:
            return self._build.op("DEQUANTIZE", [tensor], a.Attrs(), None, DType.FLOAT32, name=info.name)
        if wanted is DType.UINT8 and held is DType.INT8 and quant is not None:
            return self._build.op("QUANTIZE", [tensor], a.Attrs(), _unsigned(quant), DType.UINT8, name=info.name)
        if wanted is None or wanted is not held:
            raise UnsupportedError(self._path, f"output {info.name!r} can't be given in the type that the model states")
        return tensor

    # Values

    def _value(self, name: str) -> _Value:
        value = self._values[name]
        if isinstance(value, _Flat):
            plain = self._ordered(value.source, tuple(range(len(value.source.shape))))
            value = self._reshaped(plain.tensor, value.shape)
            self._values[name] = value
        if isinstance(value, _Constant):
            raise UnsupportedError(self._path, f"{name!r} is constant where a computed value is expected")
        return value

    def _constant(self, node: _Node, index: int, what: str) -> Array:
        """A constant input; KeyError if it is absent."""
        value = self._values[node.inputs[index]]
        if not isinstance(value, _Constant):
            raise self._unsupported(node, f"{what} is not constant")
        return value.data

    def _optional(self, node: _Node, index: int, what: str) -> Array | None:
        given = index < len(node.inputs) and node.inputs[index] != ""
        return self._constant(node, index, what) if given else None

    def _ordered(self, value: _Value, order: tuple[int, ...]) -> _Value:
        """The value in a tensor whose dimensions have this order."""
        if value.order == order:
            return value
        permutation = np.array([value.order.index(d) for d in order], np.int32)
        tensor = self._build.tensors[value.tensor]
        moved = self._build.op(
            "TRANSPOSE", [value.tensor, self._build.const(permutation)], a.Attrs(), tensor.quant, tensor.dtype
        )
        return _Value(moved, value.shape, order)

    def _image(self, node: _Node) -> _Value:
        """The first input as an image, channels last; a line becomes an image of one row."""
        value = self._value(node.inputs[0])
        if len(value.shape) == 3:
            batch, channels, length = value.shape
            line = self._ordered(value, _LINE_CHANNELS_LAST)
            row = self._reshaped(line.tensor, (batch, 1, length, channels))
            return _Value(row.tensor, (batch, channels, 1, length), _CHANNELS_LAST)
        if len(value.shape) != 4:
            raise self._unsupported(node, f"an input of shape {list(value.shape)}, not of 3 or 4 dimensions")
        return self._ordered(value, _CHANNELS_LAST)

    def _over_image(self, node: _Node) -> _Node:
        """A node that works on lines, as one that works on images of one row."""
        if len(self._value(node.inputs[0]).shape) != 3:
            return node
        attrs = dict(node.attrs)
        for name, of_one_row in (("kernel_shape", 1), ("strides", 1), ("dilations", 1), ("output_padding", 0)):
            if name in attrs:
                attrs[name] = [of_one_row, *attrs[name]]
        if "pads" in attrs:
            before, after = attrs["pads"]
            attrs["pads"] = [0, before, 0, after]
        return replace(node, attrs=attrs)

    def _reshaped(self, tensor: int, shape: Shape) -> _Value:
        held = self._build.tensors[tensor]
        if held.shape != shape:
            new = self._build.const(np.array(shape, np.int32))
            tensor = self._build.op("RESHAPE", [tensor, new], a.ReshapeAttrs(shape), held.quant, held.dtype)
        return _Value(tensor, shape, tuple(range(len(shape))))

    def _quantized(self, node: _Node, value: _Value) -> Quant:
        quant = self._build.tensors[value.tensor].quant
        if quant is None:
            raise self._unsupported(node, "its input is not quantized", "quantize the whole model in QDQ form")
        return quant

    def _requantized(self, tensor: int, quant: Quant) -> int:
        if self._build.tensors[tensor].quant == quant:
            return tensor
        return self._build.op("QUANTIZE", [tensor], a.Attrs(), quant)

    def _image_constant(self, constant: _Constant, value: _Value) -> int:
        """A constant operand that is broadcast to a value, in the order of the value's tensor."""
        rank = len(value.shape)
        data = constant.data.reshape((1,) * (rank - constant.data.ndim) + constant.data.shape)
        return self._build.const(data.transpose(value.order), constant.quant)

    # Quantization

    def _quant_of(self, node: _Node) -> Quant:
        """What a QuantizeLinear or DequantizeLinear says of an activation, in int8."""
        scale = self._constant(node, 1, "the scale")
        point = self._optional(node, 2, "the zero point")
        dtype = np.dtype(np.uint8) if point is None else point.dtype
        if scale.size != 1 or dtype not in (np.int8, np.uint8):
            raise self._unsupported(node, "activations are quantized per tensor, in int8 or uint8")
        shift = _SAME_RANGE if dtype == np.uint8 else 0
        zero_point = int(point.reshape(-1)[0]) if point is not None else 0
        return Quant((float(np.float32(scale.reshape(-1)[0])),), (zero_point - shift,))

    def _result(self, node: _Node, fuse: bool = False) -> tuple[Quant, a.Activation, str]:
        """How a node's output is quantized, the activation before that if it can be fused, and the name of it all."""
        name, activation = node.outputs[0], a.Activation.NONE
        readers = self._readers.get(name, [])
        if fuse and len(readers) == 1 and readers[0].kind in ("Relu", "Clip") and not self._is_output(name):
            bounds = self._bounds(readers[0])
            if bounds in _BOUNDS:
                activation, name = _BOUNDS[bounds], readers[0].outputs[0]
                self._done.add(readers[0].name)
                readers = self._readers.get(name, [])
        quants = [self._quant_of(n) for n in readers if n.kind == "QuantizeLinear"]
        if not quants or len(quants) != len(readers) or any(q != quants[0] for q in quants):
            raise self._unsupported(
                node, "its result is not quantized by one QuantizeLinear", "quantize the whole model in QDQ form"
            )
        return quants[0], activation, name

    def _is_output(self, name: str) -> bool:
        return any(o.name == name for o in self._graph.output)

    def _bounds(self, node: _Node) -> tuple[float, float]:
        """Smallest and largest result of a Relu or Clip."""
        if node.kind == "Relu":
            return 0.0, inf
        if self._opset < 11:
            return float(node.attrs.get("min", -inf)), float(node.attrs.get("max", inf))
        low, high = (self._optional_real(node, i) for i in (1, 2))
        return -inf if low is None else low, inf if high is None else high

    def _optional_real(self, node: _Node, index: int) -> float | None:
        if index >= len(node.inputs) or node.inputs[index] == "":
            return None
        value = self._values[node.inputs[index]]
        if not isinstance(value, _Constant):
            raise self._unsupported(node, f"input {index} is not constant")
        number = float(value.data.reshape(-1)[0])
        return number if value.quant is None else (number - value.quant.zero_point) * value.quant.scale

    # Nodes

    def _import(self, node: _Node) -> None:
        handler = _HANDLERS.get(node.kind)
        values = [self._values.get(name) for name in node.inputs if name]
        if node.kind in _FOLDED and all(isinstance(v, _Constant) for v in values):
            self._fold(node)
        elif handler is None:
            raise self._unsupported(node, "operator is not imported", f"imported are {', '.join(sorted(_HANDLERS))}")
        else:
            handler(self, node)

    def _fold(self, node: _Node) -> None:
        """A node whose inputs are all constant, computed by the package onnx."""
        from onnx.reference import ReferenceEvaluator

        names = [name for name in dict.fromkeys(node.inputs) if name]
        feeds = {}
        for name in names:
            value = self._values[name]
            if not isinstance(value, _Constant) or value.quant is not None:
                raise self._unsupported(node, "computes with quantized constants", "fold constants before quantizing")
            if value.data.size > _MOST_FOLDED and node.kind not in _MOVES:
                raise self._unsupported(node, f"computes with {value.data.size} constants", "fold constants first")
            feeds[name] = value.data
        results = ReferenceEvaluator(node.proto, opsets={"": self._opset}).run(None, feeds)
        for name, result in zip(node.outputs, results, strict=True):
            self._values[name] = _Constant(np.asarray(result))

    def _shape(self, node: _Node) -> None:
        value = self._values[node.inputs[0]]
        shape = value.data.shape if isinstance(value, _Constant) else value.shape
        end = node.attrs.get("end")
        self._values[node.outputs[0]] = _Constant(np.array(shape[node.attrs.get("start", 0) : end], np.int64))

    def _quantize_linear(self, node: _Node) -> None:
        value = self._values[node.inputs[0]]
        if isinstance(value, _Constant):
            raise self._unsupported(node, "quantizes a constant", "fold constants when quantizing")
        if isinstance(value, _Flat):
            self._values[node.outputs[0]] = value
            if self._quantized(node, value.source) == self._quant_of(node):
                return
            value = self._value(node.inputs[0])
        self._values[node.outputs[0]] = replace(value, tensor=self._requantized(value.tensor, self._quant_of(node)))

    def _dequantize_linear(self, node: _Node) -> None:
        value = self._values[node.inputs[0]]
        if isinstance(value, _Constant):
            self._values[node.outputs[0]] = self._dequantized_constant(node, value.data)
            return
        source = value.source if isinstance(value, _Flat) else value
        if self._quantized(node, source) != self._quant_of(node):
            raise self._unsupported(node, "reads a tensor as another quantization than it was written in")
        self._values[node.outputs[0]] = value

    def _dequantized_constant(self, node: _Node, data: Array) -> _Constant:
        scales = self._constant(node, 1, "the scale").reshape(-1)
        given = self._optional(node, 2, "the zero point")
        points = np.zeros(scales.shape, np.int64) if given is None else given.reshape(-1).astype(np.int64)
        if data.dtype == np.uint8:
            data, points = (data.astype(np.int16) - _SAME_RANGE).astype(np.int8), points - _SAME_RANGE
        if data.dtype not in (np.int8, np.int32):
            raise self._unsupported(node, f"a constant of type {data.dtype}")
        axis = None
        if len(scales) > 1:
            axis = int(node.attrs.get("axis", 1))
            axis = axis + data.ndim if axis < 0 else axis
        return _Constant(
            data, Quant(tuple(float(np.float32(s)) for s in scales), tuple(int(p) for p in points), axis)
        )

    def _identity(self, node: _Node) -> None:
        self._values[node.outputs[0]] = self._values[node.inputs[0]]

    # Layers with weights

    def _weights(self, node: _Node, axis: int) -> tuple[Array, tuple[float, ...]]:
        """Weights and a scale for each slice along their dimension of outputs, ``axis``, or one."""
        value = self._values[node.inputs[1]]
        if not isinstance(value, _Constant) or value.quant is None or value.data.dtype != np.int8:
            raise self._unsupported(node, "its weights are not constants in int8", "quantize the model in QDQ form")
        if any(value.quant.zero_points):
            raise self._unsupported(node, "its weights have a zero point", "quantize weights symmetrically, in QInt8")
        if value.quant.axis not in (None, axis):
            raise self._unsupported(node, f"its weights have scales along dimension {value.quant.axis}, not {axis}")
        return value.data, value.quant.scales

    def _bias(self, node: _Node, input_scale: float, scales: Sequence[float], channels: int) -> int:
        """The bias in units of input scale times weight scale, as TensorFlow Lite wants it."""
        products = [float(np.float32(np.float32(input_scale) * np.float32(s))) for s in scales]
        steps = np.array(products) if len(products) > 1 else np.full(channels, products[0])
        values: Array = np.zeros(channels, np.int32)
        if len(node.inputs) > 2 and node.inputs[2]:
            value = self._values[node.inputs[2]]
            if not isinstance(value, _Constant) or value.data.size != channels:
                raise self._unsupported(node, "its bias is not a constant for each output channel")
            real = value.data.reshape(-1).astype(np.float64)
            if value.quant is not None:
                real = (real - np.array(value.quant.zero_points)) * np.array(value.quant.scales, np.float64)
            limits = np.iinfo(np.int32)
            values = np.rint(real / steps).clip(limits.min, limits.max).astype(np.int32)
        quant = Quant(tuple(products), (0,) * len(products), 0 if len(products) > 1 else None)
        return self._build.const(values, quant)

    def _filters(self, node: _Node, axis: int) -> tuple[Array, tuple[float, ...]]:
        """Filters of 4 dimensions, and a scale for each along dimension ``axis``, or one."""
        weights, scales = self._weights(node, axis)
        if weights.ndim == 3:
            weights = weights[:, :, None, :]
        if weights.ndim != 4:
            raise self._unsupported(node, f"weights of shape {list(weights.shape)}, not of 3 or 4 dimensions")
        return weights, scales

    def _conv(self, node: _Node) -> None:
        value, node = self._image(node), self._over_image(node)
        weights, scales = self._filters(node, 0)
        (stride_h, stride_w), (dilation_h, dilation_w) = node.ints("strides", (1, 1)), node.ints("dilations", (1, 1))
        group, channels, out = int(node.attrs.get("group", 1)), value.shape[1], weights.shape[0]
        extent = [(weights.shape[2] - 1) * dilation_h + 1, (weights.shape[3] - 1) * dilation_w + 1]
        quant, activation, name = self._result(node, fuse=True)
        source, padding = self._padded(node, value, extent, (stride_h, stride_w))
        bias = self._bias(node, self._quantized(node, value).scale, scales, out)
        options: a.Attrs
        if group == channels and weights.shape[1] == 1 and group > 1:
            kind, axis, filter_ = "DEPTHWISE_CONV_2D", 3, weights.transpose(1, 2, 3, 0)
            options = a.DepthwiseConv2DAttrs(
                padding, stride_h, stride_w, out // channels, activation, dilation_h, dilation_w
            )
        else:
            kind, axis, filter_ = "CONV_2D", 0, weights.transpose(0, 2, 3, 1)
            options = a.Conv2DAttrs(padding, stride_h, stride_w, activation, dilation_h, dilation_w)
        held = Quant(tuple(scales), (0,) * len(scales), axis if len(scales) > 1 else None)
        tensor = self._build.op(kind, [source, self._build.const(filter_, held), bias], options, quant, name=name)
        self._set_image(name, tensor, node)

    def _conv_transpose(self, node: _Node) -> None:
        value, node = self._image(node), self._over_image(node)
        weights, scales = self._filters(node, 1)
        strides, extra = node.ints("strides", (1, 1)), node.ints("output_padding", (0, 0))
        auto = node.attrs.get("auto_pad", b"NOTSET").decode()
        pads = node.ints("pads", (0, 0, 0, 0)) if auto == "NOTSET" else [0, 0, 0, 0]
        if auto not in ("NOTSET", "VALID") or "output_shape" in node.attrs:
            raise self._unsupported(node, "its padding is given by auto_pad or output_shape", "export explicit pads")
        if int(node.attrs.get("group", 1)) != 1 or node.ints("dilations", (1, 1)) != [1, 1]:
            raise self._unsupported(node, "groups or dilations")
        taps, sizes, out = weights.shape[2:], value.shape[2:], weights.shape[1]
        whole = [(n - 1) * s + k + e for n, s, k, e in zip(sizes, strides, taps, extra, strict=True)]
        wanted = [n - pads[i] - pads[2 + i] for i, n in enumerate(whole)]
        # What SAME takes off: all but the image times the stride, the larger half of it behind.
        same = all(
            -(-w // s) == n and max((n - 1) * s + k - w, 0) // 2 == p
            for w, s, n, k, p in zip(wanted, strides, sizes, taps, pads, strict=False)
        )
        quant, activation, name = self._result(node, fuse=True)
        shape = self._build.const(np.array([value.shape[0], *(wanted if same else whole), out], np.int32))
        held = Quant(tuple(scales), (0,) * len(scales), 0 if len(scales) > 1 else None)
        filter_ = self._build.const(weights.transpose(1, 2, 3, 0), held)
        bias = self._bias(node, self._quantized(node, value).scale, scales, out)
        padding = a.Padding.SAME if same else a.Padding.VALID
        options = a.TransposeConvAttrs(padding, strides[0], strides[1], activation)
        tensor = self._build.op("TRANSPOSE_CONV", [shape, filter_, value.tensor, bias], options, quant, name=name)
        if not same and any(pads):
            begin, end = (0, pads[0], pads[1], 0), (value.shape[0], whole[0] - pads[2], whole[1] - pads[3], out)
            tensor = self._cut(name, tensor, begin, end, (1, 1, 1, 1))
        self._set_image(name, tensor, node)

    def _set_image(self, name: str, tensor: int, node: _Node) -> None:
        """Give a name to an image, or to a line where that is what the node works on."""
        batch, height, width, channels = self._build.tensors[tensor].shape
        if len(self._value(node.inputs[0]).shape) == 3:
            line = self._reshaped(tensor, (batch, width, channels))
            self._values[name] = _Value(line.tensor, (batch, channels, width), _LINE_CHANNELS_LAST)
            return
        self._values[name] = _Value(tensor, (batch, channels, height, width), _CHANNELS_LAST)

    def _pads(self, node: _Node, value: _Value, extent: Sequence[int], strides: Sequence[int]) -> list[int]:
        """Rows above, columns left, rows below, columns right of the image."""
        auto = node.attrs.get("auto_pad", b"NOTSET").decode()
        if auto in ("NOTSET", "VALID"):
            pads = node.ints("pads", (0, 0, 0, 0)) if auto == "NOTSET" else [0, 0, 0, 0]
            if node.attrs.get("ceil_mode", 0):
                for i in range(2):
                    missing = -(value.shape[2 + i] + pads[i] + pads[2 + i] - extent[i]) % strides[i]
                    # A window must start on the image or the padding before it.
                    pads[2 + i] += missing if missing < extent[i] else 0
            return pads
        pads = [0, 0, 0, 0]
        for i in range(2):
            size = value.shape[2 + i]
            total = max((-(-size // strides[i]) - 1) * strides[i] + extent[i] - size, 0)
            less = total // 2
            pads[i], pads[2 + i] = (less, total - less) if auto == "SAME_UPPER" else (total - less, less)
        return pads

    def _padded(
        self,
        node: _Node,
        value: _Value,
        extent: Sequence[int],
        strides: Sequence[int],
        fill: int | None = None,
        same: bool = True,
    ) -> tuple[int, a.Padding]:
        """The image and the padding that a window needs: SAME where that is it, else zeros or ``fill`` round it."""
        pads = self._pads(node, value, extent, strides)
        if not any(pads):
            return value.tensor, a.Padding.VALID
        if same and pads == self._pads(replace(node, attrs={"auto_pad": b"SAME_UPPER"}), value, extent, strides):
            return value.tensor, a.Padding.SAME
        pairs = self._build.const(np.array([[0, 0], pads[0::2], pads[1::2], [0, 0]], np.int32))
        quant = self._quantized(node, value)
        if fill is None:
            return self._build.op("PAD", [value.tensor, pairs], a.Attrs(), quant), a.Padding.VALID
        filler = self._build.const(np.array([fill], np.int8), quant)
        return self._build.op("PADV2", [value.tensor, pairs, filler], a.Attrs(), quant), a.Padding.VALID

    def _gemm(self, node: _Node) -> None:
        attrs = node.attrs
        if attrs.get("alpha", 1.0) != 1.0 or attrs.get("beta", 1.0) != 1.0 or attrs.get("transA", 0):
            raise self._unsupported(node, "alpha, beta or transA is not the default")
        self._fully_connected(node, transposed=bool(attrs.get("transB", 0)))

    def _matmul(self, node: _Node) -> None:
        if isinstance(self._values[node.inputs[1]], _Constant):
            self._fully_connected(node, transposed=False)
            return
        values = [self._value(name) for name in node.inputs]
        plain = [self._ordered(v, tuple(range(len(v.shape)))).tensor for v in values]
        quant, _, name = self._result(node)
        for value in values:
            self._quantized(node, value)
        tensor = self._build.op("BATCH_MATMUL", plain, a.BatchMatMulAttrs(), quant, name=name)
        self._set_plain(name, tensor)

    def _set_plain(self, name: str, tensor: int) -> None:
        shape = self._build.tensors[tensor].shape
        self._values[name] = _Value(tensor, shape, tuple(range(len(shape))))

    def _fully_connected(self, node: _Node, transposed: bool) -> None:
        weights, scales = self._weights(node, 0 if transposed else 1)
        if weights.ndim != 2:
            raise self._unsupported(node, f"weights of shape {list(weights.shape)}, not of 2 dimensions")
        weights = weights if transposed else weights.T
        source = self._values[node.inputs[0]]
        if isinstance(source, _Flat):
            # The weights take up the order in which the tensor holds the image.
            inner = source.source
            if weights.shape[1] != source.shape[1]:
                raise self._unsupported(node, f"{source.shape[1]} inputs for weights of {weights.shape[1]}")
            columns = np.arange(prod(inner.shape[1:])).reshape(inner.shape[1:])
            weights = weights[:, columns.transpose([d - 1 for d in inner.order[1:]]).reshape(-1)]
            value, shape = self._reshaped(inner.tensor, source.shape), source.shape
        else:
            value = self._value(node.inputs[0])
            value = self._ordered(value, tuple(range(len(value.shape))))
            shape = value.shape
        quant, activation, name = self._result(node, fuse=True)
        rows = self._reshaped(value.tensor, (prod(shape[:-1]), shape[-1])).tensor
        bias = self._bias(node, self._quantized(node, value).scale, scales, len(weights))
        held = Quant(tuple(scales), (0,) * len(scales), 0 if len(scales) > 1 else None)
        inputs = [rows, self._build.const(weights, held), bias]
        tensor = self._build.op("FULLY_CONNECTED", inputs, a.FullyConnectedAttrs(activation), quant, name=name)
        self._values[name] = self._reshaped(tensor, (*shape[:-1], len(weights)))

    # Elementwise

    def _binary(self, node: _Node) -> None:
        operands = [self._values[name] for name in node.inputs]
        computed = [self._value(n) for n, v in zip(node.inputs, operands, strict=True) if not isinstance(v, _Constant)]
        first = max(computed, key=lambda v: len(v.shape))
        if len(operands) != 2:
            raise self._unsupported(node, f"{len(operands)} inputs instead of 2")
        quant, activation, name = self._result(node, fuse=node.kind not in ("Max", "Min"))
        tensors = []
        for input_name, operand in zip(node.inputs, operands, strict=True):
            if isinstance(operand, _Constant):
                if operand.quant is None or operand.data.dtype != np.int8 or operand.quant.axis is not None:
                    raise self._unsupported(node, f"constant {input_name!r} is not quantized per tensor in int8")
                if operand.data.ndim > len(first.shape):
                    raise self._unsupported(node, f"constant {input_name!r} has more dimensions than the other input")
                tensors.append(self._image_constant(operand, first))
                continue
            value = self._value(input_name)
            self._quantized(node, value)
            if len(value.shape) != len(first.shape):
                value = self._ordered(value, tuple(range(len(value.shape))))
                value = self._reshaped(value.tensor, (1,) * (len(first.shape) - len(value.shape)) + value.shape)
            tensors.append(self._ordered(value, first.order).tensor)
        options: a.Attrs = a.BinaryAttrs(activation)
        if node.kind in ("Max", "Min"):
            # Elements are compared as they are, so all must have the result's scale.
            tensors, options = [self._requantized(t, quant) for t in tensors], a.Attrs()
        tensor = self._build.op(_BINARY[node.kind], tensors, options, quant, name=name)
        held = self._build.tensors[tensor].shape
        shape = tuple(held[first.order.index(d)] for d in range(len(held)))
        self._values[name] = _Value(tensor, shape, first.order)

    def _clip(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        source = self._quantized(node, value)
        bounds = self._bounds(node)
        quant = source if self._keeps_quantization(node) else self._result(node)[0]
        low, high = ((q - quant.zero_point) * quant.scale for q in (-128, 127))
        if bounds[0] <= low and bounds[1] >= high:
            tensor = self._requantized(value.tensor, quant)
        elif bounds in _BOUNDS:
            tensor = self._build.op(_BOUNDS[bounds].name, [value.tensor], a.Attrs(), quant, name=node.outputs[0])
        else:
            raise self._unsupported(node, f"bounds {bounds[0]:g} and {bounds[1]:g}, other than those of RELU, RELU6")
        self._values[node.outputs[0]] = replace(value, tensor=tensor)

    def _keeps_quantization(self, node: _Node) -> bool:
        """Whether no QuantizeLinear follows, so that the output is held as the input is."""
        return not any(n.kind == "QuantizeLinear" for n in self._readers.get(node.outputs[0], ()))

    def _fixed(self, node: _Node) -> None:
        """Operators whose result has a quantization of their own, which then becomes the model's; or floats."""
        names = {"Softmax": "SOFTMAX", "LogSoftmax": "LOG_SOFTMAX", "Sigmoid": "LOGISTIC", "Tanh": "TANH"}
        kind = names[node.kind]
        value = self._value(node.inputs[0])
        self._quantized(node, value)
        rank = len(value.shape)
        if kind.endswith("SOFTMAX"):
            axis = int(node.attrs.get("axis", -1 if self._opset >= 13 else 1)) % rank
            if self._opset < 13 and axis != rank - 1:
                raise self._unsupported(node, "normalizes over several dimensions", "export with opset 13 or newer")
            others = tuple(d for d in value.order if d != axis)
            value = self._ordered(value, value.order if value.order[-1] == axis else (*others, axis))
        options = a.SoftmaxAttrs() if kind == "SOFTMAX" else a.Attrs()
        if self._keeps_quantization(node):
            real = self._build.op("DEQUANTIZE", [value.tensor], a.Attrs(), None, DType.FLOAT32)
            tensor = self._build.op(kind, [real], options, None, DType.FLOAT32, name=node.outputs[0])
        else:
            quant, _, _ = self._result(node)
            tensor = self._build.op(kind, [value.tensor], options, _FIXED_OUTPUTS.get(kind, quant))
            tensor = self._requantized(tensor, quant)
        self._values[node.outputs[0]] = replace(value, tensor=tensor)

    # Pools

    def _pool(self, node: _Node) -> None:
        value, node = self._image(node), self._over_image(node)
        quant = self._quantized(node, value)
        (filter_h, filter_w), (stride_h, stride_w) = node.ints("kernel_shape", ()), node.ints("strides", (1, 1))
        window, strides = (filter_h, filter_w), (stride_h, stride_w)
        if node.ints("dilations", (1, 1)) != [1, 1] or len(node.outputs) > 1:
            raise self._unsupported(node, "dilations, or indices as a second output")
        average = node.kind == "AveragePool"
        # In TensorFlow Lite's SAME padding does not count; what PAD adds does.
        counted = average and bool(node.attrs.get("count_include_pad", 0))
        source, padding = self._padded(node, value, window, strides, None if average else -128, same=not counted)
        uncounted = (source != value.tensor and not counted) or node.attrs.get("ceil_mode", 0)
        if average and uncounted and any(self._pads(node, value, window, strides)):
            raise self._unsupported(node, "this padding of an average has no form in TensorFlow Lite")
        options = a.Pool2DAttrs(padding, stride_h, stride_w, filter_h, filter_w)
        kind = "AVERAGE_POOL_2D" if average else "MAX_POOL_2D"
        self._set_image(node.outputs[0], self._build.op(kind, [source], options, quant, name=node.outputs[0]), node)

    def _reduce(self, node: _Node) -> None:
        """GlobalAveragePool and GlobalMaxPool, ReduceMean, ReduceMax and ReduceMin."""
        value = self._value(node.inputs[0])
        rank = len(value.shape)
        axes, keep = list(range(2, rank)), True
        if node.kind.startswith("Reduce"):
            given = self._optional(node, 1, "the list of axes")
            listed = node.ints("axes", range(rank)) if given is None else [int(v) for v in given.reshape(-1)]
            axes, keep = [d % rank for d in listed], bool(node.attrs.get("keepdims", 1))
        kind = _REDUCTIONS[node.kind]
        quant = self._quantized(node, value)
        if kind == "MEAN" and not self._keeps_quantization(node):
            quant = self._result(node)[0]
        places = self._build.const(np.array(sorted(value.order.index(d) for d in axes), np.int32))
        tensor = self._build.op(kind, [value.tensor, places], a.ReducerAttrs(keep), quant, name=node.outputs[0])
        if keep:
            shape = tuple(1 if d in axes else n for d, n in enumerate(value.shape))
            self._values[node.outputs[0]] = _Value(tensor, shape, value.order)
            return
        self._set_without(node.outputs[0], tensor, value, axes)

    def _arg(self, node: _Node) -> None:
        """ArgMax and ArgMin."""
        value = self._value(node.inputs[0])
        self._quantized(node, value)
        axis = int(node.attrs.get("axis", 0)) % len(value.shape)
        if node.attrs.get("select_last_index", 0):
            raise self._unsupported(node, "the last of equal elements")
        place = self._build.const(np.array(value.order.index(axis), np.int32))
        kind = "ARG_MAX" if node.kind == "ArgMax" else "ARG_MIN"
        options = a.ArgAttrs(DType.INT64)
        tensor = self._build.op(kind, [value.tensor, place], options, None, DType.INT64, name=node.outputs[0])
        if node.attrs.get("keepdims", 1):
            held = list(self._build.tensors[value.tensor].shape)
            held[value.order.index(axis)] = 1
            tensor = self._reshaped(tensor, tuple(held)).tensor
            shape = tuple(1 if d == axis else n for d, n in enumerate(value.shape))
            self._values[node.outputs[0]] = _Value(tensor, shape, value.order)
        else:
            self._set_without(node.outputs[0], tensor, value, [axis])

    # Dimensions

    def _concat(self, node: _Node) -> None:
        values = [self._value(name) for name in node.inputs]
        first = values[0]
        axis = int(node.attrs["axis"]) % len(first.shape)
        for value in values:
            self._quantized(node, value)
        quant = self._quantized(node, first) if self._keeps_quantization(node) else self._result(node)[0]
        tensors = [self._requantized(self._ordered(v, first.order).tensor, quant) for v in values]
        options = a.ConcatenationAttrs(first.order.index(axis))
        tensor = self._build.op("CONCATENATION", tensors, options, quant, name=node.outputs[0])
        shape = tuple(sum(v.shape[d] for v in values) if d == axis else n for d, n in enumerate(first.shape))
        self._values[node.outputs[0]] = _Value(tensor, shape, first.order)

    def _reshape(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        if node.kind == "Flatten":
            axis = int(node.attrs.get("axis", 1))
            axis = axis + len(value.shape) if axis < 0 else axis
            shape: Shape = (prod(value.shape[:axis]), prod(value.shape[axis:]))
        elif node.kind == "Reshape":
            shape = self._new_shape(node, value.shape)
        else:
            shape = self._unit_dimensions(node, value.shape)
        if len(shape) == 2 and len(value.shape) > 2 and shape[0] == value.shape[0] and value.order[0] == 0:
            self._values[node.outputs[0]] = _Flat(value, shape)
            return
        plain = self._ordered(value, tuple(range(len(value.shape))))
        self._values[node.outputs[0]] = self._reshaped(plain.tensor, shape)

    def _new_shape(self, node: _Node, old: Shape) -> Shape:
        wanted = [int(v) for v in self._constant(node, 1, "the new shape").reshape(-1)]
        if not node.attrs.get("allowzero", 0):
            wanted = [old[i] if v == 0 else v for i, v in enumerate(wanted)]
        if wanted.count(-1) == 1:
            wanted[wanted.index(-1)] = prod(old) // max(1, -prod(wanted))
        if prod(wanted) != prod(old):
            raise ModelError(self._path, f"{node.name}: shape {list(old)} can't become {wanted}")
        return tuple(wanted)

    def _unit_dimensions(self, node: _Node, old: Shape) -> Shape:
        """Squeeze and Unsqueeze."""
        given = self._optional(node, 1, "the list of axes")
        axes = node.ints("axes", ()) if given is None else [int(v) for v in given.reshape(-1)]
        if node.kind == "Squeeze":
            removed = {d % len(old) for d in axes} or {d for d, n in enumerate(old) if n == 1}
            return tuple(n for d, n in enumerate(old) if d not in removed)
        rank = len(old) + len(axes)
        added, rest = {d % rank for d in axes}, iter(old)
        return tuple(1 if d in added else next(rest) for d in range(rank))

    def _transpose(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        order = node.ints("perm", range(len(value.shape))[::-1])
        place = {d: i for i, d in enumerate(order)}
        self._values[node.outputs[0]] = _Value(
            value.tensor, tuple(value.shape[d] for d in order), tuple(place[d] for d in value.order)
        )

    def _slice(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        rank = len(value.shape)
        begin, end, strides = [0] * rank, list(value.shape), [1] * rank
        starts, ends = (self._constant(node, i, "a bound").reshape(-1).tolist() for i in (1, 2))
        given = self._optional(node, 3, "the list of axes")
        axes = range(len(starts)) if given is None else [int(v) % rank for v in given.reshape(-1)]
        steps = self._optional(node, 4, "the steps")
        for i, d in enumerate(axes):
            strides[d] = 1 if steps is None else int(steps.reshape(-1)[i])
            if strides[d] < 1:
                raise self._unsupported(node, f"a step of {strides[d]}")
            begin[d], end[d], _ = slice(starts[i], ends[i]).indices(value.shape[d])
        self._quantized(node, value)
        self._set_part(node.outputs[0], value, begin, end, strides)

    def _set_part(
        self, name: str, value: _Value, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]
    ) -> None:
        """Give a name to a part of a value; the bounds are in the value's order of dimensions."""
        shape = tuple(len(range(*t)) for t in zip(begin, end, strides, strict=True))
        bounds = [[v[d] for d in value.order] for v in (begin, end, strides)]
        self._values[name] = _Value(self._cut(name, value.tensor, *bounds), shape, value.order)

    def _cut(self, name: str, tensor: int, *bounds: Sequence[int]) -> int:
        """A part of a tensor, by its begin, end and strides."""
        held = self._build.tensors[tensor]
        constants = [self._build.const(np.array(v, np.int32)) for v in bounds]
        options = a.StridedSliceAttrs()
        return self._build.op("STRIDED_SLICE", [tensor, *constants], options, held.quant, held.dtype, name=name)

    def _split(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        self._quantized(node, value)
        rank = len(value.shape)
        axis = int(node.attrs.get("axis", 0)) % rank
        given = self._optional(node, 1, "the list of sizes")
        sizes = node.ints("split", ()) if given is None else [int(v) for v in given.reshape(-1)]
        if not sizes:
            each = -(-value.shape[axis] // len(node.outputs))
            sizes = [min(each, value.shape[axis] - i * each) for i in range(len(node.outputs))]
        if len(sizes) != len(node.outputs) or min(sizes) < 1 or sum(sizes) != value.shape[axis]:
            raise ModelError(self._path, f"{node.name}: parts {sizes} of {value.shape[axis]}")
        at = 0
        for name, size in zip(node.outputs, sizes, strict=True):
            begin, end = [0] * rank, list(value.shape)
            begin[axis], end[axis] = at, at + size
            self._set_part(name, value, begin, end, [1] * rank)
            at += size

    def _gather(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        quant = self._quantized(node, value)
        axis = int(node.attrs.get("axis", 0)) % len(value.shape)
        indices = self._constant(node, 1, "the list of indices").astype(np.int64)
        if indices.ndim > 1 or indices.size == 0:
            raise self._unsupported(node, f"indices of shape {list(indices.shape)}")
        indices = np.where(indices < 0, indices + value.shape[axis], indices).astype(np.int32)
        inputs = [value.tensor, self._build.const(indices)]
        options = a.GatherAttrs(value.order.index(axis))
        tensor = self._build.op("GATHER", inputs, options, quant, name=node.outputs[0])
        if indices.ndim:
            shape = tuple(len(indices) if d == axis else n for d, n in enumerate(value.shape))
            self._values[node.outputs[0]] = _Value(tensor, shape, value.order)
        else:
            self._set_without(node.outputs[0], tensor, value, [axis])

    def _set_without(self, name: str, tensor: int, value: _Value, removed: Sequence[int]) -> None:
        """Give a name to what is a value without some dimensions."""
        left = [d for d in range(len(value.shape)) if d not in removed]
        order = tuple(left.index(d) for d in value.order if d in left)
        self._values[name] = _Value(tensor, tuple(value.shape[d] for d in left), order)

    def _blocks(self, node: _Node) -> None:
        """DepthToSpace and SpaceToDepth."""
        value = self._image(node)
        quant = self._quantized(node, value)
        size, name = int(node.attrs["blocksize"]), node.outputs[0]
        if node.attrs.get("mode", b"DCR") == b"DCR":
            kind = "DEPTH_TO_SPACE" if node.kind == "DepthToSpace" else "SPACE_TO_DEPTH"
            tensor = self._build.op(kind, [value.tensor], a.BlockAttrs(size), quant, name=name)
        else:
            # PyTorch's PixelShuffle: a block's row and column are the channel's last digits, not its first.
            batch, channels, height, width = value.shape
            depth = channels // (size * size)
            apart = self._reshaped(value.tensor, (batch, height, width, depth, size, size)).tensor
            order = self._build.const(np.array([0, 1, 4, 2, 5, 3], np.int32))
            moved = self._build.op("TRANSPOSE", [apart, order], a.Attrs(), quant)
            tensor = self._reshaped(moved, (batch, height * size, width * size, depth)).tensor
        self._set_image(name, tensor, node)

    def _unary(self, node: _Node) -> None:
        """Operators of one input and no parameters."""
        value = self._value(node.inputs[0])
        self._quantized(node, value)
        quant, _, name = self._result(node)
        kind = {"HardSwish": "HARD_SWISH", "Gelu": "GELU", "Abs": "ABS", "Exp": "EXP"}[node.kind]
        approximate = node.attrs.get("approximate", b"none") == b"tanh"
        options = a.GeluAttrs(approximate) if kind == "GELU" else a.Attrs()
        tensor = self._build.op(kind, [value.tensor], options, quant, name=name)
        self._values[name] = replace(value, tensor=tensor)

    def _prelu(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        self._quantized(node, value)
        slope = self._values[node.inputs[1]]
        if not isinstance(slope, _Constant):
            raise self._unsupported(node, "the slope is not constant")
        if slope.quant is None:
            # onnxruntime's quantizer leaves slopes as floats.
            step = float(np.float32(max(float(np.abs(slope.data).max()), _LEAST_SLOPE) / 127))
            slope = _Constant(np.rint(slope.data / step).astype(np.int8), Quant((step,), (0,)))
        quant, _, name = self._result(node)
        inputs = [value.tensor, self._image_constant(slope, value)]
        tensor = self._build.op("PRELU", inputs, a.Attrs(), quant, name=name)
        self._values[name] = replace(value, tensor=tensor)

    def _leaky_relu(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        self._quantized(node, value)
        quant, _, name = self._result(node)
        options = a.LeakyReluAttrs(float(np.float32(node.attrs.get("alpha", 0.01))))
        tensor = self._build.op("LEAKY_RELU", [value.tensor], options, quant, name=name)
        self._values[name] = replace(value, tensor=tensor)

    def _pad(self, node: _Node) -> None:
        value = self._value(node.inputs[0])
        quant = self._quantized(node, value)
        given = self._optional(node, 1, "the list of paddings")
        pads = node.ints("pads", ()) if given is None else [int(v) for v in given.reshape(-1)]
        mode = node.attrs.get("mode", b"constant").decode()
        rank = len(value.shape)
        if min(pads, default=0) < 0 or len(pads) != 2 * rank or len(node.inputs) > 3:
            raise self._unsupported(node, f"paddings {pads}")
        pairs = self._build.const(np.array([[pads[d], pads[rank + d]] for d in value.order], np.int32))
        if mode == "reflect":
            options = a.MirrorPadAttrs(a.MirrorPadMode.REFLECT)
            tensor = self._build.op("MIRROR_PAD", [value.tensor, pairs], options, quant, name=node.outputs[0])
        elif mode == "constant":
            real = self._optional_real(node, 2) or 0.0
            fill = int(np.clip(np.rint(real / quant.scale) + quant.zero_point, -128, 127))
            filler = [] if real == 0.0 else [self._build.const(np.array([fill], np.int8), quant)]
            kind = "PADV2" if filler else "PAD"
            tensor = self._build.op(kind, [value.tensor, pairs, *filler], a.Attrs(), quant, name=node.outputs[0])
        else:
            raise self._unsupported(node, f"mode {mode}")
        shape = tuple(n + pads[d] + pads[rank + d] for d, n in enumerate(value.shape))
        self._values[node.outputs[0]] = _Value(tensor, shape, value.order)

    def _resize(self, node: _Node) -> None:
        value = self._image(node)
        if len(self._value(node.inputs[0]).shape) != 4:
            raise self._unsupported(node, "it resizes a line", "resize images of one row")
        quant = self._quantized(node, value)
        sizes, scales = self._optional(node, 3, "the sizes"), self._optional(node, 2, "the scales")
        if sizes is not None:
            wanted = [int(v) for v in sizes.reshape(-1)]
        elif scales is not None and scales.size == 4:
            factors = scales.reshape(-1).tolist()
            wanted = [int(np.floor(n * f)) for n, f in zip(value.shape, factors, strict=True)]
        else:
            raise self._unsupported(node, "neither sizes nor scales are given")
        mode = node.attrs.get("mode", b"nearest").decode()
        transform = node.attrs.get("coordinate_transformation_mode", b"half_pixel").decode()
        if max(wanted) > _LONGEST_SIDE or wanted[:2] != list(value.shape[:2]):
            raise self._unsupported(node, f"shape {list(value.shape)} becomes {wanted}")
        if transform not in _TRANSFORMS or mode not in _RESIZES:
            raise self._unsupported(node, f"mode {mode} with {transform}")
        options = _TRANSFORMS[transform]
        rounding = node.attrs.get("nearest_mode", b"round_prefer_floor").decode()
        if mode == "nearest" and not all(
            _same_nearest(n, w, transform, rounding) for n, w in zip(value.shape[2:], wanted[2:], strict=True)
        ):
            raise self._unsupported(node, f"nearest_mode {rounding} with {transform} takes other pixels")
        size = self._build.const(np.array(wanted[2:], np.int32))
        tensor = self._build.op(_RESIZES[mode], [value.tensor, size], options, quant, name=node.outputs[0])
        self._set_image(node.outputs[0], tensor, node)


_BINARY = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL", "Max": "MAXIMUM", "Min": "MINIMUM"}
_REDUCTIONS = {
    "GlobalAveragePool": "MEAN",
    "GlobalMaxPool": "REDUCE_MAX",
    "ReduceMax": "REDUCE_MAX",
    "ReduceMean": "MEAN",
    "ReduceMin": "REDUCE_MIN",
}
_RESIZES = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "linear": "RESIZE_BILINEAR"}
_TRANSFORMS = {
    "half_pixel": a.ResizeAttrs(half_pixel_centers=True),
    "align_corners": a.ResizeAttrs(align_corners=True),
    "asymmetric": a.ResizeAttrs(),
}


def _unsigned(quant: Quant) -> Quant:
    """The quantization in uint8 of the same meaning."""
    return Quant(quant.scales, tuple(z + _SAME_RANGE for z in quant.zero_points))


def _same_nearest(size: int, wanted: int, transform: str, rounding: str) -> bool:
    """Whether TensorFlow Lite takes the same elements of a dimension as ONNX does."""
    index = np.arange(wanted)
    factor = size / wanted
    if transform == "half_pixel":
        place, lite = (index + 0.5) * factor - 0.5, np.floor((index + 0.5) * factor)
    elif transform == "align_corners" and wanted > 1:
        place = index * ((size - 1) / (wanted - 1))
        lite = np.floor(place + 0.5)
    else:
        place, lite = index * factor, np.floor(index * factor)
    rounded = {
        "round_prefer_floor": np.ceil(place - 0.5),
        "round_prefer_ceil": np.floor(place + 0.5),
        "floor": np.floor(place),
        "ceil": np.ceil(place),
    }[rounding]
    return bool(np.array_equal(rounded.clip(0, size - 1), lite.clip(0, size - 1)))


_HANDLERS: dict[str, Callable[[_Importer, _Node], None]] = {
    "Abs": _Importer._unary,
    "Add": _Importer._binary,
    "ArgMax": _Importer._arg,
    "ArgMin": _Importer._arg,
    "AveragePool": _Importer._pool,
    "Clip": _Importer._clip,
    "Concat": _Importer._concat,
    "Conv": _Importer._conv,
    "ConvTranspose": _Importer._conv_transpose,
    "DepthToSpace": _Importer._blocks,
    "DequantizeLinear": _Importer._dequantize_linear,
    "Dropout": _Importer._identity,
    "Exp": _Importer._unary,
    "Flatten": _Importer._reshape,
    "Gather": _Importer._gather,
    "Gelu": _Importer._unary,
    "Gemm": _Importer._gemm,
    "GlobalAveragePool": _Importer._reduce,
    "GlobalMaxPool": _Importer._reduce,
    "HardSwish": _Importer._unary,
    "Identity": _Importer._identity,
    "LeakyRelu": _Importer._leaky_relu,
    "LogSoftmax": _Importer._fixed,
    "MatMul": _Importer._matmul,
    "Max": _Importer._binary,
    "MaxPool": _Importer._pool,
    "Min": _Importer._binary,
    "Mul": _Importer._binary,
    "PRelu": _Importer._prelu,
    "Pad": _Importer._pad,
    "QuantizeLinear": _Importer._quantize_linear,
    "ReduceMax": _Importer._reduce,
    "ReduceMean": _Importer._reduce,
    "ReduceMin": _Importer._reduce,
    "Relu": _Importer._clip,
    "Reshape": _Importer._reshape,
    "Resize": _Importer._resize,
    "Shape": _Importer._shape,
    "Sigmoid": _Importer._fixed,
    "Slice": _Importer._slice,
    "Softmax": _Importer._fixed,
    "SpaceToDepth": _Importer._blocks,
    "Split": _Importer._split,
    "Squeeze": _Importer._reshape,
    "Sub": _Importer._binary,
    "Tanh": _Importer._fixed,
    "Transpose": _Importer._transpose,
    "Unsqueeze": _Importer._reshape,
}
