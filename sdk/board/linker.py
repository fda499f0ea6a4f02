"""A board's memories as the linker script template reads them."""

from __future__ import annotations

from typing import Any

from sdk.board.board import Board, Memory
from sdk.errors import BoardError

_HOT = ("*/kernels/*", "*libgcc.a:*")
"""Objects whose code runs from RAM where the flash is slower: kernels, and the arithmetic that they call."""


def link_view(board: Board, stack_bytes: int) -> dict[str, Any]:
    """The context of ``templates/link.ld.j2``.

    Args:
        board: with memories.
        stack_bytes: that each stack must have at least; a multiple of 8. A stack with a memory of its own
            gets all of it.

    Raises:
        BoardError: a memory is smaller than the stack in it.
    """
    roles = {role for memory in board.memories for role in memory.roles}
    stacks = [_stack(board, role, stack_bytes) for role in ("stack", "core1_stack") if role in roles]
    copied = board.memory("ramfunc") == board.memory("data")
    return {
        "board": board.id,
        "memories": [_memory(memory) for memory in board.memories],
        "boot2": [board.memory("boot2").name] if "boot2" in roles else [],
        **{role: board.memory(role).name for role in ("vectors", "text", "rodata", "data", "arena")},
        "text_inputs": [f"*(EXCLUDE_FILE({' '.join(_HOT)}) .text*)"] if copied else ["*(.text* .ramfunc*)"],
        "data_inputs": [*(f"{hot}(.text*)" for hot in _HOT), "*(.ramfunc* .data*)"] if copied else ["*(.data*)"],
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
