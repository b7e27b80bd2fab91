"""Small repeated motions of hands and items: wiping, sweeping, stirring, rubbing, tugging.

A stroke is an ellipse that is run through again and again, added to where a hand or an item would be at rest. Knows
joints and frames; nothing of rooms or labels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES, Joints
from ag_core.world.render.mesh import unit

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Stroke:
    """An offset that goes round: first * cos + second * sin. first, second: metres; period: seconds of one round.

    since: when it begins, in seconds; apart: how far the left hand is behind the right one, as a share of a round.
    """

    first: Triple = (0, 0, 0)
    second: Triple = (0, 0, 0)
    period: float = 1.0
    since: float = 0.0
    apart: float = 0.0

    def offset(self, time: float, side: int = 1) -> NDArray[np.float64]:
        """Offset [3] at a time; side -1 for the left hand."""
        angle = 2 * np.pi * ((time - self.since) / self.period - (self.apart if side < 0 else 0.0))
        offset: NDArray[np.float64] = np.array(self.first) * np.cos(angle) + np.array(self.second) * np.sin(angle)
        return offset


FEET = ("left foot", "right foot")
STILL = Stroke()


@dataclass(frozen=True)
class Reach:
    """Where the hands go, seen from an anchor in the body's frame; the right hand, mirrored for the left.

    anchor   'chest', 'head', 'mouth', 'left foot' or 'right foot'; or a point [3] of the room with `yaw` as its frame
    offset   [3] of the wrist, metres right, forward and up; fingers: where they point, in the same frame
    """

    anchor: str | NDArray[np.float64]
    offset: Triple
    fingers: Triple
    stroke: Stroke = STILL


def place_hand(
    reach: Reach, i: int, time: float, joints: Joints, frame: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wrist [3] and finger direction [3] of hand i; frame [3,3] of the body, or of where it works in the room."""
    side = SIDES[i]
    mirror = np.array([side, 1, 1])
    anchor = find_anchor(reach.anchor, joints) if isinstance(reach.anchor, str) else reach.anchor
    offset = (np.array(reach.offset) + reach.stroke.offset(time, side)) * mirror
    return anchor + frame @ offset, frame @ (np.array(reach.fingers) * mirror)


def find_anchor(name: str, joints: Joints) -> NDArray[np.float64]:
    """A point [3] of the body."""
    if name == "head":
        return joints.head
    if name == "mouth":
        return joints.mouth
    if name in FEET:
        foot: NDArray[np.float64] = joints.ankles[FEET.index(name)] + 0.08 * joints.toes[FEET.index(name)]
        return foot
    return joints.chest


def place_pole(
    foot: NDArray[np.float64], top: NDArray[np.float64], low: float, right: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle [3] and turn [3,3] of a long item along its own z whose lower end stands at `foot` and leans to `top`.

    low: height of its lower end in its own frame, negative; right: which way its own x points, about.
    """
    along = unit(top - foot)
    across = unit(right - along * (right @ along))
    return foot - low * along, np.stack([across, np.cross(along, across), along], 1)
