#!/usr/bin/env python3
"""Make tests/corpus: small hostile .tflite files, at least one for each class of defect known from model loaders.

Each file is a valid model with one thing wrong. ``expected.json`` beside them tells what the reader must say, and
where the class is known from.

Usage: make_corpus.py [DIRECTORY]
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sdk.ir import DType, Graph, Module, Op, Quant, Tensor, attrs  # noqa: E402
from sdk.read.flatbuffer import Record, decode  # noqa: E402
from sdk.read.schema import IDENTIFIER, OPERATORS, TENSOR_TYPES, UNIONS  # noqa: E402
from sdk.write.flatbuffer import encode  # noqa: E402
from sdk.write.tflite import write  # noqa: E402

Tree = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A file of the corpus.

    Attributes:
        name: of the file, without suffix.
        says: part of the reader's message; for a file that is accepted, part of the module's text or repairs.
        data: the file.
        known_from: a public record of the class, if there is one.
        accepted: whether the reader mends the defect.
    """

    name: str
    says: str
    data: bytes
    known_from: str = ""
    accepted: bool = False


# Models


def tensor(shape: tuple[int, ...], dtype: DType = DType.INT8, scale: float = 0.5, **fields: Any) -> Tensor:
    """A tensor that the graph numbers and names; int8 and int16 ones are quantized."""
    quant = Quant((scale,), (0,)) if dtype in (DType.INT8, DType.INT16) else None
    return replace(Tensor(0, "", shape, dtype, quant), **fields)


def constant(values: Any, dtype: DType = DType.INT32, **fields: Any) -> Tensor:
    """A constant tensor."""
    data = np.array(values, dtype.numpy)
    return tensor(data.shape, dtype, data=data, **fields)


Inputs = list[Tensor | None]


def model(kind: str, parameters: attrs.Attrs, inputs: Inputs, *outputs: Tensor, version: int = 1) -> Module:
    """A model of one operator."""
    tensors: dict[int, Tensor] = {}
    ids: list[int | None] = []
    for given in (*inputs, *outputs):
        if given is None:
            ids.append(None)
            continue
        i = len(tensors)
        tensors[i] = replace(given, id=i, name=f"t{i}")
        ids.append(i)
    ins, outs = ids[: len(inputs)], tuple(i for i in ids[len(inputs) :] if i is not None)
    fed = tuple(i for i in ins if i is not None and not tensors[i].is_constant and not tensors[i].is_variable)
    op = Op(0, kind, version, tuple(ins), outs, parameters)
    return Module("corpus", "", "", (Graph("main", tensors, (op,), fed, outs),))


def conv(**changes: Any) -> Module:
    """A convolution, the model that most cases spoil."""
    fields: Tree = {"padding": attrs.Padding.SAME, "stride_h": 1, "stride_w": 1, **changes}
    weights = constant(np.arange(24).reshape(3, 2, 2, 2), DType.INT8)
    weights = replace(weights, quant=Quant((0.5, 0.25, 0.125), (0, 0, 0), 0))
    bias = replace(constant([1, 2, 3]), quant=Quant((0.25, 0.125, 0.0625), (0, 0, 0), 0))
    inputs: Inputs = [tensor((1, 4, 4, 2)), weights, bias]
    return model("CONV_2D", attrs.Conv2DAttrs(**fields), inputs, tensor((1, 4, 4, 3)), version=3)


def tree(module: Module) -> Tree:
    """The model as plain tables, to be spoilt."""
    return dict(_thaw(decode(write(module), "Model", IDENTIFIER, "corpus").plain()))


def _thaw(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _thaw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_thaw(item) for item in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def spoil(change: Callable[[Tree], object], module: Module | None = None) -> bytes:
    """A model with a change to its tables."""
    plain = tree(module or conv())
    change(plain)
    return encode(plain, "Model", IDENTIFIER)


def put(value: Any, *path: str | int, module: Module | None = None) -> bytes:
    """A model with one value replaced."""

    def change(plain: Any) -> None:
        for step in path[:-1]:
            plain = plain[step]
        plain[path[-1]] = value

    return spoil(change, module)


def in_graph(value: Any, *path: str | int, module: Module | None = None) -> bytes:
    """A model with one value of its first graph replaced."""
    return put(value, "subgraphs", 0, *path, module=module)


# Cases


def structure() -> Iterator[Case]:
    """Damage to the FlatBuffer itself."""
    good = write(conv())
    root = decode(good, "Model", IDENTIFIER, "corpus")
    graph = root["subgraphs"][0]
    first: Record = graph["tensors"][0]
    operator: Record = graph["operators"][0]

    def patched(*changes: tuple[int, str, int]) -> bytes:
        data = bytearray(good)
        for at, form, value in changes:
            struct.pack_into(form, data, at, value)
        return bytes(data)

    def vtable(record: Record) -> int:
        return record.at - int(struct.unpack_from("<i", good, record.at)[0])

    def target(record: Record, field: str) -> int:
        at = record.offset(field)
        return at + int(struct.unpack_from("<I", good, at)[0])

    yield Case("empty", "0 bytes", b"")
    yield Case("foreign", 'found "', b"\x89PNG\r\n\x1a\n" + bytes(64))
    yield Case("eight_bytes", "offset 0x0: offset 24 leads to 0x18", b"\x18\0\0\0TFL3", "tensorflow #115308")
    yield Case("truncated", "offset 0x", good[: len(good) // 2])
    yield Case("root_outside", "leads to", patched((0, "<I", 0x7FFFFFF0)))
    yield Case("root_misaligned", "not to an aligned place", patched((0, "<I", root.at + 2)), "tensorflow #121217")
    yield Case("vtable_outside", "outside the file or misaligned", patched((graph.at, "<i", -len(good))))
    yield Case("vtable_before_file", "outside the file or misaligned", patched((graph.at, "<i", graph.at + 4)))
    yield Case("vtable_is_table", "a vtable of 0 bytes", patched((graph.at, "<i", 0)))
    yield Case("vtable_odd_size", "a vtable of 7 bytes", patched((vtable(graph), "<H", 7)))
    yield Case("vtable_past_end", "a vtable of 65534 bytes", patched((vtable(graph), "<H", 65534)))
    yield Case("table_past_end", "a table of 65535 bytes", patched((vtable(graph) + 2, "<H", 65535)))
    for name, entry in (("outside_table", 0xFFFC), ("misaligned", 6), ("over_vtable_offset", 2)):
        yield Case(f"field_{name}", "misplaced in its table", patched((vtable(first) + 4, "<H", entry)))
    yield Case("offset_zero", "offset 0 leads to", patched((first.offset("name"), "<I", 0)))
    yield Case("offset_wraps", "leads to", patched((first.offset("shape"), "<I", 0xFFFFFFFC)))
    shape = target(first, "shape")
    yield Case("vector_too_long", "elements do not fit", patched((shape, "<I", 0x40000001)), "CVE-2022-23558")
    at = first.offset("shape")
    moved = patched((at, "<I", shape - at + 1))
    yield Case("vector_misaligned", "not to an aligned place", moved, "tensorflow #121217")
    quantization: Record = first["quantization"]
    at, points = quantization.offset("zero_point"), target(quantization, "zero_point")
    yield Case(
        "int64_misaligned", "of 8 bytes are misaligned", patched((points - 4, "<I", 1), (at, "<I", points - 4 - at))
    )
    yield Case("string_unterminated", "no terminating zero", patched((target(first, "name"), "<I", 1)))
    at = operator.offset("builtin_options_type")
    yield Case("union_unknown_member", "unknown member 200", patched((at, "<B", 200)))
    other = UNIONS["BuiltinOptions"].index("ArgMaxOptions")
    yield Case("union_mismatch", "CONV_2D has ArgMaxOptions", patched((at, "<B", other)))


def indices() -> Iterator[Case]:
    """References to tensors, buffers, operator codes and graphs that do not exist or cannot be."""
    op = ("operators", 0)
    yield Case("op_input_index", "tensor index 99", in_graph([0, 99, 2], *op, "inputs"), "TFLM #3073")
    yield Case("op_input_minus_2", "tensor index -2", in_graph([-2, 1, 2], *op, "inputs"))
    yield Case("op_input_absent", "input 0 is absent", in_graph([-1, 1, 2], *op, "inputs"), "TFSA-2020-009")
    yield Case("op_output_absent", "tensor index -1", in_graph([-1], *op, "outputs"), "TFSA-2020-009")
    yield Case("op_output_index", "tensor index 2147483647", in_graph([2**31 - 1], *op, "outputs"), "TFLM #3074")
    yield Case("op_intermediate_index", "tensor index 7", in_graph([7], *op, "intermediates"))
    yield Case("graph_input_index", "tensor index 50", in_graph([50], "inputs"), "TFLM #3075")
    yield Case("graph_output_index", "tensor index -5", in_graph([-5], "outputs"), "TFLM #3076")
    yield Case("buffer_index", "has buffer 4096", in_graph(4096, "tensors", 1, "buffer"), "TFLM #3389")
    yield Case("no_buffers", "has 0 buffers", spoil(lambda m: m.pop("buffers")), "CVE-2021-37688")
    yield Case("weights_without_data", "is never computed", in_graph(0, "tensors", 1, "buffer"), "TFSA-2020-007")
    yield Case("opcode_index", "operator code 8", in_graph(8, *op, "opcode_index"), "TFLM #3077")
    yield Case("too_many_inputs", "more than 1024", in_graph([0] * 1025, *op, "inputs"))
    yield Case("missing_input", "has 1 inputs", in_graph([0], *op, "inputs"))
    yield Case("missing_output", "has 0 outputs", in_graph([], *op, "outputs"))
    signature = {"signature_key": "serving", "inputs": [{"name": "x", "tensor_index": 0}], "outputs": []}
    for name, says, changes in (
        ("graph", "graph 7, but the model has 1", {"subgraph_index": 7}),
        ("tensor", "tensor index 44", {"inputs": [{"name": "x", "tensor_index": 44}]}),
        ("name", "a signature needs a name", {"signature_key": b"\xff"}),
    ):
        yield Case(f"signature_{name}", says, put([{**signature, **changes}], "signature_defs"))
    flag = tensor((), DType.BOOL)
    branch = model("IF", attrs.IfAttrs(3, 4), [flag, tensor((2,))], tensor((2,)))
    yield Case("if_graph_index", "there is no graph 3", write(branch))
    loop = model("WHILE", attrs.WhileAttrs(0, 0), [tensor((2,))], tensor((2,)))
    yield Case("while_calls_itself", "there is no graph 0 to call", write(loop))
    body = replace(model("WHILE", attrs.WhileAttrs(1, 1), [tensor((2,))], tensor((2,))).main, name="body")
    yield Case("graphs_in_a_circle", "call each other in a circle", write(replace(loop, graphs=(conv().main, body))))
    once = Op(1, "CALL_ONCE", 1, (), (), attrs.CallOnceAttrs(-1))
    graph = conv().main
    yield Case(
        "call_once_index",
        "there is no graph -1",
        write(replace(conv(), graphs=(replace(graph, ops=(*graph.ops, once)),))),
    )


def order() -> Iterator[Case]:
    """Graphs whose operators cannot run one after the other."""
    add = attrs.BinaryAttrs()
    a, b, c, d = (replace(tensor((4,)), id=i, name=f"t{i}") for i in range(4))
    tensors = {t.id: t for t in (a, b, c, d)}

    def graph(*ops: tuple[tuple[int, ...], int], outputs: tuple[int, ...] = (3,)) -> bytes:
        layers = tuple(Op(i, "ADD", 1, ins, (out,), add) for i, (ins, out) in enumerate(ops))
        return write(Module("corpus", "", "", (Graph("main", tensors, layers, (0,), outputs),)))

    yield Case("used_before_definition", "is not yet computed", graph(((0, 2), 1), ((0, 0), 2), ((1, 2), 3)))
    yield Case("cycle", "is not yet computed", graph(((0, 2), 1), ((1, 0), 2), ((2, 0), 3)))
    yield Case("op_feeds_itself", "is not yet computed", graph(((0, 3), 3)))
    yield Case("written_twice", "is written twice", graph(((0, 0), 3), ((0, 3), 3)))
    yield Case("input_written", "which is an input", graph(((0, 0), 0), ((0, 0), 3)))
    yield Case("input_is_output", "both input and output", graph(((0, 0), 3), outputs=(3, 0)))
    yield Case("output_never_computed", "is never computed", graph(((0, 0), 2)))
    yield Case("output_twice", "listed twice", graph(((0, 0), 3), outputs=(3, 3)))
    yield Case("no_outputs", "the model has no output", graph(((0, 0), 3), outputs=()))
    yield Case("constant_written", "which is constant", in_graph([2], "operators", 0, "outputs"))
    yield Case("constant_is_output", "is never computed", in_graph([3, 1], "outputs"))
    yield Case("constant_is_input", "is an input of the graph and constant", in_graph([0, 1], "inputs"))
    yield Case("variable_with_data", "both constant and a variable", in_graph(True, "tensors", 1, "is_variable"))
    yield Case("no_graph", "the model has no graph", put([], "subgraphs"))
    yield Case("schema_version", "schema version 2 is not 3", put(2, "version"))


def tensors() -> Iterator[Case]:
    """Types, shapes, data, quantization and names."""
    first, weights = ("tensors", 0), ("tensors", 1)
    yield Case("dimension_negative", "negative dimension", in_graph([1, -4, 4, 2], *first, "shape"))
    yield Case("dimension_dynamic", "dynamic shape", in_graph([1, -1, 4, 2], *first, "shape"))
    yield Case("signature_dynamic", "dynamic shape", in_graph([-1, -1, -1, 2], *first, "shape_signature"))
    yield Case("rank", "9 dimensions", in_graph([1] * 9, *first, "shape"))
    yield Case("no_elements", "has no elements", in_graph([1, 0, 4, 2], *first, "shape"))
    yield Case("shape_overflows", "which overflows", in_graph([65536] * 4, *first, "shape"), "TFLM #3071")
    yield Case("weights_overflow", "which overflows", in_graph([2**30, 2, 2, 2], *weights, "shape"), "TFLM #3072")
    yield Case("data_too_short", "needs 48 bytes, not 24", in_graph([3, 2, 2, 4], *weights, "shape"))
    yield Case("type_unknown", "unknown type 99", in_graph(99, *first, "type"))
    yield Case("type_negative", "unknown type -1", in_graph(-1, *first, "type"))
    for name in ("STRING", "BFLOAT16", "FLOAT8_E5M2", "VARIANT"):
        yield Case(f"type_{name.lower()}", f"has type {name}", in_graph(TENSOR_TYPES.index(name), *first, "type"))
    condition = constant([True, False], DType.BOOL)
    select = tree(model("SELECT", attrs.Attrs(), [condition, tensor((2,)), tensor((2,))], tensor((2,))))
    select["buffers"][1]["data"] = np.array([1, 2], np.uint8)
    yield Case("bool_of_two", "bytes that are none of its values", encode(select, "Model", IDENTIFIER))
    yield Case("data_empty", "needs 96 bytes, not 0", spoil(lambda m: [
        m["buffers"].append({"data": []}), m["subgraphs"][0]["tensors"][0].update(buffer=3, shape=[1, 4, 4, 6])]))
    sparse = {"traversal_order": [0], "dim_metadata": [{"format": 0, "dense_size": 3}]}
    yield Case("sparse", "is sparse", in_graph(sparse, *weights, "sparsity"), "CVE-2022-23560")
    yield Case("external_buffer", "data in another file", in_graph(1, *weights, "external_buffer"))
    yield Case("data_outside_file", "are outside the file", put({"offset": 2**40, "size": 24}, "buffers", 1))
    yield Case("data_behind_flatbuffer", "behind the FlatBuffer", put({"offset": 64, "size": 24}, "buffers", 1))
    scale = ("quantization", "scale")
    for name, value in (("zero", 0.0), ("nan", np.nan), ("infinite", np.inf), ("subnormal", 1e-40), ("negative", -1.0)):
        yield Case(f"scale_{name}", "not a normal positive number", in_graph([value], *first, *scale))
    yield Case("scale_count", "2 scales along dimension 0", in_graph(
        {"scale": [0.5, 0.5], "zero_point": [0, 0]}, *weights, "quantization"))
    yield Case("zero_point_count", "1 scales and 2 zero points", in_graph([0, 0], *first, "quantization", "zero_point"))
    yield Case("zero_point_range", "zero point 128, outside", in_graph([128], *first, "quantization", "zero_point"))
    axis = ("quantization", "quantized_dimension")
    yield Case("quantized_dimension", "along dimension 9", in_graph(9, "tensors", 1, *axis, module=_per_last()))
    yield Case(
        "quantized_dimension_mended", "dimension 9 of tensor 2", in_graph(9, "tensors", 2, *axis),
        "TFLM person_detect", accepted=True,
    )
    blocks = {"scale": [0.5], "zero_point": [0], "details_type": 2, "details": {"block_size": 0}}
    yield Case("blockwise", "has BlockwiseQuantization", in_graph(blocks, *weights, "quantization"))
    names = spoil(lambda m: [t.update(name="same") for t in m["subgraphs"][0]["tensors"]])
    yield Case("names_equal", '"same_1"', names, accepted=True)
    yield Case("name_not_utf8", "is not UTF-8", in_graph(b"\xff\xfe\xc0", *first, "name"), accepted=True)


def _per_last() -> Module:
    """The convolution with its weights quantized along the last dimension."""
    module = conv()
    weights = replace(module.main.tensors[1], quant=Quant((0.5, 0.25), (0, 0), 3))
    return replace(module, graphs=(replace(module.main, tensors={**module.main.tensors, 1: weights}),))


def operators() -> Iterator[Case]:
    """Operators and versions that are not known."""
    code = ("operator_codes", 0)
    yield Case("opcode_unknown", "300 is no operator's code", put(300, *code, "builtin_code"))
    placeholder = OPERATORS.index("PLACEHOLDER_FOR_GREATER_OP_CODES")
    yield Case("opcode_placeholder", "127 is no operator's code", put(placeholder, *code, "builtin_code"))
    yield Case("version_unknown", "CONV_2D v99", put(99, *code, "version"))
    yield Case("version_zero", "version 0 of CONV_2D", put(0, *code, "version"))
    custom = {"builtin_code": OPERATORS.index("CUSTOM"), "custom_code": "Mine*/\n{{x}}", "version": 1}
    yield Case("custom", 'CUSTOM "Mine*/', spoil(lambda m: m.update(operator_codes=[custom])))
    segment = {"builtin_code": OPERATORS.index("SEGMENT_SUM"), "deprecated_builtin_code": 125, "version": 1}
    yield Case("segment_sum", "SEGMENT_SUM", spoil(lambda m: m.update(operator_codes=[segment])), "CVE-2020-15212")
    missing = spoil(lambda m: m["subgraphs"][0]["operators"][0].pop("builtin_options"))
    yield Case("options_missing", "stride_h is 0", missing, "CVE-2021-37689")
    options = ("operators", 0, "builtin_options")
    custom_options = in_graph([1, 2, 3], "operators", 0, "custom_options")
    yield Case("custom_options", "CONV_2D has options of a custom operator", custom_options)
    yield Case("activation_unknown", "9 is not one of NONE", in_graph(9, *options, "fused_activation_function"))
    yield Case("padding_unknown", "7 is not one of SAME", in_graph(7, *options, "padding"))
    leaky = model("LEAKY_RELU", attrs.LeakyReluAttrs(float("nan")), [tensor((4,))], tensor((4,)))
    yield Case("alpha_nan", "nan is not a finite number", write(leaky))


def parameters() -> Iterator[Case]:
    """Parameters and shapes that an operator cannot work with."""
    yield Case("conv_stride", "stride_h is 0", write(conv(stride_h=0)), "CVE-2022-21741")
    yield Case("conv_dilation", "dilation_w is 0", write(conv(dilation_w=0)))
    yield Case("conv_window", "does not fit", write(conv(padding=attrs.Padding.VALID, dilation_h=7)))
    yield Case("conv_extent", "a window of 65537, dilated", write(conv(dilation_w=65536)))
    yield Case("conv_channels", "0 input channels do not fit", in_graph([1, 4, 4, 0], "tensors", 0, "shape"))
    yield Case("output_shape", "but the operator gives [1, 4, 4, 3]", in_graph([1, 4, 4, 9], "tensors", 3, "shape"),
               "TFSA-2020-008")
    for name, says, known_from, module in _parameter_models():
        yield Case(name, says, write(module), known_from)


def _parameter_models() -> Iterator[tuple[str, str, str, Module]]:
    image, vector = tensor((1, 4, 4, 4)), tensor((1, 4))
    same = attrs.Padding.SAME
    weights = constant(np.zeros((1, 2, 2, 4)), DType.INT8)
    for name, says, known_from, stride, multiplier in (
        ("depthwise_stride", "stride_w is 0", "CVE-2021-29602", 0, 1),
        ("depthwise_multiplier", "depth_multiplier is 0", "", 1, 0),
        ("depthwise_channels", "does not fit 4 channels", "", 1, 2),
    ):
        parameters = attrs.DepthwiseConv2DAttrs(same, 1, stride, multiplier)
        yield name, says, known_from, model("DEPTHWISE_CONV_2D", parameters, [image, weights], image)
    empty = tensor((3, 0), DType.INT8)
    yield ("fully_connected_empty", "does not fit weights", "CVE-2021-37680",
           model("FULLY_CONNECTED", attrs.FullyConnectedAttrs(), [vector, empty], tensor((1, 3))))
    dense = constant(np.zeros((3, 4)), DType.INT8)
    yield ("bias_size", "the bias has shape [2]", "CVE-2022-23557",
           model("FULLY_CONNECTED", attrs.FullyConnectedAttrs(), [vector, dense, constant([1, 2])], tensor((1, 3))))
    yield "softmax_beta", "beta is 0.0, not positive", "", model("SOFTMAX", attrs.SoftmaxAttrs(0.0), [vector], vector)
    yield "pool_stride", "stride_h is 0", "", model("MAX_POOL_2D", attrs.Pool2DAttrs(same, 0, 1, 2, 2), [image], image)
    yield "pool_filter", "filter_h is 0", "", model("MAX_POOL_2D", attrs.Pool2DAttrs(same, 1, 1, 0, 2), [image], image)
    yield ("space_to_depth", "block_size is 0", "GHSA-j7rm-8ww4-xx2g",
           model("SPACE_TO_DEPTH", attrs.BlockAttrs(0), [image], image))
    yield "depth_to_space", "block_size is -2", "", model("DEPTH_TO_SPACE", attrs.BlockAttrs(-2), [image], image)
    pairs = constant([[0, 0], [0, 0]])
    yield ("space_to_batch", "blocks [0, 2]", "",
           model("SPACE_TO_BATCH_ND", attrs.Attrs(), [image, constant([0, 2]), pairs], image))
    yield ("batch_to_space", "do not divide a batch of 1", "",
           model("BATCH_TO_SPACE_ND", attrs.Attrs(), [image, constant([2, 2]), pairs], image))
    yield ("gather_negative", "indices -1..0", "CVE-2021-37687",
           model("GATHER", attrs.GatherAttrs(1), [vector, constant([0, -1])], tensor((1, 2))))
    yield ("gather_nd", "index 4 into dimension 1", "",
           model("GATHER_ND", attrs.Attrs(), [vector, constant([[0, 4]])], tensor((1,))))
    yield ("embedding_lookup", "indices 5..5", "",
           model("EMBEDDING_LOOKUP", attrs.Attrs(), [constant([5]), dense], tensor((1, 4))))
    yield ("arg_max_axis", "axis 7 is outside", "TFLM #3504",
           model("ARG_MAX", attrs.ArgAttrs(), [vector, constant(7)], tensor((1,), DType.INT32)))
    yield "mean_axis", "axis -3", "", model("MEAN", attrs.ReducerAttrs(), [vector, constant([-3])], tensor((1,)))
    yield ("concatenation_axis", "axis 2 is outside", "",
           model("CONCATENATION", attrs.ConcatenationAttrs(2), [vector, vector], tensor((1, 8))))
    yield ("concatenation_shapes", "differ outside axis 1", "TFSA-2020-008",
           model("CONCATENATION", attrs.ConcatenationAttrs(1), [vector, tensor((2, 4))], tensor((1, 8))))
    yield "add_shapes", "do not broadcast", "", model("ADD", attrs.BinaryAttrs(), [vector, tensor((1, 3))], vector)
    yield "split_zero", "num_splits is 0", "", model("SPLIT", attrs.SplitAttrs(0), [constant(1), vector], vector)
    yield ("split_v_sizes", "parts [1, 2]", "",
           model("SPLIT_V", attrs.SplitAttrs(2), [vector, constant([1, 2]), constant(1)], vector, vector))
    yield "pack_count", "9 values for 1 inputs", "", model("PACK", attrs.PackAttrs(9, 0), [vector], tensor((1, 1, 4)))
    yield "unpack_axis", "axis 2 is outside", "", model("UNPACK", attrs.UnpackAttrs(4, 2), [vector], vector)
    yield ("transpose_repeats", "is no permutation", "",
           model("TRANSPOSE", attrs.Attrs(), [vector, constant([0, 0])], vector))
    yield "reshape_size", "can't become [5]", "", model("RESHAPE", attrs.ReshapeAttrs((5,)), [vector], tensor((5,)))
    yield "squeeze_axis", "are not all 1", "", model("SQUEEZE", attrs.SqueezeAttrs((1,)), [vector], vector)
    yield "pad_negative", "are negative", "", model("PAD", attrs.Attrs(), [vector, constant([[0, 0], [-1, 0]])], vector)
    yield ("mirror_pad", "mirror more than", "",
           model("MIRROR_PAD", attrs.MirrorPadAttrs(), [vector, constant([[0, 0], [4, 0]])], tensor((1, 8))))
    yield ("slice_outside", "leave shape [1, 4]", "",
           model("SLICE", attrs.Attrs(), [vector, constant([0, 3]), constant([1, 2])], tensor((1, 2))))
    yield ("strided_slice_stride", "a stride of 0", "",
           model("STRIDED_SLICE", attrs.StridedSliceAttrs(),
                 [vector, constant([0, 0]), constant([1, 4]), constant([1, 0])], vector))
    yield ("strided_slice_index", "index 4 with stride 1", "",
           model("STRIDED_SLICE", attrs.StridedSliceAttrs(shrink_axis_mask=2),
                 [vector, constant([0, 4]), constant([1, 5]), constant([1, 1])], tensor((1,))))
    yield ("resize_zero", "new_height is 0", "",
           model("RESIZE_BILINEAR", attrs.ResizeAttrs(), [image, constant([0, 4])], image))
    yield "top_k", "the 5 largest", "", model("TOPK_V2", attrs.Attrs(), [vector, constant(5)], vector, vector)
    yield "fill_negative", "is negative", "", model("FILL", attrs.Attrs(), [constant([-4]), constant(1)], vector)
    yield ("transpose_conv_output", "output shape [1, 9, 9, 9]", "",
           model("TRANSPOSE_CONV", attrs.TransposeConvAttrs(same, 1, 1),
                 [constant([1, 9, 9, 9]), constant(np.zeros((4, 2, 2, 4)), DType.INT8), image], image))
    state = tensor((1, 12), is_variable=True)
    svdf = [vector, constant(np.zeros((4, 4)), DType.INT8), constant(np.zeros((4, 3)), DType.INT16), None, state]
    yield "svdf_rank", "rank is 0", "", model("SVDF", attrs.SvdfAttrs(0), svdf, vector)
    yield "lstm_shapes", "input 7 has shape [4, 3]", "", _lstm()


def _lstm() -> Module:
    gate, recurrent = constant(np.zeros((4, 2)), DType.INT8), constant(np.zeros((4, 4)), DType.INT8)
    inputs: Inputs = [tensor((1, 3, 2)), *[gate] * 4, *[recurrent] * 4, *[None] * 3]
    inputs += [*[constant([0] * 4)] * 4, None, None, *[tensor((1, 4), is_variable=True)] * 2]
    inputs[7] = constant(np.zeros((4, 3)), DType.INT8)
    return model("UNIDIRECTIONAL_SEQUENCE_LSTM", attrs.LstmAttrs(), inputs, tensor((1, 3, 4)))


def cases() -> tuple[Case, ...]:
    """The corpus."""
    parts = (structure, indices, order, tensors, operators, parameters)
    return tuple(case for part in parts for case in part())


def main(directory: Path) -> None:
    """Write the corpus and ``expected.json``."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.glob("*.tflite"):
        old.unlink()
    expected = {}
    for case in cases():
        (directory / f"{case.name}.tflite").write_bytes(case.data)
        expected[case.name] = {"says": case.says, "known_from": case.known_from, "accepted": case.accepted}
    (directory / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(expected)} files in {directory}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "tests" / "corpus")
