"""sdk compress: weights of few bits, chosen by measurement."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
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
from sdk.compress.lowrank import Factored, LowRank
from sdk.compress.mixed import Option, Point
from sdk.compress.predict import Cost, Predictor
from sdk.compress.rounding import METHODS
from sdk.compress.search import Candidate, Limits, candidates, choose, smallest_within
from sdk.errors import EXIT_DIFFERENT, EXIT_PROVEN, InputError, SdkError
from sdk.ir import Graph, Module
from sdk.measure.inputs import convert, read_samples
from sdk.measure.record import Record
from sdk.oracle import best
from sdk.oracle.reference import NumpyOracle, unsupported
from sdk.read import sdkmodel
from sdk.read.tflite import read
from sdk.report.plot import front_svg

_CALIBRATE = 100
_CHECKED = 8
"""Samples on which both references are compared."""
_ROUNDS = 3
"""Most models that are measured until one keeps to the bounds."""
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
    parser.add_argument("--weights", choices=[*NAMES, "mixed"], metavar=kinds,
                        help="levels (default: 4; with a bound: mixed; with --low-rank: as they are)")  # fmt: skip
    parser.add_argument(
        "--layer", action="append", default=[], metavar="NAME=KIND",
        help="another kind for one layer, or keep; names as the table shows them",
    )  # fmt: skip
    parser.add_argument("--rounding", choices=list(METHODS), metavar="|".join(METHODS),
                        help="default: feedback with data, else clip")  # fmt: skip
    parser.add_argument("--sparsity", metavar="0.5|2:4", help="share of weights that become 0, or N zeros of M")
    parser.add_argument(
        "--low-rank", action="append", default=[], metavar="0.95|LAYER=RANK",
        help="make two layers of one: by the share of energy kept, or a layer's rank",
    )  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="NPZ", help="samples x, and labels y where there are any")
    parser.add_argument("--labels", action="store_true", help="refuse data without labels")
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
    parser.add_argument("--plot", type=Path, metavar="SVG", help="draw the choices of mixed")
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
    limits = _limits(options)
    if options.weights is None:
        whole = KEEP if options.low_rank else "4"
        options.weights = whole if limits == Limits() else "mixed"
    if options.plot and options.weights != "mixed":
        raise InputError("--plot", "draws the choices of mixed", "use --weights mixed, or give a bound")
    if options.weights == KEEP and not options.layer:
        for flag, given in (("--sparsity", options.sparsity), ("--rounding", options.rounding)):
            if given is not None:
                raise InputError(flag, "changes nothing: --low-rank alone keeps weights in int8", "give --weights too")
    low_rank = _low_rank(options.low_rank)
    data = _load(options, module.main)
    with watch(console, options.verbose) as watcher:
        watcher.stage("calibrating")
        compressor = Compressor(module, data.calibration)
        factored: tuple[Factored, ...] = ()
        if low_rank is not None:
            watcher.stage("factorising")
            compressor, factored = compressor.factorised(low_rank)
        before = None if board is None else _measure(options, options.model, board, watcher)
        job = _Job(options, module, compressor, factored, data, limits, board, before, watcher)
        made = job.mixed() if options.weights == "mixed" else job.uniform()
    for warning in compressor.warnings:
        console.print(f"[yellow]warning:[/] {plain(warning)}", highlight=False)
    if low_rank is not None and not factored:
        console.print("[yellow]warning:[/] no layer has fewer weights as two at --low-rank's energy", highlight=False)
    _show(console, made, before)
    if options.json:
        records = {"before": before and before.to_json(), "after": made.record and made.record.to_json()}
        write_json(options.json, {**made.to_json(), **records})
    if options.plot and made.chosen is not None:
        _plot(options.plot, module, made.points, made.chosen)
    _enforce(options, made.scores, made.record)
    return EXIT_PROVEN if made.record is None or made.record.verification.verified else EXIT_DIFFERENT


@dataclass(frozen=True)
class _Made:
    """The compressed model, written and measured.

    Attributes:
        chosen: what mixed chose and its prediction; None for other kinds.
        points: all that it chose from.
        factored: layers that became two.
    """

    result: Result
    scores: Mapping[str, Any] | None
    record: Record | None
    chosen: Candidate | None = None
    points: tuple[Candidate, ...] = ()
    factored: tuple[Factored, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "low_rank": [layer.to_json() for layer in self.factored],
            "layers": self.result.to_json(),
            "accuracy": self.scores,
            "predicted": None if self.chosen is None else _candidate_json(self.chosen),
            "front": [_candidate_json(point) for point in self.points],
        }


@dataclass(frozen=True)
class _Job:
    """What is asked for.

    Attributes:
        module: the model as given.
        compressor: of the model with the layers of ``factored`` in two.
        before: the given model's measurement; None without a board.
    """

    options: argparse.Namespace
    module: Module
    compressor: Compressor
    factored: tuple[Factored, ...]
    data: _Data
    limits: Limits
    board: Board | None
    before: Record | None
    watcher: Any

    def uniform(self) -> _Made:
        """One kind for all layers but those of --layer."""
        names = [layer.name for layer in self.compressor.layers]
        return self._make({**dict.fromkeys(names, self.options.weights), **self._given()})

    def mixed(self) -> _Made:
        """Search; where the measurement breaks a bound that the prediction kept, predict from it and search again."""
        compressor, watcher = self.compressor, self.watcher
        watcher.stage("measuring what each layer bears")
        options = compressor.options(self._given(), done=watcher.advance)
        predictor = None
        if self.board is not None and self.before is not None:
            predictor = Predictor(self.module, self.before, self.board, self.options.optimize)
        for _ in range(_ROUNDS):
            watcher.stage("planning the choices")
            points = tuple(candidates(compressor, options, self.limits, predictor, watcher.advance))
            chosen = self._choose(options, points, predictor)
            made = self._make(chosen.point.kinds, chosen, points)
            if made.record is None or predictor is None:
                break
            if Candidate(chosen.point, Cost.measured(made.record)).keeps(self.limits):
                break
            predictor.learn(made.result.module, made.record)
        return made

    def _choose(
        self, options: Mapping[str, list[Option]], points: Sequence[Candidate], predictor: Predictor | None
    ) -> Candidate:
        if self.limits.drop is None:
            return choose(points, self.limits)
        if self.limits.of_cost():
            chosen = choose(points, self.limits)
            drop = self._drop(chosen.point)
            if drop > self.limits.drop:
                raise InputError(
                    f"--max-drop {self.limits.drop:g}", "can't be met together with the other bounds",
                    f"the nearest point within them drops {drop:.2f} points",
                )  # fmt: skip
            return chosen
        self.watcher.stage("searching the smallest within --max-drop")
        point, _ = smallest_within(options, self._drop, self.limits.drop)
        cost = None if predictor is None else predictor.predict(self.compressor.compress(point.kinds, "clip").module)
        return Candidate(point, cost)

    def _drop(self, point: Point) -> float:
        """Percent points that an assignment loses on the samples for choosing."""
        samples, labels = self.data.choice, self.data.choice_labels
        if samples is None or labels is None:
            raise InputError("--max-drop", "needs labelled samples besides those for calibration", "give more data")
        module = self.compressor.compress(point.kinds).module
        return 100 * (accuracy(self.module, samples, labels) - accuracy(module, samples, labels))

    def _given(self) -> dict[str, str]:
        return dict(_pair(text) for text in self.options.layer)

    def _make(
        self, kinds: Mapping[str, str], chosen: Candidate | None = None, points: tuple[Candidate, ...] = ()
    ) -> _Made:
        options, compressor, watcher = self.options, self.compressor, self.watcher
        watcher.stage("compressing")
        result = compressor.compress(kinds, options.rounding, _sparsity(options.sparsity), watcher.advance)
        scores = _scores(self.module, result.module, self.data)
        watcher.stage("comparing both references")
        _check_references(result.module, self.data)
        made = _Made(result, scores, None, chosen, points, self.factored)
        _write(options, self.module, made)
        if self.board is None:
            return made
        return replace(made, record=_measure(options, options.out, self.board, watcher))


def _limits(options: argparse.Namespace) -> Limits:
    latency = None if options.max_latency is None else 1e6 * options.max_latency
    return Limits(options.max_weights, options.max_flash, options.max_ram, latency, options.max_drop)


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
    found = read_samples(path, tensor, labels=False)
    x = found["x"]
    values = convert(x.astype(np.float64) / divide if divide is not None else x, tensor, path)
    return values.reshape(len(x), *tensor.shape[1:]), found.get("y")


def _load(options: argparse.Namespace, graph: Graph) -> _Data:
    if options.data is None:
        return _Data()
    x, y = _samples(options.data, graph, options.divide)
    if y is None and (options.labels or options.max_drop is not None):
        raise InputError(options.data, "has no labels y", "store a class for each sample")
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


def _low_rank(texts: Sequence[str]) -> LowRank | None:
    energy, ranks = None, {}
    for text in texts:
        name, of_layer, value = text.partition("=")
        try:
            if of_layer:
                ranks[name] = int(value)
            else:
                energy = float(text)
                if not 0 < energy <= 1:
                    raise ValueError
        except ValueError as error:
            hint = "give a share of energy such as 0.95, or a rank such as fc0=16"
            raise InputError("--low-rank", f"{text} is neither a share nor LAYER=RANK", hint) from error
    return LowRank(energy, ranks) if texts else None


def _measure(options: argparse.Namespace, model: Path, board: Board, watcher: Any) -> Record:
    """Build, run and verify a model."""
    target = replace(target_options(options), repeat=1)
    return pipeline.deploy([model], board, options.optimize, target, watcher)[0]


def _pair(text: str) -> tuple[str, str]:
    name, _, kind = text.partition("=")
    if kind not in (*NAMES, KEEP):
        raise InputError(f"--layer {text}", "is not NAME=KIND", f"kinds are {', '.join(NAMES)} and {KEEP}")
    return name, kind


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    point = candidate.point
    cost = {} if candidate.cost is None else asdict(candidate.cost)
    return {"bytes": point.nbytes, "loss": point.loss, "kinds": dict(point.kinds), **cost}


def _plot(path: Path, module: Module, points: Sequence[Candidate], chosen: Candidate) -> None:
    """Draw the choices.

    Raises:
        InputError: the file can't be written.
    """
    places = [(float(c.point.nbytes), c.point.loss) for c in (*points, chosen)]
    title = f"{Path(module.path).name}: the least loss for each size"
    try:
        path.write_text(front_svg(places[:-1], places[-1], title, "bytes of weights", "loss"), encoding="utf-8")
    except OSError as error:
        raise InputError(path, f"can't be written: {error.strerror or error}") from error


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


def _write(options: argparse.Namespace, module: Module, made: _Made) -> None:
    manifest = {
        "source": Path(module.path).name, "source_sha256": module.sha256, "sdk": __version__, **made.to_json()
    }  # fmt: skip
    try:
        options.out.write_bytes(sdkmodel.pack(made.result.module.content, manifest))
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


def _show(console: Console, made: _Made, old: Record | None) -> None:
    result, scores, new = made.result, made.scores, made.record
    if made.factored:
        console.print(_factored(made.factored))
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
    if made.points:
        console.print(_choices(made.points))
    summary = Table("", title="Result", title_justify="left")
    for heading in ("before", "predicted", "after"):
        summary.add_column(heading, justify="right")
    if scores is not None:
        what = f"accuracy on {scores['samples']:,} samples"
        summary.add_row(what, f"{scores['before']:.2f} %", "", f"{scores['after']:.2f} %")
    if old is not None and new is not None:
        cost = None if made.chosen is None else made.chosen.cost
        for name in ("flash", "weights", "ram"):
            predicted = getattr(cost, name, None)
            summary.add_row(
                f"{name} bytes", f"{getattr(old.memory, name):,}", "" if predicted is None else f"{predicted:,}",
                f"{getattr(new.memory, name):,}",
            )  # fmt: skip
        if old.cycles is not None and new.cycles is not None:
            summary.add_row("cycles", f"{old.cycles.median:,.0f}", "", f"{new.cycles.median:,.0f}")
        if old.latency_us is not None and new.latency_us is not None:
            predicted = None if cost is None or cost.latency_us is None else cost.latency_us
            times = (old.latency_us.median, predicted, new.latency_us.median)
            summary.add_row("latency", *("" if us is None else f"{us / 1e3:.2f} ms" for us in times))
        verified = "every byte equals" if new.verification.verified else "DIFFERS from"
        summary.caption = f"{new.board}, {new.measured_on}: {verified} {new.verification.oracle}"
    if summary.row_count:
        console.print(summary)


def _factored(layers: Sequence[Factored]) -> Table:
    table = Table("layer", "operator", title="Low rank: two layers for one", title_justify="left")
    for heading in ("rank", "of", "energy", "weights before", "after", "output error"):
        table.add_column(heading, justify="right")
    for layer in layers:
        table.add_row(
            plain(layer.name), layer.operator, f"{layer.rank:,}", f"{layer.full_rank:,}", f"{layer.energy:.2%}",
            f"{layer.weights_before:,}", f"{layer.weights_after:,}", f"{layer.error:.1%}",
        )  # fmt: skip
    before, after = sum(layer.weights_before for layer in layers), sum(layer.weights_after for layer in layers)
    error = sum(layer.error for layer in layers)
    table.add_row("all", "", "", "", "", f"{before:,}", f"{after:,}", f"{error:.1%}")
    return table


def _choices(points: Sequence[Candidate]) -> Table:
    table = Table(title="Choices: the least loss for each size", title_justify="left")
    for heading in ("bytes", "loss", "flash", "RAM", "latency"):
        table.add_column(heading, justify="right")
    table.add_column("levels")
    for candidate in points:
        cost, point = candidate.cost, candidate.point
        told = ["", "", ""]
        if cost is not None:
            latency = "" if cost.latency_us is None else f"{cost.latency_us / 1e3:.2f} ms"
            told = [f"{cost.flash:,}", f"{cost.ram:,}", latency]
        table.add_row(f"{point.nbytes:,}", f"{point.loss:.4f}", *told, " ".join(point.kinds.values()))
    return table
