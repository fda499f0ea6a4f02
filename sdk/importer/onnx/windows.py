"""Operators whose window slides over an image or a line: convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sdk.importer.onnx.context import Context, Handler, Value
from sdk.importer.onnx.layout import cut, image, over_image, set_image
from sdk.importer.onnx.model import Node
from sdk.importer.onnx.quantization import held, result
from sdk.importer.onnx.weights import bias_of, filters_of, symmetric
from sdk.ir import attrs as a


def _conv(ctx: Context, node: Node) -> None:
    value, node = image(ctx, node), over_image(ctx, node)
    weights, scales = filters_of(ctx, node, 0)
    (stride_h, stride_w), (dilation_h, dilation_w) = node.ints("strides", (1, 1)), node.ints("dilations", (1, 1))
    group, channels, out = int(node.attrs.get("group", 1)), value.shape[1], weights.shape[0]
    extent = [(weights.shape[2] - 1) * dilation_h + 1, (weights.shape[3] - 1) * dilation_w + 1]
    quant, activation, name = result(ctx, node, fuse=True)
    source, padding = _padded(ctx, node, value, extent, (stride_h, stride_w))
    bias = bias_of(ctx, node, held(ctx, node, value).scale, scales, out)
    options: a.Attrs
    if group == channels and weights.shape[1] == 1 and group > 1:
        kind, axis, filter_ = "DEPTHWISE_CONV_2D", 3, weights.transpose(1, 2, 3, 0)
        options = a.DepthwiseConv2DAttrs(
            padding, stride_h, stride_w, out // channels, activation, dilation_h, dilation_w
        )
    else:
        kind, axis, filter_ = "CONV_2D", 0, weights.transpose(0, 2, 3, 1)
        options = a.Conv2DAttrs(padding, stride_h, stride_w, activation, dilation_h, dilation_w)
    inputs = [source, ctx.build.const(filter_, symmetric(scales, axis)), bias]
    set_image(ctx, name, ctx.build.op(kind, inputs, options, quant, name=name), node)


def _conv_transpose(ctx: Context, node: Node) -> None:
    value, node = image(ctx, node), over_image(ctx, node)
    weights, scales = filters_of(ctx, node, 1)
    strides, extra = node.ints("strides", (1, 1)), node.ints("output_padding", (0, 0))
    auto = node.attrs.get("auto_pad", b"NOTSET").decode()
    pads = _explicit_pads(node, auto)
    if auto not in ("NOTSET", "VALID") or "output_shape" in node.attrs:
        raise ctx.unsupported(node, "its padding is given by auto_pad or output_shape", "export explicit pads")
    if int(node.attrs.get("group", 1)) != 1 or node.ints("dilations", (1, 1)) != [1, 1]:
        raise ctx.unsupported(node, "groups or dilations")
    taps, sizes, out = weights.shape[2:], value.shape[2:], weights.shape[1]
    whole = [(n - 1) * s + k + e for n, s, k, e in zip(sizes, strides, taps, extra, strict=True)]
    wanted = [n - pads[i] - pads[2 + i] for i, n in enumerate(whole)]
    # What SAME takes off: all but the image times the stride, the larger half of it behind.
    same = all(
        -(-w // s) == n and max((n - 1) * s + k - w, 0) // 2 == p
        for w, s, n, k, p in zip(wanted, strides, sizes, taps, pads, strict=False)
    )
    quant, activation, name = result(ctx, node, fuse=True)
    shape = ctx.build.const(np.array([value.shape[0], *(wanted if same else whole), out], np.int32))
    filter_ = ctx.build.const(weights.transpose(1, 2, 3, 0), symmetric(scales, 0))
    bias = bias_of(ctx, node, held(ctx, node, value).scale, scales, out)
    padding = a.Padding.SAME if same else a.Padding.VALID
    options = a.TransposeConvAttrs(padding, strides[0], strides[1], activation)
    tensor = ctx.build.op("TRANSPOSE_CONV", [shape, filter_, value.tensor, bias], options, quant, name=name)
    if not same and any(pads):
        begin, end = (0, pads[0], pads[1], 0), (value.shape[0], whole[0] - pads[2], whole[1] - pads[3], out)
        tensor = cut(ctx, name, tensor, begin, end, (1, 1, 1, 1))
    set_image(ctx, name, tensor, node)


def _pool(ctx: Context, node: Node) -> None:
    value, node = image(ctx, node), over_image(ctx, node)
    quant = held(ctx, node, value)
    (filter_h, filter_w), (stride_h, stride_w) = node.ints("kernel_shape", ()), node.ints("strides", (1, 1))
    window, strides = (filter_h, filter_w), (stride_h, stride_w)
    if node.ints("dilations", (1, 1)) != [1, 1] or len(node.outputs) > 1:
        raise ctx.unsupported(node, "dilations, or indices as a second output")
    average = node.kind == "AveragePool"
    # In TensorFlow Lite's SAME padding does not count; what PAD adds does.
    counted = average and bool(node.attrs.get("count_include_pad", 0))
    source, padding = _padded(ctx, node, value, window, strides, None if average else -128, same=not counted)
    uncounted = (source != value.tensor and not counted) or node.attrs.get("ceil_mode", 0)
    if average and uncounted and any(_pads(node, value, window, strides)):
        raise ctx.unsupported(node, "this padding of an average has no form in TensorFlow Lite")
    options = a.Pool2DAttrs(padding, stride_h, stride_w, filter_h, filter_w)
    kind, name = "AVERAGE_POOL_2D" if average else "MAX_POOL_2D", node.outputs[0]
    set_image(ctx, name, ctx.build.op(kind, [source], options, quant, name=name), node)


def _padded(
    ctx: Context,
    node: Node,
    value: Value,
    extent: Sequence[int],
    strides: Sequence[int],
    fill: int | None = None,
    same: bool = True,
) -> tuple[int, a.Padding]:
    """The image and the padding that a window needs: SAME where that is it, else zeros or ``fill`` round it."""
    pads = _pads(node, value, extent, strides)
    if not any(pads):
        return value.tensor, a.Padding.VALID
    if same and pads == _pads(replace(node, attrs={"auto_pad": b"SAME_UPPER"}), value, extent, strides):
        return value.tensor, a.Padding.SAME
    pairs = ctx.build.const(np.array([[0, 0], pads[0::2], pads[1::2], [0, 0]], np.int32))
    quant = held(ctx, node, value)
    if fill is None:
        return ctx.build.op("PAD", [value.tensor, pairs], a.Attrs(), quant), a.Padding.VALID
    filler = ctx.build.const(np.array([fill], np.int8), quant)
    return ctx.build.op("PADV2", [value.tensor, pairs, filler], a.Attrs(), quant), a.Padding.VALID


def _pads(node: Node, value: Value, extent: Sequence[int], strides: Sequence[int]) -> list[int]:
    """Rows above, columns left, rows below, columns right of the image."""
    auto = node.attrs.get("auto_pad", b"NOTSET").decode()
    if auto in ("NOTSET", "VALID"):
        pads = _explicit_pads(node, auto)
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


def _explicit_pads(node: Node, auto: str) -> list[int]:
    return node.ints("pads", (0, 0, 0, 0)) if auto == "NOTSET" else [0, 0, 0, 0]


HANDLERS: dict[str, Handler] = {
    "AveragePool": _pool,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "MaxPool": _pool,
}
