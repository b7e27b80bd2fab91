"""Who is right: counted from scores and annotation, told in sentences, and measured only with the weights at hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ag_core.records import ActionInterval, ActionScores, Video
from ag_core.results.prediction import ModelUse
from ag_core.taxonomy import N_ACTIONS
from ag_core.ui.compare.beside import build_beside
from ag_core.ui.glossary_terms import TERMS
from ag_core.ui.player.viewing import Viewing
from ag_core.ui.verdict import (
    MIN_DIFFERENCE,
    TOP,
    build_difference_rows,
    build_verdict,
    choose_start,
    find_measured,
)
from tests.results.test_action_scores import SCORES

TIMES_S = np.array([0.5, 1.5, 2.5], np.float32)


def make_answer(model: str, **rises: float) -> ActionScores:
    """Scores that fall from action to action, with some higher at the last time: `a7=0.5`."""
    over_time = np.tile(np.linspace(0.2, 0.0, N_ACTIONS, dtype=np.float32), (len(TIMES_S), 1))
    for name, value in rises.items():
        over_time[-1, int(name[1:])] = value
    return ActionScores(model, over_time.max(axis=0), TIMES_S, over_time)


ANSWERS = {
    "lfb": make_answer("lfb"),  # its best are 0, 1, 2, 3 and 4
    "sgfb": make_answer("sgfb", a20=0.9, a30=0.8, a40=0.19),  # 20, 30, 0, 1 and 2
    "graph": make_answer("graph", a50=0.9),
}
VIEWING = Viewing(
    Video("A", 4.0, 24.0, 640, 360, 96), None, {}, [ActionInterval("A", one, 0.0, 2.0) for one in (0, 20, 30)], ANSWERS
)
HITS = pd.DataFrame(
    [("A", "lfb", 1, 3), ("A", "sgfb", 3, 3), ("B", "lfb", 2, 2), ("B", "sgfb", 2, 2)],
    columns=["video_id", "model", "hits", "annotated"],
)


def test_hits_are_counted_and_told() -> None:
    verdict = build_verdict(ANSWERS, {0, 20, 30}, HITS, {})
    assert verdict.hits == {"lfb": 1, "sgfb": 3, "graph": 1}
    assert verdict.describe_video() == ("SGFB has 3 of the 3 annotated actions in its top 5, LFB 1 and Graph alone 1.")
    answers = 2 * TOP
    assert verdict.describe_set() == (
        f"SGFB is right more often: 5 of the {answers} actions in its top 5 are annotated, and 3 of LFB's (2 videos)."
    )
    beside, differing = build_beside(VIEWING, verdict)
    assert [row["cells"] for row in beside["models"]] == [
        [f"3 of {TOP}", f"5 of {answers}"], [f"1 of {TOP}", f"3 of {answers}"], [f"1 of {TOP}", "–"]
    ]  # fmt: skip
    assert ["SGFB", "Glossary?term=sgfb", TERMS["sgfb"].meaning] in beside["said"]
    assert differing == [20, 30] and [row["right"] for row in beside["rows"]] == [True, True]
    assert all(head["title"] for head in beside["heads"]), "every number says what it counts"


def test_what_nobody_knows_is_not_told() -> None:
    verdict = build_verdict(ANSWERS, None, HITS.head(0), {})
    assert verdict.describe_video() == verdict.describe_set() == verdict.describe_measured() == ""
    said, _ = build_beside(replace(VIEWING, intervals=None), verdict)
    assert "Nobody annotated the actions" in said["said"][0][0] and said["rows"][0]["verdict"] == ""
    alike = build_verdict({"lfb": ANSWERS["lfb"], "sgfb": ANSWERS["lfb"]}, {0}, HITS[HITS["video_id"] == "B"], {})
    assert alike.describe_video() == "LFB and SGFB each have 1 of the one annotated action in their top 5."
    assert "right equally often: 2 of 5" in alike.describe_set()


def test_measured_numbers_are_those_of_the_weights_at_hand() -> None:
    used = [ModelUse("lfb", "lfb", "demo", "abc" + 61 * "0", "home world"),
            ModelUse("sgfb", "sgfb", "demo", 64 * "9", "home world")]  # fmt: skip
    found = find_measured(SCORES, used)
    assert found == {"lfb": SCORES.find("LFB")}
    verdict = build_verdict(ANSWERS, {0}, HITS, found)
    number = found["lfb"].format_number(True)
    assert f"LFB {number} (" in verdict.describe_measured() and "4 videos" in verdict.describe_measured()
    beside, _ = build_beside(VIEWING, verdict)
    assert [number] == [row["cells"][-1] for row in beside["models"] if row["at"] == 0]
    assert "10 views" in beside["heads"][-1]["title"]
    assert find_measured(None, used) == {}


def test_rows_are_where_the_contrasted_models_differ_most() -> None:
    rows = build_difference_rows(ANSWERS, 4)
    assert rows["action"].tolist() == [20, 30] and (rows["difference"] > MIN_DIFFERENCE).all()
    assert rows["time_s"].tolist() == [TIMES_S[-1]] * 2 and rows["graph"].iloc[0] == pytest.approx(rows["lfb"].iloc[0])
    unseen = replace(ANSWERS["lfb"], trained_on=np.arange(N_ACTIONS) != 20)
    assert build_difference_rows({**ANSWERS, "lfb": unseen}, 4)["action"].tolist() == [30]
    stored = {model: ActionScores(model, answer.scores) for model, answer in ANSWERS.items()}
    assert build_difference_rows(stored, 1)["time_s"].map(math.isnan).all()
    assert build_difference_rows({"lfb": ANSWERS["lfb"]}, 4).empty


def test_a_video_begins_at_a_graph_of_the_action_on_which_models_differ() -> None:
    intervals = [ActionInterval("A", 0, 0.0, 1.0), ActionInterval("A", 20, 3.0, 4.0), ActionInterval("A", 20, 1.0, 2.0)]
    assert choose_start(ANSWERS, intervals, [0.25, 1.25, 3.25]) == 1.25
    assert choose_start(ANSWERS, intervals, [0.25]) == 1.0
    assert choose_start(ANSWERS, [], [0.25, 1.25]) == choose_start({}, intervals, [0.25]) == 0.25
