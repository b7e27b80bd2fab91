"""What every object is made of: pieces round an origin, and the part that turns on a hinge.

Knows shapes; nothing of rooms, people or labels' meaning.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.render.mesh import Mesh, turn_x, turn_z


@dataclass(frozen=True)
class Hinge:
    """A part that turns.

    origin [3]; axis 'x' or 'z'; angle in radians when fully open; handle [3] on the closed part.
    """

    pieces: list[Mesh]
    origin: NDArray[np.float64]
    axis: str
    angle: float
    handle: NDArray[np.float64]
    starts_open: float = 0.0

    def rotation(self, openness: float) -> NDArray[np.float64]:
        """Rotation [3,3] at `openness` 0 to 1."""
        return (turn_x if self.axis == "x" else turn_z)(self.angle * openness)


@dataclass(frozen=True)
class Prop:
    """A labelled object. name: its class; pieces: meshes, each with its own collision box; hinge: what turns."""

    name: str
    pieces: list[Mesh]
    hinge: Hinge | None = None


def find_bounds(pieces: list[Mesh]) -> NDArray[np.float64]:
    """Collision boxes [K,2,3] of pieces: lowest and highest corner of each."""
    return np.array([(p.vertices.min(0), p.vertices.max(0)) for p in pieces], float)


def find_footprint(prop: Prop) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest corner [3] of a whole prop in its own frame."""
    corners = find_bounds(prop.pieces + (prop.hinge.pieces if prop.hinge else []))
    return corners[:, 0].min(0), corners[:, 1].max(0)


def move_pieces(pieces: list[Mesh], offset: ArrayLike, turned: float = 0) -> list[Mesh]:
    return [p.moved(turn_z(turned), offset) for p in pieces]
