"""Portable kernels with packed weights; see ``firmware/include/sdk/packed_ref.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.kernels.base import Kernel
from sdk.kernels.convolution_s8 import Conv2DS8Ref, DepthwiseConv2DS8Ref
from sdk.kernels.fully_connected import FullyConnectedS8Ref
from sdk.kernels.unpacked import UnpackedBytes

_HEADER = "sdk/packed_ref.h"


class Conv2DPackedRef(UnpackedBytes):
    """CONV_2D of any shape."""

    inner: ClassVar[Kernel] = Conv2DS8Ref()
    header = _HEADER
    source = "kernels/conv2d/conv2d_s8_packed__ref.c"


class DepthwiseConv2DPackedRef(UnpackedBytes):
    """DEPTHWISE_CONV_2D of any shape."""

    inner: ClassVar[Kernel] = DepthwiseConv2DS8Ref()
    header = _HEADER
    source = "kernels/depthwise_conv2d/depthwise_conv2d_s8_packed__ref.c"


class FullyConnectedPackedRef(UnpackedBytes):
    """FULLY_CONNECTED, the weights of one output at a time."""

    inner: ClassVar[Kernel] = FullyConnectedS8Ref()
    header = _HEADER
    source = "kernels/fully_connected/fully_connected_s8_packed__ref.c"
    whole = False
