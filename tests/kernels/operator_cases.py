"""Seeded random models of one operator each: matrices, comparisons, selections, regrouped blocks, casts and sums."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from kernel_cases import (
    Maker,
    Model,
    Shape,
    any_shape,
    broadcast_shapes,
    quantization,
    scale,
    size,
    values,
    wide_values,
    zero_point,
)

from sdk.ir import DType, Module, Quant
from sdk.ir import attrs as a

COMPARED = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
CASTABLE = (DType.BOOL, DType.UINT8, DType.INT8, DType.INT16, DType.INT32, DType.INT64)


def _matrix_shapes(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Shape, Shape]:
    rank = int(rng.integers(0, 4))
    full = tuple(int(d) for d in rng.integers(1, 4, rank))
    first = tuple(1 if rng.integers(4) == 0 else d for d in full)
    second = tuple(1 if rng.integers(4) == 0 else d for d in full)
    rows, depth, columns = (size(rng, tiles, 20) for _ in range(3))
    if rng.integers(4) == 0:
        second = second[int(rng.integers(0, rank + 1)) :]
    return (*first, rows, depth), (*second, depth, columns)


def matrices(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[list[Shape], a.BatchMatMulAttrs]:
    """Shapes of the inputs of BATCH_MATMUL, and which of them are transposed."""
    shapes = list(_matrix_shapes(rng, tiles))
    attrs = a.BatchMatMulAttrs(bool(rng.integers(2)), bool(rng.integers(2)))
    for i, transposed in enumerate((attrs.adj_x, attrs.adj_y)):
        if transposed:
            shapes[i] = (*shapes[i][:-2], shapes[i][-1], shapes[i][-2])
    return shapes, attrs


def _batch_matmul_s16(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    return _batch_matmul(rng, tiles, DType.INT16)


def _batch_matmul(
    rng: np.random.Generator, tiles: Sequence[int], dtype: DType = DType.INT8
) -> tuple[Model, Module]:
    m = Model()
    shapes, attrs = matrices(rng, tiles)
    quants = [quantization(rng), quantization(rng)]
    depth = shapes[0][-2 if attrs.adj_x else -1]
    spread = 5000 / 60 * np.sqrt(depth) * quants[0].scale * quants[1].scale
    offset = zero_point(rng)
    if dtype is DType.INT16:
        # The same real values, in finer steps and about 0.
        quants = [Quant((float(np.float32(q.scale / 256)),), (0,)) for q in quants]
        spread, offset = spread / 256, 0
    output = Quant((float(np.float32(spread * scale(rng, 0.1, 4.0))),), (offset,))
    constant = 1 if rng.integers(3) == 0 else None
    inputs = [
        m.const(_plain_values(rng, s, dtype), q) if i == constant else m.input(s, q, dtype)
        for i, (s, q) in enumerate(zip(shapes, quants, strict=True))
    ]
    return m, m.module("BATCH_MATMUL", attrs, inputs, output, dtype, version=2 if dtype is DType.INT8 else 3)


def _log_softmax(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape = (*(int(d) for d in rng.integers(1, 5, int(rng.integers(0, 4)))), size(rng, tiles))
    source = m.input(shape, quantization(rng, 1e-3, 4.0))
    return m, m.module("LOG_SOFTMAX", a.Attrs(), [source], Quant((1 / 16,), (127,)), version=2)


def _l2_normalization(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    source = m.input(any_shape(rng, tiles), quantization(rng))
    return m, m.module("L2_NORMALIZATION", a.ActivationAttrs(), [source], Quant((1 / 128,), (0,)), version=2)


def _plain_values(rng: np.random.Generator, shape: Shape, dtype: DType) -> np.ndarray:
    if dtype is DType.BOOL:
        return rng.integers(0, 2, shape).astype(bool)
    if dtype is DType.FLOAT32:
        return rng.integers(-3, 4, shape).astype(np.float32)
    if dtype in (DType.INT16, DType.INT32, DType.INT64):
        return wide_values(rng, shape, dtype)
    return values(rng, shape)


def _pair(
    rng: np.random.Generator, m: Model, tiles: Sequence[int], dtype: DType, quants: Sequence[Quant | None]
) -> list[int]:
    """Two inputs that broadcast; one may be constant."""
    constant = int(rng.choice([0, 1, 2, 2]))
    return [
        m.const(_plain_values(rng, s, dtype), q) if i == constant else m.input(s, q, dtype)
        for i, (s, q) in enumerate(zip(broadcast_shapes(rng, tiles), quants, strict=True))
    ]


def _compare(kind: str, dtype: DType) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        quants: list[Quant | None] = [None, None]
        if dtype is DType.INT8:
            # The smallest scales make elements equal that are not.
            quants = [quantization(rng, 1e-4, 0.99), quantization(rng, 1e-4, 0.99)]
            if rng.integers(2):
                quants[1] = quants[0]
        inputs = _pair(rng, m, tiles, dtype, quants)
        return m, m.module(kind, a.Attrs(), inputs, None, DType.BOOL, version=2)

    return make


def _logical(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        if kind == "LOGICAL_NOT":
            inputs = [m.input(any_shape(rng, tiles), None, DType.BOOL)]
        else:
            inputs = _pair(rng, m, tiles, DType.BOOL, [None, None])
        return m, m.module(kind, a.Attrs(), inputs, None, DType.BOOL)

    return make


def _moved(rng: np.random.Generator) -> tuple[DType, Quant | None]:
    """A type of elements that are only moved."""
    dtype = [DType.INT8, DType.INT8, DType.INT32, DType.FLOAT32][int(rng.integers(4))]
    return dtype, quantization(rng) if dtype is DType.INT8 else None


def _select(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        dtype, quant = _moved(rng)
        if kind == "SELECT":
            shape = any_shape(rng, tiles)
            condition = shape if rng.integers(2) else shape[:1]
            shapes = [shape, shape]
        else:
            condition, other = broadcast_shapes(rng, tiles, 4)
            shapes = [other, tuple(1 if rng.integers(3) == 0 else d for d in other)]
        inputs = [m.input(condition, None, DType.BOOL)]
        for s in shapes:
            constant = rng.integers(4) == 0
            inputs.append(m.const(_plain_values(rng, s, dtype), quant) if constant else m.input(s, quant, dtype))
        return m, m.module(kind, a.Attrs(), inputs, quant, dtype)

    return make


def _mirror_pad(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    shape = any_shape(rng, tiles)
    dtype, quant = _moved(rng)
    mode = [a.MirrorPadMode.REFLECT, a.MirrorPadMode.SYMMETRIC][int(rng.integers(2))]
    border = 1 if mode is a.MirrorPadMode.REFLECT else 0
    pads = np.array([rng.integers(0, min(d - border, 3) + 1, 2) for d in shape], np.int32)
    if rng.integers(3):
        pads[-1] = 0
    inputs = [m.input(shape, quant, dtype), m.const(pads)]
    return m, m.module("MIRROR_PAD", a.MirrorPadAttrs(mode), inputs, quant, dtype)


def _space_to_batch(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    dtype, quant = _moved(rng)
    spatial = int(rng.integers(1, 3))
    block = rng.integers(1, 4, spatial)
    pads = rng.integers(0, 3, (spatial, 2))
    sizes = []
    for b, p in zip(block, pads, strict=True):
        length = int(rng.integers(1, 7))
        p[1] += -(length + p.sum()) % b
        sizes.append(length)
    shape = (int(rng.integers(1, 3)), *sizes, size(rng, tiles))
    inputs = [m.input(shape, quant, dtype), m.const(block.astype(np.int32)), m.const(pads.astype(np.int32))]
    return m, m.module("SPACE_TO_BATCH_ND", a.Attrs(), inputs, quant, dtype, version=2)


def _batch_to_space(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    dtype, quant = _moved(rng)
    spatial = int(rng.integers(1, 3))
    block = rng.integers(1, 4, spatial)
    sizes = rng.integers(1, 5, spatial)
    crops = np.array([(lambda left: (left, rng.integers(0, length - left)))(int(rng.integers(0, length)))
                      for length in sizes * block], np.int32)  # fmt: skip
    if rng.integers(2):
        crops[:] = 0
    shape = (int(prod(block.tolist()) * rng.integers(1, 3)), *(int(d) for d in sizes), size(rng, tiles))
    inputs = [m.input(shape, quant, dtype), m.const(block.astype(np.int32)), m.const(crops)]
    return m, m.module("BATCH_TO_SPACE_ND", a.Attrs(), inputs, quant, dtype, version=2)


def _tile(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    dtype, quant = _moved(rng)
    shape = any_shape(rng, tiles)
    counts = rng.choice([1, 1, 2, 3], len(shape)).astype(np.int32)
    return m, m.module("TILE", a.Attrs(), [m.input(shape, quant, dtype), m.const(counts)], quant, dtype)


def _fill(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    dtype, quant = _moved(rng)
    dims = np.array(any_shape(rng, tiles), np.int32)
    return m, m.module("FILL", a.Attrs(), [m.const(dims), m.input((), quant, dtype)], quant, dtype, version=3)


def _gather_nd(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
    m = Model()
    dtype, quant = _moved(rng)
    shape = any_shape(rng, tiles)
    depth = int(rng.integers(1, len(shape) + 1))
    outer = tuple(int(d) for d in rng.integers(1, 4, int(rng.integers(1, 3))))
    indices = np.stack([rng.integers(0, d, outer) for d in shape[:depth]], -1).astype(np.int32)
    return m, m.module("GATHER_ND", a.Attrs(), [m.input(shape, quant, dtype), m.const(indices)], quant, dtype)


def _arithmetic_s32(kind: str) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        if kind == "DIV":
            shapes = broadcast_shapes(rng, tiles)
            divisors = wide_values(rng, shapes[1], DType.INT32)
            divisors[np.isin(divisors, (0, -1))] = 7
            inputs = [m.input(shapes[0], None, DType.INT32), m.const(divisors)]
        else:
            inputs = _pair(rng, m, tiles, DType.INT32, [None, None])
        attrs = a.Attrs() if kind in ("MAXIMUM", "MINIMUM") else a.BinaryAttrs()
        return m, m.module(kind, attrs, inputs, None, DType.INT32)

    return make


def _cast(source: Sequence[DType], target: Sequence[DType]) -> Maker:
    def make(rng: np.random.Generator, tiles: Sequence[int]) -> tuple[Model, Module]:
        m = Model()
        types = source[int(rng.integers(len(source)))], target[int(rng.integers(len(target)))]
        tensor = m.input(any_shape(rng, tiles), None, types[0])
        return m, m.module("CAST", a.CastAttrs(*types), [tensor], None, types[1])

    return make


OPERATORS: dict[tuple[str, str], Maker] = {
    ("batch_matmul_s8__ref", "BATCH_MATMUL"): _batch_matmul,
    ("batch_matmul_s16__ref", "BATCH_MATMUL"): _batch_matmul_s16,
    ("log_softmax_s8__ref", "LOG_SOFTMAX"): _log_softmax,
    ("l2_normalization_s8__ref", "L2_NORMALIZATION"): _l2_normalization,
    **{("compare_s8__ref", kind): _compare(kind, DType.INT8) for kind in COMPARED},
    **{("compare_bool__ref", kind): _compare(kind, DType.BOOL) for kind in COMPARED[:2]},
    **{("compare_s32__ref", kind): _compare(kind, DType.INT32) for kind in COMPARED},
    **{("compare_s64__ref", kind): _compare(kind, DType.INT64) for kind in COMPARED},
    **{("compare_f32__ref", kind): _compare(kind, DType.FLOAT32) for kind in COMPARED},
    **{
        (f"{kind.lower()}_s32__ref", kind): _arithmetic_s32(kind)
        for kind in ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM")
    },
    ("logical_and__ref", "LOGICAL_AND"): _logical("LOGICAL_AND"),
    ("logical_or__ref", "LOGICAL_OR"): _logical("LOGICAL_OR"),
    ("logical_not__ref", "LOGICAL_NOT"): _logical("LOGICAL_NOT"),
    ("select__ref", "SELECT"): _select("SELECT"),
    ("select__ref", "SELECT_V2"): _select("SELECT_V2"),
    ("table_copy__ref", "MIRROR_PAD"): _mirror_pad,
    ("table_copy__ref", "BATCH_TO_SPACE_ND"): _batch_to_space,
    ("space_to_batch__ref", "SPACE_TO_BATCH_ND"): _space_to_batch,
    ("strided_copy__ref", "TILE"): _tile,
    ("strided_copy__ref", "FILL"): _fill,
    ("gather_nd__ref", "GATHER_ND"): _gather_nd,
    ("cast__ref", "CAST"): _cast(CASTABLE, CASTABLE),
    ("cast_from_f32__ref", "CAST"): _cast((DType.FLOAT32,), CASTABLE),
    ("cast_to_f32__ref", "CAST"): _cast(CASTABLE, (DType.FLOAT32,)),
}
"""How to make a random model for a kernel, by its name and the operator."""
