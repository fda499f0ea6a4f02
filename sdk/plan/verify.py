"""Replays a program on an arena of owners: every byte read must still be the one that was written for it.

Knows nothing of intervals, lifetimes or distances: it carries out what the kernels say they do, byte by byte.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sdk.errors import PlanError
from sdk.kernels.base import Access
from sdk.plan.buffers import MemoryPlan, tensor_buffer

if TYPE_CHECKING:
    from sdk.kernels.program import Chain, Program, Step

_Times = npt.NDArray[np.int64]
_NEVER = np.iinfo(np.int64).max
_TICKS = 1 << 40
"""Length of an access in the time of the replay, more than twice the bytes of any."""
_TENSOR = 1 << 40
"""An owner is a tensor times this, plus the byte of the tensor: more than the bytes of any."""
_NOBODY = -1


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
        variables = [t.id for t in self._graph.tensors.values() if t.is_variable]
        for tensor in (*self._graph.inputs, *variables):
            self._check_place("model input", self._offset(tensor), self._size(tensor), 1)
            self._write("model input", tensor, self._offset(tensor), 0, self._size(tensor))
        for step in self._program.steps:
            outside = {*self._inputs(step), *step.op.outputs}
            for tensor in outside:
                self._check_place(step.name, self._offset(tensor), self._size(tensor), self._alignment(tensor, step))
            if step.chain is None:
                self._call(step, step.access, self._offset, fresh=True)
            else:
                self._chain(step.chain, outside)
            for tensor in step.op.outputs:
                self._read(step.name, tensor, self._offset(tensor), 0, self._size(tensor))
        for tensor in (*self._graph.outputs, *variables):
            self._read("model output", tensor, self._offset(tensor), 0, self._size(tensor))

    def _chain(self, chain: Chain, outside: set[int]) -> None:
        """The calls one by one, with the moves before each, from the lowest place to the highest."""
        roots = [self._program.storage[link.op.outputs[0]] for link in chain.links[:-1]]
        strips = dict(zip(roots, chain.strips, strict=True))
        dropped = [0] * len(strips)
        begun = set()

        def base(tensor: int) -> int:
            strip = strips.get(self._program.storage[tensor])
            return self._offset(tensor) - (0 if strip is None else strip.origin + dropped[strip.group])

        for action in chain.actions:
            link = chain.links[action.link]
            if action.drop:
                moves = [(self._plan.offsets[tensor_buffer(roots[m.strip])] + m.start, m.count) for m in action.moves]
                for start, count in sorted(moves):
                    self._check_place(link.name, start - action.drop, count + action.drop, 1)
                    self._owner[start - action.drop :][:count] = self._owner[start : start + count].copy()
                dropped[chain.strips[action.link].group] += action.drop
            for tensor in (*self._inputs(link), *link.op.outputs):
                if tensor not in outside and base(tensor) % self._alignment(tensor, link):
                    raise PlanError(f"memory plan: {link.name}", f"tensor {tensor} is not aligned")
            if link.prepared.in_blocks and action.units[0] % link.prepared.grain:
                raise PlanError(f"memory plan: {link.name}", "a call begins within a block of rows")
            self._call(link, (link.accesses(*action.units),), base, fresh=action.link not in begun)
            begun.add(action.link)

    def _call(
        self, step: Step, cores: Sequence[Sequence[Access]] | None, base: Callable[[int], int], *, fresh: bool
    ) -> None:
        """One call of a kernel, on one or two cores; ``base`` tells where a tensor's first byte is or would be."""
        inputs = self._inputs(step)
        scratch = slice(0)
        if step.scratch_bytes:
            start = self._plan.scratch_offset(step.op.id)
            self._check_place(step.name, start, step.scratch_bytes, step.scratch_align)
            scratch = slice(start, start + step.scratch_bytes)
        owner = -2 - step.op.id
        if step.prepared.keeps_scratch and not fresh and not np.all(self._owner[scratch] == owner):
            raise PlanError(f"memory plan: {step.name}", "loses what it kept in scratch")
        self._owner[scratch] = owner
        if cores is None or len(step.op.outputs) != 1:
            self._call_in_any_order(step, inputs, base)
        else:
            self._call_in_order(step, inputs, cores, base)
        if not np.all(self._owner[scratch] == owner):
            raise PlanError(f"memory plan: {step.name}", "writes its output over its own scratch")

    def _call_in_any_order(self, step: Step, inputs: list[int], base: Callable[[int], int]) -> None:
        for tensor in inputs:
            self._read(step.name, tensor, base(tensor), 0, self._size(tensor))
        for tensor in step.op.outputs:
            self._write(step.name, tensor, base(tensor), 0, self._size(tensor))
        for tensor in inputs:
            self._read(step.name, tensor, base(tensor), 0, self._size(tensor))

    def _call_in_order(
        self, step: Step, inputs: list[int], cores: Sequence[Sequence[Access]], base: Callable[[int], int]
    ) -> None:
        """Compare, byte by byte, when a core last reads its inputs with when it or another first writes there.

        Within one access the write may come before the reads; and what one core writes, another must not read at
        all, as nothing orders them.
        """
        output = step.op.outputs[0]
        start = base(output)
        writes = [self._first_writes(step, accesses, output, start) for accesses in cores]
        for core, accesses in enumerate(cores):
            for position, tensor in enumerate(inputs):
                low, last = self._last_reads(step, accesses, position, tensor)
                place = self._place(step.name, tensor, base(tensor), low, low + len(last))
                lost = (last >= 0) & (self._owner[place] != self._owners(tensor, low, low + len(last)))
                for other, first in enumerate(writes):
                    lost |= (last >= 0) & (first[place] <= (last if other == core else _NEVER - 1))
                self._check_none(step.name, tensor, lost, low)
        for first in writes:
            (written,) = np.nonzero(first < _NEVER)
            self._owner[written] = self._owners(output, 0, 1) + written - start

    def _first_writes(self, step: Step, accesses: Sequence[Access], output: int, base: int) -> _Times:
        """For each byte of the arena when it is first written: at the start of its access, or at its place in it."""
        times = np.full(self._plan.size, _NEVER, np.int64)
        for time in range(len(accesses) - 1, -1, -1):
            start, end = accesses[time].write
            if start == end:
                continue
            place = self._place(step.name, output, base, start, end)
            times[place] = time * _TICKS
            if accesses[time].pointwise:
                times[place] += 2 * np.arange(end - start) + 1
        return times

    def _last_reads(
        self, step: Step, accesses: Sequence[Access], position: int, tensor: int
    ) -> tuple[int, _Times]:
        """The first byte of an input that is read, and for each from there when it is last read; -1 if never.

        A byte is read at the end of the access, or at its place in it.
        """
        reads = [(time, a.reads[position], a.pointwise) for time, a in enumerate(accesses) if position in a.reads]
        filled = [span for _, span, _ in reads if span[0] < span[1]]
        if not filled:
            return 0, np.empty(0, np.int64)
        low, high = min(s[0] for s in filled), max(s[1] for s in filled)
        self._check_range(step.name, tensor, low, high)
        times = np.full(high - low, -1, np.int64)
        for time, (start, end), pointwise in reads:
            times[start - low : end - low] = time * _TICKS
            times[start - low : end - low] += 2 * np.arange(end - start) if pointwise else _TICKS - 1
        return low, times

    def _inputs(self, step: Step) -> list[int]:
        return [t for i in step.prepared.inputs if (t := step.op.inputs[i]) is not None]

    def _size(self, tensor: int) -> int:
        return self._graph.tensors[tensor].nbytes

    def _alignment(self, tensor: int, step: Step) -> int:
        return max(self._graph.tensors[tensor].dtype.itemsize, step.prepared.align)

    def _offset(self, tensor: int) -> int:
        return self._plan.tensor_offset(self._program.storage[tensor])

    def _owners(self, tensor: int, start: int, end: int) -> npt.NDArray[np.int64]:
        return self._program.storage[tensor] * _TENSOR + np.arange(start, end)

    def _check_place(self, where: str, offset: int, size: int, align: int) -> None:
        if offset < 0 or offset + size > self._plan.size:
            raise PlanError(f"memory plan: {where}", f"uses bytes {offset} to {offset + size} of {self._plan.size}")
        if offset % align:
            raise PlanError(f"memory plan: {where}", f"offset {offset} is not a multiple of {align}")

    def _write(self, where: str, tensor: int, base: int, start: int, end: int) -> None:
        self._owner[self._place(where, tensor, base, start, end)] = self._owners(tensor, start, end)

    def _read(self, where: str, tensor: int, base: int, start: int, end: int) -> None:
        place = self._place(where, tensor, base, start, end)
        self._check_none(where, tensor, self._owner[place] != self._owners(tensor, start, end), start)

    def _place(self, where: str, tensor: int, base: int, start: int, end: int) -> slice:
        """Where bytes of a tensor are in the arena."""
        self._check_range(where, tensor, start, end)
        if start < end:
            self._check_place(where, base + start, end - start, 1)
        return slice(base + start, base + end) if start < end else slice(0)

    def _check_none(self, where: str, tensor: int, lost: npt.NDArray[np.bool_], first: int) -> None:
        if lost.any():
            name = self._graph.tensors[tensor].name
            byte = first + int(lost.argmax())
            raise PlanError(f"memory plan: {where}", f"byte {byte} of tensor {tensor} {name} is overwritten or unset")

    def _check_range(self, where: str, tensor: int, start: int, end: int) -> None:
        size = self._size(tensor)
        if not 0 <= start <= end <= size:
            raise PlanError(f"memory plan: {where}", f"touches bytes {start} to {end} of {size} of tensor {tensor}")
