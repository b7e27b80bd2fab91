"""Reads person_bbox.pkl of an Action Genome release: the frame's size and the person that a detector found.

One box a frame, inside the frame, with the detector's score. What was repaired or refused is listed.
Format: methods A3.
"""

import contextlib
import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ag_core.annotations.readers.clipping import clip_to_frame_sizes, format_box
from ag_core.annotations.readers.frame_names import read_frame_names
from ag_core.annotations.readers.issues import Issue, Kind, describe_value
from ag_core.annotations.readers.numbers import NUMBERS, to_numbers
from ag_core.errors import UserError
from ag_core.unpickle import pause_collection, read_pickle

PERSON_FILE = "person_bbox.pkl"
PERSON_READER = 2
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
        width, height = entry["bbox_size"]
        box, score = entry["bbox"], entry["bbox_score"]
        sized = 0 < width < MAX_PX and 0 < height < MAX_PX and type(width) is type(height) in NUMBERS
        if sized and entry["bbox_mode"] == "xyxy" and len(box) == len(score):
            if len(box) == 0:
                return width, height, *_NO_BOX, math.nan
            ((x1, y1, x2, y2),), (certain,) = box.tolist(), score.tolist()
            if type(x1) is type(certain) is float and 0 <= certain <= 1:
                return width, height, x1, y1, x2, y2, certain
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
        pass
    if not isinstance(entry, dict):
        reason = f"person left out: its entry is a {type(entry).__name__}, not a dictionary"
        issues.append(Issue(Kind.PERSON_UNREADABLE, file_name, key, reason))
        return (math.nan,) * 7
    size = _read_size(entry.get("bbox_size"), key, file_name, issues)
    try:
        return *size, *_read_person(entry, key, file_name, issues)
    except (TypeError, ValueError, OverflowError) as error:
        issues.append(Issue(Kind.PERSON_UNREADABLE, file_name, key, f"person left out: {error}"))
        return *size, *_NO_BOX, math.nan


def read_released_dictionary(path: Path, progress: Callable[[int, int], None] | None = None) -> dict[Any, Any]:
    """The dictionary of frames that each of the two files is."""
    value = read_pickle(path, progress)
    if not isinstance(value, dict):
        raise UserError(f"{path.name} holds a {type(value).__name__}; the release has a dictionary of frames in it")
    return value


def _read_person(entry: dict[Any, Any], key: str, file_name: str, issues: list[Issue]) -> tuple[float, ...]:
    """Box and score of the best person of a frame, the box not clipped; NaN where there is none."""
    raw = entry.get("bbox")
    if raw is None or np.size(raw) == 0:
        return *_NO_BOX, math.nan
    boxes = np.atleast_2d(to_numbers(raw, "its box"))
    if boxes.ndim > 2 or boxes.shape[1] != 4:
        raise ValueError("its box is not four numbers")
    given = entry.get("bbox_score")
    scores = np.ones(len(boxes)) if given is None else to_numbers(given, "its score").reshape(-1)
    if len(scores) != len(boxes):
        issues.append(Issue(Kind.PERSON_SCORES, file_name, key, "person scores do not fit the boxes; taken as 1"))
        scores = np.ones(len(boxes))
    wrong = ~((scores >= 0) & (scores <= 1))  # NaN, too
    if wrong.any():
        said = ", ".join(f"{score:g}" for score in scores[wrong][:3])
        issues.append(Issue(Kind.PERSON_SCORES, file_name, key, f"person score {said} is not from 0 to 1; left blank"))
    if len(boxes) > 1:
        reason = f"{len(boxes)} person boxes; the best-scored one is kept"
        issues.append(Issue(Kind.PERSONS_SEVERAL, file_name, key, reason))
    order = np.where(wrong, -1, scores) - 2 * ~np.isfinite(boxes).all(axis=1)
    best = int(np.argmax(order))
    box = _to_corners(boxes[best].tolist(), entry.get("bbox_mode", "xyxy"))
    return *box, math.nan if wrong[best] else float(scores[best])


def _read_size(size: Any, key: str, file_name: str, issues: list[Issue]) -> tuple[float, float]:
    """Width and height of the frame; NaN where they are not known, which is listed."""
    with contextlib.suppress(TypeError, ValueError):
        width, height = to_numbers(size, "a size").tolist()
        if 0 < width < MAX_PX and 0 < height < MAX_PX:
            return width, height
    reason = f"{describe_value(size)} is no width and height of a frame; boxes are not cut to it"
    issues.append(Issue(Kind.PERSON_UNREADABLE, file_name, key, reason))
    return math.nan, math.nan


def _to_corners(box: Sequence[float], mode: Any) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of a box that its mode says how to read; ValueError for an unknown mode."""
    x, y, width, height = box
    match mode.lower() if isinstance(mode, str) else mode:
        case "xyxy":
            return x, y, width, height
        case "xywh":
            return x, y, x + width, y + height
        case "cxcywh":
            return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    raise ValueError(f"its bbox_mode {describe_value(mode)} is none of xyxy, xywh and cxcywh")


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
