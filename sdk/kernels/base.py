"""What a kernel descriptor says of its C function, and what preparing one for an operator yields.

The C side of the contract is in ``firmware/include/sdk/kernel.h``: every kernel is called as

    sdk_<name>(&params, input..., output..., scratch, range)

where the inputs are those listed in ``Prepared.arguments``, ``scratch`` has ``scratch_bytes`` bytes, and
``range`` is a part of the ``units`` units of work (for images: output rows).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from sdk.ir import Graph, Op, Tensor
from sdk.numerics import FactorError

Interval = tuple[int, int]
"""A half-open range of bytes."""


@dataclass(frozen=True)
class Callee:
    """A graph that operators call, as the generated code has it.

    Attributes:
        function: C function that takes the graph's arena.
        arena_bytes: size of that arena.
        align: its alignment in bytes.
        inputs: where in it the graph's inputs belong.
        outputs: where in it the graph leaves its outputs.
        cost: estimated cycles of one call.
    """

    function: str
    arena_bytes: int
    align: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    cost: int


@dataclass(frozen=True)
class Site:
    """One operator in its graph: what a kernel is asked to implement.

    Attributes:
        callees: the graphs that the operator may call, by index in the module.
    """

    graph: Graph
    op: Op
    callees: Mapping[int, Callee] = field(default_factory=dict, compare=False)

    def input(self, index: int) -> Tensor:
        """The tensor at an input that must be present."""
        return self.graph.input(self.op, index)

    def optional(self, index: int) -> Tensor | None:
        """The tensor at an input that may be absent."""
        return self.graph.optional_input(self.op, index)

    def output(self, index: int = 0) -> Tensor:
        """The tensor at an output."""
        return self.graph.output(self.op, index)


@dataclass(frozen=True)
class Constraint:
    """A condition on an operator; its text is what users read when it does not hold.

    Args:
        text: a statement that is true when the check holds, such as "the weights are constant".
        check: whether it holds; only called when all constraints before it hold.
    """

    text: str
    check: Callable[[Site], bool]


@dataclass(frozen=True)
class Const:
    """A constant array of the generated C.

    Args:
        name: what it is to the kernel ("weights"); the emitter prefixes the layer's name.
        ctype: element type in C ("int8_t").
        values: the elements in memory order.
        align: bytes.
    """

    name: str
    ctype: str
    values: np.ndarray[Any, Any]
    align: int = 4

    @property
    def nbytes(self) -> int:
        """Bytes in the firmware."""
        return self.values.nbytes


@dataclass(frozen=True)
class Ref:
    """A field of the parameters that points to the constant of that name."""

    const: str


Value = int | float | str | Ref | tuple["Value", ...]
"""A field of the parameters: a number, C text, a constant's address, or the fields of an array or structure."""


@dataclass(frozen=True)
class Access:
    """One step in the order in which a kernel touches memory, for proofs that buffers may overlap.

    Within a step the reads may happen before, after or during the write, unless it is pointwise.

    Args:
        reads: byte ranges, by position in ``Prepared.inputs``, relative to that input's start.
        write: byte range relative to the output's start.
        pointwise: the ranges are of one length, and each byte is written after the bytes at its place were read
            and before those at the next place are.
    """

    reads: Mapping[int, Interval]
    write: Interval
    pointwise: bool = False


@dataclass(frozen=True, eq=False)
class Prepared:
    """A kernel fitted to one operator: all that the later stages need.

    Attributes:
        params_type: C struct, such as "sdk_convolution_s8".
        params: its fields in order.
        consts: the layer's constants, laid out as the kernel reads them.
        inputs: indices of the operator's inputs that the kernel reads from the arena.
        arguments: what is passed as pointers, when constants are among them: indices of ``inputs``, or Ref.
        updates: those of ``inputs`` that are variables and that the kernel also writes.
        inputs_as_array: pass them as one array, const void *const *.
        outputs_as_array: pass the outputs as one array, void *const *.
        scratch_bytes: working memory for one core.
        keeps_scratch: what it leaves in scratch must be there for the next range; ranges must then come in order.
        align: alignment in bytes that the kernel needs of its inputs, outputs and scratch.
        units: units of work that may be done in any split; 1 when it can't be split.
        grain: units that the kernel does together at the least cost; splits keep to multiples of it.
        in_blocks: whether ``access`` holds only for ranges that begin at multiples of ``grain``.
        access: the order of accesses when done as one ascending range, an equal number of steps for each unit or of
            units for each step; None: no overlap is allowed.
        macs: multiply-accumulates of the operator as the model states it.
        cost: estimated cycles on the board's core, for choosing between kernels.
        generated_sources: file name to text; headers among them are included by the model's source.
        code_bytes: estimated flash that the generated sources take.
    """

    params_type: str
    params: Mapping[str, Value]
    consts: tuple[Const, ...] = ()
    inputs: tuple[int, ...] = (0,)
    arguments: tuple[int | Ref, ...] | None = None
    updates: tuple[int, ...] = ()
    inputs_as_array: bool = False
    outputs_as_array: bool = False
    scratch_bytes: int = 0
    keeps_scratch: bool = False
    align: int = 1
    units: int = 1
    grain: int = 1
    in_blocks: bool = False
    access: tuple[Access, ...] | None = None
    macs: int = 0
    cost: int = 0
    generated_sources: Mapping[str, str] = field(default_factory=dict)
    code_bytes: int = 0


class Kernel(ABC):
    """Descriptor of one C kernel. Subclasses set the class variables and implement ``prepare``.

    Class variables:
        name: C function without the ``sdk_`` prefix, such as "conv2d_s8__ref".
        ops: operator kinds that it can implement.
        header: below ``firmware/include``.
        sources: below ``firmware/``.
        requires: ISA features that the board's core must have ("dsp", "mve", "neon", "sdot", "fpu").
        constraints: what an operator must satisfy, most telling first.
        for_speed: whether it spends so much memory that only Optimize.SPEED should choose it.
    """

    name: ClassVar[str]
    ops: ClassVar[tuple[str, ...]]
    header: ClassVar[str]
    sources: ClassVar[tuple[str, ...]]
    requires: ClassVar[frozenset[str]] = frozenset()
    constraints: ClassVar[tuple[Constraint, ...]] = ()
    for_speed: ClassVar[bool] = False

    def refusal(self, site: Site) -> str | None:
        """The first constraint that the operator breaks, or None if the kernel can implement it."""
        try:
            return next((c.text for c in self.constraints if not c.check(site)), None)
        except FactorError as error:
            return str(error)

    @abstractmethod
    def prepare(self, site: Site) -> Prepared:
        """Fit the kernel to an operator that satisfies the constraints."""
