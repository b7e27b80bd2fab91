"""The filters of the published numbers, worked out by hand on three videos."""

from pathlib import Path

import pytest

from ag_core.data.building import build_store
from ag_core.data.splits import SMALL_SIDE, funnel, kept_frames
from ag_core.data.store import AnnotationStore
from tests.data.released import object_entry, person_entry, write_release


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
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


def test_frames_need_an_object_and_a_person_and_videos_more_than_two(store: AnnotationStore):
    assert kept_frames(store)[["video_id", "frame", "objects"]].values.tolist() == [
        ["AAAAA", 1, 2],
        ["AAAAA", 2, 1],
        ["AAAAA", 3, 1],
    ]


def test_small_objects_do_not_count_where_boxes_are_sought(store: AnnotationStore):
    assert kept_frames(store, SMALL_SIDE).empty  # two frames are left


def test_the_funnel(store: AnnotationStore):
    assert funnel(store).drop(columns="split").values.tolist() == [[3, 8, 6, 1, 5, 1]]


def test_other_sources_are_empty(store: AnnotationStore, tmp_path: Path):
    assert kept_frames(store, source="prediction:x").empty and funnel(store, source="prediction:x").empty
