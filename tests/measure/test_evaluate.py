"""Metrics against what they are defined to be."""

import numpy as np
import pytest

from sdk.errors import InputError
from sdk.ir import DType, Graph, Quant, Tensor
from sdk.measure.evaluate import Journal, LabelledData, area_under_curve, judge, load_labelled, run_resumable


def graph(inputs: int, outputs: int) -> Graph:
    quant = Quant((0.5,), (0,))
    tensors = {0: Tensor(0, "in", (1, inputs), DType.INT8, quant), 1: Tensor(1, "out", (1, outputs), DType.INT8, quant)}
    return Graph("main", tensors, (), (0,), (1,))


def data(samples: int, size: int, labels: list[int]) -> LabelledData:
    return LabelledData(tuple((np.zeros((1, size), np.int8),) for _ in range(samples)), np.array(labels), "0" * 64)


def test_accuracy_and_confusion() -> None:
    outputs = [np.array([[1, 9, 0]], np.int8), np.array([[5, 4, 3]], np.int8), np.array([[0, 0, 7]], np.int8)]
    metrics = judge(graph(4, 3), data(3, 4, [1, 2, 2]), outputs)
    assert metrics.accuracy == pytest.approx(2 / 3)
    assert metrics.confusion == ((0, 0, 0), (0, 1, 0), (1, 0, 1))


def test_reconstruction_is_judged_by_its_error() -> None:
    outputs = [np.full((1, 4), v, np.int8) for v in (1, 9, 2, 8)]
    metrics = judge(graph(4, 4), data(4, 4, [0, 1, 0, 1]), outputs)
    assert (metrics.auc, metrics.accuracy) == (1.0, None)


def test_area_under_curve_counts_pairs() -> None:
    rng = np.random.default_rng(5)
    scores, labels = rng.integers(0, 6, 60).astype(float), rng.integers(0, 2, 60)
    pairs = [
        1.0 if p > n else 0.5 if p == n else 0.0 for p in scores[labels == 1] for n in scores[labels == 0]
    ]
    assert area_under_curve(scores, labels) == pytest.approx(np.mean(pairs))
    assert area_under_curve(scores, np.zeros(60)) is None


def test_an_interrupted_run_goes_on(tmp_path) -> None:
    journal, samples, calls = Journal(tmp_path / "j" / "run.bin", 2), data(4, 2, [0] * 4), []

    def infer(_: object) -> bytes:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(len(calls))
        return bytes([len(calls), 7])

    with pytest.raises(KeyboardInterrupt):
        run_resumable(infer, samples, journal, lambda _: None)
    (tmp_path / "j" / "run.bin").write_bytes((tmp_path / "j" / "run.bin").read_bytes() + b"\x63")
    outputs = run_resumable(lambda _: b"\x09\x09", samples, journal, lambda _: None)
    assert outputs == [b"\x01\x07", b"\x02\x07", b"\x09\x09", b"\x09\x09"]
    journal.remove()
    assert journal.load() == []


def test_labelled_data_are_checked(tmp_path) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, x=np.zeros((2, 2, 2), np.uint8), y=np.zeros(2))
    assert len(load_labelled(path, graph(4, 2), limit=1).inputs) == 1
    assert load_labelled(path, graph(4, 2), divide=255).inputs[0][0].shape == (1, 4)
    with pytest.raises(InputError, match="a sample has 4 values"):
        load_labelled(path, graph(5, 2))
    np.savez(path, x=np.zeros((2, 4), np.int8))
    with pytest.raises(InputError, match="no array 'y'"):
        load_labelled(path, graph(4, 2))
    np.savez(path, x=np.zeros((2, 4), np.int8), y=np.zeros(3))
    with pytest.raises(InputError, match="2 samples and y 3 labels"):
        load_labelled(path, graph(4, 2))
    path.write_text("x, y")
    with pytest.raises(InputError, match=r"can't be read as \.npz"):
        load_labelled(path, graph(4, 2))
    np.save(tmp_path / "set.npy", np.zeros((2, 4), np.int8))
    with pytest.raises(InputError, match=r"can't be read as \.npz"):
        load_labelled(tmp_path / "set.npy", graph(4, 2))
