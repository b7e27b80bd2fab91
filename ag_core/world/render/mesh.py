"""Triangle meshes and the few shapes a low-poly room is made of.

Shapes: V vertices, F triangles. Metres, z up, triangles counter-clockwise seen from outside.
A material is an integer; what it looks like is decided in `textures.py` and drawn in `raster.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Mesh:
    """vertices, normals (unit, smooth) [V,3]; uv [V,2]; faces [F,3] int32; material [F] int32; two_sided [F] bool."""

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    faces: NDArray[np.int32]
    material: NDArray[np.int32]
    two_sided: NDArray[np.bool_]

    def moved(self, rotation: ArrayLike | None = None, offset: ArrayLike = (0, 0, 0)) -> "Mesh":
        """The mesh turned by a rotation matrix [3,3], then shifted by [3] metres."""
        turn = np.eye(3, dtype=np.float32) if rotation is None else np.asarray(rotation, np.float32)
        vertices = self.vertices @ turn.T + np.asarray(offset, np.float32)
        return replace(self, vertices=vertices, normals=self.normals @ turn.T)


def make_mesh(
    vertices: ArrayLike,
    normals: ArrayLike,
    uv: ArrayLike,
    faces: ArrayLike,
    material: ArrayLike,
    two_sided: ArrayLike = False,
) -> Mesh:
    """Build a mesh from array-likes; `material` and `two_sided` may be one value for all faces.

    Its uv are its own, to be written into: those of `grid_faces` serve every sheet of that size.
    """
    faces = np.asarray(faces, np.int32).reshape(-1, 3)
    materials = np.broadcast_to(np.asarray(material, np.int32), len(faces))
    sides = np.broadcast_to(np.asarray(two_sided, bool), len(faces))
    points, directions = (np.asarray(values, np.float32) for values in (vertices, normals))
    return Mesh(points, directions, np.array(uv, np.float32), faces, materials, sides)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0] + [len(m.vertices) for m in meshes])
    vertices, normals, uv, material, two_sided = (
        np.concatenate([getattr(m, name) for m in meshes])
        for name in ("vertices", "normals", "uv", "material", "two_sided")
    )
    faces = np.concatenate([m.faces + start for m, start in zip(meshes, starts)]).astype(np.int32)
    return Mesh(vertices, normals, uv, faces, material, two_sided)


def unit(vectors: ArrayLike) -> NDArray[np.float64]:
    """Vectors [...,3] scaled to length one; zero stays zero."""
    vectors = np.asarray(vectors, float)
    scaled: NDArray[np.float64]
    if vectors.ndim == 1:
        scaled = vectors / max(float(vectors @ vectors) ** 0.5, 1e-9)
    else:
        scaled = vectors / np.maximum(np.sqrt((vectors * vectors).sum(-1, keepdims=True)), 1e-9)
    return scaled


def cross(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """The cross product of vectors [...,3]; `np.cross` without its checks, which take longer than the product."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    out = np.empty(np.broadcast_shapes(a.shape, b.shape))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        out[..., i] = a[..., j] * b[..., k] - a[..., k] * b[..., j]
    return out


def turn_x(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def turn_z(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def between_turns(a: NDArray[np.float64], b: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Rotation [3,3] on the shortest way from a to b."""
    step = a.T @ b
    angle = np.arccos(np.clip((np.trace(step) - 1) / 2, -1, 1))
    if angle < 1e-6:
        return b
    axis = np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0], step[1, 0] - step[0, 1]])
    if np.linalg.norm(axis) < 1e-6:  # half a turn: any perpendicular axis does
        return a if share < 0.5 else b
    x, y, z = unit(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn: NDArray[np.float64] = np.eye(3) + np.sin(angle * share) * cross + (1 - np.cos(angle * share)) * cross @ cross
    return a @ turn


# ------------------------------------------------------------------ shapes


@lru_cache
def grid_faces(rows: int, columns: int, closed: bool) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Faces [F,3] and uv [rows*columns,2] of a sheet; `closed` joins the last column to the first."""
    row, column = np.mgrid[0 : rows - 1, 0 : columns if closed else columns - 1]
    right = (column + 1) % columns
    a, b = row * columns + column, row * columns + right
    c, d = a + columns, b + columns
    faces = np.stack([a, b, d, a, d, c], -1).reshape(-1, 3).astype(np.int32)
    v, u = np.mgrid[0:rows, 0:columns]
    uv = np.stack([u / columns, v / max(1, rows - 1)], -1).reshape(-1, 2).astype(np.float32)
    faces.flags.writeable = uv.flags.writeable = False
    return faces, uv


def grid(points: NDArray[np.float64], material: ArrayLike, closed: bool = True, two_sided: bool = False) -> Mesh:
    """A sheet through points [R,C,3] with smooth normals. `material`: one id, or one per row gap [R-1]."""
    rows, columns = points.shape[:2]
    along = np.concatenate([points[1:2] - points[:1], points[2:] - points[:-2], points[-1:] - points[-2:-1]])
    if closed:
        ring = np.concatenate([points[:, -1:], points, points[:, :1]], 1)
        across = ring[:, 2:] - ring[:, :-2]
    else:
        padded = np.concatenate([points[:, :1], points, points[:, -1:]], 1)
        across = padded[:, 2:] - padded[:, :-2]
    normals = unit(cross(across, along)).reshape(-1, 3)
    faces, uv = grid_faces(rows, columns, closed)
    if np.ndim(material):
        material = np.repeat(np.asarray(material), len(faces) // (rows - 1))
    return make_mesh(points.reshape(-1, 3), normals, uv, faces, material, two_sided)


def tube(
    path: ArrayLike,
    radii: ArrayLike,
    material: ArrayLike,
    sides: int = 10,
    across: ArrayLike = (1, 0, 0),
    round_ends: bool = True,
) -> Mesh:
    """Sweep an elliptic section along a path [K,3].

    radii: [K], or [K,2] = half width along `across` and perpendicular to it. across: [3] or [K,3], never
    parallel to the path. material: one id, or one per path step [K-1]. A path that doubles a point with two
    different radii makes a step, such as a sleeve's edge.
    """
    path, radii = np.asarray(path, float), np.asarray(radii, float)
    radii = np.stack([radii, radii], 1) if radii.ndim == 1 else radii
    across = np.broadcast_to(np.asarray(across, float), path.shape)
    padded = np.concatenate([path[:1], path, path[-1:]])
    tangent = unit(padded[2:] - padded[:-2])
    if round_ends:  # three shrinking rings close each end
        reach, shrink = np.array([[0.62], [0.5], [0.25]]), np.array([[0.02], [0.62], [0.9]])
        start, end = -tangent[0] * radii[0].mean(), tangent[-1] * radii[-1].mean()
        path = np.concatenate([path[0] + reach * start, path, path[-1] + reach[::-1] * end])
        radii = np.concatenate([radii[0] * shrink, radii, radii[-1] * shrink[::-1]])
        kept = np.clip(np.arange(-3, len(across) + 3), 0, len(across) - 1)
        across, tangent = across[kept], tangent[kept]
        material = np.pad(material, 3, "edge") if np.ndim(material) else material
    first = unit(across - tangent * (across * tangent).sum(1, keepdims=True))
    second = cross(tangent, first)
    angle = np.arange(sides)[:, None] * 2 * np.pi / sides
    ring = np.cos(angle) * (first * radii[:, :1])[:, None] + np.sin(angle) * (second * radii[:, 1:])[:, None]
    mesh = grid(path[:, None] + ring, material)
    if round_ends:
        mesh.normals[:sides], mesh.normals[-sides:] = -tangent[0], tangent[-1]
    return mesh


def lathe(profile: ArrayLike, material: ArrayLike, sides: int = 16, two_sided: bool = False) -> Mesh:
    """Turn a profile [K,2] of (radius, height) round the z axis; list it from the bottom up, outside first."""
    profile = np.asarray(profile, float)
    angle = np.arange(sides) * 2 * np.pi / sides
    radius, height = profile[:, :1], np.repeat(profile[:, 1:], sides, 1)
    return grid(np.stack([radius * np.cos(angle), radius * np.sin(angle), height], -1), material, two_sided=two_sided)


def ellipsoid(radii: ArrayLike, centre: ArrayLike, material: int, rings: int = 10, squareness: float = 1.0) -> Mesh:
    """An ellipsoid; squareness below 1 swells it towards a box (a pillow, a shoe)."""
    polar = np.linspace(np.pi, 0, rings + 1)[:, None]
    angle = np.arange(2 * rings) * np.pi / rings
    around, up = np.sin(polar), np.cos(polar)
    ball = np.stack(np.broadcast_arrays(around * np.cos(angle), around * np.sin(angle), up), -1)
    mesh = grid(np.sign(ball) * np.abs(ball) ** squareness * radii, material)
    mesh.normals[: 2 * rings], mesh.normals[-2 * rings :] = (0, 0, -1), (0, 0, 1)
    return mesh.moved(offset=centre)


def quad(corners: ArrayLike, material: int, uv: ArrayLike = ((0, 0), (1, 0), (1, 1), (0, 1))) -> Mesh:
    """A flat four-sided face, corners [4,3] counter-clockwise."""
    corners = np.asarray(corners, float)
    normal = unit(np.cross(corners[1] - corners[0], corners[3] - corners[0]))
    return make_mesh(corners, [normal] * 4, uv, [(0, 1, 2), (0, 2, 3)], material)


def box(size: ArrayLike, foot: ArrayLike = (0, 0, 0), material: int = 0, bevel: float = 0.012) -> Mesh:
    """A box standing on `foot` (centre of its bottom). Normals blend over the bevel, so edges look rounded."""
    half = np.asarray(size, float) / 2
    bevel = min(bevel, 0.45 * half.min())
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    vertices = np.concatenate([corners * (half - bevel + bevel * np.eye(3)[axis]) for axis in range(3)])
    normals = np.concatenate([corners * np.eye(3)[axis] for axis in range(3)])  # vertex 8 * axis + corner
    loops = []
    for axis in range(3):
        one, two = 4 >> (axis + 1) % 3, 4 >> (axis + 2) % 3  # corner bits of the other axes
        for side in (0, 4 >> axis):
            loops.append([8 * axis + side + c for c in (0, one, one + two, two)])  # the six sides
        for c in range(8):  # the twelve bevels
            if not c & (4 >> axis):
                p, q = (axis + 1) % 3, (axis + 2) % 3
                loops.append([8 * p + c, 8 * q + c, 8 * q + c + (4 >> axis), 8 * p + c + (4 >> axis)])
    triangles = [(loop[0], loop[i], loop[i + 1]) for loop in loops for i in (1, 2)]
    triangles += [(c, 8 + c, 16 + c) for c in range(8)]  # the eight corners
    p0, p1, p2 = (vertices[[t[i] for t in triangles]] for i in range(3))
    inwards = (np.cross(p1 - p0, p2 - p0) * (p0 + p1 + p2)).sum(1) < 0
    faces = np.where(inwards[:, None], np.array(triangles)[:, [0, 2, 1]], triangles)
    flat = [(1, 2), (0, 2), (0, 1)]
    uv = np.concatenate([vertices[8 * axis : 8 * axis + 8][:, flat[axis]] for axis in range(3)])
    return make_mesh(vertices + np.add((0, 0, half[2]), foot), normals, uv, faces, material)


# ------------------------------------------------------------------ many meshes as one drawable scene


@dataclass(frozen=True)
class Part:
    """A mesh in the scene. label: index of the annotated object, or -1. Walls and ceilings cast no shadow."""

    mesh: Mesh
    label: int = -1
    casts_shadow: bool = True


class Geometry(NamedTuple):
    """Everything to draw, in flat arrays for compiled code. Shapes as in `Mesh`; label [F], casts_shadow [F]."""

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32]
    faces: NDArray[np.int32]
    material: NDArray[np.int32]
    two_sided: NDArray[np.bool_]
    label: NDArray[np.int32]
    casts_shadow: NDArray[np.bool_]


def assemble(parts: Sequence[Part]) -> tuple[Geometry, list[slice]]:
    """All parts in one Geometry, and the vertex range of each part.

    Faces never change during a video, so this runs once; `overwrite` then moves single parts.
    """
    whole = join([p.mesh for p in parts])
    sizes = [len(p.mesh.faces) for p in parts]
    label = np.repeat([p.label for p in parts], sizes).astype(np.int32)
    casts = np.repeat([p.casts_shadow for p in parts], sizes)
    ends = np.cumsum([len(p.mesh.vertices) for p in parts])
    ranges = [slice(end - len(p.mesh.vertices), end) for p, end in zip(parts, ends)]
    shown = {name: np.ascontiguousarray(getattr(whole, name)) for name in Geometry._fields[:6]}
    return Geometry(**shown, label=label, casts_shadow=casts), ranges


def overwrite(geometry: Geometry, vertex_range: slice, mesh: Mesh) -> None:
    """Put a moved part in place. In place on purpose: this happens for every frame."""
    geometry.vertices[vertex_range] = mesh.vertices
    geometry.normals[vertex_range] = mesh.normals
