"""IF and WHILE, portable; see ``firmware/include/sdk/control.h``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sdk.ir import DType, Tensor
from sdk.ir.attrs import IfAttrs, WhileAttrs
from sdk.kernels import cost
from sdk.kernels.base import Callee, Const, Constraint, Kernel, Prepared, Ref, Site, Value
from sdk.kernels.broadcast import operands
from sdk.kernels.operands import attrs

_KNOWN = Constraint(
    "the graphs that it calls are planned before it",
    lambda site: all(index in site.callees for index in vars(site.op.attrs).values()),
)
_HAS_OUTPUTS = Constraint("there is an output", lambda site: len(site.op.outputs) > 0)
_CONDITION_IS_BOOL = Constraint(
    "the condition is one bool", lambda site: site.input(0).dtype is DType.BOOL and site.input(0).elements == 1
)


def _sizes(name: str, tensors: Sequence[Tensor]) -> Const:
    return Const(name, "int32_t", np.array([t.nbytes for t in tensors], np.int32))


def _graph(name: str, callee: Callee) -> tuple[tuple[Value, ...], tuple[Const, ...]]:
    """The fields of sdk_graph and their constants."""
    places = {f"{name}_inputs": callee.inputs, f"{name}_outputs": callee.outputs}
    consts = tuple(Const(key, "int32_t", np.array(value, np.int32)) for key, value in places.items() if value)
    return (callee.function, *(Ref(key) if value else "NULL" for key, value in places.items())), consts


class _ControlRef(Kernel):
    header = "sdk/control.h"
    sources = ("kernels/control/control__ref.c",)

    def _prepared(
        self, site: Site, params_type: str, callees: dict[str, Callee], fields: dict[str, Value], consts: list[Const]
    ) -> Prepared:
        inputs, arguments, constants = operands(site, tuple(f"input{i}" for i in range(len(site.op.inputs))))
        for name, callee in callees.items():
            fields[name], more = _graph(name, callee)
            consts += more
        return Prepared(
            params_type=params_type,
            params=fields,
            consts=(*constants, *consts),
            inputs=inputs,
            arguments=arguments,
            inputs_as_array=True,
            outputs_as_array=True,
            scratch_bytes=max(callee.arena_bytes for callee in callees.values()),
            align=max(callee.align for callee in callees.values()),
            cost=cost.CALL + sum(callee.cost for callee in callees.values()),
        )


class IfRef(_ControlRef):
    """Any graphs without state of their own, of which one runs."""

    name = "if__ref"
    ops = ("IF",)
    constraints = (_KNOWN, _CONDITION_IS_BOOL, _HAS_OUTPUTS)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        graphs = attrs(site, IfAttrs)
        given = [site.input(i) for i in range(1, len(site.op.inputs))]
        results = [site.output(i) for i in range(len(site.op.outputs))]
        consts = [_sizes("output_bytes", results), *([_sizes("input_bytes", given)] if given else [])]
        fields: dict[str, Value] = {
            "input_count": len(given),
            "output_count": len(results),
            "input_bytes": Ref("input_bytes") if given else "NULL",
            "output_bytes": Ref("output_bytes"),
        }
        callees = {
            "then_graph": site.callees[graphs.then_subgraph_index],
            "else_graph": site.callees[graphs.else_subgraph_index],
        }
        return self._prepared(site, "sdk_if", callees, fields, consts)


class WhileRef(_ControlRef):
    """Any graphs without state of their own; what is carried keeps its shapes."""

    name = "while__ref"
    ops = ("WHILE",)
    constraints = (_KNOWN, _HAS_OUTPUTS)

    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
        graphs = attrs(site, WhileAttrs)
        carried = [site.output(i) for i in range(len(site.op.outputs))]
        callees = {
            "cond_graph": site.callees[graphs.cond_subgraph_index],
            "body_graph": site.callees[graphs.body_subgraph_index],
        }
        fields: dict[str, Value] = {"count": len(carried), "bytes": Ref("bytes")}
        return self._prepared(site, "sdk_while", callees, fields, [_sizes("bytes", carried)])
