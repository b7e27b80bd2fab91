"""Counting what the distance of a person's hands says of relationships, on films whose truth is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.catalog import HANDS
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos
from ag_core.models.movenet import PoseNetwork
from ag_core.models.relation.cell_evidence import save_evidence
from ag_core.models.relation.hands import UNSEEN, count_hands, find_hand_cells
from ag_core.progress import Progress, track_progress
from ag_core.taxonomy import N_RELATIONS
from ag_core.video.frames import read_frames


@dataclass(frozen=True)
class HandPairs:
    """Visible objects beside a person: cells of the hands [n], classes [n], relations [n,25]."""

    cells: NDArray[np.int64]
    classes: NDArray[np.int64]
    relations: NDArray[np.bool_]


def collect_pairs(videos: LabelledVideos, pose: PoseNetwork, report: Progress) -> HandPairs:
    """The pairs of the frames that count, the hands as the network finds them in the person's annotated box."""
    parts = [HandPairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, N_RELATIONS), bool))]
    annotated = videos.annotated()
    for video in track_progress(annotated, len(annotated), "looking for hands", report):
        parts += _list_pairs(video, pose)
    return HandPairs(
        np.concatenate([part.cells for part in parts]),
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.relations for part in parts]),
    )


def _list_pairs(video: LabelledVideo, pose: PoseNetwork) -> Iterator[HandPairs]:
    graphs = {graph.frame: graph for graph in video.counted_graphs if graph.person_box_xyxy is not None}
    for number, pixels in read_frames(video.path, sorted(graphs)):
        graph = graphs[number]
        boxes, person = graph.object_boxes_xyxy[graph.visible], np.asarray(graph.person_box_xyxy)
        cells = find_hand_cells(person, boxes, pose.find_points(pixels, person))
        classes = graph.object_classes[graph.visible].astype(np.int64)
        yield HandPairs(cells, classes, graph.relations[graph.visible] > 0)


def count_hands_of(pairs: HandPairs, out: Path, facts: dict[str, str]) -> float:
    """Write the table, and return in which share of the pairs a hand was seen."""
    seen = float((pairs.cells != UNSEEN).mean())
    facts = facts | {"command": "train hands", "objects": str(len(pairs.classes)), "hands_seen": f"{seen:.3f}"}
    save_evidence(out, HANDS, count_hands(pairs.cells, pairs.classes, pairs.relations), facts)
    return seen
