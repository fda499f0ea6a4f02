"""Kernels with packed weights: what they have in common.

Each unpacks its weights into scratch in the form that a kernel without packing reads, then does as that one. The stream
of weights is divided into records of words that are stored as they are (biases, requantization) and words made of
weights; see ``firmware/include/sdk/packed.h``.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from sdk.encode import Encoding, encodings, smallest
from sdk.kernels.base import Const, Constraint, Kernel, Prepared, Ref, Site, Value
from sdk.kernels.operands import data

_UNPACKER = "kernels/packed/unpack.c"

Words = npt.NDArray[np.uint32]
Levels = npt.NDArray[np.int8]


class Form(Enum):
    """How weights become words: name of the C constant."""

    BYTES = "SDK_PACKED_BYTES"
    HALVES = "SDK_PACKED_HALVES"
    HALVES_256 = "SDK_PACKED_HALVES_256"
    CHAIN = "SDK_PACKED_CHAIN"


@dataclass(frozen=True)
class Layout:
    """Records of a stream.

    Attributes:
        records: their number.
        head: words before the weights.
        body: words made of weights.
        tail: words behind them.
        form: how they are made.
    """

    records: int
    head: int
    body: int
    tail: int
    form: Form

    @property
    def nbytes(self) -> int:
        """Bytes of a record."""
        return 4 * (self.head + self.body + self.tail)


def weights_of(body: Words, form: Form) -> Levels:
    """The weights, in the order of packing, that words were made of: [records, words] to [records, weights]."""
    if form is Form.BYTES:
        return np.ascontiguousarray(body.astype("<u4")).view(np.int8)
    lanes = np.ascontiguousarray(body.astype("<u4")).view("<i2").astype(np.int64)
    if form is Form.CHAIN:
        # [records, steps, 3 links, 2 lanes] to [records, steps, 2 lanes, 4 weights]
        links = lanes.reshape(body.shape[0], -1, 3, 2).transpose(0, 1, 3, 2)
        first = ((links[..., 0] + 128) & 0xFF) - 128
        found = [first]
        for link in range(3):
            found.append((links[..., link] - found[-1]) >> 8)
        lanes = np.stack(found, axis=-1).reshape(body.shape[0], -1)
    elif form is Form.HALVES_256:
        lanes >>= 8
    return lanes.astype(np.int8)


def words_of(weights: Levels, form: Form) -> Words:
    """The inverse of ``weights_of``, as the firmware does it."""
    if form is Form.BYTES:
        return np.ascontiguousarray(weights).view("<u4").astype(np.uint32)
    wide = weights.astype(np.int64)
    if form is Form.CHAIN:
        fours = wide.reshape(weights.shape[0], -1, 2, 4)
        wide = (256 * fours[..., 1:] + fours[..., :-1]).transpose(0, 1, 3, 2)
    elif form is Form.HALVES_256:
        wide = 256 * wide
    halves = np.ascontiguousarray(wide.astype("<i2").reshape(weights.shape[0], -1))
    return halves.view("<u4").astype(np.uint32)


def _packable(site: Site) -> bool:
    weights = data(site.input(1))
    # Some forms need zeros besides the layer's own levels.
    return weights.size > 0 and any(True for _ in encodings(np.append(weights, np.int8(0))))


FEW_LEVELS = Constraint("the weights take at most 64 levels, or values from -32 to 31", _packable)


class Unpacked(Kernel):
    """A kernel that unpacks weights for another one, from which it takes its name and what it is for.

    Class variables:
        inner: the other kernel, whose parameters have the pointer ``weights``.
        source: the C file that calls it, below ``firmware/``.
        called: other sources that this file needs.
        few_levels: what the weights must satisfy.
        whole: whether all records are unpacked at once, or one at a time.
        grain_all: whether unpacking costs so much beside the work that the layer should be done in one call.
    """

    inner: ClassVar[Kernel]
    source: ClassVar[str]
    called: ClassVar[tuple[str, ...]] = ()
    few_levels: ClassVar[Constraint] = FEW_LEVELS
    whole: ClassVar[bool] = True
    grain_all: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Take from the inner kernel what is the same."""
        inner = getattr(cls, "inner", None)
        if isinstance(inner, Kernel):
            cls.name = _packed_name(inner.name)
            cls.ops, cls.requires, cls.for_speed = inner.ops, inner.requires, inner.for_speed
            cls.sources = (cls.source, _UNPACKER, *inner.sources, *cls.called)
            cls.constraints = (*inner.constraints, cls.few_levels)

    @abstractmethod
    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """Records of the inner kernel's stream."""

    def prepare(self, site: Site) -> Prepared:
        """Fit to an operator."""
        inner = self.inner.prepare(site)
        layout = self.layout(site, inner)
        stream = next(const for const in inner.consts if const.name == "weights").values
        table = _records(stream, layout)
        end = layout.head + layout.body
        weights = weights_of(table[:, layout.head : end], layout.form)
        if not (words_of(weights, layout.form) == table[:, layout.head : end]).all():
            raise ValueError(f"{self.inner.name} reads weights in another form than {layout.form.name}")
        flat = weights.reshape(-1)
        encoding = smallest(flat) or next(encodings(flat), None)
        if encoding is None:
            raise ValueError("the weights take too many levels")
        plain = np.concatenate([table[:, : layout.head], table[:, end:]], axis=1)
        consts, fields = _packed(encoding, weights, plain)
        records = layout.records if self.whole else 1
        stream_fields: tuple[Value, ...] = (
            *fields, layout.records, layout.head, layout.body, layout.tail, layout.form.value,
        )  # fmt: skip
        inner_fields = {**inner.params, "weights": "NULL"}
        return replace(
            inner,
            params_type=_packed_name(inner.params_type),
            params={"inner": tuple(inner_fields.values()), "stream": stream_fields},
            consts=(*consts, *(const for const in inner.consts if const.name != "weights")),
            scratch_bytes=layout.nbytes * records + inner.scratch_bytes,
            align=max(4, inner.align),
            grain=inner.units if self.grain_all else inner.grain,
            cost=inner.cost + int(weights.size * _cycles(encoding)),
        )


def _packed_name(name: str) -> str:
    return name.replace("_s8", "_s8_packed", 1)


def _cycles(encoding: Encoding) -> float:
    """Cycles for unpacking a weight; measured on the Cortex-M4, and no more than a quarter off on the M0+."""
    if encoding.sparse:
        return 80.0
    return (3.0 if encoding.bits in (0, 4) else 5.0) + (4.0 if encoding.levels else 0.0)


def _records(stream: npt.NDArray[Any], layout: Layout) -> Words:
    """[records, words]; bytes are filled up to whole words with their last one."""
    if stream.dtype.itemsize == 4:
        return stream.astype(np.uint32).reshape(layout.records, -1)
    rows = np.ascontiguousarray(stream.reshape(layout.records, -1))
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)), mode="edge")
    return rows.view("<u4").astype(np.uint32)


def _packed(encoding: Encoding, weights: Levels, plain: Words) -> tuple[tuple[Const, ...], tuple[Value, ...]]:
    """Constants, and the fields of sdk_packed_stream up to the pointer to the plain words."""
    packed = encoding.pack(weights)
    consts = [Const("codes", "uint32_t", packed.words)]
    levels: Value = "NULL"
    mask: Value = "NULL"
    if encoding.levels is not None:
        table = np.zeros(encoding.codes, np.int8)
        table[: len(encoding.levels)] = encoding.levels
        consts.append(Const("levels", "int8_t", table, align=1))
        levels = Ref("levels")
    if packed.mask is not None:
        consts.append(Const("mask", "uint8_t", packed.mask, align=1))
        mask = Ref("mask")
    if plain.size:
        consts.append(Const("plain", "uint32_t", plain.reshape(-1)))
    return tuple(consts), ((Ref("codes"), levels, mask, encoding.bits), Ref("plain") if plain.size else "NULL")


class UnpackedBytes(Unpacked):
    """A kernel whose constant ``weights`` has a byte for each weight."""

    def layout(self, site: Site, prepared: Prepared) -> Layout:
        """One record, or one for each output of a fully connected layer."""
        weights = site.input(1)
        records = 1 if self.whole else weights.shape[0]
        stream = next(const for const in prepared.consts if const.name == "weights").values
        return Layout(records, 0, -(-stream.size // records // 4), 0, Form.BYTES)
