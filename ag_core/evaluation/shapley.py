"""Shapley values: what each of a few steps adds to a number, when every combination of them was measured.

A step's share is what it adds to the steps taken before it, averaged over all orders in which the steps can be taken.
It is the only sharing out that adds up to the whole, treats alike steps that do alike, gives nothing to a step that
does nothing, and is linear in what was measured (Shapley 1953). Fractions make it exact.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import factorial


def list_shapley_weights(n_steps: int) -> list[list[Fraction]]:
    """[n][2^n] how much each combination counts in the share of each step; combination c has step k where c & 1 << k.

    The share of step k is the sum of weights[k][c] times what was measured of c.
    """
    orders = factorial(n_steps)
    weights = []
    for step in range(n_steps):
        of_step = []
        for combination in range(2**n_steps):
            size, taken = combination.bit_count(), combination >> step & 1
            before = size - taken  # steps taken before this one
            count = Fraction(factorial(before) * factorial(n_steps - before - 1), orders)
            of_step.append(count if taken else -count)
        weights.append(of_step)
    return weights


def compute_shapley_values(values: Sequence[float | Fraction]) -> list[Fraction]:
    """The share of each of n steps, from what was measured of all 2^n combinations in the order of their bits.

    Exact: the shares add up to values[-1] - values[0] without any rounding. ValueError for another number of values.
    """
    n_steps = len(values).bit_length() - 1
    if len(values) != 2**n_steps or n_steps < 0:
        raise ValueError(f"{len(values)} values are no 2^n; give one of every combination of steps")
    exact = [Fraction(value) for value in values]
    return [
        sum((weight * value for weight, value in zip(of_step, exact)), Fraction(0))
        for of_step in list_shapley_weights(n_steps)
    ]
