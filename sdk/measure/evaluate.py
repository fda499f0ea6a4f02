"""Accuracy over labelled data: the same metrics for a device's outputs and for the oracle's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdk.errors import InputError
from sdk.ir import Graph, Tensor
from sdk.measure.inputs import Inputs, convert, read_samples

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class LabelledData:
    """Inferences with their labels.

    Attributes:
        inputs: one entry for each sample.
        labels: class indices of shape (samples,), or 0 / 1 (normal / anomalous) for reconstruction.
        sha256: of the samples used, which names a resumable run.
    """

    inputs: tuple[Inputs, ...]
    labels: Array
    sha256: str


@dataclass(frozen=True)
class Metrics:
    """How good outputs are.

    Attributes:
        samples: how many were judged.
        accuracy: share of samples whose largest output is the label's; None for reconstruction.
        confusion: confusion[label][predicted] counts; None for reconstruction.
        auc: area under the ROC curve of the reconstruction error; None for classification.
    """

    samples: int
    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    auc: float | None = None


def load_labelled(path: Path, graph: Graph, *, divide: float | None = None, limit: int | None = None) -> LabelledData:
    """Read an .npz with ``x`` (samples first) and ``y`` (labels) for a model with one input.

    Args:
        path: the file.
        graph: the model's main graph.
        divide: divide the samples by this first; the quotients are quantized by the input's scale and zero point.
        limit: use only the first samples.

    Raises:
        InputError: the file can't be read, or does not fit the model.
    """
    if len(graph.inputs) != 1:
        raise InputError(path, f"labelled data feed one input, the model has {len(graph.inputs)}")
    tensor = graph.tensors[graph.inputs[0]]
    found = read_samples(path, tensor, labels=True, limit=limit)
    x, y = found["x"], found["y"]
    if divide is not None:
        x = x.astype(np.float64) / divide
    samples = convert(x, tensor, path).reshape(len(x), *tensor.shape)
    digest = hashlib.sha256(samples.tobytes()).hexdigest()
    return LabelledData(tuple((sample,) for sample in samples), y, digest)


def _dequantize(values: Array, tensor: Tensor) -> Array:
    if tensor.quant is None:
        return values.astype(np.float64)
    return (values.astype(np.float64) - tensor.quant.zero_point) * tensor.quant.scale


def judge(graph: Graph, data: LabelledData, outputs: Sequence[Array]) -> Metrics:
    """Compare outputs with labels.

    A model whose output has its input's number of elements (above one) and labels 0 / 1 is judged by its
    reconstruction error; others by their largest output (one output: above or below one half).

    Args:
        graph: the model's main graph.
        data: the samples that ``outputs`` belong to.
        outputs: the first output of each inference.
    """
    source, result = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    labels = data.labels[: len(outputs)]
    real = np.stack([_dequantize(output.reshape(-1), result) for output in outputs])
    if source.elements == result.elements > 1 and set(np.unique(labels)) <= {0, 1}:
        inputs = np.stack([_dequantize(i[0].reshape(-1), source) for i in data.inputs[: len(outputs)]])
        return Metrics(len(outputs), auc=area_under_curve(np.mean((inputs - real) ** 2, axis=1), labels))
    predicted = np.argmax(real, axis=1) if real.shape[1] > 1 else (real[:, 0] > 0.5).astype(np.int64)
    classes = int(max(labels.max(), predicted.max(), real.shape[1] - 1)) + 1
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    return Metrics(
        len(outputs),
        accuracy=float(np.mean(predicted == labels)),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
    )


def area_under_curve(scores: Array, labels: Array) -> float | None:
    """Area under the ROC curve: the chance that an anomalous sample scores above a normal one, ties half.

    Returns None unless both labels occur.
    """
    positive, negative = scores[labels == 1], scores[labels == 0]
    if not len(positive) or not len(negative):
        return None
    order = np.sort(negative)
    below = np.searchsorted(order, positive, side="left")
    above = np.searchsorted(order, positive, side="right")
    return float(np.mean((below + above) / 2) / len(negative))


class Journal:
    """Outputs of a long run, kept on disk so that an interrupted run goes on where it stopped.

    Args:
        path: the file; its name must be unique to the firmware and the data.
        size: bytes of one inference's output.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def load(self) -> list[bytes]:
        """The outputs stored so far; a half-written last one is dropped."""
        if not self._path.exists():
            return []
        stored = self._path.read_bytes()
        whole = len(stored) // self._size * self._size
        if whole != len(stored):
            self._path.write_bytes(stored[:whole])
        return [stored[i : i + self._size] for i in range(0, whole, self._size)]

    def append(self, output: bytes) -> None:
        """Store one more output."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as stream:
            stream.write(output)

    def remove(self) -> None:
        """Forget the run."""
        self._path.unlink(missing_ok=True)


def run_resumable(
    infer: Callable[[Inputs], bytes], data: LabelledData, journal: Journal, advance: Callable[[int], None]
) -> list[bytes]:
    """The first output of every sample, taking those of an earlier, interrupted run from its journal."""
    outputs = journal.load()[: len(data.inputs)]
    for inputs in data.inputs[len(outputs) :]:
        output = infer(inputs)
        journal.append(output)
        outputs.append(output)
        advance(len(outputs))
    return outputs
