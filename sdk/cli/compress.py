"""sdk compress: weights of few bits, chosen by measurement."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sdk import __version__, pipeline
from sdk import board as boards
from sdk.board import Board
from sdk.cli.common import add_json, add_optimize, add_port, add_verbose, plain, target_options, watch, write_json
from sdk.compress.compress import KEEP, Compressor, Result, Sparsity, accuracy
from sdk.compress.levels import NAMES
from sdk.compress.mixed import Option, Point, front
from sdk.compress.rounding import METHODS
from sdk.compress.search import Bound, smallest_within, within
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN, InputError, SdkError
from sdk.ir import Graph, Module
from sdk.kernels.select import Optimize, select
from sdk.measure.inputs import convert
from sdk.measure.record import Record
from sdk.oracle import best
from sdk.oracle.reference import NumpyOracle, unsupported
from sdk.passes import optimize as run_passes
from sdk.read import sdkmodel
from sdk.read.tflite import read

_CALIBRATE = 100
_CHECKED = 8
"""Samples on which both references are compared."""
_SHOWN = 16
"""Points of the front that are shown."""
_UNPACKING = 2048
"""Flash of the code that unpacks weights."""
_UNITS = {"": 1, "k": 1024, "m": 1 << 20}


@dataclass(frozen=True)
class _Data:
    """Samples for calibration, labelled ones for choosing, and others for the test."""

    calibration: npt.NDArray[np.int8] | None = None
    choice: npt.NDArray[np.int8] | None = None
    choice_labels: npt.NDArray[np.int64] | None = None
    test: npt.NDArray[np.int8] | None = None
    labels: npt.NDArray[np.int64] | None = None


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compress",
        help="store weights in fewer bits, and show what it costs and gains",
        description="Compress the weights of an int8 model after training; the result is deployed like any model.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help=".tflite file with int8 weights")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="the .sdkmodel file to write")
    kinds = "|".join((*NAMES, "mixed"))
    parser.add_argument("--weights", default="4", choices=[*NAMES, "mixed"], metavar=kinds, help="levels (default: 4)")
    parser.add_argument(
        "--layer", action="append", default=[], metavar="NAME=KIND",
        help="another kind for one layer, or keep; names as the table shows them",
    )  # fmt: skip
    parser.add_argument("--rounding", choices=list(METHODS), metavar="|".join(METHODS),
                        help="default: feedback with data, else clip")  # fmt: skip
    parser.add_argument("--sparsity", metavar="0.5|2:4", help="share of weights that become 0, or N zeros of M")
    parser.add_argument("--data", type=Path, metavar="NPZ", help="samples x, and labels y where there are any")
    parser.add_argument("--divide", type=float, metavar="D", help="divide samples by this, then quantize them")
    parser.add_argument("--calibrate", type=int, metavar="N",
                        help=f"samples for calibration, the rest tests (default: {_CALIBRATE})")  # fmt: skip
    parser.add_argument("--test", type=Path, metavar="NPZ", help="labelled samples to test with, instead of the rest")
    parser.add_argument("--max-weights", type=_bytes, metavar="BYTES", help="bound for mixed: weights, such as 8k")
    parser.add_argument("--max-flash", type=_bytes, metavar="BYTES", help="bound: flash of the whole firmware")
    parser.add_argument("--max-ram", type=_bytes, metavar="BYTES", help="bound: RAM of the whole firmware")
    parser.add_argument("--max-latency", type=_seconds, metavar="TIME", help="bound: one inference, such as 15ms")
    parser.add_argument("--max-drop", type=float, metavar="POINTS", help="bound: loss of accuracy in percent points")
    parser.add_argument("--board", metavar="B", help="measure on this board, before and after")
    parser.add_argument("--emulate", action="store_true", help="measure in the board's emulator")
    add_optimize(parser)
    add_port(parser)
    add_json(parser)
    add_verbose(parser)
    parser.set_defaults(run=run)


def _bytes(text: str) -> int:
    lower = text.lower().removesuffix("b").removesuffix("i")
    unit = lower[-1:] if lower[-1:].isalpha() else ""
    try:
        return int(float(lower.removesuffix(unit)) * _UNITS[unit])
    except (KeyError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{text} is no number of bytes, such as 8k or 65536") from error


def _seconds(text: str) -> float:
    for suffix, factor in (("us", 1e-6), ("ms", 1e-3), ("s", 1.0)):
        if text.endswith(suffix):
            try:
                return float(text.removesuffix(suffix)) * factor
            except ValueError:
                break
    raise argparse.ArgumentTypeError(f"{text} is no time, such as 15ms")


def run(options: argparse.Namespace, console: Console) -> int:
    """Run the command."""
    module = read(options.model)
    board = _board(options)
    data = _load(options, module.main)
    with watch(console, options.verbose) as watcher:
        watcher.stage("calibrating")
        compressor = Compressor(module, data.calibration)
        before = None if board is None else _measure(options, options.model, board, watcher)
        kinds, points = _kinds(options, compressor, data, board, before, watcher)
        watcher.stage("compressing")
        result = compressor.compress(kinds, options.rounding, _sparsity(options.sparsity), watcher.advance)
        scores = _scores(module, result.module, data)
        watcher.stage("comparing both references")
        _check_references(result.module, data)
        _write(options, module, result, scores, points)
        after = None if board is None else _measure(options, options.out, board, watcher)
    for warning in compressor.warnings:
        console.print(f"[yellow]warning:[/] {plain(warning)}", highlight=False)
    _show(console, result, scores, (before, after), points)
    if options.json:
        records = {"before": before and before.to_json(), "after": after and after.to_json()}
        write_json(options.json, {"layers": result.to_json(), "accuracy": scores, "front": points, **records})
    _enforce(options, scores, after)
    return EXIT_PROVEN if after is None or after.verification.verified else EXIT_DIFFERENT


def _scores(before: Module, after: Module, data: _Data) -> dict[str, Any] | None:
    """Accuracy in percent on samples that had no part in compression."""
    if data.test is None or data.labels is None:
        return None
    first, second = (100 * accuracy(module, data.test, data.labels) for module in (before, after))
    used = 0 if data.calibration is None else len(data.calibration)
    return {"samples": len(data.test), "calibration_samples": used, "before": first, "after": second}


def _board(options: argparse.Namespace) -> Board | None:
    bounds = [name for name in ("max_flash", "max_ram", "max_latency") if getattr(options, name) is not None]
    if options.board is None and bounds:
        raise InputError(f"--{bounds[0].replace('_', '-')}", "needs a board to measure on", "give --board")
    if options.max_drop is not None and options.data is None:
        raise InputError("--max-drop", "needs labelled data", "give --data")
    return None if options.board is None else boards.load(options.board)


def _samples(path: Path, graph: Graph, divide: float | None) -> tuple[npt.NDArray[np.int8], npt.NDArray[Any] | None]:
    """Samples as the model takes them, and labels where there are any."""
    if len(graph.inputs) != 1:
        raise InputError(path, f"calibration feeds one input, the model has {len(graph.inputs)}")
    tensor = graph.tensors[graph.inputs[0]]
    try:
        with np.load(path, allow_pickle=False) as archive:
            if "x" not in archive.files:
                raise InputError(path, "has no array 'x'", "store samples as x, first dimension the samples")
            x, y = archive["x"], archive["y"] if "y" in archive.files else None
    except (OSError, ValueError) as error:
        raise InputError(path, f"can't be read as .npz: {error}") from error
    if len(x) == 0 or x[0].size != tensor.elements:
        size = x[0].size if len(x) else 0
        raise InputError(path, f"a sample has {size} values, the model's input {tensor.elements} {list(tensor.shape)}")
    if y is not None and len(y) != len(x):
        raise InputError(path, f"x has {len(x)} samples and y {len(y)} labels", "give as many labels as samples")
    values = convert(x.astype(np.float64) / divide if divide is not None else x, tensor, path)
    return values.reshape(len(x), *tensor.shape[1:]), None if y is None else y.astype(np.int64)


def _load(options: argparse.Namespace, graph: Graph) -> _Data:
    if options.data is None:
        return _Data()
    x, y = _samples(options.data, graph, options.divide)
    count = options.calibrate or _CALIBRATE
    rest = slice(count, None)
    chosen = slice(count, count)
    if options.max_drop is not None:
        # A third of what is left is for choosing: the test must not have seen the choice.
        chosen, rest = slice(count, count + len(x[count:]) // 3), slice(count + len(x[count:]) // 3, None)
    found = _Data(x[:count])
    if y is not None and len(x[chosen]):
        found = replace(found, choice=x[chosen], choice_labels=y[chosen])
    if options.test is not None:
        test, labels = _samples(options.test, graph, options.divide)
        return replace(found, test=test, labels=labels)
    return found if y is None or not len(x[rest]) else replace(found, test=x[rest], labels=y[rest])


def _sparsity(text: str | None) -> Sparsity | None:
    if text is None:
        return None
    zeros, _, group = text.partition(":")
    try:
        found = Sparsity(float(zeros), int(group or 0))
    except ValueError:
        found = Sparsity(-1)
    if not 0 < found.zeros < (found.group or 1):
        raise InputError("--sparsity", f"{text} is no share of weights", "give 0.5, or 2:4 for two zeros of four")
    return found


def _measure(options: argparse.Namespace, model: Path, board: Board, watcher: Any) -> Record:
    """Build, run and verify a model."""
    target = replace(target_options(options), repeat=1)
    return pipeline.deploy([model], board, options.optimize, target, watcher)[0]


def _kinds(
    options: argparse.Namespace,
    compressor: Compressor,
    data: _Data,
    board: Board | None,
    before: Record | None,
    watcher: Any,
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The kind of each layer; for mixed also points of the front of choices."""
    given = dict(_pair(text) for text in options.layer)
    names = [layer.name for layer in compressor.layers]
    if options.weights != "mixed":
        return {**dict.fromkeys(names, options.weights), **given}, []
    watcher.stage("measuring what each layer bears")
    choices = compressor.options(given, done=watcher.advance)
    size, time = _size_bound(options, compressor, before), None
    if options.max_latency is not None and board is not None and before is not None:
        watcher.stage("estimating cycles")
        choices = _with_cycles(compressor, choices, board, options.optimize)
        time = _time_bound(options.max_latency, choices, board, before)
    points = [_point_json(p) for p in _spread(front(choices), _SHOWN)]
    if size is None and time is None and options.max_drop is not None:
        watcher.stage("searching the smallest within --max-drop")
        return dict(smallest_within(choices, lambda p: _drop(compressor, p, data), options.max_drop)[0].kinds), points
    return dict(within(choices, size, time).kinds), points


def _pair(text: str) -> tuple[str, str]:
    name, _, kind = text.partition("=")
    if kind not in (*NAMES, KEEP):
        raise InputError(f"--layer {text}", "is not NAME=KIND", f"kinds are {', '.join(NAMES)} and {KEEP}")
    return name, kind


def _size_bound(options: argparse.Namespace, compressor: Compressor, before: Record | None) -> Bound | None:
    """The tighter of the bounds on weights and on flash, in bytes of weights."""
    bounds = []
    if options.max_weights is not None:
        bounds.append(Bound("--max-weights", f"{options.max_weights}", options.max_weights, str))
    if options.max_flash is not None and before is not None:
        stored = sum(layer.levels.size for layer in compressor.layers)
        rest = before.memory.flash - stored + _UNPACKING
        bounds.append(
            Bound("--max-flash", f"{options.max_flash}", options.max_flash - rest, lambda least: str(least + rest))
        )
    return min(bounds, key=lambda bound: bound.limit, default=None)


def _with_cycles(
    compressor: Compressor, choices: Mapping[str, list[Option]], board: Board, optimize: Optimize
) -> dict[str, list[Option]]:
    """The options with the cycles of the kernels that would be chosen, by the cost model."""
    cycles: dict[tuple[str, str], int] = {}
    for kind in {option.kind for found in choices.values() for option in found}:
        module = compressor.compress({layer.name: kind for layer in compressor.layers}, "clip").module
        for step in select(run_passes(module).module, board, optimize).steps:
            for layer in compressor.layers:
                if layer.op.outputs[0] == step.op.outputs[0]:
                    cycles[layer.name, kind] = step.prepared.cost
    return {
        name: [replace(o, cycles=cycles.get((name, o.kind), 0)) for o in found] for name, found in choices.items()
    }


def _time_bound(seconds: float, choices: Mapping[str, list[Option]], board: Board, before: Record) -> Bound:
    """Cycles of the cost model that the layers may take: it is scaled by what was measured before."""
    if not board.clock_hz or before.cycles is None:
        raise InputError("--max-latency", f"{board.id} does not count cycles", "give a board that does")
    scale = before.cycles.median / board.clock_hz / max(sum(max(o.cycles for o in of) for of in choices.values()), 1)
    return Bound(
        "--max-latency", f"{1e3 * seconds:g}ms", int(seconds / scale), lambda least: f"{1e3 * least * scale:.1f}ms"
    )


def _drop(compressor: Compressor, point: Point, data: _Data) -> float:
    """Percent points that an assignment loses on the samples for choosing."""
    if data.choice is None or data.choice_labels is None:
        raise InputError("--max-drop", "needs labelled samples besides those for calibration", "give more data")
    module = compressor.compress(point.kinds).module
    return 100 * (
        accuracy(compressor.module, data.choice, data.choice_labels)
        - accuracy(module, data.choice, data.choice_labels)
    )


def _spread(points: Sequence[Point], count: int) -> list[Point]:
    """Some of the points, evenly over the logarithm of their sizes."""
    sizes = np.geomspace(max(points[0].nbytes, 1), max(points[-1].nbytes, 1), count)
    indices = {int(np.argmin([abs(p.nbytes - size) for p in points])) for size in sizes}
    return [points[i] for i in sorted(indices)]


def _point_json(point: Point) -> dict[str, Any]:
    return {"bytes": point.nbytes, "loss": point.loss, "kinds": dict(point.kinds)}


def _check_references(module: Module, data: _Data) -> None:
    """Both references must give the same bytes for the compressed model.

    Raises:
        SdkError: they differ: a defect.
    """
    samples = data.calibration
    if unsupported(module.main) is not None:
        return
    if samples is None:
        shapes = [module.main.tensors[t].shape for t in module.main.inputs]
        rng = np.random.default_rng(1)
        inputs = [[rng.integers(-128, 128, shape).astype(np.int8) for shape in shapes] for _ in range(_CHECKED)]
    else:
        shape = module.main.tensors[module.main.inputs[0]].shape
        inputs = [[sample.reshape(shape)] for sample in samples[:_CHECKED]]
    ours, theirs = NumpyOracle().run(module.content, inputs), best().run(module.content, inputs)
    for got, wanted in zip(ours, theirs, strict=True):
        if any(a.tobytes() != b.tobytes() for a, b in zip(got, wanted, strict=True)):
            raise SdkError(module.path, f"{best().name} and the numpy reference differ on the compressed model")


def _write(options: argparse.Namespace, module: Module, result: Result, scores: Any, points: Any) -> None:
    manifest = {
        "source": Path(module.path).name,
        "source_sha256": module.sha256,
        "sdk": __version__,
        "accuracy": scores,
        "layers": result.to_json(),
        "front": points,
    }
    try:
        options.out.write_bytes(sdkmodel.pack(result.module.content, manifest))
    except OSError as error:
        raise InputError(options.out, f"can't be written: {error.strerror or error}") from error


def _enforce(options: argparse.Namespace, scores: Mapping[str, Any] | None, after: Record | None) -> None:
    """Check the result against the bounds.

    Raises:
        InputError: a bound is broken; it tells what was reached.
    """
    broken = []
    if after is not None:
        if options.max_flash is not None and after.memory.flash > options.max_flash:
            broken.append(("--max-flash", options.max_flash, f"{after.memory.flash} bytes"))
        if options.max_ram is not None and after.memory.ram > options.max_ram:
            broken.append(("--max-ram", options.max_ram, f"{after.memory.ram} bytes"))
        latency = after.latency_us
        if options.max_latency is not None and latency is not None and latency.median > 1e6 * options.max_latency:
            broken.append(("--max-latency", f"{1e3 * options.max_latency:g}ms", f"{latency.median / 1e3:.2f} ms"))
    if options.max_drop is not None and scores is not None:
        drop = scores["before"] - scores["after"]
        if drop > options.max_drop:
            broken.append(("--max-drop", options.max_drop, f"{drop:.2f} points on the test samples"))
    if broken:
        flag, given, got = broken[0]
        raise InputError(f"{flag} {given}", f"is not met: {got}", "the model was written; give more room")


def _show(
    console: Console,
    result: Result,
    scores: Mapping[str, Any] | None,
    records: tuple[Record | None, Record | None],
    points: Sequence[Mapping[str, Any]],
) -> None:
    table = Table("layer", "operator", "levels", "method", "stored as", title="Weights", title_justify="left")
    for heading in ("bytes before", "after", "output error"):
        table.add_column(heading, justify="right")
    for layer in result.layers:
        error = "" if layer.error is None else f"{layer.error:.1%}"
        table.add_row(
            plain(layer.name), layer.operator, layer.kind, layer.method, layer.encoding, f"{layer.bytes_before:,}",
            f"{layer.bytes_after:,}", error,
        )  # fmt: skip
    before = sum(layer.bytes_before for layer in result.layers)
    table.add_row("all", "", "", "", "", f"{before:,}", f"{result.nbytes:,}", "")
    console.print(table)
    if points:
        choices = Table("bytes", "loss", "levels", title="Choices: the least loss for each size", title_justify="left")
        for point in points:
            choices.add_row(f"{point['bytes']:,}", f"{point['loss']:.4f}", " ".join(point["kinds"].values()))
        console.print(choices)
    summary = Table("", "before", "after", title="Result", title_justify="left")
    if scores is not None:
        what = f"accuracy on {scores['samples']:,} samples"
        summary.add_row(what, f"{scores['before']:.2f} %", f"{scores['after']:.2f} %")
    old, new = records
    if old is not None and new is not None:
        rows = [(name, getattr(old.memory, name), getattr(new.memory, name)) for name in ("flash", "weights", "ram")]
        for name, first, second in rows:
            summary.add_row(f"{name} bytes", f"{first:,}", f"{second:,}")
        if old.cycles is not None and new.cycles is not None:
            summary.add_row("cycles", f"{old.cycles.median:,.0f}", f"{new.cycles.median:,.0f}")
        verified = "every byte equals" if new.verification.verified else "DIFFERS from"
        summary.caption = f"{new.board}, {new.measured_on}: {verified} {new.verification.oracle}"
    if summary.row_count:
        console.print(summary)
