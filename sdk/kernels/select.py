"""Choose a kernel for each operator: Module -> Program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from math import sqrt

from sdk.board import Board
from sdk.errors import InputError, UnsupportedError
from sdk.ir import Module, Op
from sdk.kernels.base import Callee, Kernel, Prepared, Site
from sdk.kernels.in_ram import fit_ram
from sdk.kernels.program import Program, Step
from sdk.kernels.registry import ALIAS_OPS, candidates, refusals
from sdk.numerics import FactorError


class Optimize(Enum):
    """What to spend and what to save.

    SPEED: fewest cycles. SIZE: fewest bytes of flash. MEMORY: least RAM, at no more than 1.15 times the
    fewest cycles. BALANCED: a kernel with twice the constants must take 1 / sqrt(2) of the cycles.
    """

    SPEED = "speed"
    MEMORY = "memory"
    SIZE = "size"
    BALANCED = "balanced"


def select(
    module: Module,
    board: Board,
    optimize: Optimize,
    kernels: Mapping[int, str] | None = None,
    callees: Mapping[int, Callee] | None = None,
) -> Program:
    """Choose and prepare a kernel for every operator of a module's main graph.

    Args:
        module: what to implement.
        board: whose core's features kernels may use.
        optimize: how to choose.
        kernels: names of kernels that are chosen already, by operator.
        callees: the graphs that IF and WHILE call, by index.

    Raises:
        InputError: a kernel that was chosen cannot implement its operator.
        UnsupportedError: naming all operators that no kernel can implement, each with the condition it breaks.
    """
    graph = module.main
    storage = {t.id: t.id for t in graph.tensors.values() if not t.is_constant}
    steps: list[Step] = []
    missing: dict[str, list[Op]] = {}
    for op in graph.ops:
        site = Site(graph, op, callees or {})
        if op.kind in ALIAS_OPS:
            storage[op.outputs[0]] = storage[site.input(0).id]
            continue
        able = candidates(site, board.features)
        if not able:
            missing.setdefault("; or ".join(refusals(site)), []).append(op)
            continue
        try:
            fitted = [(kernel, kernel.prepare(site)) for kernel in able]
        except FactorError as error:
            missing.setdefault(str(error), []).append(op)
            continue
        wanted = (kernels or {}).get(op.id)
        if wanted is None:
            fitted = [f for f in fitted if optimize is Optimize.SPEED or not f[0].for_speed]
        kernel, prepared = _CHOICE[optimize](fitted) if wanted is None else _wanted(module, op, wanted, fitted)
        most = _flash_bytes(prepared) if optimize is Optimize.SIZE else None
        others = sorted(
            (f for f in fitted if f[0] is not kernel and (most is None or _flash_bytes(f[1]) <= most)),
            key=lambda f: f[1].cost,
        )
        steps.append(Step(len(steps), op, kernel, prepared, alternatives=tuple(others)))
    if missing:
        raise UnsupportedError(
            module.path,
            "no kernel for " + ", for ".join(f"{_named(ops)} ({reason})" for reason, ops in missing.items()),
            "see docs/operators.md for what is supported, and convert the model without these operators",
        )
    program = Program(module, graph, board, tuple(steps), storage)
    return fit_ram(program, kernels or ()) if optimize is Optimize.SPEED else program


def _named(ops: Sequence[Op]) -> str:
    """Operators by kind, version and layer number, such as "CONV_2D version 3, layers 0, 2"."""
    layers: dict[str, list[str]] = {}
    for op in ops:
        layers.setdefault(f"{op.kind} version {op.version}", []).append(str(op.id))
    return ", ".join(f"{kind}, layer{'s' * (len(ids) > 1)} {', '.join(ids)}" for kind, ids in layers.items())


def _wanted(module: Module, op: Op, name: str, fitted: list[_Fitted]) -> _Fitted:
    for kernel, prepared in fitted:
        if kernel.name == name:
            return kernel, prepared
    raise InputError(module.path, f"layer {op.id} {op.kind} cannot be done by the kernel {name}", "tune it again")


_Fitted = tuple[Kernel, Prepared]
_CALL_BYTES = 256
"""Flash of a layer besides its constants: parameters and calls."""


def _const_bytes(prepared: Prepared) -> int:
    return sum(const.nbytes for const in prepared.consts)


def _flash_bytes(prepared: Prepared) -> int:
    return _const_bytes(prepared) + prepared.code_bytes


def _fastest(fitted: list[_Fitted]) -> _Fitted:
    return min(fitted, key=lambda f: (f[1].cost, _flash_bytes(f[1])))


def _smallest(fitted: list[_Fitted]) -> _Fitted:
    """A kernel of ten times the speed may take a sixth more flash."""
    return min(fitted, key=lambda f: ((_flash_bytes(f[1]) + _CALL_BYTES) * f[1].cost ** (1 / 16), f[1].cost))


def _balanced(fitted: list[_Fitted]) -> _Fitted:
    return min(fitted, key=lambda f: f[1].cost * sqrt(_const_bytes(f[1]) + _CALL_BYTES))


def _least_memory(fitted: list[_Fitted]) -> _Fitted:
    bound = 1.15 * _fastest(fitted)[1].cost
    affordable = [f for f in fitted if f[1].cost <= bound]
    return min(affordable, key=lambda f: (f[1].scratch_bytes, f[1].access is None, f[1].cost))


_CHOICE: Mapping[Optimize, Callable[[list[_Fitted]], _Fitted]] = {
    Optimize.SPEED: _fastest,
    Optimize.MEMORY: _least_memory,
    Optimize.SIZE: _smallest,
    Optimize.BALANCED: _balanced,
}
