"""Few-shot examples: which moments of the training videos are drawn, and clips of videos as features with their bank.

An example is one interval of a novel action in a video of its own. What is drawn depends on the seed, the action and
the videos that show it alone, and the first k examples of an action are part of the first k + 1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.catalog import ACTION_MODELS, find_action_model
from ag_core.errors import UserError
from ag_core.experiments.action import VideoFeatures
from ag_core.experiments.clip import Clips
from ag_core.experiments.datasets import LabelledVideo
from ag_core.models.feature_bank import BankMaterial, FeatureBank, build_bank
from ag_core.taxonomy import ACTIONS, N_ACTIONS


@dataclass(frozen=True)
class Shot:
    """An example of an action: an interval in a video, which is a position among the training videos."""

    action: int
    video: int
    start_s: float
    end_s: float


def draw_shots(
    videos: Sequence[LabelledVideo], novel: Iterable[int], most: int, seed: int
) -> dict[int, tuple[Shot, ...]]:
    """By novel action, at most `most` examples in drawn order, each of another video; none where nobody does it."""
    by_id = sorted(range(len(videos)), key=lambda number: videos[number].video_id)
    drawn = {}
    for action in novel:
        random = np.random.default_rng([seed, action])
        showing = [number for number in by_id if videos[number].labels[action]]
        shots = []
        for number in random.permutation(showing)[:most]:
            intervals = [(start, end) for one, start, end in videos[number].actions if one == action]
            start, end = intervals[random.integers(len(intervals))]
            shots.append(Shot(action, int(number), start, end))
        drawn[action] = tuple(shots)
    return drawn


@dataclass(frozen=True)
class BankedVideo:
    """One video as features: clips [K,C] at times_s [K] with labels [K,157], views [V,C] at views_s [V], its bank."""

    times_s: NDArray[np.float64]
    clips: NDArray[np.float32]
    labels: NDArray[np.bool_]
    views_s: NDArray[np.float64]
    views: NDArray[np.float32]
    bank: FeatureBank


@dataclass(frozen=True)
class ClipBatch:
    """Clips for a head: short_term [n,C], windows [n,20,D] of the bank, labels [n,157]."""

    short_term: NDArray[np.float32]
    windows: NDArray[np.float32]
    labels: NDArray[np.bool_]


def build_banked_videos(model: str, clips: Clips, features: Sequence[VideoFeatures]) -> list[BankedVideo]:
    """The clips' videos with the kind of bank that an action model of the catalog reads."""
    kind = find_action_model(model).bank
    if kind is None:
        others = ", ".join(name for name, entry in ACTION_MODELS.items() if entry.bank is not None)
        raise UserError(f"the action model {model!r} has no feature bank to learn from; choose some of {others}")
    made = []
    for video, found in zip(clips.videos, features, strict=True):
        bank = build_bank(kind, BankMaterial(found.times_s, found.clips, found.graphs, video.graphs))
        labels = [clips.labels(video, time) for time in found.times_s.tolist()]
        grid = np.array(labels, bool).reshape(-1, N_ACTIONS)
        made.append(BankedVideo(found.times_s, found.clips, grid, found.views_s, found.views, bank))
    return made


def cut_clips(videos: Sequence[BankedVideo], positions: NDArray[np.int64]) -> ClipBatch:
    """The clips at positions [n,2]: which video, and which of its times."""
    chosen = [(videos[number], time) for number, time in positions.tolist()]
    return ClipBatch(
        np.stack([video.clips[time] for video, time in chosen]),
        np.stack([video.bank.cut_window(video.times_s[time]) for video, time in chosen]),
        np.stack([video.labels[time] for video, time in chosen]),
    )


def list_positions(videos: Sequence[BankedVideo], left_out: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[n,2] every clip of the videos that are not `left_out` [videos]: which video, and which of its times."""
    rows = [(n, t) for n, video in enumerate(videos) if not left_out[n] for t in range(len(video.times_s))]
    return np.array(rows, np.int64).reshape(-1, 2)


def find_shot_times(video: BankedVideo, shot: Shot) -> NDArray[np.int64]:
    """Which of a video's times lie inside an example; the nearest one where none does."""
    inside = np.flatnonzero((video.times_s >= shot.start_s) & (video.times_s <= shot.end_s))
    if len(inside):
        return inside
    if not len(video.times_s):
        raise UserError(f"a video with {ACTIONS[shot.action].label!r} is too short for a clip; leave it out")
    return np.array([np.abs(video.times_s - (shot.start_s + shot.end_s) / 2).argmin()])
