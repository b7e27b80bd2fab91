"""Files that a visitor hands in keep their names, and with them the ids of their videos."""

from pathlib import Path

import pytest

from ag_core.results.uploads import save_upload


@pytest.mark.parametrize(
    "name", ["100%.mp4", "kitchen (1).mp4", "12:30 kitchen.mp4", "naïve 東京.mp4", "a" * 251 + ".mp4"]
)
def test_a_name_is_kept(empty_home: Path, name: str) -> None:
    kept = save_upload(name, b"content")
    assert kept.name == name and kept.read_bytes() == b"content"
    assert save_upload(name, b"content") == kept
    kept.write_bytes(b"cont")  # was cut since
    assert save_upload(name, b"content").read_bytes() == b"content"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../my clip.mp4", "my clip.mp4"),
        ("C:\\films\\my clip.mp4", "my clip.mp4"),
        (".mp4", "mp4"),
        ("", "video"),
        ("two\nlines.mp4", "two_lines.mp4"),
        ("録" * 200 + ".mp4", "録" * 83 + ".mp4"),
        ("a" * 300, "a" * 255),
    ],
)
def test_what_no_file_name_may_hold_is_left_out(empty_home: Path, name: str, kept: str) -> None:
    assert save_upload(name, b"content").name == kept
