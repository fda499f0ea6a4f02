"""A board's memories as the linker script template reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sdk.board.board import Board, Memory
from sdk.errors import BoardError

_HOT = ("*/kernels/*", "*libgcc.a:*")
"""Objects whose code runs from RAM where the flash is slower: kernels, and the arithmetic that they call."""

_WEIGHTS = "*_weights.c.o"
_OTHER_RAM_BYTES = 24 * 1024
"""Room left for code, stacks and buffers beside an arena and weights in RAM."""

FLASH_CYCLES = 7
"""Cycles for a byte of constants that is not in RAM, where the flash is slow: a miss of the RP2040's XIP cache."""


def shared_ram(board: Board) -> int | None:
    """Bytes of RAM for an arena and for weights that are copied at start-up; None where the flash is as fast."""
    if board.hosted or board.memory("ramfunc") == board.memory("text"):
        return None
    return board.memory("data").length - _OTHER_RAM_BYTES


def placed_in_ram(board: Board, constants: Mapping[str, int], arena_bytes: int) -> list[str]:
    """Which constants to copy into RAM on a board whose flash is slow: the largest first, while they fit.

    Args:
        board: any.
        constants: bytes of each group of constants.
        arena_bytes: beside them in RAM.
    """
    room = (shared_ram(board) or 0) - arena_bytes
    placed = []
    for name, size in sorted(constants.items(), key=lambda item: (-item[1], item[0])):
        if size <= room:
            placed.append(name)
            room -= size
    return placed


def link_view(board: Board, stack_bytes: int, in_ram: Sequence[str] = ()) -> dict[str, Any]:
    """The context of ``templates/link.ld.j2``.

    Args:
        board: with memories.
        stack_bytes: that each stack must have at least; a multiple of 8. A stack with a memory of its own
            gets all of it.
        in_ram: prefixes of the constants that are copied into RAM at start-up.

    Raises:
        BoardError: a memory is smaller than the stack in it.
    """
    roles = {role for memory in board.memories for role in memory.roles}
    stacks = [_stack(board, role, stack_bytes) for role in ("stack", "core1_stack") if role in roles]
    copied = board.memory("ramfunc") == board.memory("data")
    moved_apart = board.memory("ramfunc") not in (board.memory("data"), board.memory("text"))
    hot = [*(f"{objects}(.text*)" for objects in _HOT), "*(.ramfunc*)"]
    return {
        "board": board.id,
        "memories": [_memory(memory) for memory in board.memories],
        **{role: [board.memory(role).name] if role in roles else [] for role in ("boot2", "flexspi_boot")},
        **{role: board.memory(role).name for role in ("vectors", "text", "rodata", "ramfunc", "data", "arena")},
        "text_inputs": (
            [f"*(EXCLUDE_FILE({' '.join(_HOT)}) .text*)"] if copied or moved_apart else ["*(.text* .ramfunc*)"]
        ),
        "rodata_inputs": [f"*(EXCLUDE_FILE({_WEIGHTS}) .rodata*)" if in_ram else "*(.rodata*)"],
        "data_inputs": [
            *(f"{_WEIGHTS}(.rodata.{prefix}*)" for prefix in in_ram),
            *(hot if copied else ()),
            "*(.data* .got*)",
        ],
        "ramfunc_inputs": hot if moved_apart else [],
        "late_rodata_inputs": [f"{_WEIGHTS}(.rodata*)"] if in_ram else [],
        "stacks": stacks,
        "stack_bytes": stack_bytes,
    }


def _memory(memory: Memory) -> dict[str, str]:
    access = "rx" if memory.kind == "flash" else "rwx"
    return {"name": memory.name, "access": access, "origin": f"0x{memory.origin:08x}", "length": f"0x{memory.length:x}"}


def _stack(board: Board, role: str, stack_bytes: int) -> dict[str, Any]:
    memory = board.memory(role)
    if memory.length < stack_bytes:
        problem = f"the memory {memory.name!r} has {memory.length} bytes, the stack needs {stack_bytes}"
        raise BoardError(board.id, problem, "give the stack another memory")
    bytes_ = memory.length if memory.roles == (role,) else stack_bytes
    return {"name": role, "region": memory.name, "bytes": bytes_}
