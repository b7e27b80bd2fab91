"""Records as the tables that the screens show and offer for download. Fetches nothing and knows no Streamlit."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ag_core.graphs.edges import list_edges, object_mask, select_clear
from ag_core.records import ActionInterval, ActionScores, SceneGraph
from ag_core.results.reasons import PART_LABELS, PARTS, FrameReasons, take_shares
from ag_core.taxonomy import (
    ACTIONS,
    GROUP_OF_RELATION,
    OBJECT_CLASSES,
    OBJECTS,
    RELATIONS,
    format_name,
    format_triplet,
    orient_triplet,
)

_SHOWN_OBJECTS = np.array([format_name(name) for name in OBJECT_CLASSES], object)
_SHOWN_RELATIONS = np.array([format_name(name) for name in RELATIONS], object)
_GROUPS = np.array([GROUP_OF_RELATION[name].value for name in RELATIONS], object)

_OF_PERSON = np.array([orient_triplet(name, "").subject != "" for name in RELATIONS])
"""[25] whether the person is the subject of a relationship; of the others the object is."""

TRIPLET_COLUMNS = ["frame", "time_s", "subject", "relation", "object", "group", "probability"]

RIGHT, WRONG, UNSEEN = "✓ annotated", "not annotated", "never trained"
"""What stands beside a predicted action. An action the model never saw cannot be right on merit, so it says so."""


def build_triplet_table(
    graphs: Sequence[SceneGraph], source: str, reasons: Mapping[int, FrameReasons] | None = None
) -> pd.DataFrame:
    """One row per edge between the person and an object, by frame, then object, then group, the most probable first.

    Which objects and relationships count is decided in `graphs.edges`, for the player and the exports alike; subject
    and object are what `orient_triplet` says. With `reasons` by frame also log odds, and what each part gave to them.
    """
    whole = sorted(graphs, key=lambda graph: graph.frame)
    graphs = select_clear(graphs, source)
    edges = [list_edges(graph) for graph in graphs]
    if not sum(map(len, edges)):
        return pd.DataFrame(columns=TRIPLET_COLUMNS)
    frame, time_s = _repeat_positions(graphs, [len(of_graph) for of_graph in edges])
    things = _SHOWN_OBJECTS[np.concatenate([graph.object_classes[e[:, 0]] for graph, e in zip(graphs, edges)])]
    relations = np.concatenate(edges)[:, 1]
    probabilities = np.concatenate([graph.relations[e[:, 0], e[:, 1]] for graph, e in zip(graphs, edges)])
    columns = [
        frame,
        time_s,
        np.where(_OF_PERSON[relations], _SHOWN_OBJECTS[0], things),
        _SHOWN_RELATIONS[relations],
        np.where(_OF_PERSON[relations], things, _SHOWN_OBJECTS[0]),
        _GROUPS[relations],
        probabilities.astype(np.float64).round(4),
    ]
    table = pd.DataFrame(dict(zip(TRIPLET_COLUMNS, columns)))
    if reasons:
        told = [take_shares(reasons, g.frame, object_mask(g))[e[:, 0], e[:, 1]] for g, e in zip(whole, edges)]
        shares = np.concatenate(told)
        table["log odds"] = shares.sum(axis=1).round(2)
        for part, of_part in zip(PARTS, shares.T):
            if np.nan_to_num(of_part).any():
                table[PART_LABELS[part]] = of_part.round(2)
    return table


def build_object_table(graphs: Sequence[SceneGraph], source: str) -> pd.DataFrame:
    """One row per object of each frame, the person first: class, box in pixels, score. NaN boxes are not visible.

    Which of them count is decided in `graphs.edges`, as for the player's boxes.
    """
    graphs = select_clear(graphs, source)
    boxes: list[np.ndarray] = [np.zeros((0, 4))]
    classes: list[np.ndarray] = [np.zeros(0, np.int64)]
    scores: list[np.ndarray] = [np.zeros(0)]
    for graph in graphs:
        if graph.person_box_xyxy is not None:
            boxes.append(graph.person_box_xyxy[None])
            classes.append(np.zeros(1, np.int64))
            scores.append(np.array([graph.person_score]))
        boxes.append(graph.object_boxes_xyxy)
        classes.append(graph.object_classes)
        scores.append(graph.object_scores)
    frame, time_s = _repeat_positions(graphs, [len(graph) + (graph.person_box_xyxy is not None) for graph in graphs])
    corners = np.concatenate(boxes).astype(np.float64).round(1)
    return pd.DataFrame(
        {
            "frame": frame,
            "time_s": time_s,
            "object": _SHOWN_OBJECTS[np.concatenate(classes)],
            **{side: corners[:, column] for column, side in enumerate(("x1", "y1", "x2", "y2"))},
            "score": np.concatenate(scores).astype(np.float64).round(4),
        }
    )


def _repeat_positions(graphs: Sequence[SceneGraph], counts: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Frame and time (seconds, to the millisecond) of each graph, repeated as often as `counts` says."""
    frames = np.array([graph.frame for graph in graphs], np.int64)
    times = np.array([graph.time_s for graph in graphs], np.float64).round(3)
    return np.repeat(frames, counts), np.repeat(times, counts)


def build_interval_table(intervals: Sequence[ActionInterval]) -> pd.DataFrame:
    """The annotated actions of a video, by start."""
    rows = [(ACTIONS[i.action].id, ACTIONS[i.action].label, i.start_s, i.end_s) for i in intervals]
    rows.sort(key=lambda row: (row[2], row[3], row[0]))
    return pd.DataFrame(rows, columns=["action_id", "action", "start_s", "end_s"])


def build_top_action_table(answer: ActionScores, annotated: set[int] | None, top: int) -> pd.DataFrame:
    """The model's best `top` actions with score and verdict; no verdict where nobody annotated the video."""
    best = np.argsort(-answer.scores, kind="stable")[:top]
    rows = []
    for action in best.tolist():
        row = [ACTIONS[action].id, ACTIONS[action].label, float(answer.scores[action])]
        rows.append([*row, _judge_action(answer, action, annotated)])
    return pd.DataFrame(rows, columns=["action_id", "action", "score", "verdict"])


def _judge_action(answer: ActionScores, action: int, annotated: set[int] | None) -> str:
    if not answer.trained_on[action]:
        return UNSEEN
    if annotated is None:
        return ""
    return RIGHT if action in annotated else WRONG


def build_score_table(scores: Mapping[str, ActionScores], actions: Sequence[int]) -> pd.DataFrame:
    """Long form of the chosen actions' scores: time_s, model, action, score."""
    parts = [
        pd.DataFrame(
            {
                "time_s": answer.times_s,
                "model": model,
                "action_id": ACTIONS[action].id,
                "action": ACTIONS[action].label,
                "score": answer.over_time[:, action],
            }
        )
        for model, answer in scores.items()
        for action in actions
    ]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["time_s", "model", "action", "score"])
    )


def build_confidence_table(matrix: np.ndarray) -> pd.DataFrame:
    """Long form of a [35,25] confidence matrix: object, group, relation, triplet (as it reads), confidence."""
    rows, columns = np.indices(matrix.shape)
    names = [RELATIONS[column] for column in columns.ravel()]
    return pd.DataFrame(
        {
            "object": [OBJECTS[row] for row in rows.ravel()],
            "group": [GROUP_OF_RELATION[name].value for name in names],
            "relation": [format_name(name) for name in names],
            "triplet": [format_triplet(name, OBJECTS[row]) for name, row in zip(names, rows.ravel())],
            "confidence": matrix.ravel(),
        }
    )
