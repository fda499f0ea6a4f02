"""Runs C kernels on cases whose outputs tflite-runtime's reference kernels tell, and compares every byte.

How to test a kernel:

    from harness import TARGETS, run_cases, seeds
    from kernel_cases import cases

    @pytest.mark.parametrize("seed", seeds())
    def test_my_kernel(seed: int) -> None:
        assert run_cases(MyKernel(), cases("CONV_2D", seed, tiles=(4, 8))) > 0

``run_cases(kernel, cases, target="host")`` skips the cases that the kernel's constraints refuse, runs the others and
returns how many it ran; it raises AssertionError with the first differences. A case is a model of one operator with
inputs; ``kernel_cases.cases`` makes seeded ones with sizes round those in ``tiles``. Each case runs whole, in parts in
both directions, at the least alignment that the kernel asks for, and with input and output overlapping at the extreme
distances that its ``access`` permits, for units in ascending and in descending order (by ``grain``). Outputs, inputs
and scratch lie between guard bytes.

Targets: "host" (AddressSanitizer and UndefinedBehaviorSanitizer), and in QEMU "m0plus", "m3", "m4", "m7", "m33", "m55",
"a64" (Linux), "a32". Sanitizers are on for the host alone.

Numbers of cases: a test function gets ``CASES`` of them; SDK_KERNEL_CASES=2000 in the environment sets another number,
SDK_KERNEL_SEED another first seed. SDK_KERNEL_TARGETS="host m4" limits the targets of tests that use ``targets()``.
"""

from __future__ import annotations

import functools
import os
import random
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tflite_runtime.interpreter import Interpreter, OpResolverType

from sdk.emit.carray import floating, integer
from sdk.ir import DType, Module, Tensor
from sdk.kernels.base import Access, Const, Kernel, Prepared, Ref, Site, Value
from sdk.kernels.program import Step
from sdk.oracle.oracle import follows_micro
from sdk.oracle.worker import BACKENDS
from sdk.plan.access import forbidden_distances
from sdk.write.tflite import write

Array = np.ndarray[Any, Any]

FIRMWARE = Path(__file__).parents[2] / "firmware"
DRIVER = Path(__file__).parent / "driver"
CASES = int(os.environ.get("SDK_KERNEL_CASES", "60"))
"""Cases of one test function."""
SEED = int(os.environ.get("SDK_KERNEL_SEED", "1"))
_BATCH = 200
"""Cases in one program: it has to fit a board's memory."""
_DISTANCES = 6
"""Most distances between a case's input and output that are tried for each order."""
_TIME_LIMIT_S = 600.0
_WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
_CTYPES = {DType.FLOAT32: "float", DType.BOOL: "uint8_t"}


@dataclass(frozen=True)
class Target:
    """A compiler and what runs its programs."""

    prefix: str
    flags: tuple[str, ...]
    run: tuple[str, ...] = ()
    memory: tuple[str, ...] = ()

    @property
    def missing(self) -> str | None:
        """A program that is not installed, or None."""
        programs = [f"{self.prefix}gcc", *self.run[:1]]
        return next((p for p in programs if shutil.which(p) is None), None)


def _board(machine: str, cpu: tuple[str, ...], code: tuple[int, int], data: tuple[int, int]) -> Target:
    symbols = zip(("CODE_ORIGIN", "CODE_BYTES", "DATA_ORIGIN", "DATA_BYTES"), (*code, *data), strict=True)
    return Target(
        "arm-none-eabi-",
        ("-O2", "-mthumb", *cpu),
        ("qemu-system-arm", "-M", machine, "-nographic", "-semihosting-config", "enable=on,target=native", "-kernel"),
        tuple(f"-Wl,--defsym={name}={value:#x}" for name, value in symbols),
    )


_MPS2 = ((0x0000_0000, 0x40_0000), (0x2000_0000, 0x40_0000))
TARGETS = {
    "host": Target("", ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")),
    "m0plus": _board("mps2-an385", ("-mcpu=cortex-m0plus",), *_MPS2),
    "m3": _board("mps2-an385", ("-mcpu=cortex-m3",), *_MPS2),
    "m4": _board("mps2-an386", ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), *_MPS2),
    "m7": _board("mps2-an500", ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16"), *_MPS2),
    "m33": _board(
        "mps2-an505",
        ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        (0x1000_0000, 0x40_0000),
        (0x3800_0000, 0x40_0000),
    ),
    "m55": _board(
        "mps3-an547",
        ("-mcpu=cortex-m55", "-mfloat-abi=hard"),
        (0x0000_0000, 0x8_0000),
        (0x3100_0000, 0x20_0000),
    ),
    "a64": Target("aarch64-linux-gnu-", ("-O2", "-static"), ("qemu-aarch64", "-cpu", "max")),
    "a32": Target(
        "arm-linux-gnueabihf-", ("-O2", "-static", "-mcpu=cortex-a7", "-mfpu=neon-vfpv4"), ("qemu-arm", "-cpu", "max")
    ),
}


def seeds(count: int = 1) -> range:
    """Seeds for ``pytest.mark.parametrize``."""
    return range(SEED, SEED + count)


def targets(*names: str) -> list[str]:
    """Those of ``names`` whose tools are installed and that SDK_KERNEL_TARGETS, if set, has."""
    wanted = os.environ.get("SDK_KERNEL_TARGETS")
    return [n for n in names if TARGETS[n].missing is None and (wanted is None or n in wanted.split())]


@dataclass(frozen=True, eq=False)
class Case:
    """A model of one operator and its inputs.

    Attributes:
        label: tells the case in messages; with the seed in it.
        inputs: one array for each of the graph's inputs.
    """

    label: str
    module: Module
    inputs: tuple[Array, ...]

    @property
    def site(self) -> Site:
        """The operator."""
        return Site(self.module.main, self.module.main.ops[0])


class Refused(Exception):
    """The reference interpreter does not take the model."""


def reference(case: Case) -> list[Array]:
    """What tflite-runtime's reference kernels give for a case, or tflite-micro's where those are followed.

    Raises:
        Refused: the interpreter does not take the model.
    """
    second = case.site.optional(1)
    first = case.site.optional(0)
    if first is not None and follows_micro(case.site.op.kind, first.dtype.name, second.elements if second else 0):
        return BACKENDS["tflite-micro"](write(case.module)).invoke(list(case.inputs))
    try:
        interpreter = Interpreter(
            model_content=write(case.module), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
        )
        interpreter.allocate_tensors()
        for detail, array in zip(interpreter.get_input_details(), case.inputs, strict=True):
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
    except (RuntimeError, ValueError) as error:
        raise Refused(f"{case.label}: {error}") from error


def run_cases(kernel: Kernel, cases: Iterable[Case], target: str = "host", *, extra_flags: Sequence[str] = ()) -> int:
    """Run the cases that a kernel accepts and compare every output byte.

    Args:
        kernel: the descriptor.
        cases: of any operators.
        target: a key of TARGETS.
        extra_flags: more options for the compiler.

    Returns:
        The number of cases that ran.

    Raises:
        AssertionError: an output differs, a guard byte was overwritten, an input changed, or the program failed.
    """
    accepted = [c for c in cases if c.site.op.kind in kernel.ops and kernel.refusal(c.site) is None]
    for start in range(0, len(accepted), _BATCH):
        _run_batch(kernel, accepted[start : start + _BATCH], TARGETS[target], extra_flags)
    return len(accepted)


@dataclass
class _Job:
    """A case fitted to the kernel: what the driver needs."""

    case: Case
    kernel: Kernel
    prepared: Prepared
    expected: list[Array]
    inputs: list[int] = field(init=False)
    """Tensors in the arena, each once."""

    def __post_init__(self) -> None:
        op = self.case.site.op
        self.inputs = list(dict.fromkeys(t for i in self.prepared.inputs if (t := op.inputs[i]) is not None))

    @property
    def arrays(self) -> list[Array]:
        graph = self.case.module.main
        by_id = dict(zip(graph.inputs, self.case.inputs, strict=True))
        return [by_id[t] for t in self.inputs]


def _run_batch(kernel: Kernel, cases: Sequence[Case], target: Target, extra_flags: Sequence[str]) -> None:
    jobs = [_Job(c, kernel, kernel.prepare(c.site), reference(c)) for c in cases]
    for job in jobs:
        for got, tensor in zip(job.expected, job.case.site.op.outputs, strict=True):
            assert got.shape == job.case.module.main.tensors[tensor].shape, job.case.label
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "calls.c").write_text(_calls(kernel, jobs), encoding="utf-8")
        (folder / "cases.bin").write_bytes(b"".join(map(_encode, jobs)))
        generated = {n: text for job in jobs for n, text in job.prepared.generated_sources.items()}
        for file_name, text in generated.items():
            (folder / file_name).write_text(text, encoding="utf-8")
        sources = [*(FIRMWARE / s for s in kernel.sources), *(folder / n for n in generated if not n.endswith(".h"))]
        program = _build(sources, target, folder, extra_flags)
        command = [*target.run, str(program)]
        if not target.memory:
            command.append(str(folder / "cases.bin"))
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    _judge(jobs, done)


def _build(sources: Sequence[Path], target: Target, folder: Path, extra_flags: Sequence[str]) -> Path:
    """Compile the kernel with all warnings, the driver and the calls, and link them."""
    compiler = [f"{target.prefix}gcc", "-std=c11", *target.flags, *extra_flags, f"-I{FIRMWARE / 'include'}"]
    program = folder / "driver"
    quiet = [str(folder / "calls.c"), str(DRIVER / "driver.c")]
    link: list[str] = []
    if target.memory:
        quiet.append(str(DRIVER / "startup.c"))
        link = ["-nostartfiles", "--specs=rdimon.specs", f"-T{DRIVER / 'cortex_m.ld'}", *target.memory]
    objects = []
    for index, source in enumerate(dict.fromkeys(sources)):
        objects.append(str(folder / f"kernel{index}.o"))
        _compile([*compiler, *_WARNINGS, "-c", str(source), "-o", objects[-1]])
    _compile([*compiler, "-O0", f"-I{DRIVER}", *quiet, *objects, *link, "-lm", "-o", str(program)])
    return program


def _compile(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[:4000]}"


def _judge(jobs: Sequence[_Job], done: subprocess.CompletedProcess[str]) -> None:
    lines = done.stdout.splitlines()
    failures = [line.split()[1:] for line in lines if line.startswith("fail ")]
    finished = any(line.startswith("done ") for line in lines)
    if not finished:
        last = [line for line in lines if line.startswith("case ")][-1:]
        where = jobs[int(last[0].split()[1])].case.label if last else "before the first case"
        raise AssertionError(f"the program ended in {where}:\n{done.stdout[-500:]}\n{done.stderr[:6000]}")
    messages = []
    for index, run, what, at, got, want in failures:
        job = jobs[int(index)]
        run_text = _describe(job, _runs(job)[int(run)])
        messages.append(f"{job.case.label}; {run_text}: {what} at {at}: {got} instead of {want}")
    assert not messages, f"{jobs[0].kernel.name}:\n" + "\n".join(messages)
    assert done.returncode == 0, done.stderr[:6000]


# The cases as data


Order = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Run:
    """One way to do a case; ``overlap``: which buffer shares memory with the output."""

    ranges: Order
    exact: bool = False
    overlap: int = -1
    distance: int = 0


def _describe(job: _Job, run: _Run) -> str:
    shared = "" if run.overlap < 0 else f", output {run.distance} bytes after input {run.overlap}"
    ranges = str(list(run.ranges)) if len(run.ranges) <= 3 else f"{len(run.ranges)} from last to first"
    return f"ranges {ranges} of {job.prepared.units}{shared}"


@functools.cache
def _cuts(units: int) -> tuple[int, int]:
    rng = random.Random(units)
    first, second = sorted((rng.randrange(units + 1), rng.randrange(units + 1)))
    return first, second


def _runs(job: _Job) -> list[_Run]:
    units = job.prepared.units
    whole = ((0, units),)
    runs = [_Run(whole)]
    if units > 1:
        first, second = _cuts(units)
        runs.append(_Run(((0, first), (first, second), (second, units)), exact=True))
        if not job.prepared.keeps_scratch:
            runs.append(_Run(((second, units), (first, second), (0, first)), exact=True))
    else:
        runs.append(_Run(whole, exact=True))
    return [*runs, *_overlaps(job)]


def _orders(job: _Job) -> Iterator[tuple[Order, tuple[Access, ...]]]:
    """Ways to go through all units on one core, with the accesses in that order."""
    prepared = job.prepared
    if prepared.access is None:
        return
    yield ((0, prepared.units),), prepared.access
    step = Step(0, job.case.site.op, job.kernel, prepared, descending=True)
    if step.reorderable and step.access is not None:
        starts = reversed(range(0, prepared.units, step.grain))
        yield tuple((b, min(b + step.grain, prepared.units)) for b in starts), step.access[0]


def _edges(forbidden: Sequence[tuple[int, int]], align: int) -> list[int]:
    """Permitted distances next to forbidden ones, and one step further, where another order would show."""
    near = {-(-high // align) * align for _, high in forbidden} | {(low - 1) // align * align for low, _ in forbidden}
    further = {d + align for d in near} | {d - align for d in near}
    permitted = sorted(d for d in near | further if not any(low <= d < high for low, high in forbidden))
    return permitted if len(permitted) <= _DISTANCES else permitted[: _DISTANCES // 2] + permitted[-_DISTANCES // 2 :]


def _overlaps(job: _Job) -> list[_Run]:
    """Runs at both edges of each forbidden interval that the orders of accesses leave."""
    prepared, op = job.prepared, job.case.site.op
    if len(op.outputs) != 1:
        return []
    output = job.case.site.output()
    found: list[_Run] = []
    for ranges, access in _orders(job):
        for buffer, tensor in enumerate(job.inputs):
            size = job.case.module.main.tensors[tensor].nbytes
            positions = [p for p, i in enumerate(prepared.inputs) if op.inputs[i] == tensor]
            forbidden = forbidden_distances((access,), positions, size, output.nbytes)
            chosen = _edges(forbidden, prepared.align)
            found += [_Run(ranges, True, buffer, distance) for distance in chosen]
    return found


def _ints(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def _contents(arrays: Sequence[Array]) -> bytes:
    return _ints(len(arrays)) + b"".join(_ints(a.nbytes) + a.tobytes() for a in arrays)


def _encode(job: _Job) -> bytes:
    prepared = job.prepared
    runs = _runs(job)
    data = _contents([c.values for c in prepared.consts])
    data += b"".join(_ints(max(c.align, c.values.itemsize)) for c in prepared.consts)
    data += _contents(job.arrays) + _contents(job.expected)
    data += _ints(prepared.align, prepared.scratch_bytes, prepared.keeps_scratch, len(runs))
    for run in runs:
        data += _ints(run.overlap, run.distance, run.exact, len(run.ranges), *(v for r in run.ranges for v in r))
    return data


# The calls as C


def _ctype(tensor: Tensor) -> str:
    return _CTYPES.get(tensor.dtype, f"{tensor.dtype.value}_t")


def _value(value: Value, consts: Sequence[Const]) -> str:
    if isinstance(value, Ref):
        index = next(i for i, c in enumerate(consts) if c.name == value.const)
        return f"(const {consts[index].ctype} *)consts[{index}]"
    if isinstance(value, tuple):
        return f"{{{', '.join(_value(v, consts) for v in value)}}}"
    if isinstance(value, str):
        return value
    return floating(value) if isinstance(value, float) else integer(int(value))


def _call(index: int, job: _Job) -> str:
    prepared, site = job.prepared, job.case.site
    fields = "".join(f"        .{name} = {_value(v, prepared.consts)},\n" for name, v in prepared.params.items())

    def pointer(argument: int | Ref) -> str:
        if isinstance(argument, Ref):
            return _value(argument, prepared.consts)
        tensor = site.input(argument)
        return f"(const {_ctype(tensor)} *)inputs[{job.inputs.index(tensor.id)}]"

    arguments = prepared.inputs if prepared.arguments is None else prepared.arguments
    pointers = [pointer(a) for a in arguments]
    if prepared.inputs_as_array:
        pointers = [f"(const void *const[]){{{', '.join(pointers)}}}"]
    results = [f"({_ctype(site.output(i))} *)outputs[{i}]" for i in range(len(site.op.outputs))]
    if prepared.outputs_as_array:
        results = [f"(void *const[]){{{', '.join(results)}}}"]
    return f"""
static void call{index}(uint8_t *const *consts, uint8_t *const *inputs, uint8_t *const *outputs, void *scratch,
                   sdk_range range)
{{
    (void)consts;
    (void)inputs;
    const {prepared.params_type} params = {{
{fields}    }};
    sdk_{job.kernel.name}(&params, {", ".join([*pointers, *results, "scratch", "range"])});
}}
"""


def _calls(kernel: Kernel, jobs: Sequence[_Job]) -> str:
    calls = "".join(_call(i, job) for i, job in enumerate(jobs))
    names = ", ".join(f"call{i}" for i in range(len(jobs)))
    headers = {n for job in jobs for n in job.prepared.generated_sources if n.endswith(".h")}
    includes = "\n".join(f'#include "{name}"' for name in [kernel.header, *sorted(headers)])
    return f"""#include "driver.h"
{includes}
#include <math.h>
{calls}
driver_call *const driver_calls[] = {{{names}}};
const uint32_t driver_count = {len(jobs)};
"""
