"""The oracle's scores of a video, beside those of its prediction: SGFB with the annotated graphs in its bank.

The oracle knows what a prediction has to find out, so it takes no part in predictions; where a video is annotated, its
scores can be added to one, and then stand on every page where models are compared.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ag_core.annotations.store import AnnotationStore
from ag_core.catalog import ORACLE, find_action_model, find_clip_network
from ag_core.errors import UserError
from ag_core.files import hash_file_cached
from ag_core.models.checkpoints import read_metadata
from ag_core.models.devices import choose_device
from ag_core.pipeline import compute_clip_features, load_action_model, load_network_of_clips, make_plan, score_model
from ag_core.progress import Progress
from ag_core.records import SceneGraph
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.results.prediction_cache import check_clip_weights
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import BANK_SIZE
from ag_core.video.frames import probe_video

NOTE = "The oracle reads the annotated graphs of this video: it is a bound of what SGFB can reach, and no prediction."


def read_annotated_graphs(store: Path | str, video_id: str, source: str) -> Sequence[SceneGraph]:
    """The graphs of a video in a store's source. UserError where it has none there."""
    with AnnotationStore(store) as opened:
        known = source in opened.sources_of(video_id)
        graphs = opened.graphs_of(video_id, source) if known else []
    if not graphs:
        raise UserError(f"{video_id} has no annotated graphs in {source} of {store}; give the store of its annotation")
    return graphs


def add_oracle_scores(
    prediction: Prediction,
    path: Path,
    graphs: Sequence[SceneGraph],
    device: str = "",
    weights: Path = WEIGHTS,
    progress: Progress = lambda stage, done, total: None,
) -> Prediction:
    """The prediction of a video file with the oracle's scores, from annotated graphs, in the place of earlier ones.

    UserError where the prediction was made of another file or other clip features, and for missing weights.
    """
    if hash_file_cached(path) != prediction.sha256:
        raise UserError(f"{path.name} is another file than its prediction was made of; predict it again")
    entry, where = find_action_model(ORACLE), choose_device(device)
    network = find_clip_network(entry.clip_network)
    check_clip_weights(prediction, network, weights)
    model = load_action_model(entry, weights, where)
    plan = make_plan(probe_video(path), prediction.rate, {network.id: network.preset()})
    clips = plan.clips[network.id]
    features = compute_clip_features(path, clips, load_network_of_clips(network, weights, where), where, progress)
    with torch.inference_mode():
        nothing = np.zeros((len(plan.bank_times_s), BANK_SIZE), np.float32)  # of predicted graphs, which it never reads
        scores = score_model(model, plan, features, nothing, where, graphs)
    others = tuple(one for one in prediction.actions if one.model != entry.id)
    if others:  # the same times, which a file holds rounded
        scores = replace(scores, times_s=others[0].times_s)
    file = entry.weights_path(weights)
    trained_on = read_metadata(file).get("trained_on_data", entry.trained_on)
    use = ModelUse(entry.id, entry.id, network.preset().name, hash_file_cached(file), trained_on)
    return replace(
        prediction,
        actions=(*others, scores),
        models=(*(one for one in prediction.models if one.role != entry.id), use),
        notes=(*(note for note in prediction.notes if note != NOTE), NOTE),
    )
