"""A board's memories as the linker script template reads them."""

from __future__ import annotations

from typing import Any

from sdk.board.board import Board, Memory
from sdk.errors import BoardError

_HOT = ("*/kernels/*", "*libgcc.a:*")
"""Objects whose code runs from RAM where the flash is slower: kernels, and the arithmetic that they call."""


_WEIGHTS = "*_weights.c.o"
_OTHER_RAM_BYTES = 64 * 1024
"""Room left for code, stacks and buffers beside an arena and weights in RAM."""


def fits_ram(board: Board, weights_bytes: int, arena_bytes: int) -> bool:
    """Whether a board whose flash is slow has room for a model's weights in RAM."""
    if board.hosted or board.memory("ramfunc") == board.memory("text"):
        return False
    return weights_bytes + arena_bytes + _OTHER_RAM_BYTES <= board.memory("data").length


def link_view(board: Board, stack_bytes: int, *, weights_in_ram: bool = False) -> dict[str, Any]:
    """The context of ``templates/link.ld.j2``.

    Args:
        board: with memories.
        stack_bytes: that each stack must have at least; a multiple of 8. A stack with a memory of its own
            gets all of it.

        weights_in_ram: copy the layers' constants into RAM at start-up.

    Raises:
        BoardError: a memory is smaller than the stack in it.
    """
    roles = {role for memory in board.memories for role in memory.roles}
    stacks = [_stack(board, role, stack_bytes) for role in ("stack", "core1_stack") if role in roles]
    moved = f"{_WEIGHTS}(.rodata*)"
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
        "rodata_inputs": [f"*(EXCLUDE_FILE({_WEIGHTS}) .rodata*)" if weights_in_ram else "*(.rodata*)"],
        "data_inputs": [
            *([moved] if weights_in_ram else []),
            *(hot if copied else ()),
            "*(.data* .got*)",
        ],
        "ramfunc_inputs": hot if moved_apart else [],
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
