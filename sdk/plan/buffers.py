"""What the planner is given and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdk.kernels.base import Interval

BufferId = tuple[str, int]
"""("tensor", id of the tensor) or ("scratch", id of the operator)."""


def tensor_buffer(tensor: int) -> BufferId:
    """The buffer of a tensor that owns its storage."""
    return "tensor", tensor


def scratch_buffer(op: int) -> BufferId:
    """The buffer of an operator's working memory."""
    return "scratch", op


@dataclass(frozen=True)
class Buffer:
    """A range of bytes that is needed from one step to another.

    Attributes:
        size: bytes, positive.
        align: the offset must be a multiple of it; a power of two.
        first: the step that writes it; -1 when it is written before the first step.
        last: the last step that needs it, inclusive; the number of steps when it is read after the last.
    """

    id: BufferId
    size: int
    align: int
    first: int
    last: int

    def meets(self, other: Buffer) -> bool:
        """Whether both are needed in some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Overlap:
    """Leave to share bytes for two buffers that are both needed in one step alone.

    Attributes:
        early: last needed in the step, such as an input.
        late: first needed in the step, such as an output.
        forbidden: disjoint ascending half-open intervals of offset[late] - offset[early].
    """

    early: BufferId
    late: BufferId
    forbidden: tuple[Interval, ...]


@dataclass(frozen=True)
class MemoryPlan:
    """An offset for each buffer.

    Attributes:
        offsets: bytes from the start of the arena.
        size: bytes of the arena.
        lower_bound: no placement of these buffers is smaller.
        strategy: what found the placement.
        callees: the plans of the graphs that the program calls, by index; their arenas are scratch of the callers.
    """

    offsets: Mapping[BufferId, int]
    size: int
    lower_bound: int
    strategy: str
    callees: Mapping[int, MemoryPlan] = field(default_factory=dict)

    def tensor_offset(self, tensor: int) -> int:
        """Offset of a tensor that owns its storage."""
        return self.offsets[tensor_buffer(tensor)]

    def scratch_offset(self, op: int) -> int:
        """Offset of an operator's working memory."""
        return self.offsets[scratch_buffer(op)]
