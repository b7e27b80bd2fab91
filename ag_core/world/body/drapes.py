"""A blanket over a body: a smooth height field above the legs and the belly, hanging down at its borders.

The field lies in the plane of the floor, its rows along the legs from the belly to the feet. Metres.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.skeleton import Joints
from ag_core.world.render.mesh import Mesh, grid

ROWS, COLUMNS = 34, 25
HALF_WIDTH = 0.44  # of the blanket
HANGS, FRONT_HANGS = 0.16, 0.36  # how far its sides, and its end before the knees, hang below what the body rests on
THICKNESS = 0.022
SEAT = 0.125  # of a resting pelvis above what carries it


def drape_blanket(joints: Joints, material: int, rest_height: float | None = None) -> Mesh:
    """A blanket over a lying or sitting body, from the belly to the feet (lying) or over the knees (sitting).

    rest_height: height of what the body lies or sits on; None = just under the pelvis.
    """
    rest = float(joints.pelvis[2]) - SEAT if rest_height is None else rest_height
    forward = (joints.knees.mean(0) - joints.hips.mean(0)) * (1, 1, 0) + 1e-3 * joints.pelvis_frame[:, 1] * (1, 1, 0)
    forward = forward / np.linalg.norm(forward)
    across = np.array([forward[1], -forward[0], 0.0])
    centres, radii = find_covered(joints)
    s, t, z = (centres - joints.pelvis) @ forward, (centres - joints.pelvis) @ across, centres[:, 2]
    belly = float((0.35 * joints.waist + 0.65 * joints.chest - joints.pelvis) @ forward)
    knee = float(((joints.knees - joints.pelvis) @ forward).max())
    sits = float(np.clip(1.5 * joints.pelvis_frame[2, 2], 0, 1))
    end = (1 - sits) * (float(s.max()) + 0.11) + sits * (knee + 0.18)
    half_width = HALF_WIDTH - 0.10 * sits
    rows = np.linspace(min(belly, 0.04), end, ROWS)[:, None, None]
    columns = np.linspace(-half_width, half_width, COLUMNS)[None, :, None]
    away = (rows - s) ** 2 + (columns - t) ** 2  # [R,C,K] squared distance seen from above
    reach = radii + 2 * THICKNESS
    top = np.where(away < reach**2, z + np.sqrt(np.maximum(reach**2 - away, 0)), -np.inf).max(-1)
    side = np.clip((np.abs(columns[..., 0]) - 0.20) / (half_width - 0.20), 0, 1)
    beyond_knees = np.clip((rows[..., 0] - knee - 0.01) / 0.09, 0, 1) * sits
    drop = np.minimum(HANGS * side**2 * (1 + sits) + FRONT_HANGS * beyond_knees, FRONT_HANGS)
    base = rest + THICKNESS - drop
    height = smooth_heights(np.maximum(top, base))
    points = joints.pelvis * (1, 1, 0) + rows * forward + columns * across
    points[..., 2] += height
    return grid(points[:, ::-1], material, closed=False, two_sided=True)


def find_covered(j: Joints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Balls that fill what lies under the blanket: centres [K,3] and radii [K]; nothing higher than the lap allows."""
    steps = np.linspace(0, 1, 8)[:, None]
    centres, radii = [], []
    for i in (0, 1):
        shin_end = j.ankles[i] + 0.03 * j.toes[i]
        centres += [j.hips[i] + steps * (j.knees[i] - j.hips[i]), j.knees[i] + steps * (shin_end - j.knees[i])]
        radii += [np.interp(steps[:, 0], (0, 1), (0.100, 0.070)), np.interp(steps[:, 0], (0, 1), (0.070, 0.055))]
        centres.append(j.ankles[i] + np.array([[0.07], [0.13], [0.19]]) * j.toes[i])
        radii.append(np.array([0.055, 0.052, 0.045]))
    for k in (0, 1, 2):  # cloth spans the gap between the legs
        centres.append((centres[k] + centres[k + 3]) / 2)
        radii.append(radii[k] * 0.8)
    for x in (-0.09, 0.0, 0.09):
        spine = np.concatenate([j.pelvis + steps[:4] * (j.waist - j.pelvis), j.waist + steps * (j.chest - j.waist)])
        centres.append(spine + x * j.pelvis_frame[:, 0])
        radii.append(np.full(len(spine), 0.125))
    centre = np.concatenate(centres)
    highest = max(float(j.pelvis[2]), float(j.knees[:, 2].max())) + 0.05
    centre[:, 2] = np.minimum(centre[:, 2], highest)
    return centre, np.concatenate(radii)


def smooth_heights(height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Folds fall softly: the height blurred along both directions."""
    for axis in (0, 1, 0, 1):
        pad = [(1, 1), (0, 0)] if axis == 0 else [(0, 0), (1, 1)]
        h = np.pad(height, pad, "edge")
        height = (h[:-2] + 2 * h[1:-1] + h[2:]) / 4 if axis == 0 else (h[:, :-2] + 2 * h[:, 1:-1] + h[:, 2:]) / 4
    return height
