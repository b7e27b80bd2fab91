"""Walking: a smooth path on the floor, and where the feet are planted along it.

Knows points on a floor; nothing of rooms.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.body.skeleton import ANKLE_HEIGHT, SIDES
from ag_core.world.render.mesh import UP, unit

CORNER = 0.24  # metres before and behind a corner of a path where it is rounded


def refine_corners(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """A path [K,2] with points added near its corners, so that rounding stays near them."""
    points = [line[0]]
    for a, b in pairwise(line):
        length = float(np.hypot(*(b - a)))
        if length > 2.5 * CORNER:
            points += [a + (b - a) * (CORNER / length), b - (b - a) * (CORNER / length)]
        points.append(b)
    return np.array(points)


class Walk:
    """A smooth path on the floor, and feet planted along it one step apart, so that they never slide."""

    def __init__(self, points: ArrayLike, step: float) -> None:
        line = refine_corners(np.asarray(points, float))
        for _ in range(3):  # Chaikin: cut every corner
            cut = np.stack([0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]], 1).reshape(-1, 2)
            line = np.concatenate([line[:1], cut, line[-1:]])
        self.points = np.concatenate([line, np.zeros((len(line), 1))], 1)
        lengths = np.linalg.norm(np.diff(self.points, axis=0), axis=1)
        self.distances = np.concatenate([[0], np.cumsum(lengths)])
        self.length = float(self.distances[-1])
        self.step = self.length / max(1, round(self.length / step))

    def at(self, distance: float) -> NDArray[np.float64]:
        """Position [3] on the floor after so many metres."""
        return np.array([np.interp(distance, self.distances, self.points[:, i]) for i in (0, 1)] + [0])

    def direction(self, distance: float) -> NDArray[np.float64]:
        reach = min(0.12, self.length / 3)
        distance = float(np.clip(distance, reach, self.length - reach))
        return unit(self.at(distance + reach) - self.at(distance - reach))

    def foot(self, distance: float, i: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ankle [3] and toe direction [3] of foot i when the body has gone `distance` metres."""
        cycle = (distance / self.step - i) / 2
        phase = cycle % 1
        swing = np.clip((phase - 0.25) / 0.5, 0, 1)
        planted = float(np.clip((2 * np.floor(cycle) + i + 2 * swing**2 * (3 - 2 * swing)) * self.step, 0, self.length))
        forward = self.direction(planted)
        height = ANKLE_HEIGHT + 0.10 * np.sin(np.pi * swing)
        position = self.at(planted) + SIDES[i] * 0.085 * np.cross(forward, UP) + height * UP
        push = 0.5 * np.sin(np.pi * np.clip((phase - 0.02) / 0.35, 0, 1))  # heel up before the swing
        return position, unit(forward - push * UP)
