"""The same commands train and evaluate every model on a home world and on a store of official files and videos alone.

The stand-in release has sparse annotated frames with other numbers in each video, objects that are not visible, another
picture size, rate and length than the home world, and a video without a file.
"""

import csv
import json
import pickle
import shutil
from pathlib import Path

import pytest

from ag_core.__main__ import main
from ag_core.experiments.datasets import FrameRule, TrainingData
from ag_core.results.action_scores import ActionModelScores
from tests.conftest import write_clip
from tests.experiments.conftest import command

VIDEOS = ("AB1CD", "EF2GH", "GONE1", "IJ3KL")
"""In the order of their ids; the file of the third is missing, the last is the test split's."""

ANNOTATED = {"AB1CD": (3, 9, 15, 27), "EF2GH": (2, 5, 11), "GONE1": (1, 4, 7), "IJ3KL": (4, 10, 22, 60)}
"""The last frame of IJ3KL lies behind the end of its file."""


@pytest.fixture(scope="module")
def release(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders charades, annotations and videos in the formats of the release, with a train and a test split."""
    folder = tmp_path_factory.mktemp("release")
    persons, objects = (
        pickle.loads((showcase / "annotations" / name).read_bytes())
        for name in ("person_bbox.pkl", "object_bbox_and_relationship.pkl")
    )
    new_persons, new_objects = {}, {}
    for video_id, frames in ANNOTATED.items():
        for place, frame in enumerate(frames):
            old = f"{'EF2GH' if video_id == 'EF2GH' else 'AB1CD'}.mp4/{(3, 9, 15, 27)[place]:06d}.png"
            key = f"{video_id}.mp4/{frame:06d}.png"
            new_persons[key] = persons[old]
            split = "test" if video_id == "IJ3KL" else "train"
            new_objects[key] = [entry | {"metadata": {"tag": key, "set": split}} for entry in objects[old]]
            if place == 1:
                hidden = dict.fromkeys(("attention", "spatial", "contacting"))
                missing = {f"{name}_relationship": None for name in hidden}
                new_objects[key].append(
                    {"class": "table", "bbox": None, "visible": False, "metadata": {"tag": key, "set": split}} | missing
                )
    (folder / "annotations").mkdir()
    (folder / "annotations" / "person_bbox.pkl").write_bytes(pickle.dumps(new_persons))
    (folder / "annotations" / "object_bbox_and_relationship.pkl").write_bytes(pickle.dumps(new_objects))
    with (showcase / "charades" / "Charades_v1_test.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (folder / "charades").mkdir()
    for split in ("train", "test"):
        ids = [video_id for video_id in VIDEOS if (video_id == "IJ3KL") == (split == "test")]
        with (folder / "charades" / f"Charades_v1_{split}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows[video_id == "EF2GH"] | {"id": video_id} for video_id in ids)
    for video_id in VIDEOS:
        if video_id != "GONE1":
            write_clip(folder / "videos" / f"{video_id}.mp4", length=30 if video_id == "IJ3KL" else 36)
    return folder


@pytest.fixture(scope="module")
def official_store(release: Path) -> Path:
    """A store that `build-store` made from the release's files and nothing else."""
    store = release / "charades-ag.duckdb"
    words = ["build-store", "--charades", release / "charades", "--action-genome", release / "annotations"]
    assert main([str(word) for word in (*words, "--videos", release / "videos", "--out", store)]) == 0
    return store


def test_the_published_frames_of_videos_with_a_file_count(official_store: Path) -> None:
    data = TrainingData.open(official_store)
    assert data.source == "annotation" and data.rule == FrameRule(published=True)
    train, test = data.load(), data.with_split("test").load()
    assert [video.video_id for video in train.videos] == ["AB1CD", "EF2GH"] and train.without_file == 1
    numbers = [[graph.frame for graph in video.counted_graphs] for video in (*train.videos, *test.videos)]
    assert numbers == [[3, 9, 15, 27], [2, 5, 11], [4, 10, 22]]
    hidden = train.videos[0].counted_graphs[1]
    assert hidden.visible.tolist() == [True, False]
    assert test.videos[0].duration_s == pytest.approx(30 / 12) and test.videos[0].size_wh == (160, 96)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["home world", "official files"])
def test_the_same_commands_train_and_evaluate_every_model(
    kind: str,
    world: Path,
    official_store: Path,
    tiny_presets: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = ("--data", world if kind == "home world" else official_store, "--preset", "tiny", "--threads", 1)
    train = (*data, "--steps", 1, "--batch", 2, "--autocast", "off")
    assert command("train", "detector", *train, "--out", tmp_path / "detector.safetensors") == 0
    assert command("train", "relations", *train, "--out", tmp_path / "reldn.safetensors", "--weights", tmp_path) == 0
    assert command("train", "clip", *train, "--out", tmp_path / "clip.safetensors", "--few-shot", "home-157") == 0
    assert command("train", "action", *train, "--out", tmp_path, "--weights", tmp_path) == 0
    heard = capsys.readouterr().out
    assert ("; 1 without a file are left out" in heard) == (kind == "official files")
    rows = []
    for words in (
        ("detector",),
        *(
            ("relations", "--mode", mode, "--head", head)
            for mode in ("predcls", "sgdet")
            for head in ("reldn", "frequency")
        ),
    ):
        assert command("evaluate", *words, *data, "--weights", tmp_path) == 0
        rows.append(json.loads(capsys.readouterr().out))
    out = tmp_path / "actions.json"
    actions = ("actions", "--models", "all", "--few-shot", "home-157", "--out", out)
    assert command("evaluate", *actions, *data, "--weights", tmp_path) == 0
    assert all(row["metrics"] for row in rows)
    origin = rows[0]["metrics"][0]["origin"]
    truth = {
        "home world": ("rectangles", "dense view"),
        "official files": ("charades-ag.duckdb", "annotated frames"),
    }
    assert (origin["dataset"], origin["truth"], origin["split"]) == (*truth[kind], "test")
    assert [model.id for model in ActionModelScores.load(out).models] == ["i3d", "lfb", "sgfb", "oracle"]


def test_a_lake_of_the_store_trains_as_well(
    release: Path, official_store: Path, tiny_presets: None, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    words = ["build-store", "--charades", release / "charades", "--action-genome", release / "annotations"]
    words += ["--videos", release / "videos", "--out", tmp_path / "again.duckdb", "--lake", lake]
    assert main([str(word) for word in words]) == 0
    one, other = TrainingData.open(official_store).load(), TrainingData.open(lake).load()
    assert [video.counted_graphs[0].frame for video in one.videos] == [
        video.counted_graphs[0].frame for video in other.videos
    ]
    train = ("--data", lake, "--preset", "tiny", "--steps", 1, "--batch", 1, "--out", tmp_path / "detector.safetensors")
    assert command("train", "detector", *train) == 0


def test_annotations_without_videos_say_what_is_missing(
    release: Path,
    tiny_presets: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = tmp_path / "annotations.duckdb"
    shutil.copytree(release / "charades", tmp_path / "charades")
    assert main(["build-store", "--charades", str(tmp_path / "charades"), "--out", str(store)]) == 0
    capsys.readouterr()
    out = tmp_path / "detector.safetensors"
    assert command("train", "detector", "--data", store, "--steps", 1, "--preset", "tiny", "--out", out) == 1
    error = capsys.readouterr().err
    assert "none of the 3 train videos of annotations.duckdb has its file" in error and "--videos" in error
