"""Reads the Action Genome release: person_bbox.pkl and object_bbox_and_relationship.pkl of one annotations folder.

Translates once: class and relationship names to indices, object boxes from x, y, w, h to corners, frames in order,
boxes inside the picture. Invisible objects stay, without a box. `other_relationship` stays, marked as none of the 25.
What was repaired or refused is listed. Knows nothing of time: the rate of each video is not in these files.
Format: methods, section A3.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ag_core.data.issues import Issue, Kind
from ag_core.data.unpickle import read_pickle
from ag_core.errors import UserError
from ag_core.taxonomy import is_other_relationship, object_index, relation_index

PERSON_FILE = "person_bbox.pkl"
OBJECT_FILE = "object_bbox_and_relationship.pkl"

OTHER = -1
"""In the relation column: the released `other_relationship`, which is none of the paper's 25."""

RELATION_FIELDS = ("attention_relationship", "spatial_relationship", "contacting_relationship")

_FRAME_KEY = re.compile(r"([^/]+)\.\w+/(\d+)\.(?:png|jpg)")


@dataclass(frozen=True)
class ActionGenomeTable:
    """The annotated frames as columns; rows by video, then frame, then as released.

    frames     video_id, frame, split, width, height, person_x1 .. person_y2, person_score (NaN where unknown)
    objects    frame_row (into frames), class, visible, x1, y1, x2, y2 (NaN where not visible)
    relations  object_row (into objects), relation (index, or OTHER)
    """

    frames: pd.DataFrame
    objects: pd.DataFrame
    relations: pd.DataFrame
    issues: list[Issue]


@dataclass
class _Rows:
    """Columns that grow while the dictionaries are walked once."""

    frames: list[tuple[Any, ...]] = field(default_factory=list)
    objects: list[tuple[Any, ...]] = field(default_factory=list)
    relations: list[tuple[int, int]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def read_action_genome(annotations_dir: Path) -> ActionGenomeTable:
    """Every annotated frame of a release folder. UserError where the object file is missing, refused or another thing.

    The person file may be absent: then no frame has a person box, and one issue says so.
    """
    annotations_dir = Path(annotations_dir)
    annotated = _released_dictionary(annotations_dir / OBJECT_FILE)
    rows = _Rows()
    persons: dict[Any, Any] = {}
    if (annotations_dir / PERSON_FILE).is_file():
        persons = _released_dictionary(annotations_dir / PERSON_FILE)
    else:
        rows.issues.append(Issue(Kind.FILE_MISSING, PERSON_FILE, "", "file not there; no frame has a person box"))
    for video_id, frame, key in _sorted_frames(annotated, persons, rows.issues):
        try:
            width, height, box, score = _read_person(persons.get(key), key, rows.issues)
        except (TypeError, ValueError) as error:
            rows.issues.append(Issue(Kind.PERSON_UNREADABLE, PERSON_FILE, key, f"person left out: {error}"))
            width, height, box, score = math.nan, math.nan, _NO_BOX, math.nan
        frame_row = len(rows.frames)
        entries = annotated.get(key)
        if entries is None:
            rows.issues.append(
                Issue(
                    Kind.FRAME_WITHOUT_OBJECTS,
                    OBJECT_FILE,
                    key,
                    "frame of the person file without objects; kept without",
                )
            )
        split = _read_objects(entries or (), key, frame_row, (width, height), rows)
        rows.frames.append((video_id, frame, split, width, height, *box, score))
    return _table(rows)


def _released_dictionary(path: Path) -> dict[Any, Any]:
    value = read_pickle(path)
    if not isinstance(value, dict):
        raise UserError(f"{path.name} holds a {type(value).__name__}; the release has a dictionary of frames in it")
    return value


def _sorted_frames(
    annotated: dict[Any, Any], persons: dict[Any, Any], issues: list[Issue]
) -> Iterable[tuple[str, int, str]]:
    """video id, frame number and key of every frame of either file, in order; keys of another form are refused."""
    found: dict[tuple[str, int], str] = {}
    for key in dict.fromkeys([*annotated, *persons]):
        match = _FRAME_KEY.fullmatch(key) if isinstance(key, str) else None
        if match is None or int(match[2]) < 1:
            issues.append(
                Issue(
                    Kind.FRAME_NAME,
                    OBJECT_FILE,
                    str(key),
                    "frame left out: its name is not like 'VIDEO.mp4/000089.png'",
                )
            )
        elif (place := (match[1], int(match[2]))) in found:
            issues.append(
                Issue(Kind.FRAME_TWICE, OBJECT_FILE, key, f"frame left out: the same frame as {found[place]}")
            )
        else:
            found[place] = key
    return [(video_id, frame, key) for (video_id, frame), key in sorted(found.items())]


_NO_BOX = (math.nan,) * 4


def _read_person(
    entry: Any, key: str, issues: list[Issue]
) -> tuple[float, float, tuple[float, float, float, float], float]:
    """Width and height of the picture, the person's box (x1, y1, x2, y2) and its score; NaN where unknown."""
    if not isinstance(entry, dict):
        return math.nan, math.nan, _NO_BOX, math.nan
    size = entry.get("bbox_size")
    width, height = (float(size[0]), float(size[1])) if size is not None and len(size) == 2 else (math.nan, math.nan)
    boxes = np.asarray(() if entry.get("bbox") is None else entry["bbox"], np.float64).reshape(-1, 4)
    if not len(boxes):
        return width, height, _NO_BOX, math.nan
    given = entry.get("bbox_score")
    scores = np.ones(len(boxes)) if given is None else np.asarray(given, np.float64).reshape(-1)
    if len(scores) != len(boxes):
        issues.append(Issue(Kind.PERSON_SCORES, PERSON_FILE, key, "person scores do not fit the boxes; taken as 1"))
        scores = np.ones(len(boxes))
    if len(boxes) > 1:
        issues.append(
            Issue(Kind.PERSONS_SEVERAL, PERSON_FILE, key, f"{len(boxes)} person boxes; the best-scored one is kept")
        )
    best = int(np.argmax(scores))
    x1, y1, x2, y2 = boxes[best].tolist()
    if entry.get("bbox_mode", "xyxy") == "xywh":
        x2, y2 = x1 + x2, y1 + y2
    box = clipped_box((x1, y1, x2, y2), width, height)
    if box is None:
        issues.append(
            Issue(Kind.PERSON_BOX_OUTSIDE, PERSON_FILE, key, "person box without an area inside the picture left out")
        )
        return width, height, _NO_BOX, math.nan
    return width, height, box, float(scores[best])


def clipped_box(
    box_xyxy: tuple[float, float, float, float], width: float, height: float
) -> tuple[float, float, float, float] | None:
    """The part of a box inside the picture, None where nothing is left; a NaN size limits nothing on that side."""
    x1, y1, x2, y2 = box_xyxy
    right, bottom = (math.inf if math.isnan(size) else size for size in (width, height))
    x1, y1, x2, y2 = max(x1, 0.0), max(y1, 0.0), min(x2, right), min(y2, bottom)
    return (x1, y1, x2, y2) if x1 < x2 < math.inf and y1 < y2 < math.inf else None


def _read_objects(
    entries: Iterable[Any], key: str, frame_row: int, size_wh: tuple[float, float], rows: _Rows
) -> str | None:
    """Append the objects and relations of one frame; returns the split that their metadata names."""
    split = None
    seen: set[int] = set()
    for entry in entries:
        object_class = _class_of(entry, key, rows.issues)
        if object_class is None:
            continue
        split = split or (entry.get("metadata") or {}).get("set")
        if object_class in seen:
            rows.issues.append(
                Issue(Kind.CLASS_TWICE, OBJECT_FILE, key, f"class {entry['class']!r} twice in the frame; both kept")
            )
        seen.add(object_class)
        box = _object_box(entry, key, size_wh, rows.issues)
        object_row = len(rows.objects)
        rows.objects.append((frame_row, object_class, box is not None, *(box or _NO_BOX)))
        if box is not None:
            rows.relations += [(object_row, relation) for relation in _relations_of(entry, key, rows.issues)]
    return split


def _class_of(entry: Any, key: str, issues: list[Issue]) -> int | None:
    name = entry.get("class") if isinstance(entry, dict) else None
    try:
        index = object_index(name) if isinstance(name, str) else None
    except KeyError:
        index = None
    if not index:  # unknown, or the person, who has a file of their own
        issues.append(
            Issue(Kind.OBJECT_UNKNOWN, OBJECT_FILE, key, f"object left out: {name!r} is none of the 35 object classes")
        )
        return None
    return index


def _object_box(
    entry: dict[str, Any], key: str, size_wh: tuple[float, float], issues: list[Issue]
) -> tuple[float, float, float, float] | None:
    """Corners of a visible object's box inside the picture; None for an invisible one."""
    raw = entry.get("bbox")
    if not entry.get("visible", raw is not None):
        if raw is not None:
            issues.append(
                Issue(
                    Kind.HIDDEN_WITH_BOX,
                    OBJECT_FILE,
                    key,
                    f"{entry['class']!r} is not visible but has a box; box left out",
                )
            )
        return None
    if raw is None:
        issues.append(
            Issue(
                Kind.VISIBLE_WITHOUT_BOX,
                OBJECT_FILE,
                key,
                f"{entry['class']!r} is visible but has no box; kept as not visible",
            )
        )
        return None
    try:
        x, y, width, height = (float(number) for number in raw)
    except (TypeError, ValueError):
        issues.append(
            Issue(
                Kind.BOX_MALFORMED,
                OBJECT_FILE,
                key,
                f"the box of {entry['class']!r} is not four numbers; kept as not visible",
            )
        )
        return None
    box = clipped_box((x, y, x + width, y + height), *size_wh)
    if box is None:
        reason = f"the box of {entry['class']!r} has no area inside the picture; kept as not visible"
        issues.append(Issue(Kind.BOX_OUTSIDE, OBJECT_FILE, key, reason))
    return box


def _relations_of(entry: dict[str, Any], key: str, issues: list[Issue]) -> list[int]:
    """Indices of the relationships of one object, OTHER among them where annotated, each once."""
    found: list[int] = []
    for group in RELATION_FIELDS:
        for name in entry.get(group) or ():
            try:
                found.append(OTHER if is_other_relationship(name) else relation_index(name))
            except (KeyError, AttributeError):
                issues.append(
                    Issue(
                        Kind.RELATIONSHIP_UNKNOWN,
                        OBJECT_FILE,
                        key,
                        f"relationship {name!r} of {entry['class']!r} is unknown; left out",
                    )
                )
    return sorted(set(found))


def _table(rows: _Rows) -> ActionGenomeTable:
    person = ["person_x1", "person_y1", "person_x2", "person_y2"]
    frames = pd.DataFrame(
        rows.frames, columns=["video_id", "frame", "split", "width", "height", *person, "person_score"]
    ).astype({"frame": "int32", "width": "float64", "height": "float64", **dict.fromkeys(person, "float32")})
    objects = pd.DataFrame(rows.objects, columns=["frame_row", "class", "visible", "x1", "y1", "x2", "y2"]).astype(
        {
            "frame_row": "int32",
            "class": "int16",
            "visible": "bool",
            **dict.fromkeys(["x1", "y1", "x2", "y2"], "float32"),
        }
    )
    relations = pd.DataFrame(rows.relations, columns=["object_row", "relation"]).astype(
        {"object_row": "int32", "relation": "int8"}
    )
    return ActionGenomeTable(frames, objects, relations, rows.issues)
