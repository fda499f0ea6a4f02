"""Methods that turn a layer's real weights into levels and scales.

A layer's output is y = x W^T for rows x of inputs. Methods that use data know the inputs by second moments alone: with
X the rows of the original network and Z those of the compressed one so far, both less their means,

    A = X^T X / n,    C = Z^T X / n,    G = Z^T Z / n,

and the error of a channel with weights w and levels q of scale s is |X w - s Z q|^2 / n. The means go into the bias.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdk.compress.levels import Floats, Ints, Levels

_FACTORS = np.linspace(0.25, 1.05, 25)
"""Clipping points tried, as parts of the largest weight."""
_PROMISING = 4
"""Clipping points of least error after rounding that are refined."""
_DAMPING = 0.01
_SWEEPS = 4
_REFITS = 3
_TINY = 1e-30


@dataclass(frozen=True)
class Moments:
    """Second moments of a layer's inputs.

    Attributes:
        a: [1 or channels, taps, taps], of the original network's inputs.
        c: compressed by original.
        g: of the compressed network's inputs.
        mean: [1 or channels, taps], of the original's inputs.
        mean_now: of the compressed network's.
    """

    a: Floats
    c: Floats
    g: Floats
    mean: Floats
    mean_now: Floats


@dataclass(frozen=True)
class Rounded:
    """A layer's levels.

    Attributes:
        levels: [channels, taps].
        scales: [channels], positive.
    """

    levels: Ints
    scales: Floats

    @property
    def real(self) -> Floats:
        """The weights that they stand for."""
        real: Floats = self.levels * self.scales[:, None]
        return real


Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Problem:
    """What a method works on.

    Attributes:
        weights: [channels, taps], real.
        levels: those allowed.
        moments: None without calibration data.
        mask: False where a weight must be 0; None: nowhere.
    """

    weights: Floats
    levels: Levels
    moments: Moments | None = None
    mask: Mask | None = None

    def nearest(self, values: Floats, scales: Floats) -> Ints:
        """The nearest levels of [channels, taps] values."""
        found = self.levels.nearest(values / scales[:, None])
        return found if self.mask is None else np.where(self.mask, found, 0)


def largest_scales(problem: Problem) -> Floats:
    """Scales that let the largest weight of a channel have the largest level."""
    largest = np.abs(problem.weights).max(axis=1, initial=0.0)
    return np.where(largest > 0, largest, 1.0) / problem.levels.largest


def plain(problem: Problem) -> Rounded:
    """Round to the nearest level, no weight clipped."""
    scales = largest_scales(problem)
    return Rounded(problem.nearest(problem.weights, scales), scales)


def clipped(problem: Problem) -> Rounded:
    """Round to the nearest level with the clipping point of the least squared error for each channel.

    Source: Banner et al., "Post training 4-bit quantization of convolutional networks for rapid-deployment", NeurIPS
    2019, there in closed form for a Laplace distribution, here by search: min over s of sum (w - s q(w / s))^2.
    """
    def error(rounded: Rounded) -> Floats:
        total: Floats = ((problem.weights - rounded.real) ** 2).sum(axis=1)
        return total

    return _best(problem, lambda scales: Rounded(problem.nearest(problem.weights, scales), scales), error)


def bitnet_mean(problem: Problem) -> Rounded:
    """Ternary by the absolute mean: s = mean |w|, q = round(w / s) clipped to -1 .. 1, for each channel.

    Source: Ma et al., "The Era of 1-bit LLMs: All Large Language Models are in 1.58 Bits", 2024.
    """
    return _at_scale(problem, np.abs(problem.weights).mean(axis=1))


def bitnet_median(problem: Problem) -> Rounded:
    """Ternary by the absolute median: s = median |w|, which outliers do not move.

    Source: Nielsen and Schneider-Kamp, "BitNet b1.58 Reloaded: State-of-the-art Performance Also on Smaller Networks",
    2024.
    """
    return _at_scale(problem, np.median(np.abs(problem.weights), axis=1))


def ternary_least_squares(problem: Problem) -> Rounded:
    """Ternary with the least squared error: the k largest |w| become +-1, s their mean, k maximising (sum |w|)^2 / k.

    Source: Li, Zhang and Liu, "Ternary Weight Networks", 2016, whose threshold is approximate; sorting makes it exact.
    """
    order = np.argsort(-np.abs(problem.weights), axis=1)
    ordered = np.take_along_axis(np.abs(problem.weights), order, axis=1)
    sums = np.cumsum(ordered, axis=1)
    counts = np.arange(1, sums.shape[1] + 1)
    best = np.argmax(sums**2 / counts, axis=1)
    scales = np.take_along_axis(sums, best[:, None], axis=1)[:, 0] / counts[best]
    threshold = np.take_along_axis(ordered, best[:, None], axis=1)
    kept = (np.abs(problem.weights) >= threshold) & (problem.weights != 0)
    return Rounded(np.where(kept, np.sign(problem.weights), 0).astype(np.int64), np.where(scales > 0, scales, 1.0))


def gpfq(problem: Problem) -> Rounded:
    """Greedy path following: each weight makes up for the error that those before it have left in the output.

    q_t = Q(<Z_t, u_(t-1) + w_t X_t> / |Z_t|^2),  u_t = u_(t-1) + w_t X_t - s q_t Z_t,  u_0 = 0,

    here with the inner products taken from G and C. Source: Lybrand and Saab, "A Greedy Algorithm for Quantizing Neural
    Networks", JMLR 2021; Zhang, Zhou and Saab, "Post-training Quantization for Neural Networks with Provable
    Guarantees", 2023. Scales: of ``clipped``.
    """
    moments = _moments(problem)
    scales = clipped(problem).scales
    diagonal = np.diagonal(moments.g, axis1=1, axis2=2)
    levels = np.zeros(problem.weights.shape, np.int64)
    done = np.zeros(problem.weights.shape)
    for t in range(problem.weights.shape[1]):
        wanted = np.einsum("cs,cs->c", problem.weights[:, : t + 1], np.broadcast_to(
            moments.c[:, t, : t + 1], (len(levels), t + 1)))  # fmt: skip
        given = np.einsum("cs,cs->c", done[:, :t], np.broadcast_to(moments.g[:, t, :t], (len(levels), t)))
        power = np.broadcast_to(diagonal[:, t], wanted.shape)
        value = np.where(power > _TINY, (wanted - given) / np.maximum(power, _TINY), problem.weights[:, t])
        levels[:, t] = problem.levels.nearest(value / scales)
        if problem.mask is not None:
            levels[:, t] *= problem.mask[:, t]
        done[:, t] = levels[:, t] * scales
    return Rounded(levels, scales)


def feedback(problem: Problem) -> Rounded:
    """Error feedback by second moments, then coordinate descent.

    The real weights that give the original output from the compressed network's inputs, w* = G^-1 C w, are rounded tap
    by tap, most active first, the error of each going to the taps still to come as least squares has it:

    e = (w_j - s q_j) / U_jj,  w_k -= e U_jk for k > j,  U^T U = G^-1 (upper triangle).

    Source: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", ICLR
    2023; the target w* is that of GPFQ. Then each tap is set to its best level while the others stay, and each scale to
    its least squares value, as in Behdin et al., "QuantEase: Optimization-based Quantization for Language Models",
    2023. Of all clipping points the best is kept for each channel.
    """
    moments = _moments(problem)
    channels, taps = problem.weights.shape
    ridge = damping(moments.g)[:, None, None] * np.eye(taps)
    g = moments.g + ridge
    target = np.linalg.solve(g, (moments.c + ridge) @ problem.weights[:, :, None])[:, :, 0]
    order = np.argsort(-np.diagonal(g, axis1=1, axis2=2).mean(axis=0), kind="stable")
    mask = None if problem.mask is None else problem.mask[:, order].T[:, None]
    path = _Path(target[:, order].T[:, None], problem.levels, g[:, order][:, :, order], mask)
    scales = np.append(_FACTORS, 1.0)[:, None] * largest_scales(Problem(target, problem.levels))
    levels = path.round(scales)
    promising = np.argsort(path.errors(levels, scales), axis=0)[:_PROMISING]
    scales, levels = np.take_along_axis(scales, promising, 0), np.take_along_axis(levels, promising[None], 1)
    levels, scales = path.descend(levels, scales)
    best = np.argmin(path.errors(levels, scales), axis=0)
    each = np.arange(channels)
    return Rounded(levels[:, best, each].T[:, np.argsort(order)], scales[best, each])


def damping(second: Floats) -> Floats:
    """What to add to the diagonal of second moments [n, taps, taps] of few samples: [n], positive."""
    added: Floats = _DAMPING * np.maximum(np.trace(second, axis1=1, axis2=2) / second.shape[1], _TINY)
    return added


@dataclass(frozen=True)
class _Path:
    """Rounding tap by tap, for several scales of each channel at once.

    Arrays of weights are [taps, tries, channels], of scales [tries, channels]: a step has one tap of all of them.

    Attributes:
        target: [taps, 1, channels], the real weights.
        levels: those allowed.
        g: [1 or channels, taps, taps], second moments, positive definite.
        mask: [taps, 1, channels], False where a weight must be 0; None: nowhere.
    """

    target: Floats
    levels: Levels
    g: Floats
    mask: Mask | None

    def round(self, scales: Floats) -> Ints:
        """Round, each tap making up for the errors of those before it."""
        upper = np.linalg.cholesky(np.linalg.inv(self.g)).transpose(0, 2, 1)
        levels = np.zeros((len(self.target), *scales.shape), np.int64)
        errors = np.zeros(levels.shape)
        for j in range(len(levels)):
            value = self.target[j] - _product(upper[:, :j, j], errors[:j])
            levels[j] = self._nearest(j, value / scales)
            errors[j] = (value - levels[j] * scales) / upper[:, j, j]
        return levels

    def descend(self, levels: Ints, scales: Floats) -> tuple[Ints, Floats]:
        """Coordinate descent on the levels, and least squares for the scales, by turns."""
        levels = levels.copy()
        wanted = self._times_g(self.target)
        for _ in range(_REFITS):
            real = levels * scales
            for _ in range(_SWEEPS):
                before = levels.copy()
                for j in range(len(levels)):
                    slope = _product(self.g[:, j], real) - wanted[j]
                    levels[j] = self._nearest(j, (real[j] - slope / self.g[:, j, j]) / scales)
                    real[j] = levels[j] * scales
                if (levels == before).all():
                    break
            power = (levels * self._times_g(levels.astype(np.float64))).sum(axis=0)
            fitted = (levels * wanted).sum(axis=0) / np.maximum(power, _TINY)
            scales = np.where((power > _TINY) & (fitted > 0), fitted, scales)
        return levels, scales

    def errors(self, levels: Ints, scales: Floats) -> Floats:
        """Mean squared error of the output: [tries, channels]."""
        error = self.target - levels * scales
        total: Floats = (error * self._times_g(error)).sum(axis=0)
        return total

    def _nearest(self, tap: int, values: Floats) -> Ints:
        found = self.levels.nearest(values)
        return found if self.mask is None else found * self.mask[tap]

    def _times_g(self, values: Floats) -> Floats:
        if len(self.g) == 1:
            shared: Floats = np.tensordot(self.g[0], values, 1)
            return shared
        each: Floats = np.einsum("cij,jkc->ikc", self.g, values)
        return each


def _product(factors: Floats, values: Floats) -> Floats:
    """Sum over taps: [1 or channels, taps] times [taps, tries, channels]."""
    if len(factors) == 1:
        shared: Floats = np.tensordot(factors[0], values, 1)
        return shared
    each: Floats = np.einsum("ct,tkc->kc", factors, values)
    return each


def _best(
    problem: Problem, round_with: Callable[[Floats], Rounded], error: Callable[[Rounded], Floats]
) -> Rounded:
    """For each channel the clipping point whose rounding has the least error."""
    largest = largest_scales(problem)
    best = round_with(largest)
    least = error(best)
    for factor in _FACTORS:
        tried = round_with(factor * largest)
        errors = error(tried)
        better = errors < least
        least = np.where(better, errors, least)
        best = Rounded(
            np.where(better[:, None], tried.levels, best.levels), np.where(better, tried.scales, best.scales)
        )
    return best


def _at_scale(problem: Problem, scales: Floats) -> Rounded:
    scales = np.where(scales > 0, scales, 1.0)
    return Rounded(np.clip(np.rint(problem.weights / scales[:, None]), -1, 1).astype(np.int64), scales)


def _moments(problem: Problem) -> Moments:
    if problem.moments is None:
        raise ValueError("the method needs calibration data")
    return problem.moments


METHODS: dict[str, Callable[[Problem], Rounded]] = {
    "round": plain,
    "clip": clipped,
    "gpfq": gpfq,
    "feedback": feedback,
    "mean": bitnet_mean,
    "median": bitnet_median,
    "least-squares": ternary_least_squares,
}
NEED_DATA = frozenset({"gpfq", "feedback"})
TERNARY_ONLY = frozenset({"mean", "median", "least-squares"})
