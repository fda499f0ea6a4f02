"""Orders in which the portable kernels touch memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sdk.kernels.base import Access, Interval

_MOST_STEPS = 128


@dataclass(frozen=True)
class Slide:
    """How windows slide over the rows of a batch of images.

    Attributes:
        batches: images.
        input_rows: rows of an input image.
        input_row_bytes: bytes of an input row.
        output_rows: rows of an output image.
        output_row_bytes: bytes of an output row.
        extent: rows from a window's first to its last, dilation included.
        stride: rows from one window to the next.
        pad: rows before the first.
    """

    batches: int
    input_rows: int
    input_row_bytes: int
    output_rows: int
    output_row_bytes: int
    extent: int
    stride: int
    pad: int

    @property
    def units(self) -> int:
        """Output rows of all images."""
        return self.batches * self.output_rows

    def access(self) -> tuple[Access, ...]:
        """One step for each output row: it reads the rows under its windows."""
        return tuple(
            Access({0: self._under(row)}, (row * self.output_row_bytes, (row + 1) * self.output_row_bytes))
            for row in range(self.units)
        )

    def _under(self, row: int) -> Interval:
        image, y = divmod(row, self.output_rows)
        top = y * self.stride - self.pad
        first = min(max(top, 0), self.input_rows)
        last = max(min(top + self.extent, self.input_rows), first)
        start = image * self.input_rows
        return (start + first) * self.input_row_bytes, (start + last) * self.input_row_bytes


def equal_steps(count: int) -> tuple[int, int]:
    """How to divide elements into a moderate number of steps: (steps, elements of each)."""
    steps = next((n for n in range(min(count, _MOST_STEPS), 0, -1) if count % n == 0), 0)
    return steps, count // steps if steps else 0


def elementwise(count: int, input_sizes: Sequence[int], output_size: int = 1) -> tuple[Access, ...]:
    """Element i of the output from elements i of inputs with ``input_sizes`` bytes each, in ascending order.

    A step covers as many elements as leave at most ``_MOST_STEPS`` equal steps.
    """
    pointwise = set(input_sizes) == {output_size}
    steps, each = equal_steps(count)
    return tuple(
        Access(
            {p: (i * each * size, (i + 1) * each * size) for p, size in enumerate(input_sizes)},
            (i * each * output_size, (i + 1) * each * output_size),
            pointwise,
        )
        for i in range(steps)
    )
