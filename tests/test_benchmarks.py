"""The generated release has the counts it promises, and every benchmark finds equal answers. No time is asserted."""

import csv
import json
import pickle
from collections import Counter
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics.counts import count_rows
from ag_core.annotations.store import AnnotationStore
from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS, RELATION_HEADS
from ag_core.settings import ASSETS
from ag_core.taxonomy import OTHER_RELATIONSHIP
from benchmarks import costs, reading
from benchmarks.annotations import JOBS
from benchmarks.detection import measure as measure_detection
from benchmarks.jobs.folders import Folders
from benchmarks.jobs.usual import GROUPS, UsualDataSet, load_pickles
from benchmarks.measuring import in_turn
from benchmarks.release.counts import PUBLISHED
from benchmarks.release.graphs import draw_graphs, n_paper_relations
from benchmarks.release.likeness import read_likeness
from benchmarks.release.videos import Status, draw_frames, draw_videos
from benchmarks.release.writing import write_release
from benchmarks.report import Goal, Row, as_markdown, into_document
from tests.annotations.released import SHARED

pytestmark = pytest.mark.slow

SCALE = 0.01


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    write_release(folder, SCALE, seed=3)
    return folder


def recount(folder: Path) -> dict[str, int]:
    """The totals of release.json, counted anew in the files."""
    persons, objects = load_pickles(folder / "annotations")
    seen = {key: [entry for entry in entries if entry["visible"]] for key, entries in objects.items()}
    kept = {key: entries for key, entries in seen.items() if entries and len(persons[key]["bbox"])}
    rows = [row for name in ("train", "test") for row in csv_rows(folder, name)]
    return {
        "charades_videos": len(rows),
        "action_intervals": sum(len(row["actions"].split(";")) for row in rows if row["actions"]),
        "videos": len({key.split("/")[0] for key in objects}),
        "frames": len(objects),
        "kept_frames": len(kept),
        "entries": sum(map(len, objects.values())),
        "boxes": sum(map(len, seen.values())),
        "kept_boxes": sum(map(len, kept.values())),
        "relations": n_relations(seen),
        "kept_relations": n_relations(kept),
    }


def csv_rows(folder: Path, split: str) -> list[dict[str, str]]:
    with (folder / "charades" / f"Charades_v1_{split}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def n_relations(frames: dict[str, list[dict[str, Any]]]) -> int:
    names = [name for entries in frames.values() for entry in entries for group in GROUPS for name in entry[group]]
    return len(names) - names.count(OTHER_RELATIONSHIP)


def test_published_counts_hold_together() -> None:
    train, test = PUBLISHED.train, PUBLISHED.test
    assert (train.kept, test.kept, train.kept + test.kept) == (177_330, 56_923, 234_253)
    assert train.frames + test.frames == 288_782 and train.visible + test.visible == 264_532
    assert (train.videos + test.videos, train.annotated + test.annotated) == (9_848, 9_601)
    for split, usual in ((train, 7_584), (test, 1_750)):
        assert split.annotated - split.one_kept - split.none_or_two_kept - split.never_visible == usual


def test_true_size_is_drawn_exactly() -> None:
    like, rng = read_likeness(None, ASSETS / "showcase"), np.random.default_rng(0)
    videos = draw_videos(PUBLISHED, like, rng)
    frames = draw_frames(videos, PUBLISHED, rng)
    graphs = draw_graphs(videos, frames, PUBLISHED, like, rng)
    kept = graphs.visible & (frames.status[graphs.frame] == Status.KEPT)
    assert (len(videos.ids), len(np.unique(videos.ids)), len(videos.action)) == (9_848, 9_848, 66_500)
    assert (len(np.unique(frames.video)), len(frames.video)) == (9_601, 288_782)
    assert np.bincount(frames.status).tolist() == [234_253, 21_643 + 8_636, 24_250]
    assert (len(graphs.frame), kept.sum(), n_paper_relations(graphs.masks[kept])) == (737_427, 476_229, 1_715_568)
    last = videos.lengths_s[videos.video] * 10
    begins_late, reversed_ = videos.start_ds > last, videos.end_ds < videos.start_ds
    assert (begins_late.sum(), reversed_.sum()) == (5, 7)
    assert ((videos.end_ds > last) & ~begins_late).sum() == 14_596 + 5_027
    per_video = np.bincount(frames.video[frames.status == Status.KEPT], minlength=len(videos.ids))
    usual = [int((per_video[videos.split == split] > 2).sum()) for split in (0, 1)]
    ones = [int((per_video[videos.split == split] == 1).sum()) for split in (0, 1)]
    assert (usual, ones) == ([7_584, 1_750], [49, 19])
    has_object = np.bincount(graphs.frame[graphs.visible], minlength=len(frames.video)) > 0
    assert np.array_equal(has_object, frames.status != Status.NOTHING_VISIBLE)
    assert np.array_equal(graphs.person[has_object], frames.status[has_object] == Status.KEPT)


def test_files_hold_what_they_say(release: Path) -> None:
    said = json.loads((release / "release.json").read_text())
    assert recount(release) == said["written"]
    wanted = PUBLISHED.scaled(SCALE)
    assert said["wanted"] == asdict(wanted)
    for split, counts in (("train", wanted.train), ("test", wanted.test)):
        rows = csv_rows(release, split)
        intervals = [(float(a.split()[1]), float(a.split()[2]), float(row["length"]))
                     for row in rows for a in row["actions"].split(";") if a]  # fmt: skip
        assert len(rows) == counts.videos and sum(not row["actions"] for row in rows) == counts.without_actions
        assert sum(end > length and start <= length for start, end, length in intervals) == counts.ending_late
        made = UsualDataSet(release / "annotations", split)
        assert made.n_without_person == counts.no_person
        assert len(made) == counts.annotated - counts.one_kept - counts.none_or_two_kept - counts.never_visible


def test_frames_are_as_in_the_release(release: Path) -> None:
    persons, objects = load_pickles(release / "annotations")
    listed = (release / "annotations" / "frame_list.txt").read_text().splitlines()
    assert list(persons) == list(objects) == listed
    in_order = [key for _, key in sorted((key[:5], key) for key in listed)]
    assert in_order != listed and len(set(listed)) == len(listed)
    for key, entries in objects.items():
        assert 1 <= len(entries) <= 9 and len({entry["class"] for entry in entries}) == len(entries)
        person = persons[key]
        assert person["bbox"].dtype == np.float32 and person["keypoints"].shape == (len(person["bbox"]), 17, 3)
        for entry in entries:
            fields = [entry["bbox"], *(entry[group] for group in GROUPS)]
            assert all(value is not None for value in fields) == entry["visible"] == any(fields)
            if entry["visible"]:
                assert len(entry["bbox"]) == 4 and len(entry["attention_relationship"]) == 1
                assert 1 <= len(entry["spatial_relationship"]) <= 5 and 1 <= len(entry["contacting_relationship"]) <= 4
    lengths = {row["id"]: float(row["length"]) for split in ("train", "test") for row in csv_rows(release, split)}
    with (release / "rates.csv").open(newline="") as file:
        rates = {row["video"]: float(row["fps"]) for row in csv.DictReader(file)}
    assert all(1 <= int(key[-10:-4]) <= lengths[key[:5]] * rates[key[:5]] for key in listed)


def test_frames_are_midpoints_of_fifths_of_actions(release: Path) -> None:
    rows = {row["id"]: row for split in ("train", "test") for row in csv_rows(release, split)}
    with (release / "rates.csv").open(newline="") as file:
        rates = {row["video"]: float(row["fps"]) for row in csv.DictReader(file)}
    for key in (release / "annotations" / "frame_list.txt").read_text().splitlines():
        row, number = rows[key[:5]], int(key[-10:-4])
        midpoints = set()
        for action in row["actions"].split(";"):
            start, end = float(action.split()[1]), min(float(action.split()[2]), float(row["length"]))
            midpoints |= {round((start + (end - start) * (2 * k + 1) / 10) * rates[key[:5]]) + 1 for k in range(5)}
        assert midpoints & {number - 2, number - 1, number, number + 1}, key  # rounding, and the frame after


def test_same_seed_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    def contents(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    write_release(tmp_path / "again", SCALE, seed=3)
    write_release(tmp_path / "other", SCALE, seed=4)
    again, other, first = (contents(folder) for folder in (tmp_path / "again", tmp_path / "other", release))
    assert again == first
    assert other.keys() == first.keys() and other["rates.csv"] != first["rates.csv"]


def test_store_of_the_release_has_its_counts(release: Path, tmp_path: Path) -> None:
    out = tmp_path / "store.duckdb"
    build_store(out, charades=release / "charades", action_genome=release / "annotations", rates=release / "rates.csv")
    written = recount(release)
    with AnnotationStore(out) as store:
        totals = count_rows(store)
        issues = Counter(store.issues()["kind"])
    assert totals["videos"] == written["charades_videos"]
    assert [totals[name] for name in ("action_intervals", "frames", "objects", "visible_objects", "relations")] == [
        written[name] for name in ("action_intervals", "frames", "entries", "boxes", "relations")
    ]
    wanted = PUBLISHED.scaled(SCALE)
    assert issues["interval-ends-late"] == wanted.train.ending_late + wanted.test.ending_late


def test_release_like_real_graphs_keeps_what_occurs_together(tmp_path: Path) -> None:
    folder = SHARED / "ag-scene-graphs"
    if not folder.is_dir():
        pytest.skip("the real graphs of ../shared/data are not here")
    write_release(tmp_path, SCALE, folder)
    objects = pickle.loads((tmp_path / "annotations" / "object_bbox_and_relationship.pkl").read_bytes())
    like = read_likeness(folder, ASSETS / "showcase")
    drawn = Counter(entry["class"] for entries in objects.values() for entry in entries if entry["visible"])
    real = Counter(np.array(like.classes).tolist())
    assert drawn["table"] > drawn["vacuum"] and real[31] > real[34]
    contacts = Counter(
        name
        for entries in objects.values()
        for entry in entries
        if entry["class"] == "cup/glass/bottle" and entry["visible"]
        for name in entry["contacting_relationship"]
    )
    assert contacts["holding"] > contacts["sitting_on"] and contacts["drinking_from"] > contacts["wearing"]


@pytest.fixture(scope="module")
def folders(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Folders:
    return Folders(release, tmp_path_factory.mktemp("benchmark"), repeats=1, larger=(2, 11))


@pytest.mark.parametrize("name", JOBS)
def test_both_sides_agree(name: str, folders: Folders) -> None:
    rows: list[Row] = import_module(f"benchmarks.jobs.{JOBS[name]}").run(folders)
    assert rows[0].number == name
    for row in rows:
        assert row.equal and len(row.costs) >= 1
        assert all(np.isfinite(goal.value) and goal.value > 0 for goal in row.goals)


def test_a_wrong_answer_is_caught(release: Path) -> None:
    from benchmarks.jobs import counting, first_graph, growth, training_targets

    names, boxes = ["AB1CD.mp4/000001.png"], np.zeros((1, 4))
    right = (names, boxes, np.zeros((1, 6)), np.array([5]))
    assert training_targets.same(right, right)
    with pytest.raises(AssertionError, match="relationships differ"):
        training_targets.same(right, (names, boxes, np.zeros((1, 6)), np.array([4])))
    frame = (1, [0.0, 0.0, 5.0, 5.0], [(3, 2, [1.0, 1.0, 2.0, 2.0])])
    with pytest.raises(AssertionError, match="boxes differ"):
        first_graph.same([frame], [(1, frame[1], [(3, 2, [])])])
    table = np.ones((35, 25), np.int64)
    with pytest.raises(AssertionError, match="tables differ"):
        counting.same([table, table + 1])
    sides = in_turn({"1": lambda: 4, "10": lambda: 41}, repeats=1)
    with pytest.raises(AssertionError, match="differs at 10x"):
        growth.same({"sequence": sides})


def test_goals_and_the_table_in_a_document(tmp_path: Path) -> None:
    goals = [Goal("time", 120, at_least=100), Goal("memory", 3, at_least=20), Goal("size", 7)]
    assert [goal.met for goal in goals] == [True, False, None]
    table = as_markdown(
        [Row("1", "job", {"ours": "1 ms", "usual": "120 ms"}, goals, "5 frames")], "Data.", 5, "2 cores"
    )
    assert "1 of 2 goals met. Missed: row 1, memory 3x (goal at least 20x)." in table
    figures = [Row("6, 1x", "store", {"size": "5 MB"}, [], "all", column="1x")]
    assert "| question | 1x |" in as_markdown(figures, "Data.", 5, "2 cores")
    document = tmp_path / "document.md"
    document.write_text("Before\n<!-- table -->\nold\n<!-- end -->\nAfter\n")
    into_document(document, table)
    into_document(document, table)
    text = document.read_text()
    assert text.count(table) == 1 and text.startswith("Before\n") and text.endswith("<!-- end -->\nAfter\n")
    assert "old" not in text
    with pytest.raises(SystemExit, match="no place"):
        into_document(Path(__file__).parent.parent / "LICENSE", table)


@pytest.mark.slow
def test_boxes_are_equal_in_one_pass_and_in_two() -> None:
    row = measure_detection(4, 1)
    assert row.goals[0].value > 0 and row.equal.endswith("objects")


def test_frames_are_read_alike() -> None:
    rows = reading.measure(seconds=2, repeats=1)
    assert [row.equal for row in rows] == ["24 frames", "40 frames", "40 frames"]


def test_every_model_has_its_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "measure_apart", costs._measure_here)
    monkeypatch.setattr(costs, "measure_prediction", lambda repeats: [])
    found, n_pairs = costs.measure_costs(2, 1, 1, ("demo",))
    labels = [entry.label for entry in (*RELATION_HEADS.values(), *CLIP_NETWORKS.values())]
    labels += [f"{model.label}: head" for model in ACTION_MODELS.values()]
    assert [cost.model for cost in found[2:-2]] == labels
    assert all(cost.seconds > 0 for cost in found) and n_pairs > 0
    boxes, regions, by_model = found[0], found[1], {cost.model: cost for cost in found}
    of_clips, of_graphs = found[-2:]
    assert of_clips.seconds == pytest.approx(2 * by_model["I3D"].seconds)
    assert of_graphs.seconds == pytest.approx(2 * (boxes.seconds + regions.seconds + by_model["RelDN"].seconds))
    table = costs.to_markdown(found, n_pairs, 1, "today, here").splitlines()
    assert len(table) == 4 + len(found) and {line.count("|") for line in table[2:]} == {8}
