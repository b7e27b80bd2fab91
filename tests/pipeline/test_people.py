"""Who is followed in a video of nobody, of one person and of two."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.models.relation import build_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.pipeline import Models, predict_video
from ag_core.records import Detections
from ag_core.results.prediction import Prediction
from tests.pipeline.stand_ins import SCHEMA, TwoBoxes
from tests.video.test_frames import write_video


class Nobody(TwoBoxes):
    """Finds a cup, and a person who is hardly one."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [replace(found, scores=np.array([0.1, 0.8], np.float32)) for found in super().detect(images)]


def test_where_nobody_is_seen_no_action_is_scored(models: Models, film: Path, plain: Prediction) -> None:
    empty = predict_video(
        film, replace(models, graphs=SceneGraphPredictor(Nobody(), models.graphs.trunk, models.graphs.head))
    )
    assert empty.actions == () and empty.frames
    assert empty.notes[0] == "No person was found in the 7 frames that were looked at, so no actions are scored."
    again = Prediction.from_json(json.loads(empty.to_text()))
    assert again.actions == () and again.notes == empty.notes
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(empty.to_text()))
    assert plain.actions


class TwoPeople(TwoBoxes):
    """Finds a person on the left and one on the right, now the one and now the other clearer, and a cup."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        found = []
        for _ in images:
            self.turn += 1
            scores = np.array([0.9, 0.7, 0.7] if self.turn % 2 else [0.6, 0.7, 0.7], np.float32)
            boxes = np.array([[2, 4, 14, 44], [34, 4, 46, 44], [20, 20, 30, 30]], np.float32)
            found.append(Detections(boxes, np.array([0, 0, 10]), scores))
        return found


@pytest.mark.parametrize("head", ["reldn", "pair-memory"])
def test_of_two_people_one_is_followed(models: Models, tmp_path: Path, head: str) -> None:
    video = write_video(tmp_path / "two.mp4", n_frames=24, rate=12)
    torch.manual_seed(3)
    judge = models.graphs.head if head == "reldn" else build_relation_head(head)

    def follow(person: int) -> Prediction:
        graphs = SceneGraphPredictor(TwoPeople(), models.graphs.trunk, judge)
        return predict_video(video, replace(models, graphs=graphs), person=person)

    both = [follow(1), follow(2)]
    lefts = [{float(box[0]) for graph in one.frames if (box := graph.person_box_xyxy) is not None} for one in both]
    assert lefts == [{2.0}, {34.0}]  # the same one throughout
    told = "2 people were told apart; followed is the one who is there most, seen in 4 of 4"
    assert both[0].notes[1].startswith(told)
    assert "the second most" in both[1].notes[1]
    assert not np.allclose(both[0].frames[0].relations, both[1].frames[0].relations)
    third = follow(3)
    assert all(graph.person_box_xyxy is None and not graph.relations.any() for graph in third.frames)
    assert third.actions == () and third.notes[0].startswith("No person 3 was found")
