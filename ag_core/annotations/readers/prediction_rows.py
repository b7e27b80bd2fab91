"""Turns prediction files into rows of the store, one source for each detector and relation head.

Predicted objects and relationships are all kept, with their probabilities. For search and statistics an object counts
(`visible`) and a relationship holds (`relation_mask`) where they do on the screen: `graphs.edges` decides.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.annotations.building.parts import Tables, encode_relations
from ag_core.annotations.readers.issues import make_storable
from ag_core.annotations.store_format import PREDICTION_MARK
from ag_core.files import hash_bytes
from ag_core.graphs.edges import edge_mask, has_clear_person, object_mask
from ag_core.results.prediction import HABITS_ROLE, POSE_ROLE, SMOOTHING, Prediction
from ag_core.results.reasons import PARTS
from ag_core.taxonomy import N_ACTIONS

PREDICTION_READER = 5
"""Version of what this module makes of a file."""

_FULL_MARK = "@"

_DECIDING = ("detector", "regions", "relations", HABITS_ROLE, POSE_ROLE, SMOOTHING)
"""The roles of the models that decide what graphs look like."""


def read_prediction_tables(paths: Sequence[Path]) -> Tables:
    """The part of some prediction files, by the full names of their sources. UserError for a missing or other file."""
    return build_prediction_tables((path.name, Prediction.load(path)) for path in paths)


def build_prediction_tables(predictions: Iterable[tuple[str, Prediction]]) -> Tables:
    """The part of some predictions, each with the name of the file it came from, by the full names of their sources."""
    videos: list[tuple[Any, ...]] = []
    frames: list[tuple[Any, ...]] = []
    objects: list[tuple[Any, ...]] = []
    reasons: list[tuple[Any, ...]] = []
    scores: list[tuple[Any, ...]] = []
    for name, prediction in predictions:
        video = prediction.video
        mine = _name_fully(prediction), video.video_id
        size = video.width, video.height, video.n_frames
        place = None if video.path is None else str(video.path)
        file = make_storable(name)
        videos.append((*mine, file, video.duration_s, video.fps, *size, place, video.frame_times_s))
        for graph in prediction.graphs():
            person = [None] * 4 if graph.person_box_xyxy is None else graph.person_box_xyxy.tolist()
            score = None if graph.person_box_xyxy is None else graph.person_score
            frames.append((*mine, graph.frame, round(graph.time_s * 1000), *person, score))
            counted = object_mask(graph) & graph.visible
            masks = encode_relations(edge_mask(graph) & counted[:, None] & has_clear_person(graph)).tolist()
            for row in range(len(graph)):
                shared = (*mine, graph.frame, row, int(graph.object_classes[row]), bool(counted[row]))
                box, held = graph.object_boxes_xyxy[row].tolist(), graph.relations[row].tolist()
                objects.append((*shared, float(graph.object_scores[row]), *box, masks[row], held))
        for graph, told in zip(prediction.frames, prediction.reasons):
            for row, relation in np.argwhere(~np.isnan(told.shares[..., 0])).tolist():
                reasons.append((*mine, graph.frame, row, relation, *told.shares[row, relation].tolist()))
        for model, answer in sorted(prediction.action_scores().items()):
            scores += [(*mine, model, action, float(score)) for action, score in zip(range(N_ACTIONS), answer.scores)]
    own = ["source", "video_id"]
    person_columns = ["person_x1", "person_y1", "person_x2", "person_y2", "person_score"]
    box_columns = ["x1", "y1", "x2", "y2", "relation_mask", "scores"]
    columns = {
        "videos": (videos, [*own, "file", "duration_s", "fps", "width", "height", "n_frames", "path", "frame_times_s"]),
        "frames": (frames, [*own, "frame", "t_ms", *person_columns]),
        "objects": (objects, [*own, "frame", "place", "class", "visible", "score", *box_columns]),
        "relation_reasons": (reasons, [*own, "frame", "place", "relation", *PARTS]),
        "action_scores": (scores, [*own, "model", "action", "score"]),
    }
    return {table: dict(zip(names, map(list, zip(*rows)))) for table, (rows, names) in columns.items()}


def _name_fully(prediction: Prediction) -> str:
    """The source id with six letters that tell these very models from others of the same names, such as retrained ones.

    Action models do not count: the source is whose graphs they are.
    """
    models = sorted(str(model) for model in prediction.models if model.role in _DECIDING)
    source = name_source({model.role: model.name for model in prediction.models})
    return f"{source}{_FULL_MARK}{hash_bytes(chr(10).join(models).encode())[:6]}"


def choose_source_names(predicted: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What each source of predictions is called in the store, by its full name; from pairs of full name and video.

    As short as may be: by the names of its models; in full where two runs by models of one name know the same video.
    """
    runs_of: dict[tuple[str, str], set[str]] = {}
    for full, video_id in predicted:
        runs_of.setdefault((full.rpartition(_FULL_MARK)[0], video_id), set()).add(full)
    ambiguous = {short for (short, _), runs in runs_of.items() if len(runs) > 1}
    shorts = {full: full.rpartition(_FULL_MARK)[0] for runs in runs_of.values() for full in runs}
    return {full: full if short in ambiguous else short for full, short in sorted(shorts.items())}


def name_source(model_of_role: dict[str, str]) -> str:
    """The source id of predictions: 'prediction:DETECTOR+HEAD', by the names of the two models; of those put right
    for real homes with '+real-habits' behind, of smoothed ones with '+smoothed'."""
    changed = "+real-habits" if HABITS_ROLE in model_of_role else ""
    changed += "+smoothed" if SMOOTHING in model_of_role else ""
    models = f"{model_of_role.get('detector', 'unknown')}+{model_of_role.get('relations', 'none')}"
    return f"{PREDICTION_MARK}{models}{changed}"
