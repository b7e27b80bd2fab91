"""Row 3: a process that did not run before shows the graphs of one video."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.jobs.folders import Folders
from benchmarks.measuring import Clock, apart_in_turn
from benchmarks.report import Goal, Row, time_of

USUAL = "pickle.load and look up"
Frames = list[tuple[int, list[float], list[tuple[int, int, list[float]]]]]
"""By frame: number, person box or nothing, objects as (class, relationship mask, box or nothing), by class."""


def with_the_store(clock: Clock, store: str, video: str) -> Frames:
    """Import, open, ask."""
    with clock:
        from ag_core.annotations.store import AnnotationStore

        with AnnotationStore(store) as opened:
            graphs = opened.graphs_of(video)
    found: Frames = []
    for graph in graphs:
        masks = (graph.relations > 0.5) @ (1 << np.arange(graph.relations.shape[1]))
        objects = zip(graph.object_classes.tolist(), masks.tolist(), graph.object_boxes_xyxy.tolist())
        person = [] if graph.person_box_xyxy is None else graph.person_box_xyxy.tolist()
        named = sorted((c, m, [] if np.isnan(b).any() else b) for c, m, b in objects)
        found.append((graph.frame, person, named))
    return found


def with_pickles(clock: Clock, folder: str, video: str) -> Frames:
    """Unpickle both files and pick the frames of the video; spelling and boxes are translated afterwards."""
    with clock:
        from benchmarks.jobs.usual import class_names, load_pickles

        persons, annotated = load_pickles(Path(folder))
        keys = sorted(key for key in annotated if key.startswith(f"{video}.mp4/"))
        graphs = [(key, persons[key], annotated[key]) for key in keys]
    object_names, relation_names = class_names(Path(folder))
    return [
        (
            int(key[-10:-4]),
            np.clip(person["bbox"][0], 0, np.tile(person["bbox_size"], 2)).tolist() if len(person["bbox"]) else [],
            sorted(_plain(entry, person["bbox_size"], object_names, relation_names) for entry in entries),
        )
        for key, person, entries in graphs
    ]


def _plain(
    entry: dict[str, Any], size_wh: tuple[int, int], object_names: list[str], relation_names: list[str]
) -> tuple[int, int, list[float]]:
    """An entry of the release in the form of the answer, without other_relationship."""
    from benchmarks.jobs.training_targets import mask_bit
    from benchmarks.jobs.usual import GROUPS

    names = [name for group in GROUPS for name in entry[group] or ()]
    mask = sum(mask_bit(relation_names.index(name)) for name in names) & ((1 << 25) - 1)
    if entry["bbox"] is None:
        return object_names.index(entry["class"]), mask, []
    x, y, width, height = entry["bbox"]
    box = np.clip([x, y, x + width, y + height], 0, np.tile(size_wh, 2))
    return object_names.index(entry["class"]), mask, box.tolist()


def same(ours: Frames, others: Frames) -> str:
    """Assert that both show the same graphs, boxes to a hundredth of a pixel."""
    assert [number for number, _, _ in ours] == [number for number, _, _ in others], "the frames differ"
    for (_, person, objects), (_, other_person, other_objects) in zip(ours, others):
        assert np.allclose(person, other_person, atol=0.01), "the persons differ"
        assert [o[:2] for o in objects] == [o[:2] for o in other_objects], "classes or relationships differ"
        for (_, _, box), (_, _, other_box) in zip(objects, other_objects):
            assert len(box) == len(other_box) and np.allclose(box, other_box, atol=0.01), "boxes differ"
    return f"{len(ours)} graphs with {sum(len(objects) for _, _, objects in ours)} objects"


def run(folders: Folders) -> list[Row]:
    """The row; time from the start of the process to its end, memory of the whole process."""
    module, video = "benchmarks.jobs.first_graph", folders.some_videos[len(folders.some_videos) // 2]
    sides = apart_in_turn(
        {
            "store": (f"{module}:with_the_store", {"store": str(folders.store), "video": video}),
            USUAL: (f"{module}:with_pickles", {"folder": str(folders.annotations), "video": video}),
        },
        folders.repeats,
    )
    ours, usual = sides.values()
    return [
        Row(
            "3",
            "a fresh process to the graphs of one video",
            {
                name: f"{time_of(side.median_whole_s)} ({time_of(side.median_s)} of it import, open and ask), "
                f"{side.median_peak_mb:,.0f} MB"
                for name, side in sides.items()
            },
            [
                Goal("time", usual.median_whole_s / ours.median_whole_s, at_least=10),
                Goal("memory", usual.median_peak_mb / ours.median_peak_mb, at_least=8),
            ],
            same(ours.answer, usual.answer),
        )
    ]
