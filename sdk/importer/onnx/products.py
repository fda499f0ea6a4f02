"""Products of matrices: fully connected layers, and MatMul of two computed values."""

from __future__ import annotations

from math import prod

import numpy as np

from sdk.importer.onnx.context import Constant, Context, Flat, Handler
from sdk.importer.onnx.model import Node
from sdk.importer.onnx.quantization import held, result
from sdk.importer.onnx.weights import bias_of, symmetric, weights_of
from sdk.ir import attrs as a


def _gemm(ctx: Context, node: Node) -> None:
    attrs = node.attrs
    if attrs.get("alpha", 1.0) != 1.0 or attrs.get("beta", 1.0) != 1.0 or attrs.get("transA", 0):
        raise ctx.unsupported(node, "alpha, beta or transA is not the default")
    _fully_connected(ctx, node, transposed=bool(attrs.get("transB", 0)))


def _matmul(ctx: Context, node: Node) -> None:
    if isinstance(ctx.values[node.inputs[1]], Constant):
        _fully_connected(ctx, node, transposed=False)
        return
    values = [ctx.value(name) for name in node.inputs]
    factors = [ctx.plain(v).tensor for v in values]
    quant, _, name = result(ctx, node)
    for value in values:
        held(ctx, node, value)
    tensor = ctx.build.op("BATCH_MATMUL", factors, a.BatchMatMulAttrs(), quant, name=name)
    ctx.values[name] = ctx.reshaped(tensor, ctx.build.tensors[tensor].shape)


def _fully_connected(ctx: Context, node: Node, transposed: bool) -> None:
    weights, scales = weights_of(ctx, node, 0 if transposed else 1)
    if weights.ndim != 2:
        raise ctx.unsupported(node, f"weights of shape {list(weights.shape)}, not of 2 dimensions")
    weights = weights if transposed else weights.T
    source = ctx.values[node.inputs[0]]
    if isinstance(source, Flat):
        # The weights take up the order in which the tensor holds the image.
        inner = source.source
        if weights.shape[1] != source.shape[1]:
            raise ctx.unsupported(node, f"{source.shape[1]} inputs for weights of {weights.shape[1]}")
        columns = np.arange(prod(inner.shape[1:])).reshape(inner.shape[1:])
        weights = weights[:, columns.transpose([d - 1 for d in inner.order[1:]]).reshape(-1)]
        value = ctx.reshaped(inner.tensor, source.shape)
    else:
        value = ctx.plain(ctx.value(node.inputs[0]))
    shape = value.shape
    quant, activation, name = result(ctx, node, fuse=True)
    rows = ctx.reshaped(value.tensor, (prod(shape[:-1]), shape[-1])).tensor
    bias = bias_of(ctx, node, held(ctx, node, value).scale, scales, len(weights))
    inputs = [rows, ctx.build.const(weights, symmetric(scales, 0)), bias]
    tensor = ctx.build.op("FULLY_CONNECTED", inputs, a.FullyConnectedAttrs(activation), quant, name=name)
    ctx.values[name] = ctx.reshaped(tensor, (*shape[:-1], len(weights)))


HANDLERS: dict[str, Handler] = {"Gemm": _gemm, "MatMul": _matmul}
