"""Portable kernels with packed weights; see ``firmware/include/sdk/packed_ref.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.kernels.base import Constraint, Kernel
from sdk.kernels.convolution_s8 import Conv2DS8Ref, DepthwiseConv2DS8Ref
from sdk.kernels.fully_connected import FullyConnectedS8Ref
from sdk.kernels.unpacked import FEW_LEVELS, Unpacked, UnpackedBytes

_HEADER = "sdk/packed_ref.h"


class Conv2DPackedRef(UnpackedBytes):
    """CONV_2D of any shape."""

    inner: ClassVar[Kernel] = Conv2DS8Ref()
    name = "conv2d_s8_packed__ref"
    ops = inner.ops
    header = _HEADER
    sources = ("kernels/conv2d/conv2d_s8_packed__ref.c", Unpacked.unpacker, *inner.sources)
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)
    params_type_name = "sdk_convolution_s8_packed"


class DepthwiseConv2DPackedRef(UnpackedBytes):
    """DEPTHWISE_CONV_2D of any shape."""

    inner: ClassVar[Kernel] = DepthwiseConv2DS8Ref()
    name = "depthwise_conv2d_s8_packed__ref"
    ops = inner.ops
    header = _HEADER
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_s8_packed__ref.c", Unpacked.unpacker, *inner.sources)
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)
    params_type_name = "sdk_convolution_s8_packed"


class FullyConnectedPackedRef(UnpackedBytes):
    """FULLY_CONNECTED, the weights of one output at a time."""

    inner: ClassVar[Kernel] = FullyConnectedS8Ref()
    name = "fully_connected_s8_packed__ref"
    ops = inner.ops
    header = _HEADER
    sources = ("kernels/fully_connected/fully_connected_s8_packed__ref.c", Unpacked.unpacker, *inner.sources)
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)
    params_type_name = "sdk_fully_connected_s8_packed"
    whole = False
