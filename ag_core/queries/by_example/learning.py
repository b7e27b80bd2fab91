"""Learns an action from a few moments: a linear classifier on scene graphs, fitted in seconds without a network.

A frame is described by the mean of the graphs within a second of it and by the mean of those within the ten seconds
that a feature bank's window spans. A logistic regression separates the examples from all other frames, of which most
show something else; hits that were marked wrong count as much as an example each. NumPy only.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.queries.by_example.graph_frames import GraphFrames
from ag_core.queries.by_example.records import Hit, Lesson, LessonAnswer, Moment

NEAR_S, AROUND_S = 1.0, 5.0
"""Graphs so far from a frame, to either side, tell what is done there, and what it is part of."""

AROUND_WEIGHT = 0.5
RIDGE = 1e-2
STEPS = 300
MAX_BACKGROUND = 4000
MAX_HITS = 60
APART_S = 5.0
"""Two hits of a video, and a hit and a marked moment, lie at least so far apart."""


def learn_lesson(
    frames: GraphFrames,
    features: NDArray[np.float32],
    lesson: Lesson,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> LessonAnswer:
    """Learn from a lesson and look for it in all videos but those of its examples. UserError for unknown moments.

    features  of the frames, as `describe_frames` gives them
    """
    began = time.monotonic()
    targets, weights = weigh_frames(frames, lesson)
    rows = np.flatnonzero(weights)
    direction, offset = fit_logistic(features[rows], targets[rows], weights[rows], report)
    scores = 1 / (1 + np.exp(-(features @ direction + offset)))
    hits = choose_hits(frames, scores, lesson)
    return LessonAnswer(
        tuple(hits), len(frames.video), len(frames.video_ids), frames.left_out, time.monotonic() - began
    )


def describe_frames(frames: GraphFrames) -> NDArray[np.float32]:
    """[N,D] of length one each, a frame without any graph near it zero; cells that are nowhere are left out."""
    used = frames.bank[:, frames.bank.any(axis=0)]
    near, around = average_within(frames, used, NEAR_S), average_within(frames, used, AROUND_S)
    joined = np.concatenate([_scale(near), AROUND_WEIGHT * _scale(around)], axis=1)
    return _scale(joined)


def average_within(frames: GraphFrames, rows: NDArray[np.float32], reach_s: float) -> NDArray[np.float32]:
    """[N,D] the mean of rows [N,D] over the frames of the same video that are at most `reach_s` away."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    # One axis for all videos: a long gap between two of them keeps them apart.
    gap = float(frames.times_s.max(initial=0.0)) + 10 * AROUND_S
    axis = frames.video * gap + frames.times_s
    first = np.searchsorted(axis, axis - reach_s - 1e-6)
    last = np.searchsorted(axis, axis + reach_s + 1e-6, side="right")
    return np.asarray((sums[last] - sums[first]) / (last - first)[:, None], np.float32)


def find_rows(frames: GraphFrames, moment: Moment) -> NDArray[np.int64]:
    """The frames inside a moment; the nearest one where none is. UserError for a video without graphs."""
    if moment.video_id not in frames.video_ids:
        raise UserError(f"video {moment.video_id} has no graph of this source; take the example away")
    of_video = np.flatnonzero(frames.video == frames.video_ids.index(moment.video_id))
    times = frames.times_s[of_video]
    inside = of_video[(times >= moment.start_s) & (times <= moment.end_s)]
    return inside if len(inside) else of_video[[np.abs(times - moment.middle_s).argmin()]]


def weigh_frames(frames: GraphFrames, lesson: Lesson) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Targets [N] of 0 and 1, and weights [N] that sum to 1; a frame of weight 0 is not learned from.

    Every example and every marked hit weighs alike, however long it is; all other frames together as much as what is
    right. Frames of the examples' own videos are no counter-examples: the action may go on there.
    """
    targets, weights = np.zeros(len(frames.video), np.float32), np.zeros(len(frames.video))
    positive = (*lesson.examples, *lesson.right)
    own = {frames.video_ids.index(m.video_id) for m in positive if m.video_id in frames.video_ids}
    others = np.flatnonzero(~np.isin(frames.video, sorted(own)))
    if len(others) > MAX_BACKGROUND:
        others = np.random.default_rng(0).choice(others, MAX_BACKGROUND, replace=False)
    weights[others] = len(positive) / max(len(others), 1)
    for moment in lesson.wrong:
        rows = find_rows(frames, moment)
        weights[rows] = 1 / len(rows)
    for moment in positive:
        rows = find_rows(frames, moment)
        weights[rows] = np.where(targets[rows] > 0, weights[rows], 0) + 1 / len(rows)
        targets[rows] = 1
    return targets, weights / weights.sum()


def fit_logistic(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    weights: NDArray[np.float64],
    report: Callable[[int, int], None] = lambda done, total: None,
    ridge: float = RIDGE,
    steps: int = STEPS,
) -> tuple[NDArray[np.float32], float]:
    """Direction [D] and offset of the logistic regression with the least weighted loss and ridge.

    Rows of `features` [n,D] are at most one long and the weights sum to 1, which bounds the curvature of the loss:
    accelerated gradient steps of a fixed length converge.
    """
    step = 1 / (0.25 * 2 + ridge)
    shares = weights.astype(np.float32)
    current = previous = np.zeros(features.shape[1] + 1, np.float32)
    for number in range(steps):
        if number % 20 == 0:
            report(number, steps)
        ahead = current + number / (number + 3) * (current - previous)
        errors = (1 / (1 + np.exp(-(features @ ahead[:-1] + ahead[-1]))) - targets) * shares
        gradient = np.append(features.T @ errors + ridge * ahead[:-1], errors.sum())
        previous, current = current, (ahead - step * gradient).astype(np.float32)
    report(steps, steps)
    return current[:-1], float(current[-1])


def choose_hits(frames: GraphFrames, scores: NDArray[np.floating], lesson: Lesson) -> list[Hit]:
    """The best moments outside the examples' videos, the best first: apart from each other and from marked ones."""
    shut = {moment.video_id for moment in lesson.examples}
    taken: dict[str, list[float]] = {}
    for moment in (*lesson.right, *lesson.wrong):
        taken.setdefault(moment.video_id, []).append(moment.middle_s)
    hits: list[Hit] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        video_id, time_s = frames.video_ids[frames.video[row]], float(frames.times_s[row])
        if video_id in shut or _is_near(time_s, taken.get(video_id, ())):
            continue
        taken.setdefault(video_id, []).append(time_s)
        hits.append(Hit(video_id, round(time_s, 3), int(frames.frame[row]), round(float(scores[row]), 4)))
        if len(hits) == MAX_HITS:
            break
    return hits


def _is_near(time_s: float, times_s: Sequence[float]) -> bool:
    return any(abs(time_s - other) < APART_S for other in times_s)


def _scale(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length one; those of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float32)
