"""Every page runs by its own link, with data and without, and its main control works. No page imports torch."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.prediction import PredictionRequest
from ag_core.records import FrameClock
from ag_core.results import uploads
from ag_core.results.film_cache import FilmRequest
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings
from ag_core.settings import PROJECT, settings
from ag_core.ui import cached, shipped_files, tables
from ag_core.ui.charts import plots
from ag_core.ui.formatting import (
    format_clock,
    format_number,
    format_percent,
    format_position,
    format_remaining,
)
from ag_core.ui.widgets.running_query import RunningQuery
from tests.conftest import stand_in_prediction
from tests.jobs.stand_in_film import stand_in_film

NOTE = "These models know only the home world."

PAGES = ["app.py", *sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "pages").glob("*.py"))]
RUN, MAKE = "pages/8_Run.py", "pages/9_Make.py"


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


def notes(app: AppTest) -> str:
    """All that st.html printed."""
    return " ".join(element.proto.body for element in app.get("html"))


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
    if page not in (RUN, MAKE):
        assert [heading.value for heading in app.subheader] == ["Nothing to show yet"]


@pytest.mark.parametrize("page", ["app.py", RUN, MAKE])
def test_a_home_that_takes_no_files_is_said(page: str, app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(app_home.parent))
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
    assert [metric.value for metric in app.metric] == ["2", "8", "12", "44"]
    assert all(metric.delta.endswith(" (paper)") for metric in app.metric)


def test_explore_filters_by_link_and_by_facet(app_home: Path) -> None:
    app = open_page("pages/1_Explore.py", relation=["holding"])
    assert "1 of 2 videos fit" in notes(app)
    assert [button.key for button in app.button] == ["open_AB1CD"]
    app = open_page("pages/1_Explore.py")
    app.button_group(key="add_object").set_value("bed").run()
    assert app.multiselect(key="object").value == ["bed"]
    assert "1 of 2 videos fit" in notes(app)
    app.multiselect(key="relation").set_value(["holding"]).run()
    assert app.subheader[0].value == "No video fits"


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
    assert app.subheader[0].value == "No such video"


def test_compare_draws_what_is_chosen(app_home: Path) -> None:
    app = open_page("pages/2_Compare.py", v="EF2GH")
    chosen = app.multiselect[0]
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
    source = app.selectbox(key="source")
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


class Desk:
    """A queue that finishes a job when it is asked to, without models."""

    def __init__(self) -> None:
        self.known: dict[str, Job[PredictionRequest]] = {}

    def submit(self, request: PredictionRequest, visitor: str) -> str:
        name = f"job{len(self.known)}"
        self.known[name] = Job(name, request, "key", JobState.RUNNING, "watching the video", 3, 12, 1.5, 2.0, 4.5)
        return name

    def list_jobs(self, visitor: str) -> list[Job[PredictionRequest]]:
        return list(self.known.values())

    def get_job(self, name: str) -> Job[PredictionRequest]:
        if name not in self.known:
            raise UserError(f"job {name} is not known; submit it again")
        return self.known[name]

    def join(self, name: str, visitor: str) -> None:
        pass

    def may_cancel(self, name: str, visitor: str) -> bool:
        return name in self.known and not self.known[name].cancelling

    def cancel(self, name: str, visitor: str) -> None:
        self.known[name] = replace(self.known[name], state=JobState.CANCELLED)

    def finish(self, name: str) -> None:
        self.known[name] = replace(self.known[name], state=JobState.DONE)

    def get_result(self, name: str) -> Prediction:
        return replace(stand_in_prediction("AB1CD"), notes=(NOTE,))


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(cached, "get_prediction_queue", lambda: desk)
    return desk


def test_run_shows_progress_and_the_result(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN)
    assert app.button(key="run_start").disabled
    app.button_group(key="run_kind").set_value("One of the data set").run()
    app.button(key="run_start").click().run()
    assert not app.exception
    assert "25" in str(app.get("progress")[0].proto)
    assert "3 of 12 · 2.0 per second · about 4 s left" in str(app.get("progress")[0].proto.text)
    desk.finish("job0")
    app.run()
    assert not app.exception
    assert app.warning[0].value == NOTE
    assert len(app.get("bidi_component")) == 1


def test_run_cancels(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN)
    app.button_group(key="run_kind").set_value("One of the data set").run()
    app.button(key="run_start").click().run()
    app.button(key="cancel_job0").click().run()
    assert desk.known["job0"].state == JobState.CANCELLED
    assert not app.exception


def test_run_explains_an_unknown_job(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN, job="gone")
    assert not app.exception
    assert app.error[0].value == "Job gone is not known; submit it again."


class Stage:
    """A studio that finishes a film when it is asked to, with a stand-in film."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[FilmRequest, Job[FilmRequest]] = {}

    def submit(self, order: FilmRequest, visitor: str) -> None:
        self.known[order] = Job(
            "job", order, order.key, JobState.RUNNING, "drawing", 36, 144, 4.0, rate=9.0, remaining_s=12.0
        )

    def find_latest(self, order: FilmRequest, visitor: str) -> Job[FilmRequest] | None:
        return self.known.get(order)

    def join(self, name: str, visitor: str) -> None:
        pass

    def may_cancel(self, name: str, visitor: str) -> bool:
        return True

    def cancel(self, name: str, visitor: str) -> None:
        for order, job in self.known.items():
            self.known[order] = replace(job, state=JobState.CANCELLED)

    def finish(self, order: FilmRequest) -> None:
        stand_in_film(self.folder, order)
        self.known[order] = Job("job", order, order.key, JobState.DONE)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    stage = Stage(tmp_path / "films")
    monkeypatch.setattr(cached, "get_film_queue", lambda: stage)
    return stage


def test_make_shows_progress_and_the_film(app_home: Path, stage: Stage) -> None:
    app = open_page(MAKE)
    app.multiselect(key="make_actions").set_value([59, 11]).run()
    app.number_input(key="make_seed").set_value(3).run()
    app.button(key="make_start").click().run()
    assert not app.exception
    order = FilmRequest(3, (59, 11))
    assert app.query_params["actions"] == "c059,c011"
    assert "36 of 144 frames · about 12 s left" in str(app.get("progress")[0].proto.text)
    stage.finish(order)
    app.run()
    assert not app.exception and not app.error
    assert len(app.get("bidi_component")) == 1
    assert "0.5 s to 2.5 s" in notes(app)
    assert "not shown: no table is in this room" in notes(app)
    assert app.dataframe[0].value["action_id"].tolist() == ["c059"]
    assert [button.proto.label for button in app.get("download_button")][:3] == [
        "Video (mp4)", "Annotation (JSON)", "Charades row (CSV)"
    ]  # fmt: skip


def test_make_cancels(app_home: Path, stage: Stage) -> None:
    app = open_page(MAKE)
    app.button(key="make_start").click().run()
    app.button(key="make_cancel").click().run()
    assert not app.exception
    assert any("Cancelled" in caption.value for caption in app.caption)


def test_a_link_shows_the_kept_film_or_offers_to_draw_it(app_home: Path, stage: Stage) -> None:
    order = FilmRequest(5, (59,), "train", 20)
    app = open_page(MAKE, **order.to_link())
    assert "not kept on this machine" in app.info[0].value
    assert app.multiselect(key="make_actions").value == [59]
    assert app.number_input(key="make_seed").value == 5
    assert app.selectbox(key="make_people").value == "train"
    stage.finish(order)
    app = open_page(MAKE, **order.to_link())
    assert len(app.get("bidi_component")) == 1
    app = open_page(MAKE)
    assert app.subheader[0].value == "Films made here"
    app.button(key=f"open_{order.key}").click().run()
    assert app.query_params["seed"] == "5"
    assert len(app.get("bidi_component")) == 1


def test_make_explains_a_link_that_cannot_be_ordered(app_home: Path, stage: Stage) -> None:
    app = open_page(MAKE, seed="5", actions="c999")
    assert not app.exception
    assert app.error[0].value.startswith("Action 'c999' is unknown")


def test_an_upload_is_kept_once_under_its_own_name(app_home: Path) -> None:
    first = uploads.save_upload("../my clip.mp4", b"content")
    assert first.name == "my clip.mp4"
    assert app_home in first.parents
    assert uploads.save_upload("my clip.mp4", b"content") == first
    with pytest.raises(UserError, match="is empty"):
        uploads.save_upload("empty.mp4", b"")


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


@pytest.mark.slow
def test_pages_import_no_models_and_no_renderer(app_home: Path) -> None:
    program = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"for page in {PAGES!r}:\n"
        f"    app = AppTest.from_file({str(PROJECT / 'app.py')!r}, default_timeout=300)\n"
        "    app = (app if page == 'app.py' else app.switch_page(page)).run()\n"
        "    assert not app.exception, app.exception\n"
        "print(sorted({'torch', 'torchvision', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("page", [MAKE, "pages/1_Explore.py", "pages/3_Search.py", "pages/2_Compare.py"])
def test_enter_in_a_list_chooses_one_and_not_all_that_match(page: str, app_home: Path) -> None:
    lists = open_page(page).multiselect
    assert len(lists) and not any(one.proto.select_all for one in lists)


def test_the_name_of_a_file_is_shown_as_it_is(app_home: Path, desk: Desk) -> None:
    name = "100% *of* [a](b) $x$ http_.mp4"
    job_id = desk.submit(PredictionRequest(app_home / name, PredictionSettings()), "somebody")
    desk.known[job_id] = replace(desk.known[job_id], state=JobState.FAILED, error=f"{name} cannot be read")
    app = open_page(RUN)
    assert app.error[0].value.replace("\\", "") == f"{name} cannot be read."
    assert any(one.value.replace("\\", "").startswith(f"**{name}**") for one in app.markdown)
    assert r"\*of\* \[a\](b) \$x\$" in app.error[0].value
