"""Every row of a chart has its name beside it, whole, also where the page's theme moves names into the picture."""

import re
from collections.abc import Callable
from itertools import pairwise

import pandas as pd
import pytest
import vl_convert as vlc

from ag_core.ui.charts.plots import Chart, draw_count_bars, draw_interval_dots, draw_share_bars, fit_width
from ag_core.ui.charts.query_chart import draw_query_chart
from ag_core.ui.charts.query_rows import select_chart_rows
from ag_core.ui.charts.time_axis import draw_duration_bars, draw_sampling_strip

NAMES = ["not looking at", "looking at", "unsure", "in front of"]
CHANCE = pd.DataFrame({"name": NAMES[:1], "number": 0.1, "low": 0.1, "high": 0.1, "metric": "chance"})
CELLS = pd.DataFrame({"relation": NAMES, "object": "cup", "n": range(1, 5)})
LONG = "12. Someone is going from standing to sitting"


def draw_durations() -> Chart:
    seconds = {quantile: float(at) for at, quantile in enumerate(["q10", "q25", "q50", "q75", "q90"])}
    table = pd.DataFrame({"relation": NAMES, "group": ["attention"] * 3 + ["spatial"]})
    return draw_duration_bars(table.assign(intervals=4, lasting=3, mark=NAMES, **seconds), dark=False)


def draw_strip() -> Chart:
    intervals = pd.DataFrame({"row": [*NAMES, LONG], "action": "an action", "start_s": 0.0, "end_s": 1.0})
    middles = pd.DataFrame({"row": [LONG], "action": "an action", "part": 1, "time_s": 0.5, "frame": 6})
    frames = pd.DataFrame({"time_s": [0.5], "frame": 6, "kind": "elsewhere", "mark": "frame 6"})
    return draw_sampling_strip(intervals, middles, frames, 2.0, dark=False)


COUNTS = pd.DataFrame({"name": NAMES, "n": [4, 3, 2, 1]})
CHARTS: dict[str, Callable[[], Chart]] = {
    "counts": lambda: draw_count_bars(COUNTS, "name", dark=False),
    "shares": lambda: draw_share_bars(COUNTS.assign(n=COUNTS["n"] / 4), "name", "n", dark=False),
    "dots": lambda: draw_interval_dots(
        COUNTS.assign(number=0.5, low=0.4, high=0.6, metric="mAP"), "name", CHANCE, dark=False
    ),
    "durations": draw_durations,
    "strip": draw_strip,
    "query's bars": lambda: draw_query_chart(
        select_chart_rows(CELLS, "Bar", "relation", "n", None), "Bar", "relation", "n", None, dark=False
    ),
    "query's cells": lambda: draw_query_chart(
        select_chart_rows(CELLS, "Heat map", "object", "relation", "n"),
        "Heat map",
        "object",
        "relation",
        "n",
        dark=False,
    ),
}


def render(chart: Chart) -> str:
    """SVG of a chart under a theme that moves the first and the last name into the picture."""
    svg: str = vlc.vegalite_to_svg(chart.configure_axis(labelFlush=True).to_dict())
    return svg


@pytest.mark.parametrize("name", CHARTS)
def test_names_stand_at_equal_distances(name: str) -> None:
    heights = [
        float(height)
        for height, word in re.findall(r'translate\([^,]+,([-\d.]+)\)"[^>]*>([^<]+)</text>', render(CHARTS[name]()))
        if word in NAMES
    ]
    steps = [later - earlier for earlier, later in pairwise(heights)]
    assert len(heights) == len(NAMES) and steps == pytest.approx([steps[0]] * len(steps)), heights


def test_a_long_name_of_the_strip_takes_two_lines() -> None:
    svg = render(draw_strip())
    assert "…" not in svg
    assert [part in svg for part in ("12. Someone is going from<", ">standing to sitting<", ">elsewhere<")] == [
        True
    ] * 3


@pytest.mark.parametrize("name", CHARTS)
def test_rows_keep_their_height_in_a_place_of_any_width(name: str) -> None:
    spec = fit_width(CHARTS[name]()).to_dict()
    assert spec["autosize"] == {"type": "fit-x", "contains": "padding"}
    assert spec["height"] >= 17 * len(NAMES), "a step of rows would have the browser warn and drop the fitting"
