"""The command `predict`: its file, the kept result, and what stays where it is stopped or refused."""

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ag_core import pipeline
from ag_core.annotations.building.build import build_store
from ag_core.annotations.store import AnnotationStore
from ag_core.bulk.engines import Resources
from ag_core.bulk.predicting import BulkSettings, Outcome, Predictor, Task
from ag_core.commands import predict, predict_many
from ag_core.errors import UserError
from ag_core.pipeline import load_models, predict_video
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import (
    PredictionSettings,
    compute_key_of,
    compute_result_key,
    keep_result,
    load_finished_result,
)
from ag_core.settings import Settings
from tests.video.test_frames import BAD, bad_file, write_video

KNOWN = ("--detector", "home-world")
"""The stand-in films carry no mark of the home world."""


def arguments(video: Path, out: Path, weights: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    predict.add_parser(parser.add_subparsers())
    return parser.parse_args(
        ["predict", str(video), "--out", str(out), "--weights", str(weights), "--device", "cpu", *KNOWN, *more]
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = Settings(tmp_path / "home", tmp_path / "store", "", tmp_path / "showcase")
    monkeypatch.setattr("ag_core.settings.settings", lambda: own)
    return own.home


def test_the_command_writes_the_file_and_keeps_the_result(
    film: Path, weights: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "film.json"
    predict.run(arguments(film, out, weights))
    first = capsys.readouterr()
    assert "7 graphs" in first.out and "graphs a second" in first.out and "watching the video" in first.err
    assert Prediction.load(out).file == "film.mp4"
    assert len(list((home / "results").iterdir())) == 1
    again = tmp_path / "again.json"
    predict.run(arguments(film, again, weights))
    assert "from the kept results" in capsys.readouterr().out
    assert again.read_text() == out.read_text()
    predict.run(arguments(film, again, weights, "--no-cache", "--relation-head", "frequency"))
    assert "is not kept" not in capsys.readouterr().out
    assert len(list((home / "results").iterdir())) == 1
    assert Prediction.load(again).models[2].name == "frequency"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--oracle", "none.duckdb"), r"none\.duckdb is not there"),
        (("--weights", "nosuchname"), "there is no folder nosuchname, and no weights of your own have a name"),
        (("--weights", __file__), r"--weights .*\.py is a file; give the folder that it lies in"),
        (("--weights", "."), r"the weights file detector\.safetensors is missing in /"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_watched(
    words: tuple[str, str],
    said: str,
    film: Path,
    weights: Path,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(UserError, match=said):
        predict.run(arguments(film, tmp_path / "film.json", weights, *words))
    assert "loading models" not in capsys.readouterr().err and not (tmp_path / "film.json").exists()


def test_a_home_that_cannot_be_written_costs_the_kept_result_alone(
    film: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    own = Settings(tmp_path / "file" / "home", tmp_path / "store", "", tmp_path / "showcase")
    for place in ("ag_core.settings.settings", "ag_core.outputs.settings"):
        monkeypatch.setattr(place, lambda: own)
    out = tmp_path / "film.json"
    predict.run(arguments(film, out, weights))
    said = capsys.readouterr().out
    assert "note: the result is not kept for the app" in said and "set AG_HOME to a folder that can be written" in said
    assert len(Prediction.load(out).frames) == 7


def test_finished_work_is_kept_where_the_asked_place_takes_nothing(
    film: Path, weights: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of --out becomes a file while the models watch."""
    out = tmp_path / "made" / "film.json"

    def disturb(*_: object) -> tuple[()]:
        out.parent.touch()
        return ()

    monkeypatch.setattr(pipeline, "score_actions", disturb)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UserError, match=r"not a folder; .* What was to be written lies in") as told:
        predict.run(arguments(film, out, weights, "--no-cache"))
    assert len(Prediction.load(Path(str(told.value).rpartition(" ")[2])).frames) == 7


def test_a_film_that_is_swapped_is_not_kept_for_the_older(film: Path, weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    shutil.copy(film, path)
    models, chosen = load_models("cpu", weights=weights), PredictionSettings()
    key = compute_result_key(path, chosen, weights)

    def swap(stage: str, done: int, total: int) -> None:
        if stage == "scoring actions" and not done:
            write_video(tmp_path / "other.mp4", n_frames=4).replace(path)

    with pytest.raises(UserError, match=r"film\.mp4 became another file while it was watched; predict it again"):
        predict_video(path, models, progress=swap)
    made = predict_video(path, models)  # asked for as the first film, watched as the second
    other = keep_result(made, tmp_path / "kept", chosen, weights)
    assert other != key and other == compute_result_key(path, chosen, weights)
    assert load_finished_result(tmp_path / "kept", other, path) is not None
    assert load_finished_result(tmp_path / "kept", other, film) is None
    used = tuple(replace(use, sha256="1" * 64) if use.role == "lfb" else use for use in made.models)
    assert compute_key_of(replace(made, models=used), chosen, weights) != other, "weights that were swapped count, too"


@pytest.mark.parametrize("kind", BAD)
def test_the_command_refuses_bad_files_and_leaves_nothing(kind: str, weights: Path, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "bad.json"
    with pytest.raises(UserError, match=BAD[kind]):
        predict.run(arguments(bad_file(tmp_path, kind), out, weights))
    assert not out.parent.exists() and not home.exists()


def test_an_interrupted_command_leaves_nothing(
    film: Path, weights: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "score_actions", interrupted)
    with pytest.raises(KeyboardInterrupt):
        predict.run(arguments(film, tmp_path / "film.json", weights))
    assert not (tmp_path / "film.json").exists() and not home.exists()


def test_the_settings_of_a_prediction_are_its_defaults() -> None:
    options = arguments(Path("v.mp4"), Path("o.json"), Path("w"))
    assert PredictionSettings(options.detector, options.relation_head, options.rate) == PredictionSettings()
    assert "ag_core.pipeline" in sys.modules


def test_many_videos_become_a_lake_that_opens_as_any_store(
    film: Path, weights: Path, home: Path, tmp_path: Path, plain: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real path for one video under the command for many; its rows are those of a prediction file."""
    monkeypatch.setattr("ag_core.bulk.engines.find_engine", lambda name: predict_here)
    monkeypatch.setattr(pipeline, "load_models", lambda *_: "networks")
    monkeypatch.setattr(pipeline, "adapt_models", lambda *_: "models")
    monkeypatch.setattr(pipeline, "predict_video", lambda path, *_, **options: plain.with_file(path))
    videos, lake, parser = tmp_path / "videos", tmp_path / "lake", argparse.ArgumentParser()
    videos.mkdir()
    shutil.copy(film, videos / "film.mp4")
    predict_many.add_parser(parser.add_subparsers())
    predict_many.run(
        parser.parse_args(
            ["predict-many", str(videos), "--out", str(lake), "--weights", str(weights), "--device", "cpu", *KNOWN]
        )
    )
    plain.save(tmp_path / "film.json")
    build_store(tmp_path / "store.duckdb", predictions=[tmp_path / "film.json"])
    with AnnotationStore(lake) as many, AnnotationStore(tmp_path / "store.duckdb") as one:
        for table in ("frames", "objects", "relations", "relations_by_class", "relation_cube", "action_scores"):
            assert many.rows(f"from {table}") == one.rows(f"from {table}") != []
        assert many.video("film").path == videos / "film.mp4"


def predict_here(tasks: Sequence[Task], wanted: BulkSettings, resources: Resources) -> Iterator[Outcome]:
    yield from map(Predictor(wanted).predict, tasks)
