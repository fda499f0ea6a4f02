"""Input rows held with their padding; see ``firmware/include/sdk/ring_neon.h``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sdk.kernels.base import Access, Constraint, Value
from sdk.kernels.conv2d_dsp import Window
from sdk.kernels.conv2d_mve import window
from sdk.kernels.dots_neon import NeonDots

_MOST_ROWS = 64

FEW_ROWS = Constraint(f"the kernel has at most {_MOST_ROWS} rows", lambda s: window(s).kernel_height <= _MOST_ROWS)


@dataclass(frozen=True)
class Ring:
    """The fields of sdk_ring_neon."""

    rows: int
    row_bytes: int
    pitch: int
    zero_point: int

    @classmethod
    def of(cls, shape: Window, layer: NeonDots, row_bytes: int, pitch: int) -> Ring:
        """For the kernel's rows."""
        return cls((shape.kernel_height - 1) * shape.dilation_height + 1, row_bytes, pitch, layer.input_zero_point)

    @property
    def fields(self) -> tuple[Value, ...]:
        """The C structure."""
        return self.rows, self.row_bytes, self.pitch, self.zero_point

    @property
    def nbytes(self) -> int:
        """Of all rows."""
        return self.rows * self.row_bytes

    def instructions(self, shape: Window) -> int:
        """To hold all rows of a layer."""
        held = min(shape.stride_height, self.rows) * (shape.output_height - 1) + self.rows
        row = self.row_bytes // 8 if self.pitch == shape.input_channels else 16 * shape.input_width
        return held * (60 + row) + shape.output_height * (20 + 8 * shape.kernel_height)


def held_access(shape: Window) -> Iterator[Access]:
    """The rows under an output row are read, if they were not before, then it is written."""
    row_size, out_size = shape.input_width * shape.input_channels, shape.output_width * shape.output_channels
    for row in range(shape.output_height):
        first, last = shape.input_rows(row)
        yield Access({0: (first * row_size, last * row_size)}, (0, 0))
        yield Access({}, (row * out_size, (row + 1) * out_size))
