"""A person: a mesh round a solved skeleton, and what that person can wear.

`skeleton.py` places the joints; `heads.py`, `garments.py` and this file dress them. Sides: 0 = left, 1 = right.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ag_core.world.body import garments
from ag_core.world.body.garments import ARM, LEG, find_arm_axis, find_foot_frame
from ag_core.world.body.heads import Looks, build_head
from ag_core.world.body.skeleton import ANKLE_HEIGHT, SIDES, Joints, Pose, Skeleton, build_limb_path, solve_two_bones
from ag_core.world.render.mesh import Mesh, ellipsoid, join, tube, unit

__all__ = ["ANKLE_HEIGHT", "SIDES", "Human", "Joints", "Looks", "Pose", "solve_two_bones"]

SHORTS, HIDDEN = 6, 3  # steps of a leg's tube that shorts cover, and that a skirt hides


class Human(Skeleton):
    """A body. tall, wide: factors round 1; barefoot: in socks, so that shoes can be put on.

    materials: name -> material index, for skin, hair, shirt, trousers, shoe, sole, white, iris, mouth, and sock, which
    is the sole's where it is not given.
    """

    def __init__(
        self,
        materials: dict[str, int],
        tall: float = 1,
        wide: float = 1,
        looks: Looks | None = None,
        barefoot: bool = False,
    ) -> None:
        super().__init__(tall, wide)
        self.materials, self.looks, self.barefoot = materials, looks or Looks(), barefoot
        self.tucked = self.looks.tucked or self.looks.lower == "skirt"
        self.head = build_head(materials, self.looks)
        sock = materials.get("sock", materials["sole"])
        self.foot = garments.build_sock(sock) if barefoot else garments.build_shoe(materials["shoe"], materials["sole"])
        self.open_hands = [self.build_hand(side, 0.0) for side in SIDES]
        self.closed_hands = [self.build_hand(side, 1.0) for side in SIDES]

    def build_mesh(
        self, joints: Joints, eyes: float = 1.0, mouth: float = 0.0, grip: tuple[float, float] = (0.0, 0.0)
    ) -> Mesh:
        """The body round solved joints. Faces are the same for every pose; only vertices and normals move.

        eyes: 0 shut to 1 open; mouth: 0 shut to 1 wide open; grip: 0 open hand to 1 closed, left and right.
        """
        parts = [
            self.build_trousers_top(joints),
            garments.build_shirt(joints, self.wide, self.materials["shirt"], self.tucked),
            self.build_throat(joints),
            self.head.build_mesh(eyes, mouth).moved(joints.head_frame, joints.head),
        ]
        if self.looks.lower == "skirt":
            parts.append(garments.build_skirt(joints, self.wide, self.materials["trousers"]))
        for i in (0, 1):
            parts += [self.build_leg(joints, i), self.build_arm(joints, i)]
            parts.append(self.foot.moved(find_foot_frame(joints, i), joints.ankles[i]))
            pointing, upper_arm = joints.fingers[i], unit(joints.elbows[i] - joints.shoulders[i])
            across = unit(np.cross(pointing, np.add(upper_arm, (0.01, 0.02, 0.3))))
            turn = np.stack([across, pointing, np.cross(across, pointing)], 1)
            parts.append(self.close_hand(i, grip[i]).moved(turn, joints.wrists[i]))
        return join(parts)

    # -------------------------------------------------------------- worn items

    def without_shoes(self) -> "Human":
        """The same person in socks, so that shoes can be put on."""
        return Human(self.materials, self.tall, self.wide, self.looks, True)

    def build_jacket(self, joints: Joints, material: int) -> Mesh:
        """An open jacket over the shirt."""
        return garments.build_jacket(joints, self.wide, material)

    def build_worn_shoes(self, joints: Joints, upper_material: int, sole_material: int) -> Mesh:
        """A pair of shoes at the feet; they enclose the socks of a barefoot human."""
        shoe = garments.build_shoe(upper_material, sole_material)
        return join([shoe.moved(find_foot_frame(joints, i), joints.ankles[i]) for i in (0, 1)])

    def build_worn_backpack(self, joints: Joints, *materials: int) -> Mesh:
        """A bag on the back. materials: the bag's and, where given, its straps'."""
        return garments.build_backpack(self.wide, materials).moved(joints.chest_frame, joints.chest)

    # -------------------------------------------------------------- parts that bend

    def build_trousers_top(self, j: Joints) -> Mesh:
        up = j.pelvis_frame[:, 2]
        path = [j.pelvis - 0.10 * up, j.pelvis - 0.04 * up, j.pelvis + 0.04 * up, 0.45 * j.pelvis + 0.55 * j.waist]
        widths = [(0.10, 0.09), (0.150, 0.112), (0.155, 0.116), (0.140, 0.103)]
        if self.tucked:  # the waistband lies over the shirt
            path[3] = j.pelvis + 0.062 * up
            widths = [(0.10, 0.09), (0.165, 0.124), (0.180, 0.135), (0.173, 0.130)]
        radii = np.array(widths) * self.wide
        return tube(path, radii, self.materials["trousers"], 14, j.pelvis_frame[:, 0], not self.tucked)

    def build_throat(self, j: Joints) -> Mesh:
        chest, head = j.chest_frame, j.head_frame
        path = [j.neck + chest @ (0, 0.004, -0.03), j.neck + chest @ (0, 0.002, -0.002)]
        path += [j.neck + chest @ (0, 0.005, 0.03), j.head + head @ (0, -0.02, -0.06)]
        return tube(path, [0.072, 0.056, 0.049, 0.05], self.materials["skin"], 10, chest[:, 0])

    def build_leg(self, j: Joints, i: int) -> Mesh:
        """A leg, bare below shorts or a skirt."""
        path, share = build_limb_path(j.hips[i], j.knees[i], j.ankles[i])
        radii = np.interp(share, *LEG) * self.wide
        cloth, skin = self.materials["trousers"], self.materials["skin"]
        material: int | Sequence[int] = cloth
        if self.looks.lower == "skirt":
            material = [cloth if k < HIDDEN else skin for k in range(len(path) - 1)]
        elif self.looks.lower == "shorts":
            end = path[SHORTS] - path[SHORTS - 1]
            path = np.insert(path, SHORTS, path[SHORTS] - 0.01 * end, 0)
            radii = np.insert(radii, SHORTS, radii[SHORTS], 0) * np.where(np.arange(len(path)) <= SHORTS, 1.12, 0.93)
            material = [cloth if k < SHORTS else skin for k in range(len(path) - 1)]
        else:
            radii[len(radii) // 2 + 1 :] *= np.linspace(1.0, 1.16, len(radii) - len(radii) // 2 - 1)
        return tube(path, radii, material, 10, j.pelvis_frame[:, 0])

    def build_arm(self, j: Joints, i: int) -> Mesh:
        """Sleeve and skin in one tube, with a step at the sleeve's edge."""
        path, share = build_limb_path(j.shoulders[i], j.elbows[i], j.wrists[i])
        radii = np.interp(share, *ARM) * self.wide
        edge = int(np.clip(round(self.looks.sleeve * (len(path) - 1)), 2, len(path) - 2))
        path = np.insert(path, edge, path[edge] - 0.001 * unit(path[edge + 1] - path[edge]), 0)
        radii = np.insert(radii, edge, radii[edge] * 1.05)
        radii[: edge + 1] *= np.linspace(1, 1.12, edge + 1)
        material = [self.materials["shirt" if k < edge else "skin"] for k in range(len(path) - 1)]
        return tube(path, radii, material, 10, find_arm_axis(j, i))

    # -------------------------------------------------------------- hands

    def close_hand(self, i: int, grip: float) -> Mesh:
        """A hand between open and closed."""
        opened, closed = self.open_hands[i], self.closed_hands[i]
        if grip <= 0 or grip >= 1:
            return opened if grip <= 0 else closed
        vertices = opened.vertices + np.float32(grip) * (closed.vertices - opened.vertices)
        return replace(opened, vertices=vertices)

    def build_hand(self, side: int, grip: float) -> Mesh:
        """Wrist at the origin, y along the fingers, z out of the back of the hand. Three fingers and a thumb curl."""
        skin = self.materials["skin"]
        parts = [ellipsoid((0.039, 0.052, 0.020), (0, 0.050, -0.001), skin, 6, 0.85)]
        curl = np.cumsum([0.10 + 0.55 * grip, 0.22 + 0.85 * grip, 0.25 + 0.75 * grip])
        for x, reach, radius in ((-0.025, 0.92, 0.0105), (-0.001, 1.0, 0.0135), (0.025, 0.88, 0.0100)):
            bones = np.array([0.034, 0.026, 0.020]) * reach
            steps = np.stack([0 * curl, np.cos(curl), -np.sin(curl)], 1) * bones[:, None]
            path = np.cumsum(np.concatenate([[(side * x, 0.084, -0.002)], steps]), 0)
            radii = np.stack([np.full(4, radius), np.full(4, 0.0105)], 1) * np.array([[1.05], [1], [0.95], [0.85]])
            parts.append(tube(path, radii, skin, 6, (1, 0, 0)))
        bent = np.array([(-0.018, 0.028, -0.002), (-0.040, 0.058, -0.010), (-0.047, 0.090, -0.016)])
        shut = np.array([(-0.018, 0.028, -0.004), (-0.036, 0.055, -0.024), (-0.018, 0.082, -0.040)])
        thumb = (bent + grip * (shut - bent)) * (side, 1, 1)
        return join([*parts, tube(thumb, [0.0155, 0.0130, 0.0105], skin, 6, (0, 0, 1))])
