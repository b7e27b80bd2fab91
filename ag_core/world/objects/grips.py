"""How items are held: where an item is relative to the body, how it is turned, and where the wrists go.

Offsets are metres right, forward and up of the person; for one-handed holds the first number counts towards the hand.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.render.mesh import turn_x, turn_y, unit


@dataclass(frozen=True)
class Hold:
    """How an item is held.

    offset [3] of the item's origin from the chest; turn [3,3]; wrist [3] from that origin, mirrored for the left
    hand unless `left` says where that one is. on_floor: the height follows from the working end, which is on the floor.
    """

    offset: tuple[float, float, float]
    turn: NDArray[np.float64]
    wrist: tuple[float, float, float]
    left: tuple[float, float, float] | None = None
    on_floor: bool = False

    @property
    def wrists(self) -> NDArray[np.float64]:
        """Offsets of the left and the right wrist [2,3]."""
        x, y, z = self.wrist
        return np.array([self.left or (-x, y, z), self.wrist], float)


LEVEL = np.eye(3)
READING = turn_x(0.95)
CARRY: dict[str, Hold] = {
    "cup": Hold((0.16, 0.31, -0.10), LEVEL, (0.06, -0.125, 0.0)),
    "bottle": Hold((0.16, 0.31, -0.10), LEVEL, (0.06, -0.115, -0.03)),
    "book": Hold((0, 0.33, -0.15), turn_x(0.6) @ turn_y(np.pi / 2), (0.15, -0.07, -0.03)),
    "phone": Hold((0.12, 0.32, -0.12), turn_x(0.7), (0.03, -0.11, -0.05)),
    "pillow": Hold((0, 0.33, -0.14), turn_x(1.15), (0.25, -0.07, -0.02)),
    "blanket": Hold((0, 0.38, -0.17), turn_x(0.35), (0.20, -0.14, -0.06)),
    "box": Hold((0, 0.42, -0.20), LEVEL, (0.20, -0.10, -0.04)),
    "bag": Hold((0.27, 0.06, -0.72), LEVEL, (0.0, -0.02, 0.31)),
    "towel": Hold((0.16, 0.32, -0.14), turn_x(0.3), (0.03, -0.14, 0.0)),
    "dish": Hold((0, 0.36, -0.14), LEVEL, (0.20, -0.08, -0.01)),
    "food": Hold((0.15, 0.33, -0.08), LEVEL, (0.05, -0.12, 0.0)),
    "sandwich": Hold((0.13, 0.33, -0.08), turn_x(0.2), (0.06, -0.13, 0.0)),
    "notebook": Hold((0, 0.34, -0.08), turn_x(0.8), (0.17, -0.09, -0.05)),
    "clothes": Hold((0, 0.35, -0.16), turn_x(0.45), (0.17, -0.12, -0.05)),
    "groceries": Hold((0, 0.38, -0.18), LEVEL, (0.17, -0.12, -0.05)),
    "medicine": Hold((0.15, 0.32, -0.09), turn_x(0.15), (0.05, -0.115, -0.01)),
    "shoe": Hold((0, 0.36, -0.17), LEVEL, (0.18, -0.08, 0.0)),
    "photo": Hold((0, 0.37, -0.08), turn_x(-0.15), (0.15, -0.08, -0.05)),
    "hand mirror": Hold((0.12, 0.34, -0.03), turn_x(-0.1), (0.04, -0.09, -0.11)),
    "closed laptop": Hold((0, 0.36, -0.16), turn_x(0.5), (0.20, -0.10, -0.05)),
    "broom": Hold((0.06, 0.26, 0), turn_x(0.16), (0.055, -0.105, 0.14), (-0.055, -0.105, -0.10), True),
    "vacuum": Hold((0.06, 0.24, 0), turn_x(0.24), (0.06, -0.105, 0.05), (-0.055, -0.105, -0.06), True),
}
LAP: dict[str, Hold] = {"bag": Hold((0.06, 0.30, -0.10), LEVEL, (0.15, -0.11, 0.08))}
"""How items are held by who sits, where that is not as in CARRY."""
LAP_HEIGHT = -0.245  # metres of whatever is held by who sits, seen from the chest: over thighs and tables
LONG = ("broom", "vacuum")
"""Items on a stick, held across it."""
READ = Hold((0, 0.37, -0.03), READING, (0.17, -0.09, -0.06))
PLAY = Hold((0.04, 0.31, 0.02), turn_x(1.0), (0.04, -0.09, -0.08))
SNUGGLE = Hold((0, 0.22, -0.04), turn_x(1.45), (0.17, 0.09, -0.02))
DRINK_WRIST, EAT_WRIST, TALK_WRIST = (0.125, 0.03, -0.035), (0.08, 0.05, -0.10), (0.075, 0.06, -0.09)
DRINK_TURN = turn_x(0.95)
BITE = 0.068  # metres from the mouth to the middle of what is eaten
TYPE_WRIST, WRITE_WRIST, PAPER_WRIST = (0.09, -0.20, 0.055), (0.07, -0.10, 0.085), (0.12, -0.12, 0.065)


def turn_to_ear(side: int) -> NDArray[np.float64]:
    """Rotation [3,3] in the head's frame: screen towards the ear, top up and slightly back."""
    z, y = np.array([-side, 0.0, 0.0]), unit((0, -0.35, 0.94))
    return np.stack([np.cross(y, z), y, z], 1)
