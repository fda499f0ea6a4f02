"""Kernels with packed weights for the Cortex-M0+; see ``firmware/include/sdk/packed_m0.h``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sdk.kernels.base import Constraint, Kernel
from sdk.kernels.conv2d_m0 import Conv2DPairs, Conv2DSmallWeights, Conv2DSmallWeightsChannels
from sdk.kernels.depthwise_m0 import DepthwisePairs
from sdk.kernels.operands import data
from sdk.kernels.unpacked import Unpacked, UnpackedBytes

FEW_LEVELS = Constraint(
    "the weights take at most 62 levels", lambda site: np.unique(data(site.input(1))).size <= 62
)
"""The kernels' streams have two more: zero, and the mark where accumulators are emptied."""


class Conv2DPackedPairs(UnpackedBytes):
    """CONV_2D; code written at run time gains from small weights by itself: zeros cost nothing, groups are long."""

    inner: ClassVar[Kernel] = Conv2DPairs()
    name = "conv2d_s8_packed_pairs__m0"
    ops = inner.ops
    header = "sdk/packed_m0.h"
    sources = ("kernels/conv2d/conv2d_s8_packed__m0.c", Unpacked.unpacker, *inner.sources)
    requires = inner.requires
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)
    params_type_name = "sdk_conv2d_s8_packed_m0"


class Conv2DPackedSmall(Conv2DPackedPairs):
    """CONV_2D with weights that are small enough for five channels at a time."""

    inner: ClassVar[Kernel] = Conv2DSmallWeights()
    name = "conv2d_s8_packed_narrow__m0"
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)


class Conv2DPackedSmallChannels(Conv2DPackedPairs):
    """The same, divided by channels."""

    inner: ClassVar[Kernel] = Conv2DSmallWeightsChannels()
    name = "conv2d_s8_packed_narrow_channels__m0"
    for_speed = inner.for_speed
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)


class DepthwisePackedPairs(UnpackedBytes):
    """DEPTHWISE_CONV_2D."""

    inner: ClassVar[Kernel] = DepthwisePairs()
    name = "depthwise_conv2d_s8_packed_pairs__m0"
    ops = inner.ops
    header = "sdk/packed_m0.h"
    sources = ("kernels/depthwise_conv2d/depthwise_conv2d_s8_packed_pairs__m0.c", Unpacked.unpacker, *inner.sources)
    requires = inner.requires
    constraints: ClassVar[tuple[Constraint, ...]] = (*inner.constraints, FEW_LEVELS)
    params_type_name = "sdk_conv2d_s8_packed_m0"
