"""What every operator of its kind has in common: parameters, inputs and outputs, versions."""

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
        version: newest version in LiteRT 2.3; a newer one may mean something else.
        inputs: fewest and most inputs.
        outputs: fewest and most outputs.
        optional: inputs that may be absent although later ones are present.
    """

    attrs: type[a.Attrs]
    version: int
    inputs: tuple[int, int]
    outputs: tuple[int, int] = (1, 1)
    optional: frozenset[int] = frozenset()


def _same(kinds: str, attrs: type[a.Attrs], inputs: int) -> dict[str, OpSpec]:
    """Operators ("KIND:version KIND ...") with the same parameters and number of inputs, and one output."""
    pairs = (kind.partition(":") for kind in kinds.split())
    return {kind: OpSpec(attrs, int(version or 1), (inputs, inputs)) for kind, _, version in pairs}


OPS: dict[str, OpSpec] = {
    "CONV_2D": OpSpec(a.Conv2DAttrs, 8, (2, 3), optional=frozenset({2})),
    "DEPTHWISE_CONV_2D": OpSpec(a.DepthwiseConv2DAttrs, 7, (2, 3), optional=frozenset({2})),
    "TRANSPOSE_CONV": OpSpec(a.TransposeConvAttrs, 5, (3, 4), optional=frozenset({3})),
    "FULLY_CONNECTED": OpSpec(a.FullyConnectedAttrs, 14, (2, 3), optional=frozenset({2})),
    "SVDF": OpSpec(a.SvdfAttrs, 4, (5, 5), optional=frozenset({3})),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": OpSpec(
        a.LstmAttrs, 4, (20, 24), optional=frozenset({1, 5, 9, 10, 11, 12, 16, 17, 20, 21, 22, 23})
    ),
    "CONCATENATION": OpSpec(a.ConcatenationAttrs, 7, (1, ANY)),
    "PACK": OpSpec(a.PackAttrs, 5, (1, ANY)),
    "ADD_N": OpSpec(a.Attrs, 1, (1, ANY)),
    "SPLIT": OpSpec(a.SplitAttrs, 5, (2, 2), (1, ANY)),
    "SPLIT_V": OpSpec(a.SplitAttrs, 3, (3, 3), (1, ANY)),
    "UNPACK": OpSpec(a.UnpackAttrs, 6, (1, 1), (1, ANY)),
    "RESHAPE": OpSpec(a.ReshapeAttrs, 1, (1, 2)),
    "TOPK_V2": OpSpec(a.Attrs, 3, (2, 2), (2, 2)),
    "IF": OpSpec(a.IfAttrs, 1, (1, ANY), (0, ANY)),
    "WHILE": OpSpec(a.WhileAttrs, 1, (1, ANY), (1, ANY)),
    "CALL_ONCE": OpSpec(a.CallOnceAttrs, 1, (0, 0), (0, 0)),
    "VAR_HANDLE": OpSpec(a.VarHandleAttrs, 1, (0, 0)),
    "ASSIGN_VARIABLE": OpSpec(a.Attrs, 1, (2, 2), (0, 0)),
    **_same("ADD:6 SUB:5 MUL:8 DIV:2", a.BinaryAttrs, 2),
    **_same("AVERAGE_POOL_2D:3 MAX_POOL_2D:3 L2_POOL_2D", a.Pool2DAttrs, 1),
    **_same("MEAN:3 SUM:2 REDUCE_MAX:3 REDUCE_MIN:3 REDUCE_PROD:2 REDUCE_ANY REDUCE_ALL", a.ReducerAttrs, 2),
    **_same("ARG_MAX:3 ARG_MIN:3", a.ArgAttrs, 2),
    **_same("RESIZE_BILINEAR:4 RESIZE_NEAREST_NEIGHBOR:4", a.ResizeAttrs, 2),
    **_same("SPACE_TO_DEPTH:2 DEPTH_TO_SPACE:2", a.BlockAttrs, 1),
    **_same("BATCH_MATMUL:4", a.BatchMatMulAttrs, 2),
    **_same("SOFTMAX:4", a.SoftmaxAttrs, 1),
    **_same("LEAKY_RELU:2", a.LeakyReluAttrs, 1),
    **_same("GELU:3", a.GeluAttrs, 1),
    **_same("L2_NORMALIZATION:2", a.ActivationAttrs, 1),
    **_same("STRIDED_SLICE:8", a.StridedSliceAttrs, 4),
    **_same("GATHER:8", a.GatherAttrs, 2),
    **_same("MIRROR_PAD:3", a.MirrorPadAttrs, 2),
    **_same("SQUEEZE:2", a.SqueezeAttrs, 1),
    **_same("CAST:9", a.CastAttrs, 1),
    **_same("SHAPE", a.ShapeAttrs, 1),
    **_same("ONE_HOT", a.OneHotAttrs, 4),
    **_same("CUMSUM", a.CumsumAttrs, 2),
    **_same(
        "LOG_SOFTMAX:2 LOGISTIC:3 TANH:3 RELU:3 RELU6:3 RELU_N1_TO_1 RELU_0_TO_1 ELU HARD_SWISH ABS:5 NEG SQRT:2 "
        "RSQRT:3 SQUARE EXP:2 LOG:2 SIN:2 COS:2 FLOOR CEIL ROUND SIGN:2 LOGICAL_NOT QUANTIZE:6 DEQUANTIZE:9 RANK "
        "ZEROS_LIKE WHERE:2 READ_VARIABLE",
        a.Attrs,
        1,
    ),
    **_same(
        "MAXIMUM:4 MINIMUM:4 SQUARED_DIFFERENCE:2 POW FLOOR_DIV:3 FLOOR_MOD:2 PRELU EQUAL:5 NOT_EQUAL:4 LESS:3 "
        "LESS_EQUAL:2 GREATER:2 GREATER_EQUAL:3 LOGICAL_AND LOGICAL_OR PAD:6 TRANSPOSE:9 EXPAND_DIMS TILE:3 FILL:5 "
        "BROADCAST_TO:4 BROADCAST_ARGS REVERSE_V2:4 GATHER_ND:6 EMBEDDING_LOOKUP:5",
        a.Attrs,
        2,
    ),
    **_same(
        "PADV2:6 SLICE:8 SELECT:4 SELECT_V2:2 SPACE_TO_BATCH_ND:4 BATCH_TO_SPACE_ND:4 RANGE:2 DYNAMIC_UPDATE_SLICE:6",
        a.Attrs,
        3,
    ),
}
"""Operators that the representation can hold, by TensorFlow Lite's name."""
