"""Walking without bumping into furniture: a floor grid and the shortest paths on it.

Knows rectangles on a floor; nothing of rooms or people.
"""

from collections.abc import Sequence
from heapq import heappop, heappush

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELL = 0.10  # metres
BODY, ARMS, COMFORT = 0.17, 0.25, 0.32  # metres from furniture: never nearer, only if need be, rather not


class FloorGrid:
    """Which positions of a floor [0, width] x [0, depth] are free, given rectangles (low [2], high [2]).

    extra_floor: rectangles of floor behind y = 0 that can be entered from there; between them is wall.
    """

    def __init__(
        self,
        width: float,
        depth: float,
        footprints: list[tuple[NDArray[np.float64], NDArray[np.float64]]],
        extra_floor: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]] = (),
    ) -> None:
        back = min([0.0, *(float(low[1]) for low, _ in extra_floor)])
        self.origin = np.array([0.0, back])
        self.shape = int(width / CELL), int((depth - back) / CELL + 1e-6)
        x, y = self.list_cell_centres()
        distance = np.minimum.outer(np.minimum(x, width - x), np.minimum(y - back, depth + 9 - y))
        for low, high in [*footprints, *find_walls(extra_floor, width, back)]:
            dx = np.maximum(np.maximum(low[0] - x, x - high[0]), 0)
            dy = np.maximum(np.maximum(low[1] - y, y - high[1]), 0)
            distance = np.minimum(distance, np.hypot.outer(dx, dy))
        self.distance = distance
        self.cost = np.select([distance < BODY, distance < ARMS, distance < COMFORT], [np.inf, 15.0, 4.0], 1.0)

    def list_cell_centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The middles of the cells along x and y in metres."""
        x, y = ((np.arange(n) + 0.5) * CELL + start for n, start in zip(self.shape, self.origin))
        return x, y

    def find_cell(self, position: ArrayLike) -> tuple[int, int]:
        x, y = (np.asarray(position, float)[:2] - self.origin) / CELL
        return int(np.clip(x, 0, self.shape[0] - 1)), int(np.clip(y, 0, self.shape[1] - 1))

    def measure_clearance(self, position: ArrayLike) -> float:
        """Metres from `position` to the nearest furniture or wall."""
        return float(self.distance[self.find_cell(position)])

    def find_nearest_free(self, position: ArrayLike) -> tuple[int, int]:
        """The cheapest passable cell near a position."""
        x, y = self.list_cell_centres()
        away = np.hypot.outer(x - np.asarray(position)[0], y - np.asarray(position)[1])
        away[~np.isfinite(self.cost)] = np.inf
        i = int(np.argmin(away))
        return i // self.shape[1], i % self.shape[1]

    def find_route(self, start: ArrayLike, goal: ArrayLike) -> NDArray[np.float64] | None:
        """Points [K,2] from start to goal round the furniture, corners cut; None where there is no way."""
        begin, end = self.find_nearest_free(start), self.find_nearest_free(goal)
        best, came, heap = {begin: 0.0}, {}, [(0.0, begin)]
        while heap:
            _, here = heappop(heap)
            if here == end:
                break
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
                there = here[0] + dx, here[1] + dy
                if not (0 <= there[0] < self.shape[0] and 0 <= there[1] < self.shape[1]):
                    continue
                total = best[here] + np.hypot(dx, dy) * self.cost[there]
                if np.isfinite(total) and total < best.get(there, np.inf):
                    best[there], came[there] = total, here
                    heappush(heap, (total + np.hypot(there[0] - end[0], there[1] - end[1]), there))
        if end not in best:
            return None
        cells = [end]
        while cells[-1] != begin:
            cells.append(came[cells[-1]])
        points = [
            np.asarray(start, float)[:2],
            *(np.add(c, 0.5) * CELL + self.origin for c in cells[::-1][1:-1]),
            np.asarray(goal, float)[:2],
        ]
        return self.shorten(np.array(points))

    def shorten(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Leave out points that a straight, comfortable line can skip."""
        kept, i = [0], 0
        while i < len(points) - 1:
            j = len(points) - 1
            while j > i + 1 and not self.is_straight(points[i], points[j], points[i : j + 1]):
                j -= 1
            kept.append(j)
            i = j
        return points[kept]

    def is_straight(self, a: NDArray[np.float64], b: NDArray[np.float64], between: NDArray[np.float64]) -> bool:
        """Whether the line from a to b costs no more a metre than the dearest cell on the way it replaces."""
        n = max(2, int(np.hypot(*(b - a)) / 0.05))
        on_line = max(self.cost[self.find_cell(p)] for p in np.linspace(a, b, n))
        on_way = max(self.cost[self.find_cell(p)] for p in between)
        return on_line <= max(on_way, 1.0) if np.isfinite(on_way) else on_line <= 4.0 or n <= 4


def find_walls(
    openings: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], width: float, back: float
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """The solid rectangles behind y = 0 down to y = back, beside the openings."""
    edges = [0.0, *(float(corner[0]) for pair in sorted(openings, key=lambda o: o[0][0]) for corner in pair), width]
    if not openings:
        return []
    return [(np.array([a, back]), np.array([b, 0.0])) for a, b in zip(edges[::2], edges[1::2])]
