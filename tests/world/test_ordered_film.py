"""An ordered film from its order to its folder."""

from pathlib import Path

import pytest

from ag_core.results.film_cache import FilmRequest, FinishedFilm
from ag_core.taxonomy import find_action_index
from ag_core.video.frames import probe_video
from ag_core.world.ordered_film import DRAWING, make_ordered_film

pytestmark = pytest.mark.slow

ORDER = FilmRequest(7, (find_action_index("c059"), find_action_index("c152")))


def test_an_ordered_film_lies_whole_in_its_folder(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    folder = make_ordered_film(ORDER, tmp_path, lambda *event: told.append(event), (96, 54))
    assert folder == tmp_path / ORDER.key
    assert told[-1] == (DRAWING, 144, 144)
    made = FinishedFilm.load(folder)
    assert made.video.path is not None
    file = probe_video(made.video.path)
    assert (file.n_frames, file.width, file.height) == (144, 96, 54)
    assert made.video.video_id in made.charades
    shown = {interval.action for interval in made.intervals}
    unmet = dict(made.unmet)
    assert set(ORDER.actions) <= shown | set(unmet)
    assert find_action_index("c152") in unmet  # nobody sees a smile of a few pixels
    assert [path.name for path in tmp_path.iterdir()] == [ORDER.key]

    told.clear()
    assert make_ordered_film(ORDER, tmp_path, lambda *event: told.append(event)) == folder
    assert not told
