"""Statistics equal a count by hand on random annotations, and the known counts of the real graphs."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.statistics import counts, sampling, transitions
from ag_core.annotations.store import ANNOTATION, AnnotationStore
from ag_core.records import ActionInterval, FrameClock
from ag_core.taxonomy import (
    ACTIONS,
    GROUP_OF_RELATION,
    OBJECT_CLASSES,
    OBJECTS,
    OTHER_RELATIONSHIP,
    RELATIONS,
    RELATIONS_OF_GROUP,
    Group,
    find_action_index,
    find_object_index,
)
from tests.annotations.readers.test_charades import written
from tests.annotations.released import SHARED, object_entry, real_release, write_release

CLASSES = ("cup/glass/bottle", "bag", "chair", "table")
RATES = {"AA000": 10.0, "AA001": 25.0, "AA002": 29.97}
"""AA003 has no rate, so its frames have no time."""
VIDEOS = (*RATES, "AA003")
ACTION_IDS = ("c107", "c106", "c059", "c152")

Frames = dict[str, list[dict[str, Any]]]


def random_frames(chance: random.Random) -> Frames:
    """Some frames of each video, with up to four objects: visible or not, a class now and then twice."""
    frames: Frames = {}
    for video in VIDEOS:
        for frame in sorted(chance.sample(range(1, 60), 18)):
            names = chance.choices(CLASSES, k=chance.randint(0, 4))
            frames[f"{video}.mp4/{frame:06d}.png"] = [
                object_entry(
                    name,
                    visible=chance.random() < 0.85,
                    attention_relationship=[chance.choice(RELATIONS_OF_GROUP[Group.ATTENTION])],
                    spatial_relationship=chance.sample(["in", "above", "behind"], chance.randint(1, 2)),
                    contacting_relationship=chance.sample(["holding", "touching", OTHER_RELATIONSHIP], 1),
                )
                for name in names
            ]
    return frames


def charades_rows(chance: random.Random) -> str:
    rows = ""
    for video in VIDEOS:
        starts = [(name, round(chance.uniform(0, 1.5), 2)) for name in chance.sample(ACTION_IDS, 3)]
        actions = ";".join(f"{name} {start:.2f} {start + 0.9:.2f}" for name, start in starts)
        rows += f"{video},S001,Kitchen,6,7,Yes,A person.,,,{actions},9.50\r\n"
    return rows


World = tuple[AnnotationStore, Frames]


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """(store, frames as they went in) of one throw of the dice."""
    chance = random.Random(request.param)
    folder = tmp_path_factory.mktemp("statistics")
    frames = random_frames(chance)
    written(folder, charades_rows(chance))
    write_release(folder / "annotations", frames)
    (folder / "rates.csv").write_text("video,fps\n" + "".join(f"{video},{fps}\n" for video, fps in RATES.items()))
    build_store(folder / "s.duckdb", folder, folder, rates=folder / "rates.csv")
    with AnnotationStore(folder / "s.duckdb") as store:
        yield store, frames


def seen(frames: Frames) -> dict[tuple[str, int], dict[str, set[str]]]:
    """By video and frame: the visible classes, each with all its relationships of the 25."""
    found: dict[tuple[str, int], dict[str, set[str]]] = {}
    for key, entries in frames.items():
        held = found.setdefault((key[:5], int(key[10:16])), {})
        for entry in entries:
            if entry["visible"]:
                names = [name for group, names in entry.items() if group.endswith("_relationship") for name in names]
                held.setdefault(entry["class"], set()).update(set(names) - {OTHER_RELATIONSHIP})
    return found


def visible(frames: Frames) -> list[tuple[str, dict[str, Any]]]:
    return [(key[:5], entry) for key, entries in frames.items() for entry in entries if entry["visible"]]


def relation_names(entry: dict[str, Any]) -> list[str]:
    names = [name for group, names in entry.items() if group.endswith("_relationship") for name in names]
    return [name for name in names if name != OTHER_RELATIONSHIP]


def test_counts_equal_a_count_by_hand(world: World) -> None:
    store, frames = world
    objects = Counter(entry["class"] for _, entry in visible(frames))
    pairs = Counter((entry["class"], name) for _, entry in visible(frames) for name in relation_names(entry))
    in_videos = {(video, entry["class"], name) for video, entry in visible(frames) for name in relation_names(entry)}
    table = counts.count_objects(store, ANNOTATION).set_index("object")
    assert {name: n for name, n in table["objects"].items() if n} == objects
    found = counts.count_object_relation_pairs(store, ANNOTATION)
    assert {
        (row.object, row.name_): row.relations for row in found.rename(columns={"name": "name_"}).itertuples()
    } == pairs
    assert found["videos"].sum() == len(in_videos)
    by_relation = counts.count_relations(store, ANNOTATION).set_index("name")
    for name in RELATIONS:
        assert by_relation.loc[name, "relations"] == sum(n for (_, one), n in pairs.items() if one == name)
        assert by_relation.loc[name, "videos"] == len({video for video, _, one in in_videos if one == name})
        assert by_relation.loc[name, "group"] == GROUP_OF_RELATION[name].value
    for split in ("train", "test", None):
        assert counts.count_relations(store, split=split)["relations"].sum() == (
            0 if split == "test" else sum(pairs.values())
        )


def test_co_occurrence_counts_frames(world: World) -> None:
    store, frames = world
    table = counts.count_co_occurrences(store, ANNOTATION)
    for one, other in itertools.product(CLASSES, CLASSES):
        assert table.loc[one, other] == sum({one, other} <= set(held) for held in seen(frames).values())
    assert table.shape == (35, 35)
    assert table.to_numpy().sum() == table.loc[list(CLASSES), list(CLASSES)].to_numpy().sum()


def neighbours(frames: Frames) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    return [(one, other) for one, other in itertools.pairwise(sorted(seen(frames))) if one[0] == other[0]]


@pytest.mark.parametrize("group", list(Group))
@pytest.mark.parametrize("name", CLASSES)
def test_transitions_equal_a_walk_over_the_frames(world: World, name: str, group: Group) -> None:
    store, frames = world
    graphs = seen(frames)
    expected: Counter[tuple[str, str]] = Counter()
    for one, other in neighbours(frames):
        before, after = ({*held[name]} if name in (held := graphs[place]) else None for place in (one, other))
        if before is None and after is None:
            continue
        left = [transitions.APPEARS] if before is None else before & set(RELATIONS_OF_GROUP[group])
        right = [transitions.ENDS] if after is None else after & set(RELATIONS_OF_GROUP[group])
        expected.update(itertools.product(left, right))
    found = transitions.count_transitions(store, ANNOTATION, find_object_index(name), group)
    assert {(row.before, row.after): row.n for row in found.itertuples()} == expected


def interval_lengths(frames: Frames, name: str) -> dict[str, list[float]]:
    """Lengths in seconds of every interval of each relationship with a class, videos without a rate left out."""
    graphs = seen(frames)
    found: dict[str, list[float]] = {relation: [] for relation in RELATIONS}
    for video, fps in RATES.items():
        numbers = sorted(frame for one, frame in graphs if one == video)
        for relation in RELATIONS:
            holds = [relation in graphs[video, frame].get(name, ()) for frame in numbers]
            for held, run in itertools.groupby(range(len(numbers)), holds.__getitem__):
                places = list(run)
                if held:
                    ends = (round((numbers[place] - 1) / fps * 1000) for place in (places[0], places[-1]))
                    found[relation].append((-next(ends) + next(ends)) / 1000)
    return found


@pytest.mark.parametrize(
    "names", [*((name,) for name in CLASSES), CLASSES], ids=lambda names: f"{len(names)}-{names[0]}"
)
def test_durations_equal_a_walk_over_the_frames(world: World, names: tuple[str, ...]) -> None:
    store, frames = world
    found = transitions.measure_durations(store, ANNOTATION, find_object_index(names[0]) if len(names) == 1 else None)
    rows = found.set_index("name")
    for relation in RELATIONS:
        lengths = [length for name in names for length in interval_lengths(frames, name)[relation]]
        lasting = sorted(length for length in lengths if length > 0)
        assert (rows.loc[relation, "intervals"] if relation in rows.index else 0) == len(lengths)
        if lasting:
            assert rows.loc[relation, "lasting"] == len(lasting)
            for share in transitions.QUANTILES:
                expected = np.quantile(lasting, share, method="inverted_cdf")
                assert rows.loc[relation, f"q{share * 100:.0f}"] == pytest.approx(expected)


def test_actions_beside_an_object_equal_a_count_by_hand(world: World) -> None:
    store, frames = world
    for name in CLASSES:
        during: Counter[int] = Counter()
        videos: dict[int, set[str]] = {}
        for (video, frame), held in seen(frames).items():
            if name not in held or video not in RATES:
                continue
            time_ms = round((frame - 1) / RATES[video] * 1000)
            active = {
                interval.action
                for interval in store.intervals_of(video)
                if round(interval.start_s * 1000) <= time_ms <= round(interval.end_s * 1000)
            }
            during.update(active)
            for action in active:
                videos.setdefault(action, set()).add(video)
        found = counts.count_actions_beside(store, ANNOTATION, find_object_index(name)).set_index("action")
        assert found["frames"].to_dict() == during
        assert {action: len(ids) for action, ids in videos.items()} == found["videos"].to_dict()
        for action, on_it in found["on_it"].items():
            assert on_it == (ACTIONS[action].object_class == find_object_index(name))


def test_verbs_and_objects_add_up_to_the_intervals_on_objects(world: World) -> None:
    store, _ = world
    actions = counts.count_actions(store, ANNOTATION)
    found = counts.count_verb_objects(actions)
    on_objects = [one for one in ACTION_IDS if ACTIONS[find_action_index(one)].object_class is not None]
    expected = actions[actions["id"].isin(on_objects)]["intervals"].sum()
    assert found["intervals"].sum() == expected > 0
    assert {one for ids in found["ids"] for one in ids} <= set(on_objects)
    assert all(
        ACTIONS[find_action_index(ids[0])].object_class == OBJECT_CLASSES.index(name)
        for ids, name in zip(found["ids"], found["object"])
    )


def test_table_1_counts_what_is_there(world: World) -> None:
    store, frames = world
    row = counts.count_table_1_row(store, ANNOTATION)
    entries = visible(frames)
    assert row["num_videos"] == 4 and row["video_hours"] == pytest.approx(4 * 9.5 / 3600)
    assert row["frames"] == len(frames) and row["object_instances"] == len(entries)
    assert row["object_categories"] == len({entry["class"] for _, entry in entries})
    assert row["relationship_instances"] == sum(len(relation_names(entry)) for _, entry in entries)
    assert row["relationship_categories"] == len({name for _, entry in entries for name in relation_names(entry)})
    assert row["action_instances"] == 12 and row["num_action_categories"] <= len(ACTION_IDS)
    assert row["objects_localized"] and row["relationships_localized"]


def test_a_lake_answers_as_the_file_it_was_written_from(world: World, tmp_path: Path) -> None:
    store, _ = world
    write_lake(store.path, tmp_path / "lake")
    with AnnotationStore(tmp_path / "lake") as lake:
        for ask in (
            transitions.measure_durations,
            counts.count_object_relation_pairs,
            counts.count_co_occurrences,
        ):
            pd.testing.assert_frame_equal(ask(lake, ANNOTATION), ask(store, ANNOTATION))
        for name in CLASSES:
            arguments = (ANNOTATION, find_object_index(name), Group.SPATIAL)
            pd.testing.assert_frame_equal(
                transitions.count_transitions(lake, *arguments), transitions.count_transitions(store, *arguments)
            )


def test_a_source_without_rows_counts_nothing(world: World) -> None:
    store, _ = world
    row = counts.count_table_1_row(store, "prediction:none")
    assert not any(row.values())
    assert counts.count_co_occurrences(store, "prediction:none").to_numpy().sum() == 0
    assert counts.count_object_relation_pairs(store, "prediction:none").empty
    assert transitions.count_transitions(store, "prediction:none", 1, Group.CONTACT).empty
    assert transitions.measure_durations(store, "prediction:none").empty
    assert counts.count_actions_beside(store, "prediction:none", 1).empty
    assert sampling.count_frames_at_midpoints(store, "prediction:none") == (0, 0)


def test_midpoints_are_the_middles_of_five_equal_parts() -> None:
    table = sampling.find_midpoints(
        [ActionInterval("AA000", 0, 1.0, 6.0), ActionInterval("AA000", 1, 2.0, 2.0)], FrameClock(10.0, 40)
    )
    assert table["time_s"].tolist() == pytest.approx([1.5, 2.5, 3.5, 4.5, 5.5] + [2.0] * 5)
    assert table["frame"].tolist() == [16, 26, 36, 40, 40, *[21] * 5]  # clamped to the last frame
    assert table["interval"].tolist() == [0] * 5 + [1] * 5 and table["part"].tolist() == [1, 2, 3, 4, 5] * 2
    assert sampling.find_midpoints([], FrameClock(10.0)).empty


def test_the_nearest_frame_is_found_by_hand() -> None:
    assert sampling.find_nearest_frames([1, 4, 5, 6, 99], [3, 7]).tolist() == [3, 3, 3, 7, 7]
    assert sampling.find_nearest_frames([1, 2], []).tolist() == [0, 0]
    assert sampling.find_nearest_frames([], [3]).tolist() == []


def test_the_share_at_midpoints_equals_a_walk(world: World) -> None:
    store, frames = world
    near = total = 0
    for video, fps in RATES.items():
        wanted = sampling.find_midpoints(store.intervals_of(video), FrameClock(fps))["frame"].tolist()
        for one, frame in seen(frames):
            if one == video:
                total += 1
                near += min(abs(frame - other) for other in wanted) <= sampling.NEAR_FRAMES
    assert sampling.count_frames_at_midpoints(store, ANNOTATION) == (near, total)
    assert 0 < near < total


def test_the_real_graphs_have_the_counts_of_their_statistics(tmp_path: Path) -> None:
    path = SHARED / "ag-scene-graphs" / "ag_stats_train_val.json"
    if not path.is_file():
        pytest.skip("needs the real scene graphs in ../shared/data")
    known = json.loads(path.read_text())
    build_store(
        tmp_path / "real.duckdb", action_genome=real_release(tmp_path, ["ag_frames_train.jsonl", "ag_frames_val.jsonl"])
    )
    with AnnotationStore(tmp_path / "real.duckdb") as store:
        objects = counts.count_objects(store, ANNOTATION).set_index("object")["objects"]
        assert objects.to_dict() == {name: known["object_counts"].get(name, 0) for name in OBJECTS}
        relations = {name: n for group in known["relationship_counts"].values() for name, n in group.items()}
        counted = counts.count_relations(store, ANNOTATION).set_index("name")["relations"]
        assert counted.to_dict() == {name: relations.get(name, 0) for name in RELATIONS}
        totals = counts.count_rows(store)
        assert totals["other_relationships"] == relations[OTHER_RELATIONSHIP]
        assert totals["frames"] == known["frames"] and totals["visible_objects"] == known["object_instances"]
        assert np.diag(counts.count_co_occurrences(store, ANNOTATION)).sum() == known["object_instances"]
