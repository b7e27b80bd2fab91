"""The data card of the home world: what its labels, its frames and its graphs are, as measured by `audit`.

Reads the result that ships with the project; knows nothing of how it is made. Tables first, then what is shown.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ag_core.evaluation.average_precision import CHANCE
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.ui import shipped_files
from ag_core.ui.charts import plots
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.formatting import format_number, format_percent
from ag_core.ui.page import show_empty_state, show_owner_note
from ag_core.ui.widgets.pickers import show_download
from ag_core.world_audit.dataset_balance import list_seldom_seen_objects
from ag_core.world_audit.report_metrics import list_parts, read_audit_metrics, read_distance_metrics, tabulate_inputs

COMMAND = "python -m ag_core audit --data DIR --real DIR --out assets/home_world_audit.json --card docs/home_world.md"
WHICH = "home-world"
"""The part of a file's name that says whose the data are."""

Result = Mapping[str, Any]


def build_plot_table(metrics: Mapping[str, Metric], first: str) -> pd.DataFrame:
    """One row per metric: its name in the column `first`, then number, low, high, and in words what they are."""
    return pd.DataFrame([{first: name} | metric.to_plot_record() for name, metric in metrics.items()])


def build_metric_frame(table: MetricTable) -> pd.DataFrame:
    """A table of metrics as text, by the names of its rows."""
    return pd.DataFrame(table.to_records()).set_index(table.row_title)


def build_farthest_table(agreement: Result) -> pd.DataFrame:
    """The object classes whose relationships differ most from the real ones."""
    by_name = {row["object"]: row for row in agreement["classes"]}
    return pd.DataFrame([by_name[name] for name in agreement["worst"]])


def build_likeness_table(agreement: Result) -> pd.DataFrame:
    """How many objects and labels there are, home beside real."""
    names = {
        "objects_a_frame": "objects a frame",
        "relations_an_object": "relationships an object",
        "spatial_an_object": "spatial ones an object",
        "contact_an_object": "contact ones an object",
    }
    home, real = agreement["home"], agreement["real"]
    rows = [(name, f"{home[key]:.2f}", f"{real[key]:.2f}") for key, name in names.items()]
    rows.append(
        (
            "one spatial and one contact",
            format_percent(home["one_each"]),
            format_percent(real["one_each"]),
        )
    )
    rows += [
        (f"{name} measured", format_number(home[name]), format_number(real[name])) for name in ("frames", "objects")
    ]
    return pd.DataFrame(rows, columns=["", "home world", "real sample"])


def show_data_card() -> None:
    """The whole card, or what makes it where it is missing."""
    result = shipped_files.load_home_world_audit()
    if result is None:
        show_empty_state("No audit yet", f"Audit a generated home world: `{COMMAND}`")
        return
    world, n, classes = result["world"], result["n"], result["classes"]
    show_owner_note(
        f"Measured by this project on its synthetic home world: profile {world['profile']}, generator version "
        f"{world['generator_version']}, seed {world['seed']}. Command: python -m ag_core {result['command']}, "
        f"{result['date'][:10]}."
    )
    with st.container(horizontal=True, key="ag_totals"):
        for label, value, meaning in (
            ("Actions present", f"{classes['present']} of {classes['of']}",
             "Kinds of action that happen in at least one film, of all that Charades names."),
            ("Videos, train and val", f"{n['train']} + {n['val']}",
             "Films that models learn from, and films that they are tested on."),
            ("Action intervals", format_number(n["intervals"]),
             "Times at which an action begins and ends, in all films."),
            ("Left out, not visible", format_number(n["dropped"]),
             "Intervals that were left out since their action could not be seen from the camera."),
        ):  # fmt: skip
            st.metric(label, value, border=True, help=meaning)
    tiers = ", ".join(f"{tier}: {count['present']} of {count['of']}" for tier, count in classes["tiers"].items())
    st.caption(
        f"Actions present by tier of honesty: {tiers}. A: geometry decides. B: repeated small motion or context. "
        "C: faces of a few pixels; smiling is never generated."
    )
    _show_audits(result)
    left, right = st.columns(2, gap="large")
    with left:
        _show_boxes(result)
    with right:
        _show_agreement(result)
    _show_presence(result)
    _show_labels(result)


def _show_audits(result: Result) -> None:
    parts, n = list_parts(result), result["n"]
    st.header("What each input gives away", anchor=False)
    metrics = {name: of_part["val"] for name, of_part in read_audit_metrics(result).items()}
    chance = build_plot_table({CHANCE: metrics.pop(CHANCE)}, "input")
    inputs = build_plot_table(metrics, "input")
    _, input_table, difference_table = tabulate_inputs(result)
    show_figure(
        Figure(
            "What each input gives away",
            f"The same small network on different views of the truth. Drawn: all of val; the dashed line is chance. "
            f"{input_table.format_caption()}",
            "Dots with 95 % bounds: mAP of each input on all val videos; a line marks chance",
            "audits",
            WHICH,
            lambda dark: plots.draw_interval_dots(inputs, "input", chance, dark=dark),
            inputs,
        ),
        "card_dots",
    )
    st.table(build_metric_frame(input_table), border="horizontal")
    at_chance = read_audit_metrics(result)[CHANCE].values()
    show_owner_note(f"What constant scores reach: {'; '.join(metric.format_short() for metric in at_chance)}.")
    show_owner_note(difference_table.format_caption())
    st.table(build_metric_frame(difference_table), border="horizontal")
    if len(parts) > 1:
        st.caption(
            f"iid: {n['iid']} videos like those of train. comp: {n['comp']} videos of combinations of verb, shape and "
            "support, and of a camera side, that train never shows. Each part has its own classes and its own chance: "
            "compare within a column."
        )
    show_download(build_metric_frame(input_table).reset_index(), "audits", WHICH, "card_audits")


def _show_boxes(result: Result) -> None:
    st.header("Boxes of at least 16 pixels", anchor=False)
    boxes = pd.DataFrame(result["boxes"])
    show_figure(
        Figure(
            "Boxes of at least 16 pixels",
            "Share of each class's visible boxes whose shorter side has 16 pixels or more; every second frame.",
            "Bars: share of boxes of at least 16 pixels for each object class, largest first",
            "boxes",
            WHICH,
            lambda dark: plots.draw_share_bars(boxes, "object", "large", dark=dark),
            boxes,
        ),
        "card_boxes",
    )


def _show_agreement(result: Result) -> None:
    st.header("Agreement with real graphs", anchor=False)
    agreement = result["agreement"]
    if agreement is None:
        st.caption("This audit was made without the real sample; give its folder with --real.")
        return
    distances = " ".join(metric.format_sentence() for metric in read_distance_metrics(result).values())
    note = (
        "Home world against a sample of real Action Genome annotation (aggregated; no record is shown). "
        f"{distances} The farthest:"
    )
    farthest = build_farthest_table(agreement)
    if len(farthest):
        show_figure(
            Figure(
                "Object classes whose relationships are farthest from the real ones",
                note,
                "Bars: the ten object classes whose relationships differ most from the real sample",
                "agreement",
                WHICH,
                lambda dark: plots.draw_share_bars(farthest, "object", "distance", dark=dark, number=".2f"),
                pd.DataFrame(agreement["classes"]),
            ),
            "card_agreement",
        )
    else:
        show_owner_note(note)
    st.table(build_likeness_table(agreement).set_index(""), border="horizontal")


def _show_presence(result: Result) -> None:
    st.header("What the presence of an object tells", anchor=False)
    show_owner_note(
        "Share of the videos in which each class is clearly visible at some moment, with and without an action on it. "
        "Equal shares would tell nothing. Bits: mutual information of the two."
    )
    table = pd.DataFrame(result["presence"])
    acted = table[table["with_action"] > 0].sort_values("gap", ascending=False)
    shares = {
        name: st.column_config.ProgressColumn(label, min_value=0, max_value=1, format="percent")
        for name, label in (("seen_with", "seen with action"), ("seen_without", "seen without"))
    }
    st.dataframe(
        acted[["object", "with_action", "without_action", "seen_with", "seen_without", "bits"]],
        hide_index=True,
        column_config={
            "with_action": st.column_config.NumberColumn("videos with action"),
            "without_action": st.column_config.NumberColumn("videos without"),
            "bits": st.column_config.NumberColumn("bits", format="%.3f"),
            **shares,
        },
    )
    seldom = ", ".join(list_seldom_seen_objects(result)) or "none"
    st.caption(f"Asked for: seen in at least half of the videos without an action on it. Not so: {seldom}.")
    show_download(table, "presence", WHICH, "card_presence")


def _show_labels(result: Result) -> None:
    classes = result["classes"]
    st.header("Actions", anchor=False)
    show_owner_note(
        f"{classes['present']} of {classes['of']} Charades actions occur, {classes['val']} of them in val. "
        "Videos with each action by part, and intervals in all."
    )
    table = pd.DataFrame(result["labels"]).sort_values("intervals", ascending=False)
    st.dataframe(table, hide_index=True)
    show_download(table, "labels", WHICH, "card_labels")
