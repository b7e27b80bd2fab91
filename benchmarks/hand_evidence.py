"""What hands near an object add to what a relation head says, on films whose truth is known.

    python -m ag_core fetch-detector movenet
    python -m benchmarks.hand_evidence --data assets/showcase

Boxes and classes are given. Each row is a mix of habits of the home world, the share of RelDN's own evidence that a
prediction of other footage has, and hands; the numbers are of the nine relationships that hands speak of: log-loss a
pair, summed over them, and the average precision of `holding`.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.commands.training_data import open_data
from ag_core.evaluation.average_precision import compute_average_precision
from ag_core.experiments.datasets import LabelledVideo
from ag_core.models.movenet import PersonPoints
from ag_core.models.relation.hands import DONE_BY_HAND
from ag_core.pipeline import Models, load_models
from ag_core.records import SceneGraph
from ag_core.results.prediction_cache import PredictionSettings
from ag_core.taxonomy import RELATIONS, Mode
from ag_core.video.frames import read_frames

ASKED = [RELATIONS.index(name) for name in DONE_BY_HAND]
LEAST = 1e-6


@dataclass(frozen=True)
class JudgedFrame:
    """A frame's true graph, the same as RelDN judged it with boxes given, and the person's points."""

    true: SceneGraph
    judged: SceneGraph
    points: PersonPoints


def main() -> None:
    """Print a row for each mix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of a home world")
    parser.add_argument("--split", default="test")
    parser.set_defaults(source=None, cache=None)
    options = parser.parse_args()
    videos = open_data(options, options.split).load().annotated()
    models = load_models("cpu", PredictionSettings(evidence=1.0))
    assert models.habits is not None and models.pose is not None, "fetch the pose network first"
    with torch.inference_mode():
        frames = [frame for video in videos for frame in judge(video, models)]
    true = np.concatenate([frame.true.relations[:, ASKED] > 0 for frame in frames])
    print(f"{len(videos)} videos, {len(frames)} frames, {len(true)} pairs")
    print("| evidence of RelDN | hands | log-loss | AP of holding |")
    print("| --- | --- | --- | --- |")
    at_home = replace(models.habits, wanted=models.habits.learned)
    for evidence in (0.0, 0.5, 1.0):
        for hands in (False, True):
            mix = replace(at_home, evidence=evidence, hands=at_home.hands if hands else None)
            said = np.concatenate([mix.correct(frame.judged, frame.points)[:, ASKED] for frame in frames])
            loss, precision = measure(said.astype(np.float64), true)
            print(f"| {evidence:.0%} | {'yes' if hands else 'no'} | {loss:.3f} | {100 * precision:.1f} |")


def judge(video: LabelledVideo, models: Models) -> Iterator[JudgedFrame]:
    """The frames of a video that count and show a person beside something visible."""
    assert models.pose is not None
    graphs = {g.frame: g for g in video.counted_graphs if g.person_box_xyxy is not None and g.visible.any()}
    for number, pixels in read_frames(video.path, sorted(graphs)):
        graph = graphs[number]
        seen = replace(
            graph,
            object_classes=graph.object_classes[graph.visible].astype(np.int64),
            object_boxes_xyxy=graph.object_boxes_xyxy[graph.visible],
            object_scores=graph.object_scores[graph.visible],
            relations=graph.relations[graph.visible],
        )
        [judged] = models.graphs.judge(models.graphs.observe([pixels], [number], [graph.time_s], [seen], Mode.PREDCLS))
        yield JudgedFrame(seen, judged, models.pose.find_points(pixels, np.asarray(graph.person_box_xyxy)))


def measure(said: NDArray[np.float64], true: NDArray[np.bool_]) -> tuple[float, float]:
    """Log-loss a pair, summed over the relationships, and the average precision of holding; both [n,9]."""
    said = said.clip(LEAST, 1 - LEAST)
    loss = -np.log(np.where(true, said, 1 - said)).sum(axis=1).mean()
    column = DONE_BY_HAND.index("holding")
    return float(loss), compute_average_precision(said[:, column], true[:, column])


if __name__ == "__main__":
    main()
