"""Showing feelings: laughing and sneezing.

Each step returns False, and writes nothing, if it cannot be done.
"""

from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import CoverFace, HangDown, HoldBelly, LookAhead, LookAtPoint
from ag_core.world.motion.moving import come_to_face
from ag_core.world.render.mesh import turn_z


def find_free_hand(actor: Actor) -> int | None:
    """A hand that holds nothing, the one the camera sees better where both are free."""
    seen = int((actor.viewer - actor.position) @ turn_z(actor.yaw)[:, 0] > 0)
    free = [i for i in (seen, 1 - seen) if actor.held is None or i not in actor.holding_hands]
    return free[0] if free else None


def laugh(actor: Actor, about: str) -> bool:
    """Shaking shoulders, the head thrown back, a hand on the belly."""
    if actor.held is not None and actor.hand is None and about == "":
        return False
    shows: tuple[int, ...] = ()
    if about:
        found = come_to_face(actor, about)
        if found is None:
            return False
        shows = (found[0],)
        actor.look(LookAtPoint(found[1]), actor.time, 0.3)
        actor.time += 0.4
    stage, start, span = actor.performance, actor.time, actor.stream.uniform(1.7, 2.4)
    end, hand = start + span, find_free_hand(actor)
    stage.shake.add(start + 0.15, start + 0.4, 1.0)
    stage.shake.add(end - 0.45, end, 0.0)
    for track, first, then, rest in (
        (stage.nod, 0.12 if about else 0.34, -0.02 if about else -0.10, 0.0),
        (stage.lean, -0.10, 0.16, 0.03),
        (stage.mouth, 1.0, 0.8, 0.0),
        (stage.eyes, 0.45, 0.6, 1.0),
    ):
        track.add(start, start + 0.35, first)
        track.add(start + 0.5 * span, start + 0.5 * span + 0.3, then)
        track.add(end - 0.4, end, rest)
    if hand is not None:
        stage.hands[hand].add(start + 0.1, start + 0.55, HoldBelly())
        stage.hands[hand].add(end - 0.2, end + 0.3, HangDown())
    actor.add_label("face", "laugh", start, end, *shows, support=about)
    actor.time = end + 0.1
    if about:
        actor.look(LookAhead(0.5), actor.time)
    return True


def sneeze(actor: Actor) -> bool:
    """Wind up with the head back, jerk forward, a hand before the face."""
    stage, start, hand = actor.performance, actor.time, find_free_hand(actor)
    if hand is None:
        return False
    jerk = start + actor.stream.uniform(0.6, 0.75)
    end = jerk + 0.6
    stage.nod.add(start, jerk - 0.05, 0.36)
    stage.lean.add(start, jerk - 0.05, -0.10)
    stage.mouth.add(start, jerk - 0.1, 0.8)
    stage.eyes.add(start + 0.2, jerk - 0.05, 0.0)
    stage.hands[hand].add(jerk - 0.4, jerk + 0.05, CoverFace())
    stage.nod.add(jerk, jerk + 0.16, -0.35)
    stage.lean.add(jerk, jerk + 0.16, 0.42)
    stage.mouth.add(jerk, jerk + 0.2, 0.0)
    stage.nod.add(jerk + 0.45, end + 0.3, 0.0)
    stage.lean.add(jerk + 0.4, end + 0.3, 0.03)
    stage.eyes.add(jerk + 0.35, jerk + 0.6, 1.0)
    stage.hands[hand].add(jerk + 0.5, end + 0.4, HangDown())
    actor.add_label("face", "sneeze", start, end)
    actor.time = end + 0.35
    return True


STEPS: dict[str, StepFunction] = {
    "laugh": lambda actor, step: laugh(actor, step.subject),
    "sneeze": lambda actor, step: sneeze(actor),
}
