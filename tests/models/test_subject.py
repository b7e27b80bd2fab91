"""Following people: two who stay, one who leaves and comes back, one who takes another's place."""

import numpy as np
import pytest

from ag_core.models.subject import PersonSeen, compute_likeness, describe_colours, follow_people, match_persons

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


WALL, WHITE_SHIRT, BLACK_SHIRT = (200, 190, 150), (240, 240, 240), (20, 20, 25)


def draw_person(frame: np.ndarray, x: int, shirt: tuple[int, int, int], score: float = 0.8) -> PersonSeen:
    """Somebody from the waist up, drawn into a frame [100,240,3] and seen there."""
    frame[10:35, x + 15 : x + 45] = (220, 170, 140)
    frame[35:100, x : x + 60] = shirt
    return see_box(frame, x, 10, x + 60, 100, score)


def see_box(frame: np.ndarray, x1: int, y1: int, x2: int, y2: int, score: float) -> PersonSeen:
    box = np.array([x1, y1, x2, y2], np.float32)
    return PersonSeen(box, score, describe_colours(frame, box))


def make_frame() -> np.ndarray:
    return np.full((100, 240, 3), WALL, np.uint8)


def test_a_camera_that_turns_does_not_change_whom_we_follow() -> None:
    # Two sit side by side; the camera turns until the second sits where the first sat, and the box of the second is
    # wide and so overlaps the first. Then only the second is in the picture, for longer than both were.
    seen = []
    for _ in range(6):
        frame = make_frame()
        seen.append([draw_person(frame, 60, WHITE_SHIRT), draw_person(frame, 130, BLACK_SHIRT, 0.6)])
    frame = make_frame()
    white = draw_person(frame, 30, WHITE_SHIRT, 0.4)
    draw_person(frame, 80, BLACK_SHIRT)
    seen.append([see_box(frame, 60, 10, 150, 100, 0.9), white])
    for _ in range(4):
        frame = make_frame()
        seen.append([draw_person(frame, 70, BLACK_SHIRT)])
    first, second = follow_people(seen, list_times(11))
    assert first == [1] * 6 + [0] * 5 and second == [0] * 6 + [1] + [None] * 4
    assert match_persons(seen[5], seen[6], 0.5).keys() == {(0, 1), (1, 0)}


def test_two_people_are_not_joined_by_what_is_nobody() -> None:
    # The detector takes a dark corner of the empty room for a person at 15 %, between one who leaves and one who comes.
    seen = []
    for shirt in (WHITE_SHIRT, BLACK_SHIRT):
        for _ in range(4):
            frame = make_frame()
            seen.append([draw_person(frame, 140, shirt)])
        for _ in range(3):
            frame = make_frame()
            frame[:40, :40] = BLACK_SHIRT
            seen.append([see_box(frame, 0, 0, 60, 60, 0.15)])
    assert follow_people(seen, list_times(14)) == [
        [0] * 4 + [None] * 10,
        [None] * 7 + [0] * 4 + [None] * 3,
        [None] * 4 + [0] * 3 + [None] * 4 + [0] * 3,
    ]


def test_who_is_hardly_seen_for_a_moment_stays_the_same() -> None:
    scores = [0.9, 0.2, 0.9]
    seen = [[draw_person(make_frame(), 140 + 5 * at, WHITE_SHIRT, score)] for at, score in enumerate(scores)]
    assert follow_people(seen, list_times(3)) == [[0, 0, 0]]


def test_small_steps_do_not_lead_to_somebody_else() -> None:
    # One box around both, then one around the half of each, then the second alone: each overlaps the one before.
    frame = make_frame()
    white, black = draw_person(frame, 40, WHITE_SHIRT), draw_person(frame, 100, BLACK_SHIRT)
    around = [see_box(frame, x, 10, x + width, 100, 0.8) for x, width in ((40, 90), (60, 90), (85, 75), (95, 70))]
    seen = [[white]] * 6 + [[box] for box in around] + [[black]] * 4
    first, second = follow_people(seen, list_times(14))
    assert first[:6] == [0] * 6 and not any(place is not None for place in first[-5:])
    assert second[-4:] == [0] * 4
