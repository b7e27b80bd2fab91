"""How far it is from a point on a piece of furniture to its edge, or to what stands higher on it."""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.skeleton import ANKLE_HEIGHT
from ag_core.world.objects import props
from ag_core.world.render.mesh import UP, turn_z
from ag_core.world.room.affordances import PlacedProp


def find_world_boxes(placed: PlacedProp) -> NDArray[np.float64]:
    """Boxes [K,2,3] round the pieces of a placed prop, along the room's axes."""
    return props.find_bounds([piece.moved(turn_z(placed.yaw), placed.position) for piece in placed.prop.pieces])


def measure_to_edge(placed: PlacedProp, point: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    """Metres from a point above a prop to the prop's edge, seen from above; 0 outside."""
    boxes = find_world_boxes(placed)[:, :, :2]
    low, high = boxes[:, 0].min(0), boxes[:, 1].max(0)
    for away in np.arange(0.0, 2.5, 0.02):
        at = point[:2] + away * direction[:2]
        if (at < low).any() or (at > high).any():
            return float(away)
    return 2.5


def measure_along(placed: PlacedProp, point: NDArray[np.float64], direction: NDArray[np.float64]) -> float:
    """Metres one can lie along on a prop until its edge, or until a part of it that stands higher."""
    boxes = find_world_boxes(placed)
    higher = boxes[boxes[:, 1, 2] > point[2] + 0.06]
    across = np.cross(UP, direction)
    edge = measure_to_edge(placed, point, direction)
    for away in np.arange(0.0, edge, 0.02):
        for side in (-0.12, 0.12):
            at = point + away * direction + side * across + (ANKLE_HEIGHT + 0.02) * UP
            if ((higher[:, 0] < at) & (at < higher[:, 1])).all(1).any():
                return float(away)
    return edge
