"""The colour of every pixel: shadows, what corners hide of the sky, textures, and light on surfaces.

Knows triangles, materials and lights; which triangle is seen where is given.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ag_core.world.render.mesh import Geometry
from ag_core.world.render.vectors import (
    Vector,
    blend,
    compiled,
    dot,
    inverse_root,
    normalised,
    plus,
    row,
    scaled,
    times,
    triple,
)
from ag_core.world.render.visibility import NOTHING, SAMPLES

if TYPE_CHECKING:
    from ag_core.world.render.raster import Lights

OCCLUSION_REACH = 0.35  # metres
GAMMA = ((np.arange(2049) / 2048) ** (1 / 2.2)).astype(np.float32)


@compiled
def draw_shadows(
    points: NDArray[np.float64],
    faces: NDArray[np.int32],
    two_sided: NDArray[np.bool_],
    casts_shadow: NDArray[np.bool_],
    first: int,
    last: int,
    heights: NDArray[np.float32],
) -> None:
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
def measure_lit_share(heights: NDArray[np.float32], x: float, y: float, height: float) -> float:
    """Share, 0 to 1, of about 3 x 3 texels round (x, y) with nothing nearer to the light than `height`."""
    size = heights.shape[0]
    left, top = int(x - 1), int(y - 1)
    if left < 0 or top < 0 or left + 3 >= size or top + 3 >= size:
        return 1.0
    right, bottom = left + 3, top + 3
    corners: int = (
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
def measure_openness(
    nearness: NDArray[np.float32],
    seen: NDArray[np.int32],
    edges: NDArray[np.float64],
    focal: float,
    taps: NDArray[np.float64],
    openness: NDArray[np.float32],
) -> None:
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


def smooth_image(image: NDArray[np.float32], reach: int = 2) -> NDArray[np.float32]:
    """Mean over a square of 2 reach + 1 pixels, same shape [H,W]."""
    height, width = image.shape
    padded = np.pad(image, reach, "edge")
    rows = sum((padded[i : i + height] for i in range(1, 2 * reach + 1)), padded[:height])
    total = sum((rows[:, i : i + width] for i in range(1, 2 * reach + 1)), rows[:, :width])
    return total / np.float32((2 * reach + 1) ** 2)


@compiled
def sample_texture(textures: NDArray[np.float32], n: int, u: float, v: float) -> Vector:
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
def measure_highlight(normal: Vector, to_eye: Vector, to_light: Vector, sharpness: float) -> float:
    """Mirror-like highlight, 0 to 1; a cheap stand-in for a power of the cosine."""
    cosine = dot(normal, normalised(plus(to_eye, to_light, 1.0)))
    return (cosine / (sharpness * (1 - cosine) + cosine)) ** 2 if cosine > 0 else 0.0


@compiled
def is_one_triangle(seen: NDArray[np.int32], x: int, y: int) -> bool:
    """Whether all samples of pixel (x, y) see the same triangle."""
    first, same = seen[y * SAMPLES, x * SAMPLES], True
    for s in range(1, SAMPLES * SAMPLES):
        same = same and seen[y * SAMPLES + s // SAMPLES, x * SAMPLES + s % SAMPLES] == first
    return same


@compiled
def find_triangle_in_pixel(seen: NDArray[np.int32], x: int, y: int, s: int) -> tuple[int, int, float, float]:
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
def shade(
    seen: NDArray[np.int32],
    edges: NDArray[np.float64],
    geometry: Geometry,
    materials: NDArray[np.void],
    textures: NDArray[np.float32],
    eye: Vector,
    lights: "Lights",
    to_texels: NDArray[np.float64],
    heights: NDArray[np.float32],
    openness: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Colour every pixel, display RGB 0 to 1 in out [H,W,3]. Each distinct triangle in a pixel is shaded once."""
    samples = SAMPLES * SAMPLES
    # Plain local arrays and numbers: taken out of tuples and records inside the loop they would be counted there.
    vertices, normals, uv = geometry.vertices, geometry.normals, geometry.uv
    faces, material_of = geometry.faces, geometry.material
    tint, texture_of, repeat = materials["tint"], materials["texture"], materials["repeat"]
    shine_of, sharpness = materials["shine"], materials["sharpness"]
    glow, rim = materials["glow"], materials["rim"]
    fills, exposure = lights.fills, lights.exposure
    sky, ground = triple(lights.sky), triple(lights.ground)
    key, key_colour = triple(lights.key_direction), triple(lights.key_colour)
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            colour: Vector = (0.0, 0.0, 0.0)
            whole = is_one_triangle(seen, x, y)
            for s in range(1 if whole else samples):
                if whole:
                    t, share = seen[y * SAMPLES, x * SAMPLES], samples
                    px, py = x * SAMPLES + (SAMPLES - 1) / 2, y * SAMPLES + (SAMPLES - 1) / 2
                else:
                    t, share, px, py = find_triangle_in_pixel(seen, x, y, s)
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
                    albedo = times(albedo, sample_texture(textures, texture_of[m], u * repeat[m], v * repeat[m]))

                upward = 0.5 + 0.5 * normal[2]
                received = plus(scaled(sky, free * upward), ground, free * (1 - upward))
                shine = 0.0
                cosine = dot(normal, key)
                if cosine > 0:
                    slack = 0.015 + 0.03 * (1 - cosine)  # metres; keeps a surface from shadowing itself
                    lit = measure_lit_share(
                        heights,
                        dot(row(to_texels, 0), point) + to_texels[0, 3],
                        dot(row(to_texels, 1), point) + to_texels[1, 3],
                        dot(row(to_texels, 2), point) + slack,
                    )
                    received = plus(received, key_colour, cosine * lit)
                    if shine_of[m] > 0:
                        shine = lit * measure_highlight(normal, to_eye, key, sharpness[m])
                for k in range(len(fills)):
                    towards = plus(row(fills, k), point, -1.0)
                    square = dot(towards, towards)
                    towards = scaled(towards, inverse_root(square))
                    cosine = (dot(normal, towards) + 0.25) / 1.25  # wraps round the edge: a soft lamp
                    if cosine > 0:
                        strength = cosine / (1 + 0.12 * square) * (0.45 + 0.55 * free)
                        received = plus(received, (fills[k, 3], fills[k, 4], fills[k, 5]), strength)
                        if shine_of[m] > 0:
                            shine += 0.5 * measure_highlight(normal, to_eye, towards, sharpness[m])
                extra = glow[m] + rim[m] * (1 - facing) ** 3 * free
                received = received[0] + extra, received[1] + extra, received[2] + extra
                part = plus(times(albedo, received), key_colour, shine_of[m] * shine)
                colour = plus(colour, part, share / samples)
            for channel in range(3):
                v = colour[channel] * exposure
                v = v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14)  # filmic curve
                out[y, x, channel] = GAMMA[int(min(max(v, 0.0), 1.0) * 2048)]
