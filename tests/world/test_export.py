"""What is written as Charades and Action Genome is read back by the readers of the real files, unchanged."""

import csv
import io
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.readers.action_genome import read_action_genome
from ag_core.annotations.readers.charades import read_charades
from ag_core.annotations.store import AnnotationStore
from ag_core.records import frame_to_time
from ag_core.taxonomy import ACTIONS, RELATIONS, find_object_index, find_relation_index
from ag_core.video.frames import probe_video
from ag_core.world.export import (
    LIKE_A_DETECTOR,
    build_action_genome_dictionaries,
    build_dense_graphs,
    build_sparse_view,
    format_charades_csv,
    list_charades_class_files,
    write_film,
    write_set,
)
from ag_core.world.truth import WorldTruth
from tests.world.stand_in import FPS, FRAMES, StandInFilm, stand_in_truth

REAL = Path(__file__).parents[2] / ".." / "shared" / "data"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_film(StandInFilm(), folder)
    write_film(StandInFilm("val", 2), folder, "ZZ9ZZ")
    write_set(folder, ["AB1CD", "ZZ9ZZ"], {"profile": "stand-in"})
    return folder


def test_frames_are_the_midpoints_of_five_equal_parts() -> None:
    truth = stand_in_truth()
    times = sorted({start + (k + 0.5) / 5 * (end - start) for _, start, end in truth.actions for k in range(5)})
    assert [shown.frame for shown in build_sparse_view(truth)] == sorted({round(t * FPS) + 1 for t in times})


def test_the_sparse_view_holds_what_is_involved_one_of_a_class() -> None:
    truth = stand_in_truth()
    cup, chair, table = (find_object_index(name) for name in ("cup/glass/bottle", "chair", "table"))
    shown = {
        view.frame: [(int(truth.classes[row]), row, seen) for row, seen in zip(view.instances, view.visible)]
        for view in build_sparse_view(truth)
    }
    # The touched chair, not the larger one; what the person touches without an action is left out, as the table is.
    assert shown[round(1.0 * FPS) + 1] == [(chair, 4, True), (cup, 1, True)]
    # Something is put on the table: named though out of sight; drinking and sitting ended 1.05 s before.
    assert shown[round(2.55 * FPS) + 1] == [(table, 2, False)]
    # Sitting begins in 0.35 s, and who annotates begins early.
    assert [row for _, row, _ in shown[round(0.15 * FPS) + 1]] == [4, 1]


def test_the_dense_view_holds_every_clearly_visible_object() -> None:
    graphs = build_dense_graphs(stand_in_truth(), every=2)
    assert [graph.frame for graph in graphs] == list(range(1, FRAMES + 1, 2))
    assert len(graphs[0]) == 4 and len(graphs[-1]) == 3
    assert graphs[0].person_box_xyxy is not None and graphs[0].visible.all()
    assert graphs[0].relations[0, find_relation_index("holding")] == 1


def test_a_film_is_a_playable_file_with_every_frame_and_a_key_each_second(home: Path) -> None:
    video = probe_video(home / "videos" / "AB1CD.mp4")
    assert (video.n_frames, video.fps, video.width, video.height) == (FRAMES, FPS, 160, 96)
    with av.open(str(home / "videos" / "AB1CD.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt, stream.start_time) == ("h264", "yuv420p", 0)
        keys = [number for number, packet in enumerate(container.demux(stream)) if packet.is_keyframe]
    assert keys[:3] == [0, 12, 24]
    content = (home / "videos" / "AB1CD.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # the player can start before the file is complete


def test_the_reader_of_charades_finds_what_the_truth_says(home: Path) -> None:
    truth = WorldTruth.load(home / "dense" / "AB1CD.npz")
    table = read_charades(home / "charades" / "Charades_v1_train.csv")
    video = table.videos[0]
    assert (video.video_id, video.script, video.scene, video.split) == ("AB1CD", truth.script, "Kitchen", "train")
    assert video.duration_s == pytest.approx(FRAMES / FPS)
    assert [(i.action, i.start_s, i.end_s) for i in table.intervals] == truth.actions
    assert read_charades(home / "charades" / "Charades_v1_test.csv").videos[0].split == "test"
    assert not table.issues


def test_the_reader_of_action_genome_finds_what_the_truth_says(home: Path) -> None:
    table = read_action_genome(home / "annotations")
    assert not table.issues
    assert set(table.frames["split"]) == {"train", "test"}
    listed = (home / "annotations" / "frame_list.txt").read_text().split()
    assert len(listed) == len(table.frames)
    with (home / "annotations" / "object_bbox_and_relationship.pkl").open("rb") as file:
        released = pickle.load(file)
    assert list(released) == listed
    hidden = next(entry for entry in released[listed[-1]] if entry["class"] == "table")
    assert hidden["metadata"] == {"tag": f"ZZ9ZZ.mp4/table/{listed[-1][-10:-4]}", "set": "test"}
    assert hidden["bbox"] is hidden["contacting_relationship"] is None and hidden["visible"] is False


def test_export_and_store_give_back_the_graphs_of_the_truth(home: Path, tmp_path: Path) -> None:
    build_store(tmp_path / "home.duckdb", home / "charades", home, videos=home / "videos")
    truth = WorldTruth.load(home / "dense" / "AB1CD.npz")
    with AnnotationStore(tmp_path / "home.duckdb") as store:
        assert store.video("AB1CD").n_frames == FRAMES
        assert store.issues().empty
        graphs = store.graphs_of("AB1CD")
    assert [graph.frame for graph in graphs] == [shown.frame for shown in build_sparse_view(truth)]
    for graph, shown in zip(graphs, build_sparse_view(truth)):
        rows, seen = list(shown.instances), np.array(shown.visible)
        assert graph.time_s == frame_to_time(graph.frame, FPS)
        assert graph.object_classes.tolist() == truth.classes[rows].tolist()
        assert graph.visible.tolist() == list(shown.visible)
        assert np.allclose(graph.object_boxes_xyxy[seen], truth.boxes_xyxy[graph.frame - 1, rows][seen], atol=1e-3)
        assert np.array_equal(graph.relations[seen], truth.relations[graph.frame - 1, rows][seen])
        assert graph.person_box_xyxy is not None
        assert np.allclose(graph.person_box_xyxy, truth.boxes_xyxy[graph.frame - 1, 0])


@pytest.mark.parametrize("name", sorted(list_charades_class_files()))
def test_class_files_equal_the_released_ones(name: str) -> None:
    real = REAL / "charades-annotations" / name
    if not real.is_file():
        pytest.skip("needs the real Charades class files in ../shared/data")
    assert list_charades_class_files()[name] == real.read_text().split("\n")[: len(list_charades_class_files()[name])]


def test_class_lists_equal_the_released_ones(home: Path) -> None:
    for name in ("object_classes.txt", "relationship_classes.txt"):
        real = REAL / "ag-scene-graphs" / name
        if not real.is_file():
            pytest.skip("needs the real class lists in ../shared/data")
        assert (home / "annotations" / name).read_text().split() == real.read_text().split()
    assert len(list_charades_class_files()["Charades_v1_classes.txt"]) == len(ACTIONS) and len(RELATIONS) == 25


# Field by field against the real files


def shape_of(value: Any) -> str:
    """The type of a released value with those inside it; lists and tuples are one, as JSON knows only lists."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"[{'|'.join(sorted({shape_of(inner) for inner in value}))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shape_of(inner)}" for key, inner in value.items()) + "}"
    return "float" if isinstance(value, np.floating) else type(value).__name__


def real_annotations() -> dict[str, Any]:
    path = REAL / "ag-annotation-samples" / "ag_schema_samples.json"
    if not path.is_file():
        pytest.skip("needs the real annotations in ../shared/data")
    written: dict[str, Any] = json.loads(path.read_text())
    return written


def entries(objects: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    return (entry for of_frame in objects.values() for entry in of_frame)


def test_object_entries_have_the_fields_and_types_of_the_real_ones() -> None:
    real = real_annotations()["object_bbox_and_relationship"]
    _, ours = build_action_genome_dictionaries([stand_in_truth()])
    assert {shape_of(entry) for entry in entries(ours)} == {shape_of(entry) for entry in entries(real)}
    for entry in entries(ours):
        assert type(entry["bbox"]) is (tuple if entry["visible"] else type(None))
    for objects in (ours, real):
        for key, of_frame in objects.items():
            named = re.fullmatch(r"([A-Z0-9]{5}\.mp4)/(\d{6})\.png", key)
            assert named is not None
            video, frame = named.groups()
            for entry in of_frame:
                assert entry["metadata"]["tag"] == f"{video}/{entry['class'].replace('/', '_')}/{frame}"
                assert entry["metadata"]["set"] in ("train", "test")
            assert len({entry["class"] for entry in of_frame}) == len(of_frame)


def test_person_entries_have_the_fields_and_types_of_the_real_ones() -> None:
    real = real_annotations()["person_bbox"]
    ours, _ = build_action_genome_dictionaries([stand_in_truth()])
    left_out_of_the_sample = ("keypoints", "keypoints_logits")
    assert {
        shape_of({name: value for name, value in entry.items() if name not in left_out_of_the_sample})
        for entry in ours.values()
    } == {shape_of(entry) for entry in real.values()}
    for entry in ours.values():
        assert type(entry["bbox_size"]) is tuple
        dtypes = [entry[name].dtype for name in ("bbox", "bbox_score", *left_out_of_the_sample)]
        shapes = [entry[name].shape for name in ("bbox", "bbox_score", *left_out_of_the_sample)]
        assert dtypes == [np.float32] * 4 and shapes == [(1, 4), (1,), (1, 17, 3), (1, 17)]


def test_the_csv_is_written_as_the_real_one() -> None:
    path = REAL / "charades-annotations" / "Charades_v1_train.csv"
    if not path.is_file():
        pytest.skip("needs the real csv in ../shared/data")
    with path.open(newline="", encoding="utf-8") as file:
        text = file.read()
    ours = format_charades_csv([stand_in_truth()])
    forms = {
        "id": r"[A-Z0-9]{5}",
        "subject": r"[A-Z0-9]{4}",
        "quality": r"[1-7]?",
        "relevance": r"[1-7]?",
        "verified": r"Yes|No",
        "actions": r"(c\d{3} \d+\.\d\d \d+\.\d\d(;c\d{3} \d+\.\d\d \d+\.\d\d)*)?",
        "length": r"\d+\.\d\d?|\d+",
    }
    scenes = {row["scene"] for row in csv.DictReader(io.StringIO(text))}
    for one in (text, ours):
        assert one.split("\r\n")[0] == text.split("\r\n")[0] and one.endswith("\r\n")
        for row in csv.DictReader(io.StringIO(one)):
            assert all(re.fullmatch(form, row[name]) for name, form in forms.items()), row
            assert row["scene"] in scenes
    # Quotes stand only where a field needs them, in both.
    for one in (text, ours):
        rewritten = io.StringIO()
        csv.writer(rewritten).writerows(csv.reader(io.StringIO(one)))
        assert rewritten.getvalue() == one


def test_person_boxes_may_be_like_a_detectors() -> None:
    truth = stand_in_truth()
    exact = truth.boxes_xyxy[0, truth.person]
    found = [LIKE_A_DETECTOR.of(truth, index) for index in range(FRAMES)]
    again = [LIKE_A_DETECTOR.of(truth, index) for index in range(FRAMES)]
    assert all(np.array_equal(one, other) for one, other in zip(found, again))
    there = np.concatenate(found)
    assert 0.8 < len(there) / FRAMES <= 1 and 0 < np.abs(there - exact).max() < 10
    missed = [len(LIKE_A_DETECTOR.of(stand_in_truth(seed=seed), 0)) == 0 for seed in range(400)]
    assert 0.02 < np.mean(missed) < 0.09
    persons, objects = build_action_genome_dictionaries([truth], LIKE_A_DETECTOR)
    assert list(persons) == list(objects)
