"""What tests share: a stand-in showcase in the real file formats, and an application home that is thrown away."""

import csv
import gc
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import hypothesis
import numpy as np
import pytest

from ag_core.records import ActionScores, SceneGraph, Video, frame_to_time
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.settings import settings
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS, find_action_index, find_object_index, find_relation_index

if "PYTEST_XDIST_WORKER" in os.environ:  # a process for each core and one more: one thread each, and their children too
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# On a busy machine every example may be slow; a test that hangs ends by its own timeout.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

FPS, LENGTH, SIZE_WH = 12, 36, (160, 96)

CLIPS: dict[str, tuple[str, list[tuple[str, float, float]], list[tuple[str, list[str], list[str], list[str]]]]] = {
    "AB1CD": (
        "Kitchen",
        [("c107", 0.0, 2.0), ("c106", 0.5, 1.5)],
        [("cup/glass/bottle", ["looking_at"], ["in_front_of"], ["holding", "drinking_from"])],
    ),
    "EF2GH": (
        "Bedroom",
        [("c011", 0.0, 3.0)],
        [
            ("bed", ["not_looking_at"], ["beneath", "behind"], ["sitting_on"]),
            ("pillow", ["unsure"], ["on_the_side_of"], ["not_contacting"]),
        ],
    ),
}
"""id: (scene, actions with start and end, what each annotated frame shows: class, attention, spatial, contact)"""

ANNOTATED = (3, 9, 15, 27)
"""The annotated frames of each stand-in clip, 1-based."""


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """No test leaves its process a real-time one: a browser that it starts would take the computer from all others."""
    yield
    assert not hasattr(os, "sched_getscheduler") or os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A process for each core, and one more while others wait for a browser or for a process of their own."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share out files and the folders of tests/shares.py, in the order of collection."""
    from tests.shares import FolderScheduling

    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return FolderScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes longest first, where tests run in several processes."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        from tests.shares import sort_longest_first

        sort_longest_first(items)


def pytest_sessionfinish() -> None:
    """Close what the pages keep open, so that DuckDB has nothing to complain about at the end."""
    if "streamlit" in sys.modules:
        import streamlit

        streamlit.cache_resource.clear()
        streamlit.cache_data.clear()
    gc.collect()


@pytest.fixture(autouse=True)
def ordinary_floats() -> Iterator[None]:
    """Predicting and training let tiny numbers count as zero, for the whole thread; the next test gets them back."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(scope="session")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like assets/showcase: two clips of 3 s with annotations and predictions."""
    folder = tmp_path_factory.mktemp("showcase")
    for number, video_id in enumerate(CLIPS):
        write_clip(folder / "videos" / f"{video_id}.mp4", colour=(90 + 60 * number, 140, 110))
        stand_in_prediction(video_id).save(folder / "predictions" / f"{video_id}.json")
    write_charades(folder / "charades")
    write_action_genome(folder / "annotations")
    return folder


@pytest.fixture
def app_home(showcase: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The settings point to a fresh home and the stand-in showcase for one test."""
    yield from _home(tmp_path / "home", showcase, monkeypatch)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The settings point to a fresh home with no data at all."""
    yield from _home(tmp_path / "home", tmp_path / "no-showcase", monkeypatch)


def _home(home: Path, showcase: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AG_HOME", str(home))
    monkeypatch.setenv("AG_SHOWCASE", str(showcase))
    monkeypatch.delenv("AG_STORE", raising=False)
    settings.cache_clear()
    yield home
    settings.cache_clear()


def write_clip(path: Path, colour: tuple[int, int, int] = (120, 140, 110), length: int = LENGTH) -> None:
    """An mp4 in which a light square crosses a plain picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = SIZE_WH
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = FPS
        for number in range(length):
            picture = np.full((height, width, 3), colour, np.uint8)
            picture[30:60, 2 * number + 20 : 2 * number + 50] = 240
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _box(frame: int, place: int) -> list[float]:
    left = 20.0 + 2 * (frame - 1) + 8 * place
    return [left, 30.0 + 6 * place, left + 30, 62.0 + 6 * place]


def stand_in_prediction(video_id: str) -> Prediction:
    """A prediction that agrees with the annotation of a stand-in clip, at two graphs a second."""
    _, actions, shown = CLIPS[video_id]
    graphs = []
    for frame in range(6, LENGTH + 1, 6):
        relations = np.full((len(shown), N_RELATIONS), 0.02, np.float32)
        for row, (_, *groups) in enumerate(shown):
            for name in (name for group in groups for name in group):
                relations[row, find_relation_index(name)] = 0.9
        graphs.append(
            SceneGraph(
                frame,
                frame_to_time(frame, FPS),
                np.array(_box(frame, 0), np.float32),
                0.97,
                np.array([find_object_index(name) for name, *_ in shown]),
                np.array([_box(frame, place + 1) for place in range(len(shown))], np.float32),
                np.full(len(shown), 0.8, np.float32),
                relations,
            )
        )
    times = np.arange(0.25, 3, 0.5, dtype=np.float32)
    trained = np.zeros(N_ACTIONS, bool)
    trained[[find_action_index(name) for name in ("c011", "c059", "c106", "c107", "c110", "c154")]] = True
    answers = []
    for number, model in enumerate(("lfb", "sgfb")):
        over_time = np.random.default_rng(number).random((len(times), N_ACTIONS)).astype(np.float32) * 0.3
        for action, *_ in actions:
            over_time[:, find_action_index(action)] += 0.4 + 0.2 * number
        answers.append(ActionScores(model, over_time.max(axis=0), times, over_time, trained))
    width, height = SIZE_WH
    return Prediction(
        Video(video_id, LENGTH / FPS, FPS, width, height, LENGTH),
        f"{video_id}.mp4",
        "0" * 64,
        (ModelUse("faster-rcnn", "detector", "stand-in", "1" * 64, "home world"),
         ModelUse("reldn", "relations", "stand-in", "2" * 64, "home world")),
        2.0,
        (),
        tuple(graphs),
        tuple(answers),
    )  # fmt: skip


def write_charades(folder: Path) -> None:
    """The stand-in clips as a Charades annotation folder."""
    folder.mkdir(parents=True)
    columns = "id subject scene quality relevance verified script objects descriptions actions length".split()
    with (folder / "Charades_v1_test.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for video_id, (scene, actions, shown) in CLIPS.items():
            spans = ";".join(f"{action} {start:.2f} {end:.2f}" for action, start, end in actions)
            nouns = ";".join(name for name, *_ in shown)
            script = f"A person is in the {scene.lower()}."
            writer.writerow([video_id, "AAAA", scene, 7, 7, "Yes", script, nouns, script, spans, LENGTH / FPS])


def write_action_genome(folder: Path) -> None:
    """The stand-in clips as the Action Genome release."""
    folder.mkdir(parents=True)
    persons, objects = {}, {}
    for video_id, (_, _, shown) in CLIPS.items():
        for frame in ANNOTATED:
            key = f"{video_id}.mp4/{frame:06d}.png"
            persons[key] = {
                "bbox": np.array([_box(frame, 0)], np.float32),
                "bbox_score": np.ones(1, np.float32),
                "bbox_size": SIZE_WH,
                "bbox_mode": "xyxy",
                "keypoints": np.zeros((1, 17, 3), np.float32),
                "keypoints_logits": np.zeros((1, 17), np.float32),
            }
            objects[key] = [
                {
                    "class": name,
                    "bbox": (box[0], box[1], box[2] - box[0], box[3] - box[1]),
                    "attention_relationship": attention,
                    "spatial_relationship": spatial,
                    "contacting_relationship": contact,
                    "visible": True,
                    "metadata": {"tag": f"{video_id}.mp4/{name.replace('/', '_')}/{frame:06d}", "set": "test"},
                }
                for place, (name, attention, spatial, contact) in enumerate(shown)
                for box in [_box(frame, place + 1)]
            ]
    (folder / "person_bbox.pkl").write_bytes(pickle.dumps(persons))
    (folder / "object_bbox_and_relationship.pkl").write_bytes(pickle.dumps(objects))
    (folder / "frame_list.txt").write_text("\n".join(persons) + "\n")
