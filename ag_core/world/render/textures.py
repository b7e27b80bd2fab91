"""Textures and materials: tiling pictures drawn from noise, and a palette that collects materials.

Knows colours; of shapes nothing.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ag_core.world.random_streams import RandomStream
from ag_core.world.render.raster import MATERIAL
from ag_core.world.render.visibility import NOTHING

TEXTURE_SIZE = 128


def draw_textures(stream: RandomStream) -> dict[str, NDArray[np.float64]]:
    """Tiling pictures [T,T,3], linear RGB round 1 (they multiply a tint)."""
    size, random = TEXTURE_SIZE, stream.generator
    y, x = np.mgrid[0:size, 0:size] / size
    steps = np.arange(size) / size

    def clouds(cells: int, octaves: int = 4) -> NDArray[np.float64]:
        """Tiling noise, about -1 to 1 [T,T]."""
        total = np.zeros((size, size))
        for octave in range(octaves):
            n = cells << octave
            corners = np.pad(random.normal(size=(n, n)), ((0, 1), (0, 1)), "wrap")
            cell = (steps * n).astype(int)
            share = (steps * n - cell) ** 2 * (3 - 2 * (steps * n - cell))
            rows = corners[cell] * (1 - share[:, None]) + corners[cell + 1] * share[:, None]
            total += (rows[:, cell] * (1 - share) + rows[:, cell + 1] * share) / 2**octave
        return total

    boards = int(stream.split_choice([6, 5, 4, 8, 7, 3]))
    plank = (x * boards).astype(int)
    shift = random.random(boards)[plank]
    seam = ((y + shift) % 1 < 0.012) | (x * boards % 1 < 0.035)
    tone = random.uniform(0.85, 1.1, (boards, 2))[plank, ((y + shift) % 1 > 0.5).astype(int)]
    planks = tone * (1 + 0.05 * np.sin(60 * x + 3 * clouds(3)) + 0.04 * clouds(16)) * np.where(seam, 0.6, 1)
    grain = clouds(3)
    wood = 1 + 0.07 * np.sin(75 * x + 3 * grain) + 0.05 * np.sin(201 * x + 5 * grain) + 0.05 * clouds(16)
    line = (y * 14 % 1 < 0.4) & (x % 0.5 > 0.06) & (x % 0.5 < 0.44) & (y > 0.08) & (y < 0.92) & (clouds(32, 2) > -0.6)
    rules = (y * 11 % 1 < 0.10) & (x > 0.05) & (x < 0.95)
    scribble = (
        (np.abs(y * 11 % 1 - 0.5 - 0.2 * np.sin(90 * x + 5 * clouds(4))) < 0.12) & (y > 0.55) & (x > 0.1) & (x < 0.8)
    )
    tiles = np.where((x * 5 % 1 < 0.05) | (y * 5 % 1 < 0.05), 0.72, 1 + 0.04 * clouds(8))
    leaf = np.hypot(x * 6 % 1 - 0.5, (y * 6 + 0.5 * np.floor(x * 6)) % 1 - 0.5) < 0.18 + 0.05 * clouds(8)
    check = ((x * 6).astype(int) + (y * 6).astype(int)) % 2
    dots = np.hypot(x * 8 % 1 - 0.5, y * 8 % 1 - 0.5) < 0.22
    outside = np.stack([0.60 + 0.3 * y, 0.76 + 0.18 * y, 0.98 + 0 * y], -1)
    trees = y < 0.40 + 0.07 * clouds(4)
    outside[trees] = np.array([0.25, 0.42, 0.2]) * (1 + 0.2 * clouds(16)[trees, None])
    hills = y > 0.42 + 0.06 * clouds(3)
    sky, earth = (
        np.multiply.outer(0.6 + 0.5 * y, (0.62, 0.70, 0.80)),
        np.multiply.outer(1 + 0.2 * clouds(4), (0.42, 0.40, 0.24)),
    )
    picture = np.where(hills[..., None], sky, earth)
    picture[np.hypot(x - random.uniform(0.2, 0.8), y - 0.68) < 0.10] = (0.95, 0.80, 0.45)
    blobs, hue = np.clip(clouds(2)[..., None] * 0.5 + 0.5, 0, 1), random.uniform(0.25, 0.75, (2, 3))
    abstract = hue[0] * blobs + hue[1] * (1 - blobs)
    screen = np.stack([0.20 + 0 * x, 0.32 + 0.2 * y, 0.45 + 0.3 * y], -1)
    screen[(np.abs(x - 0.5) < 0.4) & (np.abs(y - 0.5) < 0.36)] = (0.85, 0.87, 0.9)
    screen[(np.abs(x - 0.45) < 0.3) & (np.abs(y - 0.5) < 0.3) & (y * 16 % 1 < 0.45)] = (0.30, 0.33, 0.4)
    glass = (
        0.62 + 0.3 * y + np.where((x + 0.5 * y) % 0.6 < 0.09, 0.12, 0)
    )  # what a mirror shows: dim floor, bright wall
    mirror = np.stack([glass, 1.02 * glass, 1.06 * glass], -1) * np.where(y > 0.34, 1, 0.72)[..., None]
    flat = {
        "planks": planks,
        "wood": wood,
        "plaster": 1 + 0.05 * clouds(8),
        "fabric": 1 + 0.08 * clouds(32, 2),
        "stripes": np.where(x * 8 % 1 < 0.5, 1, 0.82),
        "page": np.where(line, 0.35, 0.95),
        "ruled": np.where(scribble, 0.3, np.where(rules, 0.72, 1.0)),
        "tiles": tiles,
        "leaves": np.where(leaf, 0.84, 1.0),
        "check": 1 - 0.22 * check,
        "dots": np.where(dots, 1.15, 0.92),
    }
    coloured = {"outside": outside, "picture": picture, "abstract": abstract, "screen": screen, "mirror": mirror}
    return {name: np.repeat(values[..., None], 3, -1) for name, values in flat.items()} | coloured


@dataclass
class Palette:
    """Textures, and materials collected under the index they get."""

    stream: RandomStream
    names: list[str] = field(init=False)
    textures: NDArray[np.float32] = field(init=False)  # [T,S,S,3] float32
    rows: list[tuple[tuple[float, ...], int, float, float, float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        drawn = draw_textures(self.stream)
        self.names, self.textures = list(drawn), np.clip(list(drawn.values()), 0, 2).astype(np.float32)

    def add(
        self,
        colour: str | NDArray[np.float64],
        texture: str | None = None,
        repeat: float = 1,
        shine: float = 0,
        sharpness: float = 10,
        glow: float = 0,
        rim: float = 0,
    ) -> int:
        """A new material from an sRGB colour such as 'b98a5a' or [3] in 0..1; returns its index."""
        rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]) if isinstance(colour, str) else colour
        layer = self.names.index(texture) if texture else NOTHING
        self.rows.append((tuple(np.clip(rgb, 0, 1) ** 2.2), layer, repeat, shine, sharpness, glow, rim))
        return len(self.rows) - 1

    def add_choice(self, colours: str, texture: str | None = None, jitter: float = 0.05, **looks: float) -> int:
        """A material in one of several space-separated colours of this split, slightly varied."""
        colour = self.stream.split_choice(colours.split())
        rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        rgb = (
            rgb * self.stream.uniform(1 - 2 * jitter, 1 + jitter)
            + self.stream.generator.uniform(-jitter, jitter, 3) / 2
        )
        return self.add(rgb, texture, **looks)

    @property
    def materials(self) -> NDArray[np.void]:
        """[M] of dtype MATERIAL."""
        return np.array(self.rows, MATERIAL)
