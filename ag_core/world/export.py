"""Writes films of the home world as a data set in the very formats of Charades and Action Genome.

A film becomes videos/ID.mp4 and dense/ID.npz (the exact truth); a set of truths becomes the csv, class files and
pickles that the readers of real data read. Two views of the truth: `build_sparse_view`, sparse as the release is
(methods A3), and `build_dense_graphs`, every clearly visible object; `find_faint_objects` has the rest. Knows the
formats; nothing of how films are made.
"""

import csv
import io
import json
import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.readers.charades import COLUMNS
from ag_core.files import stage_file, write_atomically
from ag_core.records import Detections, SceneGraph, frame_to_time
from ag_core.settings import ASSETS
from ag_core.taxonomy import (
    ACTIONS,
    GROUP_SLICES,
    N_ACTIONS,
    OBJECT_CLASSES,
    RELATIONS,
    RELEASED_RELATIONS,
    Group,
    normalise,
)
from ag_core.world.random_streams import RandomStream
from ag_core.world.truth import WorldTruth

SET_OF_SPLIT = {"train": "train", "val": "test"}
"""What the release calls the splits: the literature's validation set is the file named test."""

RAW_GROUP_FIELD = {
    Group.ATTENTION: "attention_relationship",
    Group.SPATIAL: "spatial_relationship",
    Group.CONTACT: "contacting_relationship",
}
FRAMES_OF_ACTION = 5
LOOSE_S = 0.7
"""An action counts as active so long before and after what is seen of it, in seconds: intervals of Charades are loose.
To take or put something fills 23 % of a video there (median), which in 12 s is 2.8 s for a movement of 1.4 s."""
SEEN_SHORT_SIDE = 3
"""A box narrower than this in pixels counts as not visible in the sparse view."""
SEEN_SHARE = 0.1
"""So does an object of which less than this share of its outline is seen."""
DENSE_SHORT_SIDE = 16
DENSE_SHARE = 0.3
DENSE_RATE = 6.0
"""Frames a second of the dense view."""

NO_CONTACT = RELATIONS.index("not_contacting")


class DrawnFilm(Protocol):
    """What writing a film needs of it: its frames in order, and the truth that is complete once they are drawn."""

    @property
    def video_id(self) -> str: ...
    @property
    def fps(self) -> float: ...
    @property
    def truth(self) -> WorldTruth: ...
    def frames(self) -> Iterable[NDArray[np.uint8]]: ...


def write_film(film: DrawnFilm, folder: Path, video_id: str | None = None) -> WorldTruth:
    """Draw a film into folder/videos/ID.mp4 and folder/dense/ID.npz; the truth, written last, says it is complete."""
    video_id = video_id or film.video_id
    for name in ("videos", "dense"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_mp4(folder / "videos" / f"{video_id}.mp4", film.frames(), film.fps)
    truth = replace(film.truth, video_id=video_id)
    truth.save(folder / "dense" / f"{video_id}.npz")
    return truth


def write_mp4(path: Path, frames: Iterable[NDArray[np.uint8]], fps: float, crf: int = 27) -> None:
    """Encode frames [H,W,3] RGB (even sizes) as H.264 that browsers play and seek in: a key frame each second.

    No B-frames: then the file needs no edit list, and the k-th packet is the k-th frame.
    """
    import av

    from ag_core.video.frames import HOME_WORLD_MARK

    with (
        stage_file(path) as staged,
        av.open(str(staged), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container,
    ):
        container.metadata["comment"] = HOME_WORLD_MARK
        stream = None
        for frame in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.thread_count = 1
                stream.options = {"crf": str(crf), "preset": "veryfast", "bf": "0", "g": str(max(1, round(fps)))}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        if stream is not None:
            container.mux(stream.encode())


# The two views of a truth


@dataclass(frozen=True)
class ViewFrame:
    """One frame of the sparse view: 1-based number, and rows of the truth's instances, visible or not."""

    frame: int
    instances: tuple[int, ...]
    visible: tuple[bool, ...]


def build_sparse_view(truth: WorldTruth) -> list[ViewFrame]:
    """The frames and objects that Action Genome's annotators would have been shown, by frame.

    Frames are the midpoints of 5 equal parts of each action. Objects are those of the actions active there, seen or
    not, as in the release, where every object of a frame belongs to an action that Charades has there. One instance a
    class: the touched one, else the largest.
    """
    actions_of_frame: dict[int, set[int]] = {}
    for action, start, end in truth.actions:
        for part in range(FRAMES_OF_ACTION):
            time = start + (part + 0.5) / FRAMES_OF_ACTION * (end - start)
            frame = min(round(time * truth.fps) + 1, truth.n_frames)
            actions_of_frame.setdefault(frame, set()).add(action)
    view = []
    for frame, sampled in sorted(actions_of_frame.items()):
        time = frame_to_time(frame, truth.fps)
        active = sampled | {a for a, start, end in truth.actions if start - LOOSE_S <= time <= end + LOOSE_S}
        involved = {ACTIONS[action].object_class for action in active} - {None}
        seen, touched = _seen(truth, frame - 1), _touched(truth, frame - 1)
        best: dict[int, int] = {}
        for row in np.lexsort((truth.area[frame - 1], touched & seen, seen)):  # the best of a class comes last
            object_class = int(truth.classes[row])
            if object_class in involved and object_class:
                best[object_class] = int(row)
        instances = tuple(best[object_class] for object_class in sorted(best))
        view.append(ViewFrame(frame, instances, tuple(bool(seen[row]) for row in instances)))
    return view


def _seen(truth: WorldTruth, index: int) -> NDArray[np.bool_]:
    boxes = truth.boxes_xyxy[index]
    short_side = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    seen: NDArray[np.bool_] = (truth.area[index] > 0) & (short_side >= SEEN_SHORT_SIDE)
    clear: NDArray[np.bool_] = truth.visibility[index] >= SEEN_SHARE
    return seen & clear


def _touched(truth: WorldTruth, index: int) -> NDArray[np.bool_]:
    contact = truth.relations[index, :, GROUP_SLICES[Group.CONTACT]].any(axis=1)
    return contact & ~truth.relations[index, :, NO_CONTACT]


def build_dense_graphs(truth: WorldTruth, every: int | None = None) -> list[SceneGraph]:
    """Graphs of every `every`-th frame from the first with all clearly visible objects: 16 px and 30 % or more.

    Where nobody says how many, of six frames a second, or of all where there are fewer.
    """
    graphs = []
    every = every or max(1, round(truth.fps / DENSE_RATE))
    for index in range(0, truth.n_frames, every):
        boxes = truth.boxes_xyxy[index]
        rows = np.flatnonzero(_clearly_visible(truth, index))
        seen = truth.area[index, truth.person] > 0
        graphs.append(
            SceneGraph(
                index + 1,
                frame_to_time(index + 1, truth.fps),
                boxes[truth.person].copy() if seen else None,
                float(seen),
                truth.classes[rows].astype(np.int64),
                boxes[rows],
                np.ones(len(rows), np.float32),
                truth.relations[index, rows].astype(np.float32),
            )
        )
    return graphs


def find_faint_objects(truth: WorldTruth, index: int) -> Detections:
    """What can be seen of objects in a frame (from 0) that are too small or too hidden for the dense view."""
    rows = np.flatnonzero((truth.classes != 0) & (truth.area[index] > 0) & ~_clearly_visible(truth, index))
    return Detections(truth.boxes_xyxy[index, rows], truth.classes[rows], np.ones(len(rows), np.float32))


def _clearly_visible(truth: WorldTruth, index: int) -> NDArray[np.bool_]:
    """[N] which instances the dense view of a frame shows as objects."""
    boxes = truth.boxes_xyxy[index]
    large: NDArray[np.bool_] = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= DENSE_SHORT_SIDE
    clear: NDArray[np.bool_] = (truth.classes != 0) & (truth.visibility[index] >= DENSE_SHARE)
    return large & clear


# The files of a set


@dataclass(frozen=True)
class PersonBoxes:
    """How the person boxes differ from the truth. The release has a detector's; these are exact unless asked otherwise.

    jitter: standard deviation of each side in shares of the box's size; drop: probability that the person is missed.
    """

    jitter: float = 0.0
    drop: float = 0.0

    def of(self, truth: WorldTruth, index: int) -> NDArray[np.float32]:
        """Boxes [n,4] xyxy of a frame, n 0 or 1: the same for the same film and frame."""
        seen = truth.area[index, truth.person] > 0
        box = truth.boxes_xyxy[index, [truth.person] * int(seen)].astype(np.float32).reshape(-1, 4)
        if not seen or (self.jitter == 0 and self.drop == 0):
            return box
        stream = RandomStream(truth.split, truth.seed, f"person box {index}")
        if stream.bernoulli(self.drop):
            return box[:0]
        size = np.tile(box[:, 2:] - box[:, :2], 2)
        moved = box + self.jitter * size * stream.generator.standard_normal(4)
        return np.clip(moved, 0, (truth.width, truth.height) * 2).astype(np.float32)


EXACT = PersonBoxes()
LIKE_A_DETECTOR = PersonBoxes(jitter=0.02, drop=0.05)


def write_set(
    folder: Path, video_ids: Iterable[str], description: dict[str, Any], person_boxes: PersonBoxes = EXACT
) -> dict[str, Any]:
    """Write the csv, class files, pickles and world.json for the videos whose truth lies in folder/dense.

    Returns what world.json says: `description` and `summarise_set` the videos.
    """
    truths = [WorldTruth.load(folder / "dense" / f"{video_id}.npz") for video_id in sorted(video_ids)]
    for name in ("charades", "annotations"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for split, name in SET_OF_SPLIT.items():
        of_split = [truth for truth in truths if truth.split == split]
        if of_split:
            write_atomically(folder / "charades" / f"Charades_v1_{name}.csv", format_charades_csv(of_split))
    for name, lines in list_charades_class_files().items():
        write_atomically(folder / "charades" / name, "\n".join(lines) + "\n")
    persons, objects = build_action_genome_dictionaries(truths, person_boxes)
    annotations = folder / "annotations"
    write_atomically(annotations / "frame_list.txt", "".join(f"{key}\n" for key in objects))
    write_atomically(annotations / "object_classes.txt", "\n".join(normalise(name) for name in OBJECT_CLASSES))
    write_atomically(
        annotations / "relationship_classes.txt", "\n".join(normalise(name) for name in RELEASED_RELATIONS)
    )
    write_atomically(annotations / "person_bbox.pkl", pickle.dumps(persons, protocol=4))
    write_atomically(annotations / "object_bbox_and_relationship.pkl", pickle.dumps(objects, protocol=4))
    summary = description | summarise_set(truths, objects)
    write_atomically(folder / "world.json", json.dumps(summary, indent=1) + "\n")
    return summary


def summarise_set(truths: Sequence[WorldTruth], objects: dict[str, Any]) -> dict[str, Any]:
    """What world.json says of the videos and of their sparse view by frame name.

    counts over all; splits and parts: ids of the videos; classes: intervals and videos of each action that occurs.
    """
    entries = [entry for of_frame in objects.values() for entry in of_frame]
    occurring = sorted({action for truth in truths for action, _, _ in truth.actions})
    classes: dict[str, dict[str, dict[str, int]]] = {}
    for wanted in occurring:
        classes[ACTIONS[wanted].id] = {}
        for split in SET_OF_SPLIT:
            found = [[a for a, _, _ in truth.actions].count(wanted) for truth in truths if truth.split == split]
            classes[ACTIONS[wanted].id][split] = {"intervals": sum(found), "videos": sum(map(bool, found))}
    return {
        "counts": {
            "videos": len(truths),
            "frames_of_video": sum(truth.n_frames for truth in truths),
            "action_intervals": sum(len(truth.actions) for truth in truths),
            "intervals_dropped_for_lack_of_evidence": sum(truth.dropped for truth in truths),
            "action_classes": len(occurring),
            "annotated_frames": len(objects),
            "objects": len(entries),
            "visible_objects": sum(entry["visible"] for entry in entries),
            "relations": sum(len(entry[field] or ()) for entry in entries for field in RAW_GROUP_FIELD.values()),
        },
        "present": f"{len(occurring)} of {N_ACTIONS} classes present",
        "splits": {split: [t.video_id for t in truths if t.split == split] for split in SET_OF_SPLIT},
        "parts": {part: [t.video_id for t in truths if t.part == part] for part in ("iid", "comp")},
        "classes": classes,
    }


def format_charades_csv(truths: Iterable[WorldTruth]) -> str:
    """The text of a Charades annotation file, with its 11 columns and line ends."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for truth in truths:
        actions = ";".join(f"{ACTIONS[action].id} {start:.2f} {end:.2f}" for action, start, end in truth.actions)
        nouns = ";".join(truth.object_names)
        writer.writerow(
            (truth.video_id, truth.subject, truth.scene, 7, 7, "Yes", truth.script, nouns, truth.script, actions,
             f"{truth.duration_s:.2f}")
        )  # fmt: skip
    return text.getvalue()


def list_charades_class_files() -> dict[str, list[str]]:
    """Lines of the four class files of Charades by file name; objects and verbs are numbered by the alphabet."""
    with (ASSETS / "charades_actions.tsv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    objects = ["None", *sorted({row["object"] for row in rows} - {"None"})]
    verbs = sorted({row["verb"] for row in rows})
    return {
        "Charades_v1_classes.txt": [f"{action.id} {action.label}" for action in ACTIONS],
        "Charades_v1_objectclasses.txt": [f"o{index:03} {name}" for index, name in enumerate(objects)],
        "Charades_v1_verbclasses.txt": [f"v{index:03} {name}" for index, name in enumerate(verbs)],
        "Charades_v1_mapping.txt": [
            f"{row['action']} o{objects.index(row['object']):03} v{verbs.index(row['verb']):03}" for row in rows
        ],
    }


def build_action_genome_dictionaries(
    truths: Iterable[WorldTruth], person_boxes: PersonBoxes = EXACT
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two dictionaries of the release, by frame name such as '00AB1.mp4/000089.png'."""
    persons, objects = {}, {}
    for truth in truths:
        for shown in build_sparse_view(truth):
            key = f"{truth.video_id}.mp4/{shown.frame:06}.png"
            persons[key] = _person_entry(truth, person_boxes.of(truth, shown.frame - 1))
            objects[key] = list(_object_entries(truth, shown))
    return persons, objects


def _person_entry(truth: WorldTruth, boxes_xyxy: NDArray[np.float32]) -> dict[str, Any]:
    found = len(boxes_xyxy)
    return {
        "bbox": boxes_xyxy,
        "bbox_score": np.ones(found, np.float32),
        "bbox_size": (truth.width, truth.height),
        "bbox_mode": "xyxy",
        "keypoints": np.zeros((found, 17, 3), np.float32),
        "keypoints_logits": np.zeros((found, 17), np.float32),
    }


def _object_entries(truth: WorldTruth, shown: ViewFrame) -> Iterator[dict[str, Any]]:
    index = shown.frame - 1
    for row, visible in zip(shown.instances, shown.visible):
        name = OBJECT_CLASSES[truth.classes[row]]
        x1, y1, x2, y2 = (float(number) for number in truth.boxes_xyxy[index, row])
        held = {
            field: [
                RELATIONS[r]
                for r in range(*GROUP_SLICES[group].indices(len(RELATIONS)))
                if truth.relations[index, row, r]
            ]
            for group, field in RAW_GROUP_FIELD.items()
        }
        yield {
            "class": name,
            "bbox": (x1, y1, x2 - x1, y2 - y1) if visible else None,
            **{field: names if visible else None for field, names in held.items()},
            "metadata": {
                "tag": f"{truth.video_id}.mp4/{name.replace('/', '_')}/{shown.frame:06}",
                "set": SET_OF_SPLIT[truth.split],
            },
            "visible": visible,
        }
