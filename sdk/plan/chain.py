"""Several layers as one step that makes the first layers' rows just in time.

Instead of whole tensors between the layers of a chain there are strips: the bytes of each tensor from the first that
is still needed to the last that was made. The last layer is done a few rows at a time, and before each of these its
producers make the rows that it reads, theirs before them. Nothing is computed twice. The kernels are called as ever
with a range of their units, and with addresses such that the strip's bytes are where the whole tensor's would be.

Source: the schedule is that of line-buffered streaming (Goetschalckx and Verhelst, "DepFiN", 2022), without
recomputation.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from sdk.errors import PlanError
from sdk.ir import Op
from sdk.ir.attrs import Attrs
from sdk.kernels.base import Prepared
from sdk.kernels.program import Chain, Program, Step
from sdk.plan.strips import Call, Profile, Trace, chain_of, inputs_of, profile_of

_CALL_CYCLES = 120
"""Cost of a call of a kernel for a few rows, besides what they cost as part of the whole."""
_MOVED_BYTES_A_CYCLE = 2


def fusible(step: Step) -> bool:
    """Whether a step can be a link: its accesses are known unit by unit, and it writes its output from start to end."""
    return (
        step.divisible
        and step.cut is None
        and not step.descending
        and len(step.op.outputs) == 1
        and not step.prepared.inputs_as_array
        and _writes_in_order(step)
    )


@lru_cache(maxsize=512)
def as_links(step: Step) -> tuple[Step, ...]:
    """A step with each of its kernels that can be a link, the chosen one first, the others by cost."""
    others = (replace(step, kernel=kernel, prepared=prepared) for kernel, prepared in step.alternatives)
    return tuple(candidate for candidate in (step, *others) if fusible(candidate))


@lru_cache(maxsize=1024)
def _writes_in_order(step: Step) -> bool:
    end = 0
    for access in step.prepared.access or ():
        if access.write[0] < access.write[1]:
            if access.write[0] != end:
                return False
            end = access.write[1]
    return True


def fuse(program: Program, start: int, end: int, links: Sequence[Step]) -> Program | None:
    """The program with the steps [start, end) as one, or None if they cannot be.

    The tensors between them must be read by none but them, and must not be outputs of the model.

    Args:
        program: whose steps they are.
        start: the first.
        end: the one behind the last.
        links: the steps themselves, those of chains one by one, each with a kernel that works row by row.
    """
    storage = program.storage
    made = [storage[link.op.outputs[0]] for link in links]
    inner = set(made[:-1])
    outside = {storage[t] for step in (*program.steps[:start], *program.steps[end:]) for t in inputs_of(step)}
    outside |= {storage[t] for t in (*program.graph.inputs, *program.graph.outputs)}
    if inner & outside or len(set(made)) != len(made) or not all(_read_by_links(links, made, storage)):
        return None
    if any(program.graph.tensors[link.op.outputs[0]].is_variable for link in links):
        return None
    steps = (*program.steps[:start], _fused(program, start, links), *program.steps[end:])
    return replace(program, steps=tuple(replace(s, index=i) for i, s in enumerate(steps)))


def _fused(program: Program, index: int, links: Sequence[Step]) -> Step:
    trace = Trace(program, links, _Schedule(program, links).calls)
    chain = chain_of(trace)
    op = Op(links[-1].op.id, "CHAIN", 1, trace.outside, links[-1].op.outputs, Attrs())
    if any(program.graph.tensors[t].is_constant for t in trace.outside):
        raise PlanError("chain", "a constant is read from the arena")
    prepared = Prepared(
        params_type="",
        params={},
        inputs=tuple(range(len(trace.outside))),
        align=max(link.prepared.align for link in links),
        macs=sum(link.prepared.macs for link in links),
        cost=sum(link.prepared.cost for link in links) + _overhead(chain),
    )
    return replace(links[-1], index=index, op=op, prepared=prepared, alternatives=(), chain=chain)


def _overhead(chain: Chain) -> int:
    """Cycles of a chain besides those of its layers."""
    moved = sum(move.count for action in chain.actions for move in action.moves)
    return _CALL_CYCLES * len(chain.actions) + moved // _MOVED_BYTES_A_CYCLE


def _read_by_links(links: Sequence[Step], made: list[int], storage: Mapping[int, int]) -> list[bool]:
    """For each link but the last, whether a later link reads its output."""
    reads = [{storage[t] for t in inputs_of(link)} for link in links]
    return [any(tensor in later for later in reads[i + 1 :]) for i, tensor in enumerate(made[:-1])]


class _Schedule:
    """The calls by demand: the last link's units in order, each pulling what it reads."""

    def __init__(self, program: Program, links: Sequence[Step]) -> None:
        self._profiles = [profile_of(link) for link in links]
        self._blocks = [_block(program, link, p) for link, p in zip(links, self._profiles, strict=True)]
        self._in_blocks = [link.prepared.in_blocks for link in links]
        self._done = [0] * len(links)
        storage = program.storage
        makers = {storage[link.op.outputs[0]]: i for i, link in enumerate(links[:-1])}
        self._sources = [
            {p: makers[storage[t]] for p, t in enumerate(inputs_of(link)) if storage[t] in makers} for link in links
        ]
        self.calls: list[Call] = []
        last = len(links) - 1
        for unit in range(self._profiles[last].units):
            self._advance(last, unit + 1)

    def _advance(self, link: int, until: int) -> None:
        """Do a link's units below ``until``, in blocks, each after what it reads."""
        profile = self._profiles[link]
        while self._done[link] < until:
            begin = self._done[link]
            row, grain = self._blocks[link]
            # No more than is asked for, but for rows that are better, or must be, done together.
            block = row * grain
            end = min(begin + max(block, min(until - begin, 2 * block - row)), profile.units)
            if self._in_blocks[link]:
                end = min(-(-end // block) * block, profile.units)
            for position, source in self._sources[link].items():
                span = profile.read(position, (begin, end))
                if span is not None:
                    self._advance(source, bisect_right(self._profiles[source].ends, span[1] - 1) + 1)
            self._done[link] = end
            self.calls.append((link, (begin * profile.scale, end * profile.scale)))


def _block(program: Program, link: Step, profile: Profile) -> tuple[int, int]:
    """Units of a row of an image, or 1; and how many of these are best done together."""
    shape = program.graph.tensors[link.op.outputs[0]].shape
    by_output = len(shape) == 4 and not link.prepared.keeps_scratch
    row = max(1, profile.units // max(shape[0] * shape[1], 1)) if by_output else 1
    return row, max(1, link.prepared.grain // (profile.scale * row))
