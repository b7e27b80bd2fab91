"""A person: measures, a pose in, joints out, and a mesh round the joints.

`solve` is the skeleton (two-bone inverse kinematics); `mesh` is the looks. Sides are indexed 0 = left, 1 = right.
Body frames are [3,3] matrices whose columns point right, forward and up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.mesh import Mesh, ellipsoid, join, tube, turn_x, turn_z, unit

SIDES = (-1, 1)
ANKLE_HEIGHT = 0.075  # metres above the floor
HEAD_TURN, HEAD_DOWN, HEAD_UP = 1.25, 0.95, 0.75  # radians from the chest's forward direction


@dataclass(frozen=True)
class Pose:
    """What a script decides about a body at one time. Positions [3] in metres, directions [3] of any length.

    hands are wrist positions and feet ankle positions: wishes, met as far as the limbs reach.
    fingers: where each hand points; None = along the forearm.
    """

    pelvis: NDArray
    frame: NDArray  # pelvis frame [3,3]
    gaze: NDArray  # point looked at
    hands: tuple[NDArray, NDArray]
    feet: tuple[NDArray, NDArray]
    toes: tuple[NDArray, NDArray]
    lean: float = 0.0  # chest bent forward, radians
    twist: float = 0.0  # chest turned left, radians
    fingers: tuple[NDArray | None, NDArray | None] = (None, None)


@dataclass(frozen=True)
class Joints:
    """A solved skeleton. Points [3] and frames [3,3]; paired values [2,3], left first."""

    pelvis: NDArray
    waist: NDArray
    chest: NDArray
    neck: NDArray
    head: NDArray
    pelvis_frame: NDArray
    chest_frame: NDArray
    head_frame: NDArray
    hips: NDArray
    knees: NDArray
    ankles: NDArray
    shoulders: NDArray
    elbows: NDArray
    wrists: NDArray
    toes: NDArray
    fingers: NDArray

    @property
    def mouth(self) -> NDArray:
        return self.head + self.head_frame @ (0, 0.105, -0.055)


def two_bones(root: NDArray, target: ArrayLike, upper: float, lower: float, pole: ArrayLike) -> tuple[NDArray, NDArray]:
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


def limb_path(root: NDArray, middle: NDArray, end: NDArray, rounding: float = 0.22) -> tuple[NDArray, NDArray]:
    """A limb's centre line [13,3], the joint rounded by a quadratic curve, and the share of its length there [13]."""
    before, after = middle + (root - middle) * rounding, middle + (end - middle) * rounding
    s, q = np.linspace(0, 1, 5)[:, None], np.linspace(0, 1, 5)[:-1, None]
    curve = (1 - s) ** 2 * before + 2 * s * (1 - s) * middle + s**2 * after
    path = np.concatenate([root + (before - root) * q, curve, after + (end - after) * s[1:]])
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return path, length / length[-1]


class Human:
    """A body. tall, wide: factors round 1; sleeve: share of the arm covered.

    materials: name -> material index, for skin, hair, shirt, trousers, shoe, sole, white, iris, mouth.
    """

    def __init__(self, materials: dict[str, int], tall: float = 1, wide: float = 1, sleeve: float = 0.45) -> None:
        self.materials, self.tall, self.wide, self.sleeve = materials, tall, wide, sleeve
        self.arm, self.leg = (0.29 * tall, 0.26 * tall), (0.44 * tall, 0.43 * tall)  # upper and lower bone, metres
        self.standing_height = sum(self.leg) + ANKLE_HEIGHT - 0.035  # of the pelvis, knees almost straight
        self.head, self.shoe = self.build_head(), self.build_shoe()
        self.hands = [self.build_hand(side) for side in SIDES]

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
        for i, side in enumerate(SIDES):  # knees bend forward, elbows out, back and down
            legs.append(two_bones(hips[i], pose.feet[i], *self.leg, pose.frame @ (side * 0.12, 1, 0)))
            arms.append(two_bones(shoulders[i], pose.hands[i], *self.arm, chest_frame @ (side * 0.55, -0.6, -0.6)))
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

    def mesh(self, joints: Joints) -> Mesh:
        """The body round solved joints. Faces are the same for every pose; only vertices and normals move."""
        parts = [
            self.trousers_top(joints),
            self.shirt(joints),
            self.throat(joints),
            self.head.moved(joints.head_frame, joints.head),
        ]
        for i in (0, 1):
            parts += [self.leg_tube(joints, i), self.arm_tube(joints, i)]
            toes = joints.toes[i]
            up = unit(0.2 * joints.pelvis_frame[:, 2] + unit(joints.knees[i] - joints.ankles[i]))
            up = unit(up - toes * (up @ toes))
            parts.append(self.shoe.moved(np.stack([np.cross(toes, up), toes, up], 1), joints.ankles[i]))
            pointing, upper_arm = joints.fingers[i], unit(joints.elbows[i] - joints.shoulders[i])
            across = unit(np.cross(pointing, np.add(upper_arm, (0.01, 0.02, 0.3))))
            hand = np.stack([across, pointing, np.cross(across, pointing)], 1)
            parts.append(self.hands[i].moved(hand, joints.wrists[i]))
        return join(parts)

    # -------------------------------------------------------------- parts that bend

    def trousers_top(self, j: Joints) -> Mesh:
        up = j.pelvis_frame[:, 2]
        path = [j.pelvis - 0.10 * up, j.pelvis - 0.04 * up, j.pelvis + 0.04 * up, 0.45 * j.pelvis + 0.55 * j.waist]
        radii = np.array([(0.10, 0.09), (0.150, 0.112), (0.155, 0.116), (0.140, 0.103)]) * self.wide
        return tube(path, radii, self.materials["trousers"], 14, j.pelvis_frame[:, 0])

    def shirt(self, j: Joints) -> Mesh:
        pelvis, chest = j.pelvis_frame, j.chest_frame
        rings = [  # middle, half width, half depth; from hem to collar
            (j.pelvis + pelvis @ (0, 0, -0.075), 0.170, 0.118),
            (j.pelvis + pelvis @ (0, 0, -0.070), 0.186, 0.136),
            (j.pelvis + pelvis @ (0, 0, 0.040), 0.178, 0.131),
            ((j.pelvis + j.waist) / 2, 0.162, 0.120),
            (j.waist, 0.150, 0.110),
            ((j.waist + j.chest) / 2, 0.162, 0.115),
            (j.chest + chest @ (0, 0.012, 0), 0.176, 0.119),
            (j.chest + chest @ (0, 0, 0.070), 0.192, 0.106),
            (j.chest + chest @ (0, -0.005, 0.115), 0.168, 0.090),
            (j.neck + chest @ (0, -0.005, -0.020), 0.085, 0.070),
            (j.neck + chest @ (0, 0, 0.015), 0.054, 0.054),
        ]
        path, radii = np.array([ring[0] for ring in rings]), np.array([ring[1:] for ring in rings])
        share = np.linspace(0, 1, len(path))[:, None]
        across = (1 - share) * pelvis[:, 0] + share * chest[:, 0]
        return tube(path, radii * self.wide, self.materials["shirt"], 18, across, round_ends=False)

    def throat(self, j: Joints) -> Mesh:
        chest, head = j.chest_frame, j.head_frame
        path = [j.neck + chest @ (0, 0, -0.02), j.neck + chest @ (0, 0.005, 0.03), j.head + head @ (0, -0.02, -0.06)]
        return tube(path, [0.052, 0.048, 0.05], self.materials["skin"], 10, chest[:, 0])

    def leg_tube(self, j: Joints, i: int) -> Mesh:
        path, share = limb_path(j.hips[i], j.knees[i], j.ankles[i])
        radii = np.interp(
            share, [0, 0.12, 0.30, 0.48, 0.56, 0.68, 0.85, 1], [0.095, 0.095, 0.082, 0.064, 0.061, 0.064, 0.052, 0.048]
        )
        return tube(path, radii * self.wide, self.materials["trousers"], 10, j.pelvis_frame[:, 0])

    def arm_tube(self, j: Joints, i: int) -> Mesh:
        """Sleeve and skin in one tube, with a step at the sleeve's edge."""
        path, share = limb_path(j.shoulders[i], j.elbows[i], j.wrists[i])
        radii = (
            np.interp(share, [0, 0.1, 0.3, 0.5, 0.62, 0.8, 1], [0.054, 0.055, 0.047, 0.041, 0.042, 0.034, 0.027])
            * self.wide
        )
        edge = int(np.clip(round(self.sleeve * (len(path) - 1)), 2, len(path) - 2))
        path = np.insert(path, edge, path[edge] - 0.001 * unit(path[edge + 1] - path[edge]), 0)
        radii = np.insert(radii, edge, radii[edge] * 1.05)
        radii[: edge + 1] *= np.linspace(1, 1.12, edge + 1)
        material = np.where(np.arange(len(path) - 1) < edge, self.materials["shirt"], self.materials["skin"])
        across = np.cross(j.elbows[i] - j.shoulders[i], j.wrists[i] - j.elbows[i])
        return tube(path, radii, material, 10, across if np.linalg.norm(across) > 1e-4 else j.chest_frame[:, 0])

    # -------------------------------------------------------------- parts that stay rigid, built once

    def build_head(self) -> Mesh:
        """Centre of the skull at the origin, x right, y forward, z up."""
        m = self.materials
        skull = ellipsoid((0.078, 0.098, 0.118), (0, 0, 0), m["skin"], 14)
        jaw = np.clip(-skull.vertices[:, 2] / 0.118, 0, 1)
        skull.vertices[:, 0] *= 1 - 0.22 * jaw**1.5
        skull.vertices[:, 1] += 0.012 * jaw
        hair = ellipsoid((0.086, 0.102, 0.124), (0, -0.010, 0.012), m["hair"], 20)
        v = hair.vertices
        over_face = np.clip((v[:, 1] - 0.018) / 0.03, 0, 1) * np.clip((0.068 - v[:, 2]) / 0.02, 0, 1)
        v *= 1 - 0.35 * over_face[:, None]  # there it sinks into the skull
        np.maximum(v[:, 2], -0.055 + 0.25 * np.maximum(v[:, 1], 0), out=v[:, 2])  # cut at the nape
        features = [  # material, radii, centre; mirrored where x is not 0
            ("hair", (0.074, 0.050, 0.085), (0, -0.062, -0.035)),
            ("skin", (0.014, 0.018, 0.022), (0, 0.094, -0.012)),
            ("mouth", (0.024, 0.009, 0.0065), (0, 0.092, -0.058)),
            ("white", (0.018, 0.011, 0.013), (0.031, 0.086, 0.018)),
            ("iris", (0.0095, 0.007, 0.0105), (0.031, 0.0945, 0.018)),
            ("hair", (0.016, 0.006, 0.004), (0.031, 0.090, 0.040)),
            ("skin", (0.012, 0.022, 0.030), (0.078, -0.005, 0)),
        ]
        placed = [
            ellipsoid(radii, (side * x, y, z), m[name], 7)
            for name, radii, (x, y, z) in features
            for side in (SIDES if x else (1,))
        ]
        return join([skull, hair, *placed])

    def build_shoe(self) -> Mesh:
        """Ankle at the origin, y towards the toes, z up."""
        upper = ellipsoid((0.046, 0.135, 0.05), (0, 0.075, -0.035), self.materials["shoe"], 8, 0.85)
        np.maximum(upper.vertices[:, 2], -0.070, out=upper.vertices[:, 2])
        collar = tube([(0, 0, -0.05), (0, 0, 0.01)], [0.046, 0.05], self.materials["shoe"], 8)
        return join(
            [upper, collar, ellipsoid((0.050, 0.140, 0.02), (0, 0.075, -0.066), self.materials["sole"], 6, 0.7)]
        )

    def build_hand(self, side: int) -> Mesh:
        """Wrist at the origin, y along the fingers, z out of the back of the hand."""
        skin = self.materials["skin"]
        thumb = [(-side * 0.02, 0.03, 0), (-side * 0.05, 0.065, -0.012), (-side * 0.052, 0.09, -0.018)]
        palm = ellipsoid((0.040, 0.062, 0.022), (0, 0.055, 0), skin, 8, 0.9)
        fingers = ellipsoid((0.030, 0.050, 0.017), (0, 0.115, -0.012), skin, 8, 0.9)
        return join([palm, fingers, tube(thumb, [0.016, 0.014, 0.011], skin, 8, (0, 0, 1))])
