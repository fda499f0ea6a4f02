"""A trained network as an int8 Module: levels as they were trained, activations quantized by calibration samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from sdk.errors import InputError
from sdk.importer.builder import Builder
from sdk.ir import DType, Module, Quant
from sdk.ir.attrs import (
    Activation,
    BinaryAttrs,
    Conv2DAttrs,
    DepthwiseConv2DAttrs,
    FullyConnectedAttrs,
    Padding,
    ReducerAttrs,
    SoftmaxAttrs,
)
from sdk.read.tflite import read_bytes
from sdk.train.blocks import Convolution, Dense, Mean, Residual, Weighted
from sdk.train.fit import Images, to_tensor
from sdk.write.tflite import write

_TAIL = 1e-4
"""Share of the activations on either side that may be clipped."""
_MOST_UNITS = 1 << 30
_PROBABILITIES = Quant((1 / 256,), (-128,), None)


def export(network: nn.Sequential, samples: Images, path: str) -> Module:
    """Make an int8 model of a network, with a SOFTMAX behind it.

    Args:
        network: blocks of ``sdk.train.blocks``, in evaluation mode.
        samples: [samples, rows, columns, channels], real inputs by which the ranges of activations are chosen.
        path: the model's name in messages.

    Raises:
        InputError: the network has a block that no operator stands for.
    """
    exporter = _Exporter(to_tensor(samples))
    with torch.no_grad():
        logits, _ = exporter.add(network, exporter.source, exporter.samples)
    output = exporter.builder.op("SOFTMAX", [logits], SoftmaxAttrs(), _PROBABILITIES)
    graph = exporter.builder.graph((exporter.source,), (output,))
    return read_bytes(write(Module("model", path, "", (graph,))), path)


class _Exporter:
    def __init__(self, samples: Tensor) -> None:
        self.builder = Builder()
        self.samples = samples
        shape = (1, *samples.shape[2:], samples.shape[1])
        self.source = self.builder.tensor("input", shape, DType.INT8, _quant(samples))

    def add(self, block: nn.Module, source: int, x: Tensor) -> tuple[int, Tensor]:
        """Operators of a block on a tensor of the graph, and the samples behind it."""
        if isinstance(block, nn.Sequential):
            for part in block:
                source, x = self.add(part, source, x)
            return source, x
        if isinstance(block, Residual):
            return self._residual(block, source, x)
        y = block(x)
        if isinstance(block, Convolution):
            return self._convolution(block, source, _quant(y)), y
        if isinstance(block, Dense):
            weights, bias = self._constants(block, source)
            attrs = FullyConnectedAttrs()
            return self.builder.op("FULLY_CONNECTED", [source, weights, bias], attrs, _quant(y)), y
        if isinstance(block, Mean):
            axes = self.builder.const(np.array([1, 2], np.int32))
            return self.builder.op("MEAN", [source, axes], ReducerAttrs(), _quant(y)), y
        raise InputError(type(block).__name__, "can't be exported", "use the blocks of sdk.train.blocks")

    def _residual(self, block: Residual, source: int, x: Tensor) -> tuple[int, Tensor]:
        body, _ = self.add(block.body, source, x)
        other = source if block.shortcut is None else self.add(block.shortcut, source, x)[0]
        y = block(x)
        return self.builder.op("ADD", [body, other], BinaryAttrs(Activation.RELU), _quant(y)), y

    def _convolution(self, block: Convolution, source: int, quant: Quant) -> int:
        weights, bias = self._constants(block, source)
        activation = Activation.RELU if block.relu else Activation.NONE
        if block.depthwise:
            attrs = DepthwiseConv2DAttrs(Padding.SAME, *block.stride, 1, activation)
            return self.builder.op("DEPTHWISE_CONV_2D", [source, weights, bias], attrs, quant)
        return self.builder.op(
            "CONV_2D", [source, weights, bias], Conv2DAttrs(Padding.SAME, *block.stride, activation), quant
        )

    def _constants(self, layer: Weighted, source: int) -> tuple[int, int]:
        levels, scales, bias = (t.double().numpy() for t in layer.folded())
        quant = self.builder.tensors[source].quant
        if quant is None:
            raise ValueError("activations are quantized")
        # A channel that is switched off has any scale; a bias must fit 30 bits.
        least = np.abs(bias).max(initial=0.0) / quant.scale / _MOST_UNITS
        scales = np.maximum(scales, max(least, 1e-9)).astype(np.float32).astype(np.float64)
        axis = 0
        if levels.ndim == 4:
            levels = np.moveaxis(levels, 1, -1)
            if isinstance(layer, Convolution) and layer.depthwise:
                levels, axis = np.moveaxis(levels, 0, -1).reshape(1, *levels.shape[1:3], -1), 3
        zeros = (0,) * len(scales)
        units = np.rint(bias / (quant.scale * scales)).astype(np.int32)
        bias_scales = tuple(float(np.float32(quant.scale * s)) for s in scales)
        return (
            self.builder.const(levels.astype(np.int8), Quant(tuple(float(s) for s in scales), zeros, axis)),
            self.builder.const(units, Quant(bias_scales, zeros, 0)),
        )


def _quant(x: Tensor) -> Quant:
    """Scale and zero point of activations, by what samples of them there are."""
    values: npt.NDArray[Any] = x.numpy()
    low, high = np.quantile(values, (_TAIL, 1 - _TAIL)) if values.min() < 0 else (0.0, np.quantile(values, 1 - _TAIL))
    low, high = min(float(low), 0.0), max(float(high), 0.0, 1e-6)
    scale = float(np.float32((high - low) / 255))
    return Quant((scale,), (int(np.clip(np.rint(-128 - low / scale), -128, 127)),), None)
