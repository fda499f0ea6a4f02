"""What the kernels of ``firmware/include/sdk/pairs_m0.h`` have in common: constants, sizes of code, cycles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sdk.ir.attrs import Activation, Conv2DAttrs, DepthwiseConv2DAttrs, FullyConnectedAttrs
from sdk.kernels import chain_dsp, code_m0
from sdk.kernels.base import Const, Constraint, Ref, Site, Value
from sdk.kernels.operands import data
from sdk.kernels.requantize import Ints
from sdk.kernels.requantize_m0 import SplitRequant, split_requantization
from sdk.numerics import activation_range

SOURCES = (
    "kernels/pairs/blocks__m0.c",
    "kernels/pairs/call__m0.c",
    "kernels/pairs/pairs__m0.c",
    "kernels/pairs/pairs__m0.S",
    "kernels/pairs/requantize_exact__m0.c",
    "kernels/pairs/write_narrow__m0.c",
)
_EMPTY = 0x80
_TWIN_BYTES = 8
"""What the C twin keeps beside the weights where the code would be."""


@dataclass(frozen=True)
class Window:
    """Shapes of a convolution, in the order of sdk_window_m0."""

    input_height: int
    input_width: int
    input_channels: int
    output_height: int
    output_width: int
    output_channels: int
    kernel_height: int
    kernel_width: int
    stride_height: int
    stride_width: int
    pad_top: int
    pad_left: int

    @classmethod
    def of(cls, site: Site) -> Window:
        """Read an operator's shapes."""
        conv = site.op.attrs
        if not isinstance(conv, Conv2DAttrs | DepthwiseConv2DAttrs):
            raise TypeError(f"{site.op.kind} {site.op.id} is no convolution")
        _, height, width, channels = site.input(0).shape
        _, kernel_height, kernel_width, _ = site.input(1).shape
        _, out_height, out_width, out_channels = site.output().shape
        top, _, left, _ = conv.resolved_pads((height, width), (kernel_height, kernel_width))
        return cls(
            height, width, channels, out_height, out_width, out_channels, kernel_height, kernel_width,
            conv.stride_h, conv.stride_w, top, left,
        )  # fmt: skip

    @property
    def fields(self) -> tuple[int, ...]:
        """The C structure."""
        return (
            self.input_height, self.input_width, self.input_channels, self.output_height, self.output_width,
            self.output_channels, self.kernel_height, self.kernel_width, self.stride_height, self.stride_width,
            self.pad_top, self.pad_left,
        )  # fmt: skip

    @property
    def is_pointwise(self) -> bool:
        """Whether output pixels map one to one to input pixels."""
        return (self.kernel_height, self.kernel_width, self.stride_height, self.stride_width) == (1, 1, 1, 1)

    def input_rows(self, first: int, end: int) -> tuple[int, int]:
        """Input rows that output rows depend on, clipped to the input."""
        top = first * self.stride_height - self.pad_top
        bottom = (end - 1) * self.stride_height - self.pad_top + self.kernel_height
        begin = min(max(top, 0), self.input_height)
        return begin, max(min(bottom, self.input_height), begin)


def _no_dilation(site: Site) -> bool:
    conv = site.op.attrs
    return isinstance(conv, Conv2DAttrs | DepthwiseConv2DAttrs) and (conv.dilation_h, conv.dilation_w) == (1, 1)


COMMON = (
    *chain_dsp.COMMON,
    Constraint("no weight is -128", lambda site: bool((data(site.input(1)) > -128).all())),
)
CONVOLUTION = (
    *COMMON,
    Constraint("the batch size is 1", lambda site: site.input(0).shape[0] == 1),
    Constraint("the dilation is 1", _no_dilation),
)


def is_narrow(site: Site) -> bool:
    """Whether the products of each output channel stay apart without emptying an accumulator."""
    return bool(np.abs(chain_dsp.dots(site).weights).sum(axis=1).max() <= code_m0.GROUP)


def _activation(site: Site) -> Activation:
    kinds = Conv2DAttrs | DepthwiseConv2DAttrs | FullyConnectedAttrs
    return site.op.attrs.activation if isinstance(site.op.attrs, kinds) else Activation.NONE


@lru_cache(maxsize=4)
def _requant(site: Site) -> SplitRequant | None:
    layer = chain_dsp.dots(site)
    low, high = activation_range(_activation(site), site.output())
    return split_requantization(layer.accumulators, low, high)


def requantization(site: Site, prefix: str = "sdk_pairs_requantize") -> tuple[dict[str, Value], Const, float]:
    """The fields of a layer's requantization, its constants, and cycles for an output.

    Args:
        site: the operator.
        prefix: of the functions.
    """
    layer, requant = chain_dsp.dots(site), _requant(site)
    low, high = activation_range(_activation(site), site.output())
    zero = np.zeros_like(layer.bias)
    bias = layer.bias - layer.input_zero_point * layer.weights.sum(axis=1)
    if requant is None:
        name, split, cycles = "_exact", 0, 75.0
        columns = [bias, zero, zero, zero, layer.accumulators.multiplier, layer.accumulators.shift, zero]
    else:
        name, split, cycles = ("_signed", requant.split, 25.0) if requant.two_sided else ("", requant.split, 17.0)
        lower = requant.multiplier & ((1 << split) - 1)
        upper = requant.multiplier >> split
        columns = [bias, bias + requant.origin, requant.span, requant.offset, lower, upper, requant.negative]
    table = (np.stack(columns, axis=1) & 0xFFFFFFFF).astype(np.uint32)
    fields: dict[str, Value] = {
        "requantize": f"{prefix}{name}__m0",
        "split": split,
        "low": low,
        "range": high - low,
        "zero_point": layer.accumulators.zero_point,
    }
    return fields, Const("requant", "uint32_t", table), cycles


@dataclass(frozen=True)
class Block:
    """Weights of a block of channels.

    Attributes:
        data: what the firmware stores.
        size: bytes of scratch for the code.
        cycles: of one position, with the call.
        writing: cycles before the first position.
    """

    data: bytes
    size: int
    cycles: int
    writing: int


def written(weights: Ints, runs: int) -> Block:
    """Weights as sdk_pairs_write__m0 reads them, and what becomes of them.

    Args:
        weights: [2, taps].
        runs: pieces of a window with consecutive words.
    """
    pieces = weights.reshape(2, runs, -1)
    pieces = np.pad(pieces, ((0, 0), (0, 0), (0, pieces.shape[2] % 2)))
    loads = pieces.shape[1] * pieces.shape[2] // 2
    stream = bytearray()
    totals = [0, 0]
    emptied = negative = 0
    for i, weight in enumerate(pieces.reshape(2, -1).T.reshape(-1).tolist()):
        size = abs(weight)
        totals[i % 2] += size
        if totals[i % 2] > code_m0.GROUP:
            totals[i % 2] = size
            stream.append(_EMPTY)
            emptied += 1
            negative += weight < 0
        stream.append(size | (weight < 0) << 7)
    products = int(np.count_nonzero(pieces))
    halfwords = 3 * products + 2 * emptied + negative
    return Block(
        data=bytes(stream),
        size=max(2 * (halfwords + loads + runs), pieces.size + _TWIN_BYTES),
        cycles=halfwords + 3 * loads + runs + 36,
        writing=12 * pieces.size + 7 * loads + 12 * emptied + 20 * runs + 100,
    )


def ready(weights: Ints, runs: int) -> Block:
    """Weights as code for sdk_pairs_call__m0; arguments as of ``written``."""
    code = code_m0.pair(weights, runs)
    data = np.array(code.halfwords, "<u2").tobytes()
    return Block(data, 0, code.cycles + 22, 60)


def narrow(weights: Ints, runs: int) -> Block:
    """Weights as sdk_pairs_write_narrow__m0 reads them; arguments as of ``written``, for five channels."""
    halfwords = 0
    for tap in np.abs(weights).T.tolist():
        held = 1
        halfwords += 1
        for size in filter(None, tap):
            halfwords += 1
            if size not in (1, held):
                halfwords += 1 if size & (size - 1) == 0 else 2
                held = size
    taps = weights.shape[1]
    size = 2 * (halfwords + runs)
    return Block(weights.T.astype(np.int8).tobytes(), size, halfwords + taps + runs + 52, 22 * weights.size + 100)


def ready_narrow(weights: Ints, runs: int) -> Block:
    """Weights as code for sdk_pairs_call_narrow__m0; arguments as of ``narrow``."""
    code = code_m0.five(weights, runs)
    return Block(np.array(code.halfwords, "<u2").tobytes(), 0, code.cycles + 50, 60)


@dataclass(frozen=True)
class Form:
    """How the firmware stores weights.

    Attributes:
        function: that makes sums of them.
        make: a block, of weights [channels, taps] in a number of runs.
        channels: of a block.
        requantize: prefix of the functions that read its sums.
    """

    function: str
    make: Callable[[Ints, int], Block]
    channels: int = 2
    requantize: str = "sdk_pairs_requantize"


WRITTEN = Form("sdk_pairs_written__m0", written)
CODE = Form("sdk_pairs_called__m0", ready)
CODE_NARROW = Form("sdk_pairs_called_narrow__m0", ready_narrow, 5, "sdk_pairs_requantize_narrow")
NARROW = Form("sdk_pairs_narrow__m0", narrow, 5, "sdk_pairs_requantize_narrow")


def code_bytes(blocks: list[Block]) -> int:
    """Bytes that hold any of the blocks."""
    return -(-max(b.size for b in blocks) // 4) * 4


def weight_fields(form: Form) -> dict[str, Value]:
    """The fields of the parameters that say where the weights are."""
    return {
        "weights": Ref("weights"),
        "block": form.function,
        "starts": Ref("starts"),
        "block_channels": form.channels,
    }


def weight_consts(blocks: list[Block]) -> tuple[Const, Const]:
    """The weights of all blocks, and where each block starts."""
    starts = np.cumsum([0, *(len(b.data) for b in blocks[:-1])])
    data = np.frombuffer(b"".join(b.data for b in blocks), np.uint8)
    return Const("weights", "uint8_t", data), Const("starts", "uint32_t", starts.astype(np.uint32))


def tile_rows(height: int, words: Callable[[int], int], most_bytes: int, cost: Callable[[int], float]) -> int:
    """Output rows of a tile: all, or a half, a quarter ... so that two cores get equal shares.

    Args:
        height: output rows.
        words: words of inputs for a number of output rows.
        most_bytes: of words, unless a single row has more.
        cost: cycles of the layer in tiles of a number of rows.
    """
    parts = 2
    while (rows := -(-height // parts)) > 1 and 4 * words(rows) > most_bytes:
        parts += 2
    alone = 4 * words(height) <= most_bytes and cost(height) <= cost(rows) / 2
    return height if alone else rows
