"""Laying items out: where each lies at the beginning, and where one can be put down later."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ag_core.world.action_table import find_actions
from ag_core.world.motion.actor import Actor, LyingItem
from ag_core.world.motion.goals import LieAt, LieInside
from ag_core.world.motion.reach import FROM_ABOVE
from ag_core.world.motion.script import ITEMS
from ag_core.world.motion.tracks import NumberTrack, Track
from ag_core.world.objects.items import turn_flat
from ag_core.world.render.mesh import turn_z

IN_A_BOX = ("food", "cup", "phone", "medicine", "sandwich", "towel")


class FreeSpot(NamedTuple):
    """Where an item finds room: position [3] of its origin, the kind of surface, and a yaw."""

    position: NDArray[np.float64]
    surface: str
    yaw: float


def lay_out_items(actor: Actor, names: list[str]) -> None:
    """Put each item somewhere it may lie, not on another; leaves out what finds no room."""
    for name in names:
        spot = find_free_spot(actor, name, ITEMS[name].lies_on)
        if spot is None:
            del actor.items[name]
            continue
        actor.lying[name] = LyingItem(spot.position, spot.surface)
        actor.performance.paths[name] = Track(LieAt(spot.position, turn_z(spot.yaw) @ turn_flat(name)))
    for name in ("box", "bag"):
        if name in actor.lying:
            actor.performance.lids[name] = NumberTrack(0.0)
    if "box" in actor.lying and actor.actions.intersection(find_actions("take", "", "box")):
        fill_box(actor)


def fill_box(actor: Actor) -> None:
    """Hide a small item in the box, mostly."""
    low, high = actor.items["box"].corners.min(0) + 0.015, actor.items["box"].corners.max(0) - 0.02
    for name in actor.stream.permutation([name for name in IN_A_BOX if name in actor.lying]):
        corners = actor.items[name].corners
        if (corners.max(0) - corners.min(0) < high - low).all() and actor.stream.bernoulli(0.8):
            at = np.array([0.0, 0.0, low[2] - corners[:, 2].min()])
            actor.performance.paths[name] = Track(LieInside("box", at, FROM_ABOVE))
            actor.contents[name] = "box"
            del actor.lying[name]
            return


def find_free_spot(actor: Actor, name: str, kinds: tuple[str, ...], tries: int = 30) -> FreeSpot | None:
    """A position [3] on one of the kinds of surface, clear of other items, and a yaw."""
    surfaces = [s for s in actor.room.surfaces if s.kind in kinds and s.owner != actor.kept_free]
    if not surfaces:
        return None
    item, c = actor.items[name], actor.stream
    for _ in range(tries):
        s = c.choice(surfaces)
        at = np.array([c.uniform(s.low[k], s.high[k]) for k in (0, 1)])
        chair = next((seat for seat in actor.room.seats if seat.kind == "chair"), None)
        if s.kind == "table" and chair is not None and c.bernoulli(0.6):  # within reach of who sits there
            at = (chair.point + turn_z(chair.yaw) @ (c.uniform(-0.42, 0.42), c.uniform(0.52, 0.68), 0))[:2]
            at = np.clip(at, s.low, s.high)
        laptop = actor.room.find_index("laptop")
        others = [(np.asarray(p)[:2], actor.items[n].radius) for n, (p, _) in actor.lying.items() if n != name]
        if laptop is not None:
            others.append((actor.room.placed[laptop].position[:2], 0.24))
        seats = [q.point for q in actor.reserved if abs(q.point[2] - s.height) < 0.12]
        if any(np.hypot(*(at - q[:2])) < 0.24 + item.radius for q in seats):
            continue
        if all(np.hypot(*(at - p)) > item.radius + r + 0.02 for p, r in others):
            centre = (s.low + s.high) / 2
            towards = actor.viewer[:2] - centre
            yaw = np.arctan2(-towards[0], towards[1]) + np.pi + c.uniform(-0.6, 0.6)
            return FreeSpot(np.array([*at, s.height + item.lift]), s.kind, float(yaw))
    return None
