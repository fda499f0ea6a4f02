"""Kernels with packed weights for cores with MVE; see ``firmware/include/sdk/packed_mve.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.kernels.base import Kernel, Prepared, Site
from sdk.kernels.conv2d_mve import Conv2DPixelsMve, Conv2DRowsMve, Conv2DRunsMve
from sdk.kernels.depthwise_mve import Depthwise3x3Mve, Depthwise3x3RowsMve
from sdk.kernels.fully_connected_mve import FullyConnectedMve
from sdk.kernels.unpacked import Form, Layout, UnpackedBytes

_CONV_2D = "kernels/conv2d/conv2d_s8_packed__mve.c"
_DEPTHWISE = "kernels/depthwise_conv2d/depthwise_conv2d_s8_packed__mve.c"
_FULLY_CONNECTED = "kernels/fully_connected/fully_connected_s8_packed__mve.c"


class _Packed(UnpackedBytes):
    header: ClassVar[str] = "sdk/packed_mve.h"
    grain_all = True


class Conv2DPackedPixelsMve(_Packed):
    """CONV_2D of any shape."""

    inner: ClassVar[Kernel] = Conv2DPixelsMve()
    source = _CONV_2D


class Conv2DPackedRowsMve(_Packed):
    """CONV_2D with kernels three columns wide."""

    inner: ClassVar[Kernel] = Conv2DRowsMve()
    source = _CONV_2D


class Conv2DPackedRunsMve(_Packed):
    """CONV_2D with few input channels."""

    inner: ClassVar[Kernel] = Conv2DRunsMve()
    source = _CONV_2D


class DepthwisePacked3x3Mve(_Packed):
    """DEPTHWISE_CONV_2D, 3x3, block after block of channels."""

    inner: ClassVar[Kernel] = Depthwise3x3Mve()
    source = _DEPTHWISE


class DepthwisePacked3x3RowsMve(_Packed):
    """DEPTHWISE_CONV_2D, 3x3, row after row."""

    inner: ClassVar[Kernel] = Depthwise3x3RowsMve()
    source = _DEPTHWISE


class FullyConnectedPackedMve(_Packed):
    """FULLY_CONNECTED, the weights of eight outputs at a time."""

    inner: ClassVar[Kernel] = FullyConnectedMve()
    source = _FULLY_CONNECTED
    whole = False
    grain_all = False

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each block."""
        blocks = -(-site.input(1).shape[0] // 8)
        stream = next(const for const in prepared.consts if const.name == "weights").values
        return Layout(blocks, 0, stream.size // blocks // 4, 0, Form.BYTES)


MVE_PACKED: tuple[Kernel, ...] = (
    Conv2DPackedPixelsMve(),
    Conv2DPackedRowsMve(),
    Conv2DPackedRunsMve(),
    DepthwisePacked3x3Mve(),
    DepthwisePacked3x3RowsMve(),
    FullyConnectedPackedMve(),
)
"""Every kernel of packed weights for MVE."""
