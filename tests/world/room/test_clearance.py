"""Nobody walks, sits, lies or bends through furniture."""

import numpy as np
import pytest

from ag_core.world import film as films
from ag_core.world.motion.performance import find_deepest_overlap
from ag_core.world.room.clearance import DEPTH, Boxes, find_overlaps

pytestmark = pytest.mark.slow


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films that are composed but never built."""
    monkeypatch.setattr(films, "Scene", lambda *_: None)
    monkeypatch.setattr(films, "frame_shot", lambda *_: None)


@pytest.mark.parametrize("split", ["train", "val"])
def test_nobody_is_in_the_furniture(undrawn: None, split: str) -> None:
    for seed in range(2):
        one = films.compose_film("home-157", split, seed)
        depth, time, part, owner = find_deepest_overlap(one.performance, 12.0, 0.15)
        prop = one.room.placed[owner].prop.name
        assert depth <= DEPTH, f"{split} {seed}: {part} is {100 * depth:.0f} cm in {prop} at {time:.1f} s"


def test_a_box_in_the_chest_is_found_and_a_seat_is_allowed(undrawn: None) -> None:
    joints = films.compose_film("home-20", "train", 0).performance.at(0.0).joints
    box = Boxes(np.array([7]), joints.chest[None], np.eye(3)[None], np.full((1, 3), 0.1))
    assert max(find_overlaps(joints, box, None))[0] > 0.1
    assert not any(part == "trunk" for _, part, _ in find_overlaps(joints, box, (7, "sitting_on")))
