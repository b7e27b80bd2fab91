"""What the truths of a home world hold: graphs as annotators would see them, visible classes, visible boxes."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ag_core.taxonomy import N_RELATIONS
from ag_core.world.export import SEEN_SHARE, SEEN_SHORT_SIDE, build_sparse_view
from ag_core.world.truth import WorldTruth
from ag_core.world_audit.audit_inputs import FRAME_STEP, read_presence
from ag_core.world_audit.graph_distance import GraphSample
from ag_core.world_audit.home_world import WorldVideo


def sample_annotated_graphs(truths: Iterable[WorldTruth]) -> GraphSample:
    """The visible objects of the sparse view, as annotators of the release would have seen them."""
    counts, classes, relations = [], [np.zeros(0, np.int64)], [np.zeros((0, N_RELATIONS), bool)]
    for truth in truths:
        for shown in build_sparse_view(truth):
            rows = np.array(shown.instances, np.int64)[np.array(shown.visible, bool)]
            counts.append(len(rows))
            classes.append(truth.classes[rows].astype(np.int64))
            relations.append(truth.relations[shown.frame - 1, rows])
    return GraphSample(np.array(counts, np.int64), np.concatenate(classes), np.concatenate(relations))


def find_seen_classes(video: WorldVideo) -> NDArray[np.bool_]:
    """[36] the object classes that are clearly visible in some frame of a video."""
    seen: NDArray[np.bool_] = read_presence(video).max(axis=0) > 0
    return seen


def collect_seen_boxes(
    truths: Iterable[WorldTruth],
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Class, shorter side in pixels and visibility of every visible box of every second frame; at least one truth."""
    parts: list[tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]] = []
    for truth in truths:
        boxes, visibility = truth.boxes_xyxy[::FRAME_STEP], truth.visibility[::FRAME_STEP]
        sides = (boxes[..., 2:] - boxes[..., :2]).min(axis=2)
        seen = (truth.area[::FRAME_STEP] > 0) & (sides >= SEEN_SHORT_SIDE) & (visibility >= SEEN_SHARE)
        classes = np.broadcast_to(truth.classes, seen.shape)
        parts.append((classes[seen].astype(np.int64), sides[seen], visibility[seen]))
    found, short_sides, shares = (np.concatenate(column) for column in zip(*parts))
    return found, short_sides, shares
