"""What people do: the table of items and the table of step kinds.

Labels only, no geometry: a step says what happens to what; which follows which is in `planning.py`, and the director
finds out where and when.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ag_core.world.action_table import find_actions


@dataclass(frozen=True)
class ItemKind:
    """An item that can be taken. name: its object class; lies_on: kinds of surface; often: how often it is taken."""

    name: str
    noun: str
    two_hands: bool
    lies_on: tuple[str, ...]
    often: float = 1.0


_FLAT = ("table", "counter", "shelf")
_SOFT = ("sofa/couch", "bed")
ITEMS: dict[str, ItemKind] = {
    "cup": ItemKind("cup/glass/bottle", "cup", False, _FLAT, 1.5),
    "bottle": ItemKind("cup/glass/bottle", "bottle", False, _FLAT, 0.6),
    "book": ItemKind("book", "book", True, (*_FLAT, *_SOFT), 1.3),
    "phone": ItemKind("phone/camera", "phone", False, (*_FLAT, *_SOFT), 3.0),
    "pillow": ItemKind("pillow", "pillow", True, _SOFT, 1.3),
    "box": ItemKind("box", "box", True, ("table", "counter", "bed", "wall")),
    "bag": ItemKind("bag", "bag", False, ("table", "sofa/couch", "bed", "counter", "wall"), 1.8),
    "towel": ItemKind("towel", "towel", False, ("table", "counter", "bed"), 1.1),
    "dish": ItemKind("dish", "dish", True, _FLAT, 1.6),
    "food": ItemKind("food", "food", False, _FLAT, 1.4),
    "sandwich": ItemKind("sandwich", "sandwich", False, ("table", "counter", "shelf"), 1.1),
    "notebook": ItemKind("paper/notebook", "notebook", True, (*_FLAT, "bed"), 0.8),
    "blanket": ItemKind("blanket", "blanket", True, (*_SOFT, "table"), 3.0),
    "broom": ItemKind("broom", "broom", True, ("wall",), 1.3),
    "clothes": ItemKind("clothes", "jacket", True, ("sofa/couch", "bed", "table", "counter"), 3.0),
    "groceries": ItemKind("groceries", "groceries", True, ("table", "counter", "wall"), 0.6),
    "medicine": ItemKind("medicine", "medicine", False, _FLAT, 0.8),
    "shoe": ItemKind("shoe", "shoes", True, ("wall", "bed", "sofa/couch"), 0.8),
    "vacuum": ItemKind("vacuum", "vacuum cleaner", True, ("wall",), 0.7),
    "photo": ItemKind("picture", "framed picture", True, ("table", "shelf", "counter"), 0.6),
    "hand mirror": ItemKind("mirror", "hand mirror", False, _FLAT, 0.6),
    "closed laptop": ItemKind("laptop", "laptop", True, ("table", "counter", "bed", "sofa/couch"), 0.7),
}


def find_class(subject: str) -> str:
    """The object class of a step's subject: an item's class, or the subject itself."""
    return ITEMS[subject].name if subject in ITEMS else subject


SAME = "{}"
"""Stands for the step's own subject in `Skill.brings`."""


@dataclass(frozen=True)
class Skill:
    """One kind of step.

    words       for the script; {0} is the subject's noun
    liking      how often it is chosen; 0 = only when asked for
    subjects    items or placed object classes it is done with; () = none
    posture     'standing', 'sitting', 'at table', 'lying', 'settled' (sitting or lying), 'up' (not lying), or 'any'
    hands       'empty', 'held' (the subject is held), 'any', or the key of the item that must be held
    brings      (template, subject, support) of the labels it can bring, its main label first; none for decoys
    needs       further conditions by name, checked in `planning.Situation.meets`
    """

    kind: str
    words: str
    liking: float
    subjects: tuple[str, ...] = ()
    posture: str = "any"
    hands: str = "any"
    brings: tuple[tuple[str, str, str], ...] = ()
    needs: tuple[str, ...] = ()


_ALL = tuple(ITEMS)
_HINGED = ("door", "closet/cabinet", "refrigerator", "window", "laptop")
_THROWN = ("clothes", "bag", "book", "towel", "box", "shoe", "food", "blanket", "pillow", "broom")
_SKILLS = (
    # Hands: to and from a position
    Skill("take", "takes the {0}", 6.0, _ALL, "up", "empty", (("take", SAME, ""), ("hold", SAME, "")), ("lies",)),
    Skill("pick up", "picks the {0} up from the floor", 2.0, _ALL, "standing", "empty",
          (("tidy", "floor", ""), ("take", SAME, ""), ("hold", SAME, "")), ("lies on the floor",)),
    Skill("put", "puts the {0} down", 3.0, _ALL, "up", "held",
          (("put", SAME, ""), ("put", SAME, "table"), ("put", SAME, "shelf"))),
    Skill("throw", "throws the {0}", 1.5, _THROWN, "standing", "held", (("throw", SAME, ""), ("throw", SAME, "floor"))),
    Skill("hold", "holds the {0} for a while", 0.3, _ALL, "any", "held", (("hold", SAME, ""),)),
    Skill("decoy", "reaches for the {0} but leaves it", 0.4, _ALL, "up", "empty", needs=("lies",)),
    # Hands: what an item is for
    Skill("drink", "drinks from the {0}", 8.0, ("cup", "bottle"), "any", "held", (("consume", SAME, ""),)),
    Skill("lift", "lifts the {0} to the mouth and thinks again", 1.6, ("cup", "food", "sandwich"), "any", "held"),
    Skill("eat", "eats the {0}", 8.0, ("food", "sandwich"), "any", "held", (("consume", SAME, ""),)),
    Skill("medicate", "takes some {0}", 6.0, ("medicine",), "up", "held", (("consume", SAME, ""),)),
    Skill("read", "reads the {0}", 6.0, ("book",), "up", "held",
          (("watch", SAME, ""), ("open", SAME, ""), ("close", SAME, ""))),
    Skill("play", "plays with the {0}", 7.0, ("phone",), "any", "held", (("work", SAME, ""),)),
    Skill("talk", "talks on the {0}", 3.0, ("phone",), "any", "held", (("talk", SAME, ""),)),
    Skill("photo", "takes a picture with the {0}", 3.0, ("phone",), "up", "held", (("photo", SAME, ""),)),
    Skill("snuggle", "hugs the {0}", 6.0, ("pillow", "blanket"), "up", "held", (("snuggle", SAME, ""),)),
    Skill("cover", "snuggles under the {0}", 12.0, ("blanket",), "settled", "held", (("snuggle", SAME, ""),)),
    Skill("write", "writes in the {0}", 6.0, ("notebook",), "at table", "held",
          (("work", SAME, ""), ("work", SAME, "table"), ("put", SAME, "table"))),
    # Hands: housework
    Skill("wipe", "wipes the table with the {0}", 4.0, ("towel",), "standing", "held",
          (("wash", "*", "towel"), ("wash", "table", "")), ("table",)),
    Skill("clean", "washes the {0}", 2.5, ("window", "mirror"), "standing", "towel",
          (("wash", SAME, ""), ("wash", "*", "towel"))),
    Skill("rinse", "washes the {0}", 4.0, ("cup", "dish", "clothes"), "standing", "held", (("wash", SAME, ""),),
          ("sink",)),
    Skill("wash hands", "washes the hands", 1.2, (), "standing", "empty", (("wash", "hands", ""),), ("sink",)),
    Skill("fold", "folds the {0}", 3.0, ("clothes", "towel", "blanket"), "standing", "held", (("tidy", SAME, ""),)),
    Skill("straighten", "tidies the {0}", 1.2, ("table", "shelf", "closet/cabinet"), "standing", "empty",
          (("tidy", SAME, ""),)),
    Skill("sweep", "sweeps with the {0}", 12.0, ("broom",), "standing", "held",
          (("tidy", SAME, ""), ("tidy", "floor", ""))),
    Skill("vacuum", "vacuums the floor with the {0}", 8.0, ("vacuum",), "standing", "held", (("tidy", "floor", ""),)),
    Skill("pour", "pours something from the {0}", 6.0, ("bottle",), "up", "held", (("prepare", SAME, ""),)),
    Skill("cook", "cooks at the stove", 2.0, (), "standing", "empty", (("prepare", "food", ""),), ("stove",)),
    Skill("make sandwich", "makes a {0}", 1.0, ("sandwich",), "up", "empty", (("prepare", SAME, ""),), ("lies",)),
    Skill("open lid", "opens the {0}", 1.2, ("box", "bag"), "up", "empty", (("open", SAME, ""),),
          ("lies", "is closed")),
    Skill("close lid", "closes the {0}", 1.6, ("box", "bag"), "up", "empty", (("close", SAME, ""),),
          ("lies", "is open")),
    Skill("take out", "takes something out of the {0}", 2.5, ("box",), "up", "empty", (("take", "*", "box"),),
          ("lies", "is open")),
    Skill("fix", "fixes the {0}", 0.7, ("doorknob", "door", "light", "vacuum"), "standing", "empty",
          (("fix", SAME, ""),), ("not the held one",)),
    Skill("fix hair", "fixes the hair", 0.5, (), "up", "empty", (("fix", "hair", ""),)),
    # Clothes
    Skill("dress", "puts the {0} on", 12.0, ("clothes",), "standing", "held", (("wear", SAME, "on"),)),
    Skill("undress", "takes the {0} off", 5.0, ("clothes",), "standing", "empty",
          (("wear", SAME, "off"), ("hold", SAME, "")), ("worn",)),
    Skill("put on", "puts the {0} on", 6.0, ("shoe",), "sitting", "held", (("wear", SAME, "on"),)),
    Skill("take off", "takes the {0} off", 2.5, ("shoe",), "sitting", "empty",
          (("wear", SAME, "off"), ("hold", SAME, "")), ("worn",)),
    Skill("shoulder", "takes the {0} on the back", 0.5, ("bag",), "standing", "held"),
    # The body
    Skill("sit", "sits down on the {0}", 1.0, ("chair", "sofa/couch", "bed", "floor", "table"), "standing", "any",
          (("change seat", "sit down", ""), ("sit", SAME, ""), ("sit", SAME, "table"))),
    Skill("rise", "stands up", 1.0, (), "sitting", "any", (("change seat", "rise", ""),)),
    Skill("lie", "lies down on the {0}", 6.0, ("sofa/couch", "bed", "floor"), "sitting", "empty",
          (("lie", SAME, ""),), ("same seat",)),
    Skill("awaken", "awakens", 4.0, ("sofa/couch", "bed", "floor"), "lying", "any",
          (("awaken", SAME, ""),), ("same seat",)),
    Skill("stand on", "steps onto the {0}", 0.6, ("chair",), "standing", "empty", (("stand on", SAME, ""),)),
    Skill("open", "opens the {0}", 1.8, _HINGED, "standing", "empty", (("open", SAME, ""), ("grasp", "doorknob", SAME)),
          ("is closed",)),
    Skill("close", "closes the {0}", 2.4, _HINGED, "standing", "empty",
          (("close", SAME, ""), ("grasp", "doorknob", SAME)), ("is open",)),
    Skill("type", "works on the {0}", 2.5, ("laptop",), "at table", "empty",
          (("work", SAME, ""), ("work", SAME, "table")), ("is open",)),
    Skill("watch laptop", "watches something on the {0}", 1.5, ("laptop",), "at table", "any", (("watch", SAME, ""),),
          ("is open",)),
    Skill("look", "looks at the {0}", 1.2, ("television", "window", "picture", "mirror"), "up", "any",
          (("watch", SAME, ""),)),
    Skill("walk through", "walks through the {0}", 1.2, ("doorway",), "standing", "any",
          (("walk or run", SAME, ""),)),
    Skill("run", "runs across the room", 0.16, (), "standing", "any", (("walk or run", "run", ""),)),
    Skill("pass", "walks about", 0.15, (), "standing", "any"),
    Skill("switch on", "turns on the {0}", 0.9, ("light",), "standing", "empty", (("light", SAME, "on"),), ("dark",)),
    Skill("switch off", "turns off the {0}", 0.45, ("light",), "standing", "empty", (("light", SAME, "off"),),
          ("lit",)),
    Skill("laugh", "laughs", 0.4, ("", "television", "picture"), "up", "any", (("face", "laugh", SAME),)),
    Skill("sneeze", "sneezes", 0.4, (), "up", "empty", (("face", "sneeze", ""),)),
)  # fmt: skip
SEAT_OFTEN = {"chair": 0.9, "sofa/couch": 1.8, "bed": 2.2, "floor": 0.35, "table": 0.12}
"""How much more or less often than others a kind of seat is sat on."""
SKILLS: dict[str, Skill] = {skill.kind: skill for skill in _SKILLS}


@dataclass(frozen=True)
class Step:
    """kind: a key of SKILLS; subject: an item's key, a placed object's class, a seat's kind, or ''; onto: for 'put'."""

    kind: str
    subject: str = ""
    onto: str = ""

    @property
    def skill(self) -> Skill:
        """The row of the table."""
        return SKILLS[self.kind]

    @property
    def posture(self) -> str:
        """How the body must be: a laptop is opened and closed by who sits before it."""
        return "at table" if self.subject == "laptop" else self.skill.posture

    def actions(self, every: bool = False) -> tuple[int, ...]:
        """Indices of the actions of its main label, or of all labels that it can bring."""
        found: list[int] = []
        for template, subject, support in self.skill.brings if every else self.skill.brings[:1]:
            named = find_class(self.subject) if subject == SAME else subject
            found += find_actions(template, named, find_class(self.subject) if support == SAME else support)
        return tuple(dict.fromkeys(found))


def write_sentence(steps: Iterable[Step], nouns: dict[str, str]) -> str:
    """A Charades-like script: 'A person takes the cup, then drinks from the cup.'"""
    words = [step.skill.words.format(nouns.get(step.subject, step.subject)) for step in steps]
    return "A person " + (", then ".join(words) if words else "walks about") + "."
