"""The five stores that people really have, small, made in the real file formats. Every page is opened on each of them.

`make_store(kind, folder)` writes one below a folder and returns its file.
"""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ag_core.annotations.building.build import build_store
from ag_core.results.prediction import Prediction
from tests.conftest import CLIPS, FPS, stand_in_prediction, write_action_genome, write_charades, write_clip

TIMED, UNTIMED = CLIPS
"""Two clips of the stand-in annotation. Where no file says otherwise, the second has neither a rate nor a length."""

FIRST_RUN = "prediction:faster-rcnn+reldn"
SECOND_RUN = "prediction:yolox+frequency"


def make_store(kind: str, folder: Path) -> Path:
    """One of the five stores, by its name in STORES."""
    out = folder / f"{kind}.duckdb"
    build_store(out, **STORES[kind](folder / kind))
    return out


def blank_length(charades: Path, video_id: str) -> None:
    """Take one video's length out of the test csv in a folder of Charades."""
    table = charades / "Charades_v1_test.csv"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | ({"length": ""} if row["id"] == video_id else {}) for row in rows)


def _annotations(folder: Path) -> dict[str, Path]:
    """Both annotation releases; the second clip's length is blank."""
    write_charades(folder / "charades")
    blank_length(folder / "charades", UNTIMED)
    write_action_genome(folder / "annotations")
    return {"charades": folder / "charades", "action_genome": folder / "annotations"}


def _annotations_alone(folder: Path) -> dict[str, Path]:
    inputs = _annotations(folder)
    rates = folder / "rates.csv"
    rates.write_text(f"video,fps\n{TIMED},{FPS}\n")
    return {**inputs, "rates": rates}


def _few_videos(folder: Path) -> dict[str, Path]:
    write_clip(folder / "videos" / f"{TIMED}.mp4")
    return {**_annotations(folder), "videos": folder / "videos"}


def _videos_alone(folder: Path) -> dict[str, Path]:
    for video_id in CLIPS:
        write_clip(folder / "videos" / f"{video_id}.mp4")
    return {"videos": folder / "videos"}


def _several_models(folder: Path) -> dict[str, object]:
    first = stand_in_prediction(TIMED)
    return {**_few_videos(folder), "predictions": _saved(folder, first, predict_again(first))}


def _predictions_alone(folder: Path) -> dict[str, object]:
    return {"predictions": _saved(folder, *map(stand_in_prediction, CLIPS))}


def predict_again(first: Prediction) -> Prediction:
    """The same video by another detector and another relation head: every second graph, and everything less sure."""
    frames = tuple(
        replace(graph, object_scores=graph.object_scores * 0.75, relations=graph.relations * 0.7)
        for graph in first.frames[::2]
    )
    models = tuple(
        replace(model, name={"detector": "yolox", "relations": "frequency"}[model.role]) for model in first.models
    )
    return replace(first, models=models, frames=frames)


def _saved(folder: Path, *predictions: Prediction) -> list[Path]:
    paths = [folder / "predictions" / f"{number}.json" for number in range(len(predictions))]
    for path, prediction in zip(paths, predictions):
        prediction.save(path)
    return paths


STORES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "annotations_alone": _annotations_alone,
    "few_videos": _few_videos,
    "videos_alone": _videos_alone,
    "several_models": _several_models,
    "predictions_alone": _predictions_alone,
}
"""What each store is built from: annotations of two videos without a file (one of them without rate and length); the
same with the file of one; video files of which nobody says anything; a video with the annotation and two model runs;
predictions of two videos that nobody annotated."""
