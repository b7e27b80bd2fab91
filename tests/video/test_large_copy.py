"""A larger copy of a film is what the player shows, as long as it is the same film."""

from pathlib import Path

import numpy as np
import pytest

from ag_core.ui import cached
from ag_core.video.transcode import find_large_copy
from ag_core.world.export import write_mp4


def write_film(path: Path, n_frames: int = 12, size_hw: tuple[int, int] = (96, 160), fps: float = 12) -> Path:
    """Grey pictures that brighten."""
    path.parent.mkdir(exist_ok=True)
    write_mp4(path, (np.full((*size_hw, 3), 40 + 5 * index, np.uint8) for index in range(n_frames)), fps)
    return path


def test_the_larger_copy_of_the_same_film_is_shown(tmp_path: Path) -> None:
    film = write_film(tmp_path / "videos" / "A.mp4")
    assert find_large_copy(film) is None and cached.make_playable(film) == film
    large = write_film(tmp_path / "large" / "A.mp4", size_hw=(192, 320))
    assert find_large_copy(film) == large and cached.make_playable(film) == large
    assert find_large_copy(large) is None  # it is its own neighbour


@pytest.mark.parametrize(
    "other",
    [
        {"n_frames": 11},
        {"fps": 6},
        {"size_hw": (192, 192)},
        {"size_hw": (96, 160)},
    ],
)
def test_another_film_is_not_taken_for_a_larger_copy(tmp_path: Path, other: dict[str, object]) -> None:
    """Fewer frames, another rate, another shape, no more pixels."""
    film = write_film(tmp_path / "videos" / "A.mp4")
    write_film(tmp_path / "large" / "A.mp4", **{"size_hw": (192, 320), **other})  # type: ignore[arg-type]
    assert find_large_copy(film) is None


def test_a_damaged_larger_copy_is_passed_over(tmp_path: Path) -> None:
    film = write_film(tmp_path / "videos" / "A.mp4")
    large = write_film(tmp_path / "large" / "A.mp4", size_hw=(192, 320))
    large.write_bytes(large.read_bytes()[:300])
    assert find_large_copy(film) is None and cached.make_playable(film) == film
