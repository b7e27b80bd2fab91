"""The store answers what was read: by hand on two videos, then the real annotations by their known counts."""

import itertools
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics.counts import (
    count_actions,
    count_objects,
    count_relations,
    count_rows,
    tabulate_object_relations,
)
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.queries.facets import VideoFilter, count_facets, count_videos, find_videos
from ag_core.queries.sequence.records import SPLITS
from ag_core.records import ActionScores, SceneGraph, Video
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS, Group, find_object_index, find_relation_index
from tests.annotations.readers.test_charades import written
from tests.annotations.released import SHARED, object_entry, person_entry, real_release, write_release

CUP, BAG, CHAIR = (find_object_index(name) for name in ("cup/glass/bottle", "bag", "chair"))
LOOKS, HOLDS, SITS, FREE = (
    find_relation_index(name) for name in ("looking_at", "holding", "sitting_on", "not_contacting")
)

ROWS = (
    "AB1CD,S001,Kitchen,6,7,Yes,A person drinks.,cup,He drinks slowly.,c107 0.00 5.00;c106 1.00 4.00,9.50\r\n"
    "EF2GH,S002,Bedroom,6,7,Yes,A person sits.,chair,,c059 0.00 2.00,8.00\r\n"
    "GH3IJ,S003,Bedroom,6,7,Yes,Nothing happens.,,,,8.00\r\n"
)
FRAMES = {
    "AB1CD.mp4/000031.png": [
        object_entry("cup/glass/bottle"),
        object_entry("bag", (5, 5, 10, 10), contacting_relationship=["not_contacting"]),
        object_entry("chair", visible=False),
    ],
    "AB1CD.mp4/000011.png": [object_entry("cup/glass/bottle", contacting_relationship=["other_relationship"])],
    "EF2GH.mp4/000005.png": [
        object_entry("chair", attention_relationship=["not_looking_at"], contacting_relationship=["sitting_on"]),
        object_entry("cup/glass/bottle", contacting_relationship=["not_contacting"]),
    ],
    "ZZ9ZZ.mp4/000001.png": [],
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    written(folder, ROWS)
    write_release(folder / "annotations", FRAMES, {key: person_entry() for key in FRAMES if "000011" not in key})
    (folder / "rates.csv").write_text("video,fps\nAB1CD,10\nEF2GH,30\n")
    return folder


@pytest.fixture(scope="module")
def store(inputs: Path) -> Iterator[AnnotationStore]:
    build_store(inputs / "a.duckdb", inputs, inputs, rates=inputs / "rates.csv")
    with AnnotationStore(inputs / "a.duckdb") as store:
        yield store


def ids(frame: pd.DataFrame) -> list[str]:
    return [str(video_id) for video_id in frame["video_id"]]


def test_videos_join_what_both_data_sets_say(store: AnnotationStore) -> None:
    assert ids(store.videos()) == ["AB1CD", "EF2GH", "GH3IJ", "ZZ9ZZ"]
    video = store.video("AB1CD")
    assert (video.fps, video.width, video.height, video.split, video.duration_s) == (10, 480, 270, "train", 9.5)
    only_graphs = store.video("ZZ9ZZ")
    assert only_graphs.split is None
    assert np.isnan(only_graphs.duration_s) and only_graphs.scene is None and only_graphs.fps is None
    with pytest.raises(UserError, match="XXXXX"):
        store.video("XXXXX")


def test_graphs_come_by_frame_with_the_time_of_the_videos_own_rate(store: AnnotationStore) -> None:
    early, late = store.graphs_of("AB1CD")
    assert (early.frame, early.time_s, late.frame, late.time_s) == (11, 1.0, 31, 3.0)
    assert early.person_box_xyxy is None and late.person_box_xyxy is not None
    assert late.person_box_xyxy.tolist() == [10, 20, 110, 220]
    assert late.person_score == pytest.approx(0.9)
    assert late.object_classes.tolist() == [CUP, BAG, CHAIR] and late.visible.tolist() == [True, True, False]
    assert late.relations[0].nonzero()[0].tolist() == sorted([LOOKS, find_relation_index("in_front_of"), HOLDS])
    assert early.relations[0, 9:].sum() == 0  # other_relationship is none of the 25
    (empty,) = store.graphs_of("ZZ9ZZ")
    assert len(empty) == 0 and np.isnan(empty.time_s)
    nothing = (store.graphs_of("GH3IJ"), store.graphs_of("XXXXX"), store.graphs_of("AB1CD", "prediction:x"))
    assert [list(graphs) for graphs in nothing] == [[], [], []]


def test_intervals_come_by_start(store: AnnotationStore) -> None:
    assert [(i.action, i.start_s, i.end_s) for i in store.intervals_of("AB1CD")] == [(107, 0, 5), (106, 1, 4)]
    assert store.intervals_of("GH3IJ") == []


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, ["AB1CD", "EF2GH", "GH3IJ", "ZZ9ZZ"]),
        ({"actions": (107,)}, ["AB1CD"]),
        (
            {
                "actions": (
                    107,
                    106,
                )
            },
            ["AB1CD"],
        ),
        (
            {
                "actions": (
                    107,
                    59,
                )
            },
            [],
        ),
        ({"objects": (CUP,)}, ["AB1CD", "EF2GH"]),
        ({"objects": (CHAIR,)}, ["EF2GH"]),  # the one of AB1CD is not visible
        ({"relations": (FREE,)}, ["AB1CD", "EF2GH"]),
        ({"objects": (CUP,), "relations": (FREE,)}, ["EF2GH"]),  # in AB1CD it is the bag that nobody touches
        (
            {
                "objects": (CUP,),
                "relations": (
                    LOOKS,
                    HOLDS,
                ),
            },
            ["AB1CD"],
        ),
        (
            {
                "relations": (
                    HOLDS,
                    SITS,
                )
            },
            [],
        ),
        ({"split": "test"}, []),
        ({"text": "DRINKS slow"}, ["AB1CD"]),
        ({"text": "bedroom"}, ["EF2GH", "GH3IJ"]),
        ({"text": "%"}, []),
        ({"text": "' or 1=1 --"}, []),
        ({"limit": 2, "offset": 1}, ["EF2GH", "GH3IJ"]),
    ],
)
def test_search(store: AnnotationStore, conditions: dict[str, Any], expected: list[str]) -> None:
    page = {name: conditions[name] for name in ("limit", "offset") if name in conditions}
    search = VideoFilter(**{name: value for name, value in conditions.items() if name not in page})
    assert ids(find_videos(store, search, **page)) == expected
    assert count_videos(store, search) == len(find_videos(store, search))


def test_every_facet_count_is_what_choosing_it_leaves(store: AnnotationStore) -> None:
    plural = {"action": "actions", "object": "objects", "relation": "relations", "group": "groups"}
    starts: tuple[dict[str, Any], ...] = (
        {},
        {"objects": (CUP,)},
        {"relations": (FREE,)},
        {"objects": (CUP,), "relations": (LOOKS,)},
        {"text": "drinks"},
        {"groups": (Group.CONTACT,)},
        {"objects": (CUP,), "groups": (Group.SPATIAL, Group.ATTENTION)},
        {"relations": (LOOKS,), "groups": (Group.CONTACT,)},
    )
    for start in starts:
        facets = count_facets(store, VideoFilter(**start))
        assert len(facets)
        for kind, index, _, videos in facets.itertuples(index=False):
            value = list(Group)[index] if kind == "group" else index
            chosen = {**start, "split": SPLITS[index]} if kind == "split" else {**start}
            if kind != "split":
                chosen[plural[kind]] = (*start.get(plural[kind], ()), value)
            assert count_videos(store, VideoFilter(**chosen)) == videos, (start, kind, index)


def test_unknown_indices_are_an_error(store: AnnotationStore) -> None:
    with pytest.raises(ValueError, match="relation"):
        find_videos(store, VideoFilter(relations=(25,)))


def test_counts(store: AnnotationStore) -> None:
    totals = count_rows(store)
    assert (totals["videos"], totals["frames"], totals["objects"], totals["visible_objects"]) == (4, 4, 6, 5)
    assert (totals["relations"], totals["other_relationships"], totals["person_boxes"]) == (14, 1, 3)
    assert count_objects(store).set_index("object")["objects"]["cup/glass/bottle"] == 3
    assert len(count_objects(store)) == 35 and len(count_relations(store)) == 25 and len(count_actions(store)) == 157
    table = tabulate_object_relations(store)
    assert table.shape == (35, 25) and table.loc["cup/glass/bottle", "looking_at"] == 3
    assert table.to_numpy().sum() == count_relations(store)["relations"].sum() == 14
    assert count_objects(store, split="test")["objects"].sum() == 0
    assert count_actions(store)["intervals"].sum() == 3
    assert store.issues()["reason"].str.contains("no rate known").sum() == 1


def prediction(video_id: str) -> Prediction:
    relations = np.linspace(0, 1, 2 * N_RELATIONS, dtype=np.float32).reshape(2, N_RELATIONS)
    boxes = np.array([[0, 0, 10, 10], [5, 5, 20, 20]], np.float32)
    graph = SceneGraph(
        7, 0.2, np.array([1, 2, 30, 40]), 0.75, np.array([CUP, CUP]), boxes, np.array([0.25, 0.5]), relations
    )
    scores = ActionScores("sgfb", np.linspace(0, 1, N_ACTIONS))
    models = tuple(ModelUse(name, role, "demo", "0" * 64, "home world") for name, role in
                   (("faster-rcnn", "detector"), ("reldn", "relations")))  # fmt: skip
    video = Video(video_id, 9.5, 30.0, 64, 48, 285)
    return Prediction(video, f"{video_id}.mp4", "0" * 64, models, 2.0, (), (graph,), (scores,))


def test_predictions_lie_beside_annotations(inputs: Path, tmp_path: Path) -> None:
    for video_id in ("AB1CD", "NEW01"):
        prediction(video_id).save(tmp_path / f"{video_id}.json")
    paths = [tmp_path / "NEW01.json", tmp_path / "AB1CD.json"]
    build_store(tmp_path / "p.duckdb", inputs, inputs, predictions=paths)
    with AnnotationStore(tmp_path / "p.duckdb") as store:
        source = "prediction:faster-rcnn+reldn"
        assert store.sources() == ["annotation", source]
        assert ids(store.videos(source)) == ["AB1CD", "NEW01"]
        (graph,) = store.graphs_of("NEW01", source)
        made = prediction("NEW01").graphs()[0]
        assert (graph.frame, graph.time_s, len(graph)) == (7, 0.2, 2)
        assert np.allclose(graph.relations, made.relations, atol=1e-4)
        assert np.allclose(graph.object_boxes_xyxy, made.object_boxes_xyxy)
        assert store.action_scores_of("AB1CD", source)["sgfb"][-1] == 1
        assert len(store.graphs_of("AB1CD")) == 2 and store.video("NEW01").n_frames == 285
        assert ids(find_videos(store, VideoFilter(relations=(FREE,), source=source))) == ["AB1CD", "NEW01"]
    with pytest.raises(UserError, match=r"second prediction of NEW01 by prediction:faster-rcnn\+reldn with the same"):
        build_store(tmp_path / "p.duckdb", predictions=[paths[0], paths[0]])


def test_runs_by_other_weights_of_the_same_models_are_sources_of_their_own(showcase: Path, tmp_path: Path) -> None:
    first, other = prediction("AB1CD"), prediction("NEW01")
    retrained = tuple(replace(model, sha256="1" * 64) for model in first.models)
    second = replace(first, models=retrained, frames=(replace(first.frames[0], frame=9),))
    paths = [tmp_path / f"{name}.json" for name in ("first", "second", "other")]
    for made, path in zip((first, second, other), paths):
        made.save(path)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "AB1CD.mts").symlink_to(showcase / "videos" / "AB1CD.mp4")
    build_store(tmp_path / "one.duckdb", predictions=[paths[0], paths[2]], videos=tmp_path / "videos")
    build_store(tmp_path / "two.duckdb", predictions=paths[::-1])
    with AnnotationStore(tmp_path / "one.duckdb") as store:
        assert store.sources() == ["prediction:faster-rcnn+reldn"]
        found, issues = store.video("AB1CD").path, store.rows("select kind, file, key from issues")
        assert found is not None and found.name == "AB1CD.mp4"
        assert issues == [("prediction-file-differs", "first.json", "AB1CD"), ("video-missing", "videos", "")]
    with AnnotationStore(tmp_path / "two.duckdb") as store:
        runs = store.sources()
        assert len(runs) == 2 and all(re.fullmatch(r"prediction:faster-rcnn\+reldn@[0-9a-f]{6}", run) for run in runs)
        assert {store.graphs_of("AB1CD", run)[0].frame for run in runs} == {7, 9}
        assert [store.sources_of(video_id) for video_id in ("AB1CD", "NEW01")] == [runs, [store.sources_of("NEW01")[0]]]
        assert sum(len(store.action_scores_of("AB1CD", run)["sgfb"]) for run in runs) == 2 * N_ACTIONS


def test_a_failed_build_leaves_the_old_store_and_nothing_else(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "store" / "a.duckdb"
    build_store(out, inputs)
    before = out.read_bytes()
    write_release(tmp_path / "bad", {})
    (tmp_path / "bad" / "object_bbox_and_relationship.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(UserError, match=r"posix\.system|os\.system"):
        build_store(out, inputs, tmp_path / "bad")
    assert out.read_bytes() == before and list(out.parent.iterdir()) == [out]

    def interrupted(stage: str, done: int, total: int) -> None:
        if stage == "writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_store(out, inputs, inputs, progress=interrupted)
    assert out.read_bytes() == before
    assert sorted(path.name for path in out.parent.iterdir()) == [".a.duckdb.parts", "a.duckdb"]
    build_store(out, inputs, inputs)
    assert out.read_bytes() != before and list(out.parent.iterdir()) == [out]


def test_the_same_input_gives_the_same_rows(inputs: Path, tmp_path: Path) -> None:
    paths = tmp_path / "one.duckdb", tmp_path / "two.duckdb"
    for path in (*paths, paths[1]):
        build_store(path, inputs, inputs, rates=inputs / "rates.csv", force=True)
    with AnnotationStore(paths[0]) as one, AnnotationStore(paths[1]) as two:
        for table in ("videos", "action_intervals", "frames", "objects", "relations", "issues"):
            assert one.ask(f"from {table}").equals(two.ask(f"from {table}"))


def test_what_is_no_store_is_said(inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="build-store"):
        AnnotationStore(tmp_path / "none.duckdb")
    (tmp_path / "text.duckdb").write_text("no store")
    with pytest.raises(UserError, match="is no annotation store"):
        AnnotationStore(tmp_path / "text.duckdb")
    with pytest.raises(UserError, match="needs something to hold"):
        build_store(tmp_path / "x.duckdb")
    with pytest.raises(UserError, match="has neither"):
        build_store(tmp_path / "x.duckdb", charades=tmp_path)
    (tmp_path / "rates.csv").write_text("video,fps\nAB1CD,0\n")
    with pytest.raises(UserError, match="line 2: '0' is no rate"):
        build_store(tmp_path / "x.duckdb", charades=inputs, rates=tmp_path / "rates.csv")
    assert not list(tmp_path.glob("*x.duckdb*"))


def test_the_command_prints_counts_and_refuses_with_a_sentence(
    inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "c.duckdb")
    assert main(["build-store", "--charades", str(inputs), "--action-genome", str(inputs), "--out", out]) == 0
    assert "4 videos, 3 action intervals, 4 frames" in capsys.readouterr().out
    assert main(["build-store", "--charades", str(tmp_path), "--out", out]) == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize(
    ("name", "objects", "relations", "videos", "frames"),
    [
        ("ag_frames_train.jsonl", 12_650, 41_337, 3_176, 6_220),
        ("ag_frames_val.jsonl", 4_051, 13_238, 1_023, 1_970),
    ],
)
def test_the_real_graphs_have_their_known_counts(
    name: str, objects: int, relations: int, videos: int, frames: int, tmp_path: Path
) -> None:
    rates = SHARED / "star-benchmark" / "charades_video_fps.csv"
    if not (SHARED / "ag-scene-graphs" / name).is_file() or not rates.is_file():
        pytest.skip("needs the real scene graphs and rates in ../shared/data")
    build_store(tmp_path / "real.duckdb", action_genome=real_release(tmp_path, [name]), rates=rates)
    with AnnotationStore(tmp_path / "real.duckdb") as store:
        totals = count_rows(store)
        assert (totals["visible_objects"], totals["videos"], totals["frames"]) == (objects, videos, frames)
        assert totals["relations"] + totals["other_relationships"] == relations
        assert store.issues()["kind"].tolist() == ["rate-unused"]  # rates of all Charades videos, graphs of some
        assert count_objects(store)["objects"].sum() == objects
        if "train" in name:  # the record that ../shared/data prints: frame 255 at 28.622 frames a second
            times = {graph.frame: graph.time_s for graph in store.graphs_of("KRF68")}
            assert times[255] == pytest.approx(8.874, abs=5e-4)


def test_the_real_annotations_together_have_their_known_counts(tmp_path: Path) -> None:
    charades, rates = SHARED / "charades-annotations", SHARED / "star-benchmark" / "charades_video_fps.csv"
    names = ["ag_frames_train.jsonl", "ag_frames_val.jsonl"]
    if not all(path.exists() for path in (charades, rates, *(SHARED / "ag-scene-graphs" / name for name in names))):
        pytest.skip("needs the real Charades annotations, scene graphs and rates in ../shared/data")
    build_store(tmp_path / "real.duckdb", charades, real_release(tmp_path, names), rates=rates)
    with AnnotationStore(tmp_path / "real.duckdb") as store:
        totals = count_rows(store)
        assert (totals["videos"], totals["action_intervals"], totals["frames"]) == (7_985, 49_809, 6_220 + 1_970)
        assert totals["visible_objects"] == 12_650 + 4_051
        assert totals["relations"] + totals["other_relationships"] == 41_337 + 13_238
        labelled = store.ask("select count(distinct video) as n from action_intervals")["n"][0]
        assert totals["videos"] - labelled == 174
        kinds = store.issues()["kind"].value_counts()
    # 14,596 end after the video, 5 start after it, 7 are reversed: the 5 are all three and are told as reversed
    assert kinds.to_dict() == {"interval-ends-late": 14_596 - 5, "interval-reversed": 7, "rate-unused": 1}


def test_the_pickles_need_no_order(tmp_path: Path) -> None:
    folders = []
    for number, keys in enumerate(itertools.islice(itertools.permutations(FRAMES), 0, 24, 11)):
        folder = write_release(tmp_path / str(number), {key: FRAMES[key] for key in keys}, {})
        assert pickle.loads((folder / "person_bbox.pkl").read_bytes()) == {}
        build_store(tmp_path / f"{number}.duckdb", action_genome=folder)
        with AnnotationStore(tmp_path / f"{number}.duckdb") as store:
            folders.append(store.ask("from objects"))
    assert all(frame.equals(folders[0]) for frame in folders)


def test_whole_numbers_and_their_sums_keep_every_digit(store: AnnotationStore) -> None:
    big = 9_007_199_254_740_993
    frame = store.ask(
        f"""select sum({big}::bigint) as added, {big} as whole, 'a' as word,
                   170141183460469231731687303715884105727 as widest
            union all select null, null, null, null order by added"""
    )
    assert [frame[name][0] for name in ("added", "whole", "widest")] == [big, big, 2**127 - 1]
    assert frame["added"].isna().tolist() == [False, True] and frame["word"][0] == "a"
