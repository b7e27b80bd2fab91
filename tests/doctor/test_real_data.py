"""The doctor finds every quirk of the real annotations at hand."""

import json
from collections import Counter
from pathlib import Path

import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.annotations.store import AnnotationStore
from ag_core.doctor.check import Severity
from ag_core.doctor.check_runner import list_finding_rows, run_checks
from ag_core.doctor.funnel import NOT_COMPARABLE, compare_funnel
from tests.annotations.released import SHARED, real_release, write_release
from tests.doctor.stores import found_in


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
