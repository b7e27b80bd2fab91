"""Which triangle every sample sees, and how large each object is in the frame: the first and the last pass.

Knows triangles and, of the objects, only one integer label a triangle; nothing of light.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.render.mesh import Geometry
from ag_core.world.render.vectors import Vector, compiled, cross, dot, row

SAMPLES = 2  # a side, so four a pixel
NEAR = 0.05  # metres; triangles wholly nearer than this are skipped
MAX_LABELS = 64  # one bit each in a uint64
NOTHING = -1


@compiled
def find_pixel_bounds(
    a: Vector, b: Vector, c: Vector, focal: float, centre_x: float, centre_y: float, width: int, height: int
) -> tuple[int, int, int, int]:
    """Samples x0, x1, y0, y1 (inclusive) round a triangle; the whole image if it reaches behind the camera."""
    if a[2] <= NEAR or b[2] <= NEAR or c[2] <= NEAR:
        return 0, width - 1, 0, height - 1
    xa, xb, xc = a[0] / a[2], b[0] / b[2], c[0] / c[2]
    ya, yb, yc = a[1] / a[2], b[1] / b[2], c[1] / c[2]
    x0, x1 = np.floor(min(xa, xb, xc) * focal + centre_x), np.ceil(max(xa, xb, xc) * focal + centre_x)
    y0, y1 = np.floor(min(ya, yb, yc) * focal + centre_y), np.ceil(max(ya, yb, yc) * focal + centre_y)
    return max(int(x0), 0), min(int(x1), width - 1), max(int(y0), 0), min(int(y1), height - 1)


@compiled
def find_row_span(edge: NDArray[np.float64], y: int, first: int, last: int) -> tuple[int, int]:
    """The samples of row y, between first and last, where all three edge functions are positive."""
    low, high = float(first), float(last)
    for i in range(3):
        slope, here = edge[i, 0], edge[i, 1] * y + edge[i, 2]
        if slope > 0:
            low = max(low, -here / slope)
        elif slope < 0:
            high = min(high, -here / slope)
        elif here < 0:
            high = -1.0
    return int(np.ceil(low)), int(np.floor(high))


@compiled
def rasterise(
    points: NDArray[np.float64],
    geometry: Geometry,
    focal: float,
    nearness: NDArray[np.float32],
    seen: NDArray[np.int32],
    edges: NDArray[np.float64],
    cover: NDArray[np.uint64],
) -> None:
    """Find the nearest triangle of every sample.

    points   [V,3]         vertices in camera space
    focal                  in samples, not pixels
    nearness [HS,WS] f4    out: 1 / depth of the nearest surface, 0 = nothing
    seen     [HS,WS] i4    out: its triangle, or NOTHING
    edges    [F,3,3] f8    out: E_i(x, y) = edges[t,i] . (x, y, 1) in sample coordinates, kept for shading
    cover    [H,W]   u8    out: bit n is set where object n covers the pixel, hidden or not

    For corners a, b, c and the ray d = ((x - cx) / focal, (y - cy) / focal, 1) of a sample, let
    E = (b x c, c x a, a x b) . d / (a . b x c). The ray meets the triangle where all three are positive; their
    sum is 1 / depth, and E_i * depth are the barycentric weights. Nothing needs clipping at the near plane, and
    as each E_i is linear in x, the covered part of a row is solved rather than searched.
    """
    faces, two_sided, label = geometry.faces, geometry.two_sided, geometry.label
    height, width = seen.shape
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    for t in range(len(faces)):
        a, b, c = row(points, faces[t, 0]), row(points, faces[t, 1]), row(points, faces[t, 2])
        if a[2] < NEAR and b[2] < NEAR and c[2] < NEAR:
            continue
        volume = dot(a, cross(b, c))  # negative: seen from the front
        if abs(volume) < 1e-14 or (volume > 0 and not two_sided[t]):
            continue
        x0, x1, y0, y1 = find_pixel_bounds(a, b, c, focal, centre_x, centre_y, width, height)
        if x0 > x1 or y0 > y1:
            continue
        edge = edges[t]
        for i, normal in enumerate((cross(b, c), cross(c, a), cross(a, b))):
            edge[i, 0] = normal[0] / (volume * focal)
            edge[i, 1] = normal[1] / (volume * focal)
            edge[i, 2] = normal[2] / volume - edge[i, 0] * centre_x - edge[i, 1] * centre_y
        slope_x = edge[0, 0] + edge[1, 0] + edge[2, 0]
        slope_y = edge[0, 1] + edge[1, 1] + edge[2, 1]
        constant = edge[0, 2] + edge[1, 2] + edge[2, 2]
        bit = np.uint64(1) << np.uint64(label[t]) if 0 <= label[t] < MAX_LABELS else np.uint64(0)
        for y in range(y0, y1 + 1):
            first, last = find_row_span(edge, y, x0, x1)
            near = slope_x * first + slope_y * y + constant
            on_grid = bit != 0 and y % SAMPLES == 0
            for x in range(first, last + 1):
                if near > nearness[y, x]:
                    nearness[y, x] = near
                    seen[y, x] = t
                if on_grid and x % SAMPLES == 0:
                    cover[y // SAMPLES, x // SAMPLES] |= bit
                near += slope_x


@compiled
def measure(
    seen: NDArray[np.int32],
    label: NDArray[np.int32],
    cover: NDArray[np.uint64],
    areas: NDArray[np.int64],
    boxes: NDArray[np.float32],
) -> None:
    """Count object pixels. areas [2,N], boxes_xyxy [2,N,4], both zero before; index 0 = seen, 1 = full."""
    height, width = cover.shape
    for y in range(height):
        for x in range(width):
            t = seen[y * SAMPLES, x * SAMPLES]
            if t != NOTHING and label[t] >= 0:
                grow(areas[0], boxes[0], label[t], x, y)
            bits, n = cover[y, x], 0
            while bits:
                if bits & np.uint64(1):
                    grow(areas[1], boxes[1], n, x, y)
                bits >>= np.uint64(1)
                n += 1


@compiled
def grow(areas: NDArray[np.int64], boxes: NDArray[np.float32], n: int, x: int, y: int) -> None:
    """Add pixel (x, y) to the area and box of object n."""
    box = boxes[n]
    if areas[n] == 0:
        box[0], box[1] = x, y
    areas[n] += 1
    box[0], box[2] = min(box[0], x), max(box[2], x + 1)
    box[1], box[3] = min(box[1], y), max(box[3], y + 1)
