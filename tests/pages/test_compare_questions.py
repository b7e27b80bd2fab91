"""Why and what if on page Compare: edits with undo and a link, evidence that leads on, what cannot be asked.

The model's process is a stand-in within this one: it halves the scores for each edit.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.building.build import build_store
from ag_core.catalog import find_action_model, find_clip_network
from ag_core.errors import UserError
from ag_core.files import hash_file_cached
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.what_if import Answer, Question, WhatIfJobs, WhatIfQuestion, WhyQuestion
from ag_core.results.evidence import Evidence, RescoredVideo
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.results.prediction_cache import PredictionSettings, compute_result_key, get_result_path
from ag_core.settings import WEIGHTS, settings
from ag_core.taxonomy import OBJECTS, RELATIONS
from ag_core.ui import queues
from ag_core.ui.compare.evidence import build_strip_table
from tests.pages.test_pages import notes, open_page

COMPARE, CUP = "pages/2_Compare.py", "cup/glass/bottle"
HOLDING = [OBJECTS.index(CUP), RELATIONS.index("holding")]


class StandIn:
    """Answers like the queue of the process, at once; asked: what it was asked. error: a sentence it fails with."""

    def __init__(self, error: str = "") -> None:
        self.kind, self.error = WhatIfJobs(), error
        self.asked: list[Question] = []

    def submit(self, question: Question, visitor: str = "") -> str:
        self.asked.append(question)
        return str(len(self.asked) - 1)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job[Question]:
        return Job(job_id, self.asked[int(job_id)], "", JobState.DONE)

    def get_result(self, job_id: str) -> Answer:
        if self.error:
            raise UserError(self.error)
        question = self.asked[int(job_id)]
        before = Prediction.load(question.prediction).action_scores()[question.model]
        if isinstance(question, WhatIfQuestion):
            part = np.float32(0.5 ** len(question.edits))
            after = replace(before, scores=before.scores * part, over_time=before.over_time * part)
            return RescoredVideo(before, after, np.full(len(before.times_s), bool(question.edits)))
        cells = np.array([[0.1, 0.4], [0.0, 0.0]], np.float32)
        triplets = np.array([HOLDING, [0, 0]])
        times = np.array([0.25, 1.75])
        return Evidence(question.action, 0.75, 0.6, 0.1, times, triplets, cells, np.array([0.4, 0.6], np.float32))


@pytest.fixture
def home(app_home: Path, showcase: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in showcase, predicted with the weights that lie here."""
    folder = tmp_path / "showcase"
    shutil.copytree(showcase, folder)
    network, model = find_clip_network("i3d"), find_action_model("sgfb")
    uses = tuple(
        ModelUse(part.id, role, "video-demo", hash_file_cached(part.weights_path(WEIGHTS)), "home world")
        for role, part in ((network.role, network), (model.id, model))
    )
    for file in (folder / "predictions").glob("*.json"):
        prediction = Prediction.load(file)
        replace(prediction, models=(*prediction.models, *uses)).save(file)
    monkeypatch.setenv("AG_SHOWCASE", str(folder))
    settings.cache_clear()
    return app_home


@pytest.fixture
def queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    made = StandIn()
    monkeypatch.setattr(queues, "get_what_if_queue", lambda: made)
    return made


def read_link(app: AppTest) -> str:
    """The edits in the address."""
    text = app.query_params.get("whatif", "")
    return text if isinstance(text, str) else text[0]


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def texts(app: AppTest) -> str:
    return " ".join(element.value for part in (app.markdown, app.caption, app.warning, app.error) for element in part)


@pytest.mark.slow
def test_edits_are_added_undone_redone_and_reset(queue: StandIn) -> None:
    app = open_page(COMPARE, v="AB1CD", ask="What if")
    assert not app.exception and "No edit yet" in texts(app)
    assert app.selectbox(key="whatif_object").value == CUP, "what was found stands first"
    press(app, "whatif_add")
    assert read_link(app) == f"-{CUP}"
    assert "6 are changed" in texts(app) and "LFB reads no graphs: nothing changes there" in texts(app)
    changes = next(table.value for table in app.dataframe if "after" in table.value)
    np.testing.assert_allclose(changes["after"], changes["before"] / 2, rtol=1e-5)

    app.selectbox(key="whatif_relation").set_value("holding")
    app.slider(key="whatif_range").set_value((0.5, 2.0))
    press(app, "whatif_add")
    both = f"-{CUP},-{CUP}.holding@0.5-2"
    assert read_link(app) == both and "person holding cup/glass/bottle: off, 0.5 s to 2 s" in texts(app)
    press(app, "whatif_undo_button")
    assert read_link(app) == f"-{CUP}"
    press(app, "whatif_redo_button")
    assert read_link(app) == both
    press(app, "whatif_remove_0")
    assert read_link(app) == f"-{CUP}.holding@0.5-2"
    press(app, "whatif_reset")
    assert "whatif" not in app.query_params and app.button(key="whatif_reset").disabled
    assert "No edit yet" in texts(app)
    press(app, "whatif_undo_button")
    assert read_link(app) == f"-{CUP}.holding@0.5-2"


def test_a_link_keeps_the_edits(queue: StandIn) -> None:
    app = open_page(COMPARE, v="AB1CD", whatif=f"{CUP}.touching=0.4@1-2")
    assert not app.exception and not app.warning
    assert app.session_state["ask"] == "What if"
    assert "person touching cup/glass/bottle: 40%, 1 s to 2 s" in texts(app)
    [question] = queue.asked
    assert isinstance(question, WhatIfQuestion) and len(question.edits) == 1
    assert app.query_params["compared"] in ("AB1CD", ["AB1CD"]), "the address that is passed on names the video"
    app.selectbox(key="compared").set_value("EF2GH").run()
    assert "whatif" not in app.query_params, "edits belong to their video"


def test_a_bad_link_is_one_sentence_and_nothing_is_edited(queue: StandIn) -> None:
    app = open_page(COMPARE, v="AB1CD", whatif="-unicorn.holding")
    [warning] = app.warning
    assert "object class 'unicorn' is unknown" in warning.value and "left out" in warning.value
    assert not app.exception and "No edit yet" in texts(app)


@pytest.mark.slow
def test_evidence_leads_into_the_video_and_to_what_if(queue: StandIn) -> None:
    app = open_page(COMPARE, v="AB1CD", ask="Why")
    assert not app.exception
    assert "60.0 % at 0:00.750; with graphs that hold nothing it would be 10.0 %" in notes(app)
    assert "person holding cup/glass/bottle" in texts(app) and "without it 40.0 %" in texts(app)
    press(app, "why_go_0")
    assert app.session_state["compare_seek"] == (1, 1.75)
    press(app, "why_go_0")
    assert app.session_state["compare_seek"] == (2, 1.75)
    app.selectbox(key="why").set_value("c059").run()
    app.selectbox(key="compared").set_value("EF2GH").run()
    assert not app.exception and "compare_seek" not in app.session_state
    app.selectbox(key="compared").set_value("AB1CD").run()
    app.selectbox(key="why").set_value("c059").run()
    app.button_group(key="why_at").set_value("This moment").run()
    last = queue.asked[-1]
    assert isinstance(last, WhyQuestion) and last.action == 59 and last.time_s == 0.25
    press(app, "why_off_0")
    assert read_link(app) == f"-{CUP}.holding" and app.session_state["ask"] == "What if"


def test_what_cannot_be_answered_is_said(queue: StandIn) -> None:
    queue.error = "the model is away; ask again"
    app = open_page(COMPARE, v="AB1CD", ask="Why")
    assert "The model is away; ask again." in texts(app)


def test_a_question_that_was_stopped_says_so(queue: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [JobState.RUNNING, JobState.RUNNING, JobState.CANCELLED]

    def wait(job_id: str, timeout_s: float | None = None) -> Job[Question]:
        return Job(job_id, queue.asked[0], "", states.pop(0), "watching the video", 3, 34)

    monkeypatch.setattr(queue, "wait", wait)
    app = open_page(COMPARE, v="AB1CD", ask="Why")
    assert not app.exception and not states and "The question was stopped" in texts(app)


def test_a_prediction_of_other_weights_is_not_asked(app_home: Path) -> None:
    app = open_page(COMPARE, v="AB1CD", ask="What if")
    assert not app.exception and "scored with other weights than clip.safetensors here" in texts(app)
    assert not [button for button in app.button if button.key == "whatif_add"]


def test_nothing_is_asked_before_somebody_asks(queue: StandIn) -> None:
    app = open_page(COMPARE, v="AB1CD")
    assert not app.exception and not queue.asked
    assert app.session_state["ask"] == "Scores over time"


def test_cells_that_lowered_a_score_are_empty() -> None:
    cells = np.array([[0.1, -0.4]], np.float32)
    why = Evidence(3, 0.5, 0.6, 0.1, np.array([0.25, 1.75]), np.array([HOLDING]), cells, np.array([0.4], np.float32))
    table = build_strip_table(why, [0])
    assert table["raised"].tolist() == pytest.approx([0.1, 0.0])
    assert table["mark"].tolist()[1] == "person holding cup/glass/bottle at 0:01.750"


@pytest.mark.slow
def test_a_store_of_ones_own_is_asked_where_its_prediction_was_kept(
    home: Path, queue: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = settings().showcase / "videos" / "AB1CD.mp4"
    file = settings().showcase / "predictions" / "AB1CD.json"
    mine = home / "mine.duckdb"
    build_store(mine, charades=settings().showcase / "charades", videos=film.parent, predictions=[file])
    monkeypatch.setenv("AG_STORE", str(mine))
    settings.cache_clear()
    app = open_page(COMPARE, v="AB1CD", ask="Why")
    assert not app.exception and not queue.asked
    assert "run the models on the video here, and it can be asked" in texts(app)
    kept = get_result_path(settings().results, compute_result_key(film, PredictionSettings()))
    prediction = Prediction.load(file)
    replace(prediction, sha256=hash_file_cached(film)).save(kept)
    app = open_page(COMPARE, v="AB1CD", ask="Why")
    assert not app.exception
    assert [question.prediction for question in queue.asked] == [kept]
