"""All kernels, and which of them can implement an operator."""

from __future__ import annotations

from sdk.kernels.activations_s16 import LogisticS16Ref, SlopesS16Ref, TanhS16Ref
from sdk.kernels.add import AddS8Ref, SquaredDifferenceS8Ref, SquaredDifferenceS16Ref
from sdk.kernels.add_dsp import AddLinear
from sdk.kernels.add_m0 import AddLinearM0
from sdk.kernels.add_mve import AddMve
from sdk.kernels.add_neon import AddNeon
from sdk.kernels.arg import ArgMaxS8Ref, ArgMinS8Ref
from sdk.kernels.arithmetic_s16 import AddPotS16Ref, AddS16Ref, MulS16Ref
from sdk.kernels.arithmetic_s32 import ARITHMETIC_S32
from sdk.kernels.base import Kernel, Site
from sdk.kernels.batch_matmul import BatchMatMulF32Ref, BatchMatMulS8Ref, BatchMatMulS16Ref
from sdk.kernels.blocks import SpaceToBatchRef, TableCopyRef
from sdk.kernels.cast import CastFromF32Ref, CastRef, CastToF32Ref
from sdk.kernels.comparisons import COMPARISONS
from sdk.kernels.conditional import SelectRef
from sdk.kernels.control import IfRef, WhileRef
from sdk.kernels.conv2d_dsp import Conv2DNarrow, Conv2DPatch, Conv2DPixels, Conv2DPointwise, Conv2DRows
from sdk.kernels.conv2d_m0 import (
    Conv2DCode,
    Conv2DPairs,
    Conv2DPairsChannels,
    Conv2DSmallWeights,
    Conv2DSmallWeightsChannels,
    Conv2DSmallWeightsCode,
)
from sdk.kernels.conv2d_mve import Conv2DPixelsMve, Conv2DRowsMve, Conv2DRunsMve
from sdk.kernels.conv2d_neon import Conv2DBytes, Conv2DNeon, Conv2DSdot
from sdk.kernels.convolution_s8 import Conv2DS8Ref, DepthwiseConv2DS8Ref
from sdk.kernels.convolution_s16 import (
    Conv2DS16Ref,
    DepthwiseConv2DS16Ref,
    FullyConnectedS16Ref,
    TransposeConv2DS16Ref,
)
from sdk.kernels.copy import ConcatenationRef, PadRef, SplitRef, StridedCopyRef
from sdk.kernels.depthwise_dsp import (
    Depthwise3x3,
    Depthwise3x3OddRows,
    Depthwise3x3Rows,
    Depthwise3x3Stride2,
    Depthwise3x3Stride2Rows,
    Depthwise3x3Stride2Unrolled,
    Depthwise3x3Unrolled,
    DepthwiseTaps,
)
from sdk.kernels.depthwise_m0 import DepthwiseCode, DepthwisePairs
from sdk.kernels.depthwise_mve import Depthwise3x3Mve, Depthwise3x3RowsMve
from sdk.kernels.depthwise_neon import Depthwise3x3Sdot, DepthwiseNeon
from sdk.kernels.dsp_packed import (
    Conv2DPackedNarrow,
    Conv2DPackedPatch,
    Conv2DPackedPixels,
    Conv2DPackedPointwise,
    Conv2DPackedRows,
    DepthwisePacked3x3,
    DepthwisePacked3x3Stride2,
    DepthwisePackedTaps,
    FullyConnectedPackedChain,
)
from sdk.kernels.float32 import FLOAT32_KERNELS
from sdk.kernels.float_quantize import FLOAT_QUANTIZE_KERNELS
from sdk.kernels.fully_connected import FullyConnectedS8Ref
from sdk.kernels.fully_connected_dsp import FullyConnectedChain, FullyConnectedPairs
from sdk.kernels.fully_connected_m0 import FullyConnectedBytes, FullyConnectedLanes
from sdk.kernels.fully_connected_mve import FullyConnectedMve
from sdk.kernels.fully_connected_neon import FullyConnectedNeon, FullyConnectedSdot
from sdk.kernels.gather import GatherNdRef, GatherRef
from sdk.kernels.hybrid import (
    Conv2DHybridPerChannelRef,
    Conv2DHybridRef,
    DepthwiseConv2DHybridRef,
    FullyConnectedHybridRef,
)
from sdk.kernels.l2_normalization import L2NormalizationS8Ref
from sdk.kernels.log_softmax import LogSoftmaxS8Ref
from sdk.kernels.logical import LogicalAndRef, LogicalNotRef, LogicalOrRef
from sdk.kernels.lookup import Lookup8Ref
from sdk.kernels.lstm import LstmS8Ref
from sdk.kernels.m0_packed import (
    Conv2DPackedPairs,
    Conv2DPackedSmall,
    Conv2DPackedSmallChannels,
    DepthwisePackedPairs,
)
from sdk.kernels.minmax import MaximumS8Ref, MaximumS16Ref, MinimumS8Ref, MinimumS16Ref
from sdk.kernels.mul import DivS8Ref, MulS8Ref
from sdk.kernels.mve_packed import MVE_PACKED
from sdk.kernels.pool2d import AveragePool2DS8Ref, AveragePool2DS8Stream, MaxPool2DS8Ref
from sdk.kernels.pool2d_dsp import AveragePool2D
from sdk.kernels.pool2d_m0 import AveragePool2DM0
from sdk.kernels.pool2d_mve import AveragePool2DMve, MaxPool2DMve
from sdk.kernels.pool2d_neon import AveragePool2DNeon, MaxPool2DNeon
from sdk.kernels.pool2d_s16 import AveragePool2DS16Ref, MaxPool2DS16Ref
from sdk.kernels.prelu import PreluS8Ref
from sdk.kernels.reduce import (
    MeanS8Ref,
    MeanS16Ref,
    ReduceMaxS8Ref,
    ReduceMaxS16Ref,
    ReduceMinS8Ref,
    ReduceMinS16Ref,
)
from sdk.kernels.ref_packed import Conv2DPackedRef, DepthwiseConv2DPackedRef, FullyConnectedPackedRef
from sdk.kernels.requantize_elements import REQUANTIZE_ELEMENTS
from sdk.kernels.resize import ResizeBilinearS8Ref, ResizeBilinearS16Ref, ResizeNearestRef
from sdk.kernels.softmax import SoftmaxS8Ref
from sdk.kernels.softmax_s16 import SoftmaxS8S16Ref, SoftmaxS16Ref
from sdk.kernels.svdf import SvdfS8Ref
from sdk.kernels.transpose_conv2d import TransposeConv2DS8Ref
from sdk.kernels.triples_dsp import Conv2DTriples, Conv2DTriplesWindow
from sdk.kernels.uint8 import UINT8_KERNELS
from sdk.kernels.winograd_dsp import Conv2DWinograd

KERNELS: tuple[Kernel, ...] = (
    Conv2DS8Ref(),
    DepthwiseConv2DS8Ref(),
    FullyConnectedS8Ref(),
    AveragePool2DS8Ref(),
    AveragePool2DS8Stream(),
    MaxPool2DS8Ref(),
    AddS8Ref(),
    SquaredDifferenceS8Ref(),
    SquaredDifferenceS16Ref(),
    MulS8Ref(),
    DivS8Ref(),
    MaximumS8Ref(),
    MinimumS8Ref(),
    MaximumS16Ref(),
    MinimumS16Ref(),
    SoftmaxS8Ref(),
    LogSoftmaxS8Ref(),
    L2NormalizationS8Ref(),
    BatchMatMulS8Ref(),
    BatchMatMulS16Ref(),
    BatchMatMulF32Ref(),
    Lookup8Ref(),
    MeanS8Ref(),
    ReduceMaxS8Ref(),
    ReduceMinS8Ref(),
    MeanS16Ref(),
    ReduceMaxS16Ref(),
    ReduceMinS16Ref(),
    StridedCopyRef(),
    ConcatenationRef(),
    SplitRef(),
    PadRef(),
    TableCopyRef(),
    SpaceToBatchRef(),
    SelectRef(),
    *COMPARISONS,
    *ARITHMETIC_S32,
    LogicalAndRef(),
    LogicalOrRef(),
    LogicalNotRef(),
    IfRef(),
    WhileRef(),
    CastRef(),
    CastFromF32Ref(),
    CastToF32Ref(),
    ResizeNearestRef(),
    ResizeBilinearS8Ref(),
    ResizeBilinearS16Ref(),
    GatherRef(),
    GatherNdRef(),
    ArgMaxS8Ref(),
    ArgMinS8Ref(),
    PreluS8Ref(),
    TransposeConv2DS8Ref(),
    *FLOAT_QUANTIZE_KERNELS,
    Conv2DS16Ref(),
    DepthwiseConv2DS16Ref(),
    TransposeConv2DS16Ref(),
    FullyConnectedS16Ref(),
    AveragePool2DS16Ref(),
    MaxPool2DS16Ref(),
    AddS16Ref(),
    AddPotS16Ref(),
    MulS16Ref(),
    SoftmaxS16Ref(),
    SoftmaxS8S16Ref(),
    SlopesS16Ref(),
    LogisticS16Ref(),
    TanhS16Ref(),
    *REQUANTIZE_ELEMENTS,
    *FLOAT32_KERNELS,
    *UINT8_KERNELS,
    Conv2DHybridRef(),
    Conv2DHybridPerChannelRef(),
    DepthwiseConv2DHybridRef(),
    FullyConnectedHybridRef(),
    SvdfS8Ref(),
    LstmS8Ref(),
    Conv2DPatch(),
    Conv2DPointwise(),
    Conv2DNarrow(),
    Conv2DPixels(),
    Conv2DRows(),
    Conv2DWinograd(),
    Conv2DTriples(),
    Conv2DTriplesWindow(),
    Depthwise3x3(),
    Depthwise3x3Stride2(),
    Depthwise3x3Unrolled(),
    Depthwise3x3Stride2Unrolled(),
    Depthwise3x3Rows(),
    Depthwise3x3OddRows(),
    Depthwise3x3Stride2Rows(),
    DepthwiseTaps(),
    FullyConnectedChain(),
    FullyConnectedPairs(),
    AveragePool2D(),
    AddLinear(),
    Conv2DPixelsMve(),
    Conv2DRowsMve(),
    Conv2DRunsMve(),
    Depthwise3x3Mve(),
    Depthwise3x3RowsMve(),
    FullyConnectedMve(),
    AddMve(),
    AveragePool2DMve(),
    MaxPool2DMve(),
    Conv2DCode(),
    Conv2DSmallWeights(),
    Conv2DSmallWeightsChannels(),
    Conv2DSmallWeightsCode(),
    Conv2DPairs(),
    Conv2DPairsChannels(),
    DepthwiseCode(),
    DepthwisePairs(),
    AddLinearM0(),
    FullyConnectedBytes(),
    FullyConnectedLanes(),
    AveragePool2DM0(),
    Conv2DPackedRef(),
    DepthwiseConv2DPackedRef(),
    FullyConnectedPackedRef(),
    Conv2DPackedPairs(),
    Conv2DPackedSmall(),
    Conv2DPackedSmallChannels(),
    DepthwisePackedPairs(),
    Conv2DPackedPatch(),
    Conv2DPackedPointwise(),
    Conv2DPackedNarrow(),
    Conv2DPackedRows(),
    Conv2DPackedPixels(),
    DepthwisePacked3x3(),
    DepthwisePacked3x3Stride2(),
    DepthwisePackedTaps(),
    FullyConnectedPackedChain(),
    *MVE_PACKED,
    Conv2DNeon(),
    Conv2DSdot(),
    Conv2DBytes(),
    DepthwiseNeon(),
    Depthwise3x3Sdot(),
    FullyConnectedNeon(),
    FullyConnectedSdot(),
    AddNeon(),
    AveragePool2DNeon(),
    MaxPool2DNeon(),
)
"""Every kernel there is."""

NO_REFERENCE = {
    "CUMSUM": "tflite-runtime 2.14 has no reference kernel to be exact against",
}
"""Why operators have no kernel although they could have."""

ALIAS_OPS = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
"""Operators whose output has the bytes of their first input."""


def candidates(site: Site, features: frozenset[str]) -> list[Kernel]:
    """The kernels that can implement an operator on a core with these ISA features."""
    return [k for k in _of(site) if k.requires <= features and k.refusal(site) is None]


def refusals(site: Site) -> list[str]:
    """Why no kernel can implement an operator: the condition that each portable one misses."""
    reasons = (k.refusal(site) for k in _of(site) if not k.requires)
    found = [f"a kernel here needs: {reason}" for reason in dict.fromkeys(reasons) if reason is not None]
    return found or [NO_REFERENCE.get(site.op.kind, "there is no kernel for this operator")]


def _of(site: Site) -> list[Kernel]:
    return [k for k in KERNELS if site.op.kind in k.ops]
