"""Reads the Action Genome release: person_bbox.pkl and object_bbox_and_relationship.pkl of one annotations folder.

Translates once: class and relationship names to indices and bits, object boxes from x, y, w, h to corners, frames in
order, boxes inside the frame. Invisible objects stay, without a box. `other_relationship` stays, as a bit of its own.
What was repaired or refused is listed. Knows nothing of time: the rate of each video is not in these files.

The files are large: one is read at a time, walked once, and freed. An entry as released takes the short way through
`_ObjectCollector.add`; whatever is odd about one is found out in `_check_entry`. Format: methods A3.
"""

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ag_core.annotations.readers.clipping import clip_to_frame_sizes, format_box
from ag_core.annotations.readers.frame_names import read_frame_names
from ag_core.annotations.readers.issues import Issue, Kind, describe_value
from ag_core.annotations.readers.numbers import NUMBERS, to_numbers
from ag_core.annotations.readers.person_boxes import PERSON_FILE, PersonTable, read_persons, read_released_dictionary
from ag_core.taxonomy import (
    OBJECT_CLASSES,
    OTHER_RELATIONSHIP,
    RELATIONS,
    RELATIONS_OF_GROUP,
    Group,
    find_object_index,
    find_relation_index,
    is_other_relationship,
    normalise,
)
from ag_core.unpickle import pause_collection

OBJECT_FILE = "object_bbox_and_relationship.pkl"
OBJECT_READER = 2
"""Version of what this module makes of a file."""

OTHER_BIT = len(RELATIONS)
"""The bit of `relation_mask` that says `other_relationship` was annotated."""

RELATION_FIELDS = ("attention_relationship", "spatial_relationship", "contacting_relationship")

BOX = ["x1", "y1", "x2", "y2"]

_NO_BOX = (math.nan,) * 4


@dataclass(frozen=True)
class ActionGenomeTable:
    """The annotated frames as columns; rows by video, then frame, then as released.

    frames   video_id, frame, split, width, height, person_x1 .. person_y2, person_score (NaN where unknown)
    objects  frame_row (into frames), place (within the frame, from 0), class, visible, x1, y1, x2, y2 (NaN where not
             visible), relation_mask (bit r: relationship r holds; OTHER_BIT: `other_relationship` was annotated)
    """

    frames: pd.DataFrame
    objects: pd.DataFrame
    issues: list[Issue]


def read_action_genome(annotations_dir: Path) -> ActionGenomeTable:
    """Every annotated frame of a release folder. UserError where the object file is missing, refused or another thing.

    The person file may be absent: then no frame has a person box, and one issue says so.
    """
    persons = read_persons(Path(annotations_dir) / PERSON_FILE)
    table = read_objects(Path(annotations_dir) / OBJECT_FILE, persons)
    return ActionGenomeTable(table.frames, table.objects, persons.issues + table.issues)


def read_objects(
    path: Path, persons: PersonTable, progress: Callable[[int, int], None] | None = None
) -> ActionGenomeTable:
    """The frames of both files and the objects of this one, its issues only. `progress` hears bytes read.

    UserError where the file is missing, refused or something else.
    """
    with pause_collection():
        entries = read_released_dictionary(path, progress)
        names = read_frame_names(entries, path.name)
        walk = _ObjectCollector(path.name, list(names.issues))
        for row, key in enumerate(names.keys):
            walk.add(entries[key], key, row)
        del entries
    frames, walk_rows = _join_frames(names.table().assign(split=pd.Series(walk.splits, dtype="str")), persons)
    keys = _list_keys(frames, walk_rows, names.keys)
    for key in keys[walk_rows < 0]:
        reason = "frame of the person file without objects; kept without"
        walk.issues.append(Issue(Kind.FRAME_WITHOUT_OBJECTS, path.name, key, reason))
    for key in keys[(frames.pop("found_in") == "left_only").to_numpy() & persons.given]:
        reason = "frame is not in the person file; no person, and boxes are not cut to the frame"
        walk.issues.append(Issue(Kind.FRAME_WITHOUT_PERSON, PERSON_FILE, key, reason))
    places = np.empty(len(names.keys), np.int32)
    places[walk_rows[walk_rows >= 0]] = np.flatnonzero(walk_rows >= 0)
    objects = _clip_to_frames(walk.table(places), frames, keys, path.name, walk.issues)
    _list_classes_twice(objects, keys, path.name, walk.issues)
    return ActionGenomeTable(frames, objects, walk.issues)


def _join_frames(annotated: pd.DataFrame, persons: PersonTable) -> tuple[pd.DataFrame, np.ndarray]:
    """The frames of both files in order, `found_in` saying where, and [F] the row of each in `annotated`, else -1."""
    rows = annotated.assign(walk_row=np.arange(len(annotated), dtype=np.float64))
    frames = rows.merge(persons.frames, how="outer", on=["video_id", "frame"], indicator="found_in")
    frames = frames.sort_values(["video_id", "frame"], ignore_index=True)
    return frames, frames.pop("walk_row").fillna(-1).to_numpy(np.int64)


def _list_keys(frames: pd.DataFrame, walk_rows: np.ndarray, walked: list[str]) -> np.ndarray:
    """[F] the name of each frame: as in the file with the objects, else as the release would write it."""
    keys: NDArray[np.object_] = np.array([*walked, ""], object)[walk_rows]
    others = frames[walk_rows < 0]
    keys[walk_rows < 0] = [f"{video_id}.mp4/{frame:06d}.png" for video_id, frame in zip(others.video_id, others.frame)]
    return keys


def _index_classes() -> dict[str, int]:
    """Index of each object class by the spellings of the releases; the person has a file of their own."""
    return {
        spelling: index for index, name in enumerate(OBJECT_CLASSES) if index for spelling in (name, normalise(name))
    }


def _index_relation_bits(group: Group) -> dict[str, int]:
    """Mask with the one bit of each relationship of a group, by the spellings of the releases."""
    names = [*RELATIONS_OF_GROUP[group], *((OTHER_RELATIONSHIP,) if group is Group.CONTACT else ())]
    return {spelling: 1 << _find_bit(name) for name in names for spelling in (name, normalise(name))}


def _find_bit(name: Any) -> int:
    """The bit of a relationship in any spelling; KeyError for an unknown one."""
    return OTHER_BIT if is_other_relationship(name) else find_relation_index(name)


_INDEX_OF_CLASS = _index_classes()
_ATTENTION_BITS, _SPATIAL_BITS, _CONTACT_BITS = map(_index_relation_bits, Group)
_BITS_OF_FIELD = dict(zip(RELATION_FIELDS, (_ATTENTION_BITS, _SPATIAL_BITS, _CONTACT_BITS)))
_SPLITS = {"train": "train", "test": "test"}
_SPLIT_OF_SPELLING = _SPLITS | {"training": "train", "testing": "test"}
_SEQUENCES = frozenset({list, tuple})


def _clip_to_frames(
    objects: pd.DataFrame, frames: pd.DataFrame, keys: np.ndarray, file_name: str, issues: list[Issue]
) -> pd.DataFrame:
    """The objects with their boxes clipped to the frame; one with nothing left is kept as not visible."""
    of_frame = objects["frame_row"].to_numpy()
    boxes, visible = objects[BOX].to_numpy(), objects["visible"].to_numpy()
    clipped = clip_to_frame_sizes(boxes, frames[["width", "height"]].to_numpy()[of_frame])
    classes = objects["class"].to_numpy()
    for row in np.flatnonzero(visible & ~clipped.inside):
        name = OBJECT_CLASSES[classes[row]]
        reason = f"the box of {name!r} has no area inside the frame; kept as not visible, without relationships"
        issues.append(Issue(Kind.BOX_OUTSIDE, file_name, keys[of_frame[row]], reason))
    for row in np.flatnonzero(clipped.changed):
        name, before, after = OBJECT_CLASSES[classes[row]], format_box(boxes[row]), format_box(clipped.boxes[row])
        reason = f"the box of {name!r} {before} reached beyond the frame; kept as {after}"
        issues.append(Issue(Kind.BOX_CLIPPED, file_name, keys[of_frame[row]], reason))
    mask = np.where(clipped.inside, objects["relation_mask"], 0).astype(np.uint32)
    return objects.assign(**dict(zip(BOX, clipped.boxes.T)), visible=clipped.inside, relation_mask=mask)


def _list_classes_twice(objects: pd.DataFrame, keys: np.ndarray, file_name: str, issues: list[Issue]) -> None:
    """Add the frames that have a class more than once."""
    again = objects.loc[objects.duplicated(["frame_row", "class"]), ["frame_row", "class"]].drop_duplicates()
    for row, object_class in again.itertuples(index=False):
        reason = f"class {OBJECT_CLASSES[object_class]!r} twice in the frame; both kept"
        issues.append(Issue(Kind.CLASS_TWICE, file_name, keys[row], reason))


class _Entry(NamedTuple):
    """One object: class index, corners x1, y1, x2, y2 or none where not visible, relationships, the split it names."""

    object_class: int
    box: tuple[float, float, float, float] | None
    mask: int
    split: str | None


class _ObjectCollector:
    """Columns that grow while the dictionary is walked once: rows in the file's order."""

    def __init__(self, file_name: str, issues: list[Issue]) -> None:
        self.file_name, self.issues = file_name, issues
        self.splits: list[str | None] = []
        self.frame_rows, self.classes, self.visible = array("i"), array("B"), array("B")
        self.boxes, self.masks = array("d"), array("I")

    def add(self, entries: Any, key: str, row: int) -> None:
        """The objects of one frame."""
        split: str | None = None
        named: str | None
        if not isinstance(entries, list):
            kind = type(entries).__name__
            reason = f"the frame's objects are a {kind}, not a list; kept without objects"
            self.issues.append(Issue(Kind.FRAME_UNREADABLE, self.file_name, key, reason))
            entries = []
        for entry in entries:
            try:  # as released: nothing to look at more closely
                object_class = _INDEX_OF_CLASS[entry["class"]]
                attention, spatial = entry["attention_relationship"], entry["spatial_relationship"]
                contact, visible, mask = entry["contacting_relationship"], entry["visible"], 0
                if visible is True and type(attention) is type(spatial) is type(contact) is list:
                    sides = entry["bbox"]
                    x, y, width, height = sides
                    if not type(x) is type(y) is type(width) is type(height) is float:
                        if not NUMBERS.issuperset(map(type, sides)):
                            raise TypeError
                        x, y, width, height = map(float, sides)
                    if type(sides) not in _SEQUENCES:
                        raise TypeError
                    for name in attention:
                        mask |= _ATTENTION_BITS[name]
                    for name in spatial:
                        mask |= _SPATIAL_BITS[name]
                    for name in contact:
                        mask |= _CONTACT_BITS[name]
                    box = x, y, x + width, y + height
                elif visible is False and entry["bbox"] is attention is spatial is contact is None:
                    box = _NO_BOX
                else:
                    raise ValueError
                named = _SPLITS[entry["metadata"]["set"]]
            except (KeyError, IndexError, TypeError, ValueError, OverflowError):
                checked = _check_entry(entry, key, self.file_name, self.issues)
                if checked is None:
                    continue
                object_class, mask, named = checked.object_class, checked.mask, checked.split
                box, visible = checked.box or _NO_BOX, checked.box is not None
            split = split or named
            self.frame_rows.append(row)
            self.classes.append(object_class)
            self.visible.append(visible)
            self.masks.append(mask)
            self.boxes.extend(box)
        self.splits.append(split)

    def table(self, places: np.ndarray) -> pd.DataFrame:
        """The columns of `ActionGenomeTable.objects`, boxes not clipped; places[row] is where a frame is in the end."""
        frame_rows = places[np.frombuffer(self.frame_rows, np.int32)]
        sort = np.argsort(frame_rows, kind="stable")
        frame_rows = frame_rows[sort]
        boxes = np.frombuffer(self.boxes, np.float64).reshape(-1, 4)[sort]
        return pd.DataFrame(
            {
                "frame_row": frame_rows,
                "place": (np.arange(len(sort)) - np.searchsorted(frame_rows, frame_rows)).astype(np.int32),
                "class": np.frombuffer(self.classes, np.uint8)[sort],
                "visible": np.frombuffer(self.visible, np.bool_)[sort],
                **dict(zip(BOX, boxes.T)),
                "relation_mask": np.frombuffer(self.masks, np.uint32)[sort],
            }
        )


def _check_entry(entry: Any, key: str, file_name: str, issues: list[Issue]) -> _Entry | None:
    """An object that is not quite as released, repaired; None where it cannot be used. Both are listed."""

    def list_issue(kind: Kind, reason: str) -> None:
        issues.append(Issue(kind, file_name, key, reason))

    name = entry.get("class") if isinstance(entry, dict) else None
    try:
        index = find_object_index(name) if isinstance(name, str) else None
    except KeyError:
        index = None
    if not index:  # unknown, or the person, who has a file of their own
        list_issue(Kind.OBJECT_UNKNOWN, f"object left out: {describe_value(name)} is none of the 35 object classes")
        return None
    split = _read_split(entry, list_issue)
    visible = _read_visibility(entry, list_issue)
    box = _read_box(entry, visible, list_issue)
    if box is None:
        if not visible and any(entry.get(field) is not None for field in RELATION_FIELDS):
            reason = f"{name!r} is not visible but has relationships; they are left out"
            list_issue(Kind.HIDDEN_WITH_RELATIONSHIPS, reason)
        return _Entry(index, None, 0, split)
    return _Entry(index, box, _read_relation_mask(entry, list_issue), split)


ListIssue = Callable[[Kind, str], None]


def _read_visibility(entry: dict[Any, Any], list_issue: ListIssue) -> bool:
    """What the entry says of it, as a truth value, 0 or 1 or a word; without that, whether it has a box."""
    has_box = entry.get("bbox") is not None
    if "visible" not in entry:
        return has_box
    said = entry["visible"]
    if isinstance(said, bool | np.bool_) or (type(said) in NUMBERS and said in (0, 1)):
        return bool(said)
    meant = {"true": True, "false": False}.get(said.strip().lower()) if isinstance(said, str) else None
    read = "whether it has a box decides" if meant is None else f"read as {meant}"
    reason = f"visible of {entry['class']!r} is {describe_value(said)}, neither True nor False; {read}"
    list_issue(Kind.VISIBILITY_UNREADABLE, reason)
    return has_box if meant is None else meant


def _read_split(entry: dict[Any, Any], list_issue: ListIssue) -> str | None:
    """The split that the metadata name; None where they name none, or another than the two of the data set."""
    metadata = entry.get("metadata")
    split = metadata.get("set") if isinstance(metadata, dict) else metadata
    if split is None:
        return None
    known = _SPLIT_OF_SPELLING.get(split.strip().lower()) if isinstance(split, str) else None
    if known is None or not isinstance(metadata, dict):
        reason = f"the metadata of {entry['class']!r} name {describe_value(split)} as the split; left out"
        list_issue(Kind.SPLIT_UNREADABLE, reason)
        return None
    return known


def _read_box(entry: dict[Any, Any], visible: bool, list_issue: ListIssue) -> tuple[float, float, float, float] | None:
    """Corners of a visible object's box, not clipped; None for an invisible one."""
    raw, name = entry.get("bbox"), entry["class"]
    if not visible:
        if raw is not None:
            list_issue(Kind.HIDDEN_WITH_BOX, f"{name!r} is not visible but has a box; box left out")
        return None
    if raw is None:
        list_issue(Kind.VISIBLE_WITHOUT_BOX, f"{name!r} is visible but has no box; kept as not visible")
        return None
    try:
        x, y, width, height = to_numbers(raw, "the box").tolist()
    except (TypeError, ValueError, OverflowError):
        list_issue(Kind.BOX_MALFORMED, f"the box of {name!r} is not four numbers; kept as not visible")
        return None
    return x, y, x + width, y + height


def _read_relation_mask(entry: dict[Any, Any], list_issue: ListIssue) -> int:
    """The bits of the relationships of one object."""
    mask = 0
    for field in RELATION_FIELDS:
        names = entry.get(field)
        if isinstance(names, str):
            list_issue(
                Kind.RELATIONSHIPS_MALFORMED, f"{field} of {entry['class']!r} is one text; taken as a list of one"
            )
            names = [names]
        if isinstance(names, np.ndarray) and names.ndim == 1:  # after a way through Parquet
            names = names.tolist()
        if not isinstance(names, list | tuple | set | frozenset | type(None)):
            kind = type(names).__name__
            reason = f"{field} of {entry['class']!r} is a {kind}, not a list; left out"
            list_issue(Kind.RELATIONSHIPS_MALFORMED, reason)
            names = None
        of_group = set(_BITS_OF_FIELD[field].values())
        for name in names or ():
            try:
                bit = 1 << _find_bit(name)
            except (KeyError, AttributeError, TypeError):
                reason = f"relationship {describe_value(name)} of {entry['class']!r} is unknown; left out"
                list_issue(Kind.RELATIONSHIP_UNKNOWN, reason)
                continue
            if bit not in of_group:
                reason = f"{name!r} of {entry['class']!r} stands in {field}, where it does not belong; kept"
                list_issue(Kind.RELATIONSHIPS_MALFORMED, reason)
            mask |= bit
    return mask
