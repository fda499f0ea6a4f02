"""The methods against what their papers claim, in small."""

from __future__ import annotations

import numpy as np
import pytest

from sdk.compress.compress import Sparsity
from sdk.compress.levels import Floats, exponential, levels_for
from sdk.compress.rounding import METHODS, NEED_DATA, Moments, Problem, clipped, feedback, gpfq, plain

SEEDS = (1, 2, 3)


def problem(seed: int, kind: str, taps: int = 48, channels: int = 8, rows: int = 2000) -> tuple[Problem, Floats]:
    """A layer with inputs of correlated taps, as neighbouring pixels are."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(taps // 4, taps))
    inputs = rng.normal(size=(rows, taps // 4)) @ mixing + 0.3 * rng.normal(size=(rows, taps))
    inputs -= inputs.mean(axis=0)
    weights = rng.laplace(size=(channels, taps))
    gram = (inputs.T @ inputs / rows)[None]
    zeros = np.zeros((1, taps))
    return Problem(weights, levels_for(kind, weights), Moments(gram, gram, gram, zeros, zeros)), inputs


def error(given: Problem, inputs: Floats, real: Floats) -> float:
    """Relative error of the layer's output."""
    wanted = inputs @ given.weights.T
    return float(np.linalg.norm(wanted - inputs @ real.T) / np.linalg.norm(wanted))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", ["2", "3", "4", "ternary", "shift", "exp"])
def test_feedback_beats_gpfq_beats_clipping_beats_rounding(kind: str, seed: int) -> None:
    given, inputs = problem(seed, kind)
    errors = [error(given, inputs, method(given).real) for method in (feedback, gpfq, clipped)]
    assert errors[0] < errors[1] < errors[2], errors
    assert ((given.weights - clipped(given).real) ** 2).sum() <= ((given.weights - plain(given).real) ** 2).sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_error_of_gpfq_falls_with_width_and_that_of_rounding_does_not(seed: int) -> None:
    # Lybrand and Saab: the relative error falls as sqrt(log taps / taps) where the inputs span few directions.
    rng = np.random.default_rng(seed)
    found = []
    for taps in (32, 512):
        inputs = rng.normal(size=(24, taps))
        weights = rng.uniform(-1, 1, size=(16, taps))
        gram = (inputs.T @ inputs / len(inputs))[None]
        zeros = np.zeros((1, taps))
        given = Problem(weights, levels_for("ternary", weights), Moments(gram, gram, gram, zeros, zeros))
        found.append([error(given, inputs, method(given).real) for method in (gpfq, clipped)])
    (narrow, narrow_rounded), (wide, wide_rounded) = found
    assert wide < 0.5 * narrow, found
    assert wide_rounded > 0.7 * narrow_rounded, found


@pytest.mark.parametrize("seed", SEEDS)
def test_feedback_makes_up_for_what_earlier_layers_lost(seed: int) -> None:
    given, inputs = problem(seed, "4")
    moments = given.moments
    assert moments is not None
    # The compressed network's inputs are 1.2 times as large: the best weights are 1 / 1.2 of the original.
    changed = Moments(moments.a, 1.2 * moments.c, 1.44 * moments.g, moments.mean, moments.mean_now)
    real = feedback(Problem(given.weights, given.levels, changed)).real
    assert error(given, inputs, 1.2 * real) < 0.5 * error(given, inputs, 1.2 * clipped(given).real)


@pytest.mark.parametrize("seed", SEEDS)
def test_ternary_by_least_squares_is_the_best_of_its_kind(seed: int) -> None:
    given, _ = problem(seed, "ternary")
    tried = ("least-squares", "mean", "median", "clip")
    errors = {m: ((given.weights - METHODS[m](given).real) ** 2).sum() for m in tried}
    assert min(errors, key=lambda m: errors[m]) == "least-squares", errors


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"mean", "median", "least-squares"}))
@pytest.mark.parametrize("kind", ["2", "3", "4", "5", "6", "8", "ternary", "shift", "shift3", "exp"])
def test_weights_lie_on_the_levels(kind: str, method: str) -> None:
    given, _ = problem(1, kind, taps=12)
    rounded = METHODS[method](given)
    assert set(np.unique(rounded.levels)) <= set(given.levels.values)
    assert (rounded.scales > 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_exponential_levels_need_fewer_bits_than_linear_ones(seed: int) -> None:
    # DNA-TEQ: exponential levels suit the bell shape of weights: at one number of levels their relative error is less.
    weights = np.random.default_rng(seed).laplace(size=(8, 400))
    levels = exponential(weights)
    assert len(levels.values) <= 32
    bits = int(np.ceil(np.log2(len(levels.values))))

    def relative(kind: str) -> float:
        given = Problem(weights, levels if kind == "exp" else levels_for(kind, weights))
        return float(np.abs(weights - plain(given).real).sum() / np.abs(weights).sum())

    assert relative("exp") < relative(str(bits))


@pytest.mark.parametrize(("sparsity", "group"), [(Sparsity(0.5), 0), (Sparsity(2, 4), 4)])
def test_pruned_weights_are_zero_and_the_others_make_up_for_them(sparsity: Sparsity, group: int) -> None:
    given, inputs = problem(5, "6")
    mask = sparsity.mask(given.weights, given.moments)
    pruned = Problem(given.weights, given.levels, given.moments, mask)
    fed, cut = feedback(pruned), clipped(pruned)
    for rounded in (fed, cut):
        assert not rounded.levels[~mask].any()
        if group:
            assert (np.count_nonzero(rounded.levels.reshape(8, -1, group), axis=2) <= 2).all()
        else:
            assert (np.count_nonzero(rounded.levels, axis=1) <= 24).all()
    assert error(given, inputs, fed.real) < 0.8 * error(given, inputs, cut.real)


def test_methods_with_data_say_that_they_need_them() -> None:
    given, _ = problem(1, "4", taps=8)
    for method in NEED_DATA:
        with pytest.raises(ValueError, match="needs calibration data"):
            METHODS[method](Problem(given.weights, given.levels))
