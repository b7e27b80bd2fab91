"""Random annotated and predicted scene graphs for trying evaluators: as columns for ours, frame by frame for a loop."""

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.graph_columns import N_RELEASED, GraphColumns
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, Group
from benchmarks.loop_recall import LoopFrame

SIZE_PX = 200.0


def draw_frames(
    n_frames: int, random: np.random.Generator, objects: int = 4, surplus: int = 3, frames_of_video: int = 25
) -> list[LoopFrame]:
    """Frames with up to `objects` true objects, their boxes moved a little, and up to `surplus` false ones.

    Every probability is positive and no two products are equal. Some frames have no true object, some no prediction.
    """
    return [_draw_frame(number // frames_of_video, random, objects, surplus) for number in range(n_frames)]


def _draw_frame(video: int, random: np.random.Generator, objects: int, surplus: int) -> LoopFrame:
    n_true, n_false = int(random.integers(0, objects + 1)), int(random.integers(0, surplus + 1))
    true_boxes = np.vstack([_draw_boxes(1, random), _draw_boxes(n_true, random)])
    true_classes = np.concatenate([[0], random.integers(1, N_CLASSES, n_true)])
    holds = random.random((n_true, N_RELEASED)) < 0.08
    attention = GROUP_SLICES[Group.ATTENTION]
    holds[np.arange(n_true), random.integers(attention.start, attention.stop, n_true)] = True
    if random.random() < 0.05:  # nobody was found
        n_false, kept = 0, np.zeros(0, int)
    else:
        kept = np.flatnonzero(random.random(n_true) < 0.85)
    moved = true_boxes[[0, *(kept + 1)]] + random.uniform(-9, 9, (len(kept) + 1, 4)).round(1)
    boxes = np.vstack([moved, _draw_boxes(n_false, random)])
    classes = np.concatenate([true_classes[[0, *(kept + 1)]], random.integers(1, N_CLASSES, n_false)])
    scores = random.uniform(0.05, 1, len(boxes))
    relations = random.random((len(boxes) - 1, N_RELEASED)) ** 2
    relations[random.random(relations.shape) < 0.1] = 0.95
    # Far enough apart that two stay different as 32-bit numbers.
    relations = np.clip(relations * random.uniform(0.95, 1, relations.shape), 1e-9, 1)
    relations[:, attention] /= relations[:, attention].sum(axis=1, keepdims=True)
    return LoopFrame(video, true_boxes, true_classes, holds.astype(float), boxes, classes, scores, relations)


def _draw_boxes(n: int, random: np.random.Generator) -> NDArray[np.float64]:
    corners = random.uniform(0, SIZE_PX / 2, (n, 2)).round(1)
    return np.hstack([corners, corners + random.uniform(25, SIZE_PX / 2, (n, 2)).round(1)])


def to_columns(frames: list[LoopFrame]) -> tuple[GraphColumns, GraphColumns]:
    """The true and the predicted columns of frames."""
    true = _join([(f.true_boxes, f.true_classes, np.ones(len(f.true_classes)), f.true_relations) for f in frames])
    return true, _join([(f.boxes, f.classes, f.scores, f.relations) for f in frames])


def _join(
    parts: list[tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]],
) -> GraphColumns:
    return GraphColumns(
        np.stack([boxes[0] for boxes, *_ in parts]),
        np.repeat(np.arange(len(parts)), [len(boxes) - 1 for boxes, *_ in parts]),
        np.concatenate([classes[1:] for _, classes, *_ in parts]),
        np.concatenate([boxes[1:] for boxes, *_ in parts]),
        np.concatenate([scores[1:] * scores[0] for *_, scores, _ in parts]),
        np.concatenate([relations for *_, relations in parts]),
    )
