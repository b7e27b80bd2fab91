"""What the tabs of action models share: the AP of every action as a table to sort, and short heads of columns."""

import re
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.taxonomy import ACTIONS, find_action_index
from ag_core.ui.glossary import explain_words
from ag_core.ui.page import show_owner_note
from ag_core.ui.widgets.pickers import show_download


def show_class_table(
    of_models: Mapping[str, Sequence[Metric]], positives: Mapping[str, int], unit: str, key: str
) -> None:
    """The AP of every action that occurs, below the sentence that says whose it is.

    of_models  by model the AP of each action; positives: by action how many of `unit` show it; key names files
    """
    st.header("Every action", anchor=False)
    table = build_class_table(of_models, positives)
    first = next((metrics[0] for metrics in of_models.values() if metrics), None)
    if first is None:
        st.caption(f"No action has positive {unit}.")
        return
    shared = MetricTable.from_rows("action", {"all": [first]}).format_caption()
    said = shared.replace(first.protocol.label, first.protocol.name)
    show_owner_note(f"{said} Positives: {unit} that show the action. Of several trainings the mean.")
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        height=min(420, 38 + 35 * len(table)),
        column_config={
            "action": st.column_config.TextColumn(pinned=True, width="medium"),
            "positives": st.column_config.NumberColumn(width="small", help=f"How many {unit} show the action."),
            **{
                model: st.column_config.NumberColumn(help=explain_words(model), format="%.1f", width="small")
                for model in of_models
            },
        },
        alt=f"Average precision of every action by model, and how many {unit} show it",
    )
    with st.container(horizontal=True):
        for kind in ("csv", "json"):
            show_download(table, "ap-of-actions", key, f"{key}_classes_{kind}", kind)


def build_class_table(of_models: Mapping[str, Sequence[Metric]], positives: Mapping[str, int]) -> pd.DataFrame:
    """A row an action that occurs: its text, id, positives, and the AP of every model."""
    found = {
        model: {one.protocol.subject: get_number(one) for one in of_model} for model, of_model in of_models.items()
    }
    return pd.DataFrame(
        [
            {"action": ACTIONS[find_action_index(action)].label, "id": action, "positives": count}
            | {model: of_model.get(action) for model, of_model in found.items()}
            for action, count in positives.items()
        ]
    )


def get_number(metric: Metric | None) -> float | None:
    """The number as a cell of a table that says above whose it is."""
    number: float | None = None if metric is None else metric.to_plot_record()["number"]
    return number


def shorten_head(head: str) -> str:
    """The head of a column of mAP or log-loss without all that stands in its help; log-losses keep their clips."""
    name, _, rest = head.partition(" in ")
    clips = re.search(r"clips of [^,;]+", rest) if "log-loss" in name else None
    return name.replace("video mAP, ", "") if clips is None else f"{name}, {clips[0]}"
