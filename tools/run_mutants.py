"""Run mutants of models: built for this computer under sanitizers, compared with the reference interpreter's bytes.

Used by fuzz_reader.py. Mutants that give the same C are built once, others by the batch. The interpreter runs in a
forked child for each mutant, since a file that is valid to us may still kill it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from sdk import board as boards
from sdk import resources
from sdk.emit import emit_model
from sdk.errors import SdkError
from sdk.ir import Module
from sdk.kernels.program import Program
from sdk.kernels.select import Optimize
from sdk.measure.inputs import Inputs, random_inputs
from sdk.measure.verify import different_bytes
from sdk.oracle.worker import BACKENDS
from sdk.pipeline import plan_module
from sdk.plan import MemoryPlan

Array = np.ndarray[Any, Any]
Outputs = list[list[Array]]
"""For each inference the model's outputs."""

INFERENCES = 2
BATCH = 48
"""Programs in one binary."""
LARGEST_BYTES = 1 << 20
"""Of arena and of constants, for programs that are run."""
LARGEST_MACS = 4_000_000
ORACLE_SECONDS = 20
_ORACLE_BYTES = 1 << 32
"""Address space of the interpreter's process."""
_RUN_SECONDS = 300
_SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_DRIVER = """\
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include "sdk/model.h"
{declarations}
static const sdk_model *const models[] = {{{names}}};

int main(int argc, char **argv)
{{
    for (size_t m = argc > 1 ? strtoul(argv[1], NULL, 10) : 0; m < sizeof models / sizeof models[0]; m++) {{
        const sdk_model *const model = models[m];
        const size_t align = model->arena_align > sizeof(void *) ? model->arena_align : sizeof(void *);
        void *block = NULL;
        /* Not a byte more than the plan states, so that the sanitizer sees the first one beyond. */
        if (posix_memalign(&block, align, model->arena_bytes) != 0) {{
            return 2;
        }}
        uint8_t *const arena = block;
        model->reset(arena);
        for (int k = 0; k < {inferences}; k++) {{
            for (uint32_t i = 0; i < model->input_count; i++) {{
                const sdk_region region = model->inputs[i];
                if (fread(arena + region.offset, 1, region.bytes, stdin) != region.bytes) {{
                    return 3;
                }}
            }}
            (void)model->invoke(arena, NULL, NULL);
            for (uint32_t i = 0; i < model->output_count; i++) {{
                fwrite(arena + model->outputs[i].offset, 1, model->outputs[i].bytes, stdout);
            }}
        }}
        fflush(stdout);
        free(block);
    }}
    return 0;
}}
"""


@dataclass(frozen=True)
class _Job:
    """A mutant that the interpreter ran."""

    label: str
    key: str
    program: Program
    plan: MemoryPlan
    inferences: list[Inputs]
    expected: Outputs


class _Refused(Exception):
    """The compiler does not take generated code."""


class MutantRuns:
    """Runs accepted mutants; the outcome of a mutant may come later, with its batch.

    Args:
        folder: for sources and programs.
        seed: of the inputs.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._seed = seed
        self._board = boards.load("host")
        self._objects: dict[str, Path] = {}
        self._known: dict[str, bytes | str] = {}
        """By the digest of the C: the bytes that it gave, or how it failed."""
        self._waiting: list[_Job] = []

    def add(self, label: str, content: bytes, module: Module) -> Iterator[tuple[str, str]]:
        """Take a mutant; yields outcomes that are known by now.

        Args:
            label: what outcomes are reported by.
            content: the mutant.
            module: as it was read.

        Yields:
            Label and outcome; one that starts with "FAILED" is a finding.
        """
        try:
            named = replace(module, name="mutant", path="mutant.tflite")
            program, plan = plan_module(named, self._board, Optimize.BALANCED)
        except SdkError:
            yield label, "not run: no kernel"
            return
        links = [link for step in program.steps for link in step.links]
        constants = sum(step.const_bytes for step in program.steps)
        macs = sum(link.prepared.macs for link in links)
        if max(plan.size, constants) > LARGEST_BYTES or macs > LARGEST_MACS:
            yield label, "not run: too large"
            return
        inferences = random_inputs(module.main, self._seed, INFERENCES)
        expected = reference(content, inferences)
        if isinstance(expected, str):
            yield label, expected
            return
        key = _digest(program, plan)
        job = _Job(label, key, program, plan, inferences, expected)
        if key in self._known:
            yield label, _judge(job, self._known[key])
            return
        self._waiting.append(job)
        if len({waiting.key for waiting in self._waiting}) >= BATCH:
            yield from self.flush()

    def flush(self) -> Iterator[tuple[str, str]]:
        """Build and run what waits; yields label and outcome of each."""
        jobs, self._waiting = self._waiting, []
        distinct = list({job.key: job for job in jobs}.values())
        if distinct:
            self._run(distinct)
        for job in jobs:
            yield job.label, _judge(job, self._known[job.key])

    @property
    def programs(self) -> int:
        """Programs that were built."""
        return len(self._known)

    def _run(self, jobs: Sequence[_Job]) -> None:
        try:
            binary = self._build(jobs)
        except _Refused as error:
            if len(jobs) == 1:
                self._known[jobs[0].key] = str(error)
                return
            for job in jobs:
                self._run([job])
            return
        first = 0
        while first < len(jobs):
            data = b"".join(a.tobytes() for job in jobs[first:] for arrays in job.inferences for a in arrays)
            done = subprocess.run(
                [binary, str(first)], input=data, capture_output=True, timeout=_RUN_SECONDS, check=False
            )
            at = 0
            while first < len(jobs) and at + _output_bytes(jobs[first]) <= len(done.stdout):
                size = _output_bytes(jobs[first])
                self._known[jobs[first].key] = done.stdout[at : at + size]
                at += size
                first += 1
            if first < len(jobs):
                said = done.stderr.decode(errors="replace").strip().split("\n")
                self._known[jobs[first].key] = f"ended with code {done.returncode}: {' '.join(said[:8])}"
                first += 1

    def _build(self, jobs: Sequence[_Job]) -> Path:
        names = [f"m{i}" for i in range(len(jobs))]
        generated: dict[str, str] = {}
        for name, job in zip(names, jobs, strict=True):
            program = replace(job.program, module=replace(job.program.module, name=name))
            generated |= emit_model(program, job.plan)
        declarations = "\n".join(f'#include "{name}.h"' for name in names)
        models = ", ".join(f"&{name}_model" for name in names)
        generated["main.c"] = _DRIVER.format(declarations=declarations, names=models, inferences=INFERENCES)
        for name, text in generated.items():
            (self._folder / name).write_text(text, encoding="ascii")
        links = [link for job in jobs for step in job.program.steps for link in step.links]
        sources = sorted({source for link in links for source in link.kernel.sources})
        objects = [self._object(source) for source in sources]
        binary = self._folder / "mutants"
        _compile("-O0", *(n for n in generated if n.endswith(".c")), *map(str, objects), "-lm", "-o", str(binary),
                 cwd=self._folder)  # fmt: skip
        return binary

    def _object(self, source: str) -> Path:
        if source not in self._objects:
            path = self._folder / f"kernel{len(self._objects)}.o"
            original = resources.path("firmware", *Path(source).parts)
            _compile("-O1", "-c", str(original), "-o", str(path), cwd=self._folder)
            self._objects[source] = path
        return self._objects[source]


def _compile(*arguments: str, cwd: Path) -> None:
    include = [f"-I{resources.path('firmware', folder)}" for folder in ("include", "kernels")]
    command = ["gcc", "-std=c11", *_SANITIZE, "-I.", *include, *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _Refused(f"the compiler refuses the code: {' '.join(done.stderr[:1000].split())}")


def _digest(program: Program, plan: MemoryPlan) -> str:
    """Of all that the compiler would see, but for the digest of the model."""
    module = replace(program.module, sha256="00" * 32)
    files = emit_model(replace(program, module=module), plan)
    return hashlib.sha256("\0".join(f"{name}\0{text}" for name, text in sorted(files.items())).encode()).hexdigest()


def _output_bytes(job: _Job) -> int:
    graph = job.program.graph
    return INFERENCES * sum(graph.tensors[t].nbytes for t in graph.outputs)


def _judge(job: _Job, got: bytes | str) -> str:
    if isinstance(got, str):
        return f"FAILED: {got}"
    at = 0
    for k, arrays in enumerate(job.expected):
        for i, (tensor, expected) in enumerate(zip(job.program.graph.outputs, arrays, strict=True)):
            size = job.program.graph.tensors[tensor].nbytes
            wrong = different_bytes(got[at : at + size], expected)
            at += size
            if wrong:
                return f"FAILED: {wrong} of {size} bytes differ in output {i} of inference {k}"
    return "equal"


# The interpreter


def reference(content: bytes, inferences: Sequence[Inputs]) -> Outputs | str:
    """What tflite-runtime's reference kernels give, or why there is nothing to compare with."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_interpret, args=(sender, content, inferences))
    child.start()
    sender.close()
    answer: Outputs | str
    try:
        answer = receiver.recv() if receiver.poll(ORACLE_SECONDS) else "not run: the interpreter hangs"
    except EOFError:
        answer = "not run: the interpreter crashes"
    child.kill()
    child.join()
    receiver.close()
    return answer


def _interpret(sender: Connection, content: bytes, inferences: Sequence[Inputs]) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    resource.setrlimit(resource.RLIMIT_AS, (_ORACLE_BYTES, _ORACLE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        interpreter = BACKENDS["tflite-runtime"](content)
        sender.send([[np.array(o) for o in interpreter.invoke(list(arrays))] for arrays in inferences])
    except Exception:
        sender.send("not run: the interpreter refuses it")
    os._exit(0)
