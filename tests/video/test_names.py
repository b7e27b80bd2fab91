"""Names that mean something to other programs, and the true reason where a file cannot be read."""

import os
from pathlib import Path

import pytest

from ag_core.errors import UserError
from ag_core.video.frames import probe_video, read_comment, read_frames
from ag_core.video.ids import find_fault_of_id
from tests.video.test_frames import number_in, write_video


@pytest.mark.parametrize(
    "name",
    [
        "12:30 kitchen.mp4",
        "file:a.mp4",
        "100%.mp4",
        "%03d.mp4",
        "-i.mp4",
        "a?b#c.mp4",
        "concat:a|b.mp4",
        "naïve 東京.mp4",
    ],
)
def test_a_name_is_only_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_video(tmp_path / "plain.mp4", n_frames=3).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe_video(name).n_frames == 3
    assert [number_in(frame) for _, frame in read_frames(name, [2])] == [2]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no names of bytes")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    write_video(tmp_path / "plain.mp4", n_frames=3).rename(tmp_path / name)
    assert probe_video(tmp_path / name).n_frames == 3


@pytest.mark.parametrize("name", ["a" * 251 + ".mp4", "録" * 83 + ".mp4"])
def test_the_longest_names_are_read(tmp_path: Path, name: str) -> None:
    write_video(tmp_path / "plain.mp4", n_frames=3).rename(tmp_path / name)
    assert probe_video(tmp_path / name).n_frames == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="other systems have no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(UserError, match=r"pipe\.mp4 is a pipe or a device"):
        probe_video(tmp_path / "pipe.mp4")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="other systems have no such devices")
def test_a_device_is_not_read() -> None:
    with pytest.raises(UserError, match="zero is a pipe or a device"):
        probe_video("/dev/zero")


def test_the_true_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.mp4").write_bytes(b"x")
    (tmp_path / "ring.mp4").symlink_to(tmp_path / "ring.mp4")
    reasons = {
        "": "no file was named",
        ".": "no file was named",
        "a" * 252 + ".mp4": "longer than this disk takes",
        "file.mp4/a.mp4": "a.mp4 does not exist",
        "missing/a.mp4": "a.mp4 does not exist",
        "ring.mp4": "a link that leads to itself",
        "nul\0.mp4": "cannot be opened",
    }
    for name, reason in reasons.items():
        with pytest.raises(UserError, match=reason) as refusal:
            probe_video(name)
        assert "\n" not in str(refusal.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="for root every file is open")
def test_a_file_or_folder_that_may_not_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = write_video(folder / "a.mp4", n_frames=3)
    for locked in (path, folder):
        locked.chmod(0)
        try:
            with pytest.raises(UserError, match=r"a\.mp4 may not be read: its permissions, or those of its folder"):
                probe_video(path)
        finally:
            locked.chmod(0o700)


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_a_tag_that_is_no_text(tmp_path: Path, ending: str) -> None:
    path = write_video(tmp_path / f"tagged.{ending}", n_frames=3, comment="made in a cafe")
    path.write_bytes(path.read_bytes().replace(b"a cafe", b"a caf\xe9"))
    assert probe_video(path).n_frames == 3
    assert read_comment(path) == "made in a caf\ufffd"


def test_a_name_that_is_no_text_or_too_long_still_gives_an_id(tmp_path: Path) -> None:
    for name in (b"b\xff.mp4", b"x" * 240 + b".mp4"):
        path = tmp_path / os.fsdecode(name)
        try:
            write_video(path, n_frames=3)
        except (OSError, UnicodeError):  # a system whose names are always text
            continue
        assert find_fault_of_id(path.stem)
        assert not find_fault_of_id(probe_video(path).video_id)
