"""What is worn round a solved skeleton: shirts and jackets, skirts, feet and shoes, a bag on the back.

Every function makes the same faces for every pose; only vertices and normals move. Metres.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.skeleton import SIDES, Joints, build_limb_path
from ag_core.world.render.mesh import Mesh, ellipsoid, grid, join, tube, unit

ARM = ((0, 0.1, 0.3, 0.5, 0.62, 0.8, 1), (0.054, 0.055, 0.047, 0.041, 0.042, 0.034, 0.027))  # share, radius
LEG = ((0, 0.12, 0.30, 0.48, 0.56, 0.68, 0.85, 1), (0.095, 0.095, 0.082, 0.064, 0.061, 0.064, 0.052, 0.048))
# A shirt's rings from the hem to the collar: height, half width, half depth, rise of the front over bent thighs.
LOWER_RINGS = np.array([
    (-0.078, 0.188, 0.128, 0.130), (-0.070, 0.197, 0.138, 0.126), (-0.015, 0.190, 0.137, 0.085),
    (0.040, 0.176, 0.131, 0.040), (0.085, 0.162, 0.121, 0.012),
])  # fmt: skip
UPPER_RINGS = np.array([  # share of the way from the waist to the chest, height above it, half width, half depth
    (0.0, 0.0, 0.150, 0.110), (0.5, 0.0, 0.162, 0.115), (1.0, 0.0, 0.176, 0.119), (1.0, 0.070, 0.190, 0.106),
    (1.0, 0.112, 0.165, 0.088), (1.0, 0.136, 0.092, 0.072), (1.0, 0.150, 0.068, 0.062),
])  # fmt: skip

WAISTBAND = ((0.085, 0.168, 0.127), (0.03, 0.182, 0.136))  # of a skirt: height, half width, half depth


def measure_thigh_bends(j: Joints) -> NDArray[np.float64]:
    """How far each thigh points forward [2], 0 standing to 1 sitting."""
    forward = unit(j.knees - j.hips) @ j.pelvis_frame[:, 1]
    return np.clip((forward - 0.25) / 0.65, 0, 1)


def build_torso_rings(
    j: Joints, wide: float, angles: NDArray[np.float64], margin: float = 0, longer: float = 0, tucked: bool = False
) -> NDArray[np.float64]:
    """Points [12,C,3] of a shirt at angles [C] from the right side over the front; its front rises over bent thighs.

    margin: added to both half axes; longer: how much lower the hem is; tucked: the hem ends at the hips.
    """
    across, ahead = np.cos(angles), np.sin(angles)
    height, half_width, half_depth, rise = LOWER_RINGS.T[:, :, None]
    flare = margin + 0.2 * longer * np.clip(-height / 0.07, 0, 1)
    x, y = (half_width * wide + flare) * across, (half_depth * wide + flare) * ahead
    if tucked:
        x, y = (np.where(height < 0.08, 0.84, 1) * part for part in (x, y))
        z = np.maximum(height, 0.0) + 0 * x
    else:
        left, right = measure_thigh_bends(j)
        share = np.clip(x / 0.16 + 0.5, 0, 1)
        bend = left + (right - left) * share
        front = np.clip((ahead + 0.75) / 1.2, 0, 1)
        z = height - longer * np.clip(-height / 0.07, 0, 1) * (1 - bend) + bend * rise * (0.25 + 0.75 * front)
    lower = j.pelvis + np.stack([x, y, z], -1) @ j.pelvis_frame.T
    step, height, half_width, half_depth = UPPER_RINGS.T[:, :, None]
    x, y = (half_width * wide + margin) * across, (half_depth * wide + margin) * ahead
    turned = np.stack([x, y + 0.012 - 0.1 * height, height + 0 * x], -1)
    upper = j.waist + step[..., None] * (j.chest - j.waist) + turned @ j.chest_frame.T
    waist = j.waist + (turned[0] - (0, 0.012, 0)) @ ((j.pelvis_frame + j.chest_frame) / 2).T
    return np.concatenate([lower, waist[None], upper[1:]])


def build_shirt(j: Joints, wide: float, material: int, tucked: bool) -> Mesh:
    return grid(build_torso_rings(j, wide, np.arange(20) * np.pi / 10, tucked=tucked), material)


def build_sleeve(j: Joints, i: int, wide: float, share: float, margin: float, material: int) -> Mesh:
    """Cloth round an arm, to a share of its length."""
    path, gone = build_limb_path(j.shoulders[i], j.elbows[i], j.wrists[i])
    count = int(np.clip(round(share * (len(path) - 1)), 3, len(path) - 1)) + 1
    radii = np.interp(gone[:count], *ARM) * wide * 1.10 + margin
    return tube(path[:count], radii, material, 10, find_arm_axis(j, i))


def find_arm_axis(j: Joints, i: int) -> NDArray[np.float64]:
    """A direction [3] that no part of the arm runs along."""
    across = np.cross(j.elbows[i] - j.shoulders[i], j.wrists[i] - j.elbows[i])
    return across if np.linalg.norm(across) > 1e-4 else j.chest_frame[:, 0]


def build_jacket(j: Joints, wide: float, material: int) -> Mesh:
    """An open jacket with long sleeves over the shirt."""
    angles = np.linspace(np.pi / 2 + 0.42, 5 * np.pi / 2 - 0.42, 21)
    body = grid(build_torso_rings(j, wide, angles, 0.016, 0.06), material, closed=False, two_sided=True)
    return join([body, *(build_sleeve(j, i, wide, 0.92, 0.012, material) for i in (0, 1))])


def build_skirt(j: Joints, wide: float, material: int) -> Mesh:
    """From the waist to above the knees, stretched round both thighs."""
    right, up = j.pelvis_frame[:, 0], j.pelvis_frame[:, 2]
    shares = np.array([0.16, 0.36, 0.56, 0.76, 0.77])[:, None]
    along = unit(j.knees.mean(0) - j.hips.mean(0))
    ahead = np.cross(-along, right)
    angles = np.arange(20) * np.pi / 10
    circle = np.cos(angles)[:, None] * right + np.sin(angles)[:, None] * ahead  # [20,3]
    thighs = j.hips[:, None] + shares * (j.knees - j.hips)[:, None]  # [2,5,3]
    middle, apart = thighs.mean(0)[:, None], (thighs[1] - thighs[0])[:, None] / 2
    towards = np.clip((circle * apart).sum(-1, keepdims=True) / 0.045, -1, 1)  # which leg the cloth lies on
    thick = np.interp(shares / 2, *LEG) * wide + np.array([[0.016], [0.020], [0.026], [0.034], [0.020]])
    below = middle + towards * apart + thick[..., None] * circle
    hips = [j.pelvis + z * up + (np.cos(angles)[:, None] * (width * right) + np.sin(angles)[:, None]
            * (depth * j.pelvis_frame[:, 1])) * wide for z, width, depth in WAISTBAND]  # fmt: skip
    return grid(np.concatenate([below[::-1], np.array(hips)[::-1]]), material)


# ------------------------------------------------------------------ feet


def find_foot_frame(j: Joints, i: int) -> NDArray[np.float64]:
    """Frame [3,3] of a foot: y towards the toes, z up."""
    toes = j.toes[i]
    up = unit(0.2 * j.pelvis_frame[:, 2] + unit(j.knees[i] - j.ankles[i]))
    up = unit(up - toes * (up @ toes))
    return np.stack([np.cross(toes, up), toes, up], 1)


def build_shoe(upper: int, sole: int) -> Mesh:
    """Ankle at the origin, y towards the toes, z up."""
    top = ellipsoid((0.046, 0.135, 0.05), (0, 0.075, -0.035), upper, 8, 0.85)
    np.maximum(top.vertices[:, 2], -0.070, out=top.vertices[:, 2])
    collar = tube([(0, 0, -0.05), (0, 0, 0.01)], [0.046, 0.05], upper, 8)
    return join([top, collar, ellipsoid((0.050, 0.140, 0.02), (0, 0.075, -0.066), sole, 6, 0.7)])


def build_sock(material: int) -> Mesh:
    """A foot in a sock, smaller than any shoe on all sides; the same frame."""
    foot = ellipsoid((0.038, 0.116, 0.036), (0, 0.068, -0.040), material, 8, 0.9)
    np.maximum(foot.vertices[:, 2], -0.064, out=foot.vertices[:, 2])
    return join([foot, tube([(0, 0, -0.045), (0, 0, 0.005)], [0.037, 0.040], material, 8)])


# ------------------------------------------------------------------ a bag on the back


def build_backpack(wide: float, materials: Sequence[int]) -> Mesh:
    """In the chest's frame; materials: the bag's and, where given, its straps'."""
    cloth, strap = materials[0], materials[-1]
    depth = 0.119 * wide
    parts = [
        ellipsoid((0.150, 0.085, 0.215), (0, -depth - 0.068, -0.03), cloth, 10, 0.55),
        ellipsoid((0.115, 0.045, 0.095), (0, -depth - 0.145, -0.10), cloth, 8, 0.55),
    ]
    for side in SIDES:
        ring = np.array([
            (0.080, -depth - 0.03, 0.120), (0.082, -0.07, 0.152), (0.084, 0.005, 0.166), (0.094, 0.085, 0.130),
            (0.108, 0.125, 0.055), (0.120, 0.128, -0.03), (0.152, 0.090, -0.11), (0.178, 0.0, -0.15),
            (0.130, -depth - 0.02, -0.17),
        ])  # fmt: skip
        path = ring * (side * wide, wide, 1)
        outwards = path * (0.3, 1, 0.25) + (0, 0, 0.02)
        across = np.cross(np.gradient(path, axis=0), outwards)
        parts.append(tube(path, np.tile([(0.021, 0.006)], (len(path), 1)), strap, 8, across, round_ends=False))
    return join(parts)
