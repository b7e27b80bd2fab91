"""The scene-graph feature bank: graphs to 875-d vectors on a grid of times, and the window a clip looks at.

NumPy only. The confidence matrix and the product of object and relationship scores are the paper's; where it is silent
the choices are those of methods C16, C18, C19. The oracle is the same bank made from annotated graphs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.records import SceneGraph
from ag_core.taxonomy import BANK_SIZE

GRID_RATE = 24
GRID_STEP = 12
"""The grid of the long-term feature banks: every 12th frame of 24 a second, first the frame with index 11."""

WINDOW_S = 10.0
WINDOW_SIZE = 20


def bank_times(duration_s: float) -> NDArray[np.float64]:
    """[K] seconds of the bank's entries, two a second: (12k + 11) / 24 while below `duration_s`."""
    most = max(0, int(np.ceil(duration_s * GRID_RATE / GRID_STEP)) + 1)
    times = (GRID_STEP * np.arange(most) + GRID_STEP - 1) / GRID_RATE
    return times[times < duration_s]


def graph_bank(graphs: Sequence[SceneGraph]) -> NDArray[np.float32]:
    """[K,875] one row per graph: the confidence matrix, object after object (index object * 25 + relationship)."""
    rows = [graph.confidence_matrix().reshape(-1) for graph in graphs]
    return np.stack(rows) if rows else np.zeros((0, BANK_SIZE), np.float32)


def oracle_bank(graphs: Sequence[SceneGraph]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Times [K] and rows [K,875] of annotated graphs: on the 24-a-second grid, the maximum of those on one point."""
    points = np.array([round(graph.time_s * GRID_RATE) for graph in graphs], np.int64)
    chosen, row = np.unique(points, return_inverse=True)
    bank = np.zeros((len(chosen), BANK_SIZE), np.float32)
    np.maximum.at(bank, row, graph_bank(graphs))
    return chosen / GRID_RATE, bank


def window_indices(times_s: ArrayLike, centre_s: float, window_s: float = WINDOW_S) -> NDArray[np.int64]:
    """Positions of the entries within half a window of the centre, both ends included, on the 24-a-second grid."""
    points = np.round(np.asarray(times_s, np.float64) * GRID_RATE)
    half = round(window_s * GRID_RATE / 2)
    begin = round(centre_s * GRID_RATE) - half
    return np.flatnonzero((points >= begin) & (points <= begin + 2 * half))


def window(
    bank: NDArray[np.float32],
    times_s: ArrayLike,
    centre_s: float,
    window_s: float = WINDOW_S,
    size: int = WINDOW_SIZE,
    spread: bool = False,
) -> NDArray[np.float32]:
    """[size,D] the entries around `centre_s`, packed from row 0, zeros after (methods C16).

    bank [K,D] and times_s [K] ascending. With more than `size` entries the first are taken, or with `spread`, which
    the irregular times of the oracle need (methods C19), `size` of them evenly by index.
    """
    found = window_indices(times_s, centre_s, window_s)
    if len(found) > size:
        kept = np.round(np.linspace(0, len(found) - 1, size)).astype(int) if spread else slice(size)
        found = found[kept]
    result = np.zeros((size, bank.shape[1]), np.float32)
    result[: len(found)] = bank[found]
    return result
