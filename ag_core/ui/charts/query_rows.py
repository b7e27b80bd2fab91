"""What charts of a query's answer show: which charts it can have, of which columns, and the rows that are drawn.

Rows are gathered before they are drawn (bars and heat maps add up, lines average, histograms count), so that an answer
of a hundred thousand rows makes a chart that a browser can hold; points show the first `MAX_POINTS`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = ("Bar", "Line", "Scatter", "Heat map", "Histogram")
ROWS = "number of rows"
"""Stands for a column in bars and heat maps: how many rows there are."""

MAX_POINTS = 5_000
MAX_BARS = 40
MAX_CELLS = 60
MAX_COLOURS = 10
BINS = 30


@dataclass(frozen=True)
class Columns:
    """The columns of an answer by what they hold, in its order."""

    numbers: tuple[str, ...]
    times: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def ordered(self) -> tuple[str, ...]:
        """Those that lie on a line."""
        return (*self.times, *self.numbers)


def sort_columns(frame: pd.DataFrame) -> Columns:
    """Sort the columns of an answer: numbers, points in time, and all others as words."""
    numbers, times, others = [], [], []
    for name in frame.columns:
        kind = frame[name].dtype
        if pd.api.types.is_bool_dtype(kind):
            others.append(name)
        elif pd.api.types.is_numeric_dtype(kind):
            numbers.append(name)
        elif pd.api.types.is_datetime64_any_dtype(kind):
            times.append(name)
        else:
            others.append(name)
    return Columns(tuple(numbers), tuple(times), tuple(others))


def list_axis_columns(frame: pd.DataFrame, kind: str) -> tuple[list[str], list[str], list[str]]:
    """What may be x, y and colour in a chart, the best first; empty where the answer has no such chart."""
    columns = sort_columns(frame)
    few = [name for name in columns.words if 1 < frame[name].nunique() <= MAX_COLOURS]
    measures = [name for name in columns.numbers if not _holds_only_positions(name)]
    positions = [name for name in columns.numbers if _holds_only_positions(name)]
    numbers = [*measures, *positions]
    if kind == "Bar":
        return [*_put_many_first(frame, columns.words), *columns.ordered], [*measures, ROWS, *positions], few
    if kind == "Heat map":
        across = [*_put_many_first(frame, columns.words), *columns.numbers]
        return across, across[1:] + across[:1] if len(across) > 1 else [], [*measures, ROWS, *positions]
    if kind == "Histogram":
        return numbers, [], few
    if len(columns.ordered) < 2:
        return [], [], []
    if kind == "Line":
        return list(columns.ordered), [*reversed(columns.numbers)], few
    return list(columns.ordered), [*columns.numbers[1:], *columns.numbers[:1]], [*few, *columns.numbers]


def list_chart_kinds(frame: pd.DataFrame) -> list[str]:
    """The charts that an answer can have; the one that suits it best comes first."""
    columns = sort_columns(frame)
    best = "Bar" if columns.words else "Histogram"
    if columns.times and columns.numbers:
        best = "Line"
    elif not columns.words and len(columns.numbers) > 1:
        best = "Scatter"
    able = []
    for kind in KINDS:
        across, up, _ = list_axis_columns(frame, kind)
        if across and (up or kind == "Histogram"):
            able.append(kind)
    return sorted(able, key=lambda kind: kind != best)


def select_chart_rows(frame: pd.DataFrame, kind: str, x: str, y: str | None, colour: str | None) -> pd.DataFrame:
    """The rows that are drawn: columns x, y and perhaps colour, gathered as the chart needs."""
    if kind == "Bar":
        return _count_bars(frame, x, y or ROWS, colour)
    if kind == "Heat map":
        return _count_cells(frame, x, y or x, colour or ROWS)
    if kind == "Histogram":
        return _count_bins(frame, x, colour)
    rows = frame if kind == "Line" else frame.head(MAX_POINTS)
    table = pd.DataFrame({"x": rows[x], "y": rows[y or x]})
    if colour:
        table["colour"] = rows[colour]
    return _average_line(table) if kind == "Line" else table


def restore_column_names(table: pd.DataFrame, x: str, y: str | None, colour: str | None) -> pd.DataFrame:
    """rows of `select_chart_rows` under the names of the answer's columns, for a file."""
    names = {"x": x, "x2": f"{x} to", "y": y or ROWS, "colour": colour or ROWS}
    if len({names[short] for short in table.columns}) < len(table.columns):
        return table
    return table.rename(columns=names)


def _holds_only_positions(name: str) -> bool:
    """Whether numbers of this name say which or when, so that nobody adds them up."""
    return name in ("video", "frame", "class", "relation", "action", "second") or name.endswith(("_id", "_s", "_ms"))


def _put_many_first(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Words that tell many rows apart first, as far as a chart has room for them; ids of videos last."""
    kinds = {name: frame[name].nunique() for name in names}
    return sorted(names, key=lambda name: (kinds[name] < 2, name.endswith("_id"), kinds[name] > MAX_BARS, -kinds[name]))


def _average_line(table: pd.DataFrame) -> pd.DataFrame:
    """One point a position and colour, the mean of its rows, in order of position; the first `MAX_POINTS`."""
    keys = [name for name in ("x", "colour") if name in table]
    return table.groupby(keys, as_index=False, dropna=True)["y"].mean().head(MAX_POINTS)


def _format_label(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "(nothing)").map(str)


def _count_bars(frame: pd.DataFrame, x: str, y: str, colour: str | None) -> pd.DataFrame:
    parts = {"x": _format_label(frame[x]), "y": pd.Series(1, frame.index) if y == ROWS else frame[y]}
    if colour and colour not in (x, y):
        parts["colour"] = _format_label(frame[colour])
    table = pd.DataFrame(parts)
    keys = [name for name in ("x", "colour") if name in table]
    added = table.groupby(keys, sort=False, as_index=False)["y"].sum()
    tallest = added.groupby("x", sort=False)["y"].sum().nlargest(MAX_BARS).index
    rank = {name: row for row, name in enumerate(tallest)}
    kept = added[added["x"].isin(tallest)]
    return kept.sort_values("x", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)


def _count_cells(frame: pd.DataFrame, x: str, y: str, colour: str) -> pd.DataFrame:
    value = pd.Series(1, frame.index) if colour == ROWS else frame[colour]
    table = pd.DataFrame({"x": _format_label(frame[x]), "y": _format_label(frame[y]), "colour": value})
    for side in ("x", "y"):
        largest = table.groupby(side, sort=False)["colour"].sum().nlargest(MAX_CELLS).index
        table = table[table[side].isin(largest)]
    return table.groupby(["x", "y"], as_index=False)["colour"].sum()


def _count_bins(frame: pd.DataFrame, x: str, colour: str | None) -> pd.DataFrame:
    values = frame[x].astype(float).replace([np.inf, -np.inf], np.nan)
    edges = np.histogram_bin_edges(values.dropna(), bins=BINS)
    groups = _format_label(frame[colour]) if colour and colour != x else pd.Series("", frame.index)
    tables = [
        pd.DataFrame({"x": edges[:-1], "x2": edges[1:], "y": np.histogram(part.dropna(), edges)[0], "colour": name})
        for name, part in values.groupby(groups, sort=False)
    ]
    if not tables:
        return pd.DataFrame({"x": [], "x2": [], "y": []})
    table = pd.concat(tables, ignore_index=True)
    return table if colour and colour != x else table.drop(columns="colour")
