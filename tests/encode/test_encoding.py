"""Packing keeps every weight, in as many bytes as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.encode import Encoding, encodings, smallest

levels = st.lists(st.integers(-128, 127), min_size=1, max_size=70, unique=True)


@given(levels, st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_every_encoding_gives_the_weights_back(present: list[int], count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.choice(np.array(present, np.int8), count)
    values[rng.random(count) < rng.choice([0, 0.9])] = 0
    for encoding in encodings(values):
        packed = encoding.pack(values)
        assert np.array_equal(packed.unpack(), values), encoding
        stored = packed.words.nbytes + (0 if packed.mask is None else packed.mask.nbytes) + len(encoding.levels or ())
        assert encoding.nbytes(values) == stored, encoding


@pytest.mark.parametrize(
    ("values", "name", "nbytes"),
    [
        (np.tile([-1, 0, 1, 1], 500), "ternary", 400),
        (np.tile([-2, 1, 0, -1], 512), "2-bit", 512),
        (np.tile([*range(-7, 0), *range(1, 8), 0], 320), "4-bit", 2400),
        (np.tile([-64, 1, 2, 4, 8, 0, -16, -1], 400), "3-bit shift", 1208),
        (np.tile([-128, 127], 320), "binary", 82),
        (np.tile([-100, 0, 100, 0, 0, 0, 0, 0], 500), "sparse binary", 500 + 128 + 2),
        (np.tile([*range(-7, 8), *[0] * 45], 32), "sparse 4-bit", 240 + 224),
    ],
)
def test_the_smallest_encoding(values: np.ndarray, name: str, nbytes: int) -> None:
    found = smallest(values.astype(np.int8))
    assert found is not None
    assert (found.name, found.nbytes(values.astype(np.int8))) == (name, nbytes)


def test_weights_of_many_levels_stay_bytes() -> None:
    assert smallest(np.arange(-100, 101).astype(np.int8)) is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 3-bit"):
        Encoding(3).pack(np.array([4], np.int8))
    with pytest.raises(ValueError, match="5 levels do not fit 4 codes"):
        Encoding(2, (0, 1, 2, 3, 4))
