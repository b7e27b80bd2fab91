"""Answers about one video's scores, as values and as the bytes that go between processes. Knows no model.

`RescoredVideo` is what a model says before and after its graphs were edited; `Evidence` is what in the graphs raised
the score of one action.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.records import ActionScores


@dataclass(frozen=True)
class RescoredVideo:
    """before, after: scores of one model at the same times; touched [K]: where an edit changed what the model reads."""

    before: ActionScores
    after: ActionScores
    touched: NDArray[np.bool_]

    def to_bytes(self) -> bytes:
        """All of it, for `from_bytes`."""
        arrays = {"model": np.array(self.before.model), "touched": self.touched}
        for name, scores in (("before", self.before), ("after", self.after)):
            arrays |= {f"{name}_scores": scores.scores, f"{name}_over_time": scores.over_time}
        return _pack(arrays | {"times_s": self.before.times_s, "trained_on": self.before.trained_on})

    @staticmethod
    def from_bytes(content: bytes) -> "RescoredVideo":
        """The value that `to_bytes` gave."""
        arrays = _unpack(content)
        before, after = (
            ActionScores(
                str(arrays["model"]),
                arrays[f"{name}_scores"],
                arrays["times_s"],
                arrays[f"{name}_over_time"],
                arrays["trained_on"],
            )
            for name in ("before", "after")
        )
        return RescoredVideo(before, after, np.asarray(arrays["touched"], bool))


@dataclass(frozen=True)
class Evidence:
    """Why a clip has its score for an action: what the model read in the graphs around it.

    action, time_s   the action, and the centre of the clip in seconds
    score            of the clip; empty_score: with graphs that hold nothing
    times_s          [W] when the graphs were
    triplets         [n,2] object (index into OBJECTS) and relationship, those that raised the score most first
    contributions    [n,W] part of each cell in the log-odds that the graphs add; all cells sum to that
    scores_without   [n] score of the clip if the triplet were nowhere in the window
    """

    action: int
    time_s: float
    score: float
    empty_score: float
    times_s: NDArray[np.float64]
    triplets: NDArray[np.int64]
    contributions: NDArray[np.float32]
    scores_without: NDArray[np.float32]

    def __post_init__(self) -> None:
        n, times = len(self.triplets), len(self.times_s)
        if self.contributions.shape != (n, times) or self.scores_without.shape != (n,):
            raise ValueError(f"evidence of {n} triplets at {times} times needs contributions [n,W] and a score each")

    def find_best_time(self, row: int) -> float:
        """When a triplet raised the score most, in seconds."""
        return float(self.times_s[self.contributions[row].argmax()])

    def to_bytes(self) -> bytes:
        """All of it, for `from_bytes`."""
        return _pack({name: np.asarray(value) for name, value in vars(self).items()})

    @staticmethod
    def from_bytes(content: bytes) -> "Evidence":
        """The value that `to_bytes` gave."""
        arrays = _unpack(content)
        fields: dict[str, Any] = {name: value if value.ndim else value.item() for name, value in arrays.items()}
        return Evidence(**fields)


def _pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpack(content: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
