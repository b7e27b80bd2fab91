"""Scene graphs in which boxes, classes or relationships are replaced by truth: what the error ladder is made of.

A frame is judged four times by the same networks, for boxes and classes each found or true:

    boxes   classes
    found   found    `found`: SGDet, as SGFB reads it
    found   true     `named`: a detection that lies on a true object has its class with score 1; others stay as found
    true    found    `placed`: true boxes and the true person; an object keeps the classes and scores of all detections
                     that lie on it, and one on which none lies gets what SGCls says of its box
    true    true     `given`: PredCls

A detection lies on the true object that it overlaps most, by one half or more, one of its own class before any other.
So with true boxes what was missed is there and what was found of nothing is gone. In all four the head judges the
relationships of the boxes and classes that stand there. True relationships are those of the true object on which a
detection lies; a detection on none keeps its own, since the truth says nothing of a thing that is not there. A frame
whose truth nobody knows stays as it was found. Objects that are not visible count nothing, as in every bank.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.boxes import compute_iou
from ag_core.experiments.datasets import LabelledVideo
from ag_core.experiments.kept_graphs import load_graphs, save_graphs
from ag_core.models.relation.head import to_object_probabilities
from ag_core.models.scene_graph import ObservedFrames, SceneGraphPredictor
from ag_core.records import HALF_MILLISECOND_S, SceneGraph
from ag_core.taxonomy import Mode
from ag_core.video.frames import read_frames

MIN_OVERLAP = 0.5
"""Of a detection and the true object on which it lies, as intersection over union."""

MAX_DISTANCE_S = 0.25
"""A frame's truth is the annotated graph nearest in time, where one is so near: half a step of the bank's grid."""

NOWHERE = -1
"""In place of a true object: the detection lies on none."""


@dataclass(frozen=True)
class JudgedFrame:
    """One frame in the four ways, and its true graph, visible objects alone; None where nobody knows it."""

    found: SceneGraph
    named: SceneGraph
    placed: SceneGraph
    given: SceneGraph
    truth: SceneGraph | None

    def compose(self, boxes: bool, classes: bool, relations: bool) -> SceneGraph:
        """The graph with these replaced by truth."""
        if self.truth is None:
            return self.found
        on_true = find_true_objects(self.found, self.truth)
        if boxes and classes:
            chosen, true_rows = self.given, np.arange(len(self.truth))
        elif boxes:
            chosen, true_rows = self.placed, list_placed_rows(on_true, len(self.truth))[0]
        else:
            chosen, true_rows = self.named if classes else self.found, on_true
        return replace_relations(chosen, self.truth, true_rows) if relations else chosen


N_WAYS = 4
"""Boxes and classes, each found or true."""


def keep_visible(graph: SceneGraph) -> SceneGraph:
    """The graph without the objects that have no box."""
    seen = graph.visible
    names = ("object_classes", "object_boxes_xyxy", "object_scores", "relations")
    return replace(graph, **{name: getattr(graph, name)[seen] for name in names})


def find_true_objects(found: SceneGraph, truth: SceneGraph) -> NDArray[np.int64]:
    """[N] the true object on which each found one lies, NOWHERE for none; `truth` holds visible objects alone."""
    if not len(found) or not len(truth):
        return np.full(len(found), NOWHERE)
    overlaps = compute_iou(found.object_boxes_xyxy, truth.object_boxes_xyxy)
    same = found.object_classes[:, None] == truth.object_classes[None]
    preference = np.where(overlaps >= MIN_OVERLAP, overlaps + same, -1.0)
    return np.where(preference.max(axis=1) >= 0, preference.argmax(axis=1), NOWHERE)


def list_placed_rows(on_true: NDArray[np.int64], n_true: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[M] the true object of each row of `placed`, and [M] the detection it keeps, NOWHERE where none lies on it."""
    rows = [
        (true, detection)
        for true in range(n_true)
        for detection in (np.flatnonzero(on_true == true).tolist() or [NOWHERE])
    ]
    true_rows, detections = np.array(rows, np.int64).reshape(-1, 2).T
    return true_rows, detections


def replace_relations(graph: SceneGraph, truth: SceneGraph, true_rows: NDArray[np.int64]) -> SceneGraph:
    """The graph with the true relationships of every object that is or lies on a true one."""
    known = true_rows != NOWHERE
    relations = graph.relations.copy()
    relations[known] = truth.relations[true_rows[known]]
    return replace(graph, relations=relations)


def name_objects(found: SceneGraph, truth: SceneGraph) -> SceneGraph:
    """What was found, each detection that lies on a true object with its class and score 1."""
    on_true = find_true_objects(found, truth)
    known = on_true != NOWHERE
    classes, scores = found.object_classes.copy(), found.object_scores.copy()
    classes[known], scores[known] = truth.object_classes[on_true[known]], 1.0
    return replace(found, object_classes=classes, object_scores=scores)


def place_objects(
    found: SceneGraph, truth: SceneGraph, classes: NDArray[np.int64], scores: NDArray[np.float32]
) -> SceneGraph:
    """True boxes with what was found on each; `classes`, `scores` [T] for the true objects on which nothing was."""
    true_rows, detections = list_placed_rows(find_true_objects(found, truth), len(truth))
    kept = detections != NOWHERE
    of_rows, with_scores = classes[true_rows], scores[true_rows]
    of_rows[kept], with_scores[kept] = found.object_classes[detections[kept]], found.object_scores[detections[kept]]
    return replace(
        truth,
        object_classes=of_rows,
        object_scores=with_scores,
        object_boxes_xyxy=truth.object_boxes_xyxy[true_rows],
        relations=truth.relations[true_rows],
    )


def find_truths_near(graphs: Sequence[SceneGraph], times_s: Sequence[float]) -> list[SceneGraph | None]:
    """Of each time the annotated graph (ascending) nearest to it, the earlier of two; None where none is near."""
    known = np.array([graph.time_s for graph in graphs])
    if not len(known):
        return [None] * len(times_s)
    distances = np.abs(known[None] - np.asarray(times_s, np.float64)[:, None])
    nearest = distances.round(6).argmin(axis=1)
    near = distances[np.arange(len(nearest)), nearest] <= MAX_DISTANCE_S + HALF_MILLISECOND_S
    return [graphs[index] if found else None for index, found in zip(nearest.tolist(), near.tolist())]


def observe_ladder_frame(
    predictor: SceneGraphPredictor, image: NDArray[np.uint8], frame: int, time_s: float, truth: SceneGraph | None
) -> list[ObservedFrames]:
    """What is known of a frame in each of the four ways, before the head is asked; `truth` as in JudgedFrame."""
    encoded = predictor.encode([image])
    found = predictor.observe([image], [frame], [time_s], encoded=encoded)
    if truth is None:
        return [found] * N_WAYS

    def observe(graph: SceneGraph) -> ObservedFrames:
        return predictor.observe([image], [frame], [time_s], [graph], Mode.PREDCLS, encoded)

    (boxes,) = found.boxes
    detected = replace(
        truth,
        person_box_xyxy=boxes.person_box_xyxy,
        person_score=boxes.person_score,
        object_classes=boxes.objects.classes,
        object_boxes_xyxy=boxes.objects.boxes_xyxy,
        object_scores=boxes.objects.scores,
        relations=np.zeros((len(boxes.objects), truth.relations.shape[1]), np.float32),
    )
    given = observe(truth)
    without = predictor.forget_classes(given)
    # Without a person there are no pairs, and the bank's row is zeros whatever stands in it.
    judged = to_object_probabilities(without.batch.object_logits)[without.batch.pairs[:, 1]].cpu().numpy()
    classes = judged.argmax(axis=1) if len(judged) else truth.object_classes
    scores = judged.max(axis=1) if len(judged) else truth.object_scores
    placed = place_objects(detected, truth, classes, scores)
    return [found, observe(name_objects(detected, truth)), observe(placed), given]


def judge_ladder_frames(
    predictor: SceneGraphPredictor,
    video: LabelledVideo,
    frames: Sequence[int],
    times_s: Sequence[float],
    truths: Sequence[SceneGraph | None],
) -> list[SceneGraph]:
    """Graphs of some frames of a video, ascending, all in the first way, then all in the second, ..."""
    seen = dict(zip(frames, zip(times_s, truths)))
    observed = [
        observe_ladder_frame(predictor, image, frame, *seen[frame]) for frame, image in read_frames(video.path, frames)
    ]
    return [graph for of_kind in zip(*observed) for graph in predictor.judge_video(of_kind)]


def load_or_judge_frames(
    path: Path,
    predictor: SceneGraphPredictor,
    video: LabelledVideo,
    frames: Sequence[int],
    times_s: Sequence[float],
    truths: Sequence[SceneGraph | None],
) -> list[JudgedFrame]:
    """Frames of a video, ascending and each once, in the four ways with their truths; kept in the file at `path`."""
    visible = [None if truth is None else keep_visible(truth) for truth in truths]
    kept: Sequence[SceneGraph] | None = load_graphs(path)
    if kept is None:
        kept = judge_ladder_frames(predictor, video, frames, times_s, visible)
        save_graphs(path, kept)
    found, named, placed, given = (kept[way * len(frames) :][: len(frames)] for way in range(N_WAYS))
    return [JudgedFrame(*of_frame) for of_frame in zip(found, named, placed, given, visible)]
