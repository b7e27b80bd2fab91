"""Draws the videos and their action intervals, and chooses which frames are annotated and what is known of each.

A frame is the midpoint of one of five equal parts of an action interval, at the video's own rate, counted from 1.
Where two intervals ask for the same frame it counts once; of the rest so many are left out at random that the number is
right. Where they are too few, which happens in small releases, the frame after a midpoint is taken as well.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from benchmarks.release.counts import Counts, SplitCounts
from benchmarks.release.likeness import Likeness

PARTS_OF_ACTION = 5
USUAL_KEPT = 3
"""A video is used in training only with at least so many kept frames."""


class Status(IntEnum):
    """What is known of an annotated frame."""

    KEPT = 0
    NO_PERSON = 1
    NOTHING_VISIBLE = 2


@dataclass(frozen=True)
class Videos:
    """V videos, train first, and their I action intervals by video.

    ids [V]; split [V] 0 train, 1 test; lengths_s [V]; rates [V] frames a second; subjects [V]
    annotated [V] whether Action Genome has the video
    video [I] row; action [I]; start_ds, end_ds [I] tenths of a second; usual [I] False where late or reversed
    """

    ids: NDArray[np.str_]
    split: NDArray[np.int64]
    lengths_s: NDArray[np.float64]
    rates: NDArray[np.float64]
    subjects: NDArray[np.int64]
    annotated: NDArray[np.bool_]
    video: NDArray[np.int64]
    action: NDArray[np.int64]
    start_ds: NDArray[np.int64]
    end_ds: NDArray[np.int64]
    usual: NDArray[np.bool_]


@dataclass(frozen=True)
class Frames:
    """F annotated frames by video and number.

    video [F] row in Videos; number [F] from 1; interval [F] row of the action interval it belongs to; status [F] Status
    """

    video: NDArray[np.int64]
    number: NDArray[np.int64]
    interval: NDArray[np.int64]
    status: NDArray[np.int64]


def draw_videos(counts: Counts, like: Likeness, rng: np.random.Generator) -> Videos:
    """Videos of both splits with their intervals."""
    splits = (counts.train, counts.test)
    n = sum(split.videos for split in splits)
    split = np.repeat([0, 1], [part.videos for part in splits])
    drawn = rng.integers(len(like.lengths_s), size=n)
    lengths = np.round(like.lengths_s[drawn], 2)
    parts, annotated, subjects = [], np.zeros(n, bool), np.zeros(n, np.int64)
    first_video = first_subject = 0
    for part in splits:
        rows = first_video + rng.permutation(part.videos)
        labelled = rows[: part.videos - part.without_actions]
        annotated[labelled[: part.annotated]] = True
        subjects[rows] = first_subject + rng.integers(part.subjects, size=len(rows))
        parts.append(_draw_intervals(part, labelled, lengths, like, rng))
        first_video += part.videos
        first_subject += part.subjects
    columns = [np.concatenate(column) for column in zip(*parts)]
    order = np.argsort(columns[0], kind="stable")
    return Videos(
        _ids(n, rng), split, lengths, like.rates[drawn], subjects, annotated, *(column[order] for column in columns)
    )


def _ids(n: int, rng: np.random.Generator) -> NDArray[np.str_]:
    """Distinct names of five upper case letters and digits."""
    letters = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    numbers = rng.choice(36**5, n, replace=False, shuffle=True)
    return np.array(["".join(row) for row in letters[(numbers[:, None] // 36 ** np.arange(5)) % 36]])


def _draw_intervals(
    counts: SplitCounts,
    labelled: NDArray[np.int64],
    lengths_s: NDArray[np.float64],
    like: Likeness,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Columns video, action, start_ds, end_ds, usual. Each labelled video gets at least one usual interval."""
    odd, late = counts.starting_late + counts.reversed_, counts.ending_late
    activity = rng.gamma(2.0, size=len(labelled))
    more = rng.choice(labelled, counts.intervals - len(labelled), p=activity / activity.sum())
    video = np.concatenate([more, labelled])  # the odd ones come first, so never from the one that each video must have
    action = rng.choice(len(like.action_weights), len(video), p=like.action_weights / like.action_weights.sum())
    last = np.floor(lengths_s[video] * 10).astype(np.int64)  # tenths of a second
    start = (rng.random(len(video)) * (last - 15)).astype(np.int64)
    start[rng.random(len(video)) < 0.15] = 0
    end = np.minimum(start + 10 + rng.gamma(1.3, 110, len(video)).astype(np.int64), last)
    ends_late = odd + rng.permutation(len(video) - odd)[:late]
    end[ends_late] = last[ends_late] + rng.integers(1, 16, late)
    start[: counts.starting_late] = last[: counts.starting_late] + 3
    end[: counts.starting_late] = last[: counts.starting_late] + 9
    turned = slice(counts.starting_late, odd)
    end[turned] = start[turned]
    start[turned] += 10
    return video, action, start, end, np.arange(len(video)) >= odd


def draw_frames(videos: Videos, counts: Counts, rng: np.random.Generator) -> Frames:
    """The annotated frames of both splits, with exactly the counts of each status."""
    video, number, interval, after = _midpoints(videos)
    priority = rng.random(len(video)) + after
    rank = _rank_within(video, priority)  # 0 for the first choice of each video
    chosen, status = [], np.full(len(video), Status.NOTHING_VISIBLE, np.int64)
    for index, split in enumerate((counts.train, counts.test)):
        rows = np.flatnonzero(videos.split[video] == index)
        if len(rows) < split.frames:
            raise ValueError(f"the intervals have {len(rows)} frames, too few for {split.frames}; generate more")
        wanted = np.where(rank[rows] < USUAL_KEPT, -1.0, priority[rows])
        rows = np.sort(rows[np.argsort(wanted, kind="stable")[: split.frames]])
        status[rows] = _statuses(split, video[rows], rank[rows], rng)
        chosen.append(rows)
    rows = np.sort(np.concatenate(chosen))
    return Frames(video[rows], number[rows], interval[rows], status[rows])


def _midpoints(
    videos: Videos,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Frames that may be annotated, by video and number, each once.

    Columns video, frame number, interval, and whether it is only the frame after a midpoint.
    """
    used = np.flatnonzero(videos.usual & videos.annotated[videos.video])
    video = videos.video[used]
    start = videos.start_ds[used] / 10
    end = np.minimum(videos.end_ds[used] / 10, videos.lengths_s[video])
    shares = (2 * np.arange(PARTS_OF_ACTION) + 1) / (2 * PARTS_OF_ACTION)
    times = start[:, None] + (end - start)[:, None] * shares
    numbers = np.rint(times * videos.rates[video][:, None]).astype(np.int64) + 1
    last = np.floor(videos.lengths_s * videos.rates).astype(np.int64)[video][:, None]
    found = np.stack([np.minimum(numbers, last), np.minimum(numbers + 1, last)])  # [2,I,5]
    unique, first = np.unique((video[:, None] << 20 | found).ravel(), return_index=True)
    interval = np.tile(np.repeat(used, PARTS_OF_ACTION), 2)[first]
    return unique >> 20, unique & ((1 << 20) - 1), interval, first >= numbers.size


def _rank_within(groups: NDArray[np.int64], priority: NDArray[np.float64]) -> NDArray[np.int64]:
    """Place of each row within its group by priority, 0 for the lowest; groups are sorted."""
    order = np.lexsort((priority, groups))
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - np.searchsorted(groups, groups)
    return ranks


def _statuses(
    counts: SplitCounts, video: NDArray[np.int64], rank: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Status of the frames of one split: first what makes a video unusual or usual, then the rest at random."""
    rows = rng.permutation(np.unique(video))
    kinds = (counts.one_kept, counts.none_or_two_kept // 2, counts.none_or_two_kept - counts.none_or_two_kept // 2)
    ends = np.cumsum([*kinds, counts.never_visible])
    allowed = np.full(rows.max() + 1, -1)  # how many kept frames an unusual video may have; -1: a usual one
    for n_kept, first, end in zip((1, 2, 0, 0), (0, *ends), ends):
        allowed[rows[first:end]] = n_kept
    never = np.isin(video, rows[ends[2] : ends[3]])
    usual = allowed[video] < 0
    status = np.where(rank < allowed[video], Status.KEPT, Status.NO_PERSON)
    status[never] = Status.NOTHING_VISIBLE
    status[usual & (rank < USUAL_KEPT)] = Status.KEPT
    free = np.flatnonzero(usual & (rank >= USUAL_KEPT))
    total = np.array([counts.kept, counts.no_person, counts.frames - counts.visible])
    left = total - np.bincount(np.delete(status, free), minlength=3)
    if left.min() < 0 or left.sum() != len(free):
        raise ValueError(f"frames of unusual videos leave {left.tolist()} to give out; generate a larger share")
    status[rng.permutation(free)] = np.repeat(np.arange(3), left)
    return status
