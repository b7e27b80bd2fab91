"""Holding: where the wrists are on an item, and where an item is that is held by who sits.

Knows joints, frames and items; nothing of time, tracks or rooms.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES, Joints
from ag_core.world.objects import grips
from ag_core.world.objects.grips import CARRY, Hold
from ag_core.world.render.mesh import UP, between_turns, unit


@dataclass(frozen=True)
class Grip:
    """An item's position [3], turn [3,3], and both wrists relative to it in the body's frame [2,3]."""

    at: NDArray[np.float64]
    turn: NDArray[np.float64]
    wrists: NDArray[np.float64]


def mirror_wrist(wrist: tuple[float, float, float]) -> NDArray[np.float64]:
    """Offsets of the left and the right wrist [2,3] from the right one."""
    return np.array([(-wrist[0], wrist[1], wrist[2]), wrist], float)


def measure_sitting(joints: Joints, frame: NDArray[np.float64]) -> float:
    """How far the thighs point forward, 0..1; nothing up to the little that they do while standing and walking."""
    forward = (frame.T @ (joints.knees.mean(0) - joints.hips.mean(0)))[1]
    return float(np.clip((forward - 0.17) / 0.12, 0, 1))


def lower_to_lap(hold: Hold, name: str, joints: Joints, frame: NDArray[np.float64]) -> Hold:
    """How a hold changes as the body sits down: what hangs beside the legs comes onto the lap."""
    if name not in grips.LAP or hold is not CARRY[name]:
        return hold
    share, lap = measure_sitting(joints, frame), grips.LAP[name]
    x, y, z = np.array(hold.offset) * (1 - share) + np.array(lap.offset) * share
    u, v, w = np.array(hold.wrist) * (1 - share) + np.array(lap.wrist) * share
    return Hold(
        (float(x), float(y), float(z)), between_turns(hold.turn, lap.turn, share), (float(u), float(v), float(w))
    )


def find_wrist_on_item(
    grip: Grip, name: str, i: int, frame: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wrist [3] and finger direction [3] of hand i on an item; frame [3,3] of the body."""
    wrist, side = grip.at + frame @ grip.wrists[i], SIDES[i]
    if name in grips.LONG:
        return wrist, frame @ (-0.55 * side, 0.8, -0.2)
    if grip.wrists[i, 1] > 0.05 and abs(grip.wrists[i, 0]) > 0.1:  # round its far side
        return wrist, frame @ (-side, -0.15, 0.0)
    return wrist, unit(grip.at + frame @ (0, 0, 0.0) - wrist) if name != "bag" else -UP + 0.1 * frame[:, 1]


def find_wrist_before(
    point: NDArray[np.float64], shoulder: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wrist [3] and finger direction [3] of a hand whose fingers hold a point."""
    towards = unit((point - shoulder) * (1, 1, 0.3))
    return point - 0.125 * towards, towards


def find_writing_wrist(
    paper: NDArray[np.float64], i: int, is_main: bool, time: float, frame: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wrist [3] and finger direction [3] of hand i, which writes on a paper at [3] or holds it."""
    side = SIDES[i]
    if is_main:
        stroke = np.array([0.045 * np.sin(2.3 * time) + 0.012 * np.sin(19 * time), 0.012 * np.cos(17 * time), 0])
        wrist = paper + frame @ (np.array(grips.WRITE_WRIST) * (side, 1, 1) + stroke)
        return wrist, frame[:, 1] - side * 0.5 * frame[:, 0] - 0.5 * UP
    wrist = paper + frame @ (np.array(grips.PAPER_WRIST) * (side, 1, 1))
    return wrist, frame[:, 1] - side * 0.3 * frame[:, 0] - 0.3 * UP
