"""Operators that change the size of an image."""

from __future__ import annotations

import numpy as np

from sdk.importer.onnx.context import Context, Handler
from sdk.importer.onnx.layout import image, set_image
from sdk.importer.onnx.model import Node
from sdk.importer.onnx.quantization import held
from sdk.ir import attrs as a

_LONGEST_SIDE = 1 << 16
_RESIZES = {"nearest": "RESIZE_NEAREST_NEIGHBOR", "linear": "RESIZE_BILINEAR"}
_TRANSFORMS = {
    "half_pixel": a.ResizeAttrs(half_pixel_centers=True),
    "align_corners": a.ResizeAttrs(align_corners=True),
    "asymmetric": a.ResizeAttrs(),
}


def _blocks(ctx: Context, node: Node) -> None:
    """DepthToSpace and SpaceToDepth."""
    value = image(ctx, node)
    quant = held(ctx, node, value)
    size, name = int(node.attrs["blocksize"]), node.outputs[0]
    if node.attrs.get("mode", b"DCR") == b"DCR":
        kind = "DEPTH_TO_SPACE" if node.kind == "DepthToSpace" else "SPACE_TO_DEPTH"
        tensor = ctx.build.op(kind, [value.tensor], a.BlockAttrs(size), quant, name=name)
    else:
        # PyTorch's PixelShuffle: a block's row and column are the channel's last digits, not its first.
        batch, channels, height, width = value.shape
        depth = channels // (size * size)
        apart = ctx.reshaped(value.tensor, (batch, height, width, depth, size, size)).tensor
        order = ctx.build.const(np.array([0, 1, 4, 2, 5, 3], np.int32))
        moved = ctx.build.op("TRANSPOSE", [apart, order], a.Attrs(), quant)
        tensor = ctx.reshaped(moved, (batch, height * size, width * size, depth)).tensor
    set_image(ctx, name, tensor, node)


def _resize(ctx: Context, node: Node) -> None:
    value = image(ctx, node)
    if len(ctx.value(node.inputs[0]).shape) != 4:
        raise ctx.unsupported(node, "it resizes a line", "resize images of one row")
    quant = held(ctx, node, value)
    sizes, scales = ctx.optional(node, 3, "the sizes"), ctx.optional(node, 2, "the scales")
    if sizes is not None:
        wanted = [int(v) for v in sizes.reshape(-1)]
    elif scales is not None and scales.size == 4:
        factors = scales.reshape(-1).tolist()
        wanted = [int(np.floor(n * f)) for n, f in zip(value.shape, factors, strict=True)]
    else:
        raise ctx.unsupported(node, "neither sizes nor scales are given")
    mode = node.attrs.get("mode", b"nearest").decode()
    transform = node.attrs.get("coordinate_transformation_mode", b"half_pixel").decode()
    if max(wanted) > _LONGEST_SIDE or wanted[:2] != list(value.shape[:2]):
        raise ctx.unsupported(node, f"shape {list(value.shape)} becomes {wanted}")
    if transform not in _TRANSFORMS or mode not in _RESIZES:
        raise ctx.unsupported(node, f"mode {mode} with {transform}")
    options = _TRANSFORMS[transform]
    rounding = node.attrs.get("nearest_mode", b"round_prefer_floor").decode()
    if mode == "nearest" and not all(
        _same_nearest(n, w, transform, rounding) for n, w in zip(value.shape[2:], wanted[2:], strict=True)
    ):
        raise ctx.unsupported(node, f"nearest_mode {rounding} with {transform} takes other pixels")
    size = ctx.build.const(np.array(wanted[2:], np.int32))
    tensor = ctx.build.op(_RESIZES[mode], [value.tensor, size], options, quant, name=node.outputs[0])
    set_image(ctx, node.outputs[0], tensor, node)


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


HANDLERS: dict[str, Handler] = {
    "DepthToSpace": _blocks,
    "Resize": _resize,
    "SpaceToDepth": _blocks,
}
