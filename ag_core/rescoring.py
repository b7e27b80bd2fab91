"""One video's action scores again, from edited graphs, and what in the graphs they rest on.

A model with a bank of graphs needs the clip features S of a video beside its graphs, and prediction files do not hold
them. They are computed once by the clip network, the only slow part, and kept as float32 (half precision would change
scores) in a folder, named by the video's content, the weights and the code. From there on an answer is one pass of the
bank head: milliseconds. So all of this lives in a process of its own, which holds head and features (jobs/what_if.py),
and neither the prediction file nor `predict` has to know of it. Scores come from the functions of the pipeline, on the
graphs as the prediction file has them, rounded to four decimals.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.catalog import find_action_model, find_clip_network
from ag_core.errors import UserError
from ag_core.files import hash_file_cached, stage_file
from ag_core.models.devices import choose_device
from ag_core.models.feature_bank import FeatureBank, build_graph_bank, find_window_indices
from ag_core.models.video.evidence import attribute_window, score_without_columns
from ag_core.models.video.scoring import to_probabilities
from ag_core.pipeline import (
    LoadedActionModel,
    Plan,
    compute_clip_features,
    load_action_model,
    load_network_of_clips,
    make_plan,
    score_centres,
    score_model,
)
from ag_core.records import ActionScores, SceneGraph
from ag_core.results.evidence import Evidence, RescoredVideo
from ag_core.results.graph_edits import GraphEdit, edit_graphs
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import check_scoring_weights, compute_features_key
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_RELATIONS
from ag_core.video.frames import probe_video

MAX_TRIPLETS = 40
"""So many triplets of a window, those with the largest contributions, are tried without."""


@dataclass(frozen=True)
class Rescorer:
    """A model of graphs, ready for one video.

    features  [clips, C] of the plan's clips; graphs: of the bank's times, as predicted
    """

    model: LoadedActionModel
    plan: Plan
    features: NDArray[np.float32]
    graphs: tuple[SceneGraph, ...]
    device: torch.device

    def score(self, graphs: Sequence[SceneGraph]) -> ActionScores:
        """The model's scores where these were the graphs at the times of the bank."""
        return score_model(self.model, self.plan, self.features, build_graph_bank(graphs), self.device)

    def rescore(self, edits: Sequence[GraphEdit]) -> RescoredVideo:
        """Scores before and after edits of the graphs."""
        edited = edit_graphs(self.graphs, edits)
        touched = (build_graph_bank(edited) != build_graph_bank(self.graphs)).any(axis=1)
        return RescoredVideo(self.score(self.graphs), self.score(edited), touched)

    def explain(self, action: int, time_s: float | None = None) -> Evidence:
        """What raised an action's score in the clip of the bank nearest to a time; of the whole video, its best clip.

        The score of the whole video is that of its best test view, so that view is explained.
        """
        times, n_times = self.plan.bank_times_s, len(self.plan.bank_times_s)
        rows = build_graph_bank(self.graphs)
        if time_s is None:
            views = score_centres(self.model, self.plan, self.features, rows, self.device)[n_times:, action]
            clip = n_times + int(views.argmax())
        else:
            clip = int(np.abs(times - time_s).argmin())
        centre_s = float(self.plan.centres_s[clip])
        bank = FeatureBank(times, rows)
        window = bank.cut_window(centre_s)
        seen = find_window_indices(times, centre_s)[: len(window)]
        of_clip = self.features[self.plan.clip_of[self.model.entry.clip_network][clip]]
        found = attribute_window(self.model.head, of_clip, window, action)
        columns = _choose_columns(found.contributions, window)
        without = score_without_columns(self.model.head, of_clip, window, action, columns)
        order = np.argsort(without, kind="stable")
        score, empty_score = to_probabilities(np.array([found.logit, found.empty_logit], np.float32)).tolist()
        return Evidence(
            action=action,
            time_s=centre_s,
            score=score,
            empty_score=empty_score,
            times_s=times[seen],
            triplets=np.stack(np.divmod(columns[order], N_RELATIONS), axis=1),
            contributions=found.contributions[: len(seen), columns[order]].T,
            scores_without=to_probabilities(without[order]),
        )


def _choose_columns(contributions: NDArray[np.float32], window: NDArray[np.float32]) -> NDArray[np.int64]:
    """The columns of a window, among those that hold anything, whose contributions are largest, most first."""
    holding = np.flatnonzero(window.any(axis=0))
    ranked = holding[np.argsort(-np.abs(contributions[:, holding].sum(axis=0)), kind="stable")]
    return ranked[:MAX_TRIPLETS]


def prepare_video(
    path: Path,
    prediction: Prediction,
    model: str,
    kept: Path,
    weights: Path = WEIGHTS,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Rescorer:
    """An action model ready for a video and its prediction; `kept` is the folder of clip features.

    UserError where the prediction is not of this video or these weights, and for missing weights.
    """
    check_scoring_weights(prediction, model, weights)
    if hash_file_cached(path) != prediction.sha256:
        raise UserError(f"{path.name} is another file than its prediction was made of; predict it again")
    video, entry, device = probe_video(path), find_action_model(model), choose_device("cpu")
    network = find_clip_network(entry.clip_network)
    plan = make_plan(video, prediction.rate, {network.id: network.preset()})
    graphs = {graph.frame: graph for graph in prediction.frames}
    if missing := [frame for frame in plan.bank_frames if frame not in graphs]:
        raise UserError(f"the prediction of {path.name} has no graph of frame {missing[0]}; predict it again")
    file = kept / f"{compute_features_key(prediction.sha256, network.id, weights)}.npy"
    clips = plan.clips[network.id]
    features = _load_features(file, len(clips))
    if features is None:
        progress("watching the video", 0, len(clips))
        loaded = load_network_of_clips(network, weights, device)
        features = compute_clip_features(path, clips, loaded, device, progress, cancelled)
        with (
            suppress(UserError),
            stage_file(file) as staged,
            staged.open("wb") as stream,
        ):  # a full disk costs time only
            np.save(stream, features)
    scorer = load_action_model(entry, weights, device)
    return Rescorer(scorer, plan, features, tuple(graphs[frame] for frame in plan.bank_frames), device)


def _load_features(file: Path, n_clips: int) -> NDArray[np.float32] | None:
    """The kept features [clips, C]; None where there are none, or a file that is damaged."""
    try:
        found: NDArray[np.float32] = np.load(file)
    except (OSError, ValueError, EOFError):
        return None
    whole = found.ndim == 2 and len(found) == n_clips and found.dtype == np.float32 and np.isfinite(found).all()
    return found if whole else None
