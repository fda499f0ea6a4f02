"""Estimated cycles of the portable kernels, for choosing between kernels and nothing else.

Rough values for a Cortex-M0+ with code and constants in SRAM; on other cores the order of kernels is the same.
"""

CALL = 200
"""A call with its parameters."""

MAC = 14
"""A multiply-accumulate with its two loads and its part of the loops."""

REQUANTIZE = 90
"""A 64-bit product, two roundings, bounds, store: one output."""

LOOKUP = 10
"""An output from a table, or a comparison."""

BLOCK = 60
"""Finding a block of bytes and the call that copies it."""

COPY = 1
"""A byte of a block."""

FLOAT = 150
"""A float32 operation in software."""
