"""A query's answer as a figure: the chart of the chosen columns, what it was drawn from, and its files."""

from functools import partial

import pandas as pd

from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import Chart
from ag_core.ui.charts.query_chart import draw_query_chart
from ag_core.ui.charts.query_rows import MAX_POINTS, ROWS, restore_column_names, select_chart_rows
from ag_core.ui.formatting import format_number


def show_query_figure(frame: pd.DataFrame, kind: str, x: str, y: str | None, colour: str | None, key: str) -> None:
    """The chart of a kind on the page; x, y and colour are those of `list_axis_columns`."""
    table = select_chart_rows(frame, kind, x, y, colour)
    title = f"{y or ROWS} by {x}"
    draw = partial(_draw, table, kind, x, y, colour)
    data = restore_column_names(table, x, y, colour)
    note = describe_chart(frame, table, kind)
    show_figure(Figure(title, note, f"{kind} chart: {title}", "query", "chart", draw, data), key)


def describe_chart(frame: pd.DataFrame, table: pd.DataFrame, kind: str) -> str:
    """Of how many of an answer's rows a chart is, and what became of them."""
    rows = f"the answer's {format_number(len(frame))} rows"
    if kind == "Scatter" and len(frame) > MAX_POINTS:
        rows = f"the first {format_number(MAX_POINTS)} rows"
    note = f"{kind} chart of {rows}, from the open data set."
    if kind == "Line" and len(table) < len(frame):
        note += " Rows with the same horizontal value are averaged."
    return note


def _draw(table: pd.DataFrame, kind: str, x: str, y: str | None, colour: str | None, dark: bool) -> Chart:
    return draw_query_chart(table, kind, x, y, colour, dark=dark)
