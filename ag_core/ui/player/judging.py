"""One source of graphs judged by another, frame by frame: for the player's marks and for every table of the same.

Only frames that both have are judged. Of a prediction counts what is drawn of it (`graphs.edges`), on either side.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ag_core.annotations.store_format import ANNOTATION, DENSE
from ag_core.evaluation.graph_columns import MIN_OVERLAP, GraphColumns
from ag_core.evaluation.graph_matches import UNCLAIMED, GraphMatches, match_graphs
from ag_core.graphs.edges import edge_mask, select_clear
from ag_core.records import Detections, SceneGraph
from ag_core.taxonomy import N_RELATIONS

TRUTHS = (DENSE, ANNOTATION)
"""What a prediction can be judged by; where both share as many frames with it, by the exact truth."""

RULE = (
    f"A box is right where it overlaps one of its class on the other side by an IoU of {MIN_OVERLAP:.0%} or more, each "
    "claimed by one box; a triplet is right where its boxes are and the other side has the relationship of them. What "
    "the player does not show does not count."
)
"""How it is judged, in words."""

NEITHER, RIGHT, FALSE, MISSED = range(4)
"""What the player is told of a box."""

VERDICT_COLUMNS = pa.schema(
    [
        ("frame", pa.int32()),
        ("of_truth", pa.uint8()),
        ("track", pa.uint8()),
        ("pair", pa.uint8()),
        ("box", pa.uint8()),
    ]
)
"""One row a track of a judged frame and side: in `box` the verdict on it, in `pair` the track of the other side that
a right one belongs to, elsewhere its own. Which triplets are right follows from these pairs and from what is shown."""

NumberObjects = Callable[[SceneGraph], NDArray[np.int64]]
"""The player's track of each object of a graph."""


@dataclass(frozen=True)
class JudgeWords:
    """What the player says beside its marks.

    note   which frames are judged, or why none is
    words  of triplets that are right, false and missed; terms: the field's short names, where they fit
    """

    note: str
    words: tuple[str, str, str] = ("right", "false", "missed")
    terms: tuple[str, ...] = ("TP", "FP", "FN")


@dataclass(frozen=True)
class Judgement:
    """The frames that two sources of a video share, and how their graphs match.

    judged, truth                names of the sources
    judged_graphs, truth_graphs  of these frames, ascending, as they count; relations of the truth are 0 or 1
    n_judged                     how many graphs the judged source has in all
    """

    judged: str
    truth: str
    judged_graphs: list[SceneGraph]
    truth_graphs: list[SceneGraph]
    matches: GraphMatches
    n_judged: int

    def find_frame(self, frame: int) -> int | None:
        """The place of a frame, by its number, among the shared ones; None where it is none of them."""
        return next((index for index, graph in enumerate(self.truth_graphs) if graph.frame == frame), None)


def judge_graphs(
    sources: Mapping[str, Sequence[SceneGraph]], judged: str, truth: str, faint: Mapping[int, Detections] | None = None
) -> Judgement:
    """The graphs of one source of a video beside those of another; `faint`, by frame, is what the truth leaves out.

    Frames in which an annotation of people knows no person are not judged: the published rule leaves them out too.
    """
    guesses = {graph.frame: graph for graph in select_clear(sources[judged], judged)}
    shared = [
        _to_truth(graph)
        for graph in select_clear(sources[truth], truth)
        if graph.frame in guesses and (graph.person_box_xyxy is not None or truth != ANNOTATION)
    ]
    judged_graphs = [guesses[graph.frame] for graph in shared]
    unseen = [(faint or {}).get(graph.frame, Detections.empty()) for graph in shared]
    matches = match_graphs(shared, judged_graphs, unseen, min_pair_score=0.0)
    return Judgement(judged, truth, judged_graphs, shared, matches, len(guesses))


@dataclass(frozen=True)
class JudgedFrames:
    """The judged frames of many videos.

    video_ids, frames, times_s  [M] each; the time is NaN where a video's rate is unknown
    counts     [3,M,25] triplets that are right, false and missed, by relationship
    truths     by what they were judged; n_unjudged: predicted frames without any truth
    """

    video_ids: tuple[str, ...]
    frames: NDArray[np.int64]
    times_s: NDArray[np.float64]
    counts: NDArray[np.int64]
    truths: tuple[str, ...]
    n_unjudged: int

    @staticmethod
    def join(judgements: Mapping[str, Judgement], n_unjudged: int = 0) -> "JudgedFrames":
        """Of judgements by video id; `n_unjudged` frames are of videos without a judgement."""
        graphs = [(video_id, graph) for video_id, one in judgements.items() for graph in one.truth_graphs]
        return JudgedFrames(
            tuple(video_id for video_id, _ in graphs),
            np.array([graph.frame for _, graph in graphs], np.int64),
            np.array([graph.time_s for _, graph in graphs], np.float64),
            np.concatenate(
                [
                    np.zeros((3, 0, N_RELATIONS), np.int64),
                    *(one.matches.count_by_frame() for one in judgements.values()),
                ],
                axis=1,
            ),
            tuple(sorted({one.truth for one in judgements.values()})),
            n_unjudged + sum(one.n_judged - len(one.truth_graphs) for one in judgements.values()),
        )


def choose_truth(sources: Mapping[str, Sequence[SceneGraph]], judged: str, candidates: Sequence[str]) -> str | None:
    """Which of the candidates shares the most frames with the judged source, of equals the first; None without any."""
    frames = {graph.frame for graph in sources[judged]}
    shared = {name: sum(graph.frame in frames for graph in sources[name]) for name in candidates if name in sources}
    return max(shared, key=lambda name: shared[name], default=None)


def _to_truth(graph: SceneGraph) -> SceneGraph:
    """The relationships that hold, as if they were annotated."""
    return replace(graph, relations=edge_mask(graph).astype(np.float32))


def build_verdict_table(judgement: Judgement, number_objects: NumberObjects) -> pa.Table:
    """The rows of VERDICT_COLUMNS."""
    matches = judgement.matches
    of_judged, of_truth = (
        np.concatenate([np.zeros(0, np.int64), *map(number_objects, graphs)])
        for graphs in (judgement.judged_graphs, judgement.truth_graphs)
    )
    claims = matches.claimed != UNCLAIMED
    claimer, claimed, was_claimed = of_truth.copy(), of_judged.copy(), np.zeros(len(of_truth), bool)
    claimer[matches.claimed[claims]] = of_judged[claims]
    claimed[claims] = of_truth[matches.claimed[claims]]
    was_claimed[matches.claimed[claims]] = True
    unjudged = matches.left_out | ~matches.guessed.in_sight
    verdicts = np.where(claims, RIGHT, np.where(unjudged, NEITHER, FALSE))
    found = np.where(was_claimed, RIGHT, np.where(matches.true.in_sight, MISSED, NEITHER))
    judged_rows = _stack(matches.guessed.object_frame, 0, of_judged, claimed, verdicts)
    truth_rows = _stack(matches.true.object_frame, 1, of_truth, claimer, found)
    rows = np.vstack([judged_rows, truth_rows, *_judge_persons(matches)])
    numbers = np.array([graph.frame - 1 for graph in judgement.truth_graphs], np.int64)
    rows[:, 0] = numbers[rows[:, 0]]
    columns = [pa.array(column, field.type) for column, field in zip(rows.T, VERDICT_COLUMNS)]
    return pa.Table.from_arrays(columns, schema=VERDICT_COLUMNS)


def _judge_persons(matches: GraphMatches) -> list[NDArray[np.int64]]:
    """The rows of the persons, whose track is 0: right or false, and the true ones that nobody found."""
    found, there = (_find_persons(columns) for columns in (matches.guessed, matches.true))
    meet = matches.persons_meet
    missed = np.flatnonzero(there & ~meet)
    seen = np.flatnonzero(found)
    return [_stack(seen, 0, 0, 0, np.where(meet[seen], RIGHT, FALSE)), _stack(missed, 1, 0, 0, MISSED)]


def _find_persons(columns: GraphColumns) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(columns.person_boxes_xyxy).any(axis=1))


def _stack(*columns: Any) -> NDArray[np.int64]:
    """Columns beside each other; a single number is the same in every row."""
    return np.stack(np.broadcast_arrays(*map(np.asarray, columns)), axis=1).astype(np.int64)
