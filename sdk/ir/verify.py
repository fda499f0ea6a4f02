"""Invariants of a Module: what every stage may rely on, checked after reading and after each pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from sdk.errors import ModelError
from sdk.ir.attrs import CallOnceAttrs, IfAttrs, VarHandleAttrs, WhileAttrs
from sdk.ir.dtype import DType
from sdk.ir.graph import Graph, Module, Op, Tensor
from sdk.ir.ops import OPS
from sdk.ir.shapes import ShapeError, infer

_LISTED = 20


def verify(module: Module, after: str = "") -> None:
    """Check a module's invariants.

    - Every id refers to a tensor of the graph; operators have the inputs, outputs and attributes of their kind.
    - A tensor is constant, an input of the graph, a variable, or the output of one operator, and is written before
      it is read.
    - Constants have the shape and element type of their tensor; scales are positive and finite, as many as their
      dimension has slices; zero points are values of the type.
    - Outputs have the shape that the operator gives.
    - Graphs that operators refer to exist, take and give what the operator does, and do not call each other in a
      circle.

    Args:
        module: what to check.
        after: what made it, for the message.

    Raises:
        ModelError: lists what is broken.
    """
    found = problems(module, resolved=bool(after))
    if found:
        subject = f"{module.name} after {after}" if after else module.name
        raise ModelError(subject, "; ".join(found[:_LISTED]))


def problems(module: Module, *, resolved: bool = False) -> list[str]:
    """What breaks the invariants, one sentence each.

    Args:
        module: what to check.
        resolved: whether operators may write variables, as a pass makes them do but no file.
    """
    found: list[str] = [] if module.graphs else ["the model has no graph"]
    for index, graph in enumerate(module.graphs):
        where = f"graph {index}, " if index else ""
        found += [where + problem for problem in _graph_problems(graph, main=index == 0)]
        if not resolved:
            found += [where + problem for problem in _written_variables(graph)]
    return found or list(_call_problems(module)) or list(_variable_problems(module))


def _graph_problems(graph: Graph, main: bool) -> Iterator[str]:
    for key, tensor in graph.tensors.items():
        if key != tensor.id:
            yield f"{_name(tensor)} is stored as {key}"
        yield from _tensor_problems(tensor)
    for what, ids in (("input", graph.inputs), ("output", graph.outputs)):
        missing = [i for i in ids if i not in graph.tensors]
        if missing:
            yield f"{what}s {missing} are no tensors of the graph"
            return
        for i in _repeated(ids):
            yield f"{_name(graph.tensors[i])} is listed twice among the {what}s"
    inputs, outputs = set(graph.inputs), set(graph.outputs)
    for i in graph.inputs:
        tensor = graph.tensors[i]
        if tensor.is_constant or tensor.is_variable:
            yield f"{_name(tensor)} is an input of the graph and {'constant' if tensor.is_constant else 'a variable'}"
        if tensor.elements == 0:
            yield f"{_name(tensor)} is an input of the graph and has no elements"
        if main and i in outputs:
            yield f"{_name(tensor)} is both input and output of the model"
    known = inputs | {t.id for t in graph.tensors.values() if t.is_constant or t.is_variable or t.elements == 0}
    seen: set[int] = set()
    for op in graph.ops:
        if op.id in seen:
            yield f"two operators have id {op.id}"
        seen.add(op.id)
        for problem in _op_problems(graph, op, inputs, known):
            yield f"layer {op.id} {op.kind}: {problem}"
        known.update(op.outputs)
    # A branch or a loop's body may give what it was given; the main graph must compute its outputs.
    given = graph.producers if main else known
    for i in graph.outputs:
        if i not in given and i not in inputs:
            yield f"output {_name(graph.tensors[i])} is never computed"
    if main and not graph.outputs:
        yield "the model has no output"


def _written_variables(graph: Graph) -> Iterator[str]:
    for op in graph.ops:
        for tensor in (graph.tensors[i] for i in op.outputs if i in graph.tensors):
            if tensor.is_variable:
                yield f"layer {op.id} {op.kind}: writes {_name(tensor)}, which is a variable"


def _repeated(ids: tuple[int, ...]) -> list[int]:
    return [] if len(set(ids)) == len(ids) else [i for i, count in Counter(ids).items() if count > 1]


def _name(tensor: Tensor) -> str:
    return f'tensor {tensor.id} "{_clipped(tensor.name, 80)}"'


def _clipped(text: str, length: int = 300) -> str:
    return text if len(text) <= length else text[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _tensor_problems(tensor: Tensor) -> Iterator[str]:
    if any(d < 0 for d in tensor.shape):
        yield f"{_name(tensor)} has shape {list(tensor.shape)}"
    data, quant = tensor.data, tensor.quant
    if data is not None:
        if tensor.is_variable:
            yield f"{_name(tensor)} is both constant and a variable"
        if data.shape != tensor.shape or data.dtype != tensor.dtype.numpy:
            yield (
                f"{_name(tensor)} {list(tensor.shape)} {tensor.dtype.value} holds {list(data.shape)} {data.dtype.name}"
            )
    if quant is None:
        return
    count = len(quant.scales)
    axis = quant.axis
    if count == 0 or count != len(quant.zero_points):
        yield f"{_name(tensor)} has {count} scales and {len(quant.zero_points)} zero points"
        return
    if axis is None and count != 1:
        yield f"{_name(tensor)} has {count} scales along no dimension"
    if axis is not None and not (0 <= axis < len(tensor.shape) and tensor.shape[axis] == count):
        yield f"{_name(tensor)} {list(tensor.shape)} has {count} scales along dimension {axis}"
    # A sum is finite and a minimum positive exactly when all are: fast for thousands of channels.
    if not (min(quant.scales) > 0 and np.isfinite(sum(quant.scales))):
        yield f"{_name(tensor)} has a scale that is not positive and finite"
    limits = tensor.dtype.integer_range
    if limits is not None and not limits[0] <= min(quant.zero_points) <= max(quant.zero_points) <= limits[1]:
        yield f"{_name(tensor)} has a zero point outside {limits[0]}..{limits[1]}"


def _op_problems(graph: Graph, op: Op, inputs: set[int], known: set[int]) -> Iterator[str]:
    """What is wrong with an operator, given the inputs of the graph and the tensors that are known before it."""
    spec = OPS.get(op.kind)
    if spec is None:
        yield "no such operator"
        return
    if type(op.attrs) is not spec.attrs:
        yield f"has {type(op.attrs).__name__} instead of {spec.attrs.__name__}"
        return
    strangers = [
        i for i in (*op.inputs, *op.outputs, *op.intermediates) if i is not None and i not in graph.tensors
    ]
    if strangers:
        yield f"{strangers} are no tensors of the graph"
        return
    sound = True
    for what, given, (fewest, most) in (
        ("inputs", op.inputs, spec.inputs), ("outputs", op.outputs, spec.outputs)
    ):  # fmt: skip
        if not fewest <= len(given) <= most:
            yield f"has {len(given)} {what}, not {fewest if fewest == most else f'{fewest} to {most}'}"
            sound = False
    for index, i in enumerate(op.inputs):
        if i is None and index not in spec.optional:
            yield f"input {index} is absent"
            sound = False
        elif i is not None and i not in known:
            reason = "not yet computed" if i in graph.producers else "never computed"
            yield f"input {index}, {_name(graph.tensors[i])}, is {reason}"
    for i in op.outputs:
        tensor = graph.tensors[i]
        if tensor.is_constant:
            yield f"writes {_name(tensor)}, which is constant"
        elif i in inputs or (i in known and tensor.elements and not tensor.is_variable):
            yield f"writes {_name(tensor)}, which {'is an input' if i in inputs else 'is written twice'}"
        elif tensor.elements == 0:
            yield f"writes {_name(tensor)}, which has no elements"
    for i in _repeated(op.outputs):
        yield f"writes {_name(graph.tensors[i])} twice"
    if sound:
        yield from _handle_problems(graph, op)
        yield from _shape_problems(graph, op)


def _handle_problems(graph: Graph, op: Op) -> Iterator[str]:
    """Handles of variables must be resources."""
    if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
        handle = graph.input(op, 0)
    elif op.kind == "VAR_HANDLE":
        handle = graph.output(op)
    else:
        return
    if handle.dtype is not DType.RESOURCE:
        yield f"{_name(handle)} has type {handle.dtype.value} instead of resource"


def _shape_problems(graph: Graph, op: Op) -> Iterator[str]:
    try:
        shapes = infer(graph, op)
    except ShapeError as error:
        yield _clipped(str(error))
        return
    for i, shape in zip(op.outputs, shapes, strict=True):
        tensor = graph.tensors[i]
        if shape is not None and shape != tensor.shape:
            yield _clipped(
                f"output {_name(tensor)} has shape {list(tensor.shape)}, but the operator gives {list(shape)}"
            )


def _signature(graph: Graph, ids: tuple[int | None, ...]) -> list[tuple[tuple[int, ...], DType]]:
    return [(graph.tensors[i].shape, graph.tensors[i].dtype) for i in ids if i is not None]


def _call_problems(module: Module) -> Iterator[str]:
    """References from operators to graphs."""
    callees: dict[int, set[int]] = {}
    for index, graph in enumerate(module.graphs):
        for op in graph.ops:
            for callee, takes, gives in _calls(graph, op):
                where = f"graph {index}, layer {op.id} {op.kind}"
                if not 0 < callee < len(module.graphs):
                    yield f"{where}: there is no graph {callee} to call"
                    continue
                called = module.graphs[callee]
                if _signature(called, called.inputs) != takes or (
                    gives is not None and _signature(called, called.outputs) != gives
                ):
                    yield f'{where}: graph {callee} "{called.name}" takes or gives other shapes or types'
                callees.setdefault(index, set()).add(callee)
    resolved: set[int] = set()
    # Each round resolves the graphs that only call resolved ones; what is left calls in a circle.
    while True:
        ready = {i for i in range(len(module.graphs)) if i not in resolved and callees.get(i, set()) <= resolved}
        if not ready:
            break
        resolved |= ready
    if len(resolved) < len(module.graphs):
        yield f"graphs {sorted(set(range(len(module.graphs))) - resolved)} call each other in a circle"


def _calls(
    graph: Graph, op: Op
) -> Iterator[tuple[int, list[tuple[tuple[int, ...], DType]], list[tuple[tuple[int, ...], DType]] | None]]:
    """(graph, what it must take, what it must give) for each graph that an operator calls; None: not checked here."""
    gives = _signature(graph, op.outputs)
    if isinstance(op.attrs, CallOnceAttrs):
        yield op.attrs.init_subgraph_index, [], []
    elif isinstance(op.attrs, IfAttrs):
        takes = _signature(graph, op.inputs[1:])
        yield op.attrs.then_subgraph_index, takes, gives
        yield op.attrs.else_subgraph_index, takes, gives
    elif isinstance(op.attrs, WhileAttrs):
        takes = _signature(graph, op.inputs)
        yield op.attrs.cond_subgraph_index, takes, None
        yield op.attrs.body_subgraph_index, takes, gives


def _variable_problems(module: Module) -> Iterator[str]:
    """Named variables whose reads and writes disagree about shape or type, or that are read before they are written."""
    kinds: dict[_Variable, tuple[tuple[int, ...], DType]] = {}
    for graph in module.graphs:
        for op, variable in _variable_uses(graph):
            value = graph.output(op) if op.kind == "READ_VARIABLE" else graph.input(op, 1)
            kind = (value.shape, value.dtype)
            if kinds.setdefault(variable, kind) != kind:
                yield f"layer {op.id} {op.kind}: variable {_quoted(variable)} has another shape or type elsewhere"
    uses = {op.id: variable for op, variable in _variable_uses(module.main)}
    written: set[_Variable] = set()
    for op in module.main.ops:
        for callee, _, _ in _calls(module.main, op):
            written |= {v for called, v in _variable_uses(module.graphs[callee]) if called.kind == "ASSIGN_VARIABLE"}
        if op.id in uses and op.kind == "ASSIGN_VARIABLE":
            written.add(uses[op.id])
        elif op.id in uses and uses[op.id] not in written:
            yield f"layer {op.id} {op.kind}: variable {_quoted(uses[op.id])} is read before it is written"


_Variable = tuple[str, str]
"""Container and name."""


def _variable_uses(graph: Graph) -> Iterator[tuple[Op, _Variable]]:
    """The reads and writes of variables whose handles the graph makes."""
    handles: dict[int | None, _Variable] = {
        op.outputs[0]: (op.attrs.container, op.attrs.shared_name)
        for op in graph.ops
        if isinstance(op.attrs, VarHandleAttrs)
    }
    for op in graph.ops:
        if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE") and op.inputs[0] in handles:
            yield op, handles[op.inputs[0]]


def _quoted(variable: _Variable) -> str:
    return f'"{_clipped(variable[1], 80)}"'
