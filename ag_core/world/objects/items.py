"""Items: objects that a hand can take, with what taking and laying them down needs to know of their shape.

Knows shapes; nothing of rooms, people or labels' meaning.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ag_core.world.objects.props import Prop, find_footprint
from ag_core.world.render.mesh import turn_y


@dataclass(frozen=True)
class Item:
    """An object that can be taken.

    prop        its shape; None for a book, which is built anew for each opening
    lift        height in metres of its origin above what it lies on; radius in metres round it, seen from above
    rest_turn   [3,3] before its yaw
    covers      materials of a book; book_size: its width and height in metres
    variant     its shape family
    """

    prop: Prop | None
    lift: float
    radius: float
    rest_turn: NDArray[np.float64]
    covers: tuple[int, int] = (0, 0)
    book_size: tuple[float, float] = (0.18, 0.25)
    variant: str = ""

    @cached_property
    def corners(self) -> NDArray[np.float64]:
        """Corners [8,3] of the box round it, a book's when shut."""
        width, height = self.book_size
        low, high = np.array([-0.03, -height / 2, 0]), np.array([0.03, height / 2, width])
        if self.prop is not None:
            low, high = find_footprint(self.prop)
        return np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


def turn_flat(name: str) -> NDArray[np.float64]:
    """How an item lies at yaw 0 [3,3]."""
    return turn_y(np.pi / 2) if name == "book" else np.eye(3)


def find_floor_height(prop: Prop | None, turn: NDArray[np.float64]) -> float:
    """Height of a turned item's origin at which its first piece, the working end, touches the floor."""
    assert prop is not None
    low, high = prop.pieces[0].vertices.min(0), prop.pieces[0].vertices.max(0)
    corners = np.array([(x, y, low[2]) for x in (low[0], high[0]) for y in (low[1], high[1])])
    return float(0.002 - (corners @ turn.T)[:, 2].min())


def find_rim(prop: Prop | None) -> NDArray[np.float64]:
    """The drinker's side of a vessel's upper edge [3], in the vessel's own frame."""
    assert prop is not None
    vertices = prop.pieces[0].vertices
    top = float(vertices[:, 2].max())
    upper = vertices[vertices[:, 2] > top - 0.02]
    return np.array([0.0, 0.006 - float(np.hypot(upper[:, 0], upper[:, 1]).max()), top - 0.008])
