"""From the graphs and clip features of a video to the scores of its actions."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.graphs.edges import edge_mask
from ag_core.models.feature_bank import (
    BankMaterial,
    build_bank,
    build_graph_bank,
)
from ag_core.models.graph_reader import read_graphs
from ag_core.models.movenet import PersonPoints
from ag_core.models.relation.habits import correct_graphs
from ag_core.models.video.scoring import score_clips, score_videos, to_probabilities
from ag_core.pipeline.loading import LoadedActionModel, LoadedGraphReader, Models
from ag_core.pipeline.plan import Plan
from ag_core.records import ActionScores, SceneGraph
from ag_core.results.reasons import FrameReasons, build_reasons


def score_actions(
    plan: Plan,
    graphs: dict[int, SceneGraph],
    features: dict[str, NDArray[np.float32]],
    models: Models,
    points: Mapping[int, PersonPoints] | None = None,
) -> tuple[ActionScores, ...]:
    """Each model's scores: of the video the maximum over the test views, over time those at the bank's times.

    Those of graph readers are of the graphs at the bank's times, and of the video their maximum.

    graphs and points of the person by frame number; features by clip network, [clips, C] of the plan's clips.
    """
    bank = [graphs[frame] for frame in plan.bank_frames]
    rows = build_graph_bank(bank)
    of_clips = [
        score_model(model, plan, features[model.entry.clip_network], rows, models.device)
        for model in models.action_models
    ]
    right = put_right(bank, models, points)
    return (*of_clips, *(score_graphs(one, plan.bank_times_s, right) for one in models.graph_readers))


def put_right(
    graphs: Sequence[SceneGraph], models: Models, points: Mapping[int, PersonPoints] | None = None
) -> list[SceneGraph]:
    """Graphs with the habits of real homes, where these are asked for; with the person's points by frame, if known."""
    return list(graphs) if models.habits is None else correct_graphs(graphs, models.habits, points)


def explain_graphs(
    judged: Sequence[SceneGraph],
    told: Sequence[SceneGraph],
    models: Models,
    points: Mapping[int, PersonPoints] | None = None,
) -> tuple[FrameReasons, ...]:
    """Why relationships hold in graphs as they are told, from the same graphs as the head judged them.

    Empty where they were not put right for real homes: then nothing but the head speaks.
    """
    if models.habits is None:
        return ()
    reasons = []
    for before, after in zip(judged, told):
        if before.person_box_xyxy is None or not len(before):
            reasons.append(FrameReasons.tell_none(len(before)))
            continue
        shares = models.habits.explain(before, (points or {}).get(before.frame))
        reasons.append(build_reasons(after, edge_mask(after), shares))
    return tuple(reasons)


def score_graphs(reader: LoadedGraphReader, times_s: NDArray[np.float64], graphs: Sequence[SceneGraph]) -> ActionScores:
    """A reader's scores at the times [K] of graphs; of the video their maximum."""
    found = read_graphs(reader.reader, graphs)
    return ActionScores(reader.entry.id, found.max(axis=0), times_s.astype(np.float32), found, reader.trained_on)


def score_model(
    model: LoadedActionModel,
    plan: Plan,
    features: NDArray[np.float32],
    rows: NDArray[np.float32],
    device: torch.device,
    annotated: Sequence[SceneGraph] = (),
) -> ActionScores:
    """One model's scores, from features [clips, C] of its clip network and graphs as rows [K,875] of a bank.

    annotated  the graphs that the oracle reads instead
    """
    n_times = len(plan.bank_times_s)
    found = score_centres(model, plan, features, rows, device, annotated)
    [of_video] = score_videos(found[n_times:], [0] * (len(found) - n_times))
    times = plan.bank_times_s.astype(np.float32)
    return ActionScores(model.entry.id, of_video, times, found[:n_times], model.trained_on)


def score_centres(
    model: LoadedActionModel,
    plan: Plan,
    features: NDArray[np.float32],
    rows: NDArray[np.float32],
    device: torch.device,
    annotated: Sequence[SceneGraph] = (),
) -> NDArray[np.float32]:
    """[K + views,157] scores of the clips around all centres of a plan; arguments as of `score_model`."""
    of_clips, windows = features[plan.clip_of[model.entry.clip_network]], None
    if model.entry.bank is not None:
        material = BankMaterial(plan.bank_times_s, of_clips[: len(plan.bank_times_s)], rows, annotated)
        windows = build_bank(model.entry.bank, material).cut_windows(plan.centres_s)
    return to_probabilities(score_clips(model.head, of_clips, windows, device))
