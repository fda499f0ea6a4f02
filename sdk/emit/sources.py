"""C sources of models and of the measuring firmware round them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdk import __version__
from sdk.emit.carray import byte_list
from sdk.emit.render import render
from sdk.emit.view import MIN_ARENA_ALIGN, model_view
from sdk.kernels.program import Program
from sdk.plan import MemoryPlan


def emit_model(program: Program, plan: MemoryPlan) -> dict[str, str]:
    """The generated library of one model: file name to text."""
    view = model_view(program, plan)
    name = program.module.name
    files = {
        f"{name}.h": render("model.h.j2", view),
        f"{name}.c": render("model.c.j2", view),
        f"{name}_weights.h": render("weights.h.j2", view),
        f"{name}_weights.c": render("weights.c.j2", view),
    }
    for step in program.steps:
        for link in step.links:
            files |= link.prepared.generated_sources
    return files


def emit_firmware(models: Sequence[tuple[Program, MemoryPlan]], build_id: bytes) -> Mapping[str, str]:
    """The file that tells the measuring firmware its models, board and build."""
    programs = [program for program, _ in models]
    context = {
        "sdk_version": __version__,
        "models": [p.module.name for p in programs],
        "build_id_bytes": byte_list(build_id),
        "board_id": programs[0].board.id,
        "arena_bytes": max(plan.size for _, plan in models),
        "arena_align": max([MIN_ARENA_ALIGN, *(s.prepared.align for p in programs for s in p.steps)]),
        "stamp_count": max(len(p.steps) for p in programs) + 1,
    }
    return {"firmware.c": render("firmware.c.j2", context)}
