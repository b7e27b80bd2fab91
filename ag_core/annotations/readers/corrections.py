"""Reads corrected frames as a further annotation: a source of its own beside those of the release."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ag_core.annotations.building.inputs import FurtherAnnotation
from ag_core.annotations.building.parts import Tables, encode_relations
from ag_core.annotations.readers.issues import make_storable
from ag_core.annotations.store_format import CORRECTED
from ag_core.errors import UserError
from ag_core.results.corrections import Corrections, list_corrections

CORRECTIONS_READER = 1
"""Version of what this module makes of a file."""

_OWN = ["source", "video_id"]
_VIDEO = [*_OWN, "file", "duration_s", "fps", "width", "height", "n_frames", "path", "frame_times_s"]
_FRAME = [*_OWN, "frame", "person_x1", "person_y1", "person_x2", "person_y2", "person_score"]
_OBJECT = [*_OWN, "frame", "place", "class", "visible", "score", "x1", "y1", "x2", "y2", "relation_mask"]


def find_corrected_annotation(folder: Path, video_ids: Iterable[str] | None = None) -> FurtherAnnotation | None:
    """The corrections in a folder as an annotation of its own, of some videos or of all; None where there are none.

    UserError for a damaged file, and where two files are of videos of one name.
    """
    wanted = None if video_ids is None else set(video_ids)
    files: dict[str, Path] = {}
    for path in list_corrections([folder]):
        video_id = Corrections.load(path).video.video_id
        if wanted is not None and video_id not in wanted:
            continue
        if video_id in files:
            raise UserError(
                f"{files[video_id].name} and {path.name} are corrections of two videos called {video_id}; "
                "a store has one video of a name, so take one of them away"
            )
        files[video_id] = path
    return FurtherAnnotation(CORRECTED, tuple(files.values()), CORRECTIONS_READER, read_corrections) if files else None


def read_corrections(paths: Sequence[Path]) -> Tables:
    """The part of some files of corrections: their videos, frames and objects."""
    videos: list[tuple[Any, ...]] = []
    frames: list[tuple[Any, ...]] = []
    objects: list[tuple[Any, ...]] = []
    for path in paths:
        corrections = Corrections.load(path)
        video = corrections.video
        own = CORRECTED, video.video_id
        size = video.width, video.height, video.n_frames
        file = make_storable(corrections.file)
        place = None if video.path is None else str(video.path)
        videos.append((*own, file, video.duration_s, video.fps, *size, place, video.frame_times_s))
        for graph in corrections.frames:
            person = [None] * 5 if graph.person_box_xyxy is None else [*graph.person_box_xyxy.tolist(), 1.0]
            frames.append((*own, graph.frame, *person))
            masks = encode_relations(graph.relations > 0).tolist()
            for row, (seen, box) in enumerate(zip(graph.visible.tolist(), graph.object_boxes_xyxy.tolist())):
                sides = box if seen else [None] * 4
                shared = (*own, graph.frame, row, int(graph.object_classes[row]), seen, 1.0)
                objects.append((*shared, *sides, masks[row]))
    columns = {"videos": (videos, _VIDEO), "frames": (frames, _FRAME), "objects": (objects, _OBJECT)}
    return {table: dict(zip(names, map(list, zip(*rows)))) for table, (rows, names) in columns.items()}
