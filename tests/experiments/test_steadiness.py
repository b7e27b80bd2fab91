"""Flicker of heads, pooled over videos, before and after smoothing."""

from collections.abc import Sequence

import pytest

from ag_core.evaluation.protocol import Origin, Owner
from ag_core.experiments.steadiness import pool_flicker, score_steadiness, smooth_videos
from ag_core.models.relation.smoothing import count_transitions
from ag_core.records import SceneGraph
from ag_core.results.scored_heads import ScoredHead
from ag_core.taxonomy import Mode
from tests.models.relation.test_smoothing import make_film

LONG = [0.9] * 13 + [0.4] + [0.9] * 47  # 30 seconds, in which a cup is let go for one frame
SHORT = [0.9, 0.4, 0.9]  # one second, in which it is, too


def test_minutes_are_added_up() -> None:
    """Twice in 31 seconds; the mean of the two videos would be 61."""
    videos = {"long": make_film(LONG), "short": make_film(SHORT)}
    assert pool_flicker(videos) == pytest.approx(2 / (31 / 60))
    assert pool_flicker({}) != pool_flicker({})  # NaN: no time


def test_a_row_tells_before_after_and_truth() -> None:
    origin = Origin(Owner.YOURS, "mine", "test", "dense view", (0,), "evaluate scene-graphs --data mine")
    scored = ScoredHead("reldn", "RelDN", Mode.PREDCLS, ("abc",), origin)
    truth: dict[str, Sequence[SceneGraph]] = {"long": make_film([1.0] * 61)}
    predicted: dict[str, Sequence[SceneGraph]] = {"long": make_film(LONG)}
    transitions = count_transitions([make_film([0.0] * 20 + [1.0] * 41)])
    row = score_steadiness(scored, truth, [predicted], [smooth_videos(predicted, transitions)])
    assert [metric.number for metric in row.list_metrics()] == [pytest.approx(2.0), 0, 0]
    assert row.n.frames == 61
    assert "flicker after smoothing" not in score_steadiness(scored, truth, [predicted], []).values
