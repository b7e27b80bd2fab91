"""Page Run over a queue that finishes when it is asked to: progress, result, cancel, uploads."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ag_core.catalog import DETECTORS, POSE_NETWORKS, Download, RemoteFile
from ag_core.errors import UserError
from ag_core.files import hash_file
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.prediction import PredictionRequest
from ag_core.results import uploads
from ag_core.results.own_weights import CheckedFile, keep_weights, list_own_weights
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.results.prediction_cache import PredictionSettings
from ag_core.ui import queues
from ag_core.ui.own_weights import add_weights
from tests.conftest import stand_in_prediction
from tests.pages.test_links import visit
from tests.pages.test_pages import NOTE, RUN, open_page, read_payload


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


AGAIN = "Another video, or other settings"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk()
    monkeypatch.setattr(queues, "get_prediction_queue", lambda: desk)
    return desk


def test_run_shows_progress_and_the_result(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN)
    assert app.button(key="run_start").disabled
    app.button_group(key="run_kind").set_value("One of the data set").run()
    app.button(key="run_start").click().run()
    assert not app.exception
    assert "25" in str(app.get("progress")[0].proto)
    assert "3 of 12 · 2.0 per second · about 4 s left" in str(app.get("progress")[0].proto.text)
    assert AGAIN not in [one.label for one in app.expander]
    desk.finish("job0")
    app.run()
    assert not app.exception
    (again,) = (one for one in app.expander if one.label == AGAIN)
    assert not again.proto.expanded and again.button(key="run_start")
    assert app.warning[0].value == NOTE
    assert len(app.get("bidi_component")) == 1
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert links["Compare models"] == "job=job0" and links["Find similar"].startswith("like=")
    assert links["Run the models"].endswith("run_video=AB1CD")
    compare = open_page("pages/2_Compare.py", job="job0")
    assert not compare.exception and not compare.warning and len(compare.get("bidi_component")) == 1
    said = "".join(words for words, *_ in read_payload(compare)["beside"]["said"])
    assert "annotated" in said and "Nobody" not in said, "the store knows what is true of its own video"
    compare.button(key="compare_back").click().run()
    assert not compare.exception and "job" not in compare.query_params
    assert compare.selectbox(key="compared").value


def test_steady_relationships_are_a_choice(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN)
    app.button_group(key="run_kind").set_value("One of the data set").run()
    assert not app.toggle(key="run_smooth").value
    for smooth in (False, True):
        app.toggle(key="run_smooth").set_value(smooth).run()
        app.button(key="run_start").click().run()
    assert [job.request.settings.smooth for job in desk.known.values()] == [False, True]
    assert sum("steady relationships" in one.value for one in app.markdown) == 1


def test_small_objects_can_be_left_out(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN, run_kind="One of the data set", run_min_size="16")
    app.button(key="run_start").click().run()
    assert not app.exception
    assert [job.request.settings.min_side_px for job in desk.known.values()] == [16]
    assert "objects from 16 pixels on" in " ".join(one.value for one in (*app.markdown, *app.caption))


def test_habits_are_a_choice(app_home: Path, desk: Desk) -> None:
    app = open_page(RUN)
    app.button_group(key="run_kind").set_value("One of the data set").run()
    app.button(key="run_start").click().run()  # a film of the home world, where habits need no change
    app.selectbox(key="run_habits").set_value("Real homes").run()
    app.slider(key="run_evidence").set_value(0.25).run()
    app.button(key="run_start").click().run()
    assert not app.exception
    assert [job.request.settings.evidence for job in desk.known.values()] == [None, 0.25]
    assert any("habits of real homes, network 25%" in one.value for one in app.markdown)
    assert not [one for one in app.toggle if one.key == "run_hands"]
    (app_home / "detectors").mkdir(exist_ok=True)
    (app_home / "detectors" / "movenet-lightning.onnx").touch()
    app.run()
    app.toggle(key="run_hands").set_value(False).run()
    app.button(key="run_start").click().run()
    assert [job.request.settings.hands for job in desk.known.values()][-1] is False
    app.selectbox(key="run_habits").set_value("Home world").run()
    assert not [one for one in app.slider if one.key == "run_evidence"]


def test_other_footage_shows_the_graph_reader_and_folds_the_rest(
    app_home: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = stand_in_prediction("AB1CD")
    read = replace(plain.actions[0], model="graph", scores=plain.actions[0].scores * np.float32(0.25))
    real = replace(
        plain,
        models=(*plain.models, ModelUse("habits", "habits", "evidence 0.5", "3" * 64, "Action Genome annotations")),
        actions=(*plain.actions, read),
    )
    monkeypatch.setattr(desk, "get_result", lambda name: real)
    app = open_page(RUN)
    app.button_group(key="run_kind").set_value("One of the data set").run()
    app.button(key="run_start").click().run()
    desk.finish("job0")
    app.run()
    assert not app.exception
    folded = [AGAIN, "More settings", "What LFB and SGFB say", "Names and measured numbers"]
    assert [one.label for one in app.expander] == folded
    assert [one["label"] for one in read_payload(app)["models"]] == ["Graph alone"]
    assert any("can find all 35 classes" in one.value for one in app.markdown)
    assert any(one.value == "Not sure: no action reaches 30%." for one in app.info)


def test_own_weights_are_chosen_and_removed_only_after_a_yes(app_home: Path, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_file({"w": torch.ones(2)}, path, {"model": "reldn"})
    keep_weights(path, "kitchen", CheckedFile("relations", "reldn", "relation-demo", {}))
    app = open_page(RUN)
    app.button_group(key="run_kind").set_value("One of the data set").run()
    app.multiselect(key="run_own").set_value(["kitchen"]).run()
    app.button(key="run_start").click().run()
    assert not app.exception
    assert [job.request.settings.own for job in desk.known.values()] == [("kitchen",)]
    app.button(key="own_remove_kitchen").click().run()
    assert list_own_weights()
    app.button(key="own_yes_kitchen").click().run()
    assert not app.exception and not list_own_weights()
    app.button(key="own_undo").click().run()
    assert not app.exception and [own.name for own in list_own_weights()] == ["kitchen"]
    with pytest.raises(UserError, match="are there already"):
        add_weights(str(path), "relations", "kitchen", "")


def test_other_footage_needs_a_choice_of_detector(
    app_home: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module in ("results.footage", "results.prediction_notes", "ui.run.settings_form"):
        monkeypatch.setattr(f"ag_core.{module}.is_home_world", lambda path: False)
    weights = tmp_path / "weights"
    weights.write_bytes(b"small")
    here = RemoteFile((weights.as_uri(),), hash_file(weights))
    small = Download(files=(here,), megabytes=1, kept_as="small.onnx")
    gone = replace(small, files=(RemoteFile(("http://127.0.0.1:1/gone",), "0"),))
    hands = replace(POSE_NETWORKS["movenet"], download=replace(gone, kept_as="hands.onnx"))
    monkeypatch.setitem(POSE_NETWORKS, "movenet", hands)
    monkeypatch.setitem(DETECTORS, "nanodet", replace(DETECTORS["nanodet"], download=gone))
    app = open_page(RUN)
    app.button_group(key="run_kind").set_value("One of the data set").run()
    assert app.warning[0].value.startswith("AB1CD.mp4 is not a film of the home world, and the home world's detector")
    assert app.button(key="run_start").disabled
    app.selectbox(key="run_detector").set_value("home-world").run()
    assert len(app.warning) == 1 and not app.button(key="run_start").disabled
    app.selectbox(key="run_detector").set_value("Automatic").run()
    app.button(key="run_fetch").click().run()
    assert not app.exception and "/gone` cannot be fetched" in app.error[0].value
    monkeypatch.setitem(DETECTORS, "nanodet", replace(DETECTORS["nanodet"], download=small))
    app.button(key="run_fetch").click().run()
    assert not app.exception and not app.warning and not app.error
    assert any(one.value == "Detector for this video: NanoDet (photographs)." for one in app.caption)
    app.button(key="run_start").click().run()
    assert [job.request.settings.detector for job in desk.known.values()] == ["nanodet"]


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


def test_an_upload_is_kept_once_under_its_own_name(app_home: Path) -> None:
    first = uploads.save_upload("../my clip.mp4", b"content")
    assert first.name == "my clip.mp4"
    assert app_home in first.parents
    assert uploads.save_upload("my clip.mp4", b"content") == first
    with pytest.raises(UserError, match="is empty"):
        uploads.save_upload("empty.mp4", b"")


def test_the_name_of_a_file_is_shown_as_it_is(app_home: Path, desk: Desk) -> None:
    name = "100% *of* [a](b) $x$ http_.mp4"
    job_id = desk.submit(PredictionRequest(app_home / name, PredictionSettings()), "somebody")
    desk.known[job_id] = replace(desk.known[job_id], state=JobState.FAILED, error=f"{name} cannot be read")
    app = open_page(RUN)
    assert app.error[0].value.replace("\\", "") == f"{name} cannot be read."
    assert any(one.value.replace("\\", "").startswith(f"**{name}**") for one in app.markdown)
    assert r"\*of\* \[a\](b) \$x\$" in app.error[0].value


@pytest.mark.parametrize(("link", "is_open"), [({}, False), ({"run_person": "the second"}, True)])
def test_seldom_settings_are_folded_unless_a_link_asks_for_them(
    app_home: Path, desk: Desk, link: dict[str, str], is_open: bool
) -> None:
    app = visit(RUN, link)
    (more,) = [one for one in app.expander if one.label == "More settings"]
    assert more.proto.expanded == is_open and [one.key for one in more.selectbox] == ["run_habits", "run_person"]
