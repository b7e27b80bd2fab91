"""The doctor finds each fault of releases made for it, with its count and rows, and every quirk of the real data."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.readers.issues import Kind
from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.check import POPULATIONS, Area, Check, Severity
from ag_core.doctor.check_runner import CHECKS, PARTS, _choose_evenly, list_finding_rows, run_checks
from ag_core.doctor.funnel import NO_REFERENCE, NOT_COMPARABLE, compare_funnel, load_published_counts
from ag_core.doctor.repairs import REPAIRS
from ag_core.doctor.report import format_report, make_report, summarize_findings, write_report
from ag_core.errors import UserError
from ag_core.video import identity
from tests.annotations.readers.test_charades import written
from tests.annotations.released import SHARED, object_entry, person_entry, real_release, write_release
from tests.annotations.test_store import prediction
from tests.conftest import write_clip
from tests.video.test_frames import write_video
from tests.video.test_reading import join_bytes

CLEAN = "AB1CD,S001,Kitchen,6,7,Yes,A person drinks.,cup,He drinks.,c107 0.00 10.00,10.00\r\n"
CLEAN_TEST = "EF2GH,S002,Bedroom,6,7,Yes,A person drinks.,cup,He drinks.,c107 0.00 10.00,10.00\r\n"
MIDPOINTS = (26, 76, 126, 176, 226)
"""Frames at the middles of five equal parts of an action from 0 to 10 s, at 25 frames a second."""


def store_of(
    folder: Path,
    train: str,
    test: str = "",
    frames: dict[str, Any] | None = None,
    persons: dict[str, Any] | None = None,
    **more: Any,
) -> Path:
    """A store of two Charades files and, where frames are given, a release."""
    written(folder, train)
    if test:
        written(folder, test, "Charades_v1_test.csv")
    release = None if frames is None else write_release(folder / "annotations", frames, persons)
    build_store(folder / "s.duckdb", folder, release, **more)
    return folder / "s.duckdb"


def found_in(path: Path) -> dict[str, int]:
    """The counts of all findings that are not fine, by id; each has as many rows as it counts."""
    with AnnotationStore(path) as store:
        findings = run_checks(store)
        for one in findings:
            assert len(list_finding_rows(store, one.id)) == one.count, one.id
            assert one.severity is (one.weight if one.count else Severity.FINE)
    return {one.id: one.count for one in findings if one.count}


def rates(folder: Path, **fps: float) -> Path:
    path = folder / "rates.csv"
    path.write_text("video,fps\n" + "".join(f"{video},{rate}\n" for video, rate in fps.items()))
    return path


def clean_frames(*videos: str) -> dict[str, Any]:
    return {f"{video}.mp4/{n:06d}.png": [object_entry("cup/glass/bottle")] for video in videos for n in MIDPOINTS}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    frames = clean_frames("AB1CD", "EF2GH")
    for key in frames:
        frames[key][0]["metadata"]["set"] = "train" if key.startswith("AB") else "test"
    return store_of(folder, CLEAN, CLEAN_TEST, frames, rates=rates(folder, AB1CD=25, EF2GH=25))


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


# Words and tables


def test_every_kind_of_issue_has_its_words() -> None:
    assert {kind.value for kind in Kind} == set(REPAIRS)
    ids = {check.id for check in CHECKS}
    assert {name for name in REPAIRS if name in ids} == {
        name for name, repair in REPAIRS.items() if repair.counted_by == name
    }
    assert {repair.counted_by for repair in REPAIRS.values()} - {""} <= ids


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_check_only_asks_and_says_what_to_do(check: Check) -> None:
    for query in filter(None, (check.rows, check.figures, POPULATIONS[check.of])):
        (statement,) = duckdb.extract_statements(query)
        assert statement.type == duckdb.StatementType.SELECT
    assert check.severity is not Severity.FINE and check.meaning.endswith(".") and check.remedy.endswith(".")
    assert check.title[0].isupper() and not check.title.endswith(".")


def test_parts_are_all_examined_once(clean: Path) -> None:
    said = []
    with AnnotationStore(clean) as store:
        run_checks(store, lambda part, done, total: said.append((part, done, total)))
    assert [part for part, _, _ in said[:-1]] == list(PARTS) and said[-1] == ("", len(PARTS), len(PARTS))


# The funnel


def test_the_funnel_of_a_part_is_not_compared(clean: Path) -> None:
    with AnnotationStore(clean) as store:
        table = compare_funnel(store)
        assert table["step"].tolist() == [step["step"] for step in load_published_counts()["steps"]]
        assert set(table["verdict"]) == {NOT_COMPARABLE, NO_REFERENCE}
        kept = table.set_index("step").loc["Kept frames"]
        assert (kept["train"], kept["test"], kept["together"]) == (5, 5, 10)
        assert (kept["train_published"], kept["test_published"], kept["together_published"]) == (177330, 56923, 234253)
        small = compare_funnel(store, SMALL_SIDE).set_index("step").loc["Kept frames"]
        assert small["verdict"] == NO_REFERENCE and small["together"] == 10 and small["origin"] == ""


@pytest.mark.parametrize(
    ("train", "test", "verdict"),
    [
        (7_985, 1_863, "equal"),
        (7_985, 0, "train equal"),
        (7_980, 1_863, "differs: train by -5, together by -5"),
        (4_000, 1_000, NOT_COMPARABLE),
    ],
)
def test_the_verdict_names_what_differs(train: int, test: int, verdict: str, clean: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(clean, tmp_path / "s.duckdb"))
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table one as from videos limit 1; delete from videos")
        for split, count in (("train", train), ("test", test)):
            connection.execute(
                """insert into videos by name select one.* replace ((n + ?)::integer as video, ? as split)
                   from one, range(?) numbers(n)""",
                [10_000 * len(split), split, count],
            )
        connection.execute("drop table one")
    with AnnotationStore(path) as store:
        assert compare_funnel(store)["verdict"].iloc[0] == verdict


def test_published_counts_add_up() -> None:
    steps = {step["id"]: step for step in load_published_counts()["steps"]}
    for step in steps.values():
        if step["train"] is not None:
            assert step["train"] + step["test"] == step["together"]
    for column in ("train", "test", "together"):
        kept, without = steps["frames_kept"][column], steps["frames_without_person"][column]
        assert kept + without == steps["frames_with_object"][column]
    assert steps["frames"]["together"] == (
        steps["frames_with_object"]["together"] + steps["frames_without_object"]["together"]
    )


# Reports


def test_the_report_in_three_forms(clean: Path, tmp_path: Path) -> None:
    with AnnotationStore(clean) as store:
        report = make_report(store, "s.duckdb")
    read = json.loads(format_report(report, "json"))
    assert read["counts"]["error"] == 0 and read["findings"][0]["id"] == "action-never"
    assert len(read["findings"][0]["rows"]) == 100 and read["findings"][0]["count"] == 156
    assert read["funnel"][0]["together"] == 2 and read["funnel"][0]["together_published"] == 9848
    text = format_report(report, "md")
    assert "### Actions that never occur: 156 of 157 action classes" in text and "and 146 more." in text
    assert "| Kept frames | 5 (177,330) | 5 (56,923) | 10 (234,253) | not comparable |" in text
    assert "<h3>Actions that never occur: 156 of 157 action classes</h3>" in format_report(report, "html")
    for ending in ("json", "md", "html"):
        write_report(report, tmp_path / "out" / f"report.{ending}")
        assert (tmp_path / "out" / f"report.{ending}").read_text(encoding="utf-8") == format_report(report, ending)
    assert len(list((tmp_path / "out").iterdir())) == 3
    with pytest.raises(UserError, match=r"\.json, \.md or \.html"):
        format_report(report, "pdf")


def test_text_of_strangers_stays_text(tmp_path: Path) -> None:
    row = CLEAN.replace("Kitchen", "<script>alert(1)</script>(|)")
    with AnnotationStore(store_of(tmp_path, row)) as store:
        report = make_report(store, "<b>s</b>")
    assert "<script>" not in format_report(report, "html") and "<b>s" not in format_report(report, "html")
    assert "(\\|)" in format_report(report, "md")


# The real data


def real_graphs() -> Counter[str]:
    """Counts over the real graphs, by a loop that knows nothing of the store."""
    counts: Counter[str] = Counter()
    for name in ("ag_frames_train.jsonl", "ag_frames_val.jsonl"):
        with (SHARED / "ag-scene-graphs" / name).open() as file:
            for line in file:
                objects = json.loads(line)["objects"]
                counts["frames"] += 1
                counts["frame-without-visible-object"] += not objects
                for entry in objects:
                    contacts = set(entry["contacting_relationship"])
                    counts["objects"] += 1
                    counts["contact-contradiction"] += "not_contacting" in contacts and len(contacts) > 1
                    counts["other-relationship"] += "other_relationship" in contacts
                    counts["attention-unsure"] += "unsure" in entry["attention_relationship"]
    return counts


def test_every_quirk_of_the_real_data_is_found(tmp_path: Path) -> None:
    needed = ("charades-annotations/Charades_v1_train.csv", "ag-scene-graphs/ag_frames_train.jsonl",
              "ag-scene-graphs/ag_frames_val.jsonl", "star-benchmark/charades_video_fps.csv")  # fmt: skip
    if not all((SHARED / name).is_file() for name in needed):
        pytest.skip("needs the real annotations in ../shared/data")
    release = real_release(tmp_path / "release", ["ag_frames_train.jsonl", "ag_frames_val.jsonl"])
    build_store(tmp_path / "s.duckdb", SHARED / "charades-annotations", release, rates=SHARED / needed[3])
    with AnnotationStore(tmp_path / "s.duckdb") as store:
        findings = {one.id: one for one in run_checks(store)}
        funnel = compare_funnel(store).set_index("step")
        commented = set(list_finding_rows(store, "scene-commentary")["details"])
    expected = {  # of Charades, as its SOURCE.md says
        "videos-without-actions": (174, 7_985), "not-verified": (376, 7_985), "blank-quality": (17, 7_985),
        "blank-relevance": (55, 7_985), "blank-object-nouns": (3, 7_985), "blank-subject": (0, 7_985),
        "interval-ends-late": (14_596, 49_809), "interval-starts-late": (5, 49_809), "interval-reversed": (7, 49_809),
        "action-again": (49_809 - 48_684, 49_809), "subject-in-both-splits": (0, 214), "action-never": (0, 157),
    }  # fmt: skip
    graphs = real_graphs()
    for name in ("contact-contradiction", "other-relationship", "attention-unsure"):
        expected[name] = (graphs[name], graphs["objects"])
    expected["frame-without-visible-object"] = (graphs["frame-without-visible-object"], 8_190)
    expected |= dict.fromkeys(("attention-not-one", "spatial-missing", "contact-missing"), (0, 12_650 + 4_051))
    expected |= {"class-twice": (0, 8_190), "object-class-never": (0, 35), "relationship-never": (0, 25)}
    assert {name: (findings[name].count, findings[name].out_of) for name in expected} == expected
    assert graphs["contact-contradiction"] and graphs["other-relationship"]
    assert findings["videos-without-actions"].figures == "6.24 intervals a video on average, at most 28."
    assert findings["length-unusual"].figures == "From 2.33 to 194.33 s, 29.9 s on average."
    assert findings["frame-without-visible-object"].figures.endswith("at most 7.")
    assert "At most 1.54 s" in findings["interval-ends-late"].figures
    assert "48,684 distinct" in findings["action-again"].figures
    assert "16 scenes" in findings["scene-commentary"].figures and all("(" in scene for scene in commented)
    assert findings["few-frames"].figures.startswith("1.95 frames a video")
    assert findings["frame-off-midpoint"].figures.startswith("> 99.9 %")
    assert findings["rate-unusual"].severity is Severity.NOTE
    absent = findings["action-object-absent"]
    assert 1 - absent.count / absent.out_of == pytest.approx(0.89, abs=0.01)
    assert not [one.id for one in findings.values() if one.severity is Severity.ERROR]
    assert funnel.loc["Videos in the Charades files", "verdict"] == "train equal"
    assert funnel.loc["Kept frames", "verdict"] == NOT_COMPARABLE


def test_the_printed_records_with_boxes(tmp_path: Path) -> None:
    samples = SHARED / "ag-annotation-samples" / "ag_schema_samples.json"
    if not samples.is_file():
        pytest.skip("needs the printed annotation records in ../shared/data")
    released = json.loads(samples.read_text())
    objects = released["object_bbox_and_relationship"]
    entries = [entry for found in objects.values() for entry in found]
    hidden = [entry for entry in entries if not entry["visible"]]
    assert hidden and all(entry["bbox"] is None for entry in hidden)
    build_store(tmp_path / "s.duckdb", action_genome=write_release(tmp_path, objects, released["person_bbox"]))
    found = found_in(tmp_path / "s.duckdb")
    assert found["hidden-objects"] == len(hidden)
    assert found["small-objects"] == sum(entry["visible"] and min(entry["bbox"][2:]) <= SMALL_SIDE for entry in entries)
    persons_only, objects_only = len(released["person_bbox"]), len(objects)
    assert (found["frame-without-objects"], found["person-not-found"]) == (persons_only, objects_only)
    unseen = sum(not any(entry["visible"] for entry in found) for found in objects.values())
    assert found["frame-without-visible-object"] == unseen + persons_only
    assert (found["rate-unknown"], found["size-unknown"]) == (4, 3)
    assert not {"hidden-with-box", "hidden-with-relationships", "box-outside-picture", "frame-name"} & set(found)
