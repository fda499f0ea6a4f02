"""Operators of float32, portable; see ``convolution_f32.h``, ``elementwise_f32.h`` and ``softmax_f32.h``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from sdk.ir import DType
from sdk.ir.attrs import (
    Activation,
    DepthwiseConv2DAttrs,
    LeakyReluAttrs,
    ResizeAttrs,
    SoftmaxAttrs,
)
from sdk.kernels import cost
from sdk.kernels.access import elementwise
from sdk.kernels.base import Access, Const, Constraint, Kernel, Prepared, Site, Value
from sdk.kernels.broadcast import DIMS_FIT, prepared
from sdk.kernels.constraints import ACTIVATION, BIAS_CONSTANT, FILTER_CONSTANT, constant, input_type, output_type
from sdk.kernels.convolution import output_channel_axis, pointers
from sdk.kernels.fully_connected import PLAIN_WEIGHTS
from sdk.kernels.l2_normalization import NO_ACTIVATION
from sdk.kernels.operands import attrs, data
from sdk.kernels.reduce import AXES_CONSTANT, NOT_EMPTY, reduce_access, shape_fields
from sdk.kernels.reduce import DIMS_FIT as REDUCE_DIMS_FIT
from sdk.kernels.resize import IMAGE_FITS, SIZE_CONSTANT, resize_access
from sdk.kernels.softmax import row_access
from sdk.kernels.transpose_conv2d import ReversedWindow
from sdk.kernels.window2d import window2d

_FLOAT = (input_type(0, DType.FLOAT32), output_type(DType.FLOAT32))
_WEIGHTS = (
    *_FLOAT,
    input_type(1, DType.FLOAT32, what="the filter"),
    input_type(2, DType.FLOAT32, what="the bias"),
    FILTER_CONSTANT,
    BIAS_CONSTANT,
    ACTIVATION,
)
_LARGEST = float(np.finfo(np.float32).max)
_BOUNDS: Mapping[Activation | None, tuple[float, float]] = {
    None: (-math.inf, math.inf),
    Activation.NONE: (-_LARGEST, _LARGEST),
    Activation.RELU: (0.0, _LARGEST),
    Activation.RELU6: (0.0, 6.0),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
}


def activation_bounds(site: Site) -> dict[str, Value]:
    """The fields of the fused activation's bounds; operators that may have one never give an infinity."""
    low, high = _BOUNDS[getattr(site.op.attrs, "activation", None)]
    return {"output_min": low, "output_max": high}


def float_bias(site: Site, index: int = 2) -> Const:
    """The bias, zeros where there is none."""
    bias, weights = site.optional(index), site.input(1)
    channels = weights.shape[output_channel_axis(site)]
    values = np.zeros(channels, np.float32) if bias is None else data(bias).reshape(-1)
    return Const("bias", "float", values)


class _ConvolutionF32Ref(Kernel):
    header = "sdk/convolution_f32.h"
    constraints: ClassVar[tuple[Constraint, ...]] = _WEIGHTS

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window, weights, conv = window2d(site), site.input(1), site.op.attrs
        depthwise = isinstance(conv, DepthwiseConv2DAttrs)
        channels = conv.depth_multiplier if isinstance(conv, DepthwiseConv2DAttrs) else weights.shape[3]
        consts = (Const("weights", "float", data(weights)), float_bias(site))
        macs = window.taps * (1 if depthwise else channels)
        return Prepared(
            params_type="sdk_convolution_f32",
            params={
                "window": window.fields, "filter_channels": channels, **activation_bounds(site), **pointers(consts)
            },
            consts=consts,
            align=4,
            units=window.slide.units,
            access=window.slide.access(),
            macs=macs,
            cost=cost.CALL + 2 * macs * cost.FLOAT,
        )  # fmt: skip


class Conv2DF32Ref(_ConvolutionF32Ref):
    """float32, with groups."""

    name = "conv2d_f32__ref"
    ops = ("CONV_2D",)
    sources = ("kernels/conv2d/conv2d_f32__ref.c",)


class DepthwiseConv2DF32Ref(_ConvolutionF32Ref):
    """float32."""

    name = "depthwise_conv2d_f32__ref"
    ops = ("DEPTHWISE_CONV_2D",)
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_f32__ref.c",)


class TransposeConv2DF32Ref(Kernel):
    """float32."""

    name = "transpose_conv2d_f32__ref"
    ops = ("TRANSPOSE_CONV",)
    header = "sdk/convolution_f32.h"
    sources = ("kernels/transpose_conv2d/transpose_conv2d_f32__ref.c",)
    constraints = (
        input_type(2, DType.FLOAT32),
        input_type(1, DType.FLOAT32, what="the filter"),
        input_type(3, DType.FLOAT32, what="the bias"),
        output_type(DType.FLOAT32),
        constant(0, "the output's shape"),
        FILTER_CONSTANT,
        constant(3, "the bias"),
        ACTIVATION,
    )

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window = ReversedWindow(site)
        consts = (Const("weights", "float", data(site.input(1))), float_bias(site, 3))
        return Prepared(
            params_type="sdk_convolution_f32",
            params={
                "window": window.fields,
                "filter_channels": site.input(2).shape[3],
                **activation_bounds(site),
                **pointers(consts),
            },
            consts=consts,
            inputs=(2,),
            align=4,
            units=window.units,
            access=window.access(),
            macs=window.macs,
            cost=cost.CALL + 2 * window.macs * cost.FLOAT,
        )


class FullyConnectedF32Ref(Kernel):
    """float32, any number of batches."""

    name = "fully_connected_f32__ref"
    ops = ("FULLY_CONNECTED",)
    header = "sdk/convolution_f32.h"
    sources = ("kernels/fully_connected/fully_connected_f32__ref.c",)
    constraints = (*_WEIGHTS, PLAIN_WEIGHTS)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, weights, output = site.input(0), site.input(1), site.output()
        outputs, inputs = weights.shape
        batches = source.elements // inputs
        consts = (Const("weights", "float", data(weights)), float_bias(site))
        macs = batches * inputs * outputs
        return Prepared(
            params_type="sdk_fully_connected_f32",
            params={"input_size": inputs, "output_size": outputs, **activation_bounds(site), **pointers(consts)},
            consts=consts,
            align=4,
            units=output.elements,
            access=tuple(
                Access({0: (4 * b * inputs, 4 * (b + 1) * inputs)}, (4 * b * outputs, 4 * (b + 1) * outputs))
                for b in range(batches)
            ),
            macs=macs,
            cost=cost.CALL + 2 * macs * cost.FLOAT,
        )


class _Pool2DF32Ref(Kernel):
    header = "sdk/convolution_f32.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/pool2d/pool2d_f32__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = (*_FLOAT, ACTIVATION)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        window = window2d(site)
        return Prepared(
            params_type="sdk_pool2d_f32",
            params={"window": window.fields, **activation_bounds(site)},
            align=4,
            units=window.slide.units,
            access=window.slide.access(),
            cost=cost.CALL + window.taps * cost.FLOAT,
        )


class AveragePool2DF32Ref(_Pool2DF32Ref):
    """float32 mean over windows."""

    name = "average_pool2d_f32__ref"
    ops = ("AVERAGE_POOL_2D",)


class MaxPool2DF32Ref(_Pool2DF32Ref):
    """float32 maximum over windows."""

    name = "max_pool2d_f32__ref"
    ops = ("MAX_POOL_2D",)


class BinaryF32Ref(Kernel):
    """float32, with broadcasting.

    Args:
        kind: the operator.
    """

    header = "sdk/elementwise_f32.h"
    sources = ("kernels/binary/binary_f32__ref.c",)
    constraints = (*_FLOAT, input_type(1, DType.FLOAT32, what="the second input"), ACTIVATION, DIMS_FIT)

    def __init__(self, kind: str) -> None:
        self.name = f"{kind.lower()}_f32__ref"  # type: ignore[misc]
        self.ops = (kind,)  # type: ignore[misc]

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        return prepared(site, "sdk_binary_f32", activation_bounds(site), cost.FLOAT)


class UnaryF32Ref(Kernel):
    """float32.

    Args:
        kind: the operator.
    """

    header = "sdk/elementwise_f32.h"
    sources = ("kernels/unary/unary_f32__ref.c",)
    constraints = _FLOAT

    def __init__(self, kind: str) -> None:
        self.name = f"{kind.lower()}_f32__ref"  # type: ignore[misc]
        self.ops = (kind,)  # type: ignore[misc]

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        alpha = site.op.attrs.alpha if isinstance(site.op.attrs, LeakyReluAttrs) else 0.0
        return Prepared(
            params_type="sdk_unary_f32",
            params={"alpha": float(alpha)},
            align=4,
            units=source.elements,
            access=elementwise(source.elements, (4,), 4),
            cost=cost.CALL + source.elements * 4 * cost.FLOAT,
        )


class ReduceF32Ref(Kernel):
    """float32, over any dimensions.

    Args:
        kind: the operator.
    """

    header = "sdk/reduce_f32.h"
    sources = ("kernels/reduce/reduce_f32__ref.c",)
    constraints = (*_FLOAT, AXES_CONSTANT, NOT_EMPTY, REDUCE_DIMS_FIT)

    def __init__(self, kind: str) -> None:
        self.name = f"{kind.lower()}_f32__ref"  # type: ignore[misc]
        self.ops = (kind,)  # type: ignore[misc]

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output = site.input(0), site.output()
        return Prepared(
            params_type="sdk_reduce_f32",
            params={"shape": shape_fields(site), "count": float(source.elements // output.elements)},
            align=4,
            units=output.elements,
            access=reduce_access(site),
            cost=cost.CALL + source.elements * cost.FLOAT,
        )


class ResizeBilinearF32Ref(Kernel):
    """float32."""

    name = "resize_bilinear_f32__ref"
    ops = ("RESIZE_BILINEAR",)
    header = "sdk/resize.h"
    sources = ("kernels/resize/resize_bilinear_f32__ref.c",)
    constraints = (*_FLOAT, SIZE_CONSTANT, IMAGE_FITS)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source, output, options = site.input(0), site.output(), attrs(site, ResizeAttrs)
        batches, height, width, channels = source.shape
        _, out_height, out_width, _ = output.shape
        offset = np.float32(0.5 if options.half_pixel_centers else 0)

        def scale(size: int, out_size: int) -> np.float32:
            one_less = int(options.align_corners and out_size > 1)
            return np.float32(size - one_less) / np.float32(out_size - one_less)

        at = (np.arange(out_height, dtype=np.float32) + offset) * scale(height, out_height) - offset
        lower, upper = (f(at).astype(int).clip(0, height - 1) for f in (np.floor, np.ceil))
        return Prepared(
            params_type="sdk_resize_bilinear_f32",
            params={
                "input_height": height,
                "input_width": width,
                "output_height": out_height,
                "output_width": out_width,
                "channels": channels,
                "height_scale": float(scale(height, out_height)),
                "width_scale": float(scale(width, out_width)),
                "offset": float(offset),
            },
            align=4,
            units=batches * out_height,
            access=resize_access(site, list(zip(lower.tolist(), upper.tolist(), strict=True))),
            cost=cost.CALL + output.elements * 11 * cost.FLOAT,
        )


class L2NormalizationF32Ref(Kernel):
    """float32 along the last dimension."""

    name = "l2_normalization_f32__ref"
    ops = ("L2_NORMALIZATION",)
    header = "sdk/l2_normalization.h"
    sources = ("kernels/l2_normalization/l2_normalization_f32__ref.c",)
    constraints = (*_FLOAT, NO_ACTIVATION)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        rows, size = math.prod(source.shape[:-1]), source.shape[-1] if source.shape else 1
        return Prepared(
            params_type="sdk_l2_normalization_f32",
            params={"size": size},
            align=4,
            units=rows,
            access=row_access(rows, 4 * size),
            cost=cost.CALL + source.elements * 4 * cost.FLOAT,
        )


class _SoftmaxF32Ref(Kernel):
    header = "sdk/softmax_f32.h"
    sources: ClassVar[tuple[str, ...]] = ("kernels/softmax/softmax_f32__ref.c",)
    constraints: ClassVar[tuple[Constraint, ...]] = _FLOAT

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        source = site.input(0)
        beta = site.op.attrs.beta if isinstance(site.op.attrs, SoftmaxAttrs) else 1.0
        rows = math.prod(source.shape[:-1])
        return Prepared(
            params_type="sdk_softmax_f32",
            params={"size": source.shape[-1] if source.shape else 1, "beta": float(beta)},
            align=4,
            units=rows,
            cost=cost.CALL + source.elements * 20 * cost.FLOAT,
        )


class SoftmaxF32Ref(_SoftmaxF32Ref):
    """float32 along the last dimension."""

    name = "softmax_f32__ref"
    ops = ("SOFTMAX",)


class LogSoftmaxF32Ref(_SoftmaxF32Ref):
    """float32 along the last dimension."""

    name = "log_softmax_f32__ref"
    ops = ("LOG_SOFTMAX",)


FLOAT32_KERNELS: tuple[Kernel, ...] = (
    Conv2DF32Ref(),
    DepthwiseConv2DF32Ref(),
    FullyConnectedF32Ref(),
    TransposeConv2DF32Ref(),
    AveragePool2DF32Ref(),
    MaxPool2DF32Ref(),
    *map(BinaryF32Ref, ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "PRELU", "SQUARED_DIFFERENCE")),
    *map(
        UnaryF32Ref,
        (
            "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "HARD_SWISH",
            "EXP", "LOGISTIC", "TANH",
        ),
    ),
    *map(ReduceF32Ref, ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")),
    L2NormalizationF32Ref(),
    ResizeBilinearF32Ref(),
    SoftmaxF32Ref(),
    LogSoftmaxF32Ref(),
)  # fmt: skip
"""Every kernel of float32 alone."""
