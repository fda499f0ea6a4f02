"""Kernels with packed weights for the Cortex-M0+; see ``firmware/include/sdk/packed_m0.h``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from sdk.kernels.base import Constraint, Kernel
from sdk.kernels.conv2d_m0 import Conv2DPairs, Conv2DSmallWeights, Conv2DSmallWeightsChannels
from sdk.kernels.depthwise_m0 import DepthwisePairs
from sdk.kernels.operands import data
from sdk.kernels.unpacked import UnpackedBytes


class _Packed(UnpackedBytes):
    header: ClassVar[str] = "sdk/packed_m0.h"
    # The kernels' streams have two more: zero, and the mark where accumulators are emptied.
    few_levels = Constraint(
        "the weights take at most 62 levels", lambda site: np.unique(data(site.input(1))).size <= 62
    )


class Conv2DPackedPairs(_Packed):
    """CONV_2D; code written at run time gains from small weights by itself: zeros cost nothing, groups are long."""

    inner: ClassVar[Kernel] = Conv2DPairs()
    source = "kernels/conv2d/conv2d_s8_packed__m0.c"


class Conv2DPackedSmall(Conv2DPackedPairs):
    """CONV_2D with weights that are small enough for five channels at a time."""

    inner: ClassVar[Kernel] = Conv2DSmallWeights()


class Conv2DPackedSmallChannels(Conv2DPackedPairs):
    """The same, divided by channels."""

    inner: ClassVar[Kernel] = Conv2DSmallWeightsChannels()


class DepthwisePackedPairs(_Packed):
    """DEPTHWISE_CONV_2D."""

    inner: ClassVar[Kernel] = DepthwisePairs()
    source = "kernels/depthwise_conv2d/depthwise_conv2d_s8_packed_pairs__m0.c"
