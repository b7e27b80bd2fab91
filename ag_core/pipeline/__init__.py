"""The whole path for one video: frames, scene graphs, feature banks, action scores.

    file -> frames by number -> graph of each wanted frame -> [K,875] bank of graphs  --\\
                               -> clips around times   -> [K,C] bank of clip features ------ > scores of LFB and SGFB

The file is decoded once, in order, and every wanted frame once; a long video needs no more memory for its frames
than a short one. `load_models` and `predict_video` are what worker, command and tests call; the parts of the path are
loading, plan (which frames), watching (frames to graphs and features) and scoring.
"""

from collections.abc import Callable
from pathlib import Path

import torch

from ag_core.errors import Cancelled, UserError
from ag_core.files import hash_file_cached
from ag_core.graphs.edges import has_clear_person
from ag_core.models.relation.smoothing import smooth_graphs
from ag_core.pipeline.loading import (
    LoadedActionModel,
    LoadedClipNetwork,
    LoadedGraphReader,
    Models,
    adapt_models,
    load_action_model,
    load_models,
    load_network_of_clips,
)
from ag_core.pipeline.plan import Plan, choose_graph_times, make_plan
from ag_core.pipeline.scoring import explain_graphs, put_right, score_actions, score_centres, score_graphs, score_model
from ag_core.pipeline.watching import Watcher, compute_clip_features, read_beside
from ag_core.records import ActionScores
from ag_core.results.prediction import DEFAULT_RATE, Prediction
from ag_core.results.prediction_notes import (
    is_home_world,
    list_domain_notes,
    list_nobody_notes,
    list_people_notes,
    list_replaced_notes,
)
from ag_core.video.frames import probe_video, read_frames
from ag_core.video.ids import replace_forbidden
from ag_core.video.index import read_frame_index

__all__ = [
    "LoadedActionModel",
    "LoadedClipNetwork",
    "LoadedGraphReader",
    "Models",
    "Plan",
    "Watcher",
    "adapt_models",
    "choose_graph_times",
    "compute_clip_features",
    "load_action_model",
    "load_models",
    "load_network_of_clips",
    "make_plan",
    "predict_video",
    "put_right",
    "score_actions",
    "score_centres",
    "score_graphs",
    "score_model",
]

MAX_REPLACED = 0.5
"""Of the frames looked at: where more cannot be decoded, there is nothing to predict from."""


@torch.inference_mode()
def predict_video(
    path: Path,
    models: Models,
    rate: float = DEFAULT_RATE,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
    person: int = 1,
) -> Prediction:
    """Graphs (`rate` a second) and action scores of a video file.

    Of several people one is followed: `person` 1 is who is there most, 2 the next. A film of the home world has one.

    Where relationships are put right for real homes, so are the graphs and what reads them alone; where they are made
    steady, the graphs. The models with a clip are scored from what the head judged. Where nobody is seen, no action is.
    `progress` gets the stage and its counts; `cancelled` is asked before each frame and ends the work with
    `Cancelled`. Raises UserError for a file that is no video, or that became another one meanwhile.
    """
    torch.set_flush_denormal(True)
    progress("reading the file", 0, 1)
    sha256 = hash_file_cached(path)
    video, index = probe_video(path), read_frame_index(path)
    plan = make_plan(video, rate, models.clip_presets)
    at_home = is_home_world(path)
    watcher = Watcher(plan, index.clock, models, progress, None if at_home else person)
    wanted = sorted({*plan.graph_frames, *(n for clips in plan.clips.values() for clip in clips for n in clip)})
    replaced: set[int] = set()
    for number, pixels in read_beside(read_frames(path, wanted, replaced), models.device):
        if cancelled():
            raise Cancelled
        watcher.see(number, pixels)
    if len(replaced) > MAX_REPLACED * len(wanted):
        raise UserError(
            f"of {len(wanted)} frames of {path.name} that were looked at, {len(replaced)} cannot be decoded: "
            "it is badly damaged or encrypted; give a complete file"
        )
    graphs, features = watcher.finish()
    progress("scoring actions", 0, 1)
    actions: tuple[ActionScores, ...] = score_actions(plan, graphs, features, models, watcher.points)
    nobody: tuple[str, ...] = ()
    if not any(map(has_clear_person, graphs.values())):
        actions, nobody = (), list_nobody_notes(len(graphs), person if watcher.people else 1)
    progress("scoring actions", 1, 1)
    judged = [graphs[frame] for frame in plan.graph_frames]
    found = put_right(judged, models, watcher.points)
    if models.transitions is not None:
        found = smooth_graphs(found, models.transitions)
    followed = list_people_notes(watcher.people, person)
    odd = (*index.list_notes(), *list_replaced_notes(len(replaced), len(wanted)), *followed)
    foreign = () if at_home or nobody else list_domain_notes(models.uses)
    notes = (*nobody, *foreign, *odd, *models.notes)  # what matters most comes first
    if hash_file_cached(path) != sha256:
        raise UserError(f"{path.name} became another file while it was watched; predict it again")
    return Prediction(
        video=video,
        file=replace_forbidden(path.name),
        sha256=sha256,
        models=models.uses,
        rate=rate,
        notes=notes,
        frames=tuple(found),
        actions=actions,
        reasons=explain_graphs(judged, found, models, watcher.points),
    )
