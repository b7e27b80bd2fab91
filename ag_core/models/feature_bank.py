"""Feature banks: what is known of a video on a grid of times, and the window of it that a clip looks at.

A bank is made of clip features, of predicted graphs or of annotated ones (the oracle); graphs become 875-d vectors.
NumPy only. The confidence matrix and the product of object and relationship scores are the paper's; where it is silent
the choices are those of methods C16, C18 and C19.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.catalog import BankKind
from ag_core.records import HALF_MILLISECOND_S, FrameClock, SceneGraph
from ag_core.taxonomy import BANK_SIZE

GRID_RATE = 24
GRID_STEP = 12
"""The grid of the long-term feature banks: every 12th frame of 24 a second, first the frame with index 11."""

WINDOW_S = 10.0
WINDOW_SIZE = 20


MAX_TIMES = 1200
"""So many times are affordable for any recording: ten minutes at two a second."""


def compute_bank_times(duration_s: float) -> NDArray[np.float64]:
    """[K] seconds of the grid, two a second: (12k + 11) / 24 while below `duration_s`."""
    most = max(0, int(np.ceil(duration_s * GRID_RATE / GRID_STEP)) + 1)
    times = (GRID_STEP * np.arange(most) + GRID_STEP - 1) / GRID_RATE
    return times[times < duration_s]


def is_lapse(clock: FrameClock, rate: float) -> bool:
    """Whether `rate` times a second are far more than a recording has frames, as where it shows hours in a minute."""
    return clock.duration_s * rate > max(MAX_TIMES, 3 * len(clock.times_s))


def list_bank_times(clock: FrameClock) -> NDArray[np.float64]:
    """[K] seconds of the bank's entries of a recording: the grid, or of a lapse the first time of it in each frame."""
    if not is_lapse(clock, GRID_RATE / GRID_STEP):
        return compute_bank_times(clock.duration_s)
    return list_first_times(clock, (GRID_STEP - 1) / GRID_RATE, GRID_RATE / GRID_STEP)


def list_first_times(clock: FrameClock, start_s: float, rate: float) -> NDArray[np.float64]:
    """[K] of the times start_s + n / rate, n >= 0, the first one at which each frame is shown, where there is one."""
    starts = clock.times_s
    ends = np.append(starts[1:], clock.duration_s) - HALF_MILLISECOND_S
    steps = np.ceil((starts - HALF_MILLISECOND_S - start_s) * rate - 1e-6).clip(0)
    times = start_s + steps / rate
    return np.asarray(times[times < ends], np.float64)


def build_graph_bank(graphs: Sequence[SceneGraph]) -> NDArray[np.float32]:
    """[K,875] one row per graph: the confidence matrix, object after object (index object * 25 + relationship)."""
    rows = [graph.confidence_matrix().reshape(-1) for graph in graphs]
    return np.stack(rows) if rows else np.zeros((0, BANK_SIZE), np.float32)


def build_oracle_bank(graphs: Sequence[SceneGraph]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Times [K] and rows [K,875] of annotated graphs: on the 24-a-second grid, the maximum of those on one point."""
    points = np.array([round(graph.time_s * GRID_RATE) for graph in graphs], np.int64)
    chosen, row = np.unique(points, return_inverse=True)
    bank = np.zeros((len(chosen), BANK_SIZE), np.float32)
    np.maximum.at(bank, row, build_graph_bank(graphs))
    return chosen / GRID_RATE, bank


def find_window_indices(times_s: ArrayLike, centre_s: float, window_s: float = WINDOW_S) -> NDArray[np.int64]:
    """Positions of the entries within half a window of the centre, both ends included, on the 24-a-second grid."""
    points = np.round(np.asarray(times_s, np.float64) * GRID_RATE)
    half = round(window_s * GRID_RATE / 2)
    begin = round(centre_s * GRID_RATE) - half
    return np.flatnonzero((points >= begin) & (points <= begin + 2 * half))


def cut_window(
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
    found = find_window_indices(times_s, centre_s, window_s)
    if len(found) > size:
        kept = np.round(np.linspace(0, len(found) - 1, size)).astype(int) if spread else slice(size)
        found = found[kept]
    result = np.zeros((size, bank.shape[1]), np.float32)
    result[: len(found)] = bank[found]
    return result


@dataclass(frozen=True)
class BankMaterial:
    """What banks of one video can be made of.

    times_s           [K] seconds on the bank's grid
    clip_features     [K,C] of the clips around those times
    predicted_graphs  [K,875] rows of the graphs predicted there
    annotated_graphs  as annotated, at times of their own; empty where nothing is annotated
    """

    times_s: NDArray[np.float64]
    clip_features: NDArray[np.float32]
    predicted_graphs: NDArray[np.float32]
    annotated_graphs: Sequence[SceneGraph] = ()


@dataclass(frozen=True)
class FeatureBank:
    """Entries [K,D] at ascending times [K], and how a window with too many of them is thinned.

    spread  take entries evenly by index instead of the first ones, which irregular times need (C19)
    kind    what it is made from, by which a head of another kind refuses it; None where nobody says
    """

    times_s: NDArray[np.float64]
    entries: NDArray[np.float32]
    spread: bool = False
    kind: BankKind | None = None

    def __post_init__(self) -> None:
        if self.entries.ndim != 2 or len(self.entries) != len(self.times_s):
            raise ValueError(f"a bank of {len(self.times_s)} times needs entries [K,D]; it has {self.entries.shape}")

    @property
    def width(self) -> int:
        """D, the length of an entry."""
        width: int = self.entries.shape[1]
        return width

    def cut_window(self, centre_s: float) -> NDArray[np.float32]:
        """[20,D] what a clip around `centre_s` sees."""
        return cut_window(self.entries, self.times_s, centre_s, spread=self.spread)

    def cut_windows(self, centres_s: ArrayLike) -> "BankWindows":
        """The windows around some centres, cut when they are asked for."""
        return BankWindows(self, np.asarray(centres_s, np.float64))


@dataclass(frozen=True)
class BankWindows:
    """Windows [n,20,D] around n centres: a slice gives an array, so that a long video never holds all of them."""

    bank: FeatureBank
    centres_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centres_s)

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        """[m,20,D] of some centres."""
        chosen = [self.bank.cut_window(centre) for centre in self.centres_s[rows]]
        return np.stack(chosen) if chosen else np.zeros((0, WINDOW_SIZE, self.bank.width), np.float32)


def get_bank_width(kind: BankKind, feature_size: int) -> int:
    """Length of an entry of a kind of bank beside a clip network with features of `feature_size`."""
    return feature_size if kind is BankKind.CLIP_FEATURES else BANK_SIZE


def build_bank(kind: BankKind, material: BankMaterial) -> FeatureBank:
    """The feature bank of a video."""
    match kind:
        case BankKind.CLIP_FEATURES:
            return FeatureBank(material.times_s, material.clip_features, kind=kind)
        case BankKind.PREDICTED_GRAPHS:
            return FeatureBank(material.times_s, material.predicted_graphs, kind=kind)
        case BankKind.ANNOTATED_GRAPHS:
            return FeatureBank(*build_oracle_bank(material.annotated_graphs), spread=True, kind=kind)
