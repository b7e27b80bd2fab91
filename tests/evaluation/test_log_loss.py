"""Log-loss, that of the prior, and reliability against numbers worked out by hand."""

from math import log

import numpy as np
import pytest

from ag_core.evaluation.log_loss import (
    MIN_RATE,
    build_log_loss_protocol,
    compute_log_losses,
    compute_prior_log_losses,
    count_bins,
    list_bins,
)
from ag_core.evaluation.metrics import Counts, Metric
from ag_core.evaluation.protocol import Origin, Owner

LABELS = np.array([[True, False], [False, False]])


def test_log_loss_is_summed_over_the_classes() -> None:
    logits = np.array([[log(3), 0.0], [0.0, -log(4)]])  # probabilities 3/4, 1/2; 1/2, 1/5
    assert compute_log_losses(logits, LABELS) == pytest.approx([-log(3 / 4) - log(1 / 2), -log(1 / 2) - log(4 / 5)])
    assert compute_log_losses(np.array([[-1000.0, 1000.0]]), LABELS[:1]) == pytest.approx([2000])
    assert compute_log_losses(np.zeros((0, 2)), LABELS[:0]).tolist() == []


def test_the_prior_says_the_same_of_every_clip() -> None:
    found = compute_prior_log_losses(np.array([0.5, 0.25]), LABELS)
    assert found == pytest.approx([-log(1 / 2) - log(3 / 4)] * 2)
    never = compute_prior_log_losses(np.array([0.0, 1.0]), LABELS)
    assert never[0] == pytest.approx(-2 * log(MIN_RATE), rel=1e-6)


def test_reliability_counts_every_pair_once() -> None:
    probabilities = np.array([[0.05, 0.12], [1.0, 0.18]])
    counts = count_bins(probabilities, np.array([[False, False], [True, True]]))
    assert counts.shape == (3, 10) and counts[0].sum() == 4
    pairs, means, right = zip(*list_bins(counts + counts))
    assert (pairs, right) == ((2, 4, 2), (0, 2, 2)) and means == pytest.approx((0.05, 0.15, 1.0))


def test_a_log_loss_is_printed_in_nats() -> None:
    origin = Origin(Owner.YOURS, "mine", "test", command="evaluate actions --data mine")
    metric = Metric(8.123, build_log_loss_protocol("clips"), origin, Counts(videos=2), model="prior")
    assert metric.format_number(with_unit=True) == "8.12 nats" and "less is better" in metric.format_sentence()
    assert Metric.from_json(metric.to_json()) == metric
