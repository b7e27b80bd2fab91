"""What lasts for a while in a performance, and the scene of one moment of it."""

from dataclasses import dataclass, field

from ag_core.world.body.human import Joints
from ag_core.world.body.posture import BodyBase
from ag_core.world.motion.holding import Grip


@dataclass(frozen=True)
class Attachment:
    """An item is in the hands (left, right) from start to end."""

    item: str
    hands: tuple[bool, bool]
    start: float
    end: float


@dataclass(frozen=True)
class ContactPhase:
    """Something is in a relation of contact from start to end: what hands act out on it, or how it is worn.

    name: an item's key or a placed prop's class; relation: such as 'wiping', or 'wearing'.
    """

    name: str
    relation: str
    start: float
    end: float


@dataclass(frozen=True)
class SceneState:
    """Everything needed to draw and to label the scene at `time`. openness: hinge share of each placed prop."""

    time: float
    joints: Joints
    base: BodyBase
    items: dict[str, Grip]
    openness: dict[int, float]
    book_opening: float
    held: dict[str, tuple[bool, bool]]
    motions: dict[str, str]
    hand_gap: float
    worn: dict[str, str] = field(default_factory=dict)
    lids: dict[str, float] = field(default_factory=dict)
    lamp: float = 1.0
    mouth: float = 0.0
    eyes: float = 1.0
