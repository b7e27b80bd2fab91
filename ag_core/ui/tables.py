"""Records as the tables that the screens show and offer for download. Fetches nothing and knows no Streamlit."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ag_core.records import ActionInterval, ActionScores, SceneGraph
from ag_core.taxonomy import ACTIONS, GROUP_OF_RELATION, OBJECTS, RELATIONS, shown
from ag_core.ui import words

TRIPLET_COLUMNS = ["frame", "time_s", "object", "group", "relation", "score"]

RIGHT, WRONG, UNSEEN = "✓ annotated", "not annotated", "never trained"
"""What stands beside a predicted action. An action the model never saw cannot be right on merit, so it says so."""


def triplets(graphs: Sequence[SceneGraph], least: float = 0.5) -> pd.DataFrame:
    """One row per person-object relationship of at least `least` probability, by frame, then object, then group."""
    rows = []
    for graph in graphs:
        for index, relation in zip(*np.nonzero(graph.relations >= least)):
            name = RELATIONS[relation]
            rows.append(
                (
                    graph.frame,
                    round(graph.time_s, 3),
                    words.object_name(int(graph.object_classes[index])),
                    GROUP_OF_RELATION[name].value,
                    shown(name),
                    round(float(graph.relations[index, relation]), 4),
                )
            )
    return pd.DataFrame(rows, columns=TRIPLET_COLUMNS)


def objects(graphs: Sequence[SceneGraph]) -> pd.DataFrame:
    """One row per object of each frame, the person first: class, box in pixels, score. NaN boxes are not visible."""
    columns = ["frame", "time_s", "object", "x1", "y1", "x2", "y2", "score"]
    rows = []
    for graph in graphs:
        moment = (graph.frame, round(graph.time_s, 3))
        if graph.person_box_xyxy is not None:
            rows.append((*moment, "person", *np.round(graph.person_box_xyxy, 1).tolist(), round(graph.person_score, 4)))
        for object_class, box, score in zip(graph.object_classes, graph.object_boxes_xyxy, graph.object_scores):
            rows.append(
                (*moment, words.object_name(int(object_class)), *np.round(box, 1).tolist(), round(float(score), 4))
            )
    return pd.DataFrame(rows, columns=columns)


def action_intervals(intervals: Sequence[ActionInterval]) -> pd.DataFrame:
    """The annotated actions of a video, by start."""
    rows = [(ACTIONS[i.action].id, ACTIONS[i.action].label, i.start_s, i.end_s) for i in intervals]
    table = pd.DataFrame(rows, columns=["action_id", "action", "start_s", "end_s"])
    return table.sort_values(["start_s", "end_s", "action_id"], ignore_index=True)


def top_actions(answer: ActionScores, annotated: set[int] | None, top: int) -> pd.DataFrame:
    """The model's best `top` actions with score and verdict; no verdict where nobody annotated the video."""
    best = np.argsort(-answer.scores, kind="stable")[:top]
    rows = []
    for action in best.tolist():
        row = [ACTIONS[action].id, ACTIONS[action].label, float(answer.scores[action])]
        rows.append([*row, _verdict(answer, action, annotated)])
    return pd.DataFrame(rows, columns=["action_id", "action", "score", "verdict"])


def _verdict(answer: ActionScores, action: int, annotated: set[int] | None) -> str:
    if not answer.trained_on[action]:
        return UNSEEN
    if annotated is None:
        return ""
    return RIGHT if action in annotated else WRONG


def scores_over_time(scores: Mapping[str, ActionScores], actions: Sequence[int]) -> pd.DataFrame:
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


def confidence_table(matrix: np.ndarray) -> pd.DataFrame:
    """Long form of a [35,25] confidence matrix: object, group, relation, confidence."""
    rows, columns = np.indices(matrix.shape)
    names = [RELATIONS[column] for column in columns.ravel()]
    return pd.DataFrame(
        {
            "object": [OBJECTS[row] for row in rows.ravel()],
            "group": [GROUP_OF_RELATION[name].value for name in names],
            "relation": [shown(name) for name in names],
            "confidence": matrix.ravel(),
        }
    )
