"""No colour of a chart, a mark or a graph vanishes on the page it lies on, in the light theme or in the dark one."""

from itertools import pairwise

import altair as alt
import pandas as pd
import pytest

from ag_core.catalog import ACTION_MODELS
from ag_core.graphs.palette import GROUP_STYLES, THEMES
from ag_core.ui.charts import plots
from ag_core.ui.charts.query_chart import draw_query_chart
from ag_core.ui.charts.query_rows import MAX_COLOURS, select_chart_rows
from ag_core.ui.colours import CATEGORIES, CELL_RAMP, INK, MARK_RAMP

PAGES = {False: ["#FFFFFF"], True: ["#0E1117", "#171614"]}
"""What lies behind a chart: Streamlit's light page; its dark one, and the ground of exported pictures."""

ALONE, CELL, TEXT = 3.0, 1.3, 4.5
both = pytest.mark.parametrize("dark", [False, True])


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG's ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_by_hand() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@both
def test_what_stands_alone_is_seen(dark: bool) -> None:
    alone = {
        **{f"category {colour}": colour for colour in CATEGORIES[dark]},
        **{f"mark {colour}": colour for colour in MARK_RAMP[dark]},
        **{group.value: style.colour(dark) for group, style in GROUP_STYLES.items()},
        **{name: model.style.colour(dark) for name, model in ACTION_MODELS.items()},
        "plain": plots.PLAIN[dark],
        "quiet": THEMES[dark].quiet,
    }
    ratios = {name: min(contrast(colour, page) for page in PAGES[dark]) for name, colour in alone.items()}
    assert {name: ratio for name, ratio in ratios.items() if ratio < ALONE} == {}
    assert len(set(CATEGORIES[dark])) >= MAX_COLOURS
    assert min(contrast(colour, INK[dark]) for colour in CATEGORIES[dark]) >= TEXT


@both
@pytest.mark.parametrize("ramp", [CELL_RAMP, MARK_RAMP], ids=["cells", "marks"])
def test_a_ramp_leaves_the_page_step_by_step(ramp: dict[bool, list[str]], dark: bool) -> None:
    for page in PAGES[dark]:
        ratios = [contrast(colour, page) for colour in ramp[dark]]
        assert ratios[0] >= CELL and all(later > 1.25 * earlier for earlier, later in pairwise(ratios)), ratios


@both
def test_only_a_cell_of_nothing_has_the_pages_colour(dark: bool) -> None:
    table = pd.DataFrame({"object": ["bed", "box"], "relation": ["in", "in"], "n": [0.0, 0.001]})
    names = {"rows": ["bed", "box"], "columns": ["in"], "label": "n"}
    drawn = plots.draw_heat_map(table, "object", "relation", "n", dark=dark, **names).to_dict()  # type: ignore[arg-type]
    colour = drawn["encoding"]["color"]
    assert colour["condition"]["test"] == "(datum['n'] !== 0)" and colour["value"] == "transparent"
    assert colour["condition"]["scale"]["range"] == CELL_RAMP[dark]


@both
@pytest.mark.parametrize(
    ("kind", "colour"), [("Scatter", "size"), ("Scatter", "word"), ("Bar", "word"), ("Heat map", "n")]
)
def test_charts_of_an_answer_use_these_colours(kind: str, colour: str, dark: bool) -> None:
    """Points began at 1.6 to 1 (dark: 1.4), and four of ten categories lay below 2.5 to 1 on white."""
    frame = pd.DataFrame({"a": [1, 2], "n": [-3, 4], "size": [5, 6], "word": ["x", "y"], "other": ["p", "q"]})
    x, y = ("word", "other") if kind == "Heat map" else ("word", "n") if kind == "Bar" else ("a", "n")
    rows = select_chart_rows(frame, kind, x, y, "other" if kind == "Bar" else colour)
    chart: alt.Chart = draw_query_chart(rows, kind, x, y, "other" if kind == "Bar" else colour, dark=dark)
    drawn = chart.to_dict()["encoding"]["color"]
    scale = drawn.get("condition", drawn)["scale"]
    if kind == "Heat map":  # a value below nothing is at the ramp's beginning, not beyond it
        assert scale["domain"] == [-3, 4] and scale["range"] == CELL_RAMP[dark]
    else:
        assert scale["range"] == (MARK_RAMP[dark] if colour == "size" else CATEGORIES[dark])
