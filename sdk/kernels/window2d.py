"""Windows that slide over images, for all element types; see ``firmware/include/sdk/window2d.h``."""

from __future__ import annotations

from dataclasses import dataclass

from sdk.ir.attrs import Conv2DAttrs, DepthwiseConv2DAttrs, Padding, Pool2DAttrs
from sdk.kernels.access import Slide
from sdk.kernels.base import Site, Value
from sdk.numerics import window_padding


@dataclass(frozen=True)
class Window2D:
    """A window over an operator's first input.

    Attributes:
        fields: those of sdk_window2d.
        slide: which rows are read for which.
        taps: positions of the filter times the outputs.
    """

    fields: tuple[Value, ...]
    slide: Slide
    taps: int


def window2d(site: Site) -> Window2D:
    """The window of a convolution or a pool.

    Raises:
        TypeError: the operator has none.
    """
    source, output, attrs = site.input(0), site.output(), site.op.attrs
    batches, height, width, channels = source.shape
    _, out_height, out_width, out_channels = output.shape
    dilations = (1, 1)
    if isinstance(attrs, Conv2DAttrs | DepthwiseConv2DAttrs):
        _, filter_height, filter_width, _ = site.input(1).shape
        dilations = attrs.dilation_h, attrs.dilation_w
        top, _, left, _ = attrs.resolved_pads((height, width), (filter_height, filter_width))
    elif isinstance(attrs, Pool2DAttrs):
        filter_height, filter_width = attrs.filter_h, attrs.filter_w
        same = attrs.padding is Padding.SAME
        _, top = window_padding(same, height, filter_height, attrs.stride_h)
        _, left = window_padding(same, width, filter_width, attrs.stride_w)
    else:
        raise TypeError(f"{site.op.kind} {site.op.id} has no window")
    slide = Slide(
        batches=batches,
        input_rows=height,
        input_row_bytes=width * channels * source.dtype.itemsize,
        output_rows=out_height,
        output_row_bytes=out_width * out_channels * output.dtype.itemsize,
        extent=(filter_height - 1) * dilations[0] + 1,
        stride=attrs.stride_h,
        pad=top,
    )
    sizes = (height, width, channels, filter_height, filter_width, out_height, out_width, out_channels)
    fields = (*sizes, attrs.stride_h, attrs.stride_w, *dilations, top, left)
    return Window2D(fields, slide, output.elements * filter_height * filter_width)
