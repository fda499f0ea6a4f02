"""Programs and plans as plain values for the templates: all arithmetic and all escaping happens here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sdk import __version__
from sdk.emit.carray import byte_list, floating, integer, rows
from sdk.ir import DType, Tensor
from sdk.kernels.base import Const, Ref, Value
from sdk.kernels.select import Program, Step
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
        return self.plan.scratch_offset(step.index) if step.prepared.scratch_bytes else None


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


def _const_name(model: str, step: Step, const: str) -> str:
    return f"{model}_{step.name}_{const}"


def _field(model: str, step: Step, value: Value) -> str:
    if isinstance(value, Ref):
        return _const_name(model, step, value.const)
    if isinstance(value, tuple):
        return f"{{{', '.join(_field(model, step, v) for v in value)}}}"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return floating(value)
    return value


def _call(placement: Placement, step: Step, scratch: str, range_: str) -> str:
    graph, prepared = placement.program.graph, step.prepared

    def pointer(argument: int | Ref) -> str:
        if isinstance(argument, Ref):
            return _const_name(placement.program.module.name, step, argument.const)
        tensor = graph.input(step.op, argument)
        return f"(const {ctype(tensor.dtype)} *)(arena + {placement.offset(tensor)})"

    pointers = [pointer(a) for a in prepared.arguments or prepared.inputs]
    if prepared.inputs_as_array:
        pointers = [f"(const {ctype(graph.input(step.op, 0).dtype)} *const[]){{{', '.join(pointers)}}}"]
    outputs = [graph.tensors[t] for t in step.op.outputs]
    pointers += [f"({ctype(t.dtype)} *)(arena + {placement.offset(t)})" for t in outputs]
    return f"sdk_{step.kernel.name}(&{step.name}, {', '.join([*pointers, scratch])}, {range_})"


def _calls(placement: Placement, step: Step) -> dict[str, str]:
    """The statement that does a step and, when two cores share it, the body of the function that does a part."""
    offset, units = placement.scratch(step), step.prepared.units
    scratch = "NULL" if offset is None else f"arena + {offset}"
    if step.descending:
        grain = step.prepared.grain
        end = f"begin + {grain}" if units % grain == 0 else f"begin + {grain} < {units} ? begin + {grain} : {units}"
        last = (units - 1) // grain * grain
        loop = f"for (int32_t begin = {last}; begin >= 0; begin -= {grain}) "
        return {"call": loop + _call(placement, step, scratch, f"(sdk_range){{begin, {end}}}"), "part": ""}
    if step.cut is None:
        return {"call": _call(placement, step, scratch, f"(sdk_range){{0, {units}}}"), "part": ""}
    if offset is not None:
        scratch += f" + core * {step.scratch_bytes // 2}"
    return {
        "call": f"sdk_split({step.name}_part, arena, {step.cut}, {units})",
        "part": _call(placement, step, scratch, "range"),
    }


def _step(placement: Placement, step: Step, name: str) -> dict[str, object]:
    graph = placement.program.graph
    inputs = " and ".join(_shape(graph.input(step.op, i)) for i in step.prepared.inputs)
    output = graph.output(step.op)
    return {
        "name": step.name,
        "params_type": step.prepared.params_type,
        "params": [(field, _field(name, step, value)) for field, value in step.prepared.params.items()],
        "comment": comment_text(f"{step.op.kind} {inputs} to {_shape(output)}: {output.name}"),
        **_calls(placement, step),
        "output_offset": placement.offset(output),
        "output_bytes": output.nbytes,
    }


def _const(model: str, step: Step, const: Const) -> dict[str, object]:
    return {
        "name": _const_name(model, step, const.name),
        "ctype": const.ctype,
        "count": const.values.size,
        "align": const.align,
        "rows": rows(const.values, const.ctype),
    }


def model_view(program: Program, plan: MemoryPlan) -> Mapping[str, object]:
    """The context of the model templates."""
    placement = Placement(program, plan)
    name, graph = program.module.name, program.graph
    split = any(step.cut is not None for step in program.steps)
    return {
        "sdk_version": __version__,
        "name": name,
        "macro": name.upper(),
        "source": comment_text(program.module.path.rsplit("/", 1)[-1]),
        "sha256": program.module.sha256,
        "sha256_bytes": byte_list(bytes.fromhex(program.module.sha256)),
        "arena_bytes": plan.size,
        "arena_align": max([MIN_ARENA_ALIGN, *(s.prepared.align for s in program.steps)]),
        "headers": sorted({s.kernel.header for s in program.steps} | ({"sdk/split.h"} if split else set())),
        "inputs": _ports(placement, graph.inputs, "input", name),
        "outputs": _ports(placement, graph.outputs, "output", name),
        "steps": [_step(placement, step, name) for step in program.steps],
        "consts": [_const(name, step, const) for step in program.steps for const in step.prepared.consts],
        "variables": [],
    }
