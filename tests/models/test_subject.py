"""Following people: two who stay, one who leaves and comes back, one who takes another's place."""

import numpy as np
import pytest

from ag_core.models.subject import PersonSeen, compute_likeness, describe_colours, follow_people

RED, BLUE = (np.eye(64, dtype=np.float32)[place] for place in (48, 3))


def see(x: float, colours: np.ndarray = RED, score: float = 0.9) -> PersonSeen:
    return PersonSeen(np.array([x, 10, x + 40, 110], np.float32), score, colours)


def list_times(n: int) -> list[float]:
    return [frame / 2 for frame in range(n)]


def test_scores_that_flicker_do_not_change_whom_we_follow() -> None:
    # The left one is there throughout; now the one, now the other scores higher.
    seen = [[see(0, RED, 0.9 - 0.1 * (frame % 2)), see(200, BLUE, 0.85)] for frame in range(8)]
    seen[3] = [see(200, BLUE, 0.95), see(0, RED, 0.7)]
    first, second = follow_people(seen, list_times(8))
    followed = [seen[frame][place].box_xyxy[0] for frame, place in enumerate(first) if place is not None]
    assert len(set(followed)) == 1 and len(followed) == 8
    assert all(a != b for a, b in zip(first, second))


def test_who_is_there_most_comes_first() -> None:
    seen = [[see(200, BLUE, 0.99)] if frame < 3 else [see(200, BLUE, 0.99), see(0)] for frame in range(4)]
    seen += [[see(0, RED, 0.6)] for _ in range(8)]
    first, second = follow_people(seen, list_times(12))
    assert [place is not None for place in first] == [False] * 3 + [True] * 9
    assert [place for place in second if place is not None] == [0, 0, 0, 0]


def test_nobody_takes_the_place_of_one_who_left() -> None:
    seen = [[see(0)] for _ in range(5)] + [[see(300, BLUE)] for _ in range(4)]
    first, second = follow_people(seen, list_times(9))
    assert first == [0] * 5 + [None] * 4 and second == [None] * 5 + [0] * 4


def test_one_who_looks_alike_comes_back_after_a_while() -> None:
    seen = [[see(0)], [see(5)], [], [], [], [], [see(300)], [see(305)], [see(10, BLUE)]]
    first, second = follow_people(seen, list_times(9))
    assert first == [0, 0, None, None, None, None, 0, 0, None]
    assert second == [None] * 8 + [0]


def test_who_walks_is_followed() -> None:
    seen = [[see(45.0 * frame)] for frame in range(10)]  # boxes never overlap: 0.9 body heights a second
    assert follow_people(seen, list_times(10)) == [[0] * 10]
    assert compute_likeness(see(0), see(260), 0.5) is None


def test_no_frames_no_people() -> None:
    assert follow_people([], []) == []
    assert follow_people([[], []], [0, 1]) == []


@pytest.mark.parametrize(
    ("box", "share"), [([0, 0, 40, 40], 1.0), ([-90, -90, -50, -50], 0.0), ([60, 0, 100, 40], 1.0)]
)
def test_colours_are_those_inside_the_box(box: list[float], share: float) -> None:
    image = np.zeros((40, 100, 3), np.uint8)
    image[:, :50] = [255, 0, 0]
    image[:, 50:] = [0, 0, 255]
    found = describe_colours(image, np.array(box, np.float32))
    assert found.sum() == pytest.approx(share)
    if share:
        assert found[48 if box[0] == 0 else 3] == 1
