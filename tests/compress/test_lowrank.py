"""Low-rank layers: exact ones are found, the error falls with the rank, and what is deployed is proven."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sdk.cli.main import main
from sdk.compress.compress import Compressor
from sdk.compress.levels import Floats
from sdk.compress.lowrank import LowRank, Spectrum
from sdk.errors import InputError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import Activation, Attrs, Conv2DAttrs, FullyConnectedAttrs, Padding
from sdk.oracle import best
from sdk.oracle.reference import run_graph
from sdk.read.tflite import read, read_bytes
from sdk.write.tflite import write

SEEDS = (1, 2)
DIGITS = Path(__file__).parents[2] / "examples" / "digits"
Make = Callable[[np.random.Generator, int], Module]


def one_layer(
    kind: str, attrs: Attrs, weights: np.ndarray, source: tuple[int, ...], output: tuple[int, ...], bias: np.ndarray
) -> Module:
    """A layer of input scale 0.05, output scale 0.1 and weights whose outputs fill that range."""
    channels = len(weights)
    taps = weights.size / channels
    scale = 0.1 * 127 / (0.05 * 220 * np.sqrt(taps) * float(np.sqrt(np.mean(weights.astype(np.float64) ** 2))))
    tensors = (
        Tensor(0, "input", source, DType.INT8, Quant((0.05,), (3,))),
        Tensor(1, "weights", weights.shape, DType.INT8, Quant((scale,), (0,)), weights.astype(np.int8)),
        Tensor(2, "bias", (channels,), DType.INT32, Quant((0.05 * scale,), (0,)), bias.astype(np.int32)),
        Tensor(3, "output", output, DType.INT8, Quant((0.1,), (-5,))),
    )
    op = Op(0, kind, 3, (0, 1, 2), (3,), attrs)
    graph = Graph("main", {t.id: t for t in tensors}, (op,), (0,), (3,))
    return read_bytes(write(Module("one", "one.tflite", "", (graph,))), "one.tflite")


def of_rank(rng: np.random.Generator, rank: int, channels: int, taps: int) -> np.ndarray:
    """Integers [channels, taps] whose rows are those of a few, or their opposites."""
    basis = rng.integers(-127, 128, (rank, taps))
    chosen = np.concatenate([np.arange(rank), rng.integers(0, rank, channels - rank)])
    return basis[chosen] * rng.choice([-1, 1], (channels, 1))


def dense(rng: np.random.Generator, rank: int) -> Module:
    weights = of_rank(rng, rank, 24, 40)
    return one_layer(
        "FULLY_CONNECTED", FullyConnectedAttrs(), weights, (1, 40), (1, 24), rng.integers(-3000, 3000, 24)
    )


def pointwise(rng: np.random.Generator, rank: int) -> Module:
    weights = of_rank(rng, rank, 16, 20).reshape(16, 1, 1, 20)
    attrs = Conv2DAttrs(Padding.SAME, 1, 1, Activation.RELU)
    return one_layer("CONV_2D", attrs, weights, (1, 5, 4, 20), (1, 5, 4, 16), rng.integers(-3000, 3000, 16))


def strided(rng: np.random.Generator, rank: int) -> Module:
    weights = of_rank(rng, rank, 12, 3 * 2 * 5).reshape(12, 3, 2, 5)
    attrs = Conv2DAttrs(Padding.SAME, 2, 1, dilation_w=2)
    return one_layer("CONV_2D", attrs, weights, (1, 7, 6, 5), (1, 4, 6, 12), rng.integers(-3000, 3000, 12))


def samples(rng: np.random.Generator, module: Module, count: int = 60) -> np.ndarray:
    shape = module.main.tensors[module.main.inputs[0]].shape[1:]
    return np.clip(rng.normal(10, 40, (count, *shape)), -128, 127).astype(np.int8)


def outputs(module: Module, data: np.ndarray) -> np.ndarray:
    """By the reference kernels."""
    results = best().run(module.content, [[sample[None]] for sample in data])
    return np.concatenate([result[0] for result in results]).astype(np.int64)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [dense, pointwise, strided])
@pytest.mark.parametrize("rank", [1, 3])
def test_an_exactly_low_rank_layer_is_found_and_gives_the_same_outputs_up_to_a_step(
    make: Make, rank: int, seed: int
) -> None:
    rng = np.random.default_rng([seed, rank])
    module = make(rng, rank)
    data = samples(rng, module)
    compressor, told = Compressor(module, data).factorised(LowRank(1.0))
    assert [layer.rank for layer in told] == [rank]
    assert told[0].weights_after < told[0].weights_before
    assert [op.kind for op in compressor.module.main.ops] == 2 * [module.main.ops[0].kind]
    wanted = outputs(module, data[:30])
    assert np.ptp(wanted) > 60
    assert np.abs(outputs(compressor.module, data[:30]) - wanted).max() <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_falls_with_the_rank(seed: int) -> None:
    rng = np.random.default_rng(seed)
    module = dense(rng, 24)
    data = samples(rng, module, 400)
    errors = []
    for rank in (2, 5, 8, 11, 14):
        compressor, told = Compressor(module, data).factorised(LowRank(ranks={"fc0": rank}))
        difference = outputs(compressor.module, data[:100]) - outputs(module, data[:100])
        errors.append((told[0].error, float(np.mean(difference**2))))
    assert errors == sorted(errors, reverse=True) and len(set(errors)) == 5, errors


@pytest.mark.parametrize("seed", SEEDS)
def test_the_smallest_rank_that_keeps_the_energy_is_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(10, 30)) * np.geomspace(1, 0.01, 30)
    energies = np.linalg.svd(weights, compute_uv=False) ** 2
    spectrum = Spectrum.of(weights, np.eye(30))
    assert np.allclose(spectrum.energies, energies)
    for share in (0.5, 0.9, 0.95, 0.99):
        rank = spectrum.rank(share)
        assert energies[:rank].sum() >= share * energies.sum() > energies[: rank - 1].sum()
        assert spectrum.kept(rank) == pytest.approx(energies[:rank].sum() / energies.sum())
    assert spectrum.rank(1.0) == 10


@pytest.mark.parametrize("seed", SEEDS)
def test_weighting_by_the_inputs_gives_the_least_error_of_the_output(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(500, 6)) @ rng.normal(size=(6, 30)) + 0.1 * rng.normal(size=(500, 30))
    weights, second = rng.normal(size=(20, 30)), inputs.T @ inputs / 500

    def error(given: Floats) -> float:
        first, last = Spectrum.of(weights, given).factors(weights, 4)
        return float(np.linalg.norm(inputs @ (weights - last @ first).T))

    singular = np.linalg.svd(inputs @ weights.T, compute_uv=False)
    assert error(second) == pytest.approx(np.linalg.norm(singular[4:]))
    assert error(second) < 0.9 * error(np.eye(30))


def test_layers_that_would_not_shrink_stay_whole() -> None:
    rng = np.random.default_rng(1)
    module = dense(rng, 24)
    compressor, told = Compressor(module, samples(rng, module)).factorised(LowRank(0.999))
    assert (told, compressor.module.main.ops[0].kind, len(compressor.module.main.ops)) == ((), "FULLY_CONNECTED", 1)


def test_impossible_ranks_are_refused() -> None:
    rng = np.random.default_rng(1)
    module = dense(rng, 4)
    compressor = Compressor(module, samples(rng, module))
    with pytest.raises(InputError, match="conv7: is no dense layer or convolution to factorise; there are: fc0"):
        compressor.factorised(LowRank(ranks={"conv7": 3}))
    for rank in (0, 15):
        with pytest.raises(InputError, match=f"fc0={rank}: gives no fewer weights than 24 x 40; give 1 to 14"):
            compressor.factorised(LowRank(ranks={"fc0": rank}))
    with pytest.raises(InputError, match="--low-rank: needs calibration data"):
        Compressor(module).factorised(LowRank(0.9))


def test_with_few_levels_on_the_host_every_byte_is_proven(tmp_path: Path) -> None:
    told, report, out = tmp_path / "told.json", tmp_path / "report.json", tmp_path / "small.sdkmodel"
    model, data = str(DIGITS / "digits.tflite"), str(DIGITS / "test.npz")
    arguments = ["--data", data, "--low-rank", "conv2=14", "--low-rank", "0.98", "--weights", "4"]
    assert main(["compress", model, *arguments, "--json", str(told), "-o", str(out)]) == 0
    found = json.loads(told.read_text())
    factored = {layer["name"]: layer["rank"] for layer in found["low_rank"]}
    assert factored["conv2"] == 14
    assert len(found["layers"]) == len(Compressor(read(Path(model))).layers) + len(factored)
    assert {layer["kind"] for layer in found["layers"]} == {"4"}
    assert found["accuracy"]["after"] > found["accuracy"]["before"] - 6
    assert main(["deploy", str(out), "--board", "host", "--json", str(report)]) == 0
    proven = json.loads(report.read_text())
    assert (proven["verified"], proven["bytes_different"]) == (True, 0)
    assert proven["bytes_compared"] > 0


def test_factorised_models_give_the_same_bytes_in_both_references() -> None:
    rng = np.random.default_rng(5)
    for make in (dense, pointwise, strided):
        module = make(rng, 12)
        data = samples(rng, module)
        compressor, _ = Compressor(module, data).factorised(LowRank(ranks={("fc0" if make is dense else "conv0"): 4}))
        graph = compressor.module.main
        ours = run_graph(graph, [data[:10]], [graph.outputs[0]])[graph.outputs[0]]
        assert (outputs(compressor.module, data[:10]) == ours).all()
