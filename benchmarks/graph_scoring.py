"""What scoring scene graphs costs: every protocol of this project at once, beside a loop over frames and candidates.

    python -m benchmarks.graph_scoring [--frames 5000] [--markdown docs/performance.md] [--log docs/results.jsonl]

Both sides get the same random graphs (up to nine true objects a frame, boxes moved a little, up to eleven false ones)
and answer the same: 4 constraints, 25 and 26 relationships, R, mR in both definitions and zero-shot recall at 10, 20,
50 and 100, over frames and over videos. The answers must be equal bit for bit before a ratio is printed.
"""

import statistics
import time

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.graph_columns import N_RELEASED
from ag_core.evaluation.graph_recall import KS, GraphRecall, score_columns
from ag_core.evaluation.protocol import Constraint
from ag_core.taxonomy import N_CLASSES, N_RELATIONS
from benchmarks.command import Benchmark, run_benchmark
from benchmarks.loop_recall import LoopFrame, LoopRecall, score_frames
from benchmarks.random_graphs import draw_frames, to_columns
from benchmarks.report import Goal, Row, time_of

SIZES = (N_RELATIONS, N_RELEASED)
MARKS = "<!-- graph scoring -->", "<!-- end of graph scoring -->"


def score_at_once(frames: list[LoopFrame], seen: NDArray[np.bool_]) -> list[LoopRecall]:
    """Our side: from the arrays of each frame to every number."""
    true, guessed = to_columns(frames)
    videos = np.array([frame.video for frame in frames])
    nobody_missing = np.zeros(len(frames), bool)
    recalls = score_columns(true, guessed, videos, nobody_missing, KS, seen, tuple(Constraint), SIZES)
    return [to_loop_recall(recall) for recall in recalls]


def score_in_loops(frames: list[LoopFrame], seen: NDArray[np.bool_]) -> list[LoopRecall]:
    """The usual side: one protocol after the other."""
    return [score_frames(frames, constraint, n, KS, seen) for n in SIZES for constraint in Constraint]


def to_loop_recall(recall: GraphRecall) -> LoopRecall:
    """What both sides answer of one protocol."""
    assert recall.zero_shot is not None, "the benchmark tells what the training graphs hold"
    unseen = recall.zero_shot
    means = (recall.frame_mean, recall.video_mean, recall.relation_mean, recall.relation_mean_by_frame)
    return LoopRecall(*means, unseen.frame_mean, unseen.video_mean)


def measure(n_frames: int, repeats: int) -> Row:
    """One row in seconds of the processor, so that other work beside it counts little: ours a median, the loop once."""
    random = np.random.default_rng(0)
    frames = draw_frames(n_frames, random, objects=9, surplus=11)
    seen = random.random((N_CLASSES, N_RELEASED)) < 0.9
    seconds = []
    for _ in range(repeats + 1):  # the first does not count
        started = time.process_time()
        ours = score_at_once(frames, seen)
        seconds.append(time.process_time() - started)
    started = time.process_time()
    usual = score_in_loops(frames, seen)
    usual_s, ours_s = time.process_time() - started, statistics.median(seconds[1:])
    if ours != usual:
        raise SystemExit("the two sides answer differently; no ratio is printed")
    boxes = sum(len(frame.classes) - 1 for frame in frames)
    return Row(
        "1",
        f"score {n_frames:,} frames with {boxes:,} predicted objects under {len(usual)} protocols",
        {"every protocol at once": time_of(ours_s), "loop over frames and candidates": time_of(usual_s)},
        [
            Goal("processor time", ours_s, "s", at_most=5.0),
            Goal("time", usual_s / ours_s),
        ],
        f"{sum(len(vars(recall)) * len(KS) for recall in usual):,} numbers, bit for bit",
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
