"""Makes one ordered film: draws it, gathers its annotation, and keeps both under the data home."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.files import stage_folder
from ag_core.progress import Progress
from ag_core.records import ActionInterval, Video
from ag_core.results.film_cache import FilmRequest, FinishedFilm, load_finished_film
from ag_core.world.action_table import PROFILES
from ag_core.world.export import build_dense_graphs, format_charades_csv, write_mp4
from ag_core.world.truth import WorldTruth

COMPOSING, DRAWING = "composing the scene", "drawing"
UNSEEN = "it happens, but the picture does not show enough of it"


def make_ordered_film(
    order: FilmRequest, folder: Path, progress: Progress, size_wh: tuple[int, int] | None = None
) -> Path:
    """Folder of the finished film in `folder`, made where it is not there yet.

    progress: called with the stage, what is done and how much there is. size_wh replaces the usual size in pixels.
    """
    if load_finished_film(folder, order) is not None:
        return folder / order.key
    progress(COMPOSING, 0, 1)
    from ag_core.world.film import compose_film

    one = compose_film(PROFILES[-1], order.split, order.seed, size_wh, float(order.seconds), order.actions)
    progress(COMPOSING, 1, 1)

    def count_frames() -> Iterator[NDArray[np.uint8]]:
        for k, frame in enumerate(one.frames()):
            progress(DRAWING, k, one.n_frames)
            yield frame
        progress(DRAWING, one.n_frames, one.n_frames)

    with stage_folder(folder / order.key) as staged:
        write_mp4(staged / f"{one.video_id}.mp4", count_frames(), one.fps)
        describe_film(order, one.truth, dict(one.unmet)).save(staged)
    return folder / order.key


def describe_film(order: FilmRequest, truth: WorldTruth, unmet: dict[int, str]) -> FinishedFilm:
    """What a person is told of a film. unmet: reasons of the wishes that the film could not do."""
    occurring = {action for action, _, _ in truth.actions}
    missing = tuple((action, unmet.get(action, UNSEEN)) for action in order.actions if action not in occurring)
    video = Video(
        truth.video_id,
        truth.duration_s,
        truth.fps,
        truth.width,
        truth.height,
        truth.n_frames,
        truth.split,
        truth.subject,
        truth.scene,
        truth.script,
    )
    return FinishedFilm(
        order,
        video,
        tuple(ActionInterval(truth.video_id, action, start, end) for action, start, end in truth.actions),
        missing,
        tuple(build_dense_graphs(truth)),
        format_charades_csv([truth]),
    )
