import itertools

import numpy as np
import pytest
from tiny_programs import elementwise, pixels, random_access, rows

from sdk.kernels.base import Access
from sdk.plan.access import forbidden_distances, merge


def destroys(accesses, distance, input_size, output_size):
    """Whether a read finds a byte of the input overwritten, by carrying out the accesses on an array."""
    base = output_size
    fresh = np.ones(input_size + 2 * output_size + 1, bool)
    for access in accesses:
        start, end = access.write
        fresh[base + distance + start : base + distance + end] = False
        if any(not fresh[base + a : base + b].all() for a, b in access.reads.values()):
            return True
    return False


def expanded(intervals):
    return {d for low, high in intervals for d in range(low, high)}


@pytest.mark.parametrize("seed", range(60))
def test_random_accesses_match_a_replay_at_every_distance(seed):
    rng = np.random.default_rng(seed)
    input_size, output_size = rng.integers(1, 14, 2).tolist()
    accesses = random_access(rng, input_size, output_size)
    forbidden = forbidden_distances([accesses], [0], input_size, output_size)
    expected = {d for d in range(-output_size, input_size + 1) if destroys(accesses, d, input_size, output_size)}
    assert expanded(forbidden) == expected
    assert all(a[1] < b[0] for a, b in itertools.pairwise(forbidden)), "touching intervals not merged"


def interleavings(first, second, count, rng):
    """Random orders of two cores' steps, each core in its own order; the two extremes among them."""
    yield from ([*first, *second], [*second, *first])
    for _ in range(count):
        turns = rng.permutation([0] * len(first) + [1] * len(second))
        queues = [list(first), list(second)]
        yield [queues[t].pop(0) for t in turns]


@pytest.mark.parametrize("seed", range(20))
def test_two_cores_are_safe_in_every_interleaving_where_a_distance_is_allowed(seed):
    rng = np.random.default_rng(seed)
    input_size, output_size = rng.integers(2, 12, 2).tolist()
    accesses = random_access(rng, input_size, output_size)
    cut = len(accesses) // 2
    cores = [accesses[:cut], accesses[cut:]]
    forbidden = expanded(forbidden_distances(cores, [0], input_size, output_size))
    for distance in range(-output_size, input_size + 1):
        orders = interleavings(*cores, 50, rng)
        broken = any(destroys(order, distance, input_size, output_size) for order in orders)
        if distance not in forbidden:
            assert not broken, f"seed {seed}: distance {distance}"
    extremes = [[*cores[0], *cores[1]], [*cores[1], *cores[0]]]
    for distance in forbidden:
        assert any(destroys(order, distance, input_size, output_size) for order in extremes), f"seed {seed}"


def test_elementwise_may_be_in_place_or_behind_its_input():
    assert forbidden_distances([elementwise(8)], [0], 8, 8) == ((1, 8),)


def test_reads_within_the_step_of_a_write_may_come_after_it():
    in_one_step = tuple(Access({0: (i, i + 1)}, (i, i + 1)) for i in range(8))
    assert forbidden_distances([in_one_step], [0], 8, 8) == ((0, 8),)


def test_pointwise_steps_are_elements_one_by_one():
    def in_steps(steps, pointwise):
        each = 12 // steps
        spans = [(i * each, (i + 1) * each) for i in range(steps)]
        return tuple(Access({0: span}, span, pointwise) for span in spans)

    one_by_one = forbidden_distances([elementwise(12)], [0], 12, 12)
    for steps in (1, 2, 3, 12):
        assert forbidden_distances([in_steps(steps, True)], [0], 12, 12) == one_by_one
    # From the last step to the first an output that runs ahead within a step is caught as well.
    backwards = expanded(forbidden_distances([in_steps(3, True)[::-1]], [0], 12, 12))
    expected = {d for d in range(-12, 13) if destroys(elementwise_backwards(3, 4), d, 12, 12)}
    assert backwards == expected


def elementwise_backwards(steps, each):
    order = [i * each + k for i in reversed(range(steps)) for k in range(each)]
    return [a for i in order for a in (Access({0: (i, i + 1)}, (i, i)), Access({}, (i, i + 1)))]


def test_shrinking_pixels_may_run_ahead_of_their_own_reads():
    # 16 bytes in, 4 out: after pixel p, 16 (p + 1) bytes are free and 4 (p + 1) are written.
    assert forbidden_distances([pixels(5, 16, 4)], [0], 80, 20) == ((-3, 80),)


def test_growing_pixels_may_overlap_only_before_the_input():
    # 4 bytes in, 16 out: the last pixel must end before it begins to be read.
    assert forbidden_distances([pixels(5, 4, 16)], [0], 20, 80) == ((-63, 20),)


def test_rows_keep_what_the_window_still_needs():
    assert forbidden_distances([rows(6, 10, 10, 1)], [0], 60, 60) == ((-19, 60),)


def test_an_input_given_twice_counts_both_reads():
    accesses = (Access({0: (0, 4)}, (0, 4)), Access({1: (0, 2)}, (4, 8)))
    assert forbidden_distances([accesses], [0], 4, 8) == ((-3, 4),)
    assert expanded(forbidden_distances([accesses], [0, 1], 4, 8)) == set(range(-7, 4))


def test_large_scattered_accesses_are_exact():
    # One byte of each pixel at a time: reads are scattered, so the intervals stay many while they are merged.
    channels, count = 16, 64
    accesses = tuple(
        Access({0: (p * channels + c, p * channels + c + 1)}, (c * count + p, c * count + p + 1))
        for c in range(channels)
        for p in range(count)
    )
    size = channels * count
    forbidden = expanded(forbidden_distances([accesses], [0], size, size))
    expected = {d for d in range(-size, size + 1) if destroys(accesses, d, size, size)}
    assert forbidden == expected


def test_merge_unites_touching_and_drops_empty_intervals():
    assert merge([(5, 7), (1, 3), (3, 4), (9, 9), (6, 8)]) == [(1, 4), (5, 8)]
