"""The TensorFlow Lite schema as a table: what is in which slot of which FlatBuffers table.

The facts are those of LiteRT 2.3. ``TABLES`` holds every table by name; options tables of
StableHLO operators are opaque (no fields), since nothing here reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

IDENTIFIER = b"TFL3"
VERSION = 3

SCALARS: dict[str, str] = {
    "bool": "?", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
    "int64": "q", "uint64": "Q", "float32": "f", "float64": "d",
}  # fmt: skip
"""Scalar types and their codes in ``struct``."""


class Kind(Enum):
    """What a field's slot holds."""

    SCALAR = 0
    VECTOR = 1
    STRING = 2
    TABLE = 3
    TABLES = 4
    UNION_TYPE = 5
    UNION = 6


@dataclass(frozen=True)
class Field:
    """One field of a table.

    Attributes:
        slot: its index in the vtable.
        kind: what the slot holds.
        type: a scalar's name (SCALAR, VECTOR), a table's name (TABLE, TABLES) or a union's (UNION, UNION_TYPE).
        size: bytes in the table; an offset has 4.
        default: a scalar's value when absent.
    """

    slot: int
    name: str
    kind: Kind
    type: str
    size: int
    default: int | float | bool = 0


@dataclass(frozen=True)
class Table:
    """A table's fields in slot order."""

    name: str
    fields: tuple[Field, ...]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TENSOR_TYPES = _names(
    """
    FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 UINT64 RESOURCE VARIANT
    UINT32 UINT16 INT4 BFLOAT16 INT2 UINT4 FLOAT8_E4M3FN FLOAT8_E5M2
    """
)
"""Names of TensorType; a type's code is its index."""

OPERATORS = _names(
    """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
    FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
    LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH
    SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
    BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
    ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE
    TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK
    LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL
    FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL
    REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND
    HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
    BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
    HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
    ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU
    DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
    UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE
    STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
    STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
    STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
    STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
    STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
    STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
    STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
    STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
    """
)
"""Names of BuiltinOperator; an operator's code is its index."""

UNIONS: dict[str, tuple[str, ...]] = {
    "BuiltinOptions": _names(
        """
    NONE Conv2DOptions DepthwiseConv2DOptions ConcatEmbeddingsOptions LSHProjectionOptions Pool2DOptions SVDFOptions
    RNNOptions FullyConnectedOptions SoftmaxOptions ConcatenationOptions AddOptions L2NormOptions
    LocalResponseNormalizationOptions LSTMOptions ResizeBilinearOptions CallOptions ReshapeOptions SkipGramOptions
    SpaceToDepthOptions EmbeddingLookupSparseOptions MulOptions PadOptions GatherOptions BatchToSpaceNDOptions
    SpaceToBatchNDOptions TransposeOptions ReducerOptions SubOptions DivOptions SqueezeOptions SequenceRNNOptions
    StridedSliceOptions ExpOptions TopKV2Options SplitOptions LogSoftmaxOptions CastOptions DequantizeOptions
    MaximumMinimumOptions ArgMaxOptions LessOptions NegOptions PadV2Options GreaterOptions GreaterEqualOptions
    LessEqualOptions SelectOptions SliceOptions TransposeConvOptions SparseToDenseOptions TileOptions
    ExpandDimsOptions EqualOptions NotEqualOptions ShapeOptions PowOptions ArgMinOptions FakeQuantOptions
    PackOptions LogicalOrOptions OneHotOptions LogicalAndOptions LogicalNotOptions UnpackOptions FloorDivOptions
    SquareOptions ZerosLikeOptions FillOptions BidirectionalSequenceLSTMOptions BidirectionalSequenceRNNOptions
    UnidirectionalSequenceLSTMOptions FloorModOptions RangeOptions ResizeNearestNeighborOptions LeakyReluOptions
    SquaredDifferenceOptions MirrorPadOptions AbsOptions SplitVOptions UniqueOptions ReverseV2Options AddNOptions
    GatherNdOptions CosOptions WhereOptions RankOptions ReverseSequenceOptions MatrixDiagOptions QuantizeOptions
    MatrixSetDiagOptions HardSwishOptions IfOptions WhileOptions DepthToSpaceOptions NonMaxSuppressionV4Options
    NonMaxSuppressionV5Options ScatterNdOptions SelectV2Options DensifyOptions SegmentSumOptions BatchMatMulOptions
    CumsumOptions CallOnceOptions BroadcastToOptions Rfft2dOptions Conv3DOptions HashtableOptions
    HashtableFindOptions HashtableImportOptions HashtableSizeOptions VarHandleOptions ReadVariableOptions
    AssignVariableOptions RandomOptions BucketizeOptions GeluOptions DynamicUpdateSliceOptions
    UnsortedSegmentProdOptions UnsortedSegmentMaxOptions UnsortedSegmentMinOptions UnsortedSegmentSumOptions
    ATan2Options SignOptions BitcastOptions BitwiseXorOptions RightShiftOptions
        """
    ),
    "BuiltinOptions2": _names(
        """
    NONE StablehloConcatenateOptions StablehloBroadcastInDimOptions StablehloSliceOptions
    StablehloConvolutionOptions StablehloCustomCallOptions StablehloReduceOptions StablehloScatterOptions
    StablehloCompareOptions StablehloDynamicSliceOptions StablehloPadOptions StablehloIotaOptions
    StablehloDotGeneralOptions StablehloReduceWindowOptions StablehloSortOptions StablehloWhileOptions
    StablehloGatherOptions StablehloTransposeOptions DilateOptions StablehloRngBitGeneratorOptions
    ReduceWindowOptions StableHLOCompositeOptions StablehloShiftLeftOptions StablehloCaseOptions
        """
    ),
    "QuantizationDetails": ("NONE", "CustomQuantization", "BlockwiseQuantization", "MultiAxisQuantization"),
    "SparseIndexVector": ("NONE", "Int32Vector", "Uint16Vector", "Uint8Vector"),
}
"""Members of each union; a member's type code is its index."""

_FIELDS = """
Model: version:uint32 operator_codes:[OperatorCode] subgraphs:[SubGraph] description:string buffers:[Buffer]
    metadata_buffer:[int32] metadata:[Metadata] signature_defs:[SignatureDef]
    external_buffer_groups:[ExternalBufferGroup] external_buffers:[ExternalBuffer]
OperatorCode: deprecated_builtin_code:int8 custom_code:string version:int32=1 builtin_code:int32
SubGraph: tensors:[Tensor] inputs:[int32] outputs:[int32] operators:[Operator] name:string
    debug_metadata_index:int32=-1
Tensor: shape:[int32] type:int8 buffer:uint32 name:string quantization:QuantizationParameters is_variable:bool
    sparsity:SparsityParameters shape_signature:[int32] has_rank:bool variant_tensors:[VariantSubType]
    external_buffer:uint32
QuantizationParameters: min:[float32] max:[float32] scale:[float32] zero_point:[int64]
    details:<QuantizationDetails> quantized_dimension:int32
CustomQuantization: custom:[uint8]
BlockwiseQuantization: scales:int32 zero_points:int32 block_size:int32 block_shape:[int32]
MultiAxisQuantization: scales:int32 zero_points:int32 block_size:int32 quantized_dimensions:[int32]
SparsityParameters: traversal_order:[int32] block_map:[int32] dim_metadata:[DimensionMetadata]
DimensionMetadata: format:int8 dense_size:int32 array_segments:<SparseIndexVector>
    array_indices:<SparseIndexVector>
Int32Vector: values:[int32]
Uint16Vector: values:[uint16]
Uint8Vector: values:[uint8]
VariantSubType: shape:[int32] type:int8 has_rank:bool
Operator: opcode_index:uint32 inputs:[int32] outputs:[int32] builtin_options:<BuiltinOptions>
    custom_options:[uint8] custom_options_format:int8 mutating_variable_inputs:[bool] intermediates:[int32]
    large_custom_options_offset:uint64 large_custom_options_size:uint64 builtin_options2:<BuiltinOptions2>
    debug_metadata_index:int32=-1
Buffer: data:[uint8] offset:uint64 size:uint64
Metadata: name:string buffer:uint32
SignatureDef: inputs:[TensorMap] outputs:[TensorMap] signature_key:string _ subgraph_index:uint32
TensorMap: name:string tensor_index:uint32
ExternalBufferGroup: name:string
ExternalBuffer: id:uint32 group:uint32 offset:uint64 length:uint64 packing:string
Conv2DOptions: padding:int8 stride_w:int32 stride_h:int32 fused_activation_function:int8
    dilation_w_factor:int32=1 dilation_h_factor:int32=1 quantized_bias_type:int8
DepthwiseConv2DOptions: padding:int8 stride_w:int32 stride_h:int32 depth_multiplier:int32
    fused_activation_function:int8 dilation_w_factor:int32=1 dilation_h_factor:int32=1
ConcatEmbeddingsOptions: num_channels:int32 num_columns_per_channel:[int32] embedding_dim_per_channel:[int32]
LSHProjectionOptions: type:int8
Pool2DOptions: padding:int8 stride_w:int32 stride_h:int32 filter_width:int32 filter_height:int32
    fused_activation_function:int8
SVDFOptions: rank:int32 fused_activation_function:int8 asymmetric_quantize_inputs:bool
RNNOptions: fused_activation_function:int8 asymmetric_quantize_inputs:bool
FullyConnectedOptions: fused_activation_function:int8 weights_format:int8 keep_num_dims:bool
    asymmetric_quantize_inputs:bool quantized_bias_type:int8 quant_spec:[uint8]
SoftmaxOptions: beta:float32
ConcatenationOptions: axis:int32 fused_activation_function:int8
AddOptions: fused_activation_function:int8 pot_scale_int16:bool=1
L2NormOptions: fused_activation_function:int8
LocalResponseNormalizationOptions: radius:int32 bias:float32 alpha:float32 beta:float32
LSTMOptions: fused_activation_function:int8 cell_clip:float32 proj_clip:float32 kernel_type:int8
    asymmetric_quantize_inputs:bool
ResizeBilinearOptions: _ _ align_corners:bool half_pixel_centers:bool
CallOptions: subgraph:uint32
ReshapeOptions: new_shape:[int32]
SkipGramOptions: ngram_size:int32 max_skip_size:int32 include_all_ngrams:bool
SpaceToDepthOptions: block_size:int32
EmbeddingLookupSparseOptions: combiner:int8
MulOptions: fused_activation_function:int8
GatherOptions: axis:int32 batch_dims:int32
ReducerOptions: keep_dims:bool
SubOptions: fused_activation_function:int8 pot_scale_int16:bool=1
DivOptions: fused_activation_function:int8
SqueezeOptions: squeeze_dims:[int32]
SequenceRNNOptions: time_major:bool fused_activation_function:int8 asymmetric_quantize_inputs:bool
StridedSliceOptions: begin_mask:int32 end_mask:int32 ellipsis_mask:int32 new_axis_mask:int32
    shrink_axis_mask:int32 offset:bool
SplitOptions: num_splits:int32
CastOptions: in_data_type:int8 out_data_type:int8
ArgMaxOptions: output_type:int8
TransposeConvOptions: padding:int8 stride_w:int32 stride_h:int32 fused_activation_function:int8
    quantized_bias_type:int8
SparseToDenseOptions: validate_indices:bool
ShapeOptions: out_type:int8
ArgMinOptions: output_type:int8
FakeQuantOptions: min:float32 max:float32 num_bits:int32 narrow_range:bool
PackOptions: values_count:int32 axis:int32
OneHotOptions: axis:int32
UnpackOptions: num:int32 axis:int32
BidirectionalSequenceLSTMOptions: fused_activation_function:int8 cell_clip:float32 proj_clip:float32
    merge_outputs:bool time_major:bool=1 asymmetric_quantize_inputs:bool
BidirectionalSequenceRNNOptions: time_major:bool fused_activation_function:int8 merge_outputs:bool
    asymmetric_quantize_inputs:bool
UnidirectionalSequenceLSTMOptions: fused_activation_function:int8 cell_clip:float32 proj_clip:float32
    time_major:bool asymmetric_quantize_inputs:bool diagonal_recurrent_tensors:bool
ResizeNearestNeighborOptions: align_corners:bool half_pixel_centers:bool
LeakyReluOptions: alpha:float32
MirrorPadOptions: mode:int8
SplitVOptions: num_splits:int32
UniqueOptions: idx_out_type:int8=2
ReverseSequenceOptions: seq_dim:int32 batch_dim:int32
IfOptions: then_subgraph_index:int32 else_subgraph_index:int32
WhileOptions: cond_subgraph_index:int32 body_subgraph_index:int32
DepthToSpaceOptions: block_size:int32
BatchMatMulOptions: adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool
CumsumOptions: exclusive:bool reverse:bool
CallOnceOptions: init_subgraph_index:int32
Conv3DOptions: padding:int8 stride_d:int32 stride_w:int32 stride_h:int32 fused_activation_function:int8
    dilation_d_factor:int32=1 dilation_w_factor:int32=1 dilation_h_factor:int32=1
HashtableOptions: table_id:int32 key_dtype:int8 value_dtype:int8
VarHandleOptions: container:string shared_name:string
RandomOptions: seed:int64 seed2:int64
BucketizeOptions: boundaries:[float32]
GeluOptions: approximate:bool
"""
"""Tables and their fields in slot order: ``name:type=default``; ``_`` is a deprecated slot, ``[T]`` a vector,
``<U>`` a union, which takes two slots (its type, then its value)."""


def _field(slot: int, spec: str) -> tuple[Field, ...]:
    name, _, type_ = spec.partition(":")
    type_, _, default = type_.partition("=")
    inner = type_.strip("[]<>")
    if type_.startswith("<"):
        return (
            Field(slot, f"{name}_type", Kind.UNION_TYPE, inner, 1),
            Field(slot + 1, name, Kind.UNION, inner, 4),
        )
    if type_.startswith("["):
        return (Field(slot, name, Kind.VECTOR if inner in SCALARS else Kind.TABLES, inner, 4),)
    if inner in SCALARS:
        dtype = np.dtype(inner)
        return (Field(slot, name, Kind.SCALAR, inner, dtype.itemsize, dtype.type(default or 0).item()),)
    return (Field(slot, name, Kind.STRING if inner == "string" else Kind.TABLE, inner, 4),)


def _tables() -> dict[str, Table]:
    tables = {member: Table(member, ()) for union in UNIONS.values() for member in union[1:]}
    for line in _FIELDS.replace("\n    ", " ").strip().splitlines():
        name, _, specs = line.partition(": ")
        fields: list[Field] = []
        slot = 0
        for spec in specs.split():
            added = () if spec == "_" else _field(slot, spec)
            fields += added
            slot += len(added) or 1
        tables[name] = Table(name, tuple(fields))
    return tables


TABLES: dict[str, Table] = _tables()
