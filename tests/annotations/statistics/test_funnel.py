"""The filters of the published numbers, worked out by hand on three videos."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics.funnel import SMALL_SIDE, count_funnel, select_kept_frames
from ag_core.annotations.store import AnnotationStore
from tests.annotations.released import object_entry, person_entry, write_release


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnnotationStore]:
    folder = tmp_path_factory.mktemp("splits")
    large, small, hidden = (
        object_entry("bag"),
        object_entry("cup/glass/bottle", (5, 5, 16, 40)),
        object_entry("bed", visible=False),
    )
    objects = {
        "AAAAA.mp4/000001.png": [large, small],
        "AAAAA.mp4/000002.png": [small],
        "AAAAA.mp4/000003.png": [large],
        "AAAAA.mp4/000004.png": [hidden],
        "AAAAA.mp4/000005.png": [large],
        "BBBBB.mp4/000001.png": [large],
        "BBBBB.mp4/000002.png": [large],
        "CCCCC.mp4/000001.png": [hidden],
    }
    persons = {key: person_entry(None if key == "AAAAA.mp4/000005.png" else (1, 1, 9, 9)) for key in objects}
    build_store(folder / "s.duckdb", action_genome=write_release(folder, objects, persons))
    with AnnotationStore(folder / "s.duckdb") as store:
        yield store


def test_frames_need_an_object_and_a_person_and_videos_more_than_two(store: AnnotationStore) -> None:
    assert select_kept_frames(store)[["video_id", "frame", "objects"]].values.tolist() == [
        ["AAAAA", 1, 2],
        ["AAAAA", 2, 1],
        ["AAAAA", 3, 1],
    ]


def test_small_objects_do_not_count_where_boxes_are_sought(store: AnnotationStore) -> None:
    assert select_kept_frames(store, SMALL_SIDE).empty  # two frames are left


def test_the_funnel(store: AnnotationStore) -> None:
    (row,) = count_funnel(store).to_dict("records")
    assert row == {
        "split": "train", "charades_videos": 0, "videos": 3, "frames": 8, "frames_with_object": 6,
        "frames_without_object": 2, "frames_without_person": 1, "frames_kept": 5, "boxes_kept": 6,
        "relations_kept": 18, "videos_kept": 1, "videos_with_one": 0, "videos_with_none_or_two": 1,
        "videos_without_object": 1, "frames_counted": 3,
    }  # fmt: skip


def test_the_funnel_without_small_objects(store: AnnotationStore) -> None:
    (row,) = count_funnel(store, SMALL_SIDE).to_dict("records")
    assert (row["frames_with_object"], row["frames_kept"], row["boxes_kept"], row["videos_kept"]) == (5, 4, 4, 0)
    assert row["videos_with_none_or_two"] == 2


def test_other_sources_are_empty(store: AnnotationStore, tmp_path: Path) -> None:
    assert select_kept_frames(store, source="prediction:x").empty and count_funnel(store, source="prediction:x").empty
