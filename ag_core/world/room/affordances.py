"""What a furnished room consists of: placed props, and where a person can sit, lie, work and walk.

Origin at the back left corner of the floor, x along the back wall, y towards the camera, z up; metres.
Knows nothing of how a room is furnished, nor of people.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ag_core.world.objects.props import Prop
from ag_core.world.render.mesh import Part, turn_z
from ag_core.world.render.textures import Palette


@dataclass(frozen=True)
class PlacedProp:
    """A prop in the room. position [3]; yaw turns its front from +y; rides: index of the door it is fixed to."""

    prop: Prop
    position: NDArray[np.float64]
    yaw: float
    rides: int | None = None

    def find_hinge_axis(self) -> NDArray[np.float64]:
        """Where the hinge stands [3]; only for props that have one."""
        assert self.prop.hinge is not None
        return self.position + turn_z(self.yaw) @ self.prop.hinge.origin

    def find_handle(self, openness: float) -> NDArray[np.float64]:
        """Where the handle is [3] with the hinge so far open, 0 to 1; only for props that have one."""
        hinge = self.prop.hinge
        assert hinge is not None
        return self.position + turn_z(self.yaw) @ (hinge.origin + hinge.rotation(openness) @ hinge.handle)


@dataclass(frozen=True)
class Seat:
    """Where one can sit. owner: index of the placed prop; point [3] on the seat; yaw of the sitter (0 looks along +y).

    kind: chair, sofa/couch, bed, floor, or table, whose free edge is meant. Every chair stands at a table.
    """

    owner: int
    kind: str
    point: NDArray[np.float64]
    yaw: float


@dataclass(frozen=True)
class Surface:
    """A rectangle [2] to [2] at a height where items can lie. owner: index of the placed prop or -1.

    kind: table, counter, shelf, bed, sofa/couch, floor, or wall, a strip of floor along one.
    """

    owner: int
    kind: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    height: float


@dataclass(frozen=True)
class LyingSpot:
    """Where one can lie on the back. owner: index of the placed prop; kind: sofa/couch, bed or floor.

    point [3]: what the pelvis lies on; yaw: direction from the feet to the head, as that of a person who looks there;
    height of the support in metres.
    """

    owner: int
    kind: str
    point: NDArray[np.float64]
    yaw: float
    height: float


@dataclass(frozen=True)
class WorkSpot:
    """Where hands work. owner: index of the placed prop or -1; point [3]; stand [2] on the floor and the yaw there."""

    owner: int
    point: NDArray[np.float64]
    stand: NDArray[np.float64]
    yaw: float


@dataclass(frozen=True)
class Passage:
    """An open way through a wall. owner: index of the doorway; inside [2] in the room, outside [2] behind the wall."""

    owner: int
    inside: NDArray[np.float64]
    outside: NDArray[np.float64]


@dataclass
class Room:
    """One furnished room. footprints: rectangles (low [2], high [2]) that nobody walks through.

    extra_floor: rectangles (low [2], high [2]) of floor behind the back wall, entered through a doorway.
    switch: where the light is switched; its owner is the light.
    """

    scene: str
    kind: str
    size: tuple[float, float]
    palette: Palette
    placed: list[PlacedProp] = field(default_factory=list)
    decor: list[Part] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    footprints: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)
    lamp_at: NDArray[np.float64] | None = None
    window_at: NDArray[np.float64] | None = None
    beds: list[LyingSpot] = field(default_factory=list)
    sink: WorkSpot | None = None
    stove: WorkSpot | None = None
    switch: WorkSpot | None = None
    doorway: Passage | None = None
    extra_floor: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = field(default_factory=list)

    def find_index(self, name: str) -> int | None:
        """Index of the first placed prop of a class, None where there is none."""
        return next((i for i, p in enumerate(self.placed) if p.prop.name == name), None)
