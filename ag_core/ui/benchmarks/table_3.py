"""Benchmarks, Table 3: action models. What the paper prints beside ours and the reader's, and what explains a score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from ag_core.catalog import ACTION_MODELS
from ag_core.evaluation.average_precision import CHANCE
from ag_core.evaluation.log_loss import PRIOR
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.paper_results import read_paper_table
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.published_results import READING_NAMES, read_published_actions
from ag_core.results.action_scores import LOCALISATION, LOG_LOSS, RANK, VIDEO_MAP, ActionModelScores
from ag_core.ui import shipped_files
from ag_core.ui.benchmarks.action_tables import get_number, shorten_head, show_class_table
from ag_core.ui.benchmarks.score_files import OURS, explain_command, load_score_files, pick_whose
from ag_core.ui.benchmarks.table_5 import show_metric_table
from ag_core.ui.charts.action_plots import draw_reliability
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import Chart, draw_interval_dots, get_model_colour
from ag_core.ui.formatting import escape_markdown, format_sentence
from ag_core.ui.glossary import explain
from ag_core.ui.page import check_link, show_empty_state, show_owner_note

NAME = "actions"
COMMAND = "evaluate actions --models all --data STORE --weights FOLDER"
PAPER, OWN_METHOD = "Paper", "SGFB"
PART = "action_part"
ALL_VIDEOS = {"Ours, 400 videos": "actions-400"}
"""The shipped file of the models that were scored on every val video, not on 90 of them."""


@dataclass(frozen=True)
class ActionScope:
    """One file of scores, by whose it is, and the part of the split that was chosen."""

    whose: str
    scores: ActionModelScores
    part: str

    @property
    def labels(self) -> list[str]:
        """The models that were scored."""
        return [model.label for model in self.scores.models]

    @property
    def file_part(self) -> str:
        """The choice as a part of a file's name."""
        return f"{self.whose.lower().replace(', ', '-').replace(' ', '-')}-{self.part}"


def show_table_3() -> None:
    """The paper's eight rows, then one file of scores from all sides."""
    every = load_score_files(NAME, ActionModelScores.load, Owner.OURS_HOME, ALL_VIDEOS)
    if not every:
        why = (
            "No action model has been scored yet. Score every one that has weights on a home world or on Charades with "
            f"Action Genome: {explain_command(COMMAND, NAME)}"
        )
        show_empty_state("No scores yet", why)
    _show_side_by_side(every)
    if not every:
        return
    scope = _pick_scope(every)
    st.header(f"{scope.whose}, {scope.part}", anchor=False)
    show_metric_table(build_measure_table(scope), "actions", scope.file_part, "actions_measures", shorten=shorten_head)
    if scope.scores.find(PRIOR, LOG_LOSS):
        st.caption("Log-loss: less is better. A model that is not below the prior knows nothing of a clip.")
    left, right = st.columns(2, gap="large")
    with left:
        _show_differences(scope)
    with right:
        _show_reliability(scope)
    st.header("Without part of their input", anchor=False)
    probes = build_probe_table(scope)
    if probes is None:
        st.caption("No model with a bank was scored.")
    else:
        show_metric_table(probes, "probes", scope.file_part, "actions_probes", shorten=shorten_head)
    show_class_table(
        {label: scope.scores.list_class_metrics(label) for label in scope.labels},
        scope.scores.positives,
        "videos",
        f"actions-{scope.whose.lower()}",
    )
    _show_notes(scope.scores)


def _show_side_by_side(every: Mapping[str, ActionModelScores]) -> None:
    st.header("Table 3", anchor=False)
    columns = build_side_by_side(every)
    for metrics in columns.values():
        known = {name: [metric] for name, metric in metrics.items() if metric is not None}
        show_owner_note(MetricTable.from_rows("model", known).format_caption())
    table = pd.DataFrame(
        [
            {"model": model} | {whose: get_number(metrics.get(model)) for whose, metrics in columns.items()}
            for model in dict.fromkeys(model for metrics in columns.values() for model in metrics)
        ]
    )
    numbers = {whose: st.column_config.NumberColumn(whose, format="%.1f", width="small") for whose in columns}
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        column_config={"model": st.column_config.TextColumn(pinned=True), **numbers},
        alt="Table 3: video mAP of action models, the paper's and what was scored here, a column each",
    )
    st.caption(escape_markdown(describe_best()))


def build_side_by_side(every: Mapping[str, ActionModelScores]) -> dict[str, dict[str, Metric | None]]:
    """By whose it is, the video mAP of every row of the paper's table and of every other model that was scored.

    Columns are of different data, so that no column answers another.
    """
    paper = {name: metric for name, (metric,) in read_paper_table(shipped_files.load_paper_results(), 3).rows}
    found: dict[str, dict[str, Metric | None]] = {PAPER: dict(paper)}
    for whose, scores in every.items():
        rows = {find_paper_row(model.label, list(paper)): scores.find(model.label) for model in scores.models}
        found[whose] = rows | {CHANCE: scores.find(CHANCE)}
    return found


def find_paper_row(label: str, rows: Sequence[str]) -> str:
    """The row of the paper's table that a model answers; its own label where there is none."""
    named = {entry.label: entry.name_in_paper for entry in ACTION_MODELS.values()}
    wanted = named.get(label) or label
    return wanted if wanted in rows else label


def describe_best() -> str:
    """What other papers print today, so that nobody takes the paper's numbers for the best."""
    printed = dict(read_paper_table(shipped_files.load_paper_results(), 3).rows)
    (own,) = printed[OWN_METHOD]
    best, *others = read_published_actions(shipped_files.load_published_actions())
    assert own is not None, "the paper prints its own number"
    said = ", ".join(f"{other.metric.model} {other.metric.format_number(with_unit=True)}" for other in others)
    return (
        f"Not the state of the art: {own.format_short()} is of 2020. The highest number on Charades that we know of: "
        f"{best.metric.format_short()}, {READING_NAMES[best.reading]}. Other papers also print {said}."
    )


def _pick_scope(every: Mapping[str, ActionModelScores]) -> ActionScope:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        whose = pick_whose(every, "action_scores") if len(every) > 1 else next(iter(every))
        parts = every[whose].parts
        check_link(PART, parts, "part")
        part = st.segmented_control(
            "Part", parts, default=parts[0], required=True, key=PART, bind="query-params", help=explain("iid", "comp")
        )
    if whose == OURS:
        show_owner_note(f"Your own numbers stand beside ours after {explain_command(COMMAND, NAME)}.")
    return ActionScope(whose, every[whose], part)


def build_measure_table(scope: ActionScope) -> MetricTable:
    """A row a model, chance and prior: video mAP, localisation mAP, and log-loss for each length of clips."""
    found = scope.scores
    columns = [
        *found.list_protocols(VIDEO_MAP)[:1],
        *found.list_protocols(LOCALISATION),
        *found.list_protocols(LOG_LOSS),
    ]
    rows = {
        model: [found.find(model, protocol.name, scope.part, protocol) for protocol in columns]
        for model in (*scope.labels, CHANCE, PRIOR)
    }
    return MetricTable.from_rows("model", {model: metrics for model, metrics in rows.items() if any(metrics)})


def build_probe_table(scope: ActionScope) -> MetricTable | None:
    """A row a model with a bank: its video mAP, and what is left of it without a part of what it reads."""
    probed = scope.scores.list_named(f"{VIDEO_MAP}, ")
    names = [VIDEO_MAP, *dict.fromkeys(metric.protocol.name for metric in probed)]
    models = dict.fromkeys(metric.model for metric in probed)
    rows = {model: [scope.scores.find(model, name, scope.part) for name in names] for model in models}
    return MetricTable.from_rows("model", rows) if rows else None


def _show_differences(scope: ActionScope) -> None:
    st.header("What the bank adds", anchor=False)
    found = [one for one in scope.scores.list_named("difference") if one.origin.split == scope.part]
    if not found:
        st.caption("Fewer than two models on one clip network were scored, so that none is set against another.")
        return
    table = pd.DataFrame([{"models": metric.model} | metric.to_plot_record() for metric in found])
    shared = MetricTable.from_rows("models", {metric.model: [metric] for metric in found})
    show_figure(
        Figure(
            "What the bank adds",
            f"{shared.format_caption()} Where the line does not reach 0, more videos would hardly turn it round.",
            "Dots with bounds: difference of video mAP between models that differ in their bank",
            "differences",
            scope.file_part,
            partial(_draw_differences, table),
            table,
        ),
        "actions_differences",
    )


def _draw_differences(table: pd.DataFrame, dark: bool) -> Chart:
    zero = pd.DataFrame({"models": table["models"], "number": 0.0, "metric": "no difference"})
    return draw_interval_dots(table, "models", zero, dark=dark, from_zero=False)


def _show_reliability(scope: ActionScope) -> None:
    st.header("Probability and truth", anchor=False)
    table = build_reliability_table(scope.scores)
    whole = scope.scores.find(scope.labels[0])
    assert whole is not None, "every model has a video mAP"
    facts = whole.list_facts()
    note = "; ".join(facts[kind] for kind in ("owner", "data", "n", "command") if kind in facts)
    ids = {model.label: model.id for model in scope.scores.models}
    show_figure(
        Figure(
            "Probability and truth",
            f"{format_sentence(note)} Clips of all trainings by tenths of probability. On the dashed line both agree; "
            "below it a model is too sure.",
            "Lines: share of actions that come true over the probability a model gives them",
            "reliability",
            scope.whose.lower(),
            partial(_draw_reliability, table, ids),
            table,
        ),
        "actions_reliability",
    )


def build_reliability_table(scores: ActionModelScores) -> pd.DataFrame:
    """model, probability, share and pairs of every tenth of probability."""
    rows = [
        {"model": model, "probability": mean, "share": right / count, "pairs": count}
        for model, bins in scores.curves.items()
        for count, mean, right in bins
    ]
    return pd.DataFrame(rows, columns=["model", "probability", "share", "pairs"])


def _draw_reliability(table: pd.DataFrame, ids: Mapping[str, str], dark: bool) -> Chart:
    colours = {label: get_model_colour(ids[label], dark=dark) for label in table["model"].unique()}
    return draw_reliability(table, colours, dark=dark)


def _show_notes(scores: ActionModelScores) -> None:
    for note in scores.notes:
        st.caption(escape_markdown(note))
    for metric in scores.list_named(RANK):
        st.caption(escape_markdown(metric.format_sentence()))
    if scores.missing:
        names = [ACTION_MODELS[model].label if model in ACTION_MODELS else model for model in scores.missing]
        st.caption(
            f"Not scored, since no weights were found: {', '.join(map(escape_markdown, names))}. "
            "`python -m ag_core train clip` and `train action` train them."
        )
