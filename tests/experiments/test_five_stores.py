"""Training, evaluation and prediction on the five stores that people really have: each says what is missing."""

from pathlib import Path

import pytest

from ag_core.__main__ import main
from tests.stores import FIRST_RUN, SECOND_RUN, STORES, TIMED, make_store

NO_TRAIN = "has no train videos in source 'annotation', only 2 test; choose --split test, or build the store with"
NO_FILES = "none of the 2 test videos of annotations_alone.duckdb has its file; build the store again with --videos and"
LEFT_OUT = "1 test videos, truth of source 'annotation'; 1 without a file are left out"
NOBODY = (
    "holds video files alone: nobody annotated its videos; build the store again with --charades and --action-genome"
)
PREDICTED = f"holds predictions alone ({FIRST_RUN}): nobody annotated its videos; build the store again with --charades"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The five stores by name, made once."""
    folder = tmp_path_factory.mktemp("stores")
    return {kind: make_store(kind, folder) for kind in STORES}


@pytest.mark.parametrize("what", ["detector", "action"])
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("annotations_alone", NO_TRAIN),
        ("few_videos", NO_TRAIN),
        ("videos_alone", NOBODY),
        ("several_models", NO_TRAIN),
        ("predictions_alone", PREDICTED),
    ],
)
def test_training_says_what_is_missing(
    kind: str, said: str, what: str, stores: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path if what == "action" else tmp_path / "weights.safetensors"
    words = ["train", what, "--data", stores[kind], "--steps", 1, "--threads", 1, "--out", out]
    assert main([str(word) for word in words]) == 1
    assert f"{kind}.duckdb {said}" in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("annotations_alone", 1, NO_FILES),
        ("few_videos", 0, LEFT_OUT),
        ("videos_alone", 1, NOBODY),
        ("several_models", 0, LEFT_OUT),
        ("predictions_alone", 1, PREDICTED),
    ],
)
@pytest.mark.parametrize("what", ["detector", pytest.param("actions", marks=pytest.mark.slow)])
def test_evaluation_says_what_is_missing(
    kind: str,
    status: int,
    said: str,
    what: str,
    stores: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["evaluate", what, "--data", str(stores[kind]), "--threads", "1"]
    words += ["--out", str(tmp_path / "actions.json")] if what == "actions" else []
    assert main(words) == status
    heard = capsys.readouterr()
    assert said in heard.err and bool(heard.out) == (status == 0)


def test_a_named_source_or_split_that_is_not_there_is_said(
    stores: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    for words, said in (
        (["--source", "mine"], f"has no source 'mine'; choose one of annotation, {FIRST_RUN}, {SECOND_RUN}"),
        (["--split", "val"], "has no val videos in source 'annotation', only 2 test; choose --split test, or build"),
    ):
        assert main(["evaluate", "detector", "--data", str(stores["several_models"]), *words]) == 1
        assert said in capsys.readouterr().err


def test_predict_says_what_is_missing(
    stores: dict[str, Path], app_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for video, said in (
        (TIMED, f"{TIMED} does not exist; give the path of a video file"),
        (stores["few_videos"], "few_videos.duckdb cannot be read as a video"),
        (stores["few_videos"].parent / "few_videos" / "videos", "videos is a folder; give the path of a video file"),
    ):
        assert main(["predict", str(video), "--out", str(tmp_path / "p.json")]) == 1
        assert said in capsys.readouterr().err and not (tmp_path / "p.json").exists()
