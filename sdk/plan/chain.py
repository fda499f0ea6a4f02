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
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from math import lcm

from sdk.errors import PlanError
from sdk.ir import Op
from sdk.ir.attrs import Attrs
from sdk.kernels.base import Access, Interval, Prepared
from sdk.kernels.program import Action, Chain, Program, Step

_STRIP_ALIGN = 8
_NEVER = 1 << 62
_LEAN_COST = 1.5
"""A kernel with less scratch may cost so much more."""


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


@lru_cache(maxsize=256)
def _as_link(step: Step, lean: bool) -> Step | None:
    others = (replace(step, kernel=kernel, prepared=prepared) for kernel, prepared in step.alternatives)
    candidates = [candidate for candidate in (step, *others) if fusible(candidate)]
    if lean:
        affordable = [c for c in candidates if c.prepared.cost <= _LEAN_COST * candidates[0].prepared.cost]
        return min(affordable, key=lambda c: c.prepared.scratch_bytes, default=None)
    return candidates[0] if candidates else None


@lru_cache(maxsize=256)
def _writes_in_order(step: Step) -> bool:
    end = 0
    for access in step.prepared.access or ():
        if access.write[0] < access.write[1]:
            if access.write[0] != end:
                return False
            end = access.write[1]
    return True


def fuse(program: Program, start: int, end: int, *, lean: bool = False) -> Program | None:
    """The program with the steps [start, end) as one, or None if they cannot be.

    A step whose kernel does not work row by row gets its cheapest kernel that does; with ``lean`` every step gets
    the kernel that needs least scratch. The tensors between them must be read by none but them, and must not be
    outputs of the model.
    """
    parts = [link for step in program.steps[start:end] for link in step.links]
    links = tuple(filter(None, (_as_link(part, lean) for part in parts)))
    if len(links) < len(parts):
        return None
    storage = program.storage
    made = [storage[link.op.outputs[0]] for link in links]
    inner = set(made[:-1])
    outside = {storage[t] for step in (*program.steps[:start], *program.steps[end:]) for t in _reads(step)}
    outside |= {storage[t] for t in (*program.graph.inputs, *program.graph.outputs)}
    if inner & outside or len(set(made)) != len(made) or not all(_read_by_links(links, made, storage)):
        return None
    if any(program.graph.tensors[link.op.outputs[0]].is_variable for link in links):
        return None
    fused = _Schedule(program, links).step(start)
    steps = (*program.steps[:start], fused, *program.steps[end:])
    return replace(program, steps=tuple(replace(s, index=i) for i, s in enumerate(steps)))


def _reads(step: Step) -> list[int]:
    return [t for i in step.prepared.inputs if (t := step.op.inputs[i]) is not None]


def _read_by_links(links: Sequence[Step], made: list[int], storage: Mapping[int, int]) -> list[bool]:
    """For each link but the last, whether a later link reads its output."""
    reads = [{storage[t] for t in _reads(link)} for link in links]
    return [any(tensor in later for later in reads[i + 1 :]) for i, tensor in enumerate(made[:-1])]


@dataclass(frozen=True)
class _Profile:
    """A step's accesses by unit.

    A unit here is ``scale`` of the kernel's, where its accesses are known for so many together.

    Attributes:
        accesses: of each unit.
        reads: by position of the input, the bytes that each unit reads; (0, 0) for none.
        ends: for each unit the end of what is written when it is done.
    """

    scale: int
    accesses: tuple[tuple[Access, ...], ...]
    reads: Mapping[int, tuple[Interval, ...]]
    ends: tuple[int, ...]

    @property
    def units(self) -> int:
        return len(self.accesses)

    def read(self, position: int, units: Interval) -> Interval | None:
        """The bytes of an input that units read."""
        spans = [span for span in self.reads[position][units[0] : units[1]] if span[0] < span[1]]
        return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


@lru_cache(maxsize=256)
def _profile(step: Step) -> _Profile:
    scale = step.units_per_access
    units = step.prepared.units // scale
    accesses = tuple(step.accesses(u * scale, (u + 1) * scale) for u in range(units))
    positions = range(len(step.prepared.inputs))
    reads = {p: tuple(_span([a.reads[p] for a in unit if p in a.reads]) for unit in accesses) for p in positions}
    ends = tuple(accumulate((_span([a.write for a in unit])[1] for unit in accesses), max))
    return _Profile(scale, accesses, reads, ends)


def _span(intervals: Sequence[Interval]) -> Interval:
    """From the first byte of intervals to the last; (0, 0) if they are empty."""
    filled = [i for i in intervals if i[0] < i[1]]
    return (min(i[0] for i in filled), max(i[1] for i in filled)) if filled else (0, 0)


class _Link:
    """How much of a step is done."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.profile = _profile(step)
        self.done = 0

    @property
    def made(self) -> int:
        """Bytes of the output that are made."""
        return self.profile.ends[self.done - 1] if self.done else 0


class _Schedule:
    """Builds a chain by demand: the last link's units in order, each pulling what it reads."""

    def __init__(self, program: Program, steps: Sequence[Step]) -> None:
        self._program = program
        self._links = [_Link(step) for step in steps]
        storage = program.storage
        makers = {storage[step.op.outputs[0]]: i for i, step in enumerate(steps[:-1])}
        self._sources = [
            {p: makers[storage[t]] for p, t in enumerate(_reads(step)) if storage[t] in makers} for step in steps
        ]
        self._oldest = [self._oldest_needed(link) for link in range(len(steps) - 1)]
        self._align = [
            lcm(steps[i].prepared.align, *(s.prepared.align for s in steps), _itemsize(program, steps[i]))
            for i in range(len(steps))
        ]
        self._calls: list[tuple[int, Interval, int]] = []
        last = self._links[-1]
        while last.done < last.profile.units:
            self._advance(len(steps) - 1, last.done + 1)

    def _oldest_needed(self, link: int) -> list[tuple[int, list[int]]]:
        """The consumers of a strip, each with the lowest byte that its units from each one on still read."""
        found = []
        for consumer, sources in enumerate(self._sources):
            reader = self._links[consumer]
            for position in (p for p, source in sources.items() if source == link):
                spans = reader.profile.reads[position]
                lows = [low if low < high else _NEVER for low, high in reversed(spans)]
                found.append((consumer, [*accumulate([_NEVER, *lows], min)][::-1]))
        return found

    def _advance(self, link: int, until: int) -> None:
        """Do a link's units below ``until``, in blocks, each after what it reads."""
        state = self._links[link]
        while state.done < until:
            block = (state.done, min(state.done + self._block(state), state.profile.units))
            for position, source in self._sources[link].items():
                span = state.profile.read(position, block)
                if span is not None:
                    maker = self._links[source]
                    self._advance(source, bisect_right(maker.profile.ends, span[1] - 1) + 1)
            needed = self._needed(link) if link < len(self._links) - 1 else 0
            state.done = block[1]
            self._calls.append((link, block, needed))

    def _block(self, state: _Link) -> int:
        """Units done at once: the kernel's grain, and at least a row of an image."""
        shape = self._program.graph.tensors[state.step.op.outputs[0]].shape
        rows = shape[1] if len(shape) == 4 else 1
        row = state.profile.units // max(rows * shape[0], 1) if len(shape) == 4 else 1
        return max(state.step.prepared.grain // state.profile.scale, row, 1)

    def _needed(self, link: int) -> int:
        """The lowest byte of a strip that is still needed, rounded down so that kernels find it aligned."""
        low = min(oldest[self._links[consumer].done] for consumer, oldest in self._oldest[link])
        return min(low, self._links[link].made) // self._align[link] * self._align[link]

    def step(self, index: int) -> Step:
        """The fused step."""
        steps = [link.step for link in self._links]
        capacities = self._capacities()
        strips, place = [], 0
        for capacity in capacities:
            strips.append((place, place + capacity))
            place += -(-capacity // _STRIP_ALIGN) * _STRIP_ALIGN
        scratch = (place, place + max(step.prepared.scratch_bytes for step in steps))
        chain = Chain(tuple(steps), tuple(self._actions(capacities)), tuple(strips), scratch)
        check(chain, self._sources)
        inputs, access = self._outside()
        tensors = self._program.graph.tensors
        op = Op(steps[-1].op.id, "CHAIN", 1, tuple(inputs), steps[-1].op.outputs, Attrs())
        prepared = Prepared(
            params_type="",
            params={},
            inputs=tuple(range(len(inputs))),
            scratch_bytes=scratch[1],
            align=max(_STRIP_ALIGN, *(step.prepared.align for step in steps)) if place else 1,
            access=access,
            macs=sum(step.prepared.macs for step in steps),
            cost=sum(step.prepared.cost for step in steps),
        )
        if any(tensors[t].is_constant for t in inputs):
            raise PlanError("chain", "a constant is read from the arena")
        return replace(steps[-1], index=index, op=op, prepared=prepared, cut=None, descending=False, chain=chain)

    def _capacities(self) -> list[int]:
        sizes = [0] * (len(self._links) - 1)
        for link, units, needed in self._calls:
            if link < len(sizes):
                sizes[link] = max(sizes[link], self._links[link].profile.ends[units[1] - 1] - needed)
        return sizes

    def _actions(self, capacities: list[int]) -> list[Action]:
        """The calls, with strips that move down when their room is used up."""
        first, made = [0] * len(capacities), [0] * len(capacities)
        actions = []
        for link, units, needed in self._calls:
            scale = self._links[link].profile.scale
            scaled = units[0] * scale, units[1] * scale
            if link == len(capacities):
                actions.append(Action(link, scaled, 0, 0, 0))
                continue
            end = self._links[link].profile.ends[units[1] - 1]
            drop = keep = 0
            if end - first[link] > capacities[link]:
                drop = needed - first[link]
                keep = max(0, made[link] - needed)
                first[link] = needed
            made[link] = end
            actions.append(Action(link, scaled, first[link], drop, keep))
        return actions

    def _outside(self) -> tuple[list[int], tuple[Access, ...]]:
        """The tensors that the chain reads, and the order of all accesses but those to strips."""
        inputs: list[int] = []
        access: list[Access] = []
        last = len(self._links) - 1
        for link, units, _ in self._calls:
            state = self._links[link]
            tensors = _reads(state.step)
            for unit in range(*units):
                for a in state.profile.accesses[unit]:
                    reads: dict[int, Interval] = {}
                    for position, span in a.reads.items():
                        if position in self._sources[link] or span[0] == span[1]:
                            continue
                        if tensors[position] not in inputs:
                            inputs.append(tensors[position])
                        place = inputs.index(tensors[position])
                        low, high = reads.get(place, span)
                        reads[place] = min(low, span[0]), max(high, span[1])
                    write = a.write if link == last else (0, 0)
                    if reads or write[0] < write[1]:
                        access.append(Access(reads, write, a.pointwise and bool(reads) and write[0] < write[1]))
        return inputs, tuple(access)


def _itemsize(program: Program, step: Step) -> int:
    return program.graph.tensors[step.op.outputs[0]].dtype.itemsize


def check(chain: Chain, sources: Sequence[dict[int, int]]) -> None:
    """Carry out a chain's actions on strips of byte numbers: every byte read must be the one that is meant.

    Raises:
        PlanError: a strip lacks a byte that is read, or is too small.
    """
    strips: list[list[int | None]] = [[None] * (end - start) for start, end in chain.strips]
    first = [0] * len(strips)
    for action in chain.actions:
        if action.link < len(strips):
            strip = strips[action.link]
            if action.drop:
                strip[: action.keep] = strip[action.drop : action.drop + action.keep]
            first[action.link] = action.first
        step = chain.links[action.link]
        for a in step.accesses(*action.units):
            for position, source in sources[action.link].items():
                low, high = a.reads.get(position, (0, 0))
                start = low - first[source]
                if low < high and (start < 0 or strips[source][start : start + high - low] != list(range(low, high))):
                    raise PlanError(step.name, f"bytes {low} to {high} are not in the strip that it reads")
            if action.link < len(strips):
                low, high = a.write
                if low == high:
                    continue
                start = low - first[action.link]
                if start < 0 or start + high - low > len(strips[action.link]):
                    raise PlanError(step.name, f"bytes {low} to {high} do not fit its strip")
                strips[action.link][start : start + high - low] = range(low, high)
