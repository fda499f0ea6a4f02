"""Low-rank layers: a dense layer or a convolution becomes two with fewer weights.

A layer y = W x + b, W [channels, taps], becomes m = U x and y = V m + b' with U [rank, taps] and V [channels, rank]. A
k x k convolution becomes one of k x k to ``rank`` channels and one of 1 x 1. With A = E[(x - E x) (x - E x)^T], the
second moments of the inputs less their mean, the factors of least squared error of the output are those of the
truncated singular value decomposition

    W A^(1/2) = P S Q^T,    V U = P_r S_r Q_r^T A^(-1/2) = P_r P_r^T W,    b' = b + (W - V U) E x,

where r is the rank and P_r the first r columns of P, the eigenvectors of W A W^T, whose eigenvalues are S^2. Each
factor gets the square root of S_r, so that neither takes all of the rounding.

Sources: Denton et al., "Exploiting Linear Structure Within Convolutional Networks for Efficient Evaluation", NeurIPS
2014 (truncated decompositions, the error measured in the inputs' covariance: ||W A^(1/2) - V U A^(1/2)||_F); Jaderberg
et al., "Speeding up Convolutional Neural Networks with Low Rank Expansions", BMVC 2014 (filters as combinations of a
smaller basis of filters, fitted to the outputs on data); Zhang et al., "Accelerating Very Deep Convolutional Networks
for Classification and Detection", 2015 (P_r by the principal components of the outputs, the mean in the bias).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.compress.layers import Layer, bias_tensor, layers, moments, row_chunks
from sdk.compress.levels import Floats, levels_for
from sdk.compress.rounding import Problem, Rounded, damping, plain
from sdk.errors import InputError, ModelError
from sdk.ir import DType, Graph, Module, Op, Quant, Tensor
from sdk.ir.attrs import Activation, Conv2DAttrs, FullyConnectedAttrs, Padding
from sdk.numerics import float32

Bytes = npt.NDArray[np.int8]

_TAILS = (0.0, 0.01, 0.1, 1.0)
"""Percent of the middle's values that its range may leave out at each end; 0: minimum and maximum."""
_WEAKEST = 1e-6
"""Least singular value relative to the largest that is divided by."""
_ALL = 1 - 1e-9
"""Share of the energy that counts as all of it."""


@dataclass(frozen=True)
class LowRank:
    """Which ranks.

    Attributes:
        energy: above 0, at most 1: the smallest rank that keeps this share of the squared singular values, where two
            layers have fewer weights than one; None: only ``ranks``.
        ranks: of layers by name; go before ``energy``.
    """

    energy: float | None = None
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Factored:
    """What became of a layer.

    Attributes:
        name: of the layer in the model before.
        operator: its kind.
        full_rank: the smaller of channels and taps.
        energy: share of the squared singular values that is kept.
        weights_before: number of weights; multiplications are as many for each output pixel.
        weights_after: of both layers.
        tail: percent of the calibration's values that the middle's range leaves out at each end.
        error: root mean square error of the output relative to the output's spread over the calibration data, rounding
            of weights and middle included.
    """

    name: str
    operator: str
    rank: int
    full_rank: int
    energy: float
    weights_before: int
    weights_after: int
    tail: float
    error: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Spectrum:
    """A layer's outputs by their principal components.

    Attributes:
        energies: [channels], squared singular values, largest first.
        vectors: [channels, channels], a column for each.
    """

    energies: Floats
    vectors: Floats

    @staticmethod
    def of(weights: Floats, second: Floats) -> Spectrum:
        """Of weights [channels, taps] and second moments [taps, taps] of their inputs."""
        values, vectors = np.linalg.eigh(weights @ second @ weights.T)
        return Spectrum(np.maximum(values[::-1], 0.0), vectors[:, ::-1])

    def kept(self, rank: int) -> float:
        """Share of the energy."""
        total = float(self.energies.sum())
        return float(self.energies[:rank].sum()) / total if total > 0 else 1.0

    def rank(self, share: float) -> int:
        """The smallest rank that keeps a share of the energy."""
        wanted = min(share, _ALL) * float(self.energies.sum())
        return int(np.searchsorted(np.cumsum(self.energies), wanted)) + 1

    def factors(self, weights: Floats, rank: int) -> tuple[Floats, Floats]:
        """U [rank, taps] and V [channels, rank]."""
        singular = np.sqrt(self.energies[:rank])
        roots = np.sqrt(np.maximum(singular, _WEAKEST * singular[0] if singular[0] > 0 else 1.0))
        vectors = self.vectors[:, :rank]
        return (vectors / roots).T @ weights, vectors * roots


def factorise(module: Module, values: Mapping[int, Bytes], wanted: LowRank) -> tuple[Module, tuple[Factored, ...]]:
    """Factorise layers.

    Args:
        module: an int8 model.
        values: [samples, ...] of each tensor over the calibration data.
        wanted: which ranks.

    Returns:
        The module, its operators and tensors not yet numbered as in a file, and what became of the layers.

    Raises:
        InputError: a layer is unknown, or its rank impossible or without gain.
    """
    graph = module.main
    found = {layer.name: layer for layer in layers(graph) if layer.op.kind != "DEPTHWISE_CONV_2D"}
    unknown = sorted(set(wanted.ranks) - set(found))
    if unknown:
        names = ", ".join(found) or "none"
        raise InputError(unknown[0], "is no dense layer or convolution to factorise", f"there are: {names}")
    told = []
    for layer in found.values():
        split = _split(graph, layer, values[graph.input(layer.op, 0).id], wanted)
        if split is not None:
            told.append(split.told)
            graph = split.apply(graph)
    return replace(module, graphs=(graph, *module.graphs[1:])), tuple(told)


def _rank(layer: Layer, spectrum: Spectrum, wanted: LowRank) -> int | None:
    """The rank of a layer; None: it stays whole."""
    channels, taps = layer.weights.shape
    # Both layers have as many output pixels as the one, so that fewer weights are fewer multiplications too.
    most = (channels * taps - 1) // (channels + taps)
    if layer.name in wanted.ranks:
        rank = wanted.ranks[layer.name]
        if not 1 <= rank <= most:
            raise InputError(
                f"--low-rank {layer.name}={rank}", f"gives no fewer weights than {channels} x {taps}",
                f"give 1 to {most}" if most else "keep it whole",
            )  # fmt: skip
        return rank
    if wanted.energy is None:
        return None
    rank = spectrum.rank(wanted.energy)
    return rank if rank <= most else None


@dataclass(frozen=True)
class _Split:
    """Both layers that stand for one.

    Attributes:
        first: U.
        second: V.
        middle: quantization of what is between them.
        bias: [channels], real, of the second.
    """

    layer: Layer
    first: Rounded
    second: Rounded
    middle: Quant
    bias: Floats
    told: Factored

    def apply(self, graph: Graph) -> Graph:
        """The graph with both in place of the one."""
        op, rank = self.layer.op, len(self.first.levels)
        source, weights, output = graph.input(op, 0), graph.input(op, 1), graph.output(op)
        bias = graph.input(op, 2)
        new = max(graph.tensors) + 1
        middle = Tensor(new, f"{output.name}/low_rank", (*output.shape[:-1], rank), DType.INT8, self.middle)
        basis = _weights(weights, new + 1, self.first, (rank, *weights.shape[1:]))
        empty = replace(bias, id=new + 2, name=f"{bias.name}/low_rank", shape=(rank,))
        ones = (1,) * (len(weights.shape) - 2)
        tensors = [
            middle,
            basis,
            bias_tensor(empty, np.zeros(rank), _scale(source), self.first.scales),
            _weights(weights, weights.id, self.second, (self.layer.channels, *ones, rank)),
            bias_tensor(bias, self.bias, self.middle.scale, self.second.scales),
        ]
        pair = (
            op.with_(
                id=max(o.id for o in graph.ops) + 1, inputs=(source.id, basis.id, empty.id), outputs=(middle.id,),
                attrs=_linear(op),
            ),
            op.with_(inputs=(middle.id, weights.id, bias.id), attrs=_pointwise(op)),
        )  # fmt: skip
        at = graph.ops.index(op)
        ops = (*graph.ops[:at], *pair, *graph.ops[at + 1 :])
        return replace(graph, tensors={**graph.tensors, **{t.id: t for t in tensors}}, ops=ops)


def _linear(op: Op) -> Conv2DAttrs | FullyConnectedAttrs:
    if not isinstance(op.attrs, Conv2DAttrs | FullyConnectedAttrs):
        raise ModelError(op.kind, "has no low-rank form")
    return replace(op.attrs, activation=Activation.NONE)


def _pointwise(op: Op) -> Conv2DAttrs | FullyConnectedAttrs:
    linear = _linear(op)
    activation: Activation = getattr(op.attrs, "activation", Activation.NONE)
    if isinstance(linear, FullyConnectedAttrs):
        return replace(linear, activation=activation)
    return Conv2DAttrs(Padding.VALID, 1, 1, activation)


def _weights(like: Tensor, number: int, rounded: Rounded, shape: tuple[int, ...]) -> Tensor:
    scales = tuple(float(float32(s)) for s in rounded.scales)
    data = rounded.levels.astype(np.int8).reshape(shape)
    name = like.name if number == like.id else f"{like.name}/low_rank"
    return replace(like, id=number, name=name, shape=shape, data=data, quant=Quant(scales, (0,) * shape[0], 0))


def _scale(tensor: Tensor) -> float:
    if tensor.quant is None:
        raise ModelError(tensor.name, "is not quantized")
    return tensor.quant.scale


def _split(graph: Graph, layer: Layer, source: Bytes, wanted: LowRank) -> _Split | None:
    """Factorise a layer by its inputs [samples, ...]; None: it stays whole."""
    if wanted.energy is None and layer.name not in wanted.ranks:
        return None
    second = moments(graph, layer, source, source).a
    second = second[0] + damping(second)[0] * np.eye(second.shape[1])
    spectrum = Spectrum.of(layer.weights, second)
    rank = _rank(layer, spectrum, wanted)
    if rank is None:
        return None
    u, v = (_rounded(factor) for factor in spectrum.factors(layer.weights, rank))
    scale = _scale(graph.input(layer.op, 0))
    middles = [scale * rows[0] @ u.real.T for rows in row_chunks(graph, layer.op, source)]
    middle, tail = _range(np.concatenate(middles))
    difference, spread = _Spread(), _Spread()
    for rows, given in zip(row_chunks(graph, layer.op, source), middles, strict=True):
        whole = scale * rows[0] @ layer.weights.T
        difference.add(whole - _through(given, middle) @ v.real.T)
        spread.add(whole)
    bias = layer.bias * layer.scales * scale + difference.mean
    error = float(np.sqrt(difference.variance.sum() / max(spread.variance.sum(), 1e-30)))
    channels, taps = layer.weights.shape
    told = Factored(
        layer.name, layer.op.kind, rank, min(channels, taps), spectrum.kept(rank), channels * taps,
        rank * (channels + taps), tail, error,
    )  # fmt: skip
    return _Split(layer, u, v, middle, bias, told)


def _rounded(weights: Floats) -> Rounded:
    """To int8, with float32 scales for each channel."""
    found = plain(Problem(weights, levels_for("8", weights)))
    return Rounded(found.levels, found.scales.astype(np.float32).astype(np.float64))


def _range(values: Floats) -> tuple[Quant, float]:
    """Scale and zero point with the least squared error for values, and the percent left out at each end."""
    tried = []
    for tail in _TAILS:
        low, high = np.percentile(values, (tail, 100 - tail))
        low, high = min(low, 0.0), max(high, 0.0)
        scale = float32((high - low) / 255) if high > low else 1.0
        quant = Quant((float(scale),), (int(np.clip(np.rint(-128 - low / scale), -128, 127)),))
        tried.append((float(np.mean((_through(values, quant) - values) ** 2)), tail, quant))
    _, tail, quant = min(tried, key=lambda t: t[:2])
    return quant, tail


def _through(values: Floats, quant: Quant) -> Floats:
    """Values as they are after quantization."""
    levels = np.clip(np.rint(values / quant.scale) + quant.zero_point, -128, 127)
    real: Floats = (levels - quant.zero_point) * quant.scale
    return real


class _Spread:
    """Mean and variance of channels, chunk by chunk."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: Any = 0.0
        self._squares: Any = 0.0

    def add(self, values: Floats) -> None:
        """Take [rows, channels]."""
        self._count += len(values)
        self._sum = self._sum + values.sum(axis=0)
        self._squares = self._squares + (values**2).sum(axis=0)

    @property
    def mean(self) -> Floats:
        """[channels]."""
        mean: Floats = self._sum / self._count
        return mean

    @property
    def variance(self) -> Floats:
        """[channels]."""
        variance: Floats = np.maximum(self._squares / self._count - self.mean**2, 0.0)
        return variance
