"""What comes into a store: rows in order, facts of videos, and what does not fit together in the list of issues."""

import os
from pathlib import Path

import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from tests.annotations.readers.test_charades import written
from tests.annotations.released import object_entry, person_entry, write_release


def test_what_does_not_fit_together_is_listed(showcase: Path, tmp_path: Path) -> None:
    written(tmp_path, "AB1CD,S,Kitchen,6,7,Yes,A person.,cup,,c107 0.00 2.00,3\r\n", "Charades_v1_test.csv")
    other = object_entry("bag") | {"metadata": {"set": "test"}}
    objects = {
        "AB1CD.mp4/000050.png": [object_entry("bag", (10, 20, 30, 40))],
        "EF2GH.mp4/000002.png": [object_entry("bag")],
        "EF2GH.mp4/000003.png": [other],
        "ZZ9ZZ.mp4/000001.png": [object_entry("bag")],
    }
    write_release(tmp_path, objects)
    (tmp_path / "rates.csv").write_text("video,fps\nEF2GH,10\nEF2GH,12\nEF2GH,10\n")
    out = tmp_path / "s.duckdb"
    build_store(out, tmp_path, tmp_path, videos=showcase / "videos", rates=tmp_path / "rates.csv")
    with AnnotationStore(out) as store:
        issues = store.issues()
        assert (store.video("AB1CD").width, store.video("AB1CD").split, store.video("EF2GH").split) == (
            160,
            "test",
            "train",
        )
    found = sorted(zip(issues["kind"], issues["key"], issues["reason"]))
    assert [(kind, key) for kind, key, _ in found] == [
        ("frame-behind-end", "AB1CD"),
        ("rate-twice", "EF2GH"),
        ("rate-unknown", "ZZ9ZZ"),
        ("size-differs", "AB1CD"),
        ("size-differs", "EF2GH"),
        ("split-differs", "AB1CD"),
        ("split-differs", "EF2GH"),
        ("video-missing", ""),
    ]
    said = " | ".join(reason for _, _, reason in found)
    for part in (
        "frame 50 lies behind the last of 36", "12, left out; 10 is kept", "1 frames without a time",
        "480 x 270 were annotated, the file has 160 x 96", "'train' differs from Charades' 'test'",
        "frames of the video name different splits; that of its first, 'train'", "1 of 3 videos",
    ):  # fmt: skip
        assert part in said, part


def issues_of(out: Path) -> list[tuple[str, str, str]]:
    with AnnotationStore(out) as store:
        return list(store.issues()[["kind", "key", "reason"]].itertuples(index=False, name=None))


def test_rates_are_found_by_names_with_and_without_ending(tmp_path: Path) -> None:
    objects = {f"{name}.mp4/000001.png": [object_entry("bag")] for name in ("AB1CD", "EF2GH", "GH3IJ")}
    write_release(tmp_path, objects)
    rates, out = tmp_path / "rates.csv", tmp_path / "s.duckdb"
    rates.write_text('video,fps\n AB1CD.mp4 ,30\nEF2GH,"30\ngh3ij,25\nXX1XX,nan\nGH3IJ,1e-9\n')
    build_store(out, action_genome=tmp_path, rates=rates)
    with AnnotationStore(out) as store:
        assert store.rows("select video_id, fps from videos order by 1") == [
            ("AB1CD", 30), ("EF2GH", None), ("GH3IJ", None),
        ]  # fmt: skip
    assert [(kind, key) for kind, key, _ in issues_of(out)] == [
        ("rate-unknown", "EF2GH"), ("rate-unknown", "GH3IJ"), ("rate-unreadable", "GH3IJ"),
        ("rate-unreadable", "XX1XX"), ("rate-unreadable", "line 3"), ("rate-unused", ""),
    ]  # fmt: skip
    assert issues_of(out)[-1][2] == "1 of 2 rates belong to no video of the store, such as gh3ij"
    rates.write_text("video,fps\nAB1CD,fast\n")
    with pytest.raises(UserError, match=r"rates\.csv has no rate that can be used: line 2: 'fast' is no rate"):
        build_store(out, action_genome=tmp_path, rates=rates)


def test_video_files_that_cannot_be_used_or_belong_to_nothing_are_listed(showcase: Path, tmp_path: Path) -> None:
    videos, out = tmp_path / "videos", tmp_path / "s.duckdb"
    videos.mkdir()
    clip = showcase / "videos" / "AB1CD.mp4"
    (videos / "AB1CD.M4V").symlink_to(clip)
    (videos / "EF2GH.mp4").symlink_to(tmp_path / "gone.mp4")
    (videos / "GH3IJ.mp4").mkdir()
    (videos / "holiday.mp4").symlink_to(clip)
    (videos / "other.mp4").symlink_to(clip)
    (videos / os.fsdecode(b"caf\xe9.mp4")).symlink_to(clip)
    written(tmp_path, "".join(f"{i},S,Kitchen,6,7,Yes,A person.,cup,,,3\r\n" for i in ("AB1CD", "EF2GH", "GH3IJ")))
    build_store(out, charades=tmp_path, videos=videos)
    with AnnotationStore(out) as store:
        assert store.rows("select video_id from videos where path is not null") == [("AB1CD",)]
    assert issues_of(out) == [
        ("video-missing", "", "2 of 3 videos have no file there"),
        ("video-unreadable", "EF2GH", "video not used: it is a link to a file that is not there"),
        ("video-unreadable", "GH3IJ", "video not used: it is no file, or may not be read"),
        ("video-unreadable", "caf\\xdce9", "video not used: its name has characters that no file name can have"),
        ("video-unused", "", "2 of 3 files there belong to no video of the store, such as holiday.mp4"),
    ]


def test_frames_later_than_times_can_be_have_none(tmp_path: Path) -> None:
    objects = {f"AB1CD.mp4/{frame}.png": [object_entry("bag")] for frame in ("000001", "9999999")}
    persons = dict(zip(objects, (person_entry(), person_entry(size_wh=(640, 270)))))
    write_release(tmp_path, objects, persons)
    (tmp_path / "rates.csv").write_text("video,fps\nAB1CD,0.5\n")
    out = tmp_path / "s.duckdb"
    build_store(out, action_genome=tmp_path, rates=tmp_path / "rates.csv")
    with AnnotationStore(out) as store:
        assert store.rows("select frame, t_ms from frames order by 1") == [(1, 0), (9_999_999, None)]
    assert [(kind, reason.split(";")[0]) for kind, _, reason in issues_of(out)] == [
        ("rate-unknown", "frame 9999999 at 0.5 frames a second is later than times can be here"),
        ("size-differs", "frames of the video have different sizes"),
    ]
