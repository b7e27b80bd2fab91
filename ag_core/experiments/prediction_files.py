"""Scored graphs as prediction files: a store that takes them in has, on every page, the frames behind the scores."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ag_core.catalog import (
    HOME_WORLD,
    HOME_WORLD_DATA,
    TRANSITIONS,
    TRANSITIONS_FILE,
    find_detector,
    find_relation_head,
)
from ag_core.experiments.datasets import LabelledVideo
from ag_core.experiments.head_runs import HeadRun
from ag_core.files import hash_file_cached
from ag_core.models.checkpoints import read_metadata
from ag_core.records import SceneGraph, Video
from ag_core.results.prediction import SMOOTHING, ModelUse, Prediction
from ag_core.taxonomy import Mode

GIVEN = {Mode.PREDCLS: "true boxes and classes", Mode.SGCLS: "true boxes"}


def write_prediction_files(
    folder: Path,
    videos: Sequence[LabelledVideo],
    predicted: Mapping[str, Sequence[SceneGraph]],
    mode: Mode,
    models: tuple[ModelUse, ...],
) -> None:
    """One file a video, ID.json; each written whole or not at all."""
    for video in videos:
        graphs = tuple(predicted[video.video_id])
        if not graphs:
            continue
        clock, (width, height) = video.clock, video.size_wh
        facts = Video(
            video.video_id, video.duration_s, clock.fps, width, height, video.n_frames, frame_times_s=clock.uneven_s
        )
        rate = round(len(graphs) / video.duration_s, 4)
        notes = () if mode is Mode.SGDET else (f"Made with {GIVEN[mode]} given ({mode}).",)
        file, sha256 = video.path.name, hash_file_cached(video.path)
        Prediction(facts, file, sha256, models, rate, notes, graphs, ()).save(folder / f"{video.video_id}.json")


def describe_models(run: HeadRun, mode: Mode, preset: str, smoothed: bool) -> tuple[ModelUse, ...]:
    """Detector and head of a scored prediction; where boxes were given, the mode stands in place of the detector."""
    detector, head = find_detector(HOME_WORLD), find_relation_head(run.head)
    name = detector.name_in_results if mode is Mode.SGDET else mode.value
    trained_on = read_metadata(run.detector).get("trained_on_data", detector.trained_on)
    models = [
        ModelUse(name, "detector", detector.preset(preset).name, run.detector_hash, trained_on),
        ModelUse(run.head, "relations", head.preset(preset).name, run.weights_hash, run.trained_on),
    ]
    if smoothed:
        path = run.detector.parent / TRANSITIONS_FILE
        trained_on = read_metadata(path).get("trained_on_data", HOME_WORLD_DATA)
        models.append(ModelUse(TRANSITIONS, SMOOTHING, TRANSITIONS, hash_file_cached(path), trained_on))
    return tuple(models)
