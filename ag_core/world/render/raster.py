"""Software renderer: what every pixel sees, and its colour. No OpenGL, no display; NumPy and Numba only.

One frame is six passes, each a function of `visibility.py` or `shading.py`, called in this order by `Renderer`:

    rasterise -> draw_shadows -> measure_openness -> smooth_image -> shade -> measure (seen and full size of objects)

Shapes: V vertices, F triangles, H x W pixels, SAMPLES x SAMPLES samples a pixel (anti-aliasing).
World space: metres, z up. Camera space: x right, y down, z forward.
Knows triangles, materials and lights; of the objects only one integer label a triangle.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.render.mesh import Geometry, unit
from ag_core.world.render.shading import draw_shadows, measure_openness, shade, smooth_image
from ag_core.world.render.visibility import MAX_LABELS, NOTHING, SAMPLES, measure, rasterise

SHADOW_SIZE = 1024  # texels a side
MATERIAL = np.dtype(
    [
        ("tint", "f4", 3),  # linear RGB, multiplies the texture
        ("texture", "i4"),  # row of the texture array, or NOTHING
        ("repeat", "f4"),  # texture repeats per unit of uv
        ("shine", "f4"),
        ("sharpness", "f4"),  # highlight: strength, and its narrowness
        ("glow", "f4"),  # light of its own: screens, lamps
        ("rim", "f4"),  # pale edge of skin and cloth
    ]
)


class Camera(NamedTuple):
    """position [3] metres; rotation [3,3], rows right, down, forward; focal length in pixels; image size in pixels."""

    position: NDArray[np.float64]
    rotation: NDArray[np.float64]
    focal: float
    width: int
    height: int


def aim_camera(position: ArrayLike, target: ArrayLike, focal: float, width: int, height: int) -> Camera:
    """A camera at `position` [3] looking at `target` [3], horizon level."""
    forward = unit(np.subtract(target, position))
    right = unit(np.cross(forward, (0, 0, 1)))
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Camera(np.asarray(position, float), rotation, float(focal), width, height)


class Lights(NamedTuple):
    """One key light with shadows, a two-coloured sky, and small fills without shadows.

    key_direction [3] towards the light, unit; colours [3] linear RGB; fills [L,6] position and colour.
    """

    key_direction: NDArray[np.float64]
    key_colour: NDArray[np.float64]
    sky: NDArray[np.float64]
    ground: NDArray[np.float64]
    fills: NDArray[np.float64]
    exposure: float


@dataclass(frozen=True)
class Extents:
    """How large N labelled objects are in the image: what is seen, and what would be seen with nothing in front.

    Both are counted on the same pixel-centre grid, so seen <= full holds exactly.
    seen_area, full_area [N] pixels; seen_boxes_xyxy, full_boxes_xyxy [N,4] pixels, zero where the area is zero.
    """

    seen_area: NDArray[np.int64]
    full_area: NDArray[np.int64]
    seen_boxes_xyxy: NDArray[np.float32]
    full_boxes_xyxy: NDArray[np.float32]

    @property
    def visibility(self) -> NDArray[np.float64]:
        """Seen share [N] of each object's outline inside the image, 0 to 1."""
        return self.seen_area / np.maximum(self.full_area, 1)


class Renderer:
    """Draws the frames of one video. Holds the buffers, and the shadows of what never moves.

    geometry: the scene; move parts by writing into its arrays between frames (the first `still_triangles` must not).
    materials [M] of dtype MATERIAL; textures [T,S,S,3]; lit_volume [2,3]: the box of space that can receive shadows.
    """

    def __init__(
        self,
        geometry: Geometry,
        materials: NDArray[np.void],
        textures: NDArray[np.float32],
        lights: Lights,
        lit_volume: NDArray[np.float64],
        still_triangles: int,
        width: int,
        height: int,
    ) -> None:
        self.geometry, self.materials, self.textures, self.lights = geometry, materials, textures, lights
        self.still_triangles = still_triangles
        samples = (height * SAMPLES, width * SAMPLES)
        self.nearness, self.seen = np.zeros(samples, np.float32), np.zeros(samples, np.int32)
        self.edges = np.zeros((len(geometry.faces), 3, 3))
        self.cover = np.zeros((height, width), np.uint64)
        self.openness = np.zeros(((height + 1) // 2, (width + 1) // 2), np.float32)
        self.image = np.zeros((height, width, 3), np.float32)
        k, pattern = np.arange(12), np.arange(4)[:, None]
        radius, angle = np.sqrt((k + 0.5 + 0.2 * pattern) / 13), 2.39996 * k + 0.7 * pattern  # sunflower discs
        self.taps = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
        self.to_texels = make_light_to_texels(lights.key_direction, lit_volume)
        self.still_heights = np.full((SHADOW_SIZE, SHADOW_SIZE), -1e9, np.float32)
        self.add_shadows(self.still_heights, 0, still_triangles)

    def add_shadows(self, heights: NDArray[np.float32], first: int, last: int) -> None:
        """Draw triangles first .. last-1 into a shadow map [SHADOW_SIZE,SHADOW_SIZE]."""
        g = self.geometry
        points = g.vertices @ self.to_texels[:, :3].T + self.to_texels[:, 3]
        draw_shadows(points, g.faces, g.two_sided, g.casts_shadow, first, last, heights)

    def draw(self, camera: Camera) -> NDArray[np.float32]:
        """The frame, RGB float [H,W,3] from 0 to 1, overwritten by the next call."""
        g, focal = self.geometry, camera.focal * SAMPLES
        self.nearness.fill(0)
        self.seen.fill(NOTHING)
        self.cover.fill(0)
        points = (g.vertices - camera.position) @ camera.rotation.T
        rasterise(points, g, focal, self.nearness, self.seen, self.edges, self.cover)
        heights = self.still_heights.copy()
        self.add_shadows(heights, self.still_triangles, len(g.faces))
        measure_openness(self.nearness, self.seen, self.edges, focal, self.taps, self.openness)
        openness = np.clip(1.5 * smooth_image(self.openness) - 0.5, 0.1, 1)
        x, y, z = (float(v) for v in camera.position)
        shade(
            self.seen,
            self.edges,
            g,
            self.materials,
            self.textures,
            (x, y, z),
            self.lights,
            self.to_texels,
            heights,
            openness,
            self.image,
        )
        return self.image

    def extents(self, objects: int) -> Extents:
        """Seen and full size of objects 0 .. objects-1 in the last frame drawn."""
        areas, boxes = np.zeros((2, MAX_LABELS), np.int64), np.zeros((2, MAX_LABELS, 4), np.float32)
        measure(self.seen, self.geometry.label, self.cover, areas, boxes)
        return Extents(areas[0, :objects], areas[1, :objects], boxes[0, :objects], boxes[1, :objects])


def make_light_to_texels(direction: NDArray[np.float64], lit_volume: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix [3,4]: world point -> texel x, texel y, height towards the light; the volume just fills the shadow map."""
    across = unit(np.cross((0, 1, 0.01), direction))
    corners = np.stack(np.meshgrid(*lit_volume.T), -1).reshape(-1, 3)
    matrix = np.zeros((3, 4))
    for i, axis in enumerate((across, np.cross(direction, across))):
        extent = corners @ axis
        scale = (SHADOW_SIZE - 4) / np.ptp(extent)
        matrix[i] = *(axis * scale), 2 - extent.min() * scale
    matrix[2, :3] = direction
    return matrix
