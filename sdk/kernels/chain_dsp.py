"""Streams of weights for the chained dot products of ``firmware/include/sdk/conv_chain_dsp.h``.

Four dot products D_0 .. D_3 live in three accumulators S_i = 256 * D_{i+1} + D_i. With the chain on the weights
(``weights_chain``) a 16-bit factor is 256 * w_{i+1} + w_i for four output channels; with the chain on the pixels
(``pixels_chain``) it is 256 * q_{i+1} + q_i + 128 for four pixels, and weights stay int8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from sdk.kernels.base import Const, Constraint, Ref, Site, Value
from sdk.kernels.convolution import INT8_LAYER, requantization, weight_rows
from sdk.kernels.operands import quant
from sdk.kernels.requantize import (
    ACCUMULATOR_LIMIT,
    Accumulators,
    FastRequant,
    FoldedRequant,
    Ints,
    accumulator_range,
    fast_requantization,
    folded_requantization,
)

Words = npt.NDArray[np.uint32]

_INT16 = (-(1 << 15), (1 << 15) - 1)


@dataclass(frozen=True)
class Dots:
    """The dot products of a layer: what each output channel sums up.

    Attributes:
        weights: [channels, taps], in the model's order.
        bias: [channels], as in the model.
        input_zero_point: of the input.
        accumulators: their ranges and how they are requantized.
        requant: proven constants, or None.
    """

    weights: Ints
    bias: Ints
    input_zero_point: int
    accumulators: Accumulators
    requant: FastRequant | None

    @property
    def channels(self) -> int:
        """Number of dot products for each pixel."""
        return int(self.weights.shape[0])

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Channels with one reachable accumulator."""
        equal: npt.NDArray[np.bool_] = self.accumulators.low == self.accumulators.high
        return equal

    @property
    def effective_bias(self) -> Ints:
        """The biases, 0 where proven constants make them irrelevant."""
        return self.bias if self.requant is None else np.where(self.constant, 0, self.bias)

    @property
    def varying_bias(self) -> Ints:
        """The biases, 0 for constant channels, as FoldedRequant takes them."""
        return np.where(self.constant, 0, self.bias)

    @property
    def folded_bias(self) -> Ints:
        """The same for inputs whose zero point is not taken off."""
        folded: Ints = self.effective_bias - self.input_zero_point * self.weights.sum(axis=1)
        return folded

    @property
    def fits(self) -> bool:
        """Whether all accumulators are small enough for a chain."""
        bound = np.maximum(self.accumulators.high, -self.accumulators.low)
        if self.requant is not None:
            bound = bound[~self.constant]
        return not (bound >= ACCUMULATOR_LIMIT).any()

    @property
    def instance(self) -> str:
        """Suffix of the inner loop."""
        if self.requant is None:
            return "raw__dsp"
        return f"f{self.requant.shift}{'_signed' if self.requant.two_sided else ''}__dsp"


@lru_cache(maxsize=4)
def dots(site: Site) -> Dots:
    """Read a convolution's or fully connected operator's weights, bias and quantization."""
    weights = weight_rows(site)
    bias, multiplier, shift = (const.values.astype(np.int64) for const in requantization(site))
    zero_point = quant(site.input(0)).zero_point
    low, high = accumulator_range(weights, bias, zero_point)
    accumulators = Accumulators(low, high, multiplier, shift, quant(site.output()).zero_point)
    return Dots(weights, bias, zero_point, accumulators, fast_requantization(accumulators))


@lru_cache(maxsize=4)
def folded(site: Site) -> FoldedRequant | None:
    """Constants of the shortest requantization of an operator as for ``dots``, or None if they are not proven."""
    return folded_requantization(dots(site).accumulators)


def chains_on_weights(layer: Dots) -> bool:
    """Whether 256 * w[i + 1] + w[i] fits int16 within each group of four channels."""
    grouped = _grouped(layer.weights, 4)
    chained = 256 * grouped[:, 1:] + grouped[:, :-1]
    return bool(chained.min() >= _INT16[0] and chained.max() <= _INT16[1])


COMMON = INT8_LAYER
"""What every dot product of int8 satisfies."""

FITS = Constraint("every reachable accumulator is below 2**23", lambda site: dots(site).fits)
CHAINS = Constraint(
    "no weight of -128 stands before a negative one of the channel above",
    lambda site: chains_on_weights(dots(site)),
)


def exact_fields(layer: Dots) -> tuple[dict[str, Value], tuple[Const, ...]]:
    """Fields and constants for layers without proven constants."""
    if layer.requant is not None:
        return {"multiplier": "NULL", "shift": "NULL"}, ()
    multiplier = Const("multiplier", "int32_t", layer.accumulators.multiplier.astype(np.int32))
    shift = Const("shift", "int8_t", layer.accumulators.shift.astype(np.int8))
    return {"multiplier": Ref("multiplier"), "shift": Ref("shift")}, (multiplier, shift)


def weights_chain(layer: Dots, order: npt.NDArray[np.int64], *, folded: bool = False) -> Words:
    """Pack for sdk_chain_patch, sdk_chain_rows and chained fully connected layers.

    Args:
        layer: the dot products.
        order: [steps, 2] taps that a step multiplies; -1 for none.
        folded: whether the kernel reads inputs as they are, so that their zero point goes into the biases.

    Returns:
        The stream: [groups, 3 + 3 * steps + constants] words, flattened.
    """
    weights = _grouped(_ordered(layer.weights, order), 4)
    bias = _grouped((layer.folded_bias if folded else layer.effective_bias)[:, None], 4)[:, :, 0]
    chained = 256 * weights[:, 1:] + weights[:, :-1]
    pairs = _words(chained[..., 0::2], chained[..., 1::2])
    # [groups, 3, steps] to [groups, steps * 3]
    body = pairs.transpose(0, 2, 1).reshape(pairs.shape[0], -1)
    biases = _word(256 * bias[:, 1:] + bias[:, :-1])
    stream: Words = np.concatenate([biases, body, _constants(layer, 4)], axis=1).reshape(-1)
    return stream


def pixels_chain(layer: Dots, order: npt.NDArray[np.int64]) -> Words:
    """Pack for sdk_chain_pixels.

    Args:
        layer: the dot products.
        order: [steps, 4] taps of each quad; -1 for none.

    Returns:
        The stream: [groups, 2 + 2 * steps + constants] words, flattened.
    """
    weights = _grouped(_ordered(layer.weights, order), 2)
    total = _grouped(layer.weights.sum(axis=1)[:, None], 2)[:, :, 0]
    bias = _grouped(layer.folded_bias[:, None], 2)[:, :, 0]
    quads = np.ascontiguousarray(weights.astype(np.int8)).view("<u4")
    body = quads.transpose(0, 2, 1).reshape(quads.shape[0], -1)
    biases = _word(257 * bias - 128 * total)
    stream: Words = np.concatenate([biases, body, _constants(layer, 2)], axis=1).reshape(-1)
    return stream


def weight_pairs(layer: Dots) -> Words:
    """Pack for fully connected layers with one byte a weight.

    Returns:
        The stream: [groups of 4, 4 + inputs + constants] words, flattened.
    """
    weights = _grouped(layer.weights, 4)
    bias = _grouped(layer.folded_bias[:, None], 4)[:, :, 0]
    joined = 256 * weights[:, 1::2] + weights[:, 0::2]
    even, odd = (_words(joined[:, :, i::4], joined[:, :, i + 2 :: 4]) for i in (0, 1))
    # [groups, 2, quads] each to [groups, quads, even 2, odd 2]
    body = np.concatenate([even.transpose(0, 2, 1), odd.transpose(0, 2, 1)], axis=2).reshape(weights.shape[0], -1)
    lows = bias[:, 0::2]
    biases = _word(np.stack([256 * bias[:, 1::2] + lows, lows], axis=2).reshape(weights.shape[0], -1))
    stream: Words = np.concatenate([biases, body, _constants(layer, 4)], axis=1).reshape(-1)
    return stream


def group_words(layer: Dots, lanes: int, group: int, steps: int) -> int:
    """Words of the stream for each group of channels.

    Args:
        layer: the dot products.
        lanes: words for each step, and biases for each group.
        group: channels in a group.
        steps: steps.
    """
    return lanes + lanes * steps + group * _constant_count(layer)


def _constant_count(layer: Dots) -> int:
    if layer.requant is None:
        return 0
    return 3 if layer.requant.two_sided else 2


def _constants(layer: Dots, group: int) -> Words:
    """[groups, group * (2 or 3)] words: M, C and, if any channel needs it, K."""
    requant = layer.requant
    groups = -(-layer.channels // group)
    if requant is None:
        return np.zeros((groups, 0), np.uint32)
    columns = [requant.multiplier, requant.offset]
    if requant.two_sided:
        columns.append(requant.negative)
    table = np.stack(columns, axis=1)
    return _word(_grouped(table, group).reshape(groups, -1))


def _grouped(values: npt.NDArray[Any], group: int) -> npt.NDArray[Any]:
    """[channels, ...] to [groups, group, ...], padded with zeros."""
    missing = -values.shape[0] % group
    padded = np.concatenate([values, np.zeros((missing, *values.shape[1:]), values.dtype)])
    grouped: npt.NDArray[Any] = padded.reshape(-1, group, *values.shape[1:])
    return grouped


def _ordered(weights: Ints, order: npt.NDArray[np.int64]) -> Ints:
    flat = order.reshape(-1)
    picked: Ints = np.where(flat >= 0, weights[:, np.maximum(flat, 0)], 0)
    return picked


def _word(values: npt.NDArray[Any]) -> Words:
    words: Words = (values & 0xFFFFFFFF).astype(np.uint32)
    return words


def _words(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> Words:
    return _word((low & 0xFFFF) | ((high & 0xFFFF) << 16))


def quads_order(taps: Sequence[int]) -> list[int]:
    """Taps in the order in which widening leaves each four: 0, 2, 1, 3."""
    return [taps[i + j] for i in range(0, len(taps), 4) for j in (0, 2, 1, 3)]
