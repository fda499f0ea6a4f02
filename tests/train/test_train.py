"""Training with few levels: the quantizers as their papers have them, and networks that reach the device unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is absent: pip install 'sdk[train]'")

from torch import nn  # noqa: E402

from sdk.compress.compress import accuracy as int8_accuracy  # noqa: E402
from sdk.compress.layers import layers  # noqa: E402
from sdk.encode import smallest  # noqa: E402
from sdk.errors import InputError  # noqa: E402
from sdk.oracle import best  # noqa: E402
from sdk.oracle.reference import NumpyOracle  # noqa: E402
from sdk.read.tflite import read  # noqa: E402
from sdk.train.blocks import Convolution, Dense, Mean, Residual  # noqa: E402
from sdk.train.export import export  # noqa: E402
from sdk.train.fit import Settings, accuracy, distillation_loss, fit, range_loss  # noqa: E402
from sdk.train.quantizers import KINDS, LearnedStep, quantizer  # noqa: E402
from sdk.train.recipe import quantized, study  # noqa: E402

SEED = 3
LEVELS = {
    "ternary": {-1, 0, 1}, "ternary-median": {-1, 0, 1}, "ternary-learned": {-1, 0, 1}, "binary": {-1, 1},
    "shift3": {-8, -4, -2, -1, 1, 2, 4, 8}, "3": set(range(-3, 4)), "4": set(range(-7, 8)),
}  # fmt: skip


def network(kind: str) -> nn.Sequential:
    body = nn.Sequential(Convolution(8, 8, kind=kind), Convolution(8, 8, kind=kind, relu=False, depthwise=True))
    wider = Residual(nn.Sequential(Convolution(8, 12, stride=(2, 2), kind=kind, relu=False)),
                     Convolution(8, 12, (1, 1), (2, 2), kind, relu=False))  # fmt: skip
    return nn.Sequential(Convolution(1, 8, kind=kind), Residual(body), wider, Mean(), Dense(12, 3, kind))


def stripes(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of horizontal, vertical or diagonal stripes in noise, and which."""
    rng = np.random.default_rng(SEED)
    y = rng.integers(0, 3, samples)
    rows, columns = np.mgrid[:10, :10]
    phase = rng.integers(0, 4, samples)[:, None, None]
    along = np.stack([rows, columns, rows + columns])[y]
    x = np.sin((along + phase) * np.pi / 2) + rng.normal(0, 0.7, (samples, 10, 10))
    return x[..., None].astype(np.float32), y.astype(np.int64)


def weights(seed: int = SEED) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).laplace(0, 0.3, (4, 5, 3, 3)).astype(np.float32))


@pytest.mark.parametrize("kind", LEVELS)
def test_forward_computes_with_scaled_levels(kind: str) -> None:
    quantize, w = quantizer(kind, 4), weights()
    levels, scales = quantize.split(w)
    assert set(levels.unique().int().tolist()) <= LEVELS[kind]
    assert (scales > 0).all()
    np.testing.assert_allclose(quantize(w).detach(), (levels * scales).detach(), atol=1e-6)


def test_scales_are_those_of_the_papers() -> None:
    w = weights()
    flat = w.abs().flatten(1)
    np.testing.assert_allclose(quantizer("ternary", 4).split(w)[1].flatten(), flat.mean(1), rtol=1e-6)
    np.testing.assert_allclose(quantizer("ternary-median", 4).split(w)[1].flatten(), flat.median(1).values, rtol=1e-6)
    learned = LearnedStep(4, 4)
    np.testing.assert_allclose(learned.split(w)[1].detach().flatten(), 2 * flat.mean(1) / np.sqrt(7), rtol=1e-6)


def test_gradients_go_straight_through() -> None:
    for kind in ("ternary", "ternary-median", "shift3"):
        w = weights().requires_grad_()
        quantizer(kind, 4)(w).sum().backward()
        assert w.grad is not None and (w.grad == 1).all(), kind
    w = (4 * weights()).requires_grad_()
    quantizer("binary", 4)(w).sum().backward()
    assert w.grad is not None and (w.grad == (w.abs() <= 1)).all()


def test_the_learned_step_has_the_gradient_of_its_paper() -> None:
    # Esser et al., equation 3: round(w/s) - w/s within the range, +-Q beyond it, times 1 / sqrt(N Q).
    w, learned = weights(), LearnedStep(3, 4)
    learned(w).sum().backward()
    step = learned.step.detach().reshape(-1, 1, 1, 1)
    ratio = w / step
    wanted = torch.where(ratio.abs() <= 3, torch.round(ratio) - ratio, 3 * torch.sign(ratio)).flatten(1).sum(1)
    assert learned.step.grad is not None
    np.testing.assert_allclose(learned.step.grad, wanted / np.sqrt(45 * 3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["float", "ternary", "binary", "shift3", "4"])
def test_a_trained_network_is_the_same_in_int8(kind: str, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x, y = stripes(640)
    found = network(kind)
    fit(found, x[:480], y[:480], Settings(epochs=6, batch=32, rate=1e-2, seed=SEED))
    trained = accuracy(found, x[480:], y[480:])
    assert trained > 0.9
    module = export(found, x[:100], "stripes")
    inputs = quantized(module, x)
    assert int8_accuracy(module, inputs[480:], y[480:]) >= trained - 0.03
    if kind != "float":
        stored = [smallest(layer.levels.astype(np.int8)) for layer in layers(module.main)]
        assert all(encoding is not None and encoding.bits <= 4 for encoding in stored)
    samples = [[sample[None]] for sample in inputs[:4]]
    ours, theirs = NumpyOracle().run(module.content, samples), best().run(module.content, samples)
    assert [a[0].tobytes() for a in ours] == [b[0].tobytes() for b in theirs]


def test_range_regularization_leaves_smaller_ranges() -> None:
    torch.set_num_threads(1)
    x, y = stripes(320)
    ranges = []
    for penalty in (0.0, 1.0):
        torch.manual_seed(SEED)
        found = network("float")
        fit(found, x, y, Settings(epochs=6, batch=32, rate=1e-2, range_penalty=penalty, seed=SEED))
        ranges.append(float(range_loss(found).detach()))
    assert ranges[1] < 0.8 * ranges[0]


def test_distillation_has_its_least_where_the_outputs_agree() -> None:
    wanted = torch.tensor([[2.0, -1.0, 0.5]])
    assert distillation_loss(wanted, wanted, 4.0).abs() < 1e-6
    assert distillation_loss(wanted + torch.tensor([[1.0, 0.0, 0.0]]), wanted, 4.0) > 0.01
    with pytest.raises(InputError, match="distillation: needs a teacher"):
        fit(network("float"), *stripes(64), Settings(distillation=0.5))


def test_a_study_writes_models_and_results(tmp_path: Path) -> None:
    x, y = stripes(256)
    study(network, ["ternary"], (x[:192], y[:192]), (x[192:], y[192:]), Settings(epochs=2, batch=32), tmp_path / "net")
    told = json.loads((tmp_path / "results.json").read_text())
    assert (told["train_samples"], told["test_samples"]) == (192, 64)
    assert told["kinds"]["ternary"]["bytes"] < 0.3 * told["kinds"]["float"]["bytes"]
    assert read(tmp_path / "net_ternary.sdkmodel").main.ops and read(tmp_path / "net_float.tflite").main.ops


def test_what_cannot_be_trained_or_exported_is_refused() -> None:
    with pytest.raises(InputError, match=r"7: is no kind of weights to train; use one of"):
        quantizer("7", 3)
    with pytest.raises(InputError, match="ReLU: can't be exported"):
        export(nn.Sequential(nn.ReLU()), stripes(8)[0], "m")
    with pytest.raises(InputError, match="training data: 8 samples"):
        fit(network("float"), *stripes(8), Settings())
    assert len(set(KINDS)) == len(KINDS)
