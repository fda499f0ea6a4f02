"""Train and quantize the demo model, and write it with its test set.

    python tools/make_demo_model.py [FOLDER]

A small convolutional network for scikit-learn's handwritten digits (8x8 pixels of 0 .. 16), trained in float32 with
numpy alone and quantized to int8 after training. Its input is a pixel's own value, quantized. The test set is 360
images drawn at random; the same 13 people wrote both sets.

Needs the extra ``demo``. The seed is fixed; another processor or numpy may round differently and give slightly other
weights. Writes FOLDER/digits.tflite and FOLDER/test.npz (``x``: float32 pixels, ``y``: labels) and prints the accuracy
in float32 and in the reference interpreter.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import (
    Activation,
    Attrs,
    Conv2DAttrs,
    DepthwiseConv2DAttrs,
    FullyConnectedAttrs,
    Padding,
    Pool2DAttrs,
    ReshapeAttrs,
    SoftmaxAttrs,
)
from sdk.oracle import best
from sdk.write.tflite import write

Array = np.ndarray[Any, Any]

SEED = 1
TEST_IMAGES = 360
EPOCHS = 60
BATCH = 32
LEARNING_RATE = 3e-3
PIXEL_MAX = 16.0


# Training: layers over batches of NHWC images, float32.


@dataclass
class Layer:
    """A layer with weights and bias.

    Attributes:
        kind: "conv" (weights: OHWI), "depthwise" (1HWC) or "dense" (OI), as TensorFlow Lite lays them out.
        stride: of both spatial dimensions; padding is SAME.
    """

    kind: str
    weights: Array
    bias: Array
    stride: int = 1
    relu: bool = True

    def forward(self, x: Array) -> Array:
        """Compute the layer and keep what ``backward`` needs."""
        y: Array
        if self.kind == "dense":
            self._patches = x
            y = x @ self.weights.T + self.bias
        else:
            self._shape = x.shape
            self._patches = _patches(x, self.weights.shape[1], self.stride)
            if self.kind == "conv":
                y = np.tensordot(self._patches, self.weights, axes=([3, 4, 5], [1, 2, 3])) + self.bias
            else:
                y = np.einsum("nhwklc,klc->nhwc", self._patches, self.weights[0]) + self.bias
        self._positive = y > 0
        return np.maximum(y, 0) if self.relu else y

    def backward(self, grad: Array) -> tuple[Array, Array, Array]:
        """Gradients of input, weights and bias from the output's."""
        if self.relu:
            grad = grad * self._positive
        if self.kind == "dense":
            return grad @ self.weights, grad.T @ self._patches, grad.sum(axis=0)
        if self.kind == "conv":
            weights = np.tensordot(grad, self._patches, axes=([0, 1, 2], [0, 1, 2]))
            patches = np.tensordot(grad, self.weights, axes=([3], [0]))
        else:
            weights = np.einsum("nhwc,nhwklc->klc", grad, self._patches)[None]
            patches = grad[:, :, :, None, None, :] * self.weights[0]
        return _scatter(patches, self._shape, self.stride), weights, grad.sum(axis=(0, 1, 2))


def _padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _patches(x: Array, kernel: int, stride: int) -> Array:
    """The input under each output pixel: shape (n, out_h, out_w, kernel, kernel, c)."""
    pad = [_padding(size, kernel, stride) for size in x.shape[1:3]]
    padded = np.pad(x, ((0, 0), *pad, (0, 0)))
    out_h, out_w = (-(-size // stride) for size in x.shape[1:3])
    patches = np.empty((len(x), out_h, out_w, kernel, kernel, x.shape[3]), x.dtype)
    for i in range(kernel):
        for j in range(kernel):
            patches[:, :, :, i, j] = padded[:, i : i + stride * out_h : stride, j : j + stride * out_w : stride]
    return patches


def _scatter(patches: Array, shape: tuple[int, ...], stride: int) -> Array:
    """The transpose of ``_patches``: sum the patches back into an image of a shape."""
    _, out_h, out_w, kernel, _, _ = patches.shape
    (top, bottom), (left, right) = (_padding(size, kernel, stride) for size in shape[1:3])
    image = np.zeros((shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]), patches.dtype)
    for i in range(kernel):
        for j in range(kernel):
            image[:, i : i + stride * out_h : stride, j : j + stride * out_w : stride] += patches[:, :, :, i, j]
    return image[:, top : top + shape[1], left : left + shape[2]]


def make_network(rng: np.random.Generator) -> list[Layer]:
    """The untrained layers; an average pool comes before the last one."""

    def weights(*shape: int, fan_in: int) -> Array:
        return rng.normal(0.0, np.sqrt(2 / fan_in), shape).astype(np.float32)

    def zeros(size: int) -> Array:
        return np.zeros(size, np.float32)

    return [
        Layer("conv", weights(24, 3, 3, 1, fan_in=9), zeros(24)),
        Layer("depthwise", weights(1, 3, 3, 24, fan_in=9), zeros(24)),
        Layer("conv", weights(48, 1, 1, 24, fan_in=24), zeros(48)),
        Layer("depthwise", weights(1, 3, 3, 48, fan_in=9), zeros(48), stride=2),
        Layer("conv", weights(96, 1, 1, 48, fan_in=48), zeros(96)),
        Layer("dense", weights(10, 96, fan_in=96), zeros(10), relu=False),
    ]


def activations(layers: Sequence[Layer], x: Array) -> list[Array]:
    """The outputs of all layers; the last are the logits."""
    outputs = []
    for layer in layers:
        if layer.kind == "dense":
            x = x.mean(axis=(1, 2))
        x = layer.forward(x)
        outputs.append(x)
    return outputs


def _gradients(layers: Sequence[Layer], x: Array, labels: Array) -> list[Array]:
    """Gradients of the mean cross entropy by each layer's weights and bias."""
    outputs = activations(layers, x)
    logits = outputs[-1]
    grad = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad /= grad.sum(axis=1, keepdims=True)
    grad[np.arange(len(labels)), labels] -= 1
    grad /= len(labels)
    found: list[Array] = []
    for i, layer in reversed(list(enumerate(layers))):
        grad, weights, bias = layer.backward(grad)
        found = [weights, bias, *found]
        if layer.kind == "dense":
            _, height, width, _ = outputs[i - 1].shape
            grad = np.broadcast_to(grad[:, None, None, :] / (height * width), outputs[i - 1].shape)
    return found


def _shifted(x: Array, rng: np.random.Generator) -> Array:
    """Each image moved by up to one pixel."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = np.empty_like(x)
    for n, (i, j) in enumerate(rng.integers(0, 3, (len(x), 2))):
        moved[n] = padded[n, i : i + x.shape[1], j : j + x.shape[2]]
    return moved


def train(layers: Sequence[Layer], x: Array, labels: Array, rng: np.random.Generator) -> None:
    """Train in place with Adam (Kingma and Ba, 2015) and a cosine schedule."""
    parameters = [p for layer in layers for p in (layer.weights, layer.bias)]
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    steps = EPOCHS * (len(x) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for batch in order[: len(x) // BATCH * BATCH].reshape(-1, BATCH):
            step += 1
            rate = LEARNING_RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            rate *= np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            gradients = _gradients(layers, _shifted(x[batch], rng), labels[batch])
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= (rate * m / (np.sqrt(v) + 1e-8)).astype(np.float32)


# Quantization: TensorFlow Lite's int8 scheme (tensorflow.org/lite/performance/quantization_spec).


def _activation_quant(low: float, high: float) -> Quant:
    low, high = min(low, 0.0), max(high, 0.0)
    scale = float(np.float32((high - low) / 255))
    return Quant((scale,), (int(np.clip(round(-128 - low / scale), -128, 127)),))


def _quantize_weights(weights: Array, axis: int | None) -> tuple[Array, Quant]:
    """Symmetric int8 weights, for each slice along ``axis`` or for the whole tensor."""
    others = tuple(d for d in range(weights.ndim) if d != axis) if axis is not None else None
    largest = np.maximum(np.abs(weights).max(axis=others, keepdims=True), 1e-8)
    scales = (largest / 127).astype(np.float32)
    values = np.clip(np.rint(weights / scales), -127, 127).astype(np.int8)
    return values, Quant(tuple(map(float, scales.reshape(-1))), (0,) * scales.size, axis)


class _Builder:
    """Collects the tensors and operators of a graph."""

    def __init__(self) -> None:
        self.tensors: dict[int, Tensor] = {}
        self.ops: list[Op] = []

    def tensor(
        self, name: str, shape: tuple[int, ...], dtype: DType, quant: Quant | None = None, data: Array | None = None
    ) -> int:
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, name, shape, dtype, quant, data)
        return number

    def constant(self, name: str, data: Array, dtype: DType, quant: Quant | None = None) -> int:
        return self.tensor(name, data.shape, dtype, quant, data)

    def op(self, kind: str, version: int, inputs: tuple[int, ...], output: int, attrs: Attrs) -> int:
        self.ops.append(Op(len(self.ops), kind, version, inputs, (output,), attrs))
        return output

    def layer(self, layer: Layer, name: str, source: int, shape: tuple[int, ...], quant: Quant) -> int:
        """A trained layer as an operator; returns its output."""
        axis = {"conv": 0, "depthwise": 3, "dense": None}[layer.kind]
        values, weights_quant = _quantize_weights(layer.weights, axis)
        weights = self.constant(f"{name}/weights", values, DType.INT8, weights_quant)
        input_quant = self.tensors[source].quant
        if input_quant is None:
            raise ValueError(f"{name} has an input that is not quantized")
        scales = np.float64(input_quant.scale) * np.array(weights_quant.scales)
        bias_axis = None if axis is None else 0
        bias_quant = Quant(tuple(map(float, scales.astype(np.float32))), (0,) * scales.size, bias_axis)
        bias = self.constant(f"{name}/bias", np.rint(layer.bias / scales).astype(np.int32), DType.INT32, bias_quant)
        output = self.tensor(name, shape, DType.INT8, quant)
        relu = Activation.RELU if layer.relu else Activation.NONE
        stride = layer.stride
        kind, version, attrs = {
            "conv": ("CONV_2D", 3, Conv2DAttrs(Padding.SAME, stride, stride, relu)),
            "depthwise": ("DEPTHWISE_CONV_2D", 3, DepthwiseConv2DAttrs(Padding.SAME, stride, stride, 1, relu)),
            "dense": ("FULLY_CONNECTED", 4, FullyConnectedAttrs(relu)),
        }[layer.kind]
        return self.op(kind, version, (source, weights, bias), output, attrs)


def quantize(layers: Sequence[Layer], x: Array) -> Module:
    """An int8 model of the trained layers; activations' ranges are those that ``x`` causes."""
    build = _Builder()
    shape = (1, *x.shape[1:])
    first = tensor = build.tensor("image", shape, DType.INT8, _activation_quant(0.0, PIXEL_MAX))
    for i, (layer, result) in enumerate(zip(layers, activations(layers, x), strict=True)):
        if layer.kind == "dense":
            tensor = _pool_and_flatten(build, tensor)
        quant = _activation_quant(float(result.min()), float(result.max()))
        tensor = build.layer(layer, f"layer{i}", tensor, (1, *result.shape[1:]), quant)
    output = build.tensor("probabilities", build.tensors[tensor].shape, DType.INT8, Quant((1 / 256,), (-128,)))
    last = build.op("SOFTMAX", 2, (tensor,), output, SoftmaxAttrs(1.0))
    graph = Graph("main", build.tensors, tuple(build.ops), (first,), (last,))
    return Module("digits", "digits.tflite", "", (graph,))


def _pool_and_flatten(build: _Builder, source: int) -> int:
    tensor = build.tensors[source]
    _, height, width, channels = tensor.shape
    pooled = build.tensor("pooled", (1, 1, 1, channels), DType.INT8, tensor.quant)
    build.op("AVERAGE_POOL_2D", 2, (source,), pooled, Pool2DAttrs(Padding.VALID, 1, 1, height, width))
    shape = np.array([1, channels], np.int32)
    target = build.constant("flat/shape", shape, DType.INT32)
    flat = build.tensor("flat", (1, channels), DType.INT8, tensor.quant)
    return build.op("RESHAPE", 1, (pooled, target), flat, ReshapeAttrs((1, channels)))


def main() -> None:
    """Run the tool."""
    parser = argparse.ArgumentParser(description="train and quantize the demo model")
    default = Path(__file__).resolve().parent.parent / "examples" / "digits"
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    folder: Path = parser.parse_args().folder

    from sklearn.datasets import load_digits

    digits = load_digits()
    x = digits.images.astype(np.float32)[..., None]
    y = digits.target.astype(np.int64)
    rng = np.random.default_rng(SEED)
    test, rest = np.split(rng.permutation(len(x)), [TEST_IMAGES])
    train_x, train_y, test_x, test_y = x[rest], y[rest], x[test], y[test]

    layers = make_network(rng)
    train(layers, train_x / np.float32(PIXEL_MAX), train_y, rng)
    # The quantized model takes pixels as they are: the scale of 1 / 16 moves into the first layer.
    layers[0].weights /= np.float32(PIXEL_MAX)
    parameters = sum(layer.weights.size + layer.bias.size for layer in layers)
    exact = np.mean(activations(layers, test_x)[-1].argmax(axis=1) == test_y)

    module = quantize(layers, train_x)
    content = write(module)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "digits.tflite").write_bytes(content)
    np.savez_compressed(folder / "test.npz", x=test_x, y=test_y.astype(np.uint8))

    quant = module.main.tensors[module.main.inputs[0]].quant
    if quant is None:
        raise ValueError("the input is not quantized")
    samples = np.clip(np.rint(test_x / quant.scale) + quant.zero_point, -128, 127).astype(np.int8)
    oracle = best()
    outputs = oracle.run(content, [[sample[None]] for sample in samples])
    right = np.mean([out[0].argmax() == label for out, label in zip(outputs, test_y, strict=True)])
    print(f"{parameters} parameters, {len(test_y)} test images")
    print(f"float32: {exact:.2%}")
    print(f"int8, {oracle.name}: {right:.2%}")


if __name__ == "__main__":
    main()
