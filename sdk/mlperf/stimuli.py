"""What the benchmark sends to a device, and the right answers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.emit.sources import BENCHMARKS, FLOAT_INPUTS
from sdk.errors import InputError
from sdk.ir import Graph, Tensor
from sdk.measure.evaluate import load_labelled
from sdk.measure.inputs import random_inputs

_TRUTH = "y_labels.csv"


@dataclass(frozen=True)
class Stimulus:
    """A sample: the inputs whose results are averaged, as the bytes that are sent, and its label."""

    windows: tuple[bytes, ...]
    label: int


def random_stimuli(graph: Graph, benchmark: str, seed: int, count: int) -> list[Stimulus]:
    """Inputs without labels."""
    tensor = graph.tensors[graph.inputs[0]]
    return [Stimulus((_encode(array, benchmark, tensor),), -1) for (array,) in random_inputs(graph, seed, count)]


def load_stimuli(data: Path, graph: Graph, benchmark: str, limit: int | None = None) -> list[Stimulus]:
    """Read labelled samples.

    Args:
        data: .npz with samples ``x`` and labels ``y``, or a folder of the benchmark's own: y_labels.csv tells each
            file's number of classes and label, and for anomaly detection the width and stride of its windows in bytes.
        graph: of the model.
        benchmark: one of ``BENCHMARKS``.
        limit: use only the first samples.

    Raises:
        InputError: the data cannot be read, or do not fit the model.
    """
    tensor = graph.tensors[graph.inputs[0]]
    if data.is_dir():
        return _dataset(data, tensor.elements * (4 if benchmark in FLOAT_INPUTS else 1), limit)
    labelled = load_labelled(data, graph, limit=limit)
    samples = zip(labelled.inputs, labelled.labels, strict=True)
    return [Stimulus((_encode(array, benchmark, tensor),), int(label)) for (array,), label in samples]


def _encode(array: np.ndarray[Any, Any], benchmark: str, tensor: Tensor) -> bytes:
    if benchmark in FLOAT_INPUTS and tensor.quant is not None:
        real = (array.astype(np.float32) - np.float32(tensor.quant.zero_point)) * np.float32(tensor.quant.scale)
        return real.astype("<f4").tobytes()
    return (array.view(np.uint8) ^ np.uint8(BENCHMARKS[benchmark])).tobytes()


def _dataset(folder: Path, size: int, limit: int | None) -> list[Stimulus]:
    truth = folder / _TRUTH
    try:
        with truth.open(newline="", encoding="utf-8") as stream:
            rows = [row for row in csv.reader(stream) if row][:limit]
        stimuli = []
        for name, _, label, *window in rows:
            content = (folder / name).read_bytes()
            width, stride = (int(number) for number in window) if window else (len(content), 1)
            if width != size or stride < 1 or len(content) < width:
                raise InputError(folder / name, f"its windows have {width} bytes, the model's input {size}")
            starts = range(0, len(content) - width + 1, stride)
            stimuli.append(Stimulus(tuple(content[at : at + width] for at in starts), int(label)))
    except OSError as error:
        raise InputError(error.filename or truth, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(truth, f"has a row that is none: {error}", "file, classes, label[, width, stride]") from error
    if not stimuli:
        raise InputError(truth, "names no samples")
    return stimuli
