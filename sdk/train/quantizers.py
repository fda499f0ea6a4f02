"""Quantizers of weights for training: levels forward, straight through backward.

Each takes real weights w [channels, ...] and gives integer levels q and a scale s for each channel; the layer computes
with s q, and the gradient with respect to s q is taken as that with respect to w (the straight-through estimator:
Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons for Conditional
Computation", 2013).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from sdk.errors import InputError

_TINY = 1e-8


class Quantizer(nn.Module):
    """Real weights as they are; the base of the others."""

    def forward(self, weights: Tensor) -> Tensor:
        """Weights that a layer computes with, of the same shape."""
        return weights

    def split(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Integer levels as floats, and the scale of each channel [channels, 1, ...]: symmetric int8."""
        scales = _over_channel(weights.abs(), torch.amax).clamp(min=_TINY) / 127
        return torch.round(weights / scales), scales


class _StraightThrough(Quantizer):
    def forward(self, weights: Tensor) -> Tensor:
        """Scaled levels forward, the identity backward."""
        levels, scales = self.split(weights)
        return weights + (levels * scales - weights).detach()


class TernaryMean(_StraightThrough):
    """q = round(w / s) clipped to -1 .. 1, s = mean |w|.

    Source: Ma et al., "The Era of 1-bit LLMs: All Large Language Models are in 1.58 Bits", 2024.
    """

    def split(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Levels -1, 0, 1 and scales."""
        return _ternary(weights, _over_channel(weights.abs(), torch.mean))


class TernaryMedian(_StraightThrough):
    """As ``TernaryMean`` with s = median |w|.

    Source: Nielsen and Schneider-Kamp, "BitNet b1.58 Reloaded: State-of-the-art Performance Also on Smaller Networks",
    2024.
    """

    def split(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Levels -1, 0, 1 and scales."""
        medians = weights.abs().flatten(1).median(dim=1).values
        return _ternary(weights, medians.reshape(-1, *[1] * (weights.dim() - 1)))


class Binary(_StraightThrough):
    """q = sign(w), s = mean |w|; weights beyond -1 .. 1 get no gradient.

    Source: Courbariaux, Bengio and David, "BinaryConnect: Training Deep Neural Networks with binary weights during
    propagations", NeurIPS 2015, which clips weights to -1 .. 1; the scale is that of Rastegari et al., "XNOR-Net",
    2016.
    """

    def forward(self, weights: Tensor) -> Tensor:
        """Scaled signs forward, the identity within -1 .. 1 backward."""
        return super().forward(weights.clamp(-1, 1))

    def split(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Levels -1, 1 and scales."""
        levels = torch.where(weights < 0, -torch.ones_like(weights), torch.ones_like(weights))
        return levels, _over_channel(weights.clamp(-1, 1).abs(), torch.mean).clamp(min=_TINY)


class Shift(_StraightThrough):
    """q = sign(w) 2**k, k = round(log2 |w / s|) in 0 .. 3, s = max |w| / 8: no code is spent on zero.

    Source: Li et al., "DenseShift: Towards Accurate and Efficient Low-Bit Power-of-Two Quantization", ICCV 2023, for
    the zero-free levels; here the straight-through estimator stands in for its sign-scale decomposition.
    """

    def split(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Levels +-1, 2, 4, 8 and scales."""
        scales = _over_channel(weights.abs(), torch.amax).clamp(min=_TINY) / 8
        exponents = torch.round(torch.log2((weights / scales).abs().clamp(min=_TINY))).clamp(0, 3)
        return torch.where(weights < 0, -1.0, 1.0) * torch.exp2(exponents), scales


class LearnedStep(Quantizer):
    """n bits with a learned step, two bits being ternary: q = round(w / s) clipped to -Q .. Q, Q = 2**(n - 1) - 1.

    The step s of each channel is a parameter; its gradient is that of s q with the rounding taken as the identity,
    times 1 / sqrt(N Q) for N weights of the channel; at first s = 2 mean |w| / sqrt(Q). Source: Esser et al., "Learned
    Step Size Quantization", ICLR 2020. Levels are symmetric, so that a batch normalisation of negative gain can be
    folded.

    Args:
        bits: 2 .. 8.
        channels: number of output channels.
    """

    def __init__(self, bits: int, channels: int) -> None:
        super().__init__()
        self.largest = (1 << (bits - 1)) - 1
        self.step = nn.Parameter(torch.zeros(channels))
        self.register_buffer("ready", torch.tensor(False))

    def forward(self, weights: Tensor) -> Tensor:
        """Scaled levels; gradients for the weights within the clipping range, and for the steps."""
        step = self._step(weights)
        factor = 1 / math.sqrt(weights[0].numel() * self.largest)
        step = (step - factor * step).detach() + factor * step
        ratio = (weights / step).clamp(-self.largest, self.largest)
        return (ratio + (torch.round(ratio) - ratio).detach()) * step

    def split(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Levels -Q .. Q and scales."""
        step = self._step(weights)
        return torch.round((weights / step).clamp(-self.largest, self.largest)), step

    def _step(self, weights: Tensor) -> Tensor:
        if not self.ready:
            means = weights.detach().abs().flatten(1).mean(dim=1)
            self.step.data.copy_(2 * means / math.sqrt(self.largest))
            self.ready.fill_(True)
        return self.step.abs().clamp(min=_TINY).reshape(-1, *[1] * (weights.dim() - 1))


_PLAIN: dict[str, type[Quantizer]] = {
    "float": Quantizer,
    "ternary": TernaryMean,
    "ternary-median": TernaryMedian,
    "binary": Binary,
    "shift3": Shift,
}
_LEARNED_BITS = {"ternary-learned": 2, "3": 3, "4": 4, "5": 5, "6": 6, "8": 8}
KINDS = (*_PLAIN, *_LEARNED_BITS)
"""Kinds of levels that can be trained; ``float`` becomes int8 when it is exported."""


def quantizer(kind: str, channels: int) -> Quantizer:
    """The quantizer of a kind for a layer with so many output channels.

    Raises:
        InputError: the kind is unknown.
    """
    if kind in _LEARNED_BITS:
        return LearnedStep(_LEARNED_BITS[kind], channels)
    if kind not in _PLAIN:
        raise InputError(kind, "is no kind of weights to train", f"use one of {', '.join(KINDS)}")
    return _PLAIN[kind]()


def _over_channel(values: Tensor, reduce: Callable[..., Tensor]) -> Tensor:
    return reduce(values, dim=tuple(range(1, values.dim())), keepdim=True)


def _ternary(weights: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    scales = scales.clamp(min=_TINY)
    return torch.round(weights / scales).clamp(-1, 1), scales
