"""Chromium shows frame k of what the app serves: some recordings of the decoder passport."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from benchmarks.passport import check_recording
from benchmarks.recordings import RECORDINGS

pytestmark = pytest.mark.browser

BY_NAME = {recording.name: recording for recording in RECORDINGS}


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("h264.mp4", "itself"),
        ("h264-edit.mp4", "itself"),
        ("h264-turned.mp4", "itself"),
        ("vp9.webm", "itself"),
        ("h264-open.mp4", "copy"),
        ("h264-pauses.mp4", "copy"),
        ("mpeg2-cut.ts", "copy"),
    ],
)
def test_the_browser_shows_the_frame(
    chromium: BrowserContext, empty_home: Path, tmp_path: Path, name: str, served: str
) -> None:
    page = chromium.new_page()
    try:
        visa = check_recording(BY_NAME[name], tmp_path, page=page)
    finally:
        page.close()
    assert visa.holds and visa.served == served, visa
    assert visa.shown.startswith(("9 of 9", "all")), visa
