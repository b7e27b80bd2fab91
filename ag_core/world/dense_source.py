"""A home world as a store: its sparse view is the annotation, its exact truth a second annotation named `dense`.

So training, evaluation and screens read a home world exactly as they read Charades and Action Genome. Knows the folder
that `world` writes and how a store is built; nothing of how films are made.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ag_core.annotations.building.build import build_store
from ag_core.annotations.building.inputs import FurtherAnnotation
from ag_core.annotations.building.parts import Tables, encode_relations
from ag_core.annotations.store_format import DENSE
from ag_core.errors import UserError
from ag_core.records import Detections, SceneGraph
from ag_core.world.export import SET_OF_SPLIT, build_dense_graphs, find_faint_objects
from ag_core.world.truth import WorldTruth

DENSE_READER = 2
"""Version of what this module makes of a truth file."""

_PERSON = ["person_x1", "person_y1", "person_x2", "person_y2", "person_score"]
_VIDEO = ["source", "file", "video_id", "split", "part", "subject", "scene", "script"]
_FACTS = ["duration_s", "fps", "width", "height", "n_frames"]
_OBJECT = ["source", "video_id", "frame", "place", "class", "visible", "score", "x1", "y1", "x2", "y2", "relation_mask"]
_FAINT_OBJECT = ["source", "video_id", "frame", "class", "x1", "y1", "x2", "y2"]


def holds_home_world(folder: Path) -> bool:
    """Whether a folder is one that `world` wrote: it has exact truth."""
    return next((folder / "dense").glob("*.npz"), None) is not None


def find_dense_annotation(folder: Path) -> FurtherAnnotation:
    """The exact truth in folder/dense as an annotation of its own; UserError where there is none."""
    files = tuple(sorted((folder / "dense").glob("*.npz")))
    if not files:
        raise UserError(f"{folder} holds no home world (no dense/*.npz); make one with: python -m ag_core world")
    return FurtherAnnotation(DENSE, files, DENSE_READER, read_dense_tables)


def read_dense_tables(paths: Sequence[Path]) -> Tables:
    """The part of some truth files: videos, the frames of the dense view, their objects, and what is too faint."""
    videos: list[tuple[Any, ...]] = []
    frames: list[tuple[Any, ...]] = []
    objects: list[tuple[Any, ...]] = []
    faint_objects: list[tuple[Any, ...]] = []
    for path in paths:
        truth = WorldTruth.load(path)
        part = None if truth.part == truth.split else truth.part
        about = (truth.video_id, SET_OF_SPLIT[truth.split], part, truth.subject, truth.scene, truth.script)
        size = truth.width, truth.height, truth.n_frames
        videos.append((DENSE, path.parent.name, *about, truth.duration_s, truth.fps, *size))
        for graph in build_dense_graphs(truth):
            person = [None] * 5 if graph.person_box_xyxy is None else [*graph.person_box_xyxy.tolist(), 1.0]
            frames.append((DENSE, truth.video_id, graph.frame, *person))
            masks = encode_relations(graph.relations > 0).tolist()
            rows = zip(graph.object_classes.tolist(), graph.object_boxes_xyxy.tolist(), masks)
            for place, (object_class, box, mask) in enumerate(rows):
                objects.append((DENSE, truth.video_id, graph.frame, place, object_class, True, 1.0, *box, mask))
            faint = find_faint_objects(truth, graph.frame - 1)
            for object_class, box in zip(faint.classes.tolist(), faint.boxes_xyxy.tolist()):
                faint_objects.append((DENSE, truth.video_id, graph.frame, object_class, *box))
    columns = {
        "videos": (videos, [*_VIDEO, *_FACTS]),
        "frames": (frames, ["source", "video_id", "frame", *_PERSON]),
        "objects": (objects, _OBJECT),
        "faint_objects": (faint_objects, _FAINT_OBJECT),
    }
    return {table: dict(zip(names, map(list, zip(*rows)))) for table, (rows, names) in columns.items()}


def read_exact_truth(path: Path) -> tuple[list[SceneGraph], dict[int, Detections]]:
    """A truth file's graph of every frame, and by frame what is in sight but too faint. UserError for other files."""
    truth = WorldTruth.load(path)
    faint = {index + 1: find_faint_objects(truth, index) for index in range(truth.n_frames)}
    return build_dense_graphs(truth, every=1), faint


def build_home_world_store(
    folder: Path, out: Path | None = None, progress: Callable[[str, int, int], None] | None = None
) -> Path:
    """The store of a home world, built where it is missing or out of date; by default beside the world's files.

    Sources: 'annotation', the sparse view in the release's formats, and `DENSE`. UserError where the folder holds no
    home world, or one whose annotation files were not written yet.
    """
    dense = find_dense_annotation(folder)
    if not (folder / "charades").is_dir() or not (folder / "annotations").is_dir():
        raise UserError(
            f"{folder} has videos but no annotation files yet; finish it with the `python -m ag_core world` command"
        )
    out = out or folder / ".cache" / "home-world.duckdb"
    build_store(
        out,
        charades=folder / "charades",
        action_genome=folder / "annotations",
        videos=folder / "videos",
        progress=progress,
        further=[dense],
    )
    return out
