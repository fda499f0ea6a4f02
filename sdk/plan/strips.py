"""What a chain keeps in memory at each of its calls, and from that where its buffers may lie.

Strips of tensors of one size move together, by what the first of them drops when its room is used up. So their
distances never change, and a strip may begin where another's bytes are no longer needed: a chain of layers with equal
rows needs little more than the rows that are needed at one time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, combinations
from math import lcm
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from sdk.kernels.base import Interval
from sdk.kernels.program import Action, Chain, Move, Program, Step, Strip
from sdk.plan.access import coarsened, forbidden_distances, merge_arrays
from sdk.plan.buffers import Buffer, BufferId, Overlap, scratch_buffer, tensor_buffer

Call = tuple[int, Interval]
"""A link and a range of its units."""

_Bytes = npt.NDArray[np.int64]
_NEVER = 1 << 62
_LEAST_ALIGN = 4
_MOST_INTERVALS = 32
"""Forbidden distances of a pair of buffers that the planner looks at."""


def inputs_of(step: Step) -> tuple[int, ...]:
    """The tensors that a step reads from the arena, in the order of its pointers."""
    tensors = [step.op.inputs[i] for i in step.prepared.inputs]
    return tuple(t for t in tensors if t is not None)


@dataclass(frozen=True)
class Profile:
    """What each unit of a step touches.

    A unit here is ``scale`` of the kernel's, where its accesses are known for so many together.

    Attributes:
        reads: by position of the input, the bytes that each unit reads; (0, 0) for none.
        ends: for each unit the end of what is written when it is done.
    """

    scale: int
    reads: Mapping[int, tuple[Interval, ...]]
    ends: tuple[int, ...]

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.ends)

    def read(self, position: int, units: Interval) -> Interval | None:
        """The bytes of an input that units read."""
        spans = [span for span in self.reads[position][units[0] : units[1]] if span[0] < span[1]]
        return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else None


@lru_cache(maxsize=1024)
def profile_of(step: Step) -> Profile:
    """The profile of a step that is done in order."""
    scale = step.units_per_access
    units = [step.accesses(u * scale, (u + 1) * scale) for u in range(step.prepared.units // scale)]
    positions = range(len(step.prepared.inputs))
    reads = {p: tuple(_span([a.reads[p] for a in unit if p in a.reads]) for unit in units) for p in positions}
    ends = tuple(accumulate((_span([a.write for a in unit])[1] for unit in units), max))
    return Profile(scale, reads, ends)


def _span(intervals: Sequence[Interval]) -> Interval:
    """From the first byte of intervals to the last; (0, 0) if they are empty."""
    filled = [i for i in intervals if i[0] < i[1]]
    return (min(i[0] for i in filled), max(i[1] for i in filled)) if filled else (0, 0)


@dataclass(frozen=True)
class Spans:
    """For each call the bytes of a buffer that must not be lost during it; none where low >= high."""

    low: _Bytes
    high: _Bytes


class Trace:
    """For each tensor of a chain and each call: which bytes are made before it, and which it or a later one reads.

    Attributes:
        links: the steps, in order.
        outside: the tensors that are read but not made by the chain, one for each storage.
    """

    def __init__(self, program: Program, links: Sequence[Step], calls: Sequence[Call]) -> None:
        self.links, self._calls = tuple(links), calls
        self._graph, storage = program.graph, program.storage
        self._made_by = [storage[link.op.outputs[0]] for link in links]
        self._read_by = [[storage[t] for t in inputs_of(link)] for link in links]
        read = {storage[t]: t for link in links for t in inputs_of(link)}
        self.outside = tuple(tensor for root, tensor in read.items() if root not in self._made_by)
        low = {root: np.full(len(calls) + 1, _NEVER) for reads in self._read_by for root in reads}
        high = {root: np.zeros(len(calls) + 1, np.int64) for root in low}
        self._made = {root: np.zeros(len(calls) + 1, np.int64) for root in self._made_by}
        for c, (link, (begin, end)) in enumerate(calls):
            profile = profile_of(links[link])
            units = begin // profile.scale, end // profile.scale
            for position, root in enumerate(self._read_by[link]):
                span = profile.read(position, units)
                if span is not None:
                    low[root][c] = min(low[root][c], span[0])
                    high[root][c] = max(high[root][c], span[1])
            self._made[self._made_by[link]][c + 1] = profile.ends[units[1] - 1]
        for made in self._made.values():
            np.maximum.accumulate(made, out=made)
        self._low = {root: np.minimum.accumulate(values[::-1])[::-1] for root, values in low.items()}
        self._high = {root: np.maximum.accumulate(values[::-1])[::-1] for root, values in high.items()}
        self._low[self._made_by[-1]] = np.zeros(len(calls) + 1, np.int64)

    def layout(self) -> tuple[tuple[Action, ...], tuple[Strip, ...]]:
        """The calls, with strips that move down when the room of the first in their group is used up."""
        strips = self._made_by[:-1]
        sizes = [self._graph.tensors[root].nbytes for root in strips]
        groups = {size: group for group, size in enumerate(dict.fromkeys(sizes))}
        align = lcm(_LEAST_ALIGN, *(link.prepared.align for link in self.links), *map(self._itemsize, strips))
        drops = np.zeros((len(groups), len(self._calls)), np.int64)
        for size, group in groups.items():
            drops[group] = self._drops(sizes.index(size), align)
        shifts = np.cumsum(drops, axis=1)
        placed = []
        for root, size in zip(strips, sizes, strict=True):
            spans = self._spans(root, shifts[groups[size]])
            used = spans.low < spans.high
            origin = int(spans.low[used].min(initial=0)) // align * align
            placed.append(Strip(int(spans.high[used].max(initial=0)) - origin, align, origin, groups[size]))
        actions = []
        for c, (link, units) in enumerate(self._calls):
            drop, moves = 0, []
            if link < len(strips) and (drop := int(drops[placed[link].group, c])):
                for i, root in enumerate(strips):
                    low, high = min(self._low[root][c], self._made[root][c]), self._made[root][c]
                    if placed[i].group == placed[link].group and low < high:
                        shift = placed[i].origin + int(shifts[placed[i].group, c]) - drop
                        moves.append(Move(i, int(low) - shift, int(high - low)))
            actions.append(Action(link, units, drop, tuple(moves)))
        return tuple(actions), tuple(placed)

    def _itemsize(self, root: int) -> int:
        return self._graph.tensors[root].dtype.itemsize

    def _drops(self, link: int, align: int) -> _Bytes:
        """What a strip drops before each of its calls so that it needs no more room than ever at once."""
        root = self._made_by[link]
        low = np.minimum(self._low[root], self._made[root]) // align * align
        end = self._made[root][1:]
        own = [c for c, (called, _) in enumerate(self._calls) if called == link]
        room = max(int(end[c] - low[c]) for c in own)
        drops, first = np.zeros(len(self._calls), np.int64), 0
        for c in own:
            if end[c] - first > room:
                drops[c], first = low[c] - first, low[c]
        return drops

    def _spans(self, root: int, shift: _Bytes | int) -> Spans:
        """Of a tensor that the chain makes, before each call or by it."""
        return Spans(np.minimum(self._low[root], self._made[root])[:-1] - shift, self._made[root][1:] - shift)

    def peak(self, dying: Collection[int]) -> int:
        """The most bytes that are needed at once, scratch included: no placement needs less.

        Args:
            dying: those of the outside tensors that nothing reads after the chain.
        """
        return int(self._held(dying).max())

    def fullest_link(self) -> int:
        """The link at one of whose calls most is needed of what the chain makes, and as scratch."""
        return self._calls[int(self._held(()).argmax())][0]

    def _held(self, dying: Collection[int]) -> _Bytes:
        """Bytes that are needed before or after each call, scratch included."""
        held: _Bytes = np.zeros(len(self._calls) + 1, np.int64)
        for root, made in self._made.items():
            held += np.maximum(made - self._low[root], 0)
        for root in dying:
            held += np.maximum(self._high[root] - self._low[root], 0)
        most: _Bytes = np.maximum(held[:-1], held[1:])
        for spans in self._scratch().values():
            most += spans.high
        return most

    def overlaps(self, chain: Chain, dying: Collection[int]) -> Iterator[Overlap]:
        """Where the buffers of a chain may lie: two of them never share what both need at one call."""
        spans = {tensor_buffer(root): Spans(self._low[root][:-1], self._high[root][:-1]) for root in dying}
        shifts = np.zeros((len(self._made_by), len(self._calls)), np.int64)
        for c, action in enumerate(chain.actions):
            if action.drop:
                shifts[chain.strips[action.link].group, c] = action.drop
        shifts = np.cumsum(shifts, axis=1)
        shift: dict[int, _Bytes] = dict.fromkeys(dying, shifts[-1])
        for root, strip in zip(self._made_by, chain.strips, strict=False):
            shift[root] = shifts[strip.group] + strip.origin
            spans[tensor_buffer(root)] = self._spans(root, shift[root])
        spans |= {scratch_buffer(self.links[i].op.id): found for i, found in self._scratch().items()}
        output = self._made_by[-1]
        shift[output] = shifts[-1]
        spans[tensor_buffer(output)] = self._spans(output, shift[output])
        whole = {tensor_buffer(root) for root in dying}
        for early, late in combinations(spans, 2):
            if not {early, late} <= whole:
                yield Overlap(early, late, self._forbidden(early, late, spans, shift))

    def _forbidden(
        self, early: BufferId, late: BufferId, spans: Mapping[BufferId, Spans], shift: Mapping[int, _Bytes]
    ) -> tuple[Interval, ...]:
        """Distances late - early at which some byte would be lost."""
        a, b = spans[early], spans[late]
        apart = (a.low < a.high) & (b.low < b.high)
        found = []
        if early[0] == late[0] == "tensor":
            for read, written, sign in ((early[1], late[1], 1), (late[1], early[1], -1)):
                for c in self._calls_between(read, written):
                    apart[c] = False
                    found += [
                        (low, high) if sign > 0 else (1 - high, 1 - low)
                        for low, high in self._within_call(c, read, written, shift)
                    ]
        plain = np.stack([a.low - b.high + 1, a.high - b.low])[:, apart]
        if found:
            plain = np.concatenate([plain, np.array(found, np.int64).T], axis=1)
        if not plain.size:
            return ()
        merged = merge_arrays(np.unique(plain, axis=1))
        return coarsened(tuple((low, high) for low, high in merged.T.tolist()), _MOST_INTERVALS)

    def _calls_between(self, read: int, written: int) -> Iterator[int]:
        """The calls that read one tensor and write another."""
        links = {i for i, reads in enumerate(self._read_by) if read in reads and self._made_by[i] == written}
        return (c for c, (link, _) in enumerate(self._calls) if link in links)

    def _within_call(
        self, c: int, read: int, written: int, shift: Mapping[int, _Bytes]
    ) -> Iterator[Interval]:
        """Distances written - read that a call which reads and writes them forbids."""
        link, units = self._calls[c]
        moved = int(shift[written][c] - shift[read][c])
        positions = tuple(p for p, root in enumerate(self._read_by[link]) if root == read)
        sizes = self._graph.tensors[read].nbytes, self._graph.tensors[written].nbytes
        exact = _call_distances(self.links[link], units, positions, *sizes)
        here = int(self._low[read][c]), self._end(read, c)
        after = int(self._low[read][c + 1]), self._end(read, c + 1)
        made, new = int(self._made[written][c]), int(self._made[written][c + 1])
        old = min(int(self._low[written][c]), made), made
        pairs = ((here, old), (after, (made, new)))
        plain = [(r[0] - w[1] + 1, r[1] - w[0]) for r, w in pairs if r[0] < r[1] and w[0] < w[1]]
        return ((low + moved, high + moved) for low, high in (*exact, *plain))

    def _end(self, root: int, c: int) -> int:
        """The end of what is held of a tensor before a call."""
        return int(self._made[root][c] if root in self._made else self._high[root][c])

    def _scratch(self) -> dict[int, Spans]:
        """Of each link that has any."""
        called = np.array([link for link, _ in self._calls])
        found = {}
        for i, link in enumerate(self.links):
            if link.prepared.scratch_bytes:
                high = np.where(called == i, link.prepared.scratch_bytes, 0)
                if link.prepared.keeps_scratch:
                    first, last = np.flatnonzero(high)[[0, -1]]
                    high[first : last + 1] = link.prepared.scratch_bytes
                found[i] = Spans(np.zeros_like(high), high)
        return found


@lru_cache(maxsize=4096)
def _call_distances(
    link: Step, units: Interval, positions: tuple[int, ...], input_size: int, output_size: int
) -> tuple[Interval, ...]:
    return forbidden_distances((link.accesses(*units),), positions, input_size, output_size)


_TRACES: WeakKeyDictionary[Chain, Trace] = WeakKeyDictionary()


def chain_of(trace: Trace) -> Chain:
    """The chain that a trace is of."""
    chain = Chain(trace.links, *trace.layout())
    _TRACES[chain] = trace
    return chain


def trace_of(program: Program, chain: Chain) -> Trace:
    """The trace of a chain that is a step of a program."""
    if chain not in _TRACES:
        _TRACES[chain] = Trace(program, chain.links, [(action.link, action.units) for action in chain.actions])
    return _TRACES[chain]


def strip_buffers(program: Program, step: Step, chain: Chain) -> Iterator[Buffer]:
    """The strips of a chain that is a step of a program."""
    for link, strip in zip(chain.links, chain.strips, strict=False):
        root = program.storage[link.op.outputs[0]]
        yield Buffer(tensor_buffer(root), strip.size, strip.align, step.index, step.index)
