"""C sources of models and of the measuring firmware round them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdk import __version__
from sdk.emit.carray import byte_list, floating
from sdk.emit.render import render
from sdk.emit.view import MIN_ARENA_ALIGN, model_view
from sdk.errors import InputError
from sdk.ir import DType
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
    for step in program.all_steps:
        for link in step.links:
            files |= link.prepared.generated_sources
    return files


BENCHMARKS = {"kws01": 0, "vww01": 0x80, "ic01": 0x80, "ad01": 0}
"""MLPerf Tiny's benchmarks, and what is XORed to the bytes that its runner sends: it knows pixels as unsigned."""

FLOAT_INPUTS = frozenset({"ad01"})
"""Benchmarks whose inputs are sent as 32-bit floats; the result is the mean squared error of the reconstruction."""


def emit_firmware(
    models: Sequence[tuple[Program, MemoryPlan]], build_id: bytes, mlperf: str | None = None
) -> Mapping[str, str]:
    """The file that tells the measuring firmware its models, board and build.

    Args:
        models: programs with their memory plans.
        build_id: 20 bytes.
        mlperf: benchmark that the first model is run for by MLPerf Tiny's runner; None for firmware without it.

    Raises:
        InputError: the first model is none that the benchmark's protocol can carry.
    """
    programs = [program for program, _ in models]
    context = {
        "sdk_version": __version__,
        "models": [p.module.name for p in programs],
        "build_id_bytes": byte_list(build_id),
        "board_id": programs[0].board.id,
        "arena_bytes": max(plan.size for _, plan in models),
        "arena_align": max([MIN_ARENA_ALIGN, *(s.prepared.align for p in programs for s in p.all_steps)]),
        "stamp_count": max(len(p.steps) for p in programs) + 1,
        "mlperf": _mlperf(programs[0], mlperf) if mlperf else None,
    }
    return {"firmware.c": render("firmware.c.j2", context)}


def _mlperf(program: Program, benchmark: str) -> dict[str, object]:
    graph = program.graph
    output = graph.tensors[graph.outputs[0]]
    if benchmark not in BENCHMARKS:
        raise InputError(benchmark, "is no benchmark of MLPerf Tiny", f"choose one of {', '.join(BENCHMARKS)}")
    if len(graph.inputs) != 1 or output.dtype is not DType.INT8 or output.quant is None:
        problem = "MLPerf Tiny's protocol carries one input and an int8 output"
        raise InputError(program.module.path, problem, "use the benchmark's quantized model")
    source = graph.tensors[graph.inputs[0]]
    is_float = benchmark in FLOAT_INPUTS
    if is_float and (source.dtype is not DType.INT8 or source.quant is None or source.elements != output.elements):
        problem = f"{benchmark} compares an int8 input with an output of the same size"
        raise InputError(program.module.path, problem, "use the benchmark's quantized model")
    return {
        "name": benchmark,
        "bytes": source.nbytes,
        "is_float": is_float,
        "input_scale": floating(source.quant.scale) if is_float and source.quant else "1.0f",
        "input_zero_point": source.quant.zero_point if is_float and source.quant else 0,
        "flip": f"0x{BENCHMARKS[benchmark]:02x}",
        "scale": floating(output.quant.scale),
        "zero_point": output.quant.zero_point,
    }
