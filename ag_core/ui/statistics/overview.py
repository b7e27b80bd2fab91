"""Statistics, first tab: the size of the data, Table 1 of the paper with a row for the data at hand, and Figure 3."""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.evaluation.paper_results import read_paper_totals
from ag_core.evaluation.protocol import Owner
from ag_core.queries.facets import VideoFilter
from ag_core.settings import settings
from ag_core.taxonomy import OBJECTS, find_object_index, find_relation_index, format_name
from ag_core.ui import cached, shipped_files
from ag_core.ui.charts import plots
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import MARK
from ag_core.ui.formatting import format_number
from ag_core.ui.page import show_owner_note, show_totals
from ag_core.ui.statistics.scope import StatisticsScope, show_log_toggle
from ag_core.ui.widgets.pickers import format_source, show_download

COLUMNS = {
    "dataset": "Data set",
    "numbers": "Numbers",
    "video_hours": "Video hours",
    "num_videos": "Videos",
    "num_action_categories": "Action categories",
    "objects_annotated": "Objects annotated",
    "objects_localized": "Objects localized",
    "object_categories": "Object categories",
    "object_instances": "Object instances",
    "relationships_annotated": "Relationships annotated",
    "relationships_localized": "Relationships localized",
    "relationship_categories": "Relationship categories",
    "relationship_instances": "Relationship instances",
    "frames": "Annotated frames",
    "action_instances": "Action instances",
}
"""Table 1's columns in its order; the last two are not in the paper's table."""


def show_overview(scope: StatisticsScope) -> None:
    """Totals, Table 1, and how often every relationship and object occurs."""
    show_owner_note(f"Counts of {scope.owner}. For scale, beneath each the published total of the Action Genome paper.")
    show_totals(
        cached.count_totals(scope.key, scope.source),
        read_paper_totals(shipped_files.load_paper_results()),
        scope.source,
    )
    _show_table_1(scope)
    st.header("Relationships and objects", anchor=False)
    logarithmic = show_log_toggle()
    left, right = st.columns(2, gap="large")
    with left:
        _show_relationships(scope, logarithmic)
    with right:
        _show_objects(scope, logarithmic)


def format_data_name(scope: StatisticsScope) -> str:
    """The data at hand by name."""
    chosen = settings()
    name = "Embedded home world" if chosen.store == chosen.embedded_store else chosen.store_name
    return name if scope.source == ANNOTATION else f"{name}, {format_source(scope.source)}"


def format_data_owner() -> Owner:
    """Whose the data at hand are: the embedded home world is ours, any other store is the reader's."""
    chosen = settings()
    return Owner.OURS_HOME if chosen.store == chosen.embedded_store else Owner.YOURS


def build_table_1(mine: dict[str, Any], name: str, owner: Owner, papers: list[dict[str, Any]]) -> pd.DataFrame:
    """The data at hand and whose they are, then the paper's rows as printed; columns as COLUMNS, missing if unknown."""
    rows = [{"dataset": name, "numbers": f"{owner}, counted here", **mine}]
    for row in papers:
        rows.append(
            {**row, "numbers": str(Owner.PAPER), **{k: bool(v) for k, v in row.items() if k.endswith(("ated", "ized"))}}
        )
    table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
    whole = [column for column in COLUMNS if column not in ("dataset", "numbers", "video_hours")]
    return table.astype({column: "boolean" if column.endswith(("ated", "ized")) else "Int64" for column in whole})


def _show_table_1(scope: StatisticsScope) -> None:
    st.header("Beside other data sets", anchor=False)
    show_owner_note(
        "First row: counted here in the open data. Other rows: the paper's Table 1, as printed there (its numbers "
        "of videos of HACS Clips and AVA look exchanged; they are kept). The last two columns are not in the paper's "
        "table."
    )
    table = build_table_1(
        scope.compute("table_1_row"),
        format_data_name(scope),
        format_data_owner(),
        shipped_files.load_paper_results()["table_1"],
    )
    formats: dict[str, Any] = {
        column: st.column_config.NumberColumn(label, format="localized")
        for column, label in COLUMNS.items()
        if column not in ("dataset", "numbers") and not column.endswith(("ated", "ized"))
    }
    formats["numbers"] = st.column_config.TextColumn(COLUMNS["numbers"], width=260)
    formats["video_hours"] = st.column_config.NumberColumn(COLUMNS["video_hours"], format="%.4g")
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        column_config={**COLUMNS, **formats, "dataset": st.column_config.TextColumn("Data set", pinned=True)},
        alt="Table 1 of the paper: data sets of actions, with a first row for the open data",
    )
    with st.container(horizontal=True):
        show_download(table, "table-1", scope.file_part, "statistics_table_1_csv", "csv")
        show_download(table, "table-1", scope.file_part, "statistics_table_1_json", "json")


def _show_relationships(scope: StatisticsScope, logarithmic: bool) -> None:
    counted = scope.load_counts("relation")
    table = counted.assign(relation=counted["name"].map(format_name))[["relation", "group", "relations", "videos"]]
    total, occurring = int(table["relations"].sum()), int((table["relations"] > 0).sum())
    marked = table.assign(**{MARK: table["relation"]})
    show_figure(
        Figure(
            "Relationships by group (Figure 3)",
            f"{format_number(total)} relationships between the person and an object, {occurring} of 25 kinds; counted "
            f"in {scope.owner}. Drawn as the paper's Figure 3.",
            "Bars: number of each of the 25 relationships, group by group",
            "relationships",
            scope.file_part,
            partial(_draw_relations, marked, logarithmic),
            table,
            {
                name: VideoFilter(relations=(find_relation_index(name),))
                for name in table.loc[table["relations"] > 0, "relation"]
            },
            source=scope.source,
        ),
        "statistics_relations",
    )


def _draw_relations(table: pd.DataFrame, logarithmic: bool, dark: bool) -> plots.Chart:
    return plots.draw_relation_bars(table, "relations", dark=dark, logarithmic=logarithmic)


def _show_objects(scope: StatisticsScope, logarithmic: bool) -> None:
    table = scope.load_counts("object").rename(columns={"objects": "boxes"})[["object", "boxes", "videos"]]
    present = table[table["boxes"] > 0]
    marked = present.assign(**{MARK: present["object"]})
    show_figure(
        Figure(
            "Objects (Figure 3)",
            f"{format_number(int(table['boxes'].sum()))} visible boxes, {len(present)} of {len(OBJECTS)} classes; "
            f"counted in {scope.owner}. Drawn as the paper's Figure 3.",
            "Bars: number of visible boxes of each object class, most frequent first",
            "objects",
            scope.file_part,
            partial(_draw_objects, marked, logarithmic),
            table,
            {
                name: VideoFilter(objects=(find_object_index(name),))
                for name in present.sort_values("boxes", ascending=False)["object"]
            },
            source=scope.source,
        ),
        "statistics_objects",
    )
    absent = table.loc[table["boxes"] == 0, "object"].tolist()
    if absent:
        st.caption(f"Not seen: {', '.join(absent)}.")


def _draw_objects(table: pd.DataFrame, logarithmic: bool, dark: bool) -> plots.Chart:
    return plots.draw_count_bars(table, "object", "boxes", dark=dark, logarithmic=logarithmic)
