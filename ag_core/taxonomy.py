"""The vocabulary of Action Genome and Charades: objects, relationships in three groups, actions.

The only place that lists classes or knows how many there are. Everything else asks here by name or receives an index.
Sources: the class files of Action Genome v1.0 and Charades v1; the 25 relationships of the paper's Table 2.
"""

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ag_core.settings import ASSETS

PERSON = "person"

OBJECT_CLASSES: tuple[str, ...] = (
    PERSON, "bag", "bed", "blanket", "book", "box", "broom", "chair", "closet/cabinet", "clothes",
    "cup/glass/bottle", "dish", "door", "doorknob", "doorway", "floor", "food", "groceries", "laptop", "light",
    "medicine", "mirror", "paper/notebook", "phone/camera", "picture", "pillow", "refrigerator", "sandwich", "shelf",
    "shoe", "sofa/couch", "table", "television", "towel", "vacuum", "window",
)  # fmt: skip
"""36 classes in the order of the release; index 0 is the person, 1 to 35 are objects."""

OBJECTS: tuple[str, ...] = OBJECT_CLASSES[1:]
"""The 35 object classes: object class index minus one is the row of the confidence matrix."""

OTHER_RELATIONSHIP = "other_relationship"
"""A contact label of the release that the paper's 25 relationships leave out."""


class Group(StrEnum):
    """The three groups of relationships, always shown in this order."""

    ATTENTION = "attention"
    SPATIAL = "spatial"
    CONTACT = "contact"


class Mode(StrEnum):
    """What a relation head is given: boxes and classes (predcls), boxes (sgcls), nothing (sgdet)."""

    PREDCLS = "predcls"
    SGCLS = "sgcls"
    SGDET = "sgdet"


RELATIONS_OF_GROUP: dict[Group, tuple[str, ...]] = {
    Group.ATTENTION: ("looking_at", "not_looking_at", "unsure"),
    Group.SPATIAL: ("above", "beneath", "in_front_of", "behind", "on_the_side_of", "in"),
    Group.CONTACT: (
        "carrying", "covered_by", "drinking_from", "eating", "have_it_on_the_back", "holding", "leaning_on",
        "lying_on", "not_contacting", "sitting_on", "standing_on", "touching", "twisting", "wearing", "wiping",
        "writing_on",
    ),
}  # fmt: skip

RELATIONS: tuple[str, ...] = tuple(name for names in RELATIONS_OF_GROUP.values() for name in names)
"""The paper's 25 relationships, attention then spatial then contact."""

GROUP_OF_RELATION: dict[str, Group] = {name: group for group, names in RELATIONS_OF_GROUP.items() for name in names}

RELEASED_RELATIONS: tuple[str, ...] = (*RELATIONS[:18], OTHER_RELATIONSHIP, *RELATIONS[18:])
"""The 26 relationship labels of the released files, in their order."""


def _group_slices() -> dict[Group, slice]:
    slices, start = {}, 0
    for group, names in RELATIONS_OF_GROUP.items():
        slices[group] = slice(start, start + len(names))
        start += len(names)
    return slices


GROUP_SLICES: dict[Group, slice] = _group_slices()
"""Where each group lies among the 25 relationships: 0:3, 3:9, 9:25."""

N_CLASSES = len(OBJECT_CLASSES)
N_OBJECTS = len(OBJECTS)
N_RELATIONS = len(RELATIONS)
BANK_SIZE = N_OBJECTS * N_RELATIONS
"""Length of one scene-graph feature: the 35 x 25 confidence matrix, row-major (875)."""


@dataclass(frozen=True)
class Action:
    """One Charades action. `id` is 'c000' to 'c156'; `object_class` indexes OBJECT_CLASSES or is None."""

    id: str
    label: str
    object_class: int | None
    verb: str


def _read_actions() -> tuple[Action, ...]:
    with (ASSETS / "charades_actions.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    known = {normalise(name): index for index, name in enumerate(OBJECT_CLASSES)}
    return tuple(Action(r["action"], r["label"], known.get(normalise(r["object"])), r["verb"]) for r in rows)


def normalise(name: str) -> str:
    """A class name without the separators that differ between files: 'phone/camera' and 'phonecamera' agree."""
    return name.lower().translate(str.maketrans("", "", "/_ -"))


ACTIONS: tuple[Action, ...] = _read_actions()
"""The 157 Charades actions; the index in this tuple is the action's number."""

N_ACTIONS = len(ACTIONS)


@cache
def _object_indices() -> dict[str, int]:
    return {normalise(name): index for index, name in enumerate(OBJECT_CLASSES)}


@cache
def _relation_indices() -> dict[str, int]:
    return {normalise(name): index for index, name in enumerate(RELATIONS)}


def find_object_index(name: str) -> int:
    """Index in OBJECT_CLASSES of a class in any of its spellings; KeyError names an unknown one."""
    try:
        return _object_indices()[normalise(name)]
    except KeyError:
        raise KeyError(f"object class {name!r} is unknown; known are {', '.join(OBJECT_CLASSES)}") from None


def find_relation_index(name: str) -> int:
    """Index in RELATIONS of a relationship in any of its spellings; KeyError names an unknown one."""
    try:
        return _relation_indices()[normalise(name)]
    except KeyError:
        raise KeyError(f"relationship {name!r} is unknown; known are {', '.join(RELATIONS)}") from None


def is_other_relationship(name: str) -> bool:
    """Whether a raw label is the released one that the 25 leave out."""
    return normalise(name) == normalise(OTHER_RELATIONSHIP)


def find_action_index(action_id: str) -> int:
    """Index in ACTIONS of an id such as 'c092'; KeyError says what an id looks like."""
    number = action_id[1:]
    # `isdecimal` alone is true of digits of other scripts, and `isdigit` of signs that are no numbers.
    numeric = len(number) == 3 and number.isascii() and number.isdecimal()
    if action_id[:1] != "c" or not numeric or int(number) >= N_ACTIONS:
        raise KeyError(f"action {action_id!r} is unknown; ids run from {ACTIONS[0].id} to {ACTIONS[-1].id}")
    return int(number)


class Triplet(NamedTuple):
    """A relationship in the direction in which it reads: (person, holding, cup), but (chair, beneath, person)."""

    subject: str
    relation: str
    object: str


def orient_triplet(relation: str, thing: str, person: str = PERSON) -> Triplet:
    """Which of the person and a thing is the subject of a relationship, and which its object.

    Attention and contact are said of the person; a spatial relationship says where the thing is. The release stores no
    direction; this is the convention of its evaluators. Every screen, file and text asks here. KeyError for a name that
    is none of RELATIONS; `thing` and `person` are taken as they are.
    """
    if GROUP_OF_RELATION[relation] is Group.SPATIAL:
        return Triplet(thing, relation, person)
    return Triplet(person, relation, thing)


def format_triplet(relation: str, thing: str) -> str:
    """A relationship between the person and a thing as the screens say it: 'chair beneath person'."""
    return " ".join(format_name(part) for part in orient_triplet(relation, thing))


def format_name(name: str) -> str:
    """A relationship or class as the screens print it: spaces instead of underscores."""
    return name.replace("_", " ")
