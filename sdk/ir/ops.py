"""What every operator of its kind has in common: parameters, and how many inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass

from sdk.ir import attrs as a

ANY = 1024
"""Most inputs or outputs of an operator that takes any number."""


@dataclass(frozen=True)
class OpSpec:
    """An operator kind.

    Attributes:
        attrs: type of its parameters.
        inputs: fewest and most inputs.
        outputs: fewest and most outputs.
        optional: inputs that may be absent although later ones are present.
    """

    attrs: type[a.Attrs]
    inputs: tuple[int, int]
    outputs: tuple[int, int] = (1, 1)
    optional: frozenset[int] = frozenset()


def _same(kinds: str, attrs: type[a.Attrs], inputs: int) -> dict[str, OpSpec]:
    return {kind: OpSpec(attrs, (inputs, inputs)) for kind in kinds.split()}


OPS: dict[str, OpSpec] = {
    "CONV_2D": OpSpec(a.Conv2DAttrs, (2, 3), optional=frozenset({2})),
    "DEPTHWISE_CONV_2D": OpSpec(a.DepthwiseConv2DAttrs, (2, 3), optional=frozenset({2})),
    "TRANSPOSE_CONV": OpSpec(a.TransposeConvAttrs, (3, 4), optional=frozenset({3})),
    "FULLY_CONNECTED": OpSpec(a.FullyConnectedAttrs, (2, 3), optional=frozenset({2})),
    "SVDF": OpSpec(a.SvdfAttrs, (5, 5), optional=frozenset({3})),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": OpSpec(
        a.LstmAttrs, (20, 24), optional=frozenset({1, 5, 9, 10, 11, 12, 16, 17, 20, 21, 22, 23})
    ),
    "CONCATENATION": OpSpec(a.ConcatenationAttrs, (1, ANY)),
    "PACK": OpSpec(a.PackAttrs, (1, ANY)),
    "ADD_N": OpSpec(a.Attrs, (1, ANY)),
    "SPLIT": OpSpec(a.SplitAttrs, (2, 2), (1, ANY)),
    "SPLIT_V": OpSpec(a.SplitAttrs, (3, 3), (1, ANY)),
    "UNPACK": OpSpec(a.UnpackAttrs, (1, 1), (1, ANY)),
    "RESHAPE": OpSpec(a.ReshapeAttrs, (1, 2)),
    "TOPK_V2": OpSpec(a.Attrs, (2, 2), (2, 2)),
    "IF": OpSpec(a.IfAttrs, (1, ANY), (0, ANY)),
    "WHILE": OpSpec(a.WhileAttrs, (1, ANY), (1, ANY)),
    "CALL_ONCE": OpSpec(a.CallOnceAttrs, (0, 0), (0, 0)),
    "VAR_HANDLE": OpSpec(a.VarHandleAttrs, (0, 0)),
    "ASSIGN_VARIABLE": OpSpec(a.Attrs, (2, 2), (0, 0)),
    **_same("ADD SUB MUL DIV", a.BinaryAttrs, 2),
    **_same("AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D", a.Pool2DAttrs, 1),
    **_same("MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD REDUCE_ANY REDUCE_ALL", a.ReducerAttrs, 2),
    **_same("ARG_MAX ARG_MIN", a.ArgAttrs, 2),
    **_same("RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR", a.ResizeAttrs, 2),
    **_same("SPACE_TO_DEPTH DEPTH_TO_SPACE", a.BlockAttrs, 1),
    **_same("BATCH_MATMUL", a.BatchMatMulAttrs, 2),
    **_same("SOFTMAX", a.SoftmaxAttrs, 1),
    **_same("LEAKY_RELU", a.LeakyReluAttrs, 1),
    **_same("GELU", a.GeluAttrs, 1),
    **_same("L2_NORMALIZATION", a.ActivationAttrs, 1),
    **_same("STRIDED_SLICE", a.StridedSliceAttrs, 4),
    **_same("GATHER", a.GatherAttrs, 2),
    **_same("MIRROR_PAD", a.MirrorPadAttrs, 2),
    **_same("SQUEEZE", a.SqueezeAttrs, 1),
    **_same("CAST", a.CastAttrs, 1),
    **_same("SHAPE", a.ShapeAttrs, 1),
    **_same("ONE_HOT", a.OneHotAttrs, 4),
    **_same("CUMSUM", a.CumsumAttrs, 2),
    **_same(
        "LOG_SOFTMAX LOGISTIC TANH RELU RELU6 RELU_N1_TO_1 RELU_0_TO_1 ELU HARD_SWISH ABS NEG SQRT RSQRT SQUARE EXP "
        "LOG SIN COS FLOOR CEIL ROUND SIGN LOGICAL_NOT QUANTIZE DEQUANTIZE RANK ZEROS_LIKE WHERE READ_VARIABLE",
        a.Attrs,
        1,
    ),
    **_same(
        "MAXIMUM MINIMUM SQUARED_DIFFERENCE POW FLOOR_DIV FLOOR_MOD PRELU EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER "
        "GREATER_EQUAL LOGICAL_AND LOGICAL_OR PAD TRANSPOSE EXPAND_DIMS TILE FILL BROADCAST_TO BROADCAST_ARGS "
        "REVERSE_V2 GATHER_ND EMBEDDING_LOOKUP",
        a.Attrs,
        2,
    ),
    **_same("PADV2 SLICE SELECT SELECT_V2 SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND RANGE DYNAMIC_UPDATE_SLICE", a.Attrs, 3),
}
"""Operators that the representation can hold, by TensorFlow Lite's name."""
