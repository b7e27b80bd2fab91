"""Shapley values have the four properties that define them, exactly."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from ag_core.evaluation.bootstrap import BootstrapPrecision
from ag_core.evaluation.shapley import compute_shapley_values, list_shapley_weights


def average_over_orders(values: list[float], n: int) -> list[Fraction]:
    """The definition, word by word."""
    shares = [Fraction(0)] * n
    orders = list(permutations(range(n)))
    for order in orders:
        taken = 0
        for step in order:
            shares[step] += Fraction(values[taken | 1 << step]) - Fraction(values[taken])
            taken |= 1 << step
    return [share / len(orders) for share in shares]


@pytest.mark.parametrize("n", [0, 1, 3, 5])
def test_shares_are_the_mean_over_all_orders_and_add_up_exactly(n: int) -> None:
    values = (np.random.default_rng(n).random(2**n) * 100).tolist()
    shares = compute_shapley_values(values)
    assert shares == average_over_orders(values, n)
    assert sum(shares, Fraction(0)) == Fraction(values[-1]) - Fraction(values[0])


def test_a_game_worked_out_by_hand() -> None:
    # Alone the steps add 1 and 2, together 6: the 3 that only both bring are shared.
    assert compute_shapley_values([10, 11, 12, 16]) == [Fraction(5, 2), Fraction(7, 2)]


def test_steps_that_do_alike_share_alike_and_one_that_does_nothing_gets_nothing() -> None:
    # By how many of steps 0 and 1 are taken; step 2 changes nothing.
    values = [(0.0, 0.1, 0.7)[(combination & 3).bit_count()] for combination in range(8)]
    first, second, third = compute_shapley_values(values)
    assert first == second and third == 0 and first + second == Fraction(0.7)


def test_shares_are_linear() -> None:
    random = np.random.default_rng(1)
    one, other = random.integers(0, 99, (2, 8)).tolist()
    both = compute_shapley_values([a + b for a, b in zip(one, other)])
    assert both == [a + b for a, b in zip(compute_shapley_values(one), compute_shapley_values(other))]


@pytest.mark.parametrize("count", [0, 3, 31])
def test_a_combination_that_is_missing_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="of every combination"):
        compute_shapley_values([1.0] * count)


def test_bounds_of_a_share_come_from_its_own_draws() -> None:
    values, draws = np.array([[0.2], [0.3], [0.3], [0.6]]), np.random.default_rng(2).random((4, 200))
    weights = np.array(list_shapley_weights(2)[0], np.float64)
    found = BootstrapPrecision(values, draws).bound_combination(weights)
    low, high = np.percentile(weights @ draws, [2.5, 97.5]) - (weights @ draws).mean()
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.2 + low, 0.2 + high))
