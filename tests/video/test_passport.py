"""Some recordings of the decoder passport, and its table in docs/video.md."""

from pathlib import Path

import pytest

from benchmarks.passport import MARKS, check_recording, into_document
from benchmarks.recordings import RECORDINGS, draw_numbered_frame, read_number

ROOT = Path(__file__).parents[2]
SOME = (
    "h264-fragments.mp4 h264-open.mp4 h264-edit.mp4 h264-turned.mp4 h264-interlaced.mp4 h264-cut.ts h264-joined.ts "
    "mpeg2-joined.mpg h263.3gp wmv2.wmv mjpeg.avi prores-alpha.mov dv.avi raw-palette.avi rle.avi animated.gif"
).split()
BY_NAME = {recording.name: recording for recording in RECORDINGS}


@pytest.mark.parametrize("name", SOME)
def test_a_recording_holds(tmp_path: Path, name: str) -> None:
    visa = check_recording(BY_NAME[name], tmp_path, n_frames=30)
    assert visa.holds, visa
    assert visa.n_frames >= 15


@pytest.mark.parametrize("size_wh", [(352, 288), (64, 48), (93, 48), (1280, 720)])
def test_numbers_are_drawn_and_read(size_wh: tuple[int, int]) -> None:
    for number in (0, 1, 74, 2048, 4095):
        assert read_number(draw_numbered_frame(number, size_wh)) == number


def test_the_table_of_the_document() -> None:
    text = (ROOT / "docs" / "video.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition(MARKS[0])[2].partition(MARKS[1])[0].splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [recording.name for recording in RECORDINGS]
    assert len(rows) >= 40
    for row in rows:
        assert "differs" not in row and "not asked" not in row and row.rstrip(" |").endswith(("itself", "copy")), row


def test_a_table_is_replaced_and_nothing_else() -> None:
    text = f"before\n{MARKS[0]}\nold\n{MARKS[1]}\nafter\n"
    made = into_document(text, [])
    assert made.startswith(f"before\n{MARKS[0]}\n") and made.endswith(f"{MARKS[1]}\nafter\n") and "old" not in made
