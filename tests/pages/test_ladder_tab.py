"""Benchmarks, tab Ladder: empty it names the command; with files it shows the gap, each share and all combinations."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.results.ladder_scores import LadderScores, Step
from ag_core.settings import settings
from ag_core.ui.benchmarks import ladder as tab
from ag_core.ui.charts.ladder_plot import draw_waterfall
from tests.pages.test_benchmarks_page import PAGE, texts
from tests.pages.test_links import visit
from tests.results.test_ladder_scores import make_ladder

LINK = {"benchmark": "Ladder"}


@pytest.fixture
def shipped(app_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the shipped ladder is looked for: nothing is there, and the reader has none either."""
    monkeypatch.setattr(tab, "SHIPPED", tmp_path / "ladder.json")
    settings().own_ladder.unlink(missing_ok=True)
    return tmp_path / "ladder.json"


def write_own(ladder: LadderScores) -> None:
    settings().own_ladder.parent.mkdir(parents=True, exist_ok=True)
    ladder.save(settings().own_ladder)


def list_tables(app: AppTest) -> list[pd.DataFrame]:
    assert not app.exception and not app.warning and not app.error
    return [one.value for one in app.dataframe]


def test_without_a_ladder_the_tab_names_the_command(shipped: Path) -> None:
    app = visit(PAGE, LINK)
    assert not list_tables(app)
    said = texts(app)
    assert "No ladder yet" in said and f"{tab.COMMAND} {settings().own_ladder}" in said


def test_one_ladder(shipped: Path) -> None:
    ladder = make_ladder()
    write_own(ladder)
    app = visit(PAGE, LINK)
    steps, cells = list_tables(app)
    assert steps["step"].tolist() == list(Step)
    share = next(name for name in steps.columns if name.startswith("share of the gap"))
    assert steps[share].tolist() == [metric.number for metric in ladder.shares] and f"± {share}" in steps
    assert len(cells) == 32 and cells["replaced"].tolist()[0] == "nothing: SGFB"
    assert len(app.get("vega_lite_chart")) == 1
    said = texts(app)
    assert f"Most of the gap is due to **{ladder.find_largest_step()}**" in said and "yours" in said
    assert "Mind the gap." in said and "What each step means" in said
    settings().own_ladder.write_text("{}")
    assert "is not of format" in visit(PAGE, LINK).error[0].value


def test_two_ladders_stand_side_by_side(shipped: Path) -> None:
    make_ladder(1).save(shipped)
    write_own(make_ladder(2))
    app = visit(PAGE, LINK | {"ladder": "Yours"})
    steps, _ = list_tables(app)
    assert len(app.get("vega_lite_chart")) == 2 and app.button_group(key="ladder").value == "Yours"
    numbers = [share.number for share in make_ladder(2).shares]
    assert steps.iloc[:, 1].tolist() == pytest.approx(numbers)
    assert "ours on the home world" in texts(app)
    settings().own_ladder.unlink()


@pytest.mark.parametrize("dark", [False, True])
def test_the_waterfall_is_drawn_with_steps_down_as_well(dark: bool) -> None:
    table = pd.DataFrame(make_ladder().list_waterfall())
    table.loc[2, "end"] = table.loc[2, "start"] - 60
    chart = draw_waterfall(table, dark=dark).to_dict()
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["bar", "rule", "text"]
    (rows,) = chart["datasets"].values()
    assert [row["kind"] for row in rows][::6] == ["first", "last"] and rows[2]["kind"] == "loss"
    assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"][0] < 0
