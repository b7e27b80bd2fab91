"""Every page runs by its own link, with data and without, and its main control works. No page imports torch."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.errors import UserError
from ag_core.records import FrameClock
from ag_core.settings import PROJECT, settings
from ag_core.taxonomy import find_action_index
from ag_core.ui import cached, shipped_files, tables
from ag_core.ui.charts import plots
from ag_core.ui.formatting import (
    format_clock,
    format_number,
    format_percent,
    format_position,
    format_remaining,
)
from ag_core.ui.glossary_terms import TERMS
from ag_core.ui.verdict import build_verdict, count_hits
from ag_core.ui.widgets.running_query import RunningQuery
from tests.conftest import CLIPS, stand_in_prediction

NOTE = "These models know only the home world."

PAGES = ["app.py", *sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "pages").glob("*.py"))]
BENCHMARKS, RUN, MAKE, GLOSSARY = (
    "pages/7_Benchmarks.py", "pages/8_Run.py", "pages/9_Make.py", "pages/11_Glossary.py",
)  # fmt: skip


def open_page(page: str, **query: str | list[str]) -> AppTest:
    """A page as a visitor meets it who comes by its link."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "app.py":
        app.switch_page(page)
    return app.run()


def wait_for_query(app: AppTest) -> AppTest:
    """The page once the query that it shows has ended, however busy the machine is."""
    end = time.monotonic() + 120
    while app.session_state["sql_query"].running:
        assert time.monotonic() < end
        time.sleep(0.05)
    return app.run()


def notes(app: AppTest, *, marked: bool = False) -> str:
    """All that st.html printed; words of the glossary as plain words, unless `marked`."""
    printed = " ".join(element.proto.body for element in app.get("html"))
    return printed if marked else re.sub('<a class="ag-term"[^>]*>([^<]*)</a>', r"\1", printed)


def read_payload(app: AppTest) -> dict[str, Any]:
    """What the player of a page is given, without its tables."""
    given: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.mixed.json)
    return given


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_by_its_link(page: str, app_home: Path) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_data_says_what_to_do(page: str, empty_home: Path) -> None:
    app = open_page(page)
    assert not app.exception
    if page not in (BENCHMARKS, RUN, MAKE, GLOSSARY):  # these need no store
        assert [heading.value for heading in app.header] == ["Nothing to show yet"]


@pytest.mark.parametrize("page", ["app.py", RUN, MAKE])
def test_a_home_that_takes_no_files_is_said(page: str, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(app_home.parent))
    shutil.rmtree(app_home)
    app_home.touch()  # a file, into which nobody can write files
    settings.cache_clear()
    app = open_page(page)
    assert not app.exception and not app.error
    assert "home (AG\\_HOME) cannot be written or is full" in app.warning[0].value


@pytest.mark.parametrize("page", [page for page in PAGES if page != "app.py"])
def test_a_page_opens_from_home(page: str, app_home: Path) -> None:
    app = open_page("app.py").switch_page(page).run()
    assert not app.exception


def test_home_shows_a_video_and_both_models(app_home: Path) -> None:
    app = open_page("app.py")
    assert len(app.get("bidi_component")) == 1
    assert "Drinking from a cup" in notes(app)
    assert "✓ annotated" in notes(app)
    assert "LFB remembers what clips look like; SGFB remembers scene graphs." in notes(app)
    assert "--ag-poster: url(data:image/jpeg;base64," in notes(app) and "--ratio: 1.6667; }" in notes(app)
    assert [metric.value for metric in app.metric] == ["2", "8", "12", "44"]
    assert all(metric.delta.endswith(" (paper)") for metric in app.metric)


def test_explore_filters_by_link_and_by_facet(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py", relation=["holding"])
    assert "1 of 2 videos match" in notes(app)
    assert [button.key for button in app.button] == ["explore_random", "open_AB1CD"]
    app = open_page("pages/1_Explore.py")
    app.button_group(key="add_object").set_value("bed").run()
    assert app.multiselect(key="object").value == ["bed"]
    assert "1 of 2 videos match" in notes(app)
    app.multiselect(key="relation").set_value(["holding"]).run()
    assert app.header[0].value == "No video matches"


def test_explore_opens_a_video_and_follows_its_clock(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py")
    app.button(key="open_EF2GH").click().run()
    assert app.query_params["v"] == "EF2GH"
    assert len(app.get("bidi_component")) == 1
    app = open_page("pages/1_Explore.py", v="EF2GH", t="1.2")
    now = app.dataframe[0].value
    assert set(now["frame"]) == {15}
    assert set(now["relation"]) >= {"sitting on", "beneath"}
    app.button(key="explore_back").click().run()
    assert "v" not in app.query_params


def test_explore_refuses_an_unknown_video(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py", v="NOONE")
    assert not app.exception
    assert app.header[0].value == "No such video"


def test_compare_draws_what_is_chosen(app_home: Path) -> None:
    app = open_page("pages/2_Compare.py", v="EF2GH")
    beside = read_payload(app)["beside"]
    assert ["SGFB", "Glossary?term=sgfb", TERMS["sgfb"].meaning] in beside["said"]
    found = cached.count_action_hits(cached.get_store_key(), cached.open_store().sources()[1])
    counted = found.set_index(["video_id", "model"])["hits"].to_dict()
    assert counted == {
        (video_id, model): count_hits(answer, {find_action_index(action) for action, *_ in CLIPS[video_id][1]})
        for video_id in CLIPS
        for model, answer in stand_in_prediction(video_id).action_scores().items()
    }
    assert build_verdict({}, None, found, {}).describe_set() == "LFB and SGFB are right equally often: 3 of 10."
    said = "".join(words for words, *_ in beside["said"])
    assert said == "LFB and SGFB each have 1 of the one annotated action in their top 5."
    assert [len(row["scores"]) for row in beside["rows"]] == [2] * len(beside["rows"]) and beside["rows"]
    app.multiselect(key="models").set_value(["sgfb"]).run()
    alone = read_payload(app)["beside"]
    assert not app.exception and [row["at"] for row in alone["models"]] == [0] and not alone["rows"]
    app.multiselect(key="models").set_value([]).run()
    assert not app.exception and any("no model is chosen above" in caption.value for caption in app.caption)
    app.multiselect(key="models").set_value(["lfb", "sgfb"]).run()
    chosen = app.multiselect(key="drawn")
    assert "c011" in chosen.value
    chosen.set_value(["c059"]).run()
    assert not app.exception
    chosen.set_value([]).run()
    assert any("Choose at least one action" in caption.value for caption in app.caption)


def test_a_store_of_ones_own_shows_its_predictions(
    app_home: Path, showcase: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = app_home / "mine.duckdb"
    build_store(
        mine, charades=showcase / "charades", action_genome=showcase / "annotations",
        predictions=sorted((showcase / "predictions").glob("*.json")),
    )  # fmt: skip
    monkeypatch.setenv("AG_STORE", str(mine))
    settings.cache_clear()
    for page in ("app.py", "pages/1_Explore.py", "pages/2_Compare.py"):
        app = open_page(page, v="AB1CD")
        assert not app.exception and not app.error
        assert len(app.get("bidi_component")) == 1
    assert "SGFB" in notes(app)


def test_statistics_of_a_prediction(app_home: Path) -> None:
    app = open_page("pages/4_Statistics.py")
    source = app.selectbox(key="whose")
    assert len(source.options) == 2
    source.set_value(cached.open_store().sources()[1]).run()
    assert not app.exception
    assert app.metric[1].value == "12"


def test_sql_runs_refuses_and_explains(app_home: Path) -> None:
    app = wait_for_query(
        open_page("pages/5_SQL.py", q="select video_id, frame from named_objects order by all limit 2")
    )
    assert app.dataframe[0].value["video_id"].tolist() == ["AB1CD", "AB1CD"]
    app.text_area(key="q").set_value("drop table videos")
    app.button(key="sql_run").click().run()
    wait_for_query(app)
    assert not app.exception
    assert len(app.error) == 1
    for example in shipped_files.load_sql_examples():
        app.button_group(key="sql_example").set_value(example["name"]).run()
        wait_for_query(app)
        assert not app.exception and not app.error, example["name"]
        assert len(app.dataframe) == 1


class Slow:
    """A sandbox whose query ends only when it is interrupted."""

    def __init__(self) -> None:
        self.stopped = False

    def run(self, sql: str, limit_rows: int = 1, timeout_s: float = 1) -> None:
        while not self.stopped:
            time.sleep(0.01)
        raise UserError("the query was stopped")

    def interrupt(self) -> None:
        self.stopped = True

    def is_waiting(self) -> bool:
        return False


def test_a_query_can_be_cancelled() -> None:
    query = RunningQuery(Slow(), "select 1", 1, 1.0)
    assert query.running
    query.cancel()
    query.wait(5)
    assert not query.running and query.error == "the query was stopped"


def test_numbers_are_written_one_way() -> None:
    assert format_number(1715568) == "1,715,568"
    assert format_percent(0.4249) == "42.5 %"
    assert [format_percent(share) for share in (0, 0.0004, 0.0005, 0.9994, 0.9995, 1)] == [
        "0.0 %", "< 0.1 %", "0.1 %", "99.9 %", "> 99.9 %", "100.0 %",
    ]  # fmt: skip
    assert format_clock(62.5) == "1:02.500"
    assert format_position(2.5, FrameClock(12)) == "0:02.500, frame 31"
    assert format_remaining(None) == "estimating"


def test_curves_mark_where_the_action_is_annotated() -> None:
    prediction = stand_in_prediction("EF2GH")
    curves = tables.build_score_table(prediction.action_scores(), [11, 59])
    truth = tables.build_interval_table([])
    assert len(plots.draw_score_curves(curves, truth, 1.0, 3.0, dark=True).data) == 4


def list_loaded(pages: Sequence[str], of: set[str]) -> str:
    """Which of some modules are loaded once these pages have been shown in a new process."""
    program = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(PROJECT / 'app.py')!r}, default_timeout=300)\n"
        f"for page in {pages!r}:\n"
        "    app = (app if page == 'app.py' else app.switch_page(page)).run()\n"
        "    assert not app.exception, app.exception\n"
        f"print(*sorted({of!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.slow
def test_pages_import_no_models_and_no_renderer(app_home: Path) -> None:
    assert list_loaded(PAGES, {"torch", "torchvision", "numba"}) == ""


@pytest.mark.slow
def test_who_asks_for_no_chart_waits_for_no_library_of_charts(app_home: Path) -> None:
    assert list_loaded(["pages/5_SQL.py"], {"altair", "sqlglot"}) == ""
    assert list_loaded(["pages/4_Statistics.py"], {"altair"}) == "altair"


@pytest.mark.parametrize("page", [MAKE, "pages/1_Explore.py", "pages/3_Search.py", "pages/2_Compare.py"])
def test_enter_in_a_list_chooses_one_and_not_all_that_match(page: str, app_home: Path) -> None:
    lists = open_page(page).multiselect
    assert len(lists) and not any(one.proto.select_all for one in lists)
