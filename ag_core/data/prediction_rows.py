"""Turns prediction files into rows of the store, one source for each detector and relation head.

Predicted relationships keep all 25 probabilities; one holds, for search and statistics, from one half on.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ag_core.errors import UserError
from ag_core.records import ActionScores, SceneGraph, Video
from ag_core.taxonomy import N_RELATIONS

HOLDS = 0.5
"""From this probability on a predicted relationship counts as holding."""


@dataclass(frozen=True)
class PredictionRows:
    """All predictions of one source; the lists go together, one place a video."""

    source: str
    files: list[str] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    graphs: list[list[SceneGraph]] = field(default_factory=list)
    scores: list[dict[str, ActionScores]] = field(default_factory=list)

    def tables(self, numbers: dict[str, int]) -> dict[str, pd.DataFrame]:
        """Rows for each table by its name, given the number of each video; ids count within the source."""
        videos: list[tuple[Any, ...]] = []
        frames: list[tuple[Any, ...]] = []
        objects: list[tuple[Any, ...]] = []
        relations: list[tuple[Any, ...]] = []
        scores: list[tuple[Any, ...]] = []
        places = sorted(range(len(self.videos)), key=lambda place: self.videos[place].video_id)
        for place in places:
            video = self.videos[place]
            number = numbers[video.video_id]
            path = None if video.path is None else str(video.path)
            videos.append(
                (number, video.video_id, video.duration_s, video.fps, video.width, video.height, video.n_frames, path)
            )
            for graph in self.graphs[place]:
                t_ms, frame_id = round(graph.time_s * 1000), len(frames)
                person = [None] * 4 if graph.person_box_xyxy is None else graph.person_box_xyxy.tolist()
                score = None if graph.person_box_xyxy is None else graph.person_score
                frames.append((frame_id, number, graph.frame, t_ms, *person, score))
                for row in range(len(graph)):
                    object_id, held = len(objects), graph.relations[row]
                    shared = (object_id, frame_id, number, t_ms, int(graph.object_classes[row]))
                    mask = sum(1 << relation for relation in range(N_RELATIONS) if held[relation] >= HOLDS)
                    box = graph.object_boxes_xyxy[row].tolist()
                    visible = bool(graph.visible[row])
                    objects.append((*shared, visible, float(graph.object_scores[row]), *box, mask))
                    relations += [(*shared, relation, float(held[relation])) for relation in range(N_RELATIONS)]
            for model, answer in sorted(self.scores[place].items()):
                scores += [(number, model, action, float(score)) for action, score in enumerate(answer.scores)]
        person_columns = ["person_x1", "person_y1", "person_x2", "person_y2", "person_score"]
        shared_columns = ["object_id", "frame_id", "video", "t_ms", "class"]
        columns = {
            "videos": (videos, ["video", "video_id", "duration_s", "fps", "width", "height", "n_frames", "path"]),
            "frames": (frames, ["frame_id", "video", "frame", "t_ms", *person_columns]),
            "objects": (objects, [*shared_columns, "visible", "score", "x1", "y1", "x2", "y2", "relation_mask"]),
            "relations": (relations, [*shared_columns, "relation", "score"]),
            "action_scores": (scores, ["video", "model", "action", "score"]),
        }
        return {
            name: pd.DataFrame(rows, columns=names).assign(source=self.source)
            for name, (rows, names) in columns.items()
        }


def read_predictions(paths: list[Path]) -> list[PredictionRows]:
    """The predictions by source. UserError where a file is no prediction, or a source has a video twice."""
    if not paths:
        return []
    from ag_core.prediction import Prediction

    found: dict[str, PredictionRows] = {}
    for path in paths:
        prediction = Prediction.load(path)
        source = source_of({model.role: model.name for model in prediction.models})
        part = found.setdefault(source, PredictionRows(source))
        if any(video.video_id == prediction.video.video_id for video in part.videos):
            raise UserError(
                f"{path.name} is a second prediction of {prediction.video.video_id} by {part.source}; give one"
            )
        part.files.append(path.name)
        part.videos.append(prediction.video)
        part.graphs.append(prediction.graphs())
        part.scores.append(prediction.action_scores())
    return [found[source] for source in sorted(found)]


def source_of(model_of_role: dict[str, str]) -> str:
    """The source id of predictions: 'prediction:DETECTOR+HEAD', by the names of the two models."""
    return f"prediction:{model_of_role.get('detector', 'unknown')}+{model_of_role.get('relations', 'none')}"
