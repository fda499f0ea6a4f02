"""An ONNX model, operator by operator, as a Module of TensorFlow Lite's operators."""

from __future__ import annotations

from sdk.errors import UnsupportedError
from sdk.importer.onnx import constants, elementwise, images, moves, products, quantization, reductions, windows
from sdk.importer.onnx.context import Context, Handler, Value
from sdk.importer.onnx.model import Edge, Node, OnnxModel
from sdk.ir import DType, Module
from sdk.ir import attrs as a
from sdk.read.naming import c_identifier

_HANDLERS: dict[str, Handler] = {
    **constants.HANDLERS,
    **elementwise.HANDLERS,
    **images.HANDLERS,
    **moves.HANDLERS,
    **products.HANDLERS,
    **quantization.HANDLERS,
    **reductions.HANDLERS,
    **windows.HANDLERS,
}


def translate(model: OnnxModel) -> Module:
    """The same network in TensorFlow Lite's operators, without a hash of its file.

    Raises:
        ModelError, ShapeError: nodes and values do not fit each other.
        UnsupportedError: an operator, or a form of one, is not imported; or the model is not quantized.
        ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError: the model is damaged.
    """
    ctx = Context(model)
    inputs = [_input(ctx, edge) for edge in model.inputs if edge.name not in ctx.values]
    for node in model.nodes:
        if node.name not in ctx.done:
            _add(ctx, node)
    outputs = [_output(ctx, edge) for edge in model.outputs]
    graph = ctx.build.graph(tuple(inputs), tuple(outputs))
    return Module(c_identifier(model.path), model.path, "0" * 64, (graph,))


def _add(ctx: Context, node: Node) -> None:
    if constants.is_folded(ctx, node):
        constants.fold(ctx, node)
    elif node.kind in _HANDLERS:
        _HANDLERS[node.kind](ctx, node)
    else:
        raise ctx.unsupported(node, "operator is not imported", f"imported are {', '.join(sorted(_HANDLERS))}")


def _input(ctx: Context, edge: Edge) -> int:
    """The tensor of an input of the model, and in the values what int8 makes of it."""
    name, shape, dtype = edge.name, edge.shape, edge.dtype
    if shape and shape[0] == 0:
        shape = (1, *shape[1:])
    if 0 in shape:
        raise UnsupportedError(ctx.path, f"input {name!r} has a symbolic dimension", "export fixed shapes")
    if dtype not in (DType.FLOAT32, DType.INT8, DType.UINT8):
        raise UnsupportedError(ctx.path, f"input {name!r} is neither float32 nor int8 nor uint8")
    quant = None
    if dtype is not DType.FLOAT32:
        reader = next((n for n in ctx.readers.get(name, ()) if n.kind == "DequantizeLinear"), None)
        if reader is None:
            raise UnsupportedError(ctx.path, f"{dtype.value} input {name!r} has no DequantizeLinear")
        quant = quantization.stated(ctx, reader)
    if dtype is DType.UINT8 and quant is not None:
        given = ctx.build.tensor(name, shape, dtype, quantization.unsigned(quant))
        tensor = ctx.build.op("QUANTIZE", [given], a.Attrs(), quant)
    else:
        given = tensor = ctx.build.tensor(name, shape, dtype, quant)
    ctx.values[name] = Value(tensor, shape, tuple(range(len(shape))))
    return given


def _output(ctx: Context, edge: Edge) -> int:
    """The tensor of an output of the model, in the type that the model states."""
    tensor = ctx.plain(ctx.value(edge.name)).tensor
    wanted, result = edge.dtype, ctx.build.tensors[tensor]
    held, quant = result.dtype, result.quant
    if wanted is DType.FLOAT32 and held is DType.INT8:
        return ctx.build.op("DEQUANTIZE", [tensor], a.Attrs(), None, DType.FLOAT32, name=edge.name)
    if wanted is DType.UINT8 and held is DType.INT8 and quant is not None:
        unsigned = quantization.unsigned(quant)
        return ctx.build.op("QUANTIZE", [tensor], a.Attrs(), unsigned, DType.UINT8, name=edge.name)
    if wanted is None or wanted is not held:
        raise UnsupportedError(ctx.path, f"output {edge.name!r} can't be given in the type that the model states")
    return tensor
