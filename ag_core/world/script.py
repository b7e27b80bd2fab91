"""What people do: the table of things and their actions, and which step may follow which.

Labels and logic only, no geometry: a step says what happens to what; `director.py` finds out where and when.
"""

from dataclasses import dataclass

import numpy as np

from ag_core.taxonomy import action_index
from ag_core.world.chance import Chance


@dataclass(frozen=True)
class Item:
    """A thing that can be taken. Action ids for hold, take, put and throw; where it may lie; what it is used for."""

    name: str
    noun: str
    hold: str
    take: str
    put: str
    two_hands: bool
    lies_on: tuple[str, ...]
    uses: tuple[str, ...] = ()
    throw: str | None = None


_FLAT = ("table", "counter", "shelf")
ITEMS: dict[str, Item] = {
    "cup": Item("cup/glass/bottle", "cup", "c107", "c110", "c109", False, _FLAT, ("drink", "drink", "lift")),
    "book": Item("book", "book", "c026", "c030", "c028", True, (*_FLAT, "sofa/couch", "bed"), ("read",)),
    "phone": Item("phone/camera", "phone", "c015", "c018", "c017", False, (*_FLAT, "sofa/couch"), ("play", "talk")),
    "pillow": Item("pillow", "pillow", "c076", "c079", "c077", True, ("sofa/couch", "bed"), ("snuggle",), "c080"),
    "box": Item("box", "box", "c040", "c043", "c042", True, ("table", "counter", "bed")),
    "bag": Item("bag", "bag", "c020", "c023", "c022", False, ("table", "sofa/couch", "bed", "counter"), (), "c024"),
    "towel": Item("towel", "towel", "c033", "c035", "c034", False, ("table", "counter", "bed"), ("wipe",), "c036"),
    "dish": Item("dish", "dish", "c118", "c120", "c119", True, _FLAT),
    "food": Item("food", "apple", "c061", "c063", "c062", False, _FLAT, ("eat", "eat", "lift")),
    "sandwich": Item(
        "sandwich", "sandwich", "c067", "c069", "c068", False, ("table", "counter"), ("eat", "eat", "lift")
    ),
    "notebook": Item("paper/notebook", "notebook", "c115", "c117", "c116", True, (*_FLAT, "bed"), ("write",)),
}

USE_ACTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("drink", "cup"): ("c106",),
    ("read", "book"): ("c032",),
    ("play", "phone"): ("c016",),
    ("talk", "phone"): ("c019",),
    ("snuggle", "pillow"): ("c078",),
    ("wipe", "towel"): ("c013", "c038"),
    ("eat", "food"): ("c156",),
    ("eat", "sandwich"): ("c065", "c156"),
    ("write", "notebook"): ("c145", "c014"),
}
"""Use of a thing -> its actions. 'lift' (to the mouth and away, a decoy) has none."""

PUT_ON_ACTIONS = {"table": "c009", "shelf": "c081"}
SIT_ACTIONS = {"chair": "c059", "sofa/couch": "c123", "bed": "c135"}
SIT_DOWN, STAND_UP, AT_TABLE = "c151", "c154", "c011"
HINGE_ACTIONS = {
    "door": ("c008", "c006"),
    "closet/cabinet": ("c113", "c112"),
    "refrigerator": ("c143", "c142"),
    "laptop": ("c048", "c046"),
}
GRASP_KNOB = "c141"
BOOK_ACTIONS = ("c027", "c025")
LAPTOP_ACTIONS = {"type": ("c052", "c014"), "watch laptop": ("c051",)}
LOOK_ACTIONS = {"television": "c132", "window": "c092", "picture": "c088"}
LIKED = {
    "cup": 1.5,
    "book": 1.5,
    "phone": 1.6,
    "pillow": 2.0,
    "sandwich": 1.2,
    "food": 1.1,
    "dish": 0.6,
    "notebook": 0.7,
}
"""How much more or less often than others a thing is taken."""
VIDEO_WORDS = {
    "take": "takes the {0}",
    "put": "puts the {0} down",
    "throw": "throws the {0}",
    "drink": "drinks from the {0}",
    "lift": "lifts the {0} to the mouth and thinks again",
    "read": "reads the {0}",
    "play": "plays with the {0}",
    "talk": "talks on the {0}",
    "snuggle": "hugs the {0}",
    "wipe": "wipes the table with the {0}",
    "eat": "eats the {0}",
    "write": "writes in the {0}",
    "type": "works on the {0}",
    "watch laptop": "watches something on the {0}",
    "open": "opens the {0}",
    "close": "closes the {0}",
    "sit": "sits down on the {0}",
    "rise": "stands up",
    "look": "looks at the {0}",
    "decoy": "reaches for the {0} but leaves it",
    "pass": "walks about",
    "hold": "holds the {0} for a while",
}


def known_actions() -> tuple[int, ...]:
    """Every action that a script can contain, as sorted indices into ACTIONS."""
    ids = {
        SIT_DOWN,
        STAND_UP,
        AT_TABLE,
        GRASP_KNOB,
        *PUT_ON_ACTIONS.values(),
        *SIT_ACTIONS.values(),
        *BOOK_ACTIONS,
        *LOOK_ACTIONS.values(),
    }
    ids |= {a for pair in (*HINGE_ACTIONS.values(), *USE_ACTIONS.values(), *LAPTOP_ACTIONS.values()) for a in pair}
    ids |= {a for item in ITEMS.values() for a in (item.hold, item.take, item.put, item.throw) if a}
    return tuple(sorted(action_index(a) for a in ids))


@dataclass(frozen=True)
class Step:
    """kind: a key of VIDEO_WORDS; subject: an item's key, a placed object's class, or a seat's kind."""

    kind: str
    subject: str = ""


@dataclass
class Situation:
    """What matters for the next step. sitting: kind of the seat; held: key of the item; open_now: opened hinges."""

    items: list[str]
    things: list[str]
    seats: list[str]
    sitting: str | None = None
    at_table: bool = False
    held: str | None = None
    open_now: tuple[str, ...] = ()
    done: tuple[Step, ...] = ()


def moods(chance: Chance) -> dict[str, float]:
    """How much this person likes each kind of step: makes videos differ."""
    return {kind: float(np.exp(0.7 * chance.random.standard_normal())) for kind in VIDEO_WORDS}


def next_steps(now: Situation, liking: dict[str, float], chance: Chance) -> list[Step]:
    """All possible next steps, in a random order that follows the liking. Never the same step twice in a video."""
    options: list[tuple[Step, float]] = []
    standing = now.sitting is None
    if now.held:
        options += [(Step(use, now.held), 4.0) for use in sorted(set(ITEMS[now.held].uses))]
        options += [(Step("put", now.held), 1.6), (Step("hold", now.held), 0.5)]
        if ITEMS[now.held].throw:
            options.append((Step("throw", now.held), 1.5))
    else:
        free = [name for name in now.items if name in ITEMS]
        options += [(Step("take", name), 6.0 * LIKED.get(name, 0.9) / max(1, len(free))) for name in free]
        options += [(Step("decoy", name), 0.4 / max(1, len(free))) for name in free]
        if standing:
            for thing in HINGE_ACTIONS:
                if thing in now.things and thing != "laptop":
                    options.append(
                        (
                            Step("close" if thing in now.open_now else "open", thing),
                            0.9 if thing not in now.open_now else 1.8,
                        )
                    )
        if now.at_table and "laptop" in now.things:
            is_open = "laptop" in now.open_now
            options.append((Step("close" if is_open else "open", "laptop"), 1.2))
            if is_open:
                options += [(Step("type", "laptop"), 1.3), (Step("watch laptop", "laptop"), 0.8)]
    options += [(Step("look", thing), 0.4) for thing in LOOK_ACTIONS if thing in now.things]
    if standing:
        options += [
            (Step("sit", kind), (1.0 if now.held else 0.6) * (0.7 if kind == "chair" else 1.6)) for kind in now.seats
        ]
        options.append((Step("pass"), 0.15))
    else:
        options.append((Step("rise"), 0.4 if now.held else 1.2))
    options = [(step, weight) for step, weight in options if step not in now.done or step.kind == "rise"]
    if now.done and now.done[-1].kind == "sit":
        options = [o for o in options if o[0].kind != "rise"]
    # A random order in which heavier options tend to come first (exponential clocks).
    clocks = [chance.random.exponential() / (weight * liking[step.kind]) for step, weight in options]
    return [options[i][0] for i in np.argsort(clocks)]


def sentence(steps: list[Step], nouns: dict[str, str]) -> str:
    """A Charades-like script: 'A person takes the cup, then drinks from the cup.'"""
    words = [VIDEO_WORDS[s.kind].format(nouns.get(s.subject, s.subject)) for s in steps]
    return "A person " + (", then ".join(words) if words else "walks about") + "."
