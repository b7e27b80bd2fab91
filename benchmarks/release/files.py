"""Writes drawn annotations as the files of the official releases: methods, sections A1 and A3."""

import csv
import gc
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.annotations.readers.charades import COLUMNS
from ag_core.files import stage_file, write_atomically
from ag_core.taxonomy import (
    ACTIONS,
    GROUP_SLICES,
    OBJECT_CLASSES,
    OTHER_RELATIONSHIP,
    RELATIONS,
    RELEASED_RELATIONS,
    Group,
    normalise,
)
from ag_core.world.export import RAW_GROUP_FIELD, SET_OF_SPLIT, list_charades_class_files
from benchmarks.release.graphs import Graphs
from benchmarks.release.likeness import OTHER_BIT
from benchmarks.release.videos import Frames, Videos

PROTOCOL = 3
"""The pickle protocol of the Python of that year."""
SPLITS = tuple(SET_OF_SPLIT.values())
SCENES = ("Kitchen", "Living room", "Bedroom", "Bathroom", "Hallway", "Stairs", "Garage", "Laundry room", "Basement",
          "Dining room", "Pantry", "Home Office / Study", "Recreation room / Man cave", "Dressing room", "Entryway",
          "Other")  # fmt: skip


def write_charades(folder: Path, videos: Videos, rng: np.random.Generator) -> None:
    """The two csvs and the class files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in list_charades_class_files().items():
        write_atomically(folder / name, "\n".join(lines) + "\n")
    starts = np.searchsorted(videos.video, np.arange(len(videos.ids) + 1))
    scenes, grades = rng.integers(len(SCENES), size=len(videos.ids)), rng.integers(4, 8, (len(videos.ids), 2))
    for index, split in enumerate(SPLITS):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for row in rng.permutation(np.flatnonzero(videos.split == index)).tolist():
            done = range(starts[row], starts[row + 1])
            actions = [ACTIONS[videos.action[i]] for i in done]
            labels = ", then ".join(action.label.lower() for action in actions[:4])
            triplets = (
                f"{action.id} {videos.start_ds[i] / 10:.2f} {videos.end_ds[i] / 10:.2f}"
                for action, i in zip(actions, done)
            )
            nouns = dict.fromkeys(OBJECT_CLASSES[a.object_class] for a in actions if a.object_class)
            writer.writerow(
                (videos.ids[row], f"S{videos.subjects[row]:03}", SCENES[scenes[row]], *grades[row], "Yes",
                 f"A person is seen {labels or 'doing nothing'}.", ";".join(nouns),
                 f"Somebody is {labels or 'doing nothing'}, in the {SCENES[scenes[row]].lower()}.",
                 ";".join(triplets), f"{videos.lengths_s[row]:.2f}")
            )  # fmt: skip
        write_atomically(folder / f"Charades_v1_{split}.csv", text.getvalue())


def write_rates(path: Path, videos: Videos) -> None:
    """The table of rates: video,fps."""
    rows = sorted(zip(videos.ids.tolist(), videos.rates.tolist()))
    write_atomically(path, "video,fps\n" + "".join(f"{video},{rate}\n" for video, rate in rows))


def write_action_genome(folder: Path, videos: Videos, frames: Frames, graphs: Graphs, rng: np.random.Generator) -> None:
    """The two pickles, the list of frames and the class lists. Videos lie together, their frames in no order."""
    folder.mkdir(parents=True, exist_ok=True)
    order = np.lexsort((rng.random(len(frames.video)), rng.permutation(len(videos.ids))[frames.video])).tolist()
    keys = [f"{videos.ids[v]}.mp4/{n:06}.png" for v, n in zip(frames.video, frames.number)]
    write_atomically(folder / "frame_list.txt", "".join(f"{keys[row]}\n" for row in order))
    write_atomically(folder / "object_classes.txt", "\n".join(normalise(name) for name in OBJECT_CLASSES))
    write_atomically(folder / "relationship_classes.txt", "\n".join(normalise(name) for name in RELEASED_RELATIONS))
    collecting = gc.isenabled()
    gc.disable()  # millions of containers that all stay
    try:
        _dump(folder / "object_bbox_and_relationship.pkl", _object_dictionary(order, keys, videos, frames, graphs))
        _dump(folder / "person_bbox.pkl", _person_dictionary(order, keys, graphs, rng))
    finally:
        if collecting:
            gc.enable()


def _dump(path: Path, value: Any) -> None:
    with stage_file(path) as staged, staged.open("wb") as file:
        pickle.dump(value, file, protocol=PROTOCOL)


def _object_dictionary(
    order: list[int], keys: list[str], videos: Videos, frames: Frames, graphs: Graphs
) -> dict[str, list[dict[str, Any]]]:
    """frame name -> entries."""
    names_of = {mask: _names_of_groups(mask) for mask in np.unique(graphs.masks).tolist()}
    tags = [name.replace("/", "_") for name in OBJECT_CLASSES]
    starts = np.searchsorted(graphs.frame, np.arange(len(keys) + 1)).tolist()
    classes, masks, visible = graphs.classes.tolist(), graphs.masks.tolist(), graphs.visible.tolist()
    boxes, numbers = graphs.boxes_xywh.tolist(), frames.number.tolist()
    files = [f"{video}.mp4" for video in videos.ids.tolist()]
    file_of, split_of = frames.video.tolist(), videos.split.tolist()
    nothing = dict.fromkeys(RAW_GROUP_FIELD.values())
    found: dict[str, list[dict[str, Any]]] = {}
    for row in order:
        file, split = files[file_of[row]], SPLITS[split_of[file_of[row]]]
        found[keys[row]] = [
            {
                "class": OBJECT_CLASSES[classes[entry]],
                "bbox": tuple(boxes[entry]) if visible[entry] else None,
                **({f: list(n) for f, n in names_of[masks[entry]].items()} if visible[entry] else nothing),
                "metadata": {"tag": f"{file}/{tags[classes[entry]]}/{numbers[row]:06}", "set": split},
                "visible": visible[entry],
            }
            for entry in range(starts[row], starts[row + 1])
        ]
    return found


def _names_of_groups(mask: int) -> dict[str, list[str]]:
    """field of the release -> names of the relationships that a mask holds."""
    held = {
        field: [RELATIONS[r] for r in range(GROUP_SLICES[group].start, GROUP_SLICES[group].stop) if mask >> r & 1]
        for group, field in RAW_GROUP_FIELD.items()
    }
    if mask >> OTHER_BIT & 1:
        held[RAW_GROUP_FIELD[Group.CONTACT]].append(OTHER_RELATIONSHIP)
    return held


def _person_dictionary(
    order: list[int], keys: list[str], graphs: Graphs, rng: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """frame name -> what the person detector found: one person or none, with 17 joints."""
    n = len(keys)
    joints = np.empty((n, 17, 3), np.float32)
    left_top, size = (
        graphs.persons_xyxy[:, None, :2],
        (graphs.persons_xyxy[:, 2:] - graphs.persons_xyxy[:, :2])[:, None],
    )
    joints[..., :2] = left_top + rng.random((n, 17, 2), np.float32) * size
    joints[..., 2] = 1
    logits = rng.normal(5, 3, (n, 17)).astype(np.float32)
    sizes = [(width, height) for width, height in graphs.sizes_wh.tolist()]
    ends = (np.arange(n) + graphs.person).tolist()
    return {
        keys[row]: {
            "bbox": graphs.persons_xyxy[row : ends[row]],
            "bbox_score": graphs.scores[row : ends[row]],
            "bbox_size": sizes[row],
            "bbox_mode": "xyxy",
            "keypoints": joints[row : ends[row]],
            "keypoints_logits": logits[row : ends[row]],
        }
        for row in order
    }
