"""Heads: skull, face, hair, beard and glasses, with eyes that shut and a mouth that opens.

Centre of the skull at the origin, x right, y forward, z up; metres. Directions on the skull are points of a unit ball.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ag_core.world.render.mesh import Mesh, ellipsoid, grid, join, tube

SIDES = (-1, 1)
HAIRCUTS = ("crop", "parting", "curly", "long", "bun", "tail", "thinning", "bald")
BEARDS = ("", "full", "moustache")
SKULL = np.array([0.078, 0.098, 0.118])  # half width, depth and height
EYE = np.array([0.033, 0.080, 0.016])
# The hairline: azimuth from the face (0) to the nape (pi), and its height on the unit ball.
HAIRLINE = ((0, 0.5, 0.85, 1.15, 1.45, 1.75, 2.2, np.pi), (0.60, 0.57, 0.36, -0.05, 0.10, -0.28, -0.52, -0.58))
BEARD_LINE = ((0, 0.5, 1.0, 1.35), (-0.64, -0.54, -0.30, -0.02))


@dataclass(frozen=True)
class Looks:
    """What a person looks like besides colours. haircut, beard: see HAIRCUTS and BEARDS; lower: what the legs wear.

    tucked: the shirt's hem is inside the trousers; sleeve: share of the arm covered.
    """

    haircut: str = "crop"
    beard: str = ""
    glasses: bool = False
    lower: str = "trousers"  # or shorts, skirt
    tucked: bool = False
    sleeve: float = 0.45


@dataclass(frozen=True)
class Head:
    """A head with shut mouth and open eyes, and how its vertices [V,3] move to open the mouth and shut the eyes."""

    still: Mesh
    mouth_opens: NDArray[np.float32]
    eyes_shut: NDArray[np.float32]

    def build_mesh(self, eyes: float, mouth: float) -> Mesh:
        """eyes: 0 shut to 1 open; mouth: 0 shut to 1 wide open."""
        if eyes >= 1 and mouth <= 0:
            return self.still
        moved = self.still.vertices + (1 - eyes) * self.eyes_shut + mouth * self.mouth_opens
        return replace(self.still, vertices=moved.astype(np.float32))


def fit_to_skull(ball: NDArray[np.float64], thickness: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
    """Points [...,3] on the skull in directions [...,3], raised by a share of its size."""
    points: NDArray[np.float64] = ball * SKULL * (1 + np.asarray(thickness)[..., None])
    jaw = np.clip(-ball[..., 2], 0, 1)
    points[..., 0] *= 1 - 0.22 * jaw**1.5
    points[..., 1] += 0.012 * jaw
    return points


def find_ball_point(height: NDArray[np.float64], azimuth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of the unit ball; azimuth counts from the face, counter-clockwise seen from above."""
    around = np.sqrt(np.clip(1 - height**2, 0, 1))
    return np.stack(np.broadcast_arrays(-around * np.sin(azimuth), around * np.cos(azimuth), height), -1)


def build_head(materials: dict[str, int], looks: Looks) -> Head:
    """The whole head in its three extreme states, which share their faces."""
    still, gaping, asleep = (join(build_pieces(materials, looks, *state)) for state in ((1, 0), (1, 1), (0, 0)))
    return Head(still, gaping.vertices - still.vertices, asleep.vertices - still.vertices)


def build_pieces(m: dict[str, int], looks: Looks, eyes: float, mouth: float) -> list[Mesh]:
    skull = ellipsoid((1, 1, 1), (0, 0, 0), m["skin"], 13)
    face = [replace(skull, vertices=fit_to_skull(skull.vertices.astype(float)).astype(np.float32))]
    if looks.beard == "full":
        face.append(build_beard(m["hair"]))
    for part in face:
        x, y, z = part.vertices.T
        z -= 0.010 * mouth * np.clip((-0.052 - z) / 0.03, 0, 1) * np.clip(y / 0.05, 0, 1)
    made = [*face, *build_hair(m["hair"], looks.haircut)]
    made.append(ellipsoid((0.0135, 0.019, 0.023), (0, 0.094, -0.014), m["skin"], 6))
    made.append(ellipsoid((0.024 - 0.004 * mouth, 0.009, 0.0065 + 0.0125 * mouth), (0, 0.0915, -0.058 - 0.006 * mouth),
                          m["mouth"], 6))  # fmt: skip
    made.append(ellipsoid((0.016, 0.004 + 0.006 * mouth, 0.0005 + 0.0135 * mouth), (0, 0.0925, -0.058 - 0.006 * mouth),
                          m["iris"], 6))  # fmt: skip
    if looks.beard:
        made.append(ellipsoid((0.030, 0.009, 0.0065), (0, 0.0945, -0.044), m["hair"], 6))
    for side in SIDES:
        eye = EYE * (side, 1, 1)
        made.append(ellipsoid((0.0205, 0.0130, 0.0160), eye, m["white"], 7))
        made.append(ellipsoid((0.0110, 0.0060, 0.0125), np.add(eye, (-0.001 * side, 0.0095, 0)), m["iris"], 5))
        lid = ellipsoid((0.0225, 0.0185, 0.0185), eye, m["skin"], 8)
        np.maximum(lid.vertices[:, 2], EYE[2] - 0.02 + 0.0305 * eyes, out=lid.vertices[:, 2])
        made.append(lid)
        x = np.array([0.016, 0.027, 0.038, 0.046])
        z = np.array([0.040, 0.0445, 0.0445, 0.040])
        y = SKULL[1] * np.sqrt(1 - (x / SKULL[0]) ** 2 - (z / SKULL[2]) ** 2) + 0.001
        made.append(tube(np.stack([side * x, y, z], 1), [0.0035, 0.0045, 0.004, 0.0025], m["hair"], 6, (0, 0, 1)))
        made.append(ellipsoid((0.012, 0.021, 0.029), (side * 0.078, -0.006, -0.004), m["skin"], 6))
        if looks.glasses:
            made += build_half_glasses(m["iris"], side)
    return made


def build_half_glasses(material: int, side: int) -> list[Mesh]:
    angle = np.linspace(0, 2 * np.pi, 13)
    rim = np.stack([side * 0.034 + 0.0245 * np.cos(angle), 0.1035 - 0 * angle, 0.013 + 0.021 * np.sin(angle)], 1)
    temple = [(side * 0.058, 0.102, 0.018), (side * 0.078, 0.07, 0.018), (side * 0.086, -0.01, 0.016)]
    bridge = [(0, 0.106, 0.018), (side * 0.0105, 0.104, 0.018)]
    return [
        tube(rim, np.full(13, 0.003), material, 5, (0, 1, 0), round_ends=False),
        tube(temple, [0.003] * 3, material, 4, (0, 0, 1), round_ends=False),
        tube(bridge, [0.0028] * 2, material, 4, (0, 0, 1), round_ends=False),
    ]


def build_hair(material: int, cut: str) -> list[Mesh]:
    """A shell from the hairline to the crown, and what hangs or is tied of it."""
    columns, rows = 36, 12
    azimuth = np.arange(columns) * 2 * np.pi / columns
    front = np.abs((azimuth + np.pi) % (2 * np.pi) - np.pi)  # 0 at the face, pi at the nape
    line = np.interp(front, *HAIRLINE)
    up = np.concatenate([[0, 0.001], np.linspace(0.07, 1, rows - 2)])[:, None]
    ball = find_ball_point(np.cos(np.arccos(line) * (1 - up)), azimuth[None])
    x, y, z = np.moveaxis(ball, -1, 0)
    full = {"crop": 0.075, "parting": 0.115, "curly": 0.17, "long": 0.10, "bun": 0.07, "tail": 0.07}.get(cut, 0.03)
    thickness = np.clip(up / 0.25, 0.35, 1) * full * np.ones_like(x)
    if cut == "crop":
        thickness += 0.04 * np.clip(z, 0, 1) ** 2 + 0.012 * np.sin(11 * azimuth[None] + 9 * up) * (up < 0.9)
    elif cut == "parting":
        thickness += 0.07 * np.clip(x + 0.2, 0, 1) * np.clip(z + 0.1, 0, 1)
        thickness -= 0.075 * np.exp(-(((x + 0.36) / 0.09) ** 2)) * np.clip(2 * z * (y + 0.55), 0, 1)
        thickness *= 1 - 0.35 * np.clip(-z * 2, 0, 1)
    elif cut == "curly":
        thickness += 0.05 * np.sin(9 * azimuth[None] + 6 * up) * np.sin(np.pi * up * 5) * (up < 0.95)
    elif cut == "long":
        thickness -= 0.05 * np.exp(-((x / 0.07) ** 2)) * np.clip(2 * z * (y + 0.4), 0, 1)
    elif cut == "thinning":
        bare = np.clip((z - 0.40) / 0.5, 0, 1) + np.clip((1.05 - front[None]) / 0.4, 0, 1)
        thickness -= 0.09 * np.clip(bare, 0, 1)
    elif cut == "bald":
        thickness -= 0.08
    thickness[0] = -0.04  # the rim dips into the skin
    shell = grid(fit_to_skull(ball, thickness), material)
    return [shell, *build_hanging_hair(material, cut)]


def build_hanging_hair(material: int, cut: str) -> list[Mesh]:
    if cut == "bun":
        return [ellipsoid((0.046, 0.036, 0.044), (0, -0.112, 0.062), material, 8)]
    if cut == "tail":
        path = [(0, -0.095, 0.050), (0, -0.130, 0.040), (0, -0.150, -0.02), (0, -0.150, -0.10), (0, -0.135, -0.185)]
        return [tube(path, [0.018, 0.022, 0.032, 0.030, 0.010], material, 10)]
    if cut != "long":
        return []
    azimuth = np.linspace(1.02, 2 * np.pi - 1.02, 27)[None]
    down = np.linspace(0, 1, 9)[:, None]
    z = 0.055 - 0.245 * down - 0.025 * np.cos(azimuth) * down * 0.5
    flare = 0.98 + 0.20 * np.sin(np.pi * np.clip(down * 0.9, 0, 1)) - 0.06 * down
    wave = 1 + 0.018 * np.sin(azimuth * 9) * down
    x, y = -0.086 * np.sin(azimuth) * flare * wave, 0.104 * np.cos(azimuth) * flare * wave - 0.008
    points = np.stack(np.broadcast_arrays(x, y, z), -1)[::-1]
    return [grid(points, material, closed=False, two_sided=True)]


def build_beard(material: int) -> Mesh:
    """From ear to ear round the chin."""
    azimuth = np.linspace(-1.35, 1.35, 19)
    line = np.interp(np.abs(azimuth), *BEARD_LINE)
    low = -0.985
    up = np.linspace(0, 1, 8)[:, None]
    height = low + (line - low) * up
    thickness = 0.05 * np.sqrt(np.clip(1 - up, 0, 1)) + 0.012 - 0.05 * (up >= 1) + 0 * height
    thickness[:, [0, -1]] = -0.02
    return grid(fit_to_skull(find_ball_point(height, azimuth[None]), thickness), material, closed=False)
