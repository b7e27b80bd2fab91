"""What the home world can show: the table that gives every Charades action its template, object and support.

26 templates cover the 157 actions. A step of a film never names an action: it says what it does to what, and the table
knows the actions that this shows. Tiers say how honestly: A, geometry decides; B, repeated small motion or context
does; C, faces of a few pixels, shown by the body or not at all.
"""

import csv
from dataclasses import dataclass
from functools import cache

from ag_core.errors import UserError
from ag_core.settings import ASSETS
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, find_action_index

PROFILES = ("home-20", "home-60", "home-157")
"""Each profile has the actions of those before it."""
DEFAULT_PROFILE = "home-60"

TEMPLATES: dict[str, str] = {
    "hold": "attached to one or two hands",
    "put": "lowered onto something, then let go",
    "take": "reached for, grasped, lifted",
    "throw": "swung, let go, in the air, at rest",
    "open": "a hinge or a lid turns up, the hand on it",
    "close": "a hinge or a lid turns back, the hand on it",
    "tidy": "picked up, straightened or swept, and put in order",
    "wash": "wiped in circles, or rubbed under the tap",
    "sit": "carried by a seat",
    "lie": "carried along the whole body",
    "stand on": "carried under the feet, off the floor",
    "change seat": "from feet to seat or from seat to feet",
    "awaken": "lying with eyes shut, then up",
    "watch": "gaze rests on it",
    "work": "typing, thumbs or pen strokes",
    "talk": "at the ear",
    "photo": "held before the eyes, pointed at something",
    "consume": "to the mouth, tilted or in bites",
    "prepare": "poured, layered or stirred",
    "snuggle": "hugged, or drawn over the body",
    "wear": "put on or taken off the body",
    "fix": "twisting hands on a part of it",
    "grasp": "a hand closed round it",
    "light": "a hand at the switch, and the light changes",
    "walk or run": "through an opening, or at running speed",
    "face": "shaking shoulders or a jerk of the head",
}


@dataclass(frozen=True)
class Entry:
    """One action. subjects: object classes or words that a step names; '*' anything. support likewise ('' nothing)."""

    action: int
    template: str
    subjects: tuple[str, ...]
    support: str
    tier: str
    profile: str

    def matches(self, template: str, subject: str, support: str) -> bool:
        """Whether a step of this template with this object class (or word) and support shows the action."""
        fits = self.subjects == ("*",) or subject in self.subjects
        return template == self.template and fits and self.support in ("", "*", support)


@cache
def list_entries() -> tuple[Entry, ...]:
    """The whole table, one entry an action, in the order of ACTIONS."""
    with (ASSETS / "home_actions.tsv").open(newline="", encoding="utf-8") as file:
        return tuple(
            Entry(
                find_action_index(row["action"]),
                row["template"],
                tuple(row["subject"].split(";")),
                row["support"],
                row["tier"],
                row["profile"],
            )
            for row in csv.DictReader(file, delimiter="\t")
        )


@cache
def find_actions(template: str, subject: str = "", support: str = "") -> tuple[int, ...]:
    """Indices of the actions that a step shows; subject is an object class or a word of the table."""
    return tuple(entry.action for entry in list_entries() if entry.matches(template, subject, support))


@cache
def find_classes(action: int) -> frozenset[str]:
    """The object classes that an action is about; empty where it is about the body alone."""
    about = ACTIONS[action].object_class
    named = {*list_entries()[action].subjects, *([] if about is None else [OBJECT_CLASSES[about]])}
    return frozenset(name for name in named if name in OBJECT_CLASSES)


@cache
def list_profile_actions(profile: str) -> frozenset[int]:
    """Indices of the actions that films of a profile may show; UserError for an unknown profile."""
    if profile not in PROFILES:
        raise UserError(f"profile {profile!r} is unknown; known are {', '.join(PROFILES)}")
    upto = PROFILES[: PROFILES.index(profile) + 1]
    return frozenset(entry.action for entry in list_entries() if entry.profile in upto)
