"""What scoring scene graphs costs: every protocol of this project at once, beside a loop over frames and candidates.

    python -m benchmarks.graph_scoring [--frames 5000] [--markdown docs/performance.md] [--log docs/results.jsonl]

Ours is timed twice: every protocol from columns, and the three of STTran's evaluator from records (`SceneGraph`), whose
making is counted. Both sides get the same random graphs (up to nine true objects a frame, boxes moved a little, up to
eleven false ones) and answer the same: 4 constraints, 25 and 26 relationships, R, mR in both definitions and zero-shot
recall at 10, 20, 50 and 100, over frames and over videos. The answers must be equal bit for bit before a ratio is
printed.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.graph_columns import N_RELEASED
from ag_core.evaluation.graph_recall import KS, GraphRecall, compute_graph_recalls, score_columns
from ag_core.evaluation.protocol import Constraint
from ag_core.records import SceneGraph
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


def score_records(frames: list[LoopFrame], seen: NDArray[np.bool_]) -> list[LoopRecall]:
    """Our side as an evaluation has it: records are made of every frame, and scored under STTran's three protocols."""
    truth: dict[str, list[SceneGraph]] = {}
    found: dict[str, list[SceneGraph]] = {}
    for number, frame in enumerate(frames, start=1):
        ones = np.ones(len(frame.true_classes))
        true = make_record(number, frame.true_boxes, frame.true_classes, ones, frame.true_relations)
        truth.setdefault(str(frame.video), []).append(true)
        guess = make_record(number, frame.boxes, frame.classes, frame.scores, frame.relations)
        found.setdefault(str(frame.video), []).append(guess)
    return [to_loop_recall(recall) for recall in compute_graph_recalls(truth, found, KS, seen, None, STTRAN)]


def make_record(
    number: int,
    boxes: NDArray[np.float64],
    classes: NDArray[np.int64],
    scores: NDArray[np.float64],
    relations: NDArray[np.float64],
) -> SceneGraph:
    """Of one frame of a loop."""
    return SceneGraph(
        number, number / 2, boxes[0], float(scores[0]), classes[1:], boxes[1:], scores[1:], relations[:, :N_RELATIONS]
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
    records_s, of_records = time_often(lambda: score_records(frames, seen), repeats)
    usual, loops_s = score_in_loops(frames, seen)
    usual_s = sum(loops_s)
    if ours != usual or of_records != usual[: len(STTRAN)]:
        raise SystemExit("the sides answer differently; no ratio is printed")
    boxes = sum(len(frame.classes) - 1 for frame in frames)
    return Row(
        "1",
        f"score {n_frames:,} frames with {boxes:,} predicted objects under {len(usual)} protocols",
        {
            "every protocol at once": time_of(ours_s),
            "three protocols, records made": time_of(records_s),
            "loop over frames and candidates": f"{time_of(usual_s)}, three protocols {time_of(sum(loops_s[:3]))}",
        },
        [
            Goal("processor time", ours_s, "s", at_most=5.0),
            Goal("time", usual_s / ours_s),
            Goal("three protocols, records made", sum(loops_s[: len(STTRAN)]) / records_s, at_least=30),
        ],
        f"{sum(len(vars(recall)) * len(KS) for recall in usual):,} numbers, bit for bit",
        ours=("every protocol at once", "three protocols, records made"),
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
