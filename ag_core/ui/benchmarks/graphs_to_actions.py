"""Benchmarks, Graphs to actions: what annotated graphs alone tell of actions, and what relations add to objects."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from ag_core.evaluation.average_precision import CHANCE
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Owner
from ag_core.results.graph_action_scores import FRAME_MAP, GraphActionScores
from ag_core.ui.benchmarks.action_tables import shorten_head, show_class_table
from ag_core.ui.benchmarks.score_files import OURS, explain_command, load_score_files, pick_whose
from ag_core.ui.benchmarks.table_5 import show_metric_table
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import Chart, draw_interval_dots
from ag_core.ui.page import show_empty_state, show_owner_note

NAME = "graph_actions"
COMMAND = "evaluate graph-actions --data STORE"
SHOTS = (
    ("few-shot", "", "From few examples, ranked among all frames"),
    ("few-shot-among-novel", " among novel frames", "From few examples, ranked among the frames with a novel action"),
)
"""The tables of few-shot numbers: name of the file, how the measure's name ends, and title."""


def show_graphs_to_actions() -> None:
    """One file of scores: all models, what relations add to objects, few-shot, every action."""
    every = load_score_files(NAME, GraphActionScores.load, Owner.OURS_REAL)
    if not every:
        why = (
            "No model of graphs has been scored yet; it takes minutes, without any video file: "
            f"{explain_command(COMMAND, NAME)}"
        )
        show_empty_state("No scores yet", why)
        return
    whose = pick_whose(every, "graph_scores") if len(every) > 1 else next(iter(every))
    scores = every[whose]
    if whose == OURS:
        show_owner_note(f"Your own numbers stand beside ours after {explain_command(COMMAND, NAME)}.")
    left, right = st.columns(2, gap="large")
    with left:
        _show_models(scores, whose)
    with right:
        _show_gains(scores, whose)
    for what, kind, title in SHOTS:
        table = build_shot_table(scores, kind)
        if table is not None:
            st.header(title, anchor=False)
            show_metric_table(table, what, whose.lower(), f"graph_actions_{what}", shorten=shorten_head)
    show_class_table(
        {model: scores.list_class_metrics(model) for model in scores.per_class},
        scores.positives,
        "frames",
        f"graph-actions-{whose.lower()}",
    )


def _show_models(scores: GraphActionScores, whose: str) -> None:
    st.header("Actions of the moment", anchor=False)
    found = [metric for metric in scores.metrics if metric.protocol.name == FRAME_MAP]
    chance = pd.DataFrame([_record(metric) for metric in found if metric.model == CHANCE])
    table = pd.DataFrame([_record(metric) for metric in found if metric.model != CHANCE])
    shared = MetricTable.from_rows("model", {metric.model: [metric] for metric in found})
    show_figure(
        Figure(
            "Actions of the moment from annotated graphs",
            f"{shared.format_caption()} Dashed: chance.",
            "Dots: mean average precision of every model of graphs, with chance as a dashed line",
            "graphs-to-actions",
            whose.lower(),
            partial(_draw_models, table, chance),
            table,
        ),
        "graph_actions_models",
    )


def _draw_models(table: pd.DataFrame, chance: pd.DataFrame, dark: bool) -> Chart:
    return draw_interval_dots(table, "model", chance, dark=dark)


def _show_gains(scores: GraphActionScores, whose: str) -> None:
    st.header("What relations add to objects", anchor=False)
    gains = scores.list_gains()
    whole = [gain for gain in gains if gain.protocol.name == f"difference of {FRAME_MAP}"]
    if not whole:
        st.caption("No model was scored both on objects alone and on whole graphs.")
        return
    table = pd.DataFrame([_record(gain) | {"measure": gain.protocol.name} for gain in gains])
    shared = MetricTable.from_rows("model", {gain.model: [gain] for gain in whole})
    show_figure(
        Figure(
            "What relations add to objects",
            f"{shared.format_caption()} The same model with the relationships, against the classes in sight alone.",
            "Dots: by how much a model with relationships is above the same model with objects alone",
            "relations-add",
            whose.lower(),
            partial(_draw_gains, table[table["measure"] == whole[0].protocol.name]),
            table,
        ),
        "graph_actions_gains",
    )


def _draw_gains(table: pd.DataFrame, dark: bool) -> Chart:
    zero = table.assign(number=0.0, low=None, high=None, metric="nothing added")
    return draw_interval_dots(table, "model", zero, dark=dark, from_zero=False)


def _record(metric: Metric) -> dict[str, object]:
    return {"model": metric.model} | metric.to_plot_record()


def build_shot_table(scores: GraphActionScores, kind: str) -> MetricTable | None:
    """A row a model: k-shot mAP for every k, over all frames or, with `kind`, among some; None without any."""
    measures = dict.fromkeys(metric.protocol.name for metric in scores.metrics)
    names = [name for name in measures if "-shot" in name and name.endswith(f"{FRAME_MAP}{kind}")]
    rows: Mapping[str, list[Metric | None]] = {
        model: [scores.find(model, name) for name in names] for model in scores.per_class
    }
    kept = {model: metrics for model, metrics in rows.items() if any(metrics)}
    return MetricTable.from_rows("model", kept) if names and kept else None
