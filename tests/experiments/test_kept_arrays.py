"""Decoded frames on disk: found again by all that decides them, and made again where they are not whole."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.experiments import kept_arrays
from ag_core.experiments.kept_arrays import FrameCache, load_or_make, name_kept_file
from tests.video.test_frames import write_video


@dataclass(frozen=True)
class File:
    """A video as the cache sees it."""

    path: Path
    n_frames: int = 6
    video_id: str = "A-1"


@pytest.fixture
def video(tmp_path: Path) -> File:
    return File(write_video(tmp_path / "film.mp4", n_frames=6))


def open_cache(folder: Path) -> FrameCache[File]:
    return FrameCache(folder / "frames", lambda video: range(1, video.n_frames + 1))


def test_a_film_that_was_swapped_is_decoded_again(video: File, tmp_path: Path) -> None:
    before = np.array(open_cache(tmp_path).read(video))
    [kept] = (tmp_path / "frames").iterdir()
    other = write_video(tmp_path / "other.mp4", n_frames=6, rotation=90)
    os.utime(other, (0, 0))  # older than what was kept, as a file that is copied with its time
    shutil.copy2(other, video.path)
    after = open_cache(tmp_path).read(video)
    assert after.shape == (6, 64, 48, 3) and before.shape == (6, 48, 64, 3)
    [left] = (tmp_path / "frames").iterdir()
    assert left != kept  # what was made of the older film is gone


def test_other_frames_and_another_id_are_other_files(video: File, tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    for one in (video, File(video.path, 4), File(video.path, 6, "A")):
        assert len(cache.read(one)) == one.n_frames
        cache._open.clear()
    assert len(list((tmp_path / "frames").iterdir())) == 3


def test_newer_code_decodes_again(video: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = name_kept_file(tmp_path, video, [1], "video")
    assert name_kept_file(tmp_path, video, [1], "video", "models") != before
    monkeypatch.setattr(kept_arrays, "_hash_code", lambda *folders: "newer")
    assert name_kept_file(tmp_path, video, [1], "video") != before


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_what_is_cut_is_made_again(tmp_path: Path, share: float, mapped: bool) -> None:
    path, made = tmp_path / "A-1-2.npy", np.arange(3000)
    np.save(path, made)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert np.array_equal(load_or_make(path, lambda: made, mapped), made)
    assert np.array_equal(np.load(path), made)


def test_frames_that_are_not_given_end_with_a_sentence(
    video: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    monkeypatch.setattr(kept_arrays, "read_frames", lambda path, wanted: iter([(1, frame), (3, frame)]))
    with pytest.raises(UserError, match=r"film\.mp4 gives 2 of the 6 frames that are wanted of it"):
        open_cache(tmp_path).read(video)
    assert not list((tmp_path / "frames").glob("*.npy"))
