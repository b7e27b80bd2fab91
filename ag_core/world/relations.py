"""From the state of one frame to the 25 relationships of each object: a pure function with written thresholds.

Directions as in Action Genome: attention and contact from the person to the object, spatial from the object to the
person. Knows geometry, what is attached to a hand, what carries the body, and nothing of scripts or pixels. Every
object gets exactly one attention label, at least one spatial label, and at least one contact label.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ag_core.taxonomy import N_RELATIONS, find_relation_index
from ag_core.world.body.human import Joints

LOOK_DEGREES, KEEP_DEGREES, UNSURE_DEGREES = 11.0, 16.0, 24.0
FACE_AWAY_DEGREES = 110.0
FRONT_DEGREES, BEHIND_DEGREES, BORDER_DEGREES = 55.0, 125.0, 8.0
TOUCH, LEAN, MOUTH, MOTION = 0.035, 0.03, 0.06, 0.04  # metres
CARRY_SPEED = 0.3  # metres a second
HEAD_TOP = 0.13  # metres from the middle of the head
NAMES = (
    "looking_at",
    "not_looking_at",
    "unsure",
    "above",
    "beneath",
    "in_front_of",
    "behind",
    "on_the_side_of",
    "in",
    "carrying",
    "covered_by",
    "drinking_from",
    "eating",
    "have_it_on_the_back",
    "holding",
    "leaning_on",
    "lying_on",
    "not_contacting",
    "sitting_on",
    "standing_on",
    "touching",
    "twisting",
    "wearing",
    "wiping",
    "writing_on",
)
R = {name: find_relation_index(name) for name in NAMES}
compiled = njit(cache=True, error_model="numpy")


@compiled
def find_nearest(
    centres: NDArray[np.float64], turns: NDArray[np.float64], halves: NDArray[np.float64], point: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The point [3] of K turned boxes that is nearest to a point [3], and its distance, 0 inside."""
    best, least = np.zeros(3), np.inf
    local, world = np.zeros(3), np.zeros(3)
    for k in range(len(centres)):
        for i in range(3):
            local[i] = 0.0
            for j in range(3):
                local[i] += turns[k, j, i] * (point[j] - centres[k, j])
            local[i] = min(max(local[i], -halves[k, i]), halves[k, i])
        square = 0.0
        for i in range(3):
            world[i] = centres[k, i]
            for j in range(3):
                world[i] += turns[k, i, j] * local[j]
            square += (world[i] - point[i]) ** 2
        if square < least:
            best[:], least = world, square
    return best, np.sqrt(least)


@compiled
def is_line_hit(
    centres: NDArray[np.float64],
    turns: NDArray[np.float64],
    halves: NDArray[np.float64],
    origin: NDArray[np.float64],
    target: NDArray[np.float64],
) -> bool:
    """Whether the line from origin [3] to target [3] passes through one of K turned boxes."""
    for k in range(len(centres)):
        near, far = -np.inf, np.inf
        for i in range(3):
            start, step = 0.0, 0.0
            for j in range(3):
                start += turns[k, j, i] * (origin[j] - centres[k, j])
                step += turns[k, j, i] * (target[j] - origin[j])
            step = step if abs(step) >= 1e-9 else 1e-9
            one, two = (-halves[k, i] - start) / step, (halves[k, i] - start) / step
            near, far = max(near, min(one, two)), min(far, max(one, two))
        if near < far and far > 0 and near < 1:
            return True
    return False


@dataclass(frozen=True)
class ObjectState:
    """One object as K turned boxes, so that a table is a top and four legs.

    centres [K,3], turns [K,3,3], halves [K,3] metres; held: attached to the left, right hand; motion: a contact label
    that the hands act out on it ('wiping', 'drinking_from', ...) or None; support: 'sitting_on', 'lying_on',
    'standing_on' or None; worn: 'wearing', 'covered_by', 'have_it_on_the_back' or None; hollow: centre [3], turn [3,3]
    and half [3] of the space it encloses, such as the opening of a doorway.
    """

    centres: NDArray[np.float64]
    turns: NDArray[np.float64]
    halves: NDArray[np.float64]
    held: tuple[bool, bool] = (False, False)
    motion: str | None = None
    support: str | None = None
    worn: str | None = None
    hollow: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None = None

    def __post_init__(self) -> None:
        for name in ("centres", "turns", "halves"):  # plain arrays of one kind, as compiled code wants them
            object.__setattr__(self, name, np.array(getattr(self, name), float))

    def encloses(self, point: NDArray[np.float64]) -> bool:
        """Whether a point [3] lies in one of the boxes or in the hollow."""
        inside = np.abs(np.einsum("kji,kj->ki", self.turns, point - self.centres)) < self.halves
        if inside.all(1).any():
            return True
        if self.hollow is None:
            return False
        centre, turn, half = self.hollow
        return bool((np.abs(turn.T @ (point - centre)) < half).all())

    def find_nearest_point(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """The nearest point [3] of the object's boxes."""
        return find_nearest(self.centres, self.turns, self.halves, point)[0]

    def measure_distance(self, point: NDArray[np.float64]) -> float:
        """Metres from a point to the boxes, 0 inside."""
        return float(find_nearest(self.centres, self.turns, self.halves, point)[1])

    def find_lowest(self) -> float:
        """Height of the lowest corner."""
        return float((self.centres[:, 2] - (np.abs(self.turns[:, 2]) * self.halves).sum(1)).min())

    def is_hit_by(self, origin: NDArray[np.float64], target: NDArray[np.float64]) -> bool:
        """Whether the line from origin to just before the target passes through a box (shrunk by 1 cm)."""
        halves = np.maximum(self.halves - 0.01, 1e-3)
        return bool(is_line_hit(self.centres, self.turns, halves, origin, origin + (target - origin) * 0.97))


@dataclass(frozen=True)
class RelationInput:
    """Everything the relations depend on.

    speed of walking in metres a second; camera [3]; head_in_image: whether the head's middle is inside the picture.
    """

    joints: Joints
    speed: float
    objects: Sequence[ObjectState]
    camera: NDArray[np.float64]
    head_in_image: bool = True

    @cached_property
    def upright(self) -> NDArray[np.float64]:
        """The body's frame [3,3], upright."""
        return level_frame(self.joints.pelvis_frame)


def find_relations(state: RelationInput, looked_at_before: int | None = None) -> tuple[NDArray[np.bool_], int | None]:
    """Relations [N,25] of the objects, and which one is looked at (None if none): hand it in for the next frame."""
    out = np.zeros((len(state.objects), N_RELATIONS), bool)
    looked_at = label_attention(state, looked_at_before, out)
    for n, target in enumerate(state.objects):
        for name in list_spatial(state, target):
            out[n, R[name]] = True
        for name in list_contacts(state, target) or ["not_contacting"]:
            out[n, R[name]] = True
    return out, looked_at


def measure_angle(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Degrees between two directions."""
    cosine = float(a @ b) / max(math.sqrt(float(a @ a) * float(b @ b)), 1e-9)
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))


def is_far_off(target: ObjectState, eye: NDArray[np.float64], gaze: NDArray[np.float64]) -> bool:
    """Whether a ball round the whole object lies surely outside the unsure cone."""
    middle = target.centres.mean(0)
    radius = (np.linalg.norm(target.centres - middle, axis=1) + np.linalg.norm(target.halves, axis=1)).max()
    away = float(np.linalg.norm(middle - eye))
    if away <= radius:
        return False
    return bool(measure_angle(middle - eye, gaze) - np.degrees(np.arcsin(radius / away)) > UNSURE_DEGREES)


def find_nearest_to_ray(
    target: ObjectState, eye: NDArray[np.float64], gaze: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A point [3] of the object close to the gaze ray: projections onto ray and boxes in turn."""
    along = max(0.05, float((target.centres.mean(0) - eye) @ gaze))
    point = target.find_nearest_point(eye + along * gaze)
    for _ in range(4):
        point = target.find_nearest_point(eye + max(0.05, float((point - eye) @ gaze)) * gaze)
    return point


def label_attention(state: RelationInput, before: int | None, out: NDArray[np.bool_]) -> int | None:
    """Fill the attention columns. At most one is looked at: the nearest on the line of gaze, else the least angle."""
    j = state.joints
    eye, gaze = j.head + j.head_frame @ (0, 0.09, 0.02), j.head_frame[:, 1]
    unsure_face = measure_angle(gaze, state.camera - eye) > FACE_AWAY_DEGREES or not state.head_in_image
    points, angles = [], np.full(len(state.objects), 180.0)
    for n, target in enumerate(state.objects):
        beyond = is_far_off(target, eye, gaze)
        points.append(target.centres[0] if beyond else find_nearest_to_ray(target, eye, gaze))
        angles[n] = max(measure_angle(points[n] - eye, gaze), 90.0 if beyond else 0.0)
    near = [n for n in range(len(points)) if angles[n] < UNSURE_DEGREES]
    free = {n: not any(m != n and state.objects[m].is_hit_by(eye, points[n]) for m in near) for n in near}
    candidates = [n for n in near if free[n] and angles[n] < (KEEP_DEGREES if n == before else LOOK_DEGREES)]
    # On the line itself the nearer object wins; beside it the smaller angle does; what was looked at keeps a bonus.
    scores = {
        n: (max(angles[n] - (5 if n == before else 0) - 3, 0), np.linalg.norm(points[n] - eye)) for n in candidates
    }
    looked_at = min(scores, key=lambda n: scores[n]) if scores else None
    for n in range(len(points)):
        if n in near and (n == looked_at or free[n]):
            sure = n == looked_at and not unsure_face
            hidden_by_focus = looked_at is not None and n != looked_at and angles[n] < LOOK_DEGREES and not sure
            label = "looking_at" if sure else ("not_looking_at" if hidden_by_focus else "unsure")
        else:
            label = "not_looking_at"
        out[n, R[label]] = True
    return looked_at


def list_spatial(state: RelationInput, target: ObjectState) -> list[str]:
    """One or two spatial labels, in the frame of the pelvis. Support first."""
    j = state.joints
    pelvis = j.pelvis
    if target.support:
        return ["beneath"]
    if target.worn:
        return ["behind"] if target.worn == "have_it_on_the_back" else ["in"]
    local = np.einsum("kji,kj->ki", target.turns, pelvis - target.centres)
    over = (np.abs(local[:, :2]) < target.halves[:, :2]).all(1) & (local[:, 2] > target.halves[:, 2])
    if over.any():
        return ["beneath"]
    if target.find_lowest() > j.head[2] + HEAD_TOP:
        return ["above"]
    if target.encloses(pelvis):
        return ["in"]
    frame = state.upright
    offset = frame.T @ (target.find_nearest_point(pelvis) - pelvis)
    if np.hypot(*offset[:2]) < 0.05:
        offset = frame.T @ (target.centres.mean(0) - pelvis)
    azimuth = abs(np.degrees(np.arctan2(offset[0], offset[1])))
    labels = []
    if azimuth < FRONT_DEGREES + BORDER_DEGREES:
        labels.append("in_front_of")
    if azimuth > BEHIND_DEGREES - BORDER_DEGREES:
        labels.append("behind")
    if FRONT_DEGREES - BORDER_DEGREES < azimuth < BEHIND_DEGREES + BORDER_DEGREES:
        labels.append("on_the_side_of")
    return labels


def level_frame(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    """A body frame [3,3] brought upright: of who lies on the back, forward becomes the way the feet point."""
    forward = frame[:, 1] if abs(frame[2, 1]) < 0.7 else -np.sign(frame[2, 1]) * frame[:, 2]
    forward = forward * (1, 1, 0) / max(float(np.hypot(*forward[:2])), 1e-9)
    return np.stack([(forward[1], -forward[0], 0.0), forward, (0.0, 0.0, 1.0)], 1)


def list_contacts(state: RelationInput, target: ObjectState) -> list[str]:
    """Contact labels in no order; empty means not contacting."""
    j = state.joints
    if target.worn:
        return [target.worn]
    if any(target.held):
        labels = ["holding"]
        if state.speed > CARRY_SPEED:
            labels.append("carrying")
        if target.motion in ("drinking_from", "eating"):
            if target.measure_distance(j.mouth) < MOUTH + (0.10 if target.motion == "eating" else 0):
                labels.append(target.motion)
        elif target.motion:
            labels.append(target.motion)
        return labels
    if target.support:
        return [target.support]
    labels = []
    tips = [j.wrists[i] + 0.11 * j.fingers[i] for i in (0, 1)]
    palms = [j.wrists[i] + 0.05 * j.fingers[i] for i in (0, 1)]
    hand = min(target.measure_distance(p) for p in [*tips, *palms])
    if target.motion and hand < 0.10 + MOTION:
        labels.append(target.motion)
    soles = [j.ankles[i] + 0.08 * j.toes[i] - (0, 0, 0.06) for i in (0, 1)]
    if hand < TOUCH + 0.015 or min(target.measure_distance(p) for p in soles) < TOUCH:
        labels.append("touching")
    forearms = [0.6 * j.elbows[i] + 0.4 * j.wrists[i] for i in (0, 1)]
    if min(target.measure_distance(p) for p in forearms) < LEAN + 0.035:
        labels.append("leaning_on")
    return labels


def clean_relations(relations: NDArray[np.bool_], window: int = 5) -> NDArray[np.bool_]:
    """Majority over `window` frames [T,N,25], then the rules again: one attention, a spatial, contacts or none."""
    half = window // 2
    padded = np.pad(relations.astype(np.int8), ((half, half), (0, 0), (0, 0)), "edge")
    votes = sum(padded[k : k + len(relations)] for k in range(window))
    assert not isinstance(votes, int)
    out = votes * 2 > window
    first = np.argmax(votes[..., 0:3] * 4 + relations[..., 0:3], -1)
    out[..., 0:3] = np.arange(3) == first[..., None]
    missing = np.asarray(~out[..., 3:9].any(-1))
    out[..., 3:9] |= missing[..., None] & (np.arange(6) == np.argmax(votes[..., 3:9], -1)[..., None])
    nothing = R["not_contacting"]
    out[..., nothing] = False
    out[..., nothing] = ~out[..., 9:].any(-1)
    return out
