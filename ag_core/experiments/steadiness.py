"""How steady the graphs of relation heads are, as they were judged and after smoothing, pooled over videos."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ag_core.catalog import TRANSITIONS_FILE
from ag_core.evaluation.flicker import FLICKER, FLICKER_OF_TRUTH, FLICKER_SMOOTHED
from ag_core.evaluation.metrics import Counts
from ag_core.models.relation.smoothing import Transitions, count_flicker, smooth_graphs
from ag_core.models.relation.transitions_file import load_transitions
from ag_core.records import SceneGraph
from ag_core.results.scored_heads import ScoredHead
from ag_core.results.steadiness import SteadinessRow
from ag_core.taxonomy import Group

Graphs = Mapping[str, Sequence[SceneGraph]]
"""By video, its graphs in the order of time."""


def find_transitions(folders: Sequence[Path]) -> dict[Path, dict[Group, Transitions]]:
    """What folders of weights know of transitions, those that know nothing left out. UserError for a damaged file."""
    files = {folder: folder / TRANSITIONS_FILE for folder in folders}
    return {folder: load_transitions(path) for folder, path in files.items() if path.is_file()}


def smooth_videos(graphs: Graphs, transitions: Mapping[Group, Transitions]) -> dict[str, list[SceneGraph]]:
    """Every video smoothed by itself."""
    return {video_id: smooth_graphs(of_video, transitions) for video_id, of_video in graphs.items()}


def score_steadiness(
    scored: ScoredHead, truth: Graphs, predicted: Sequence[Graphs], smoothed: Sequence[Graphs]
) -> SteadinessRow:
    """The row of a head from its graphs in every training; `smoothed` is empty where nothing could be smoothed."""
    values = {FLICKER: tuple(map(pool_flicker, predicted))}
    if smoothed:
        values[FLICKER_SMOOTHED] = tuple(map(pool_flicker, smoothed))
    values[FLICKER_OF_TRUTH] = (pool_flicker(truth),) * len(predicted)
    return SteadinessRow(scored, Counts(videos=len(truth), frames=sum(map(len, truth.values()))), values)


def pool_flicker(graphs: Graphs) -> float:
    """Flicker a minute over all videos; NaN where there is no time."""
    minutes = {video_id: _measure_minutes(of_video) for video_id, of_video in graphs.items()}
    total = sum(minutes.values())
    found = sum(minutes[video_id] * count_flicker(of_video) for video_id, of_video in graphs.items())
    return found / total if total else float("nan")


def _measure_minutes(graphs: Sequence[SceneGraph]) -> float:
    return (graphs[-1].time_s - graphs[0].time_s) / 60 if graphs else 0.0
