"""The arena over time, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdk.plan.buffers import MemoryPlan
from sdk.plan.program import bytes_in_use, program_buffers

if TYPE_CHECKING:
    from sdk.kernels.program import Program

_WIDTH = 40


def chart(program: Program, plan: MemoryPlan) -> str:
    """A line for each step: the arena's bytes in use, drawn to scale and as a number.

    A byte that an input and an output share counts once. The last line compares the arena with the lower bound.
    """
    buffers = program_buffers(program)
    used = bytes_in_use(program, plan)
    rows = []
    for step in program.steps:
        live = [b for b in buffers if b.first <= step.index <= b.last]
        spans = sorted((plan.offsets[b.id], plan.offsets[b.id] + b.size) for b in live)
        rows.append((step.name, _bar(spans, plan.size), used[step.index]))
    names = max((len(name) for name, _, _ in rows), default=0)
    lines = [f"{name:{names}} |{bar}| {used:>9,}" for name, bar, used in rows]
    over = plan.size - plan.lower_bound
    verdict = "at the lower bound" if not over else f"{over:,} above the lower bound of {plan.lower_bound:,}"
    return "\n".join([*lines, f"arena {plan.size:,} bytes, {verdict} ({plan.strategy})"])


def _bar(spans: list[tuple[int, int]], size: int) -> str:
    """The arena from its first byte to its last; a cell is full if any of its bytes is in use."""
    cells = [" "] * _WIDTH
    for start, end in spans:
        for cell in range(start * _WIDTH // size, -(-end * _WIDTH // size)):
            cells[cell] = "#"
    return "".join(cells)
