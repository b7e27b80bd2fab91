"""A clip is drawn beside the page, one at a time, and stops when nobody wants it."""

import gc
from pathlib import Path

import pytest

from ag_core.records import Video
from ag_core.ui.widgets import running_clip
from ag_core.ui.widgets.clip_menu import describe_part
from ag_core.ui.widgets.running_clip import ClipRequest, RunningClip
from tests.conftest import FPS, LENGTH, SIZE_WH, stand_in_prediction

PATIENCE_S = 300


def wish(showcase: Path, **options: float | None) -> ClipRequest:
    video = Video("AB1CD", LENGTH / FPS, FPS, *SIZE_WH, LENGTH, path=showcase / "videos" / "AB1CD.mp4")
    start_s, end_s = options.get("start_s") or 0.0, options.get("end_s")
    return ClipRequest("mp4", video, "prediction", start_s, end_s, False, stand_in_prediction("AB1CD").frames)


def test_a_clip_is_there_when_it_is_done_and_goes_with_it(app_home: Path, showcase: Path) -> None:
    clip = RunningClip(wish(showcase, start_s=1.0, end_s=2.0))
    clip.wait(PATIENCE_S)
    assert clip.finished and (clip.done, clip.total, clip.fraction) == (12, 12, 1.0) and not clip.error
    assert clip.read()[4:8] == b"ftyp" and clip.remaining_s == 0.0
    folder = clip.path.parent
    del clip
    gc.collect()
    assert not folder.exists()


def test_a_clip_waits_for_its_turn_and_can_be_cancelled(app_home: Path, showcase: Path) -> None:
    with running_clip._TURN:
        clip = RunningClip(wish(showcase))
        assert clip.waiting and clip.remaining_s is None and clip.fraction == 0
        clip.cancel()
        clip.wait(PATIENCE_S)
    assert not clip.running and clip.cancelled and not clip.finished and not clip.error


def test_what_is_wrong_is_a_sentence(app_home: Path, showcase: Path) -> None:
    clip = RunningClip(wish(showcase, end_s=9.0))
    clip.wait(PATIENCE_S)
    assert "reaches beyond it" in clip.error and not clip.finished


@pytest.mark.parametrize(
    ("start_s", "end_s", "says"),
    [
        (0.0, None, "the whole video"),
        (3.0, None, "0:03.000 to the end"),
        (0.0, 62.5, "0:00.000 to 1:02.500"),
    ],
)
def test_a_part_in_words(start_s: float, end_s: float | None, says: str) -> None:
    assert describe_part(start_s, end_s) == says
