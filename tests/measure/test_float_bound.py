"""Distances of floats in units in the last place, and which count as different."""

import numpy as np
import pytest

from sdk.measure.verify import FLOAT_BOUND_ULP, compare, different_bytes, largest_ulp_difference

ONE = np.float32(1)


def after(value: np.float32, steps: int) -> np.ndarray:
    """The float so many steps above a value."""
    for _ in range(steps):
        value = np.nextafter(value, np.float32(np.inf))
    return np.array([value], np.float32)


@pytest.mark.parametrize("steps", [0, 1, FLOAT_BOUND_ULP, FLOAT_BOUND_ULP + 1])
@pytest.mark.parametrize("value", [ONE, np.float32(-1e-44), np.float32(-3)])
def test_steps_are_counted(value: np.float32, steps: int) -> None:
    reference = np.array([value], np.float32)
    device = after(value, steps).tobytes()
    assert largest_ulp_difference(device, reference) == steps
    assert different_bytes(device, reference) == (0 if steps <= FLOAT_BOUND_ULP else 4)


def test_zeros_are_equal_and_so_is_what_is_not_a_number() -> None:
    device = np.array([-0.0, np.nan], np.float32).tobytes()
    assert largest_ulp_difference(device, np.array([0.0, -np.nan], np.float32)) == 0


def test_not_a_number_is_far_from_any_number() -> None:
    assert different_bytes(np.array([np.nan], np.float32).tobytes(), np.array([1], np.float32)) == 4


def test_integers_stay_exact_beside_floats() -> None:
    floats, integers = np.array([1], np.float32), np.array([5], np.int8)
    found = compare([[after(ONE, 2).tobytes(), b"\x06"]], [[floats, integers]], "oracle")
    assert (found.bytes_different, found.largest_ulp, found.verified) == (1, 2, False)


def test_a_model_without_floats_has_no_such_figure() -> None:
    assert compare([[b"\x05"]], [[np.array([5], np.int8)]], "oracle").largest_ulp is None
