"""Replays a program on an arena of owners: every byte read must still be what its owner wrote.

Knows nothing of intervals, lifetimes or distances: it carries out what the kernels say they do, byte by byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sdk.errors import PlanError
from sdk.kernels.base import Access
from sdk.plan.buffers import MemoryPlan

if TYPE_CHECKING:
    from sdk.kernels.program import Program, Step

_Times = npt.NDArray[np.int64]
_NEVER = np.iinfo(np.int64).max
_TICKS = 1 << 40
"""Length of an access in the time of the replay, more than twice the bytes of any."""
_NOBODY = -1
_SCRATCH = -2


def verify(program: Program, plan: MemoryPlan) -> None:
    """Check that a plan lets a program compute what it means.

    Inputs and variables are in place before the first step. A kernel without an access order reads each of
    its inputs whole before and after it writes; one with an order keeps to it. Nothing that a later step or
    the caller reads may have been overwritten.

    Raises:
        PlanError: naming the step and the tensor.
    """
    _Replay(program, plan).run()


class _Replay:
    def __init__(self, program: Program, plan: MemoryPlan) -> None:
        self._program = program
        self._plan = plan
        self._graph = program.graph
        # Owners are tensors' storage: a program that renames bytes does not move them.
        self._owner: npt.NDArray[np.int64] = np.full(plan.size, _NOBODY, np.int64)

    def run(self) -> None:
        for step in self._program.steps:
            for tensor in self._tensors(step):
                self._check_place(step.name, self._offset(tensor), self._size(tensor), self._alignment(tensor, step))
        variables = [t.id for t in self._graph.tensors.values() if t.is_variable]
        for tensor in (*self._graph.inputs, *variables):
            self._write("model input", tensor, 0, self._size(tensor))
        for step in self._program.steps:
            self._step(step)
        for tensor in (*self._graph.outputs, *variables):
            self._read("model output", tensor, 0, self._size(tensor))

    def _step(self, step: Step) -> None:
        inputs = self._inputs(step)
        if step.scratch_bytes:
            scratch = self._plan.scratch_offset(step.index)
            self._check_place(step.name, scratch, step.scratch_bytes, step.scratch_align)
            self._owner[scratch : scratch + step.scratch_bytes] = _SCRATCH
        if step.access is None or len(step.op.outputs) != 1:
            self._step_in_any_order(step, inputs)
        else:
            self._step_in_order(step, inputs, step.access)
        for tensor in step.op.outputs:
            self._read(step.name, tensor, 0, self._size(tensor))
        if step.scratch_bytes and not np.all(self._owner[scratch : scratch + step.scratch_bytes] == _SCRATCH):
            raise PlanError(f"memory plan: {step.name}", "writes its output over its own scratch")

    def _step_in_any_order(self, step: Step, inputs: list[int]) -> None:
        for tensor in inputs:
            self._read(step.name, tensor, 0, self._size(tensor))
        for tensor in step.op.outputs:
            self._write(step.name, tensor, 0, self._size(tensor))
        for tensor in inputs:
            self._read(step.name, tensor, 0, self._size(tensor))

    def _step_in_order(self, step: Step, inputs: list[int], cores: Sequence[Sequence[Access]]) -> None:
        """Compare, byte by byte, when a core last reads its inputs with when it or another first writes there.

        Within one access the write may come before the reads; and what one core writes, another must not read at
        all, as nothing orders them.
        """
        output = step.op.outputs[0]
        writes = [self._first_writes(step, accesses, output) for accesses in cores]
        for core, accesses in enumerate(cores):
            for position, tensor in enumerate(inputs):
                last = self._last_reads(step, accesses, position, tensor)
                place = slice(self._offset(tensor), self._offset(tensor) + self._size(tensor))
                lost = (last >= 0) & (self._owner[place] != self._program.storage[tensor])
                for other, first in enumerate(writes):
                    lost |= (last >= 0) & (first[place] <= (last if other == core else _NEVER - 1))
                self._check_none(step.name, tensor, lost)
        for first in writes:
            self._owner[first < _NEVER] = self._program.storage[output]

    def _first_writes(self, step: Step, accesses: Sequence[Access], output: int) -> _Times:
        """For each byte of the arena when it is first written: at the start of its access, or at its place in it."""
        times = np.full(self._plan.size, _NEVER, np.int64)
        base, size = self._offset(output), self._size(output)
        for time in range(len(accesses) - 1, -1, -1):
            start, end = accesses[time].write
            if not 0 <= start <= end <= size:
                self._check_range(step.name, output, start, end)
            times[base + start : base + end] = time * _TICKS
            if accesses[time].pointwise:
                times[base + start : base + end] += 2 * np.arange(end - start) + 1
        return times

    def _last_reads(self, step: Step, accesses: Sequence[Access], position: int, tensor: int) -> _Times:
        """For each byte of an input when it is last read: at the end of the access, or at its place; -1 if never."""
        size = self._size(tensor)
        times = np.full(size, -1, np.int64)
        for time, access in enumerate(accesses):
            if position in access.reads:
                start, end = access.reads[position]
                if not 0 <= start <= end <= size:
                    self._check_range(step.name, tensor, start, end)
                times[start:end] = time * _TICKS
                times[start:end] += 2 * np.arange(end - start) if access.pointwise else _TICKS - 1
        return times

    def _inputs(self, step: Step) -> list[int]:
        return [t for i in step.prepared.inputs if (t := step.op.inputs[i]) is not None]

    def _tensors(self, step: Step) -> tuple[int, ...]:
        return (*self._inputs(step), *step.op.outputs)

    def _size(self, tensor: int) -> int:
        return self._graph.tensors[tensor].nbytes

    def _alignment(self, tensor: int, step: Step) -> int:
        return max(self._graph.tensors[tensor].dtype.itemsize, step.prepared.align)

    def _offset(self, tensor: int) -> int:
        return self._plan.tensor_offset(self._program.storage[tensor])

    def _check_place(self, where: str, offset: int, size: int, align: int) -> None:
        if offset < 0 or offset + size > self._plan.size:
            raise PlanError(f"memory plan: {where}", f"uses bytes {offset} to {offset + size} of {self._plan.size}")
        if offset % align:
            raise PlanError(f"memory plan: {where}", f"offset {offset} is not a multiple of {align}")

    def _write(self, where: str, tensor: int, start: int, end: int) -> None:
        self._check_range(where, tensor, start, end)
        base = self._offset(tensor)
        self._owner[base + start : base + end] = self._program.storage[tensor]

    def _read(self, where: str, tensor: int, start: int, end: int) -> None:
        self._check_range(where, tensor, start, end)
        base = self._offset(tensor)
        self._check_none(where, tensor, self._owner[base + start : base + end] != self._program.storage[tensor])

    def _check_none(self, where: str, tensor: int, lost: npt.NDArray[np.bool_]) -> None:
        if lost.any():
            name = self._graph.tensors[tensor].name
            raise PlanError(
                f"memory plan: {where}", f"byte {int(lost.argmax())} of tensor {tensor} {name} is overwritten or unset"
            )

    def _check_range(self, where: str, tensor: int, start: int, end: int) -> None:
        size = self._size(tensor)
        if not 0 <= start <= end <= size:
            raise PlanError(f"memory plan: {where}", f"touches bytes {start} to {end} of {size} of tensor {tensor}")
