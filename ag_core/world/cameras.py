"""Where the camera stands, what it follows, and how it shakes.

The focal length is chosen so that the person stays in the picture and as large as that allows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.chance import Chance
from ag_core.world.raster import Camera, camera_towards
from ag_core.world.sim import Performance


@dataclass(frozen=True)
class Shot:
    """position [3]; targets [T,3] at times [T]; shake in metres; phases [3]."""

    position: NDArray
    times: NDArray
    targets: NDArray
    focal: float
    width: int
    height: int
    shake: float
    phases: NDArray

    def at(self, time: float) -> Camera:
        """The camera at a time in seconds."""
        target = np.array([np.interp(time, self.times, self.targets[:, i]) for i in range(3)])
        waves = [np.sin(2 * np.pi * f * time + p) for f, p in zip((0.31, 0.73, 1.9), self.phases)]
        sway = self.shake * np.array([waves[0] + 0.3 * waves[2], 0.4 * waves[1], waves[1] - 0.3 * waves[2]])
        return camera_towards(self.position + sway, target + 1.6 * sway, self.focal, self.width, self.height)


def frame_shot(
    chance: Chance,
    performance: Performance,
    width: int,
    height: int,
    seconds: float,
    extra: list[tuple[float, float, NDArray]],
) -> Shot:
    """A place before the open side of the room, and the longest focal length that keeps the whole person.

    extra: (start, end, points [K,3]) of what must be in the picture as well for some time: handles, laptops.
    """
    room_width, depth = performance.room.size
    portrait = height > width
    times = np.arange(0, seconds + 0.25, 0.25)
    moments = [performance.at(float(t)) for t in times]
    points = []
    for moment in moments:
        j = moment.joints
        held = [moment.things[name].at for name in moment.held]
        points.append(
            np.array(
                [
                    np.add(j.head, (0, 0, 0.17)),
                    *(j.ankles - (0, 0, 0.08)),
                    *j.wrists,
                    *j.knees,
                    *(held or [j.pelvis]),
                    j.pelvis,
                    j.chest,
                ]
            )
        )
    middles = np.array([p.mean(0) for p in points])
    follow = 1.0 if portrait else chance.any_of([0.0, 0.0, 0.35, 0.6])
    kernel = np.hanning(9)
    smooth = np.stack(
        [np.convolve(np.pad(middles[:, i], 4, "edge"), kernel / kernel.sum(), "valid") for i in range(3)], 1
    )
    centre = (np.min([p.min(0) for p in points], 0) + np.max([p.max(0) for p in points], 0)) / 2
    targets = centre + follow * (smooth - centre)
    targets[:, 2] = 0.80 + chance.uniform(-0.05, 0.08)
    away = chance.uniform(2.2, 2.9)
    position = np.array([
        np.clip(centre[0] + chance.uniform(-1.3, 1.3), 0.35, room_width - 0.35),
        min(depth + away, depth + 3.3),
        chance.uniform(1.15, 1.75),
    ])  # fmt: skip
    widest = 1.02 / (
        np.linalg.norm(position - targets.mean(0)) * 0.47 * height
    )  # never closer than a standing body needs
    for p, target in zip(points, targets):
        camera = camera_towards(position, target, 1.0, 2, 2)
        seen = (p - position) @ camera.rotation.T
        x, y = np.abs(seen[:, 0] / seen[:, 2]).max(), np.abs(seen[:, 1] / seen[:, 2]).max()
        widest = max(widest, x / (0.46 * width), y / (0.47 * height))
    focal = float(1 / widest)
    shake = chance.any_of([0.0, 0.0, 0.002, 0.004])
    return Shot(position, times, targets, focal, width, height, shake, chance.random.uniform(0, 6.28, 3))
