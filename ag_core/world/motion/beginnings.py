"""How a film begins: standing, on a seat, asleep, or behind the doorway; in a jacket or not."""

import numpy as np

from ag_core.world.body.posture import Segment
from ag_core.world.motion.actor import Actor
from ag_core.world.motion.dressing import ON_BODY
from ag_core.world.motion.goals import BeHeld
from ag_core.world.motion.lying import add_recline_segment, find_recline
from ag_core.world.motion.phases import ContactPhase
from ag_core.world.motion.resting import find_dangling_ankles, find_feet_position, find_slot, fits_seat, is_seat_free
from ag_core.world.motion.tracks import Track
from ag_core.world.motion.walking import build_floor_grid, find_free_positions

BEGINS_DRESSED = 0.35  # how often a jacket is worn at the beginning rather than lying about


def begin(actor: Actor, before: float, asleep: bool = False) -> None:
    """A free position, a seat, a bed or the space behind the doorway, `before` seconds ahead of the film."""
    begins = -before
    positions = find_free_positions(actor, 60, 0.25)
    actor.position = positions[0] if positions else np.array([actor.room.size[0] / 2, actor.room.size[1] - 0.5, 0])
    actor.yaw = actor.stream.uniform(-1.6, 1.6)
    actor.add_segment(Segment("stand", begins, begins, actor.position, actor.yaw))
    where = actor.stream.uniform(0, 1)
    sleeps = 0.20 if "bed" in {bed.kind for bed in actor.room.beds} else 0.05
    if asleep or where < sleeps:
        asleep = begin_resting(actor, begins, True)
    if not asleep and 0.20 <= where < 0.30:
        begin_resting(actor, begins, False)
    elif not asleep and 0.30 <= where < 0.45 and before < 1.5:
        begin_outside(actor, begins)
    actor.time = begins
    if "clothes" in actor.lying and not asleep and actor.stream.bernoulli(BEGINS_DRESSED):
        begin_dressed(actor, "clothes", begins)


def begin_resting(actor: Actor, begins: float, asleep: bool) -> bool:
    """Start the film on a seat, or asleep on a bed, a sofa or the floor."""
    for seat in actor.stream.permutation(actor.room.seats):
        if not is_seat_free(actor, seat) or (
            seat.kind == "floor" and build_floor_grid(actor).measure_clearance(seat.point) < 0.25
        ):
            continue
        recline = find_recline(actor, seat) if asleep else None
        if asleep and (recline is None or seat.kind == "floor"):
            continue
        slot = find_slot(actor, seat)
        if (slot is None) == (seat.kind == "chair"):
            continue
        if not fits_seat(actor, seat):
            continue
        actor.slot = None if slot is None else (slot, seat.yaw)
        actor.position, actor.yaw, actor.seat = find_feet_position(actor, seat), seat.yaw, seat
        actor.performance.body.clear()
        if recline is not None:
            actor.recline, actor.lain_since = recline, begins
            actor.performance.eyes.first = 0.0
            add_recline_segment(actor, "lying", begins, begins, seat, recline)
        else:
            dangling = find_dangling_ankles(actor, seat)
            actor.add_segment(
                Segment("seated", begins, begins, actor.position, actor.yaw, 0, None, seat.point, seat.owner, dangling)
            )
        return True
    return False


def begin_outside(actor: Actor, begins: float) -> bool:
    """Start the film behind the doorway."""
    passage = actor.room.doorway
    if passage is None:
        return False
    inwards = passage.inside - passage.outside
    actor.position, actor.yaw = np.array([*passage.outside, 0.0]), float(np.arctan2(-inwards[0], inwards[1]))
    actor.performance.body.clear()
    actor.add_segment(Segment("stand", begins, begins, actor.position, actor.yaw))
    actor.outside = True
    return True


def begin_dressed(actor: Actor, name: str, at: float) -> None:
    """An item that lay about is worn from the beginning."""
    del actor.lying[name]
    actor.performance.worn.append(ContactPhase(name, "wearing", at, at + 9999))
    actor.performance.paths[name] = Track(BeHeld(ON_BODY, None))
