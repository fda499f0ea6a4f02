"""Compress a model's weights layer by layer, from the input on, each made to suit what those before it became."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.compress.layers import Layer, layers, moments, stored_bytes, with_weights
from sdk.compress.levels import Floats, levels_for
from sdk.compress.lowrank import Factored, LowRank, factorise
from sdk.compress.mixed import Option
from sdk.compress.rounding import METHODS, NEED_DATA, TERNARY_ONLY, Mask, Moments, Problem, Rounded
from sdk.errors import InputError, UnsupportedError
from sdk.ir import Graph, Module
from sdk.oracle.reference import run_graph, run_operators, unsupported
from sdk.read.tflite import read_bytes
from sdk.write.tflite import write

Bytes = npt.NDArray[np.int8]

_Change = tuple[Layer, Rounded, Floats | None]
"""A layer, what became of its weights, and what is added to its real output."""

KEEP = "keep"
"""The kind of a layer that stays as it is."""
MIXED_KINDS = ("ternary", "2", "3", "4", "5", "6", KEEP)
_FEWEST = 20
_FEW = 100
_SCALED = "were they scaled as the model expects?"


@dataclass(frozen=True)
class LayerResult:
    """What became of a layer.

    Attributes:
        kind: of levels.
        method: that chose them.
        encoding: how they are stored.
        bytes_before: of the weights.
        bytes_after: of the weights, tables included.
        error: root mean square error of its output relative to the output's spread, over the calibration data; None
            without.
    """

    name: str
    operator: str
    kind: str
    method: str
    encoding: str
    bytes_before: int
    bytes_after: int
    error: float | None


@dataclass(frozen=True)
class Result:
    """A compressed model."""

    module: Module
    layers: tuple[LayerResult, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of all weights that can be compressed."""
        return sum(layer.bytes_after for layer in self.layers)

    def to_json(self) -> list[dict[str, Any]]:
        """Plain values."""
        return [asdict(layer) for layer in self.layers]


@dataclass(frozen=True)
class Sparsity:
    """Which weights become 0: those with the least |w| times the root mean square of their input.

    Source of the measure: Sun et al., "A Simple and Effective Pruning Approach for Large Language Models" (Wanda),
    2023; without data it is the magnitude. What they contributed is fed back to the others by method ``feedback``, as
    in Frantar and Alistarh, "SparseGPT", 2023.

    Attributes:
        zeros: in each group, or the share of a channel when group is 0.
        group: consecutive taps of a group (N:M pruning); 0: a whole channel.
    """

    zeros: float
    group: int = 0

    def mask(self, weights: Floats, given: Moments | None) -> Mask:
        """False where a weight becomes 0: [channels, taps]."""
        power = np.ones((1, weights.shape[1])) if given is None else np.diagonal(given.g, axis1=1, axis2=2)
        measure = np.abs(weights) * np.sqrt(power)
        taps = weights.shape[1]
        size = self.group or taps
        count = int(self.zeros if self.group else self.zeros * taps)
        mask = np.ones(weights.shape, np.bool_)
        for start in range(0, taps - size + 1, size):
            weakest = np.argsort(measure[:, start : start + size], axis=1)[:, :count]
            np.put_along_axis(mask, start + weakest, False, axis=1)
        return mask


def check_data(graph: Graph, data: Bytes) -> list[str]:
    """What is doubtful about calibration data.

    Raises:
        InputError: they can't be used.
    """
    if len(data) < _FEWEST:
        raise InputError("calibration data", f"are {len(data)} samples", f"give at least {_FEWEST}, better {_FEW}")
    if (data == data[:1]).all():
        raise InputError("calibration data", "are one and the same sample again and again", "give different ones")
    warnings = []
    if len(data) < _FEW:
        warnings.append(f"only {len(data)} calibration samples: {_FEW} or more are safer")
    low, high = np.percentile(data, (0.1, 99.9))
    if high - low < 16:
        warnings.append(f"calibration inputs use only {low:.0f} .. {high:.0f} of -128 .. 127: {_SCALED}")
    share = float(np.mean((data == -128) | (data == 127)))
    if share > 0.98:
        warnings.append(f"{share:.0%} of the calibration inputs are -128 or 127: {_SCALED}")
    return warnings


def _changed(module: Module, changes: Mapping[int, _Change]) -> Module:
    return with_weights(module, changes) if changes else module


class Compressor:
    """Compresses one model.

    Args:
        module: an int8 model.
        data: [samples, ...] int8 inputs for calibration; None: none.

    Raises:
        UnsupportedError: there is nothing to compress, or the model can't be run for calibration.
        InputError: the data can't be used.
    """

    def __init__(self, module: Module, data: Bytes | None = None) -> None:
        self.module = module
        self.layers = layers(module.main)
        if not self.layers:
            raise UnsupportedError(module.path, "has no int8 layer with constant weights and a bias to compress")
        self.data = data
        self.warnings: list[str] = []
        self._original: dict[int, Bytes] = {}
        if data is not None:
            problem = unsupported(module.main)
            if problem is not None:
                raise UnsupportedError(module.path, f"{problem} can't be calibrated", "compress it without --data")
            self.warnings = check_data(module.main, data)
            self._original = run_graph(module.main, [data])

    def factorised(self, wanted: LowRank) -> tuple[Compressor, tuple[Factored, ...]]:
        """A compressor of the model with low-rank layers, and what became of them.

        Raises:
            InputError: there are no data; a layer is unknown, or its rank impossible or without gain.
        """
        if self.data is None:
            raise InputError("--low-rank", "needs calibration data for the range between both layers", "give --data")
        module, told = factorise(self.module, self._original, wanted)
        return Compressor(reread(module), self.data), told

    def compress(
        self,
        kinds: Mapping[str, str],
        method: str | None = None,
        sparsity: Sparsity | None = None,
        done: Callable[[int, int], None] = lambda done, total: None,
    ) -> Result:
        """Compress the layers.

        Args:
            kinds: of each layer to compress, by name.
            method: a key of METHODS; None: feedback with data, else clip.
            sparsity: which weights become 0.
            done: is told how many layers are done.

        Raises:
            InputError: a layer or method is unknown, or they don't go together.
        """
        method = method or ("clip" if self.data is None else "feedback")
        self._check(kinds, method)
        changes: dict[int, _Change] = {}
        results = []
        known, position = dict(self._original), 0
        for index, layer in enumerate(self.layers):
            kind = kinds.get(layer.name, KEEP)
            given = None
            if self.data is not None and kind != KEEP:
                now, position = self._advance(changes, known, position, layer), self._index(layer)
                given = moments(self.module.main, layer, self._original[self._input(layer)], now)
            if kind != KEEP:
                changes[layer.op.id] = self._round(layer, kind, method, given, sparsity)
            results.append(self._result(layer, kind, method, changes.get(layer.op.id), given))
            done(index + 1, len(self.layers))
        return Result(reread(_changed(self.module, changes)), tuple(results))

    def options(
        self, fixed: Mapping[str, str], done: Callable[[int, int], None] = lambda done, total: None
    ) -> dict[str, list[Option]]:
        """Bytes and loss of each layer compressed alone; cycles are 0.

        ``fixed`` has the kinds of layers that leave no choice.

        The loss is the mean squared change of the output before a final SOFTMAX, relative to its spread. Losses of
        layers are taken to add up, as in Dong et al., "HAWQ-V2", 2020, there with a Hessian, here measured.
        """
        if self.data is None:
            raise InputError("--weights mixed", "needs calibration data", "give --data")
        found: dict[str, list[Option]] = {}
        self._check(fixed, "feedback")
        for index, layer in enumerate(self.layers):
            kinds = (fixed[layer.name],) if layer.name in fixed else MIXED_KINDS
            source = self._original[self._input(layer)]
            given = moments(self.module.main, layer, source, source)
            found[layer.name] = []
            for kind in kinds:
                if kind == KEEP:
                    found[layer.name].append(Option(kind, stored_bytes(layer.levels.astype(np.int8))[1], 0, 0.0))
                    continue
                change = self._round(layer, kind, "feedback", given, None)
                nbytes = stored_bytes(change[1].levels.astype(np.int8))[1]
                loss = self._loss_of(layer, change)
                found[layer.name].append(Option(kind, nbytes, 0, loss))
            done(index + 1, len(self.layers))
        return found

    def _loss_of(self, layer: Layer, change: _Change) -> float:
        """Mean squared change of the output before a final SOFTMAX, relative to its variance."""
        graph, logits = _changed(self.module, {layer.op.id: change}).main, self._logits()
        rest = graph.ops[self._index(layer) :]
        got = run_operators(graph, rest, self._original, [logits])[logits]
        wanted = self._original[logits].astype(np.float64)
        return float(np.mean((got - wanted) ** 2) / max(wanted.var(), 1e-12))

    def _check(self, kinds: Mapping[str, str], method: str) -> None:
        names = {layer.name for layer in self.layers}
        unknown = sorted(set(kinds) - names)
        if unknown:
            raise InputError(unknown[0], "is no layer that can be compressed", f"there are {', '.join(sorted(names))}")
        if method not in METHODS:
            raise InputError(f"--rounding {method}", "is no method", f"use one of {', '.join(METHODS)}")
        if method in NEED_DATA and self.data is None:
            raise InputError(f"--rounding {method}", "needs calibration data", "give --data")
        if method in TERNARY_ONLY and set(kinds.values()) - {"ternary", KEEP}:
            raise InputError(f"--rounding {method}", "makes ternary weights", "use --weights ternary")

    def _round(
        self, layer: Layer, kind: str, method: str, given: Moments | None, sparsity: Sparsity | None
    ) -> _Change:
        mask = None if sparsity is None else sparsity.mask(layer.weights, given)
        rounded = METHODS[method](Problem(layer.weights, levels_for(kind, layer.weights), given, mask))
        correction = None
        if given is not None:
            # Nagel et al., "Data-Free Quantization through Weight Equalization and Bias Correction", ICCV 2019.
            correction = (given.mean * layer.weights).sum(axis=1) - (given.mean_now * rounded.real).sum(axis=1)
        return layer, rounded, correction

    def _result(
        self,
        layer: Layer,
        kind: str,
        method: str,
        change: _Change | None,
        given: Moments | None,
    ) -> LayerResult:
        levels = layer.levels if change is None else change[1].levels
        encoding, nbytes = stored_bytes(levels.astype(np.int8))
        error = None
        if change is not None and given is not None:
            error = _output_error(layer.weights, change[1].real, given)
        used = "" if change is None else method
        return LayerResult(layer.name, layer.op.kind, kind, used, encoding, layer.levels.size, nbytes, error)

    def _input(self, layer: Layer) -> int:
        return self.module.main.input(layer.op, 0).id

    def _index(self, layer: Layer) -> int:
        return self.module.main.ops.index(layer.op)

    def _advance(self, changes: Mapping[int, _Change], known: dict[int, Bytes], position: int, layer: Layer) -> Bytes:
        """A layer's input in the network with the changes so far; ``known`` is right before ``position``."""
        if changes:
            graph = _changed(self.module, changes).main
            ops = graph.ops[position : self._index(layer)]
            known.update(run_operators(graph, ops, known, [op.outputs[0] for op in ops]))
        return known[self._input(layer)]

    def _logits(self) -> int:
        graph = self.module.main
        output = graph.outputs[0]
        producer = graph.producers.get(output)
        return graph.input(producer, 0).id if producer is not None and producer.kind == "SOFTMAX" else output


def _output_error(weights: Floats, real: Floats, given: Moments) -> float:
    """|X w - Z q| / |X w| over all channels."""

    def product(left: Floats, between: Floats, right: Floats) -> float:
        return float(np.sum(left * (between @ right[:, :, None])[:, :, 0]))

    wanted = product(weights, given.a, weights)
    squared = product(real, given.g, real) - 2 * product(real, given.c, weights) + wanted
    return float(np.sqrt(max(squared, 0.0) / max(wanted, 1e-30)))


def reread(module: Module) -> Module:
    """The module as it is read from its own file: with content, digest and verified."""
    return read_bytes(write(module), module.path)


def accuracy(module: Module, data: Bytes, labels: npt.NDArray[np.int64]) -> float:
    """Share of samples whose largest output is the label's, by the numpy reference."""
    output = module.main.outputs[0]
    values = run_graph(module.main, [data], [output])[output].reshape(len(data), -1)
    predicted = values.argmax(axis=1) if values.shape[1] > 1 else (values[:, 0] > 0).astype(np.int64)
    return float(np.mean(predicted == labels))
