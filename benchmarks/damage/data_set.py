"""A small data set in the real formats, whole: what the damaged files are made of, and whose rows must stay right."""

import csv
import io
import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from ag_core.evaluation.results_log import build_log_row
from ag_core.records import ActionScores, SceneGraph, Video, frame_to_time
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS, OBJECT_CLASSES, RELATIONS_OF_GROUP, Group, normalise

VIDEOS = ("AB1CD", "EF2GH", "IJ3KL", "MN4OP", "QR5ST", "UV6WX")
PREDICTED = VIDEOS[:3]
SIZE_WH, FPS, LENGTH_S = (480, 270), 24.0, 12.0
FRAMES = (5, 60, 122, 244)
COLUMNS = "id subject scene quality relevance verified script objects descriptions actions length".split()


@dataclass(frozen=True)
class DataSet:
    """The content of every file: released dictionaries, tables by split and rates as text, predictions by video."""

    objects: dict[str, Any]
    persons: dict[str, Any]
    charades: dict[str, str]
    rates: str
    predictions: dict[str, Any]

    def write(self, folder: Path) -> None:
        """Write everything below a folder."""
        write_file(folder / "annotations" / "object_bbox_and_relationship.pkl", pickle.dumps(self.objects))
        write_file(folder / "annotations" / "person_bbox.pkl", pickle.dumps(self.persons))
        for split, text in self.charades.items():
            write_file(folder / "charades" / f"Charades_v1_{split}.csv", text.encode())
        write_file(folder / "rates.csv", self.rates.encode())
        for video_id, content in self.predictions.items():
            write_file(folder / "predictions" / f"{video_id}.json", json.dumps(content).encode())
        write_file(folder / "videos" / f"{VIDEOS[0]}.mp4", make_clip())


def write_file(path: Path, content: bytes) -> None:
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_clip() -> bytes:
    """The film of the first video: of the size, rate and length that its annotation says."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=int(FPS), options={"threads": "1", "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        (stream.width, stream.height), stream.pix_fmt = SIZE_WH, "yuv420p"
        for number in range(int(LENGTH_S * FPS)):
            pixels = np.full((SIZE_WH[1], SIZE_WH[0], 3), number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


def make_data_set() -> DataSet:
    """The same data set every time."""
    random = np.random.default_rng(7)
    objects: dict[str, Any] = {}
    persons: dict[str, Any] = {}
    rows: dict[str, list[list[Any]]] = {"train": [], "test": []}
    for number, video_id in enumerate(VIDEOS):
        split = "train" if number % 2 else "test"
        actions = ";".join(f"c{random.integers(157):03d} {start:.2f} {start + 4:.2f}" for start in (0.5, 3.25, 7.0))
        script = f"A person, number {number}, opens a door."
        rows[split].append(
            [video_id, "AAAA", "Kitchen", 6, 7, "Yes", script, "door;cup", "Said, so.", actions, LENGTH_S]
        )
        for frame in FRAMES[: 2 + number % 3]:
            key = f"{video_id}.mp4/{frame:06d}.png"
            persons[key] = _make_person(random)
            objects[key] = [_make_object(random, video_id, frame, split) for _ in range(int(random.integers(1, 4)))]
    rates = "video,fps\n" + "".join(f"{video_id},{FPS:g}\n" for video_id in VIDEOS[1:])
    predictions = {video_id: _make_prediction(random, video_id).to_json() for video_id in PREDICTED}
    return DataSet(objects, persons, {split: _format_table(found) for split, found in rows.items()}, rates, predictions)


def _format_table(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    return text.getvalue()


def _make_person(random: np.random.Generator) -> dict[str, Any]:
    x, y = random.uniform(0, 200), random.uniform(0, 100)
    return {
        "bbox": np.array([[x, y, x + 100, y + 150]], np.float32),
        "bbox_score": np.array([0.9], np.float32),
        "bbox_size": SIZE_WH,
        "bbox_mode": "xyxy",
        "keypoints": np.zeros((1, 17, 3), np.float32),
        "keypoints_logits": np.zeros((1, 17), np.float32),
    }


def _make_object(random: np.random.Generator, video_id: str, frame: int, split: str) -> dict[str, Any]:
    name = normalise(OBJECT_CLASSES[int(random.integers(1, len(OBJECT_CLASSES)))])
    visible = bool(random.random() < 0.8)
    chosen = {
        f"{group.value}_relationship": [str(random.choice(names))] if visible else None
        for group, names in zip(Group, ATTENTION_SPATIAL_CONTACT)
    }
    x, y = float(random.uniform(0, 300)), float(random.uniform(0, 150))
    return {
        "class": name,
        "bbox": (x, y, 80.0, 60.0) if visible else None,
        **chosen,
        "visible": visible,
        "metadata": {"tag": f"{video_id}.mp4/{name.replace('/', '_')}/{frame:06d}", "set": split},
    }


ATTENTION_SPATIAL_CONTACT = [[normalise(name) for name in RELATIONS_OF_GROUP[group]] for group in Group]


def _make_prediction(random: np.random.Generator, video_id: str) -> Prediction:
    graphs = []
    for frame in (1, 13, 25, 60):
        left = random.uniform(0, 300, 2)
        boxes = np.stack([left, left / 3, left + 60, left / 3 + 50], axis=1).astype(np.float32)
        graphs.append(
            SceneGraph(
                frame,
                frame_to_time(frame, FPS),
                np.array([30, 20, 130, 220], np.float32),
                0.9,
                random.integers(1, 36, 2),
                boxes,
                random.random(2).astype(np.float32),
                random.random((2, N_RELATIONS)).astype(np.float32),
            )
        )
    times = np.arange(0.25, 4, 0.5, dtype=np.float32)
    scores = [
        ActionScores(
            model,
            random.random(N_ACTIONS).astype(np.float32),
            times,
            random.random((len(times), N_ACTIONS)).astype(np.float32),
            np.ones(N_ACTIONS, bool),
        )
        for model in ("lfb", "sgfb")
    ]
    models = (
        ModelUse("faster-rcnn", "detector", "stand-in", "1" * 64, "home world"),
        ModelUse("reldn", "relations", "stand-in", "2" * 64, "home world"),
    )
    video = Video(video_id, LENGTH_S, FPS, *SIZE_WH, int(LENGTH_S * FPS))
    return Prediction(video, f"{video_id}.mp4", "0" * 64, models, 2.0, (), tuple(graphs), tuple(scores))


def make_log() -> str:
    """A log of results without numbers of an evaluation, and one odd row of a benchmark."""
    return "".join(json.dumps(build_log_row(what, ())) + "\n" for what in ("benchmark a", "benchmark b"))
