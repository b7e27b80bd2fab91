"""Reads person_bbox.pkl of an Action Genome release: the frame's size and the person that a detector found.

One box a frame, inside the frame, with the detector's score. What was repaired or refused is listed.
Format: methods A3.
"""

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ag_core.annotations.readers.clipping import clip_to_frame_sizes, format_box
from ag_core.annotations.readers.frame_names import read_frame_names
from ag_core.annotations.readers.issues import Issue, Kind
from ag_core.annotations.readers.unpickle import pause_collection, read_pickle
from ag_core.errors import UserError

PERSON_FILE = "person_bbox.pkl"
PERSON_READER = 1
"""Version of what this module makes of a file."""

MAX_PX = 100_000
"""No frame is wider or higher."""

BOX = ["person_x1", "person_y1", "person_x2", "person_y2"]

_NO_BOX = (math.nan,) * 4


@dataclass(frozen=True)
class PersonTable:
    """frames: video_id, frame, width, height, person_x1 .. person_y2, person_score (NaN where unknown), in any order.

    `given` is False where there was no file.
    """

    frames: pd.DataFrame
    issues: list[Issue]
    given: bool = True


def read_persons(path: Path, progress: Callable[[int, int], None] | None = None) -> PersonTable:
    """Every frame of a person file; an empty table with one issue where there is none. `progress` hears bytes read.

    UserError where the file is refused or something else.
    """
    if not path.is_file():
        missing = Issue(Kind.FILE_MISSING, path.name, "", "file not there; no frame has a person box")
        return PersonTable(_make_table(read_frame_names((), path.name).table(), array("d")), [missing], False)
    with pause_collection():
        entries = read_released_dictionary(path, progress)
        names = read_frame_names(entries, path.name)
        issues = list(names.issues)
        rows = array("d")
        for key in names.keys:
            rows.extend(_read_row(entries[key], key, path.name, issues))
        del entries
    table = _make_table(names.table(), rows)
    return PersonTable(_clip_to_frames(table, names.keys, path.name, issues), issues)


def _read_row(entry: Any, key: str, file_name: str, issues: list[Issue]) -> tuple[float, ...]:
    """Width, height, box and score of one frame, the box not clipped; NaN where unknown."""
    try:  # as released: nothing to look at more closely
        width, height = map(float, entry["bbox_size"])
        box, score = entry["bbox"], entry["bbox_score"]
        sized = 0 < width < MAX_PX and 0 < height < MAX_PX
        if sized and entry["bbox_mode"] == "xyxy" and len(box) == len(score):
            if len(box) == 0:
                return width, height, *_NO_BOX, math.nan
            ((x1, y1, x2, y2),), (certain,) = box.tolist(), score.tolist()
            return width, height, float(x1), float(y1), float(x2), float(y2), float(certain)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        pass
    try:
        return _read_person(entry, key, file_name, issues)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        issues.append(Issue(Kind.PERSON_UNREADABLE, file_name, key, f"person left out: {error}"))
        return (math.nan,) * 7


def read_released_dictionary(path: Path, progress: Callable[[int, int], None] | None = None) -> dict[Any, Any]:
    """The dictionary of frames that each of the two files is."""
    value = read_pickle(path, progress)
    if not isinstance(value, dict):
        raise UserError(f"{path.name} holds a {type(value).__name__}; the release has a dictionary of frames in it")
    return value


def _read_person(entry: Any, key: str, file_name: str, issues: list[Issue]) -> tuple[float, ...]:
    if not isinstance(entry, dict):
        raise ValueError(f"its entry is a {type(entry).__name__}, not a dictionary")
    size = entry.get("bbox_size")
    width, height = (float(size[0]), float(size[1])) if size is not None and len(size) == 2 else (math.nan, math.nan)
    if not (0 < width < MAX_PX and 0 < height < MAX_PX):
        reason = f"{size!r} is no width and height of a frame; boxes are not cut to it"
        issues.append(Issue(Kind.PERSON_UNREADABLE, file_name, key, reason))
        width = height = math.nan
    boxes = np.asarray(() if entry.get("bbox") is None else entry["bbox"], np.float64).reshape(-1, 4)
    if not len(boxes):
        return width, height, *_NO_BOX, math.nan
    given = entry.get("bbox_score")
    scores = np.ones(len(boxes)) if given is None else np.asarray(given, np.float64).reshape(-1)
    if len(scores) != len(boxes):
        issues.append(Issue(Kind.PERSON_SCORES, file_name, key, "person scores do not fit the boxes; taken as 1"))
        scores = np.ones(len(boxes))
    if len(boxes) > 1:
        reason = f"{len(boxes)} person boxes; the best-scored one is kept"
        issues.append(Issue(Kind.PERSONS_SEVERAL, file_name, key, reason))
    best = int(np.argmax(scores))
    x1, y1, x2, y2 = boxes[best].tolist()
    if entry.get("bbox_mode", "xyxy") == "xywh":
        x2, y2 = x1 + x2, y1 + y2
    return width, height, x1, y1, x2, y2, float(scores[best])


def _make_table(names: pd.DataFrame, rows: "array[float]") -> pd.DataFrame:
    """The names with the seven numbers of each row."""
    values = np.frombuffer(rows, np.float64).reshape(-1, 7)
    return names.assign(**dict(zip(["width", "height", *BOX, "person_score"], values.T)))


def _clip_to_frames(table: pd.DataFrame, keys: list[str], file_name: str, issues: list[Issue]) -> pd.DataFrame:
    """The table with its boxes clipped to the frame; adds what was clipped or left out to `issues`."""
    boxes = table[BOX].to_numpy()
    there = ~np.isnan(table[[*BOX, "person_score"]].to_numpy()).all(axis=1)
    clipped = clip_to_frame_sizes(boxes, table[["width", "height"]].to_numpy())
    for row in np.flatnonzero(there & ~clipped.inside):
        reason = "person box without an area inside the frame left out"
        issues.append(Issue(Kind.PERSON_BOX_OUTSIDE, file_name, keys[row], reason))
    for row in np.flatnonzero(clipped.changed):
        reason = (
            f"person box {format_box(boxes[row])} reached beyond the frame; kept as {format_box(clipped.boxes[row])}"
        )
        issues.append(Issue(Kind.PERSON_BOX_CLIPPED, file_name, keys[row], reason))
    score = np.where(clipped.inside, table["person_score"], np.nan)
    return table.assign(**dict(zip(BOX, clipped.boxes.T)), person_score=score)
