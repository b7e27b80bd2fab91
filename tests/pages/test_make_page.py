"""Page Make over a queue that draws nothing: progress, film, cancel, links to orders."""

from dataclasses import replace
from pathlib import Path

import pytest

from ag_core.jobs.job import Job, JobState
from ag_core.results.film_cache import FilmRequest
from ag_core.ui import queues
from tests.jobs.stand_in_film import stand_in_film
from tests.pages.test_pages import MAKE, RUN, notes, open_page


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
    monkeypatch.setattr(queues, "get_film_queue", lambda: stage)
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
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Run the models"] == links["Compare models"] == f"film={order.key}"
    run = open_page(RUN, film=order.key)
    assert not run.exception and any("made here" in one.value for one in run.markdown)
    assert not [one for one in run.button_group if one.key == "run_kind"], "the film is the video"
    compare = open_page("pages/2_Compare.py", film=order.key)
    assert not compare.exception and compare.header[0].value == "No prediction yet"
    assert f"film={order.key}" in [one.proto.query_string for one in compare.get("page_link")]
    assert "not kept on this machine" in open_page(RUN, film="../../etc").warning[0].value
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
    assert app.header[0].value == "Films made here"
    app.button(key=f"open_{order.key}").click().run()
    assert app.query_params["seed"] == "5"
    assert len(app.get("bidi_component")) == 1


def test_make_explains_a_link_that_cannot_be_ordered(app_home: Path, stage: Stage) -> None:
    app = open_page(MAKE, seed="5", actions="c999")
    assert not app.exception
    assert app.error[0].value.startswith("Action 'c999' is unknown")
