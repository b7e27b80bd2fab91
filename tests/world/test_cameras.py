"""The camera keeps the person whole and large, stands where it may, and looks past furniture."""

from functools import cache

import numpy as np
import pytest

from ag_core.world.cameras import find_hit_shares, name_sector, smooth_above
from ag_core.world.combinations import is_held_out_sector
from ag_core.world.film import Film, compose_film

SECONDS = 6.0
SEEDS = [("train", 1), ("train", 3), ("train", 4), ("val", 2), ("val", 3)]


@cache
def made(split: str, seed: int) -> Film:
    return compose_film("home-60", split, seed, seconds=SECONDS)


@pytest.mark.parametrize(("split", "seed"), SEEDS)
def test_only_comp_films_use_the_sector_that_is_held_out(split: str, seed: int) -> None:
    one = made(split, seed)
    assert one.shot.sector == name_sector(one.shot.position, one.room.size[0])
    assert is_held_out_sector(one.shot.sector) == (one.part == "comp")
    assert one.part == ("train" if split == "train" else ("iid", "comp")[seed % 2])


@pytest.mark.parametrize(("split", "seed"), SEEDS)
def test_the_whole_person_is_in_the_picture_and_large(split: str, seed: int) -> None:
    one, heights = made(split, seed), []
    for time in np.arange(0, SECONDS, 0.5):
        j, camera = one.performance.at(time).joints, one.shot.at(time)
        points = np.array([np.add(j.head, (0, 0, 0.13)), *j.ankles, *j.wrists, *j.knees, j.pelvis])
        seen = (points - camera.position) @ camera.rotation.T
        pixels = camera.focal * seen[:, :2] / seen[:, 2:] + (one.width / 2, one.height / 2)
        assert (pixels > 0).all() and (pixels < (one.width, one.height)).all()
        heights.append(np.ptp(pixels[:, 1]) / one.height)
    assert 0.5 < np.median(heights) < 0.95


def test_a_box_on_the_way_is_met() -> None:
    boxes = [(np.array([[(-1.0, 1.0, 0.0), (1.0, 2.0, 1.0)]]), np.eye(3), np.array([0.0, 1.0, 0.0]))]
    points = np.array([(0, 4, 0.5), (0, 1, 0.5), (0, 4, 9.0), (0, 2.5, 0.5)])
    assert find_hit_shares(np.array([0, 0, 0.5]), points, boxes).tolist() == [0.5, 2.0, np.inf, 0.8]


def test_the_lens_is_never_longer_than_the_moment_allows() -> None:
    values = np.random.default_rng(0).random(50)
    assert (smooth_above(values) >= values - 1e-12).all()
