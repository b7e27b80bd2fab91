"""The skeleton of a person: measures and a pose in, joints out, by two-bone inverse kinematics.

Sides are indexed 0 = left, 1 = right. Body frames are [3,3] matrices whose columns point right, forward and up:
standing, up is the room's up; lying on the back, forward is the room's up and up points from the feet to the head.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.render.mesh import turn_x, turn_z, unit

SIDES = (-1, 1)
ANKLE_HEIGHT = 0.075  # metres above the floor
HEAD_TURN, HEAD_DOWN, HEAD_UP = 1.25, 0.95, 0.75  # radians from the chest's forward direction


@dataclass(frozen=True)
class Pose:
    """What a script decides about a body at one time. Positions [3] in metres, directions [3] of any length.

    hands are wrist positions and feet ankle positions: wishes, met as far as the limbs reach.
    fingers: where each hand points; None = along the forearm.
    """

    pelvis: NDArray[np.float64]
    frame: NDArray[np.float64]  # pelvis frame [3,3]
    gaze: NDArray[np.float64]  # point looked at
    hands: tuple[NDArray[np.float64], NDArray[np.float64]]
    feet: tuple[NDArray[np.float64], NDArray[np.float64]]
    toes: tuple[NDArray[np.float64], NDArray[np.float64]]
    lean: float = 0.0  # chest bent forward, radians
    twist: float = 0.0  # chest turned left, radians
    fingers: tuple[NDArray[np.float64] | None, NDArray[np.float64] | None] = (None, None)


@dataclass(frozen=True)
class Joints:
    """A solved skeleton. Points [3] and frames [3,3]; paired values [2,3], left first."""

    pelvis: NDArray[np.float64]
    waist: NDArray[np.float64]
    chest: NDArray[np.float64]
    neck: NDArray[np.float64]
    head: NDArray[np.float64]
    pelvis_frame: NDArray[np.float64]
    chest_frame: NDArray[np.float64]
    head_frame: NDArray[np.float64]
    hips: NDArray[np.float64]
    knees: NDArray[np.float64]
    ankles: NDArray[np.float64]
    shoulders: NDArray[np.float64]
    elbows: NDArray[np.float64]
    wrists: NDArray[np.float64]
    toes: NDArray[np.float64]
    fingers: NDArray[np.float64]

    @property
    def mouth(self) -> NDArray[np.float64]:
        return self.head + self.head_frame @ (0, 0.105, -0.055)


def solve_two_bones(
    root: NDArray[np.float64], target: ArrayLike, upper: float, lower: float, pole: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle and end joint [3] of a limb from `root` towards `target`, the middle pushed towards `pole`.

    The end stops short of a target beyond reach, and keeps off the root for one too near.
    """
    along = np.asarray(target, float) - root
    distance = np.clip(np.linalg.norm(along), abs(upper - lower) + 0.02, (upper + lower) * 0.999)
    along = unit(along)
    bend = unit(pole - along * np.dot(pole, along))
    foot = (upper**2 - lower**2 + distance**2) / (2 * distance)
    height = np.sqrt(max(upper**2 - foot**2, 0))
    return root + along * foot + bend * height, root + along * distance


def build_limb_path(
    root: NDArray[np.float64], middle: NDArray[np.float64], end: NDArray[np.float64], rounding: float = 0.22
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A limb's centre line [13,3], the joint rounded by a quadratic curve, and the share of its length there [13]."""
    before, after = middle + (root - middle) * rounding, middle + (end - middle) * rounding
    s, q = np.linspace(0, 1, 5)[:, None], np.linspace(0, 1, 5)[:-1, None]
    curve = (1 - s) ** 2 * before + 2 * s * (1 - s) * middle + s**2 * after
    path = np.concatenate([root + (before - root) * q, curve, after + (end - after) * s[1:]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return path, length / length[-1]


class Skeleton:
    """Measures of a body. tall, wide: factors round 1."""

    def __init__(self, tall: float = 1, wide: float = 1) -> None:
        self.tall, self.wide = tall, wide
        self.arm, self.leg = (0.29 * tall, 0.26 * tall), (0.44 * tall, 0.43 * tall)  # upper and lower bone, metres
        self.standing_height = sum(self.leg) + ANKLE_HEIGHT - 0.035  # of the pelvis, knees almost straight

    def solve(self, pose: Pose) -> Joints:
        """Place every joint for a pose."""
        back = self.tall * 0.5
        half = pose.frame @ turn_z(pose.twist / 2) @ turn_x(-pose.lean / 2)
        chest_frame = pose.frame @ turn_z(pose.twist) @ turn_x(-pose.lean)
        waist = pose.pelvis + half @ (0, 0, 0.34 * back)
        chest = waist + chest_frame @ (0, 0.01, 0.40 * back)
        neck = chest + chest_frame @ (0, -0.01, 0.31 * back)
        wish = chest_frame.T @ unit(pose.gaze - (neck + chest_frame @ (0, 0.03, 0.16)))
        turn = np.clip(np.arctan2(wish[0], wish[1]), -HEAD_TURN, HEAD_TURN)
        nod = np.clip(np.arcsin(np.clip(wish[2], -1, 1)), -HEAD_DOWN, HEAD_UP)
        head_frame = chest_frame @ turn_z(-turn) @ turn_x(nod)
        head = neck + chest_frame @ (0, 0.01, 0.055) + head_frame @ (0, 0.02, 0.105)

        hips = np.array([pose.pelvis + pose.frame @ (side * 0.092 * self.wide, 0, -0.02) for side in SIDES])
        shoulders = np.array([chest + chest_frame @ (side * 0.165 * self.wide, -0.01, 0.062) for side in SIDES])
        legs, arms = [], []
        supine = float(np.clip(chest_frame[2, 1], 0, 1))  # elbows of a lying body stay off what it lies on
        for i, side in enumerate(SIDES):  # knees bend forward, elbows out, back and down
            elbow_pole = chest_frame @ (side * (0.55 + 0.4 * supine), -0.6 + 0.55 * supine, -0.6)
            legs.append(solve_two_bones(hips[i], pose.feet[i], *self.leg, pose.frame @ (side * 0.12, 1, 0)))
            arms.append(solve_two_bones(shoulders[i], pose.hands[i], *self.arm, elbow_pole))
        fingers = [unit(wrist - elbow) for elbow, wrist in arms]
        fingers = [f if wanted is None else unit(0.5 * f + wanted) for f, wanted in zip(fingers, pose.fingers)]
        (knees, ankles), (elbows, wrists) = (np.array(limbs).swapaxes(0, 1) for limbs in (legs, arms))
        return Joints(
            pose.pelvis,
            waist,
            chest,
            neck,
            head,
            pose.frame,
            chest_frame,
            head_frame,
            hips,
            knees,
            ankles,
            shoulders,
            elbows,
            wrists,
            unit(pose.toes),
            np.array(fingers),
        )
