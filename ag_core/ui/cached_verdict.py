"""Who is right on a video and on all of its model runs, with what the shipped numbers say, from caches."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ag_core.catalog import IN_RUN, name_in_run
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Owner
from ag_core.results.action_scores import ActionModelScores
from ag_core.ui import cached
from ag_core.ui.player.viewing import Viewing
from ag_core.ui.shipped_files import SHIPPED_ACTION_SCORES
from ag_core.ui.verdict import Verdict, build_verdict, find_measured


def load_verdict(key: cached.StoreKey, viewing: Viewing) -> Verdict:
    """The verdict on a video: its own hits, those of its model runs, and what was measured with its weights."""
    hits = [cached.count_action_hits(key, viewing.run or "")]
    for run in sorted({run for model in viewing.scores for _, _, run in [model.partition(IN_RUN)] if run}):
        of_run = cached.count_action_hits(key, run)
        hits.append(of_run.assign(model=[name_in_run(model, run) for model in of_run["model"]]))
    return build_verdict(
        viewing.scores, viewing.annotated_actions, pd.concat(hits, ignore_index=True), _find_measured(viewing)
    )


def _find_measured(viewing: Viewing) -> Mapping[str, Metric]:
    """What was measured of the models of a video's prediction, on the most videos."""
    if viewing.prediction is None:
        return {}
    for path in filter(Path.is_file, SHIPPED_ACTION_SCORES):
        scores = cached.load_scores(path, ActionModelScores.load).with_owner(Owner.OURS_HOME)
        if measured := find_measured(scores, viewing.prediction.models):
            return measured
    return {}
