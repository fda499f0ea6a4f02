"""Kernels with packed weights for cores with the DSP extension; see ``firmware/include/sdk/packed_dsp.h``."""

from __future__ import annotations

from typing import ClassVar

from sdk.kernels.base import Kernel, Prepared, Site, Value
from sdk.kernels.conv2d_dsp import Conv2DNarrow, Conv2DPatch, Conv2DPixels, Conv2DPointwise, Conv2DRows
from sdk.kernels.depthwise_dsp import Depthwise3x3, Depthwise3x3Stride2, DepthwiseTaps
from sdk.kernels.fully_connected_dsp import FullyConnectedChain
from sdk.kernels.unpacked import Form, Layout, Unpacked

_HEADER = "sdk/packed_dsp.h"
_CONV_2D = "kernels/conv2d/conv2d_s8_packed__dsp.c"
_DEPTHWISE = "kernels/depthwise_conv2d/depthwise_conv2d_s8_packed__dsp.c"
_FULLY_CONNECTED = "kernels/fully_connected/fully_connected_s8_packed__dsp.c"


class _Packed(Unpacked):
    header: ClassVar[str] = _HEADER
    grain_all = True


class _Chain(_Packed):
    """Weights in a chain: groups of four channels, three biases and words for each pair of inputs."""

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each group."""
        return self.records(site, prepared, _integer(prepared.params["steps"]))

    def records(self, site: Site, prepared: Prepared, steps: int) -> Layout:
        """A record for each group of so many pairs of inputs."""
        groups = -(-site.input(1).shape[0] // 4)
        return Layout(groups, 3, 3 * steps, _words(prepared) // groups - 3 - 3 * steps, Form.CHAIN)


def _words(prepared: Prepared) -> int:
    return next(const.values.size for const in prepared.consts if const.name == "weights")


def _integer(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value} is not a number")
    return value


class Conv2DPackedPatch(_Chain):
    """CONV_2D of any shape."""

    inner: ClassVar[Kernel] = Conv2DPatch()
    source = _CONV_2D


class Conv2DPackedPointwise(_Chain):
    """CONV_2D with 1x1 kernels."""

    inner: ClassVar[Kernel] = Conv2DPointwise()
    source = _CONV_2D


class Conv2DPackedNarrow(_Chain):
    """CONV_2D with few input channels."""

    inner: ClassVar[Kernel] = Conv2DNarrow()
    source = _CONV_2D


class Conv2DPackedRows(_Chain):
    """CONV_2D from rows held as int16."""

    inner: ClassVar[Kernel] = Conv2DRows()
    source = _CONV_2D

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each group."""
        parts, part_steps = (_integer(prepared.params[name]) for name in ("parts", "part_steps"))
        return self.records(site, prepared, site.input(1).shape[1] * parts * part_steps)


class Conv2DPackedPixels(_Packed):
    """CONV_2D of any shape, less scratch than with a chain on the weights."""

    inner: ClassVar[Kernel] = Conv2DPixels()
    source = _CONV_2D

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each two channels."""
        groups = -(-site.input(1).shape[0] // 2)
        body = 2 * _integer(prepared.params["steps"])
        return Layout(groups, 2, body, _words(prepared) // groups - 2 - body, Form.BYTES)


class _Depthwise3x3(_Packed):
    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each channel: its weights, B and M."""
        records = 4 * prepared.units
        return Layout(records, 0, _words(prepared) // records - 2, 2, Form.HALVES_256)


class DepthwisePacked3x3(_Depthwise3x3):
    """DEPTHWISE_CONV_2D, 3x3, stride 1."""

    inner: ClassVar[Kernel] = Depthwise3x3()
    source = _DEPTHWISE
    called = DepthwiseTaps.sources


class DepthwisePacked3x3Stride2(_Depthwise3x3):
    """DEPTHWISE_CONV_2D, 3x3, stride 2."""

    inner: ClassVar[Kernel] = Depthwise3x3Stride2()
    source = _DEPTHWISE
    called = DepthwiseTaps.sources


class DepthwisePackedTaps(_Packed):
    """DEPTHWISE_CONV_2D with any kernel."""

    inner: ClassVar[Kernel] = DepthwiseTaps()
    source = _DEPTHWISE
    called = Depthwise3x3.sources

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each four channels: their biases, then words for each two taps."""
        quads = -(-site.input(0).shape[3] // 4)
        return Layout(quads, 4, _words(prepared) // quads - 4, 0, Form.HALVES)


class FullyConnectedPackedChain(_Chain):
    """FULLY_CONNECTED, four outputs at a time."""

    inner: ClassVar[Kernel] = FullyConnectedChain()
    source = _FULLY_CONNECTED
    whole = False
    grain_all = False

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """A record for each four outputs."""
        return self.records(site, prepared, 2 * _integer(prepared.params["quads"]))
