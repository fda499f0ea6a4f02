"""Parameters of operators, one frozen dataclass for each TensorFlow Lite options table.

Field names are those of the TensorFlow Lite schema, shortened where ``sdk.read.options.SCHEMA_NAMES`` says.
Operators without parameters use ``Attrs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sdk.ir.dtype import DType


class Padding(Enum):
    """How a window may leave the input."""

    SAME = 0
    VALID = 1


class Activation(Enum):
    """A fused activation."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5


class MirrorPadMode(Enum):
    """Whether MIRROR_PAD repeats the border element (SYMMETRIC) or not (REFLECT)."""

    REFLECT = 0
    SYMMETRIC = 1


Pads = tuple[int, int, int, int]
"""Rows above and below, columns left and right of an image, of the input's zero point."""


@dataclass(frozen=True)
class Attrs:
    """No parameters."""


@dataclass(frozen=True)
class Conv2DAttrs(Attrs):
    """CONV_2D; ``pads``, which no file has, stands in for ``padding`` when given."""

    padding: Padding
    stride_h: int
    stride_w: int
    activation: Activation = Activation.NONE
    dilation_h: int = 1
    dilation_w: int = 1
    pads: Pads | None = None

    def resolved_pads(self, size: tuple[int, int], filter_size: tuple[int, int]) -> Pads:
        """Padding of an image of (height, width) under a filter of (height, width)."""
        return _resolved_pads(self, size, filter_size)


@dataclass(frozen=True)
class DepthwiseConv2DAttrs(Attrs):
    """DEPTHWISE_CONV_2D; output channel = input channel * depth_multiplier + m; ``pads`` as for CONV_2D."""

    padding: Padding
    stride_h: int
    stride_w: int
    depth_multiplier: int
    activation: Activation = Activation.NONE
    dilation_h: int = 1
    dilation_w: int = 1
    pads: Pads | None = None

    def resolved_pads(self, size: tuple[int, int], filter_size: tuple[int, int]) -> Pads:
        """Padding of an image of (height, width) under a filter of (height, width)."""
        return _resolved_pads(self, size, filter_size)


def _resolved_pads(
    attrs: Conv2DAttrs | DepthwiseConv2DAttrs, size: tuple[int, int], filter_size: tuple[int, int]
) -> Pads:
    """Source: ComputePaddingWithOffset in tensorflow/lite/kernels/padding.h: the odd one goes after the image."""
    if attrs.pads is not None:
        return attrs.pads
    if attrs.padding is Padding.VALID:
        return (0, 0, 0, 0)
    strides, dilations = (attrs.stride_h, attrs.stride_w), (attrs.dilation_h, attrs.dilation_w)
    totals = [
        max((-(-length // stride) - 1) * stride + (taps - 1) * dilation + 1 - length, 0)
        for length, taps, stride, dilation in zip(size, filter_size, strides, dilations, strict=True)
    ]
    return totals[0] // 2, -(-totals[0] // 2), totals[1] // 2, -(-totals[1] // 2)


@dataclass(frozen=True)
class FullyConnectedAttrs(Attrs):
    """FULLY_CONNECTED."""

    activation: Activation = Activation.NONE
    keep_num_dims: bool = False
    asymmetric_quantize_inputs: bool = False
    shuffled_weights: bool = False


@dataclass(frozen=True)
class Pool2DAttrs(Attrs):
    """AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D."""

    padding: Padding
    stride_h: int
    stride_w: int
    filter_h: int
    filter_w: int
    activation: Activation = Activation.NONE


@dataclass(frozen=True)
class BinaryAttrs(Attrs):
    """ADD, SUB, MUL and DIV."""

    activation: Activation = Activation.NONE
    pot_scale_int16: bool = True


@dataclass(frozen=True)
class SoftmaxAttrs(Attrs):
    """SOFTMAX."""

    beta: float = 1.0


@dataclass(frozen=True)
class ReshapeAttrs(Attrs):
    """RESHAPE; the output tensor's shape is what counts."""

    new_shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class ReducerAttrs(Attrs):
    """MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ANY, REDUCE_ALL."""

    keep_dims: bool = False


@dataclass(frozen=True)
class ConcatenationAttrs(Attrs):
    """CONCATENATION."""

    axis: int = 0
    activation: Activation = Activation.NONE


@dataclass(frozen=True)
class TransposeConvAttrs(Attrs):
    """TRANSPOSE_CONV."""

    padding: Padding
    stride_h: int
    stride_w: int
    activation: Activation = Activation.NONE


@dataclass(frozen=True)
class ActivationAttrs(Attrs):
    """L2_NORMALIZATION."""

    activation: Activation = Activation.NONE


@dataclass(frozen=True)
class BatchMatMulAttrs(Attrs):
    """BATCH_MATMUL; ``adj_x`` and ``adj_y`` transpose an input's last two dimensions."""

    adj_x: bool = False
    adj_y: bool = False
    asymmetric_quantize_inputs: bool = False


@dataclass(frozen=True)
class ArgAttrs(Attrs):
    """ARG_MAX and ARG_MIN."""

    output_type: DType = DType.INT32


@dataclass(frozen=True)
class LeakyReluAttrs(Attrs):
    """LEAKY_RELU; ``alpha`` is a float32 value."""

    alpha: float = 0.0


@dataclass(frozen=True)
class GeluAttrs(Attrs):
    """GELU; ``approximate`` selects the tanh form."""

    approximate: bool = False


@dataclass(frozen=True)
class SplitAttrs(Attrs):
    """SPLIT and SPLIT_V."""

    num_splits: int


@dataclass(frozen=True)
class PackAttrs(Attrs):
    """PACK; ``axis`` is a dimension of the output."""

    values_count: int
    axis: int = 0


@dataclass(frozen=True)
class UnpackAttrs(Attrs):
    """UNPACK; ``axis`` is a dimension of the input."""

    num: int
    axis: int = 0


@dataclass(frozen=True)
class StridedSliceAttrs(Attrs):
    """STRIDED_SLICE; bit d of a mask is about entry d of begin, end and strides."""

    begin_mask: int = 0
    end_mask: int = 0
    ellipsis_mask: int = 0
    new_axis_mask: int = 0
    shrink_axis_mask: int = 0
    offset: bool = False


@dataclass(frozen=True)
class GatherAttrs(Attrs):
    """GATHER."""

    axis: int = 0
    batch_dims: int = 0


@dataclass(frozen=True)
class MirrorPadAttrs(Attrs):
    """MIRROR_PAD."""

    mode: MirrorPadMode = MirrorPadMode.REFLECT


@dataclass(frozen=True)
class SqueezeAttrs(Attrs):
    """SQUEEZE; no dimensions given: all of size 1."""

    squeeze_dims: tuple[int, ...] = ()


@dataclass(frozen=True)
class ResizeAttrs(Attrs):
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

    align_corners: bool = False
    half_pixel_centers: bool = False


@dataclass(frozen=True)
class BlockAttrs(Attrs):
    """SPACE_TO_DEPTH and DEPTH_TO_SPACE."""

    block_size: int


@dataclass(frozen=True)
class CastAttrs(Attrs):
    """CAST; the tensors' types are what counts."""

    in_data_type: DType = DType.FLOAT32
    out_data_type: DType = DType.FLOAT32


@dataclass(frozen=True)
class ShapeAttrs(Attrs):
    """SHAPE."""

    out_type: DType = DType.INT32


@dataclass(frozen=True)
class OneHotAttrs(Attrs):
    """ONE_HOT; ``axis`` is a dimension of the output."""

    axis: int = 0


@dataclass(frozen=True)
class CumsumAttrs(Attrs):
    """CUMSUM."""

    exclusive: bool = False
    reverse: bool = False


@dataclass(frozen=True)
class SvdfAttrs(Attrs):
    """SVDF; filters = units * rank."""

    rank: int
    activation: Activation = Activation.NONE
    asymmetric_quantize_inputs: bool = False


@dataclass(frozen=True)
class LstmAttrs(Attrs):
    """UNIDIRECTIONAL_SEQUENCE_LSTM; a clip of 0 means none."""

    activation: Activation = Activation.NONE
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    time_major: bool = False
    asymmetric_quantize_inputs: bool = False
    diagonal_recurrent_tensors: bool = False


@dataclass(frozen=True)
class VarHandleAttrs(Attrs):
    """VAR_HANDLE: the variable's name; untrusted text."""

    container: str = ""
    shared_name: str = ""


@dataclass(frozen=True)
class CallOnceAttrs(Attrs):
    """CALL_ONCE: index of the graph that initialises the variables."""

    init_subgraph_index: int


@dataclass(frozen=True)
class IfAttrs(Attrs):
    """IF: indices of the graphs."""

    then_subgraph_index: int
    else_subgraph_index: int


@dataclass(frozen=True)
class WhileAttrs(Attrs):
    """WHILE: indices of the graphs."""

    cond_subgraph_index: int
    body_subgraph_index: int
