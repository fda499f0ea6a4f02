"""Turn resource variables into plain tensors that keep their bytes from one invoke to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.ir import DType, Graph, Module, Op, Tensor
from sdk.ir.attrs import Attrs, CallOnceAttrs, VarHandleAttrs
from sdk.passes.result import PassResult, counted
from sdk.passes.rewrite import changed, new_id, redirected

_RESOURCE_KINDS = frozenset({"CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"})
_Name = tuple[str, str]


def resolve_variables(module: Module) -> PassResult:
    """Replace VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE and CALL_ONCE by variable tensors and, if needed, copies.

    Readers of a value read the variable itself while it holds that value, else a copy made in time. What is assigned is
    computed into the variable where nothing needs the old value any more, else copied. CALL_ONCE gives the initial
    elements. It must be the last pass: the others don't know that a variable changes.

    Models that do more with resources (initial values that are computed, handles from elsewhere) are left as they are.
    """
    graph = module.main
    handles = _handles(graph)
    initial = _initial_values(module)
    uses = [op for op in graph.ops if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE")]
    if not uses or initial is None or any(op.inputs[0] not in handles for op in uses):
        return PassResult(module)
    resolved = _Resolver(graph, handles, initial).run()
    called = any(op.kind in ("IF", "WHILE") for op in graph.ops)
    count = counted(len({handles[op.inputs[0]] for op in uses}), "variable")
    graphs = (resolved, *module.graphs[1:]) if called else (resolved,)
    return PassResult(replace(module, graphs=graphs), (f"state: {count} kept in the arena",))


def _handles(graph: Graph) -> dict[int | None, _Name]:
    return {
        op.outputs[0]: (op.attrs.container, op.attrs.shared_name)
        for op in graph.ops
        if isinstance(op.attrs, VarHandleAttrs)
    }


def _initial_values(module: Module) -> dict[_Name, npt.NDArray[Any]] | None:
    """What CALL_ONCE assigns, or None unless it comes first and assigns nothing but constants."""
    values: dict[_Name, npt.NDArray[Any]] = {}
    used = False
    for op in module.main.ops:
        used |= op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE")
        if not isinstance(op.attrs, CallOnceAttrs):
            continue
        graph = module.graphs[op.attrs.init_subgraph_index]
        handles = _handles(graph)
        for inner in graph.ops:
            if inner.kind == "ASSIGN_VARIABLE" and inner.inputs[0] in handles:
                data = graph.input(inner, 1).data
                if data is None or used:
                    return None
                values[handles[inner.inputs[0]]] = data
            elif inner.kind != "VAR_HANDLE":
                return None
    return values


@dataclass(frozen=True)
class _Life:
    """When a value is used, as indices of operators; ``made`` is -1 for inputs and constants."""

    made: int
    last: int


class _Resolver:
    """One graph while its variables are resolved."""

    def __init__(
        self, graph: Graph, handles: dict[int | None, _Name], initial: dict[_Name, npt.NDArray[Any]]
    ) -> None:
        self._graph = graph
        self._handles = handles
        self._initial = initial
        self._tensors: dict[int, Tensor] = {}
        self._sources: dict[int, int] = {}
        self._places = {op.id: i for i, op in enumerate(graph.ops)}

    def run(self) -> Graph:
        """The graph without resources."""
        graph = self._graph
        variables = {name: self._variable(name) for name in dict.fromkeys(self._handles.values())}
        ops: list[Op] = []
        for op in graph.ops:
            if op.kind == "READ_VARIABLE":
                variable = variables[self._handles[op.inputs[0]]]
                if self._readable_in_place(op, variable):
                    self._sources[op.outputs[0]] = variable.id
                else:
                    ops.append(self._copy(op, variable, op.outputs[0]))
            elif op.kind == "ASSIGN_VARIABLE":
                variable = variables[self._handles[op.inputs[0]]]
                value = graph.input(op, 1)
                if value.id != variable.id:
                    source = self._tensors.get(self._sources.get(value.id, value.id), value)
                    ops.append(self._copy(op, source, variable.id))
            elif op.kind not in _RESOURCE_KINDS:
                ops.append(op)
        return changed(graph, [redirected(op, self._sources) for op in ops], self._tensors)

    def _uses(self, kind: str, name: _Name) -> list[Op]:
        return [op for op in self._graph.ops if op.kind == kind and self._handles[op.inputs[0]] == name]

    def _variable(self, name: _Name) -> Tensor:
        """The tensor of a variable: the one assigned to it where that can be computed in place, else a new one."""
        reads, assigns = self._uses("READ_VARIABLE", name), self._uses("ASSIGN_VARIABLE", name)
        values = [self._graph.input(op, 1) for op in assigns] + [self._graph.output(op) for op in reads]
        tensor = values[0] if values else Tensor(0, name[1], (), DType.RESOURCE)
        data = self._initial.get(name)
        if not (len(assigns) == 1 and self._computed_in_place(values[0], reads)):
            tensor = replace(tensor, id=new_id(self._graph, self._tensors))
        tensor = replace(tensor, data=None, is_variable=True, initial=data)
        if values:
            self._tensors[tensor.id] = tensor
        return tensor

    def _computed_in_place(self, value: Tensor, reads: list[Op]) -> bool:
        """Whether a value can be computed where its variable is: after the last use of the old value.

        Its own readers run in the same invoke, before the next value is computed.
        """
        graph, made = self._graph, self._life(value.id).made
        if made < 0 or value.id in graph.outputs or graph.producers[value.id].kind in _RESOURCE_KINDS:
            return False
        olds = [self._graph.output(op) for op in reads]
        return all(old.id not in graph.outputs and self._life(old.id).last < made for old in olds)

    def _readable_in_place(self, read: Op, variable: Tensor) -> bool:
        """Whether nothing changes the variable between a read and the last use of what was read."""
        value = self._graph.output(read)
        if value.id in self._graph.outputs or value.quant != variable.quant:
            return False
        writes = [self._places[op.id] for op in self._uses("ASSIGN_VARIABLE", self._handles[read.inputs[0]])]
        if variable.id in self._graph.producers:
            writes = [self._life(variable.id).made]
        start, end = self._places[read.id], self._life(value.id).last
        return not any(start < write <= end for write in writes)

    def _life(self, tensor: int) -> _Life:
        producer = self._graph.producers.get(tensor)
        readers = self._graph.consumers.get(tensor, ())
        return _Life(
            -1 if producer is None else self._places[producer.id],
            max((self._places[op.id] for op in readers), default=-1),
        )

    def _copy(self, op: Op, source: Tensor, output: int) -> Op:
        """A SLICE of the whole tensor."""
        rank = len(source.shape)
        begin, size = (self._constant(np.full(rank, value, np.int32)) for value in (0, -1))
        return Op(op.id, "SLICE", 1, (source.id, begin, size), (output,), Attrs())

    def _constant(self, data: npt.NDArray[Any]) -> int:
        data.flags.writeable = False
        tensor = Tensor(new_id(self._graph, self._tensors), "", data.shape, DType.INT32, None, data)
        self._tensors[tensor.id] = tensor
        return tensor.id
