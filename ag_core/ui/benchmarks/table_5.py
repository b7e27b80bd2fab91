"""Benchmarks, first tab: Table 5. What the paper prints, and below it what was scored here, each under its protocol."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ag_core.catalog import RELATION_HEADS
from ag_core.evaluation.graph_recall import RECALL_DETAILS
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.paper_results import read_paper_table
from ag_core.evaluation.protocol import AVERAGING_NAMES, MODE_NAMES, Averaging
from ag_core.results.scene_graph_scores import RecallRow
from ag_core.taxonomy import Mode
from ag_core.ui import shipped_files
from ag_core.ui.benchmarks.frames import link_frames
from ag_core.ui.benchmarks.scope import BenchmarkScope
from ag_core.ui.formatting import escape_markdown
from ag_core.ui.glossary import explain_words
from ag_core.ui.html import render_link
from ag_core.ui.page import show_owner_note
from ag_core.ui.widgets.pickers import show_download

RECALLS = (
    ("R", Averaging.FRAME, 20),
    ("mR", Averaging.RELATION, 20),
    ("R", Averaging.FRAME, 50),
    ("mR", Averaging.RELATION, 50),
    ("R", Averaging.VIDEO, 20),
    ("R", Averaging.VIDEO, 50),
)
"""Columns of recall: first what tells heads apart, so that a screen of usual width shows it."""

MORE = (("hR", Averaging.RELATION, 20), ("zR", Averaging.FRAME, 20), ("zR", Averaging.FRAME, 50))
FEW_TRIPLETS = 100
"""Fewer than these tell no heads apart."""

EDGES = ("precision of edges", "recall of edges", "false edges")


def show_table_5(scope: BenchmarkScope) -> None:
    """What was scored, then the paper's table: they share no column, since the paper prints no protocol, and the data
    differ."""
    st.header(f"{scope.whose}, {MODE_NAMES[scope.mode]}", anchor=False)
    tables = build_score_tables(scope)
    if "recall" not in tables:
        st.caption("No relation head was scored with this choice; choose another task, constraint or part.")
    for what, table in tables.items():
        chosen = show_metric_table(table, what, scope.file_part, f"benchmarks_{what}", to_choose=True)
        if chosen is not None:
            st.html(render_link(link_frames(scope, chosen), f"Frames of {chosen}, hit and missed"))
        if what == "more-recall" and (said := explain_few_unseen(scope.recalls)):
            st.caption(said)
    if scope.scores.missing:
        st.caption(explain_missing_heads(list(scope.scores.missing)))
    show_paper_table(scope.mode)


def explain_few_unseen(rows: Sequence[RecallRow]) -> str:
    """What zero-shot recall rests on, where that is little; "" otherwise."""
    unseen = next((row.n_unseen for row in rows if row.n_unseen is not None), None)
    if unseen is None or not unseen.triplets or unseen.triplets >= FEW_TRIPLETS:
        return ""
    return (
        f"Zero-shot recall (zR) rests on the {unseen.triplets} triplets that train never shows: too few to tell heads "
        "apart."
    )


def explain_missing_heads(heads: Sequence[str]) -> str:
    """One sentence for the heads that were not scored, and how they come into the table."""
    labels = [RELATION_HEADS[head].label if head in RELATION_HEADS else head for head in heads]
    return (
        f"Not scored, since no weights were found: {', '.join(map(escape_markdown, labels))}. "
        "`python -m ag_core train relations --head NAME` trains one."
    )


def show_paper_table(*modes: Mode) -> None:
    """The paper's Table 5, of some modes or of all."""
    for mode in modes or tuple(Mode):
        st.header(f"The paper's Table 5, {MODE_NAMES[mode]}", anchor=False)
        show_metric_table(build_paper_table(mode), "table-5", f"paper-{mode}", f"benchmarks_paper_{mode}")


def build_score_tables(scope: BenchmarkScope) -> dict[str, MetricTable]:
    """By what they hold, tables with a row a head: recall; harmonic mean and zero-shot recall; edges.

    What nobody scored is left out, whole tables or columns.
    """
    edges = scope.edges
    rows: dict[str, Mapping[str, Sequence[Metric | None]]] = {
        "recall": {row.scored.label: _list_recalls(row, RECALLS) for row in scope.recalls},
        "more-recall": {row.scored.label: _list_recalls(row, MORE) for row in scope.recalls},
        "edges": {row.scored.label: [row.get_metric(name) for name in EDGES] for row in edges.values()},
    }
    made = {what: _tabulate(of_heads) for what, of_heads in rows.items()}
    return {what: table for what, table in made.items() if table is not None}


def _tabulate(rows: Mapping[str, Sequence[Metric | None]]) -> MetricTable | None:
    """The columns that have any number; None without one."""
    width = max(map(len, rows.values()), default=0)
    kept = [index for index in range(width) if any(metrics[index] for metrics in rows.values())]
    if not kept:
        return None
    return MetricTable.from_rows("head", {name: [metrics[index] for index in kept] for name, metrics in rows.items()})


def build_paper_table(mode: Mode) -> MetricTable:
    """The columns of the paper's Table 5 of one mode."""
    whole = read_paper_table(shipped_files.load_paper_results(), 5)
    return MetricTable.from_rows(
        "method",
        {
            name: [metric for metric in metrics if metric is not None and metric.protocol.mode == mode]
            for name, metrics in whole.rows
        },
    )


SHORT = {
    f", {RECALL_DETAILS}": "",
    AVERAGING_NAMES[Averaging.FRAME]: "by frame",
    AVERAGING_NAMES[Averaging.VIDEO]: "by video",
    f", {AVERAGING_NAMES[Averaging.RELATION]}": "",
    AVERAGING_NAMES[Averaging.MICRO]: "pooled",
    " in %": "",
    " in video mAP": "",
    "video mAP gained": "gained",
    " in points": "",
}
"""For the heads of columns, whose whole text stands in the help."""


SPREAD_MARK = "± "
"""How the head of a column begins that tells the spread of the one before it."""

NUMBER_PX, SPREAD_PX = 112, 48
"""Widths of columns, so that their heads are read whole."""


def shorten_head(head: str) -> str:
    """The head of a column in a few words."""
    if head.startswith(SPREAD_MARK):
        return SPREAD_MARK.strip()
    for words, short in SHORT.items():
        head = head.replace(words, short)
    return head.partition(";")[0]  # what follows explains


def show_metric_table(
    table: MetricTable,
    what: str,
    which: str,
    key: str,
    *,
    to_choose: bool = False,
    shorten: Callable[[str], str] = shorten_head,
) -> str | None:
    """A table that can be sorted, below the sentence that says what holds for all of it.

    `to_choose` lets the reader choose a cell: the answer is the name of its row, None without a choice. `shorten` gives
    the heads of columns in a few words.
    """
    more = " Choose a number to see the frames behind it." if to_choose else ""
    frame, spread = take_out_spread(pd.DataFrame(table.to_sortable_records()))
    show_owner_note(table.format_caption().replace("in brackets", "behind ±") + spread + more)
    is_narrow = shorten is shorten_head
    numbers = [name for name in frame.columns[1:] if pd.api.types.is_numeric_dtype(frame[name])]
    shown: Any = st.dataframe(
        frame,
        key=f"{key}_table",
        on_select="rerun" if to_choose else "ignore",
        selection_mode="single-cell",
        hide_index=True,
        placeholder="–",
        column_config={
            table.row_title: st.column_config.TextColumn(
                pinned=True, width=_measure_names(table) if is_narrow else None
            ),
            **{
                name: st.column_config.NumberColumn(
                    shorten(name),
                    help=explain_words(name),
                    format="%.1f",
                    width=(SPREAD_PX if name.startswith(SPREAD_MARK) else NUMBER_PX) if is_narrow else None,
                )
                for name in numbers
            },
        },
        alt=f"Table: {what}, {which}",
    )
    with st.container(horizontal=True):
        for kind in ("csv", "json"):
            show_download(pd.DataFrame(table.to_records()), what, which, f"{key}_{kind}", kind)
    cells = shown.selection.cells if to_choose else []
    return str(frame[table.row_title].iloc[cells[0][0]]) if cells and cells[0][0] < len(frame) else None


def take_out_spread(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table without its column of spreads where all its texts are the same; that text as a sentence, else ""."""
    said = set(frame.get("spread", ())) - {""}
    if len(said) != 1:
        return frame, ""
    return frame.drop(columns="spread"), f" Behind ±: {said.pop().removeprefix('in brackets ')}."


def _measure_names(table: MetricTable) -> int:
    """How wide the first column must be for its longest name, in pixels."""
    return 24 + round(6.2 * max((len(name) for name, _ in table.rows), default=0))


def _list_recalls(row: RecallRow, wanted: Sequence[tuple[str, Averaging, int]]) -> list[Metric | None]:
    """The numbers of one head in the order of the columns; None for what its row does not hold."""
    return [
        row.get_metric(name, averaging, k) if k in row.values.get((name, averaging), {}) else None
        for name, averaging, k in wanted
    ]
