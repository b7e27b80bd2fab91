"""What scoring scene graphs costs: every protocol of this project at once, beside a loop over frames and candidates.

    python -m benchmarks.graph_scoring [--frames 5000] [--markdown docs/performance.md] [--log docs/results.jsonl]

Ours is timed three times, each from arrays: every protocol from columns of all frames; the three of STTran's evaluator
from what an evaluation keeps of each video, made into a `GraphSequence`; and from the same made into one record
(`SceneGraph`) a frame. The loop has its frames made beforehand. All get the same random graphs (up to nine true objects
a frame, boxes moved a little, up to eleven false ones) and answer the same: 4 constraints, 25 and 26 relationships, R,
mR in both definitions and zero-shot recall at 10, 20, 50 and 100, over frames and over videos. The answers must be
equal bit for bit before a ratio is printed.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.graph_columns import N_RELEASED
from ag_core.evaluation.graph_recall import KS, GraphRecall, compute_graph_recalls, score_columns
from ag_core.evaluation.protocol import Constraint
from ag_core.graph_sequence import GraphSequence
from ag_core.taxonomy import N_CLASSES, N_RELATIONS
from benchmarks.command import Benchmark, run_benchmark
from benchmarks.loop_recall import LoopFrame, LoopRecall, score_frames
from benchmarks.random_graphs import draw_frames, to_columns
from benchmarks.report import Goal, Row, time_of

STTRAN = (Constraint.WITH_CONSTRAINT, Constraint.SEMI_CONSTRAINT, Constraint.NO_CONSTRAINT)
SIZES = (N_RELATIONS, N_RELEASED)
MARKS = "<!-- graph scoring -->", "<!-- end of graph scoring -->"


def score_at_once(frames: list[LoopFrame], seen: NDArray[np.bool_]) -> list[LoopRecall]:
    """Our side: from the arrays of each frame to every number."""
    true, guessed = to_columns(frames)
    videos = np.array([frame.video for frame in frames])
    nobody_missing = np.zeros(len(frames), bool)
    recalls = score_columns(true, guessed, videos, nobody_missing, KS, seen, tuple(Constraint), SIZES)
    return [to_loop_recall(recall) for recall in recalls]


Columns = tuple[NDArray[Any], ...]
"""What a `GraphSequence` takes, of one video."""


def score_videos(true: dict[str, Columns], found: dict[str, Columns], seen: NDArray[np.bool_]) -> list[LoopRecall]:
    """Our side as an evaluation has it: the kept columns of each video, scored as STTran's protocols."""
    truth, guesses = (
        {video: GraphSequence(*columns) for video, columns in of_videos.items()} for of_videos in (true, found)
    )
    return [to_loop_recall(recall) for recall in compute_graph_recalls(truth, guesses, KS, seen, None, STTRAN)]


def score_records(true: dict[str, Columns], found: dict[str, Columns], seen: NDArray[np.bool_]) -> list[LoopRecall]:
    """The same of lists of records, made of the columns one by one."""
    truth, guesses = (
        {video: list(GraphSequence(*columns)) for video, columns in of_videos.items()} for of_videos in (true, found)
    )
    return [to_loop_recall(recall) for recall in compute_graph_recalls(truth, guesses, KS, seen, None, STTRAN)]


def make_columns(frames: list[LoopFrame]) -> tuple[dict[str, Columns], dict[str, Columns]]:
    """By video, what is true and what was predicted, as `experiments.kept_graphs` keeps it."""
    true: dict[str, Columns] = {}
    found: dict[str, Columns] = {}
    for video, of_video in groupby(frames, key=lambda frame: frame.video):
        shown = list(of_video)
        sure = [np.ones(len(frame.true_classes)) for frame in shown]
        answers = [(frame.true_boxes, frame.true_classes, frame.true_relations) for frame in shown]
        true[str(video)] = _stack(answers, sure)
        guesses = [(frame.boxes, frame.classes, frame.relations) for frame in shown]
        found[str(video)] = _stack(guesses, [frame.scores for frame in shown])
    return true, found


def _stack(
    frames: Sequence[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]],
    scores: Sequence[NDArray[np.float64]],
) -> Columns:
    """Boxes, classes and relations of the frames of a video, numbered from 1; of each, the person comes first."""
    boxes, classes, relations = zip(*frames)
    single = np.float32
    return (
        np.arange(1, len(classes) + 1),
        np.arange(1, len(classes) + 1) / 2,
        np.array([of_frame[0] for of_frame in boxes], single),
        np.array([of_frame[0] for of_frame in scores]),
        np.array([len(of_frame) - 1 for of_frame in classes]),
        np.concatenate([of_frame[1:] for of_frame in classes]),
        np.concatenate([of_frame[1:] for of_frame in boxes], dtype=single),
        np.concatenate([of_frame[1:] for of_frame in scores], dtype=single),
        np.concatenate(relations, dtype=single)[:, :N_RELATIONS],
    )


def to_single_precision(frame: LoopFrame) -> LoopFrame:
    """With the numbers that a record keeps, so that all sides score the same ones."""
    names = ("true_boxes", "boxes", "scores", "relations")
    return replace(frame, **{name: getattr(frame, name).astype(np.float32).astype(float) for name in names})


def score_in_loops(frames: list[LoopFrame], seen: NDArray[np.bool_]) -> tuple[list[LoopRecall], list[float]]:
    """The usual side: one protocol after the other, and the seconds of each."""
    recalls, seconds = [], []
    for n in SIZES:
        for constraint in Constraint:
            started = time.process_time()
            recalls.append(score_frames(frames, constraint, n, KS, seen))
            seconds.append(time.process_time() - started)
    return recalls, seconds


def time_often(score: Callable[[], list[LoopRecall]], repeats: int) -> tuple[float, list[LoopRecall]]:
    """Median seconds of the processor, and the answer; the first time does not count."""
    answer, seconds = score(), []
    for _ in range(repeats):
        started = time.process_time()
        answer = score()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds), answer


def to_loop_recall(recall: GraphRecall) -> LoopRecall:
    """What both sides answer of one protocol."""
    assert recall.zero_shot is not None, "the benchmark tells what the training graphs hold"
    unseen = recall.zero_shot
    means = (recall.frame_mean, recall.video_mean, recall.relation_mean, recall.relation_mean_by_frame)
    return LoopRecall(*means, unseen.frame_mean, unseen.video_mean)


def measure(n_frames: int, repeats: int) -> Row:
    """One row in seconds of the processor, so that other work beside it counts little: ours a median, the loop once."""
    random = np.random.default_rng(0)
    frames = [to_single_precision(frame) for frame in draw_frames(n_frames, random, objects=9, surplus=11)]
    seen = random.random((N_CLASSES, N_RELEASED)) < 0.9
    ours_s, ours = time_often(lambda: score_at_once(frames, seen), repeats)
    true, found = make_columns(frames)
    videos_s, of_videos = time_often(lambda: score_videos(true, found, seen), repeats)
    records_s, of_records = time_often(lambda: score_records(true, found, seen), repeats)
    usual, loops_s = score_in_loops(frames, seen)
    usual_s = sum(loops_s)
    if ours != usual or not of_videos == of_records == usual[: len(STTRAN)]:
        raise SystemExit("the sides answer differently; no ratio is printed")
    boxes = sum(len(frame.classes) - 1 for frame in frames)
    return Row(
        "1",
        f"score {n_frames:,} frames with {boxes:,} predicted objects under {len(usual)} protocols",
        {
            "every protocol at once": time_of(ours_s),
            "three protocols, videos as kept": time_of(videos_s),
            "three protocols, a record made of each frame": time_of(records_s),
            "loop over frames and candidates": f"{time_of(usual_s)}, three protocols {time_of(sum(loops_s[:3]))}",
        },
        [
            Goal("processor time", ours_s, "s", at_most=5.0),
            Goal("time", usual_s / ours_s),
            Goal("three protocols, videos as kept", sum(loops_s[: len(STTRAN)]) / videos_s, at_least=30),
            Goal("three protocols, a record made of each frame", sum(loops_s[: len(STTRAN)]) / records_s),
        ],
        f"{sum(len(vars(recall)) * len(KS) for recall in usual):,} numbers, bit for bit",
        ours=(
            "every protocol at once",
            "three protocols, videos as kept",
            "three protocols, a record made of each frame",
        ),
    )


if __name__ == "__main__":
    run_benchmark(
        Benchmark(
            "graph scoring",
            "Random graphs, seed 0; seconds of the processor.",
            MARKS,
            measure,
            frames=5000,
            repeats=5,
        ),
        __doc__,
    )
