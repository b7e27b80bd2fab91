"""Footage of other worlds, damaged and real: what a prediction notes of it."""

from pathlib import Path

import pytest

from ag_core.errors import UserError
from ag_core.pipeline import Models, load_models, predict_video
from ag_core.results import prediction_notes
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import (
    PredictionSettings,
)
from ag_core.settings import Settings
from ag_core.video import index
from tests.pipeline.stand_ins import MARK
from tests.video.test_frames import DATA, damage_frames, write_video


def test_other_footage_gets_a_plain_note(models: Models, plain: Prediction, tmp_path: Path) -> None:
    assert plain.notes == ()
    other = write_video(tmp_path / "other.mp4", n_frames=8)
    [note] = predict_video(other, models).notes
    assert note.startswith("Objects, relations and actions come from models trained only on the synthetic home world.")


def test_frames_that_cannot_be_decoded_are_told_or_refused(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MAX_TRIED_PIXELS", 0)  # as if the file were long
    path = write_video(tmp_path / "damaged.mp4", n_frames=24, options={"g": "4", "bf": "0"}, comment=MARK)
    damage_frames(path, range(6, 9))
    prediction = predict_video(path, models)
    [note] = prediction.notes
    assert len(prediction.frames) == 4
    assert note.startswith("The file is damaged: 3 of the") and "the frame before it" in note
    damage_frames(path, range(3, 24))
    with pytest.raises(UserError, match="cannot be decoded: it is badly damaged or encrypted"):
        predict_video(path, models)


def test_a_film_of_the_showcase_is_known_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "showcase" / "videos" / "ABCDE.mp4"
    shown.parent.mkdir(parents=True)
    write_video(shown, n_frames=4)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(shown.read_bytes())
    own = Settings(tmp_path, tmp_path / "store", "", tmp_path / "showcase")
    monkeypatch.setattr(prediction_notes, "settings", lambda: own)
    assert prediction_notes.is_home_world(copy)
    assert not prediction_notes.is_home_world(write_video(tmp_path / "other.mp4", n_frames=5))


def test_a_film_in_an_exported_world_is_known_by_its_folder(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", n_frames=2)
    (tmp_path / "world" / "videos").mkdir(parents=True)
    inside = path.rename(tmp_path / "world" / "videos" / "ABCDE.mp4")
    assert not prediction_notes.is_home_world(inside)
    (tmp_path / "world" / "world.json").write_text("{}")
    assert prediction_notes.is_home_world(inside)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real videos and the YOLOX file of shared/data are not here")
def test_people_are_found_in_real_footage(weights: Path) -> None:
    found = load_models("cpu", PredictionSettings(str(DATA / "weights" / "yolox_nano.onnx")), weights)
    prediction = predict_video(DATA / "videos-intel-iot" / "asl_book.mkv", found)
    assert sum(graph.person_box_xyxy is not None for graph in prediction.frames) > len(prediction.frames) / 2
    assert any("COCO" in note for note in prediction.notes)
    assert any(note.startswith("Relations and actions come from models trained only") for note in prediction.notes)
