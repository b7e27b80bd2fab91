"""Graphs of a source as the typed columns that the player reads: a row a track of a frame, edges as bits of a mask."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ag_core.graphs.edges import edge_mask, is_predicted, object_mask, select_clear
from ag_core.records import MIN_PROBABILITY, SceneGraph
from ag_core.results.reasons import PARTS, FrameReasons, take_shares
from ag_core.taxonomy import OBJECT_CLASSES, PERSON, RELATIONS
from ag_core.ui.player.filtering import MIN_SENT

NO_BOX = 1 << 30
"""Bit of a row's mask: the track is known but has no box (annotated and not visible); never drawn."""

ROW_COLUMNS = pa.schema(
    [
        ("frame", pa.int32()),
        ("track", pa.uint8()),
        *((name, pa.int16()) for name in ("x1", "y1", "x2", "y2")),
        ("mask", pa.int32()),
    ]
)
"""One row a track of an annotated frame; bit r of `mask` says that relationship r is an edge. Predictions add `score`.
`frame` has 16 bits where that is enough."""

PERCENT = pa.field("score", pa.uint8())
"""Scores in whole percent, as the player prints them: of a predicted row, and of each of its edges."""


class Tracks:
    """Numbers for (class, instance) pairs in order of first appearance; 0 is the person. Shared by all sources."""

    def __init__(self) -> None:
        self.index_of_track: dict[tuple[int, int], int] = {(0, 0): 0}

    def number_objects(self, graph: SceneGraph) -> NDArray[np.int64]:
        """[N] track of each object; the n-th object of a class in the graph is its n-th instance."""
        seen: dict[int, int] = {}
        tracks = []
        for object_class in graph.object_classes.tolist():
            instance = seen.get(object_class, 0)
            seen[object_class] = instance + 1
            tracks.append(self.index_of_track.setdefault((object_class, instance), len(self.index_of_track)))
        return np.asarray(tracks, np.int64)

    def list_tracks(self) -> list[dict[str, Any]]:
        """Label, kind and class of each track, in order."""
        rows = []
        for object_class, instance in self.index_of_track:
            label = OBJECT_CLASSES[object_class] + (f" {instance + 1}" if instance else "")
            kind = "object" if object_class else PERSON
            rows.append({"label": label, "kind": kind, "class": OBJECT_CLASSES[object_class]})
        return rows


def build_graph_tables(
    graphs: Sequence[SceneGraph], tracks: Tracks, source: str, reasons: Mapping[int, FrameReasons]
) -> tuple[pa.Table, pa.Table | None]:
    """The rows of one source, sorted by frame, each graph with at least a row for its person; and of a prediction the
    probability of each edge in the order of the rows and of the bits in their masks, with its reasons where told."""
    ordered = select_clear(graphs, source)
    relations = np.concatenate([np.zeros((0, len(RELATIONS)), np.float32), *(graph.relations for graph in ordered)])
    least = MIN_SENT if is_predicted(source) else MIN_PROBABILITY
    edges = np.concatenate([np.zeros((0, len(RELATIONS)), bool), *(edge_mask(graph, least) for graph in ordered)])
    rows: list[NDArray[np.float64]] = []
    scores: list[NDArray[np.float32]] = []
    for graph in ordered:
        track = np.concatenate([[0], tracks.number_objects(graph)])
        found = graph.person_box_xyxy is not None
        person = graph.person_box_xyxy if graph.person_box_xyxy is not None else np.zeros(4)
        box = np.vstack([person[None], np.nan_to_num(graph.object_boxes_xyxy)])
        mask = np.where(np.concatenate([[found], graph.visible]), 0, NO_BOX)
        rows.append(np.column_stack([np.full(len(track), graph.frame - 1), track, np.rint(box), mask]))
        scores.append(np.concatenate([[graph.person_score], graph.object_scores]))
    stacked = np.vstack([np.zeros((0, len(ROW_COLUMNS))), *rows])
    stacked[stacked[:, 1] > 0, -1] += edges @ (1 << np.arange(len(RELATIONS)))  # a person's row has track 0
    if len(tracks.index_of_track) > 256:
        raise ValueError(f"the video has {len(tracks.index_of_track)} tracks; the player holds 256")
    table = _build_table(stacked)
    if not is_predicted(source):
        return table, None
    strengths = pa.table([_round_percent([relations[edges]], MIN_PROBABILITY)], schema=pa.schema([PERCENT]))
    if reasons:
        whole = sorted(graphs, key=lambda graph: graph.frame)
        told = np.concatenate([take_shares(reasons, graph.frame, object_mask(graph)) for graph in whole])
        for part, shares in zip(PARTS, np.nan_to_num(told[edges]).T):
            strengths = strengths.append_column(pa.field(part, pa.float32()), pa.array(shares.astype(np.float32)))
    return table.append_column(PERCENT, _round_percent(scores)), strengths


def _build_table(rows: NDArray[np.float64]) -> pa.Table:
    """Stacked rows as typed columns; coordinates beyond 16 bits are cut."""
    short = not len(rows) or rows[:, 0].max() <= np.iinfo(np.int16).max
    schema = ROW_COLUMNS.set(0, pa.field("frame", pa.int16())) if short else ROW_COLUMNS
    columns = []
    for column, field in zip(rows.T, schema):
        limits = np.iinfo(field.type.to_pandas_dtype())
        columns.append(pa.array(column.clip(limits.min, limits.max).astype(limits.dtype)))
    return pa.Table.from_arrays(columns, schema=schema)


def _round_percent(parts: list[NDArray[np.float32]], least: float = 0.0) -> pa.Array:
    """Shares of one in whole percent; what is below `least` stays below it."""
    shares = np.concatenate([np.zeros(0, np.float32), *parts])
    percent = np.rint(100 * shares.clip(0, 1))
    below = (shares < least) & (percent >= 100 * least)
    return pa.array((percent - below).astype(np.uint8))
