"""The stages in their order: model file -> Module -> Program -> MemoryPlan -> Firmware -> device -> Record."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from sdk import __version__
from sdk.board import Board
from sdk.build import Firmware, build_firmware
from sdk.cache import cache_folder
from sdk.device.crash import last_crash
from sdk.device.link import Session, SessionLostError
from sdk.device.runner import Image, Runner, runner_for
from sdk.errors import DeviceError, InputError
from sdk.importer import read
from sdk.ir import Graph, Module
from sdk.kernels.base import Callee
from sdk.kernels.program import Program, graph_function
from sdk.kernels.select import Optimize, select
from sdk.measure.agreement import onnx_agreement, onnx_outputs
from sdk.measure.evaluate import Journal, LabelledData, Metrics, judge, run_resumable
from sdk.measure.inputs import Inputs, load_inputs, random_inputs
from sdk.measure.record import ArenaUse, Difference, LayerRecord, Memory, Record, Setup, Spread, Verification
from sdk.measure.run import Bench, Measured, check_identity
from sdk.measure.tuning import Trial, Tuned, TunedLayer, winners
from sdk.measure.verify import compare, different_bytes, first_different_inference, layer_differences
from sdk.oracle import best_for
from sdk.passes import optimize as run_passes
from sdk.passes.called_graphs import called_as_main, called_graphs
from sdk.plan import MemoryPlan
from sdk.plan.arrange import arrange

_OPEN_TIMEOUT_S = 20.0
_CALLEE_ALIGN = 8
"""Alignment of the arena of a graph that IF or WHILE calls: that of the largest element."""
_WORTH_A_NOTE = 0.01
"""Share of the MACs in portable kernels that is called out where the core has faster instructions."""


class Watcher(Protocol):
    """Is told what goes on."""

    def stage(self, text: str) -> None:
        """A stage begins."""

    def advance(self, done: int, total: int) -> None:
        """Part of the present stage is done."""

    def log(self, text: str) -> None:
        """Output of a tool."""


@dataclass(frozen=True)
class DeployOptions:
    """How to run what was built.

    Attributes:
        emulate: use the board's emulator.
        input: file with inputs; None for random ones from ``seed``.
        repeat: inferences to run; the inputs are repeated as needed.
        port: serial port of the board, or user@host of a Linux board; None to find it.
        serial_number: of the board or its debug probe, where several are attached.
        method: of flashing; None for the first that can be used.
        warm_up: inferences before those that are measured.
    """

    emulate: bool
    input: Path | None = None
    seed: int = 1
    repeat: int = 3
    port: str | None = None
    serial_number: str | None = None
    method: str | None = None
    warm_up: int = 0


def lower(path: Path, board: Board, optimize: Optimize) -> tuple[Program, MemoryPlan]:
    """Read a model, optimise it, choose its kernels and plan its memory."""
    return plan_module(read(path), board, optimize)


def plan_module(
    module: Module, board: Board, optimize: Optimize, kernels: Mapping[int, str] | None = None
) -> tuple[Program, MemoryPlan]:
    """Optimise a module, choose its kernels, but for those named by operator, and plan its memory.

    The graphs that IF and WHILE call are planned first: their arenas are scratch of these operators.
    """
    programs: dict[int, Program] = {}
    plans: dict[int, MemoryPlan] = {}
    callees: dict[int, Callee] = {}
    for index in called_graphs(module):
        called = called_as_main(module, index)
        program, plans[index] = _plan_graph(called, board, optimize, None, callees)
        steps = tuple(replace(step, prefix=f"{graph_function(index)}_") for step in program.steps)
        programs[index] = replace(program, steps=steps)
        callees[index] = _callee(index, program, plans[index])
    program, plan = _plan_graph(module, board, optimize, kernels, callees)
    return replace(program, callees=programs), replace(plan, callees=plans)


def _callee(index: int, program: Program, plan: MemoryPlan) -> Callee:
    def places(tensors: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(plan.tensor_offset(program.storage[t]) for t in tensors)

    return Callee(
        function=graph_function(index),
        arena_bytes=plan.size,
        align=max([_CALLEE_ALIGN, *(step.prepared.align for step in program.steps)]),
        inputs=places(program.graph.inputs),
        outputs=places(program.graph.outputs),
        cost=sum(step.prepared.cost for step in program.steps),
    )


def _plan_graph(
    module: Module,
    board: Board,
    optimize: Optimize,
    kernels: Mapping[int, str] | None,
    callees: Mapping[int, Callee],
) -> tuple[Program, MemoryPlan]:
    """Optimise, choose the kernels of and plan the main graph of a module."""
    optimised = run_passes(module)
    # What memory may cost in time is measured by balanced kernels.
    chosen = Optimize.BALANCED if optimize is Optimize.MEMORY else optimize
    program = select(optimised.module, board, chosen, kernels, callees)
    program = replace(program, kept_channels=optimised.channel_maps)
    two_cores = board.cores == 2
    if optimize is Optimize.SPEED:
        return arrange(program, fastest=True, split=two_cores)
    if optimize is Optimize.BALANCED:
        return arrange(program, split=two_cores, longest_chain=3, gain=0.05, slowdown=0.08)
    if optimize is Optimize.SIZE:
        return arrange(program)
    return arrange(program, split=two_cores, longest_chain=16, slowdown=0.15)


def lower_all(
    paths: Sequence[Path], board: Board, optimize: Optimize, tuned: Sequence[Tuned] = ()
) -> list[tuple[Program, MemoryPlan]]:
    """Lower several models for one firmware, with names of their own.

    Raises:
        InputError: something was tuned for another model or board.
    """
    for t in tuned:
        if t.board != board.id:
            raise InputError("--tuned", f"made for {t.board}, not for {board.id}", "tune the model on this board")
    names: set[str] = set()
    lowered = []
    for path in paths:
        module = read(path)
        name, number = module.name, 2
        while name in names:
            name, number = f"{module.name}_{number}", number + 1
        names.add(name)
        kernels = next((t.kernels for t in tuned if t.model_sha256 == module.sha256), None)
        lowered.append(plan_module(replace(module, name=name), board, optimize, kernels))
    digests = {program.module.sha256 for program, _ in lowered}
    for t in tuned:
        if t.model_sha256 not in digests:
            raise InputError("--tuned", f"made for the model {t.model_sha256[:12]}", "tune this model")
    return lowered


def build(
    paths: Sequence[Path],
    board: Board,
    optimize: Optimize,
    out: Path,
    watcher: Watcher,
    tuned: Sequence[Tuned] = (),
) -> Firmware:
    """Build the firmware of one or several models into a folder."""
    watcher.stage("reading and planning")
    models = lower_all(paths, board, optimize, tuned)
    watcher.stage(f"building for {board.id}")
    return build_firmware(models, optimize, out, watcher.log)


@contextmanager
def running(firmware: Firmware, options: DeployOptions, watcher: Watcher) -> Iterator[tuple[Session, Runner]]:
    """A session with a firmware that has been started and has proven to be the one that was built."""
    board = firmware.board
    image = Image(firmware.elf, firmware.bin, firmware.uf2, firmware.build_id)
    runner = runner_for(
        board,
        image,
        emulate=options.emulate,
        port=options.port,
        serial_number=options.serial_number,
        method=options.method,
    )
    watcher.stage(f"starting on {runner.measured_on}")
    with runner as endpoint:
        try:
            with endpoint.session(timeout_s=_OPEN_TIMEOUT_S) as session:
                check_identity(session, firmware)
                yield session, runner
        except SessionLostError as error:
            crash = last_crash(endpoint, firmware.elf) if runner.failure() is None else ""
            if not crash:
                raise
            raise DeviceError(board.id, f"the firmware crashed: {crash}") from error


def deploy(
    paths: Sequence[Path],
    board: Board,
    optimize: Optimize,
    options: DeployOptions,
    watcher: Watcher,
    out: Path | None = None,
    tuned: Sequence[Tuned] = (),
) -> list[Record]:
    """Build, run and verify models on a board; one record for each model."""
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch:
        firmware = build(paths, board, optimize, out or Path(scratch) / "out", watcher, tuned)
        inferences = [choose_inputs(program, options) for program, _ in firmware.models]
        with running(firmware, options, watcher) as (session, runner):
            return [
                _deploy_one(firmware, index, optimize, inputs, options, Bench(session, runner, program, index), watcher)
                for index, ((program, _), inputs) in enumerate(zip(firmware.models, inferences, strict=True))
            ]


def choose_inputs(program: Program, options: DeployOptions) -> list[Inputs]:
    """The inputs of each inference that the options ask for.

    Raises:
        InputError: the file of inputs does not fit the model, or the number is none.
    """
    if options.repeat < 1:
        raise InputError("--repeat", f"{options.repeat} is not a number of inferences", "give 1 or more")
    if options.input is None:
        return random_inputs(program.graph, options.seed, options.repeat)
    given = load_inputs(options.input, program.graph)
    count = max(options.repeat, len(given))
    return [given[i % len(given)] for i in range(count)]


def _deploy_one(
    firmware: Firmware,
    index: int,
    optimize: Optimize,
    inferences: list[Inputs],
    options: DeployOptions,
    bench: Bench,
    watcher: Watcher,
) -> Record:
    program = bench.program
    watcher.stage("running the reference")
    oracle = best_for(program.module.content)
    references = oracle.run(program.module.content, inferences)
    watcher.stage(f"running {program.module.name} on {bench.runner.measured_on}")
    for _ in range(options.warm_up):
        bench.infer(inferences[0])
    measured = bench.run(inferences, lambda done: watcher.advance(done, len(inferences)))
    verification = compare(measured.outputs, references, oracle.name)
    wrong = first_different_inference(measured.outputs, references)
    if wrong is not None:
        watcher.stage("looking for the first differing layer")
        layers = layer_differences(bench, inferences[: wrong + 1], oracle, lambda _: None)
        first = next((layer for layer in layers if layer.bytes_different), None)
        verification = replace(verification, first_difference=first)
    agreement = onnx_agreement(program.module, inferences, references)
    record = _record(firmware, index, optimize, options, bench, measured, verification)
    return record if agreement is None else replace(record, notes=(*record.notes, str(agreement)))


def _record(
    firmware: Firmware,
    index: int,
    optimize: Optimize,
    options: DeployOptions,
    bench: Bench,
    measured: Measured,
    verification: Verification,
) -> Record:
    program, plan = firmware.models[index]
    board, image = firmware.board, firmware.image
    cycles = _spread([cost.cycles for cost in measured.costs])
    stalls = _spread([cost.flash_stalls for cost in measured.costs])
    micros = _spread([cost.micros for cost in measured.costs])
    if cycles is not None and board.clock_hz and (micros is None or stalls is not None):
        waiting = stalls.median if stalls else 0.0
        counts = (cycles.median, cycles.low, cycles.high)
        micros = Spread(*(1e6 * (count + waiting) / board.clock_hz for count in counts))
    weights = firmware.weights_bytes
    source = "random, seed " + str(options.seed) if options.input is None else str(options.input)
    return Record(
        model_path=program.module.path,
        model_name=program.module.name,
        model_sha256=program.module.sha256,
        board=board.id,
        core=board.core,
        clock_hz=board.clock_hz,
        build_id=firmware.build_id.hex(),
        measured_on=bench.runner.measured_on,
        cycles_source=bench.runner.cycles_source if cycles else None,
        input=source,
        verification=verification,
        cycles=cycles,
        instructions=_spread([cost.instructions for cost in measured.costs]),
        flash_stalls=stalls,
        latency_us=micros,
        macs=sum(step.prepared.macs for step in program.steps),
        memory=Memory(
            arena=plan.size,
            arena_lower_bound=plan.lower_bound,
            stack=bench.session.memory().stack_size or firmware.stack_bytes,
            stack_used=measured.stack_used,
            ram=image.ram_bytes,
            weights=weights,
            code=image.flash_bytes - weights,
            flash=image.flash_bytes,
        ),
        layers=_layers(program, plan, measured),
        setup=Setup(
            sdk=__version__,
            optimize=optimize.value,
            compiler=firmware.compiler,
            flags=firmware.flags,
            tools={
                "oracle": verification.oracle,
                "runner": bench.runner.measured_on,
                "python": platform.python_version(),
            },
        ),
        link_retries=bench.session.retries,
        notes=(
            *program.module.repairs,
            *([bench.runner.note] if bench.runner.note else []),
            *_clock_notes(measured),
            *_portable_notes(program),
        ),
    )


def _portable_notes(program: Program) -> list[str]:
    """A word about heavy layers for which the core could do more than their kernels ask of it."""
    has = sorted(program.board.features - {"fpu"})
    links = [link for step in program.steps for link in step.links]
    plain = [link for link in links if link.prepared.macs and not link.kernel.requires]
    share = sum(link.prepared.macs for link in plain) / max(1, sum(link.prepared.macs for link in links))
    if not has or share < _WORTH_A_NOTE:
        return []
    kinds = ", ".join(sorted({link.op.kind for link in plain}))
    missed = f"portable kernels, though this core has {', '.join(has)}"
    return [f"{100 * share:.0f} % of the MACs ({kinds}) are done by {missed}"]


def _clock_notes(measured: Measured) -> list[str]:
    """Why some inferences have no time, each reason once."""
    faults = [cost.clock_fault for cost in measured.costs if cost.clock_fault]
    return [f"{len(faults)} of {len(measured.costs)} inferences have no time: {faults[0]}"] if faults else []


def _spread(values: Sequence[int | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    return Spread.of(known) if known else None


def _layers(program: Program, plan: MemoryPlan, measured: Measured) -> tuple[LayerRecord, ...]:
    graph = program.graph
    records = []
    for step, cost in zip(program.steps, measured.steps, strict=True):
        tensors = [("input", graph.input(step.op, i)) for i in step.prepared.inputs]
        tensors += [("output", graph.tensors[t]) for t in step.op.outputs]
        arena = [ArenaUse(role, plan.tensor_offset(program.storage[t.id]), t.nbytes) for role, t in tensors]
        for link in step.links:
            if link.prepared.scratch_bytes:
                arena.append(ArenaUse("scratch", plan.scratch_offset(link.op.id), link.prepared.scratch_bytes))
        records.append(
            LayerRecord(
                index=step.index,
                name=step.name,
                op=step.op_name,
                kernel=step.kernel_name,
                macs=step.prepared.macs,
                cycles=cost.cycles,
                instructions=cost.instructions,
                weights_bytes=step.const_bytes,
                arena=tuple(arena),
            )
        )
    return tuple(records)


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one model over labelled data, on the device and in the oracle.

    Attributes:
        outputs_different: samples whose output bytes differ between the two.
        original: metrics in onnxruntime of the file that the model was imported from, by its name and version.
    """

    model_path: str
    board: str
    measured_on: str
    oracle: str
    device: Metrics
    reference: Metrics
    outputs_different: int
    original: tuple[str, Metrics] | None = None


def evaluate(
    path: Path,
    board: Board,
    optimize: Optimize,
    options: DeployOptions,
    load: Callable[[Graph], LabelledData],
    watcher: Watcher,
) -> Evaluation:
    """Run labelled data through a model on a device and through the oracle, and judge both."""
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch:
        firmware = build([path], board, optimize, Path(scratch) / "out", watcher)
        program, _ = firmware.models[0]
        graph = program.graph
        data = load(graph)
        watcher.stage("running the reference")
        oracle = best_for(program.module.content)
        references = [outputs[0] for outputs in oracle.run(program.module.content, data.inputs)]
        original = onnx_outputs(program.module, data.inputs)
        result = graph.tensors[graph.outputs[0]]
        journal = Journal(
            cache_folder() / "evaluate" / f"{firmware.build_id.hex()}-{data.sha256[:16]}.bin", result.nbytes
        )
        with running(firmware, options, watcher) as (session, runner):
            watcher.stage(f"running {len(data.inputs):,} samples on {runner.measured_on}")
            bench = Bench(session, runner, program, 0)
            session.reset_state(0)
            stored = run_resumable(
                lambda inputs: bench.infer(inputs)[0][0],
                data,
                journal,
                lambda done: watcher.advance(done, len(data.inputs)),
            )
        journal.remove()
        outputs = [np.frombuffer(raw, result.dtype.numpy).reshape(result.shape) for raw in stored]
        return Evaluation(
            model_path=str(path),
            board=board.id,
            measured_on=runner.measured_on,
            oracle=oracle.name,
            device=judge(graph, data, outputs),
            reference=judge(graph, data, references),
            outputs_different=sum(bool(different_bytes(a, b)) for a, b in zip(stored, references, strict=True)),
            original=original and (original[0], judge(graph, data, [outputs[0] for outputs in original[1]])),
        )


def compare_layers(
    path: Path, board: Board, optimize: Optimize, options: DeployOptions, watcher: Watcher
) -> list[Difference]:
    """Compare every layer's output on a device with the oracle's tensor."""
    with tempfile.TemporaryDirectory(prefix="sdk-") as scratch:
        firmware = build([path], board, optimize, Path(scratch) / "out", watcher)
        program, _ = firmware.models[0]
        inferences = choose_inputs(program, options)
        with running(firmware, options, watcher) as (session, runner):
            watcher.stage(f"comparing layers on {runner.measured_on}")
            bench = Bench(session, runner, program, 0)
            oracle = best_for(program.module.content)
            return layer_differences(bench, inferences, oracle, lambda n: watcher.advance(n, len(program.steps)))


def tune(
    path: Path, board: Board, options: DeployOptions, watcher: Watcher
) -> tuple[Tuned, tuple[TunedLayer, ...]]:
    """Measure the candidate kernels of every layer on a device, each with the outputs proven.

    Every firmware tries one more candidate of each layer, so their number is that of the layer with most.

    Raises:
        DeviceError: a kernel gave other bytes than the reference, or nothing counts what layers cost.
    """
    module = read(path)
    taken, _ = plan_module(module, board, Optimize.SPEED)
    names = {s.op.id: [s.kernel.name, *(kernel.name for kernel, _ in s.alternatives)] for s in taken.steps}
    trials: dict[int, dict[str, Trial]] = {op: {} for op in names}
    inputs = choose_inputs(taken, options)[0]
    reference = best_for(module.content).run(module.content, [inputs])
    rounds = max(map(len, names.values()))
    for number in range(rounds):
        kernels = {op: candidates[min(number, len(candidates) - 1)] for op, candidates in names.items()}
        lowered = plan_module(module, board, Optimize.SPEED, kernels)
        with tempfile.TemporaryDirectory(prefix="sdk-") as scratch:
            firmware = build_firmware([lowered], Optimize.SPEED, Path(scratch) / "out", watcher.log)
            with running(firmware, options, watcher) as (session, runner):
                watcher.stage(f"measuring kernels on {runner.measured_on}")
                watcher.advance(number, rounds)
                bench = Bench(session, runner, lowered[0], 0)
                session.reset_state(0)
                if compare([bench.infer(inputs)[0]], reference, "").bytes_different:
                    raise DeviceError(path, f"kernels of round {number + 1} differ from the reference", "report this")
                costs = bench.step_costs(inputs)
        for step, cost in zip(lowered[0].steps, costs, strict=True):
            count = cost.cycles if cost.cycles is not None else cost.instructions
            if count is None:
                raise DeviceError(board.id, "nothing counts what its layers cost")
            trials[step.op.id][step.kernel.name] = Trial(step.kernel.name, count, step.const_bytes)
    layers = tuple(
        TunedLayer(s.op.id, s.op.kind, s.kernel.name, tuple(sorted(trials[s.op.id].values(), key=lambda t: t.cost)))
        for s in taken.steps
    )
    return Tuned(module.sha256, board.id, runner.measured_on, winners(layers)), layers
