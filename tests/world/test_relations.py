"""The thresholds of the relations, and every fault that their first version had."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from ag_core.taxonomy import GROUP_SLICES, RELATIONS, Group
from ag_core.world.body.human import ANKLE_HEIGHT, Human, Joints, Pose
from ag_core.world.body.posture import Pair
from ag_core.world.relations import ObjectState, RelationInput, clean_relations, find_relations
from ag_core.world.render.mesh import turn_z

MATERIALS = dict.fromkeys(("skin", "hair", "shirt", "trousers", "shoe", "sole", "white", "iris", "mouth"), 0)
CAMERA = np.array([0.0, 4.0, 1.4])

Corner = Sequence[float] | NDArray[np.float64]


def body(gaze: ArrayLike = (0, 3, 1.4), hands: Pair | None = None, seat_height: float | None = None) -> Joints:
    """Somebody at the origin who faces the camera (+y), standing, or sitting on a seat of a height."""
    human = Human(MATERIALS)
    height = human.standing_height if seat_height is None else seat_height + 0.125
    ahead = 0.0 if seat_height is None else 0.4
    feet = np.array([-0.1, ahead, ANKLE_HEIGHT]), np.array([0.1, ahead, ANKLE_HEIGHT])
    pelvis = np.array([0, 0, height])
    hands = hands or (pelvis + np.array([-0.25, 0.1, -0.1]), pelvis + np.array([0.25, 0.1, -0.1]))
    toes = (np.array([0.0, 1, 0]), np.array([0.0, 1, 0]))
    return human.solve(Pose(pelvis, turn_z(0), np.array(gaze, float), hands, feet, toes))


def block(low: Corner, high: Corner, **more: Any) -> ObjectState:
    return blocks((low, high), **more)


def blocks(*corners: tuple[Corner, Corner], **more: Any) -> ObjectState:
    low, high = (np.array([c[k] for c in corners], float) for k in (0, 1))
    turns = np.broadcast_to(np.eye(3), (len(corners), 3, 3))
    return ObjectState((low + high) / 2, turns, (high - low) / 2, **more)


def words(joints: Joints, *targets: ObjectState, speed: float = 0.0, **more: Any) -> list[set[str]]:
    found, _ = find_relations(RelationInput(joints, speed, targets, CAMERA, **more))
    return [{RELATIONS[r] for r in np.flatnonzero(row)} for row in found]


def table(x: float, y: float, top: float = 0.75) -> ObjectState:
    """A top and four legs; the space between the legs is free."""
    feet = [((x + u, y + v, 0), (x + u + 0.05, y + v + 0.05, top - 0.05)) for u in (-0.55, 0.5) for v in (-0.35, 0.3)]
    return blocks(((x - 0.6, y - 0.4, top - 0.05), (x + 0.6, y + 0.4, top)), *feet)


def test_a_seat_is_beneath_its_sitter_not_in_front() -> None:
    seat = blocks(((-0.2, -0.3, 0.4), (0.2, 0.4, 0.45)), ((-0.2, -0.3, 0.45), (0.2, -0.25, 0.9)), support="sitting_on")
    (found,) = words(body(seat_height=0.45), seat)
    assert "beneath" in found and "sitting_on" in found
    assert not found & {"in_front_of", "behind", "on_the_side_of", "not_contacting"}


def test_a_table_is_not_beneath_somebody_who_passes_it() -> None:
    (found,) = words(body(), table(1.0, 0.0))
    assert "on_the_side_of" in found
    assert not found & {"beneath", "touching"}


def test_a_table_is_not_touched_through_the_space_between_its_legs() -> None:
    (found,) = words(body(hands=(np.array([-0.2, 0.3, 1.0]), np.array([0.2, 0.3, 1.0]))), table(0.0, 0.6, top=1.5))
    assert "touching" not in found


def test_only_the_nearest_of_several_things_on_one_gaze_line_is_looked_at() -> None:
    line = [block((-0.05, d, 1.40), (0.05, d + 0.1, 1.60)) for d in (0.8, 1.4, 2.0)]
    found = words(body(gaze=(0, 3, 1.5)), *line)
    assert ["looking_at" in f for f in found] == [True, False, False]


@pytest.mark.parametrize(("degrees", "word"), [(0, "looking_at"), (17, "unsure"), (50, "not_looking_at")])
def test_attention_follows_the_angle(degrees: int, word: str) -> None:
    eye, angle = body().head, np.radians(degrees)
    at = eye + 1.5 * np.array([np.sin(angle), np.cos(angle), 0])
    (found,) = words(body(gaze=np.add(eye, (0, 3, 0))), block(at - 0.02, at + 0.02))
    assert found & {"looking_at", "unsure", "not_looking_at"} == {word}


def test_a_face_that_cannot_be_seen_leaves_attention_unsure() -> None:
    eye = body().head
    target = block(np.add(eye, (-0.02, 1, -0.02)), np.add(eye, (0.02, 1.04, 0.02)))
    assert "looking_at" in words(body(gaze=np.add(eye, (0, 3, 0))), target)[0]
    assert "unsure" in words(body(gaze=np.add(eye, (0, 3, 0))), target, head_in_image=False)[0]


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        ((-0.1, 1, 0.9), (0.1, 1.2, 1), "in_front_of"),
        ((-0.1, -1.2, 0.9), (0.1, -1, 1), "behind"),
        ((1, -0.1, 0.9), (1.2, 0.1, 1), "on_the_side_of"),
        ((-0.1, 0, 2.2), (0.1, 0.2, 2.3), "above"),
        ((-0.4, -0.4, 0), (0.4, 0.4, 0.05), "beneath"),
        ((-0.5, -0.5, 0), (0.5, 0.5, 2), "in"),
    ],
)
def test_spatial_words(low: tuple[float, ...], high: tuple[float, ...], word: str) -> None:
    (found,) = words(body(), block(low, high))
    assert word in found


def test_holding_becomes_carrying_only_while_walking() -> None:
    cup = block((0.2, 0.3, 1), (0.3, 0.4, 1.1), held=(False, True))
    assert words(body(), cup)[0] >= {"holding"}
    assert "carrying" not in words(body(), cup, speed=0.1)[0]
    assert words(body(), cup, speed=1.0)[0] >= {"holding", "carrying"}


def test_drinking_needs_the_cup_at_the_mouth() -> None:
    joints = body()
    near = block(joints.mouth - 0.03, joints.mouth + 0.05, held=(False, True), motion="drinking_from")
    far = block(joints.mouth + 0.3, joints.mouth + 0.4, held=(False, True), motion="drinking_from")
    found = words(joints, near, far)
    assert "drinking_from" in found[0] and "drinking_from" not in found[1]


def test_cleaning_drops_flicker_and_keeps_the_rules() -> None:
    frames = np.zeros((12, 1, len(RELATIONS)), bool)
    frames[:, 0, [1, 5, RELATIONS.index("not_contacting")]] = True
    frames[6, 0] = False
    frames[6, 0, [0, 6, RELATIONS.index("touching")]] = True
    clean = clean_relations(frames)
    assert (clean == clean[0]).all()
    assert (clean[..., GROUP_SLICES[Group.ATTENTION]].sum(-1) == 1).all()
