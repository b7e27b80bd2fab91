"""Software renderer: what every pixel sees, and its colour. No OpenGL, no display; NumPy and Numba only.

One frame is six passes, each a function below, called in this order by `Renderer`:

    rasterise -> draw_shadows -> ambient_openness -> smooth -> shade -> measure (seen and full size of objects)

Shapes: V vertices, F triangles, H x W pixels, SAMPLES x SAMPLES samples a pixel (anti-aliasing).
World space: metres, z up. Camera space: x right, y down, z forward.
Knows triangles, materials and lights; of the objects only one integer label a triangle.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from ag_core.world.render.mesh import Geometry, unit

SAMPLES = 2  # a side, so four a pixel
NEAR = 0.05  # metres; triangles wholly nearer than this are skipped
SHADOW_SIZE = 1024  # texels a side
OCCLUSION_REACH = 0.35  # metres
MAX_LABELS = 64  # one bit each in a uint64
NOTHING = -1
GAMMA = ((np.arange(2049) / 2048) ** (1 / 2.2)).astype(np.float32)
compiled = njit(cache=True, fastmath=True, nogil=True, error_model="numpy")

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

    position: NDArray
    rotation: NDArray
    focal: float
    width: int
    height: int


def camera_towards(position: ArrayLike, target: ArrayLike, focal: float, width: int, height: int) -> Camera:
    """A camera at `position` [3] looking at `target` [3], horizon level."""
    forward = unit(np.subtract(target, position))
    right = unit(np.cross(forward, (0, 0, 1)))
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Camera(np.asarray(position, float), rotation, float(focal), width, height)


class Lights(NamedTuple):
    """One key light with shadows, a two-coloured sky, and small fills without shadows.

    key_direction [3] towards the light, unit; colours [3] linear RGB; fills [L,6] position and colour.
    """

    key_direction: NDArray
    key_colour: NDArray
    sky: NDArray
    ground: NDArray
    fills: NDArray
    exposure: float


@dataclass(frozen=True)
class Extents:
    """How large N labelled objects are in the image: what is seen, and what would be seen with nothing in front.

    Both are counted on the same pixel-centre grid, so seen <= full holds exactly.
    seen_area, full_area [N] pixels; seen_boxes_xyxy, full_boxes_xyxy [N,4] pixels, zero where the area is zero.
    """

    seen_area: NDArray
    full_area: NDArray
    seen_boxes_xyxy: NDArray
    full_boxes_xyxy: NDArray

    @property
    def visibility(self) -> NDArray:
        """Seen share [N] of each object's outline inside the image, 0 to 1."""
        return self.seen_area / np.maximum(self.full_area, 1)


# ------------------------------------------------------------------ three-vectors as tuples (free once compiled)


@compiled
def row(array, i):
    return array[i, 0], array[i, 1], array[i, 2]


@compiled
def triple(array):
    return array[0], array[1], array[2]


@compiled
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@compiled
def plus(a, b, scale):
    """a + scale * b"""
    return a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2]


@compiled
def times(a, b):
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@compiled
def scaled(a, scale):
    return a[0] * scale, a[1] * scale, a[2] * scale


@compiled
def inverse_root(square):
    """1 / sqrt in single precision, which processors estimate quickly."""
    return np.float32(1) / np.sqrt(np.float32(square))


@compiled
def normalised(a):
    return scaled(a, inverse_root(dot(a, a) + 1e-12))


@compiled
def mix(a, b, share):
    """From a (share 0) to b (share 1)."""
    return plus(scaled(a, 1 - share), b, share)


@compiled
def blend(a, b, c, weights):
    return plus(plus(scaled(a, weights[0]), b, weights[1]), c, weights[2])


# ------------------------------------------------------------------ visibility


@compiled
def pixel_bounds(a, b, c, focal, centre_x, centre_y, width, height):
    """Samples x0, x1, y0, y1 (inclusive) round a triangle; the whole image if it reaches behind the camera."""
    if a[2] <= NEAR or b[2] <= NEAR or c[2] <= NEAR:
        return 0, width - 1, 0, height - 1
    xa, xb, xc = a[0] / a[2], b[0] / b[2], c[0] / c[2]
    ya, yb, yc = a[1] / a[2], b[1] / b[2], c[1] / c[2]
    x0, x1 = np.floor(min(xa, xb, xc) * focal + centre_x), np.ceil(max(xa, xb, xc) * focal + centre_x)
    y0, y1 = np.floor(min(ya, yb, yc) * focal + centre_y), np.ceil(max(ya, yb, yc) * focal + centre_y)
    return max(int(x0), 0), min(int(x1), width - 1), max(int(y0), 0), min(int(y1), height - 1)


@compiled
def row_span(edge, y, first, last):
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
def rasterise(points, geometry, focal, nearness, seen, edges, cover):
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
        x0, x1, y0, y1 = pixel_bounds(a, b, c, focal, centre_x, centre_y, width, height)
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
            first, last = row_span(edge, y, x0, x1)
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
def measure(seen, label, cover, areas, boxes):
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
def grow(areas, boxes, n, x, y):
    """Add pixel (x, y) to the area and box of object n."""
    box = boxes[n]
    if areas[n] == 0:
        box[0], box[1] = x, y
    areas[n] += 1
    box[0], box[2] = min(box[0], x), max(box[2], x + 1)
    box[1], box[3] = min(box[1], y), max(box[3], y + 1)


# ------------------------------------------------------------------ light


@compiled
def draw_shadows(points, faces, two_sided, casts_shadow, first, last, heights):
    """Height map seen from the key light. points [V,3]: texel x, texel y, height towards the light; heights in/out."""
    size = heights.shape[0]
    for t in range(first, last):
        if not casts_shadow[t]:
            continue
        a, b, c = row(points, faces[t, 0]), row(points, faces[t, 1]), row(points, faces[t, 2])
        twice_area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(twice_area) < 1e-9 or (twice_area < 0 and not two_sided[t]):  # the side away from the light is below
            continue
        x0, x1 = max(0, int(min(a[0], b[0], c[0]))), min(size - 1, int(max(a[0], b[0], c[0])) + 1)
        v_across, v_down = (c[1] - a[1]) / twice_area, (a[0] - c[0]) / twice_area
        w_across, w_down = (a[1] - b[1]) / twice_area, (b[0] - a[0]) / twice_area
        for y in range(max(0, int(min(a[1], b[1], c[1]))), min(size - 1, int(max(a[1], b[1], c[1])) + 1) + 1):
            for x in range(x0, x1 + 1):
                v = (x - a[0]) * v_across + (y - a[1]) * v_down
                w = (x - a[0]) * w_across + (y - a[1]) * w_down
                if v >= 0 and w >= 0 and v + w <= 1:
                    heights[y, x] = max(heights[y, x], a[2] + (b[2] - a[2]) * v + (c[2] - a[2]) * w)


@compiled
def lit_share(heights, x, y, height):
    """Share, 0 to 1, of about 3 x 3 texels round (x, y) with nothing nearer to the light than `height`."""
    size = heights.shape[0]
    left, top = int(x - 1), int(y - 1)
    if left < 0 or top < 0 or left + 3 >= size or top + 3 >= size:
        return 1.0
    right, bottom = left + 3, top + 3
    corners = (
        (heights[top, left] <= height)
        + (heights[top, right] <= height)
        + (heights[bottom, left] <= height)
        + (heights[bottom, right] <= height)
    )
    if corners == 0 or corners == 4:  # far from a shadow's border
        return corners / 4
    u, v = x - 1 - left, y - 1 - top
    share = 0.0
    for j in range(4):
        weight_y = 1 - v if j == 0 else (v if j == 3 else 1.0)
        for i in range(4):
            weight_x = 1 - u if i == 0 else (u if i == 3 else 1.0)
            if heights[top + j, left + i] <= height:
                share += weight_x * weight_y
    return share / 9


@compiled
def ambient_openness(nearness, seen, edges, focal, taps, openness):
    """How open the surroundings of a surface are, at half the image size [H/2,W/2]: 1 free, 0 in a deep corner.

    taps [4,K,2]: four patterns of positions in the unit disc. At each tap the surface's own plane is continued
    (its 1/depth is linear in the image); what rises above it hides the sky by its elevation angle.
    """
    height, width = nearness.shape
    for y in range(openness.shape[0]):
        for x in range(openness.shape[1]):
            sx, sy = 2 * SAMPLES * x, 2 * SAMPLES * y
            t = seen[sy, sx]
            openness[y, x] = 1
            if t == NOTHING:
                continue
            near = nearness[sy, sx]
            slope_x = edges[t, 0, 0] + edges[t, 1, 0] + edges[t, 2, 0]
            slope_y = edges[t, 0, 1] + edges[t, 1, 1] + edges[t, 2, 1]
            reach = OCCLUSION_REACH * focal * near
            pattern = taps[(x * 1973 + y * 9277) & 3]
            hidden = 0.0
            for k in range(len(pattern)):
                dx, dy = int(pattern[k, 0] * reach), int(pattern[k, 1] * reach)
                if 0 <= sx + dx < width and 0 <= sy + dy < height:
                    plane, found = near + slope_x * dx + slope_y * dy, nearness[sy + dy, sx + dx]
                    if found > plane * 1.002 and plane > 0:
                        rise = 1 / plane - 1 / found
                        away = OCCLUSION_REACH * np.sqrt(pattern[k, 0] ** 2 + pattern[k, 1] ** 2)
                        if rise < 3 * OCCLUSION_REACH:
                            hidden += rise / (rise + 0.5 * away) / (1 + 4 * (rise / OCCLUSION_REACH) ** 2)
            openness[y, x] = 1 - hidden / len(pattern)


def smooth(image: NDArray, reach: int = 2) -> NDArray:
    """Mean over a square of 2 reach + 1 pixels, same shape [H,W]."""
    height, width = image.shape
    padded = np.pad(image, reach, "edge")
    rows = sum((padded[i : i + height] for i in range(1, 2 * reach + 1)), padded[:height])
    return sum((rows[:, i : i + width] for i in range(1, 2 * reach + 1)), rows[:, :width]) / (2 * reach + 1) ** 2


@compiled
def texel(textures, n, u, v):
    """RGB of texture n of [T,S,S,3] at (u, v), repeating, bilinear."""
    size = textures.shape[1]
    x, y = (u - np.floor(u)) * size, (v - np.floor(v)) * size
    i, j = min(int(x), size - 1), min(int(y), size - 1)
    right, below = i + 1 if i + 1 < size else 0, j + 1 if j + 1 < size else 0
    across, down = x - i, y - j
    one, two = (1 - across) * (1 - down), across * (1 - down)
    three, four = (1 - across) * down, across * down
    red = textures[n, j, i, 0] * one + textures[n, j, right, 0] * two
    red += textures[n, below, i, 0] * three + textures[n, below, right, 0] * four
    green = textures[n, j, i, 1] * one + textures[n, j, right, 1] * two
    green += textures[n, below, i, 1] * three + textures[n, below, right, 1] * four
    blue = textures[n, j, i, 2] * one + textures[n, j, right, 2] * two
    blue += textures[n, below, i, 2] * three + textures[n, below, right, 2] * four
    return red, green, blue


@compiled
def highlight(normal, to_eye, to_light, sharpness):
    """Mirror-like highlight, 0 to 1; a cheap stand-in for a power of the cosine."""
    cosine = dot(normal, normalised(plus(to_eye, to_light, 1.0)))
    return (cosine / (sharpness * (1 - cosine) + cosine)) ** 2 if cosine > 0 else 0.0


@compiled
def is_one_triangle(seen, x, y):
    """Whether all samples of pixel (x, y) see the same triangle."""
    first, same = seen[y * SAMPLES, x * SAMPLES], True
    for s in range(1, SAMPLES * SAMPLES):
        same = same and seen[y * SAMPLES + s // SAMPLES, x * SAMPLES + s % SAMPLES] == first
    return same


@compiled
def triangle_in_pixel(seen, x, y, s):
    """Triangle of sample s of pixel (x, y), its share of samples and their middle; NOTHING where s is not its first."""
    t = seen[y * SAMPLES + s // SAMPLES, x * SAMPLES + s % SAMPLES]
    share, middle_x, middle_y = 0, 0.0, 0.0
    for r in range(SAMPLES * SAMPLES):
        sx, sy = x * SAMPLES + r % SAMPLES, y * SAMPLES + r // SAMPLES
        if seen[sy, sx] == t:
            if r < s:
                return NOTHING, 0, 0.0, 0.0
            share, middle_x, middle_y = share + 1, middle_x + sx, middle_y + sy
    return t, share, middle_x / share, middle_y / share


@compiled
def shade(seen, edges, geometry, materials, textures, eye, lights, to_texels, heights, openness, out):
    """Colour every pixel, display RGB 0 to 1 in out [H,W,3]. Each distinct triangle in a pixel is shaded once."""
    samples = SAMPLES * SAMPLES
    # Plain local arrays and numbers: taken out of tuples and records inside the loop they would be counted there.
    vertices, normals, uv = geometry.vertices, geometry.normals, geometry.uv
    faces, material_of = geometry.faces, geometry.material
    tint, texture_of, repeat = materials.tint, materials.texture, materials["repeat"]
    shine_of, sharpness, glow, rim = materials.shine, materials.sharpness, materials.glow, materials.rim
    fills, exposure = lights.fills, lights.exposure
    sky, ground = triple(lights.sky), triple(lights.ground)
    key, key_colour = triple(lights.key_direction), triple(lights.key_colour)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            colour, whole = (0.0, 0.0, 0.0), is_one_triangle(seen, x, y)
            for s in range(1 if whole else samples):
                if whole:
                    t, share = seen[y * SAMPLES, x * SAMPLES], samples
                    px, py = x * SAMPLES + (SAMPLES - 1) / 2, y * SAMPLES + (SAMPLES - 1) / 2
                else:
                    t, share, px, py = triangle_in_pixel(seen, x, y, s)
                if t == NOTHING:
                    continue
                w0 = edges[t, 0, 0] * px + edges[t, 0, 1] * py + edges[t, 0, 2]
                w1 = edges[t, 1, 0] * px + edges[t, 1, 1] * py + edges[t, 1, 2]
                w2 = edges[t, 2, 0] * px + edges[t, 2, 1] * py + edges[t, 2, 2]
                weights = scaled((w0, w1, w2), 1 / max(w0 + w1 + w2, 1e-6))
                m, a, b, c = material_of[t], faces[t, 0], faces[t, 1], faces[t, 2]
                free = openness[y // 2, x // 2]
                point = blend(row(vertices, a), row(vertices, b), row(vertices, c), weights)
                normal = normalised(blend(row(normals, a), row(normals, b), row(normals, c), weights))
                to_eye = normalised(plus(eye, point, -1.0))
                facing = dot(normal, to_eye)
                if facing < -0.15:  # the back of a curtain or a page
                    normal, facing = scaled(normal, -1.0), -facing
                facing = max(facing, 0.0)

                albedo = row(tint, m)
                if texture_of[m] >= 0:
                    u = uv[a, 0] * weights[0] + uv[b, 0] * weights[1] + uv[c, 0] * weights[2]
                    v = uv[a, 1] * weights[0] + uv[b, 1] * weights[1] + uv[c, 1] * weights[2]
                    albedo = times(albedo, texel(textures, texture_of[m], u * repeat[m], v * repeat[m]))

                upward = 0.5 + 0.5 * normal[2]
                received = plus(scaled(sky, free * upward), ground, free * (1 - upward))
                shine = 0.0
                cosine = dot(normal, key)
                if cosine > 0:
                    slack = 0.015 + 0.03 * (1 - cosine)  # metres; keeps a surface from shadowing itself
                    lit = lit_share(
                        heights,
                        dot(row(to_texels, 0), point) + to_texels[0, 3],
                        dot(row(to_texels, 1), point) + to_texels[1, 3],
                        dot(row(to_texels, 2), point) + slack,
                    )
                    received = plus(received, key_colour, cosine * lit)
                    if shine_of[m] > 0:
                        shine = lit * highlight(normal, to_eye, key, sharpness[m])
                for k in range(len(fills)):
                    towards = plus(row(fills, k), point, -1.0)
                    square = dot(towards, towards)
                    towards = scaled(towards, inverse_root(square))
                    cosine = (dot(normal, towards) + 0.25) / 1.25  # wraps round the edge: a soft lamp
                    if cosine > 0:
                        strength = cosine / (1 + 0.12 * square) * (0.45 + 0.55 * free)
                        received = plus(received, (fills[k, 3], fills[k, 4], fills[k, 5]), strength)
                        if shine_of[m] > 0:
                            shine += 0.5 * highlight(normal, to_eye, towards, sharpness[m])
                extra = glow[m] + rim[m] * (1 - facing) ** 3 * free
                received = received[0] + extra, received[1] + extra, received[2] + extra
                part = plus(times(albedo, received), key_colour, shine_of[m] * shine)
                colour = plus(colour, part, share / samples)
            for channel in range(3):
                v = colour[channel] * exposure
                v = v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14)  # filmic curve
                out[y, x, channel] = GAMMA[int(min(max(v, 0.0), 1.0) * 2048)]


# ------------------------------------------------------------------ the renderer


class Renderer:
    """Draws the frames of one video. Holds the buffers, and the shadows of what never moves.

    geometry: the scene; move parts by writing into its arrays between frames (the first `still_triangles` must not).
    materials [M] of dtype MATERIAL; textures [T,S,S,3]; lit_volume [2,3]: the box of space that can receive shadows.
    """

    def __init__(
        self,
        geometry: Geometry,
        materials: NDArray,
        textures: NDArray,
        lights: Lights,
        lit_volume: NDArray,
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
        self.to_texels = light_to_texels(lights.key_direction, lit_volume)
        self.still_heights = np.full((SHADOW_SIZE, SHADOW_SIZE), -1e9, np.float32)
        self.add_shadows(self.still_heights, 0, still_triangles)

    def add_shadows(self, heights: NDArray, first: int, last: int) -> None:
        """Draw triangles first .. last-1 into a shadow map [SHADOW_SIZE,SHADOW_SIZE]."""
        g = self.geometry
        points = g.vertices @ self.to_texels[:, :3].T + self.to_texels[:, 3]
        draw_shadows(points, g.faces, g.two_sided, g.casts_shadow, first, last, heights)

    def draw(self, camera: Camera) -> NDArray:
        """The frame, RGB float [H,W,3] from 0 to 1, overwritten by the next call."""
        g, focal = self.geometry, camera.focal * SAMPLES
        self.nearness.fill(0)
        self.seen.fill(NOTHING)
        self.cover.fill(0)
        points = (g.vertices - camera.position) @ camera.rotation.T
        rasterise(points, g, focal, self.nearness, self.seen, self.edges, self.cover)
        heights = self.still_heights.copy()
        self.add_shadows(heights, self.still_triangles, len(g.faces))
        ambient_openness(self.nearness, self.seen, self.edges, focal, self.taps, self.openness)
        openness = np.clip(1.5 * smooth(self.openness) - 0.5, 0.1, 1)
        eye = tuple(float(v) for v in camera.position)
        shade(
            self.seen,
            self.edges,
            g,
            self.materials,
            self.textures,
            eye,
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


def light_to_texels(direction: NDArray, lit_volume: NDArray) -> NDArray:
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
