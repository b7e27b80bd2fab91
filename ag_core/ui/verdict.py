"""Which action model is right more often: on one video, on all of a model run, and as it was measured.

For Home and Compare; knows no Streamlit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ag_core.catalog import get_model_label, list_predicting_models
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.records import ActionInterval, ActionScores
from ag_core.results.action_scores import ActionModelScores
from ag_core.results.prediction import ModelUse
from ag_core.ui.formatting import format_number

TOP = 5
"""How many of a model's best actions are looked at."""

MIN_DIFFERENCE = 0.05
"""From which difference of two scores on an action counts as one on which models differ."""


@dataclass(frozen=True)
class Verdict:
    """What is known of how right the models are.

    hits       by model, how many of its best actions of this video are annotated; empty where nobody annotated it
    annotated  how many actions the video's annotation has
    of_set     by model, the same summed over all annotated videos of the model run
    n_videos   how many videos these are
    measured   by model, its video mAP as a metric, where it was measured with the weights that are looked at
    """

    hits: Mapping[str, int]
    annotated: int
    of_set: Mapping[str, int]
    n_videos: int
    measured: Mapping[str, Metric]

    @property
    def models(self) -> list[str]:
        """Every model of which anything is known: those with more hits on the video first, then on the set."""
        models = dict.fromkeys([*self.hits, *self.of_set, *self.measured])
        return sorted(models, key=lambda model: (-self.hits.get(model, 0), -self.of_set.get(model, 0)))

    def describe_video(self) -> str:
        """Who is right on this video, in a sentence; empty where nobody annotated it."""
        if not self.hits:
            return ""
        ranked = [(get_model_label(model), self.hits[model]) for model in self.models if model in self.hits]
        of = f"of the {self.annotated} annotated actions" if self.annotated > 1 else "of the one annotated action"
        (best, most), *others = ranked
        if others and all(count == most for _, count in others):
            names = join_words([name for name, _ in ranked])
            return f"{names} each have {most} {of} in their top {TOP}."
        rest = join_words([f"{name} {count}" for name, count in others])
        return f"{best} has {most} {of} in its top {TOP}{', ' if rest else ''}{rest}."

    def describe_set(self) -> str:
        """Who is right more often over all videos, in a sentence; empty where fewer than two models can be compared."""
        compared = [model for model in list_contrasted(self.of_set) if model in self.of_set]
        if len(compared) < 2:
            return ""
        (best, most), *others = sorted(
            ((get_model_label(model), self.of_set[model]) for model in compared), key=lambda pair: -pair[1]
        )
        answers = format_number(self.n_videos * TOP)
        if most == others[0][1]:
            return f"{join_words([best, *(name for name, _ in others)])} are right equally often: {most} of {answers}."
        rest = join_words([f"{count} of {name}'s" for name, count in others])
        videos = f"{format_number(self.n_videos)} video{'' if self.n_videos == 1 else 's'}"
        return (
            f"{best} is right more often: {most} of the {answers} actions in its top {TOP} are annotated, and {rest} "
            f"({videos})."
        )

    def describe_measured(self) -> str:
        """The video mAP of the compared models with data and sample, in a sentence; empty where none was measured."""
        known = {model: self.measured[model] for model in list_contrasted(self.measured) if model in self.measured}
        if not known:
            return ""
        said = join_words([f"{get_model_label(model)} {metric.format_number(True)}" for model, metric in known.items()])
        return f"Video mAP: {said} ({describe_sample(next(iter(known.values())))})."

    def explain_measured(self) -> str:
        """The protocol of the video mAP in full; empty where none was measured."""
        rows = {get_model_label(model): [metric] for model, metric in self.measured.items()}
        return MetricTable.from_rows("model", rows).format_caption() if rows else ""


def build_verdict(
    scores: Mapping[str, ActionScores], annotated: set[int] | None, hits: pd.DataFrame, measured: Mapping[str, Metric]
) -> Verdict:
    """From the scores and the annotated actions of a video, the hits of its model run, and what was measured.

    hits  as `count_action_hits` gives them, with TOP
    """
    of_video = {model: count_hits(answer, annotated) for model, answer in scores.items()} if annotated else {}
    of_set = {str(model): int(count) for model, count in hits.groupby("model", sort=False)["hits"].sum().items()}
    return Verdict(of_video, len(annotated or ()), of_set, hits["video_id"].nunique(), measured)


def count_hits(answer: ActionScores, annotated: set[int]) -> int:
    """How many of a model's TOP best actions are annotated."""
    return len(annotated.intersection(np.argsort(-answer.scores, kind="stable")[:TOP].tolist()))


def find_measured(scores: ActionModelScores | None, models: Sequence[ModelUse]) -> dict[str, Metric]:
    """By model, its video mAP in a file of scores, where it was measured with the very weights of a prediction."""
    if scores is None:
        return {}
    used = {model.role: model.sha256 for model in models}
    found = {}
    for model in scores.models:
        metric = scores.find(model.label)
        if metric is not None and any(used.get(model.id, "").startswith(weights) for weights in model.weights):
            found[model.id] = metric
    return found


def describe_sample(metric: Metric) -> str:
    """Whose a number is and what it was measured on, in a few words."""
    facts = metric.list_facts()
    return ", ".join(facts[name] for name in ("owner", "data", "n") if name in facts)


def list_contrasted(models: Iterable[str]) -> list[str]:
    """The models that are set against each other: those that read clips, where there are two, else all."""
    known = list(models)
    clips = [entry.id for entry in list_predicting_models() if entry.id in known]
    return clips if len(clips) > 1 else known


def build_difference_rows(scores: Mapping[str, ActionScores], n_rows: int) -> pd.DataFrame:
    """The actions on which the contrasted models differ most, at most `n_rows`, the farthest apart first.

    action, difference (of the video's scores), time_s (when they are farthest apart; NaN where scores over time are not
    known), and by model its score. Only actions that all of them were trained on.
    """
    models = list_contrasted(scores)
    if len(models) < 2:
        return pd.DataFrame(columns=["action", "difference", "time_s"])
    stacked = np.stack([scores[model].scores for model in models])
    trained = np.logical_and.reduce([scores[model].trained_on for model in models])
    differences = np.where(trained, np.ptp(stacked, axis=0), 0.0)
    order = np.argsort(-differences, kind="stable")[:n_rows]
    chosen = [action for action in order.tolist() if differences[action] >= MIN_DIFFERENCE]
    return pd.DataFrame(
        [
            {
                "action": action,
                "difference": float(differences[action]),
                "time_s": find_widest_time(scores, models, [action]),
                **{model: float(answer.scores[action]) for model, answer in scores.items()},
            }
            for action in chosen
        ]
    )


def find_widest_time(scores: Mapping[str, ActionScores], models: Sequence[str], actions: Sequence[int]) -> float:
    """When models are farthest apart on any of the actions, in seconds; NaN where scores over time are not known."""
    times_s = scores[models[0]].times_s
    if not len(times_s) or not len(actions):
        return float("nan")
    over_time = np.stack([scores[model].over_time[:, list(actions)] for model in models])
    return float(times_s[np.ptp(over_time, axis=0).max(axis=1).argmax()])


def choose_start(
    scores: Mapping[str, ActionScores], intervals: Sequence[ActionInterval], graph_times_s: Sequence[float]
) -> float:
    """Where a video begins to be worth watching, in seconds: at the first graph within the annotated action on which
    the contrasted models differ most; at the first graph of all where no two models or no actions are known.
    """
    models, start_s = list_contrasted(scores), 0.0
    if len(models) > 1 and intervals:
        differences = np.ptp(np.stack([scores[model].scores for model in models]), axis=0)
        start_s = min(intervals, key=lambda one: (-float(differences[one.action]), one.start_s)).start_s
    return min((time_s for time_s in graph_times_s if time_s >= start_s), default=start_s)


def join_words(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
