"""Programs and plans as plain values for the templates: all arithmetic and all escaping happens here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sdk import __version__
from sdk.emit.carray import byte_list, floating, integer, rows
from sdk.ir import DType, Tensor
from sdk.kernels.base import Const, Ref, Value
from sdk.kernels.program import Chain, Program, Step, graph_function
from sdk.plan import MemoryPlan

_CTYPES = {
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.FLOAT32: "float",
    DType.BOOL: "uint8_t",
}
MIN_ARENA_ALIGN = 4


def ctype(dtype: DType) -> str:
    """The C type of a tensor's elements."""
    return _CTYPES[dtype]


def comment_text(text: str) -> str:
    """Untrusted text made harmless inside a C comment."""
    return re.sub(r"[^A-Za-z0-9_ .,:;/()\[\]+-]", "_", text).replace("//", "/_")[:80]


@dataclass(frozen=True)
class Placement:
    """Where the tensors of a program are: arena offsets of tensors and of each step's scratch."""

    program: Program
    plan: MemoryPlan

    def offset(self, tensor: Tensor) -> int:
        """Bytes from the arena's start."""
        return self.plan.tensor_offset(self.program.storage[tensor.id])

    def scratch(self, step: Step) -> int | None:
        """Offset of a step's scratch, or None if it has none."""
        return self.plan.scratch_offset(step.op.id) if step.prepared.scratch_bytes else None


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"


def _port(placement: Placement, tensor: Tensor, function: str, name: str) -> dict[str, object]:
    """An input or output of the model."""
    per_tensor = tensor.quant is not None and len(tensor.quant.scales) == 1
    scale = floating(tensor.quant.scale) if tensor.quant and per_tensor else ""
    zero_point = tensor.quant.zero_point if tensor.quant and per_tensor else 0
    return {
        "function": function,
        "macro": f"{name}_{function}".upper(),
        "ctype": ctype(tensor.dtype),
        "dtype": tensor.dtype.value,
        "shape": _shape(tensor),
        "elements": tensor.elements,
        "bytes": tensor.nbytes,
        "offset": placement.offset(tensor),
        "scale": scale,
        "zero_point": zero_point,
        "quantization": f"real = {tensor.quant.scale!r} * (q - {zero_point})" if tensor.quant and per_tensor else "",
    }


def _ports(placement: Placement, tensors: tuple[int, ...], kind: str, name: str) -> list[dict[str, object]]:
    graph = placement.program.graph
    functions = [kind] if len(tensors) == 1 else [f"{kind}{i}" for i in range(len(tensors))]
    return [_port(placement, graph.tensors[t], f, name) for t, f in zip(tensors, functions, strict=True)]


@dataclass(frozen=True)
class _Layer:
    """A kernel's parameters and constants in the generated code: a step, or a link of a chain."""

    model: str
    name: str
    step: Step

    def const(self, name: str) -> str:
        """Name of one of the layer's constants."""
        return f"{self.model}_{self.name}_{name}"


def _layers(program: Program, step: Step) -> list[_Layer]:
    model = program.module.name
    if step.chain is None:
        return [_Layer(model, step.name, step)]
    return [_Layer(model, f"{step.name}_{i}", link) for i, link in enumerate(step.chain.links)]


def _field(layer: _Layer, value: Value) -> str:
    if isinstance(value, Ref):
        return layer.const(value.const)
    if isinstance(value, tuple):
        return f"{{{', '.join(_field(layer, v) for v in value)}}}"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return floating(value)
    return value


def _call(
    placement: Placement, layer: _Layer, scratch: str, range_: str, strips: Mapping[int, str] | None = None
) -> str:
    """The call of a layer's kernel; ``strips`` has the addresses of tensors that are not in the arena as a whole."""
    graph, prepared, storage = placement.program.graph, layer.step.prepared, placement.program.storage

    def address(tensor: Tensor) -> str:
        return (strips or {}).get(storage[tensor.id]) or f"arena + {placement.offset(tensor)}"

    def pointer(argument: int | Ref) -> str:
        if isinstance(argument, Ref):
            return layer.const(argument.const)
        tensor = graph.input(layer.step.op, argument)
        const = "" if argument in prepared.updates else "const "
        return f"({const}{ctype(tensor.dtype)} *)({address(tensor)})"

    pointers = [pointer(a) for a in (prepared.inputs if prepared.arguments is None else prepared.arguments)]
    if prepared.inputs_as_array:
        pointers = [f"(const void *const[]){{{', '.join(pointers)}}}"]
    tensors = [graph.tensors[t] for t in layer.step.op.outputs]
    outputs = [f"({ctype(t.dtype)} *)({address(t)})" for t in tensors]
    if prepared.outputs_as_array:
        outputs = [f"(void *const[]){{{', '.join(outputs)}}}"]
    return f"sdk_{layer.step.kernel.name}(&{layer.name}, {', '.join([*pointers, *outputs, scratch])}, {range_})"


def _calls(placement: Placement, step: Step) -> dict[str, object]:
    """The statement that does a step; the bodies of the functions for a part on one core, or for a chain."""
    found: dict[str, object] = {"part": "", "chain": None}
    if step.chain is not None:
        return {**found, "call": f"{step.name}(arena)", "chain": _chain(placement, step, step.chain)}
    (layer,) = _layers(placement.program, step)
    offset, units = placement.scratch(step), step.prepared.units
    scratch = "NULL" if offset is None else f"arena + {offset}"
    if step.descending:
        grain = step.grain
        end = f"begin + {grain}" if units % grain == 0 else f"begin + {grain} < {units} ? begin + {grain} : {units}"
        last = (units - 1) // grain * grain
        loop = f"for (int32_t begin = {last}; begin >= 0; begin -= {grain}) "
        return {**found, "call": loop + _call(placement, layer, scratch, f"(sdk_range){{begin, {end}}}")}
    if step.cut is None:
        return {**found, "call": _call(placement, layer, scratch, f"(sdk_range){{0, {units}}}")}
    if offset is not None:
        scratch += f" + core * {step.scratch_bytes // 2}"
    return {
        **found,
        "call": f"sdk_split({step.name}_part, arena, {step.cut}, {units})",
        "part": _call(placement, layer, scratch, "range"),
    }


def _chain(placement: Placement, step: Step, chain: Chain) -> dict[str, object]:
    """Kernel calls and the table of their order, with the moves of strips before them."""
    storage = placement.program.storage
    outputs = [placement.program.graph.output(link.op) for link in chain.links[:-1]]
    moving = {chain.strips[action.link].group for action in chain.actions if action.drop}
    strips = {}
    for output, strip in zip(outputs, chain.strips, strict=True):
        dropped = f" - dropped[{strip.group}]" if strip.group in moving else ""
        strips[storage[output.id]] = f"arena + {placement.offset(output) - strip.origin}{dropped}"
    leaders = {action.link: chain.strips[action.link].group for action in chain.actions if action.drop}
    links = []
    for i, layer in enumerate(_layers(placement.program, step)):
        place = placement.scratch(layer.step)
        scratch = "NULL" if place is None else f"arena + {place}"
        links.append({"call": _call(placement, layer, scratch, "call->range", strips), "group": leaders.get(i)})
    calls = []
    for action in chain.actions:
        places = sorted((placement.offset(outputs[move.strip]) + move.start, move.count) for move in action.moves)
        calls += [f"{{{len(links)}, {{{start}, {start + count}}}, {action.drop}}}" for start, count in places]
        calls.append(f"{{{action.link}, {{{action.units[0]}, {action.units[1]}}}, {action.drop}}}")
    return {"links": links, "calls": calls, "groups": max(moving, default=-1) + 1}


def _step(placement: Placement, step: Step) -> dict[str, object]:
    graph = placement.program.graph
    inputs = " and ".join(_shape(graph.input(step.op, i)) for i in step.prepared.inputs)
    output = graph.output(step.op)
    return {
        "name": step.name,
        "comment": comment_text(f"{step.op_name} {inputs} to {_shape(output)}: {output.name}"),
        **_calls(placement, step),
        "output_offset": placement.offset(output),
        "output_bytes": output.nbytes,
    }


def _params(layer: _Layer) -> dict[str, object]:
    prepared = layer.step.prepared
    fields = [(field, _field(layer, value)) for field, value in prepared.params.items()]
    return {"name": layer.name, "params_type": prepared.params_type, "params": fields}


def _const(layer: _Layer, const: Const) -> dict[str, object]:
    return {
        "name": layer.const(const.name),
        "ctype": const.ctype,
        "count": const.values.size,
        "align": const.align,
        "rows": rows(const.values, const.ctype),
    }


def _variables(placement: Placement, name: str) -> tuple[list[str], list[dict[str, object]]]:
    """Statements that set the variables to their initial values, and the constants that they need."""
    statements: list[str] = []
    consts: list[dict[str, object]] = []
    for tensor in placement.program.graph.tensors.values():
        if not tensor.is_variable or not tensor.elements:
            continue
        place = f"arena + {placement.offset(tensor)}"
        fill = tensor.quant.zero_point if tensor.dtype is DType.INT8 and tensor.quant else 0
        initial = bytes([fill & 0xFF]) * tensor.nbytes if tensor.initial is None else tensor.initial.tobytes()
        if initial == initial[:1] * len(initial):
            statements.append(f"memset({place}, {initial[0]}, {len(initial)})")
            continue
        const = f"{name}_variable{len(consts)}"
        values = np.frombuffer(initial, np.uint8)
        consts.append(
            {"name": const, "ctype": "uint8_t", "count": len(values), "align": 4, "rows": rows(values, "uint8_t")}
        )
        statements.append(f"memcpy({place}, {const}, {len(values)})")
    return statements, consts


def model_view(program: Program, plan: MemoryPlan) -> Mapping[str, object]:
    """The context of the model templates."""
    placement = Placement(program, plan)
    name, graph = program.module.name, program.graph
    called = {i: Placement(callee, plan.callees[i]) for i, callee in program.callees.items()}
    layers = [layer for step in program.all_steps for layer in _layers(program, step)]
    steps = [_step(placement, step) for step in program.steps]
    graphs = [
        {"name": graph_function(i), "steps": [_step(nested, step) for step in nested.program.steps]}
        for i, nested in called.items()
    ]
    headers = {layer.step.kernel.header for layer in layers}
    headers |= {name for layer in layers for name in layer.step.prepared.generated_sources if name.endswith(".h")}
    headers |= {"sdk/split.h" for step in program.all_steps if step.cut is not None}
    headers |= {"sdk/chain.h" for step in program.all_steps if step.chain is not None}
    variables, initial = _variables(placement, name)
    return {
        "sdk_version": __version__,
        "name": name,
        "macro": name.upper(),
        "source": comment_text(program.module.path.rsplit("/", 1)[-1]),
        "sha256": program.module.sha256,
        "sha256_bytes": byte_list(bytes.fromhex(program.module.sha256)),
        "arena_bytes": plan.size,
        "arena_align": max([MIN_ARENA_ALIGN, *(s.prepared.align for s in program.all_steps)]),
        "headers": sorted(headers),
        "inputs": _ports(placement, graph.inputs, "input", name),
        "outputs": _ports(placement, graph.outputs, "output", name),
        "layers": [_params(layer) for layer in layers],
        "steps": steps,
        "graphs": graphs,
        "all_steps": [*steps, *(step for graph in graphs for step in graph["steps"])],
        "consts": [_const(layer, const) for layer in layers for const in layer.step.prepared.consts]
        + initial,
        "variables": variables,
    }
