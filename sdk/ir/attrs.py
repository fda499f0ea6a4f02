"""Parameters of operators, one frozen dataclass for each TensorFlow Lite options table.

Field names are those of the TensorFlow Lite schema. Operators without parameters use ``Attrs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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


@dataclass(frozen=True)
class Attrs:
    """No parameters."""


@dataclass(frozen=True)
class Conv2DAttrs(Attrs):
    """CONV_2D."""

    padding: Padding
    stride_h: int
    stride_w: int
    activation: Activation = Activation.NONE
    dilation_h: int = 1
    dilation_w: int = 1


@dataclass(frozen=True)
class DepthwiseConv2DAttrs(Attrs):
    """DEPTHWISE_CONV_2D; output channel = input channel * depth_multiplier + m."""

    padding: Padding
    stride_h: int
    stride_w: int
    depth_multiplier: int
    activation: Activation = Activation.NONE
    dilation_h: int = 1
    dilation_w: int = 1


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
