"""Clothes: jacket and shoes on and off, a bag onto the back, a blanket over the body.

A worn thing leaves the hands at one moment, hidden behind or under the body; from then on its worn form is drawn.
Each step returns False, and writes nothing, if it cannot be done.
"""

from typing import ClassVar

from ag_core.world.blocking import Doing
from ag_core.world.handiwork import Handiwork
from ag_core.world.handling import CARRY, LEVEL, Hold
from ag_core.world.mesh import turn_x
from ag_core.world.resting import Resting
from ag_core.world.strokes import Reach, Stroke

LIFTED = Hold((0.10, 0.34, 0.10), turn_x(1.2), (0.17, -0.08, 0.02))
BEHIND = Hold((0.02, -0.15, 0.12), turn_x(1.57), (0.20, 0.06, 0.02))
"""How a jacket is swung: up before the chest, then behind the shoulders."""
COLLAR = Reach("chest", (0.10, 0.19, 0.02), (-0.5, 0.4, 0.9))
SLEEVE = Reach("chest", (0.50, 0.16, 0.02), (0.9, 0.4, 0.0))
FRONT = Reach("chest", (0.08, 0.20, -0.10), (-0.7, 0.3, -0.2), Stroke((0.0, 0.0, 0.06), (0.02, 0.0, 0.0), 0.7))
ON_BODY = Hold((0.0, 0.0, -0.1), LEVEL, (0.17, 0.1, 0.0))
SPREAD = Hold((0.0, 0.42, 0.02), turn_x(0.8), (0.20, -0.10, 0.03))
OVER_LAP = Hold((0.0, 0.36, -0.14), turn_x(0.2), (0.18, -0.08, 0.05))
HEM = Reach("chest", (0.13, 0.23, -0.18), (-0.35, 0.6, -0.3), Stroke((0.0, 0.03, 0.02), (0.0, 0.0, 0.03), 1.2))
ONTO_BACK = Hold((0.12, -0.05, 0.02), LEVEL, (0.10, 0.10, 0.12))
SHOULDER_STRAPS = Reach("chest", (0.13, 0.17, 0.02), (-0.3, 0.2, 0.9), Stroke((0.0, 0.0, 0.03), period=0.6))


class Dressing(Handiwork, Resting):
    """Steps that put things on the body and take them off."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "dress": lambda self, step: self.dress(step.subject),
        "undress": lambda self, step: self.undress(step.subject),
        "cover": lambda self, step: self.cover(step.subject),
        "shoulder": lambda self, step: self.shoulder(step.subject),
    }

    def sit(self, kind: str) -> bool:
        """Sit down, but not with a bag on the back."""
        return not self.worn_as("have_it_on_the_back") and super().sit(kind)

    def rise(self) -> bool:
        """Stand up, a blanket taken off first."""
        return self.recline is None and self.uncover() and super().rise()

    def lie(self, kind: str) -> bool:
        """Lie down, but not with a blanket over the legs."""
        return not self.worn_as("covered_by") and super().lie(kind)

    def worn_as(self, kind: str) -> list[str]:
        """What is worn now in a way: 'wearing', 'covered_by' or 'have_it_on_the_back'."""
        return [name for name, what, _, end in self.stage.worn if what == kind and end > self.time]

    def wear(self, name: str, kind: str, at: float) -> None:
        """From `at` on a thing is worn: 'wearing', 'covered_by' or 'have_it_on_the_back'."""
        self.let_go(name, at)
        self.stage.worn.append((name, kind, at, at + 9999))
        self.stage.paths[name].add(at + 0.02, at + 0.06, ("hold", ON_BODY, None))

    def unwear(self, name: str, at: float, hold: Hold) -> None:
        """From `at` on a worn thing is in both hands, held so."""
        self.stage.worn = [
            (worn, kind, start, min(end, at) if worn == name else end) for worn, kind, start, end in self.stage.worn
        ]
        self.stage.paths[name].add(at - 0.06, at - 0.02, ("hold", hold, None))
        self.held, self.hand, self.held_since = name, None, at

    def both(self, goal: tuple, start: float, end: float) -> None:
        """Send both hands to one goal."""
        for i in (0, 1):
            self.stage.hands[i].add(start, end, goal)

    def dress(self, name: str) -> bool:
        """Swing the jacket behind the shoulders, an arm into each sleeve, tug it straight."""
        if self.seat is not None:
            return False
        self.turn_to_viewer()
        start, path = self.time, self.stage.paths[name]
        self.look(("item", name), start, 0.25)
        path.add(start, start + 0.4, ("hold", LIFTED, None))
        path.add(start + 0.4, start + 0.8, ("hold", BEHIND, None))
        on = start + 0.78
        self.wear(name, "wearing", on)
        self.look(("ahead", 0.2), on)
        first = int(self.chance.happens(0.5))
        for k, i in enumerate((first, 1 - first)):
            out = on + 0.05 + 0.35 * k
            self.stage.hands[i].add(out, out + 0.35, ("reach", SLEEVE))
            self.stage.hands[i].add(out + 0.4, out + 0.8, ("reach", FRONT))
        end = on + 0.85 + self.between(0.5, 0.9)
        self.label("wear", name, start + 0.1, end, support="on")
        self.relax((0, 1), end)
        self.time = end + 0.3
        return True

    def undress(self, name: str) -> bool:
        """Both hands to the collar, the jacket slips off behind, and comes round in the hands."""
        if self.seat is not None or name not in self.worn_as("wearing"):
            return False
        self.turn_to_viewer()
        start = self.time
        self.look(("ahead", 0.3), start, 0.25)
        self.both(("reach", COLLAR), start, start + 0.45)
        first = int(self.chance.happens(0.5))
        for k, i in enumerate((first, 1 - first)):
            out = start + 0.6 + 0.3 * k
            self.stage.hands[i].add(out, out + 0.35, ("reach", SLEEVE))
        off = start + 1.6
        self.both(("item", name), off - 0.35, off)
        self.unwear(name, off, BEHIND)
        path = self.stage.paths[name]
        path.add(off + 0.02, off + 0.42, ("hold", LIFTED, None))
        path.add(off + 0.42, off + 0.85, ("hold", CARRY[name], None))
        self.look(("item", name), off + 0.1)
        self.time = off + 0.85
        self.label("wear", name, start + 0.1, self.time, support="off")
        return True

    def cover(self, name: str) -> bool:
        """Who sits or lies spreads the blanket over the body and holds its edge."""
        if self.seat is None:
            return False
        start, path = self.time, self.stage.paths[name]
        self.look(("item", name), start, 0.25)
        path.add(start, start + 0.45, ("hold", SPREAD, None))
        path.add(start + 0.45, start + 0.85, ("hold", OVER_LAP, None))
        on = start + 0.82
        self.wear(name, "covered_by", on)
        self.both(("reach", HEM), on, on + 0.45)
        end = on + 0.4 + self.between(1.4, 2.4)
        self.look(("ahead", 0.5), on + 0.3)
        self.label("snuggle", name, start + 0.3, end, name)
        self.relax((0, 1), end)
        self.time = end + 0.2
        return True

    def uncover(self) -> bool:
        """Take the blanket off the body into both hands, where they are free; True also where none is on it."""
        covers = self.worn_as("covered_by")
        if not covers:
            return True
        if self.held is not None:
            return False
        name, start = covers[0], self.time
        self.look(("item", name), start, 0.25)
        self.both(("item", name), start, start + 0.4)
        off = start + 0.42
        self.unwear(name, off, OVER_LAP)
        self.stage.paths[name].add(off + 0.02, off + 0.5, ("hold", CARRY[name], None))
        self.time = off + 0.5
        return True

    def shoulder(self, name: str) -> bool:
        """Swing the bag up onto the back, and pull the straps."""
        if self.seat is not None:
            return False
        start, path = self.time, self.stage.paths[name]
        path.add(start, start + 0.6, ("hold", ONTO_BACK, self.hand))
        on = start + 0.6
        self.wear(name, "have_it_on_the_back", on)
        self.both(("reach", SHOULDER_STRAPS), on, on + 0.4)
        end = on + 0.4 + self.between(0.5, 0.8)
        self.relax((0, 1), end)
        self.look(("ahead", 0.3), start + 0.3)
        self.time = end + 0.3
        return True
