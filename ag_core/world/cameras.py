"""Where the camera stands, what it follows, and how it shakes.

A camera stands before the open side of the room, in one of six sectors as seen from the room's middle: left, middle or
right, low or high. Train and iid films never use the sector that is held out, comp films use no other. Of a few
positions the one is taken from which furniture hides least of the person and fills least of the foreground. The focal
length keeps the whole person in the frame and as large as that allows, over the film or, where it follows, at each
moment.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.combinations import HELD_OUT_SECTOR, SECTORS, SIDES, is_held_out_sector
from ag_core.world.motion.performance import Performance
from ag_core.world.objects import props
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import turn_z
from ag_core.world.render.raster import Camera, aim_camera
from ag_core.world.room.affordances import Room

STEP_S = 0.25
"""The camera is planned at moments so far apart."""
TRIED_SECTORS, POSITIONS = 2, 4
"""So many sectors are drawn for a film, and so many positions in each."""
LOW, HIGH = (1.05, 1.35), (1.5, 1.8)
"""Heights of the two rows of sectors in metres."""
FRAME_X, FRAME_Y = 0.455, 0.465
"""Half of the picture's width and height that the person may fill, as a share of it."""
MIN_VIEW = 0.78
"""A seated or lying person may fill more than a standing one at the same distance would, but the lens goes no nearer
than this share of the view that a standing body needs."""
MAX_WIDENING = 1.45
"""Handled objects far from the person may widen the view by so much, not more."""


@dataclass(frozen=True)
class Shot:
    """position [3]; targets [T,3] and focals [T], in pixels, at times [T]; shake in metres; phases [3]; sector."""

    position: NDArray[np.float64]
    times: NDArray[np.float64]
    targets: NDArray[np.float64]
    focals: NDArray[np.float64]
    width: int
    height: int
    shake: float
    phases: NDArray[np.float64]
    sector: str

    def at(self, time: float) -> Camera:
        """The camera at a time in seconds."""
        target = np.array([np.interp(time, self.times, self.targets[:, i]) for i in range(3)])
        focal = float(np.interp(time, self.times, self.focals))
        waves = [np.sin(2 * np.pi * f * time + p) for f, p in zip((0.31, 0.73, 1.9), self.phases)]
        sway = self.shake * np.array([waves[0] + 0.3 * waves[2], 0.4 * waves[1], waves[1] - 0.3 * waves[2]])
        return aim_camera(self.position + sway, target + 1.6 * sway, focal, self.width, self.height)


def frame_shot(
    stream: RandomStream,
    performance: Performance,
    width: int,
    height: int,
    seconds: float,
    extra: list[tuple[float, float, NDArray[np.float64]]],
    part: str = "train",
) -> Shot:
    """The shot of a performance: its position, and what it follows with which focal length.

    extra: (start, end, points [K,3]) of what should be in the picture as well for some time: handles, laptops.
    part: 'train', 'iid' or 'comp'; decides which sectors the camera may stand in.
    """
    times = np.arange(0, seconds + STEP_S, STEP_S)
    people = [list_body_points(performance, float(time)) for time in times]
    position = choose_position(stream, performance.room, np.array(people), part)
    portrait = height > width
    # Small pictures need a lens that follows; in a wide one half of the cameras stand still or nearly so.
    follow = 1.0 if portrait else stream.choice([0.0, 0.0, 0.5, 1.0, 1.0, 1.0])
    views = [
        list_needed_points(performance, float(time), person, position, extra) for time, person in zip(times, people)
    ]
    targets = aim(position, views, follow)
    ideal = np.array([
        measure_needed_view(position, target, points, width, height) for target, points in zip(targets, views)
    ])  # fmt: skip
    standing = 1.02 / (FRAME_Y * height * np.linalg.norm(targets - position, axis=1))
    ideal = np.maximum(ideal, MIN_VIEW * standing)
    needed = np.full(len(times), ideal.max()) if follow == 0 else smooth_above(ideal)
    shake = stream.choice([0.0, 0.0, 0.002, 0.004])
    return Shot(
        position, times, targets, 1 / needed, width, height, shake, stream.generator.uniform(0, 6.28, 3),
        name_sector(position, performance.room.size[0]),
    )  # fmt: skip


# ------------------------------------------------------------------ the position


def name_sector(position: NDArray[np.float64], room_width: float) -> str:
    """The sector of a camera at `position` [3], as seen by the room."""
    side = min(int(3 * position[0] / room_width), 2)
    return f"{SIDES[side]} {'high' if position[2] > (LOW[1] + HIGH[0]) / 2 else 'low'}"


def choose_position(stream: RandomStream, room: Room, people: NDArray[np.float64], part: str) -> NDArray[np.float64]:
    """A camera position [3] in an allowed sector; people [T,K,3] are points of the body over time."""
    middle = (people.min((0, 1)) + people.max((0, 1)))[0] / 2
    allowed = [HELD_OUT_SECTOR] if part == "comp" else [sector for sector in SECTORS if not is_held_out_sector(sector)]
    boxes = list_furniture_boxes(room)
    best: tuple[float, NDArray[np.float64]] | None = None
    for sector in POSITIONS * stream.permutation(allowed)[:TRIED_SECTORS]:
        position = draw_position(stream, sector, room.size)
        aside = abs(position[0] - middle) / room.size[0]
        cost = (
            measure_hidden(position, people[::4], boxes) + measure_crowding(position, people[::8], boxes) + 0.15 * aside
        )
        if best is None or cost < best[0]:
            best = cost, position
    assert best is not None
    return best[1]


def draw_position(stream: RandomStream, sector: str, size: tuple[float, float]) -> NDArray[np.float64]:
    """A random position [3] in a sector, before a room of size (width, depth)."""
    side, height = sector.split()
    room_width, depth = size
    third = room_width / 3
    low = SIDES.index(side) * third
    x = np.clip(stream.uniform(low + 0.05, low + third - 0.05), 0.35, room_width - 0.35)
    return np.array([x, depth + stream.uniform(2.0, 2.8), stream.uniform(*(LOW if height == "low" else HIGH))])


def list_furniture_boxes(room: Room) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """(boxes [K,2,3] in its own frame, turn [3,3], position [3]) of every placed prop."""
    return [(props.find_bounds(p.prop.pieces), turn_z(p.yaw), p.position) for p in room.placed]


def find_hit_shares(
    position: NDArray[np.float64],
    points: NDArray[np.float64],
    boxes: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """How far along the way from `position` [3] to each point [P,3] the first box is met; 1 and more for a free way."""
    first = np.full(len(points), np.inf)
    for corners, turn, at in boxes:
        origin, ways = (position - at) @ turn, (points - position) @ turn
        with np.errstate(divide="ignore", invalid="ignore"):
            slabs = (corners[None] - origin) / np.where(ways == 0, 1e-9, ways)[:, None, None]  # [P,K,2,3]
        enter, leave = slabs.min(2).max(-1), slabs.max(2).min(-1)
        first = np.minimum(first, np.where((enter < leave) & (leave > 0), np.maximum(enter, 0), np.inf).min(1))
    return first


def measure_hidden(
    position: NDArray[np.float64],
    people: NDArray[np.float64],
    boxes: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
) -> float:
    """Share of the body's points [T,K,3] that furniture hides."""
    return float((find_hit_shares(position, people.reshape(-1, 3), boxes) < 0.95).mean())


def measure_crowding(
    position: NDArray[np.float64],
    people: NDArray[np.float64],
    boxes: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
) -> float:
    """Share of the picture round the person [T,K,3] that furniture nearer than 0.7 of the way fills."""
    across = np.stack(np.meshgrid((-0.8, -0.4, 0.0, 0.4, 0.8), (0.0), (0.1, 0.5, 0.9, 1.3)), -1).reshape(-1, 3)
    middles = people.mean(1) * (1, 1, 0)
    return float((find_hit_shares(position, (middles[:, None] + across).reshape(-1, 3), boxes) < 0.7).mean())


# ------------------------------------------------------------------ what is in the picture


def list_body_points(performance: Performance, time: float) -> NDArray[np.float64]:
    """Points [13,3] of the person and of what is held that have to be in the picture."""
    state = performance.at(time)
    j = state.joints
    held = [state.items[name].at for name in state.held][:1] or [j.pelvis]
    top = np.add(j.head, (0, 0, 0.17))
    return np.array([top, j.head, *(j.ankles - (0, 0, 0.08)), *j.wrists, *j.elbows, *j.knees, *held, j.pelvis, j.chest])


def list_needed_points(
    performance: Performance,
    time: float,
    person: NDArray[np.float64],
    position: NDArray[np.float64],
    extra: list[tuple[float, float, NDArray[np.float64]]],
) -> NDArray[np.float64]:
    """The person's points and those of what is handled then, unless these would make the picture too wide."""
    points = person
    for start, end, more in extra:
        if start <= time <= end:
            both = np.concatenate([points, more])
            if measure_spread(position, both) <= MAX_WIDENING * max(measure_spread(position, person), 0.35):
                points = both
    return points


def measure_spread(position: NDArray[np.float64], points: NDArray[np.float64]) -> float:
    """The larger extent of points [P,3] as seen from `position`, in units of their distance."""
    seen = project_from(position, points.mean(0), points)
    return float(np.ptp(seen, axis=0).max())


def project_from(
    position: NDArray[np.float64], target: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where points [P,3] appear to a camera at `position` looking at `target`: [P,2] right and down, focal length 1."""
    seen = (points - position) @ aim_camera(position, target, 1.0, 2, 2).rotation.T
    return seen[:, :2] / seen[:, 2:]


def aim(position: NDArray[np.float64], views: list[NDArray[np.float64]], follow: float) -> NDArray[np.float64]:
    """Targets [T,3]: between the middle of all points of the film (follow 0) and of those of each moment (1)."""
    every = np.concatenate(views)
    centre = (every.min(0) + every.max(0)) / 2
    forward = aim_camera(position, centre, 1.0, 2, 2)
    seen = [project_from(position, centre, points) for points in views]
    middles = np.array([(points.min(0) + points.max(0)) / 2 for points in seen])
    all_seen = np.concatenate(seen)
    whole = (all_seen.min(0) + all_seen.max(0)) / 2
    at = whole + follow * (smooth_values(middles) - whole)
    ways = np.concatenate([at, np.ones((len(at), 1))], 1) @ forward.rotation
    return position + ways * np.linalg.norm(centre - position)


def measure_needed_view(
    position: NDArray[np.float64], target: NDArray[np.float64], points: NDArray[np.float64], width: int, height: int
) -> float:
    """One over the longest focal length, in pixels, that keeps all points [P,3] in the picture."""
    x, y = np.abs(project_from(position, target, points)).max(0)
    return float(max(x / (FRAME_X * width), y / (FRAME_Y * height)))


def smooth_values(values: NDArray[np.float64], moments: int = 9) -> NDArray[np.float64]:
    """Values [T,K] smoothed over that many moments."""
    kernel = np.hanning(moments + 2)[1:-1]
    padded = np.pad(values, ((moments // 2, moments // 2), (0, 0)), "edge")
    columns = [np.convolve(padded[:, i], kernel / kernel.sum(), "valid") for i in range(values.shape[1])]
    return np.stack(columns, 1)


def smooth_above(values: NDArray[np.float64], moments: int = 9) -> NDArray[np.float64]:
    """A smooth curve that is nowhere below values [T]."""
    padded = np.pad(values, moments // 2, "edge")
    highest = np.lib.stride_tricks.sliding_window_view(padded, moments).max(1)
    return smooth_values(highest[:, None], moments)[:, 0]
