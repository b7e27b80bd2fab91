"""The doctor finds each fault of releases made for it, with its count and rows."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.check import Area, Severity
from ag_core.doctor.check_runner import _choose_evenly, list_finding_rows, run_checks
from ag_core.doctor.funnel import compare_funnel
from ag_core.doctor.report import summarize_findings
from ag_core.errors import UserError
from ag_core.video import identity
from tests.annotations.released import object_entry, person_entry
from tests.annotations.test_store import prediction
from tests.conftest import write_clip
from tests.doctor.stores import CLEAN, CLEAN_TEST, clean_frames, found_in, rates, store_of
from tests.video.test_frames import write_video
from tests.video.test_reading import join_bytes

CLEAN_NOTES = {"action-never": 156, "object-class-never": 34, "relationship-never": 22}
"""What the doctor notes of any data set as small as the clean one."""


def test_clean_data_has_nothing_to_repair(clean: Path) -> None:
    assert found_in(clean) == CLEAN_NOTES
    with AnnotationStore(clean) as store:
        fine = [one for one in run_checks(store) if one.severity is Severity.FINE]
        assert {one.area for one in fine} == {Area.CHARADES, Area.GRAPHS, Area.VIDEOS}
        assert all(one.count == 0 for one in fine) and len(fine) > 50
        assert "No errors, no warnings, 3 notes" in summarize_findings(run_checks(store))


FAULTY_ROWS = (
    "AAAA1,S001,Kitchen (A room),9,7,No,Text,cup,Text,c107 0.00 12.00;c107 11.00 3.00;c107 2.00 2.00,10.00\r\n"
    "BBBB2,S002,Kitchen,,,,,,,,8.00\r\n"
    "CCCC3,,Kitchen,6,7,Yes,Text,cup,Text,c059 0.00 5.00;c999 0.00 1.00;c106 x 1.00,5.00\r\n"
    "CCCC3,S003,Kitchen,6,7,Yes,Text,cup,Text,c059 0.00 5.00,5.00\r\n"
    ",S003,Kitchen,6,7,Yes,Text,cup,Text,c059 0.00 5.00,5.00\r\n"
    "DDDD4,S004,Kitchen,6,7,Yes,Text,cup,Text,c059 0.00 5.00,long\r\n"
)
FAULTY_TEST_ROWS = "EEEE5,S001,,6,7,Yes,Text,cup,Text,c059 0.00 5.00,5.00\r\n"


def test_faults_of_charades_rows(tmp_path: Path) -> None:
    path = store_of(tmp_path, FAULTY_ROWS, FAULTY_TEST_ROWS)
    assert found_in(path) == {
        "blank-subject": 1, "blank-scene": 1, "blank-quality": 1, "blank-relevance": 1, "blank-verified": 1,
        "blank-script": 1, "blank-object-nouns": 1, "blank-descriptions": 1, "videos-without-actions": 1,
        "interval-ends-late": 1, "interval-starts-late": 1, "interval-reversed": 1, "interval-point": 1,
        "action-again": 2, "action-never": 155, "not-verified": 1, "grade-outside": 1, "scene-commentary": 1,
        "subject-in-both-splits": 1, "row-without-id": 1, "video-twice": 1, "length-unknown": 1,
        "action-malformed": 1, "action-unknown": 1,
    }  # fmt: skip
    with AnnotationStore(path) as store:
        (late,) = list_finding_rows(store, "interval-ends-late").to_dict("records")
        assert late["video_id"] == "AAAA1" and late["time_s"] == 0
        assert late["details"] == "c107 from 0.00 to 12.00 s in a video of 10.00 s"
        assert list_finding_rows(store, "interval-reversed")["time_s"].tolist() == [10.0]
        assert list_finding_rows(store, "action-again")["time_s"].tolist() == [2.0, 10.0]
        assert list_finding_rows(store, "subject-in-both-splits")["details"].tolist() == [
            "subject S001: 1 videos of train, 1 of test"
        ]
        unknown = list_finding_rows(store, "action-unknown").iloc[0]
        assert unknown["video_id"] == "CCCC3" and "c999" in unknown["details"] and unknown["time_s"] == 0


def relations(
    attention: Sequence[str] = ("looking_at",),
    spatial: Sequence[str] = ("in_front_of",),
    contact: Sequence[str] = ("holding",),
) -> dict[str, Any]:
    return {
        "attention_relationship": list(attention),
        "spatial_relationship": list(spatial),
        "contacting_relationship": list(contact),
    }


ALL_SIDES = ("above", "beneath", "in_front_of", "behind", "on_the_side_of", "in")
TEN = ("bag", "bed", "blanket", "book", "box", "broom", "chair", "clothes", "cup/glass/bottle", "dish")
FAULTY_FRAMES = {
    26: [object_entry("cup/glass/bottle", **relations(attention=["looking_at", "not_looking_at"]))],
    76: [object_entry("cup/glass/bottle", **relations(spatial=[]))],
    126: [object_entry("cup/glass/bottle", **relations(contact=[]))],
    176: [object_entry("cup/glass/bottle", **relations(contact=["not_contacting", "other_relationship"]))],
    226: [object_entry("cup/glass/bottle", **relations(attention=["unsure"], spatial=["above", "beneath"]))],
    227: [object_entry("cup/glass/bottle", **relations(spatial=ALL_SIDES))],
    228: [object_entry("cup/glass/bottle", **relations(contact=["other_relationship"]))],
    229: [object_entry("bed", visible=False)],
    230: [object_entry("book"), object_entry("paper/notebook")],
    231: [object_entry("cup/glass/bottle", (5, 5, 16, 40))],
    232: [object_entry(name, (place, 20, 30, 40)) for place, name in enumerate(TEN)],
    233: [object_entry("cup/glass/bottle"), object_entry("cup/glass/bottle", (60, 60, 30, 30))],
    234: [object_entry("cup/glass/bottle", (460, 10, 40, 40))],
    235: [object_entry("hair"), object_entry("cup/glass/bottle", **relations(contact=["hugging", "holding"]))],
    236: [
        object_entry("bag") | {"visible": False},
        object_entry("bed", visible=False) | {"visible": True},
        object_entry("book", (1, 2, 3)),
        object_entry("cup/glass/bottle", (500, 10, 20, 20)),
    ],
    300: [object_entry("cup/glass/bottle")],
}


def test_faults_of_frames_objects_and_relationships(tmp_path: Path) -> None:
    frames = {f"AB1CD.mp4/{number:06d}.png": entries for number, entries in FAULTY_FRAMES.items()}
    frames |= {"ZZZZ9.mp4/000001.png": [object_entry("cup/glass/bottle")]} | {"nonsense": []}
    persons = {key: person_entry() for key in frames if key != "nonsense"}
    persons["AB1CD.mp4/000300.png"] = person_entry(None)
    persons["AB1CD.mp4/000227.png"]["bbox_score"][:] = 0.2
    path = store_of(tmp_path, CLEAN, CLEAN_TEST, frames, persons, rates=rates(tmp_path, AB1CD=25, EF2GH=16.64))
    found = found_in(path)
    for note in ("object-class-never", "relationship-never", "action-never", "frame-without-objects"):
        found.pop(note, None)
    assert found == {
        "attention-not-one": 1, "spatial-missing": 1, "contact-missing": 1, "contact-contradiction": 1,
        "spatial-contradiction": 2, "many-relationships": 1, "attention-unsure": 1, "other-relationship": 2,
        "hidden-objects": 5, "box-of-two-classes": 1, "small-objects": 1, "many-objects": 1, "class-twice": 1,
        "box-clipped": 1, "object-unknown": 1, "relationship-unknown": 1, "hidden-with-box": 1,
        "hidden-with-relationships": 1, "visible-without-box": 1, "box-malformed": 1, "box-outside": 1,
        "frame-name": 1, "person-not-found": 1, "person-unsure": 1, "frame-after-length": 1,
        "frame-without-visible-object": 2, "graphs-without-charades": 1, "charades-without-graphs": 1,
        "few-frames": 1, "frame-off-midpoint": 10, "frame-outside-actions": 1, "action-object-absent": 3,
        "rate-unusual": 1, "rate-unknown": 1,
    }  # fmt: skip
    with AnnotationStore(path) as store:
        (both,) = list_finding_rows(store, "contact-contradiction").to_dict("records")
        assert (both["video_id"], both["frame"], both["time_s"]) == ("AB1CD", 176, 7.0)
        assert both["details"] == "cup/glass/bottle: not contacting, other relationship"
        (twice,) = list_finding_rows(store, "class-twice").to_dict("records")
        assert (twice["video_id"], twice["frame"], twice["time_s"]) == ("AB1CD", 233, 9.28)
        assert list_finding_rows(store, "box-of-two-classes")["details"].tolist() == ["book and paper/notebook"]
        assert list_finding_rows(store, "frame-after-length")["details"].tolist() == [
            "at 11.96 s in a video of 10.00 s"
        ]
        assert list_finding_rows(store, "frame-off-midpoint")["frame"].min() == 228  # 227 is one frame from a midpoint
        findings = {one.id: one for one in run_checks(store)}
        assert findings["frame-off-midpoint"].figures == "37.5 % lie at most 1 frame from a midpoint."
        assert findings["box-of-two-classes"].figures == "Most often book and paper/notebook (1)."


def test_rows_come_a_page_at_a_time_in_one_order(tmp_path: Path) -> None:
    frames = {f"AB1CD.mp4/{number:06d}.png": [object_entry("bed", visible=False)] for number in range(1, 8)}
    path = store_of(tmp_path, CLEAN, CLEAN_TEST, frames)
    with AnnotationStore(path) as store:
        whole = list_finding_rows(store, "hidden-objects")
        pages = [list_finding_rows(store, "hidden-objects", 3, start)["frame"].tolist() for start in (0, 3, 6, 9)]
        assert pages == [[1, 2, 3], [4, 5, 6], [7], []] and whole["frame"].tolist() == list(range(1, 8))
        assert list(whole) == ["video_id", "frame", "time_s", "details"]
        assert whole["time_s"].isna().all()  # no rate is known
        with pytest.raises(UserError, match="no check"):
            list_finding_rows(store, "nonsense")


def test_video_files_that_do_not_fit(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    write_clip(videos / "AB1CD.mp4")  # 36 frames at 12 a second, 160 x 96
    frames = {"AB1CD.mp4/000001.png": [object_entry("cup/glass/bottle", (150, 10, 60, 20))]}
    frames |= {"AB1CD.mp4/000037.png": [object_entry("cup/glass/bottle", (10, 10, 20, 20))]}
    path = store_of(tmp_path, CLEAN, CLEAN_TEST, frames, videos=videos)
    found = found_in(path)
    assert {name: found.get(name, 0) for name in (
        "frame-behind-end", "length-differs", "file-missing-of-video", "file-gone", "rate-unusual", "size-differs",
        "box-outside-picture", "video-missing",
    )} == {
        "frame-behind-end": 1, "length-differs": 1, "file-missing-of-video": 1, "file-gone": 0, "rate-unusual": 1,
        "size-differs": 1, "box-outside-picture": 1, "video-missing": 0,
    }  # fmt: skip
    shutil.rmtree(videos)
    assert found_in(path)["file-gone"] == 1


def test_frames_of_video_files_are_tried(tmp_path: Path, empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos = tmp_path / "videos"
    write_clip(videos / "AB1CD.mp4")
    join_bytes(write_video(tmp_path / "one.ts", codec="mpeg2video", rate=25), videos / "EF2GH.mpg")
    path = store_of(tmp_path, CLEAN, CLEAN_TEST, videos=videos)
    found = found_in(path)
    assert "frames-differ" not in found and found["shown-as-copy"] == 1
    with AnnotationStore(path) as store:
        [copied] = list_finding_rows(store, "shown-as-copy").itertuples()
        assert copied.video_id == "EF2GH" and "browsers do not play the codec mpeg2video" in copied.details
        checks = {one.id: one for one in run_checks(store)}
        assert checks["frames-differ"].share == "none of 2 video files"
    (videos / "AB1CD.mp4").write_bytes(b"no video any more")
    assert found_in(path)["frames-differ"] == 1
    monkeypatch.setattr(identity, "read_frames", lambda path, numbers: [(numbers[0], np.zeros((2, 2, 3), np.uint8))])
    identity._check_identity.cache_clear()
    assert found_in(path)["frames-differ"] == 2
    identity._check_identity.cache_clear()


def test_of_many_files_some_are_looked_into() -> None:
    assert _choose_evenly(3, None) == _choose_evenly(3, 5) == [0, 1, 2]
    assert _choose_evenly(10, 4) == [0, 2, 5, 7]


STORE_FAULTS = {
    "interval-outside": "update action_intervals set end_ms = 20000 where video = 0",
    "video-in-both-splits": """insert into videos by name
        select * replace ('test' as split, 9 as video) from videos where video = 0""",
    "split-unknown": "update videos set split = null where video = 0",
    "rate-impossible": "update videos set fps = 1000 where video = 0",
    "size-unknown": "update videos set width = null where video = 0",
    "hidden-with-content": "update objects set visible = false where object_id = 0",
    "box-outside-picture": "update objects set x2 = 482 where object_id = 0",
    "person-score-outside": "update frames set person_score = 'nan' where frame_id = 0",
    "a-later-kind": "insert into issues values ('a-later-kind', 'file', 'AB1CD', 'reason')",
}


@pytest.mark.parametrize("name", STORE_FAULTS)
def test_faults_that_no_reader_makes(name: str, clean: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(clean, tmp_path / "s.duckdb"))
    with duckdb.connect(str(path)) as connection:
        connection.execute(STORE_FAULTS[name])
    with AnnotationStore(path) as store:
        findings = {one.id: one for one in run_checks(store)}
        assert findings[name].count == len(list_finding_rows(store, name)) == 1
        assert list_finding_rows(store, name)["video_id"].tolist() == ["AB1CD"]


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predicted")
    for video_id in ("AB1CD", "NEW01"):
        prediction(video_id).save(folder / f"{video_id}.json")
    paths = [folder / "AB1CD.json", folder / "NEW01.json"]
    return store_of(
        folder, CLEAN, CLEAN_TEST, clean_frames("AB1CD"), rates=rates(folder, AB1CD=25, EF2GH=25), predictions=paths
    )


PREDICTION_FAULTS = {
    "score-outside": ("update relations set score = 'nan' where object_id = 0", 25),
    "action-score-outside": ("update action_scores set score = 1.5 where video = 0 and action = 3", 1),
    "predicted-box-outside": ("update objects set x2 = 100 where object_id = 0", 1),
    "predicted-box-empty": ("update objects set y2 = y1 where object_id = 0", 1),
    "predicted-frame-behind-end": ("update frames set frame = 999 where frame_id = 0", 1),
    "prediction-without-graphs": ("delete from frames where frame_id = 0", 1),
}


def test_predictions_of_other_videos_at_other_rates(predicted: Path) -> None:
    found = found_in(predicted)
    assert {name: found.get(name, 0) for name in PREDICTION_FAULTS} == dict.fromkeys(PREDICTION_FAULTS, 0)
    assert (found["predicted-video-unknown"], found["predicted-rate-differs"]) == (1, 1)
    with AnnotationStore(predicted) as store:
        (row,) = list_finding_rows(store, "predicted-rate-differs").to_dict("records")
        assert row["video_id"] == "AB1CD" and row["details"].endswith("30.000, annotation 25.000 frames a second")


@pytest.mark.parametrize("name", PREDICTION_FAULTS)
def test_faults_of_predictions(name: str, predicted: Path, tmp_path: Path) -> None:
    statement, count = PREDICTION_FAULTS[name]
    path = Path(shutil.copy(predicted, tmp_path / "s.duckdb"))
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"{statement}{' and' if ' where ' in statement else ' where'} source <> 'annotation'")
    assert found_in(path)[name] == count


def test_a_lake_is_examined_like_its_file(tmp_path: Path) -> None:
    path = store_of(tmp_path, FAULTY_ROWS, FAULTY_TEST_ROWS, clean_frames("AAAA1"), rates=rates(tmp_path, AAAA1=25))
    write_lake(path, tmp_path / "lake")
    with AnnotationStore(path) as file, AnnotationStore(tmp_path / "lake") as lake:
        assert run_checks(lake) == run_checks(file) and compare_funnel(lake).equals(compare_funnel(file))
        for one in run_checks(file):
            assert list_finding_rows(lake, one.id).equals(list_finding_rows(file, one.id)), one.id
