"""Bodies: what is built once holds for every pose, worn items enclose what they cover, lying bodies lie."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.world.body.drapes import drape_blanket
from ag_core.world.body.heads import BEARDS, HAIRCUTS
from ag_core.world.body.human import ANKLE_HEIGHT, SIDES, Human, Looks, Pose, solve_two_bones
from ag_core.world.body.posture import HEEL, Pair, Recline
from ag_core.world.body.skeleton import Joints
from ag_core.world.render.mesh import Mesh, turn_z, unit

NAMES = ("skin", "hair", "shirt", "trousers", "shoe", "sole", "sock", "white", "iris", "mouth")
MATERIALS = {name: i for i, name in enumerate(NAMES)}
BED = 0.5


def make_pair(of_side: Callable[[int], NDArray[np.float64]]) -> Pair:
    """What the left and the right side give."""
    left, right = (of_side(side) for side in SIDES)
    return left, right


def standing(human: Human, ahead: float = 0.0) -> Pose:
    """One foot `ahead` metres before the other."""
    pelvis = np.array([0, 0, human.standing_height - 0.3 * ahead**2])
    feet = make_pair(lambda side: np.array([side * 0.1, side * ahead / 2, ANKLE_HEIGHT]))
    hands = make_pair(lambda side: pelvis + np.array([side * 0.28, 0.1, -0.05]))
    return Pose(pelvis, np.eye(3), np.array([0, 3, 1.5]), hands, feet, (np.array([0, 1.0, 0]),) * 2, 0.05)


def sitting(human: Human) -> Pose:
    """On a seat 0.45 m high, hands on the lap."""
    pelvis = np.array([0, 0, 0.575])
    feet = make_pair(lambda side: np.array([side * 0.1, 0.42, ANKLE_HEIGHT]))
    hands = make_pair(lambda side: pelvis + np.array([side * 0.14, 0.3, 0.1]))
    return Pose(pelvis, np.eye(3), np.array([0, 3, 1.0]), hands, feet, (np.array([0, 1.0, 0]),) * 2, -0.1)


def lying(human: Human, legs: float = 0.84, yaw: float = 0.7) -> Pose:
    """On the back, hands on the belly, eyes to the ceiling."""
    recline = Recline(np.array([0.3, -0.2, BED]), yaw, legs)
    feet, toes = recline.feet()
    pelvis = recline.point + np.array([0, 0, 0.125])
    hands = make_pair(lambda side: pelvis + recline.frame @ (side * 0.1, 0.17, 0.12))
    return Pose(pelvis, recline.frame, np.add(pelvis, (0, 0, 3.0)), hands, feet, toes)


POSES = {"standing": standing, "striding": lambda h: standing(h, 0.7), "sitting": sitting, "lying": lying}


def same_faces(one: Mesh, other: Mesh) -> bool:
    return np.array_equal(one.faces, other.faces) and np.array_equal(one.material, other.material)


@pytest.mark.parametrize("lower", ("trousers", "shorts", "skirt"))
@pytest.mark.parametrize("tucked", (False, True))
def test_faces_stay_the_same_in_every_pose(lower: str, tucked: bool) -> None:
    human = Human(MATERIALS, 1.04, 0.95, Looks("long", glasses=True, lower=lower, tucked=tucked, sleeve=0.9))
    first = human.build_mesh(human.solve(standing(human)))
    for pose in POSES.values():
        joints = human.solve(pose(human))
        mesh = human.build_mesh(joints, eyes=0.0, mouth=1.0, grip=(1.0, 0.4))
        assert same_faces(first, mesh)
        assert mesh.faces.max() < len(mesh.vertices)
        assert np.isfinite(mesh.vertices).all() and np.isfinite(mesh.normals).all()


def test_worn_things_keep_their_faces() -> None:
    human = Human(MATERIALS, barefoot=True)
    makers: tuple[Callable[[Joints], Mesh], ...] = (
        lambda j: human.build_jacket(j, 0),
        lambda j: human.build_worn_shoes(j, 0, 1),
        lambda j: human.build_worn_backpack(j, 0, 1),
        lambda j: drape_blanket(j, 0),
    )
    for make in makers:
        meshes = [make(human.solve(pose(human))) for pose in POSES.values()]
        assert all(same_faces(meshes[0], mesh) for mesh in meshes)
        assert all(np.isfinite(mesh.vertices).all() for mesh in meshes)


@pytest.mark.parametrize("haircut", HAIRCUTS)
def test_every_haircut_and_beard_is_drawn_outside_in_order(haircut: str) -> None:
    """Hair and skin face outwards, so that nothing is culled from the front of the head."""
    for beard in BEARDS:
        head = Human(MATERIALS, looks=Looks(haircut, beard)).head.still
        corners = head.vertices[head.faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        agrees = (normal * head.normals[head.faces].mean(1)).sum(1) >= -1e-7
        assert agrees.mean() > 0.97
        assert np.abs(head.vertices).max() < 0.25


def test_eyes_and_mouth_move_only_the_face() -> None:
    human = Human(MATERIALS)
    awake, asleep = human.head.build_mesh(1, 0), human.head.build_mesh(0, 0)
    moved = np.abs(awake.vertices - asleep.vertices).max(1) > 1e-6
    assert moved.any() and (awake.vertices[moved, 1] > 0.05).all()
    laughing = human.head.build_mesh(1, 1)
    moved = np.abs(awake.vertices - laughing.vertices).max(1) > 1e-6
    assert moved.any() and (awake.vertices[moved, 2] < 0).all()


def test_shut_eyes_are_behind_their_lids() -> None:
    head = Human(MATERIALS).head.build_mesh(0, 0)
    near = (np.abs(np.abs(head.vertices[:, 0]) - 0.033) < 0.01) & (np.abs(head.vertices[:, 2] - 0.016) < 0.01)
    used = {name: np.unique(head.faces[head.material == MATERIALS[name]]) for name in ("skin", "iris", "white")}
    depth = {name: head.vertices[[v for v in rows if near[v]], 1].max() for name, rows in used.items()}
    assert depth["skin"] > depth["iris"] and depth["skin"] > depth["white"]


def test_a_closed_hand_is_shorter_than_an_open_one() -> None:
    human = Human(MATERIALS)
    lengths = [human.close_hand(1, grip).vertices[:, 1].max() for grip in (0.0, 0.5, 1.0)]
    assert lengths[0] > lengths[1] > lengths[2]


def test_shoes_enclose_socks() -> None:
    """Seen from above and from the side, a sock stays inside the shoe."""
    human = Human(MATERIALS, barefoot=True)
    shoe, sock = Human(MATERIALS).foot.vertices, human.foot.vertices
    low = sock[:, 2] < 0
    assert (sock[low].min(0) >= shoe.min(0) - 1e-6).all()
    assert (sock[low].max(0) <= shoe.max(0) + 1e-6).all()
    assert np.array_equal(Human(MATERIALS).without_shoes().foot.vertices, sock)


@pytest.mark.parametrize("pose", POSES.values(), ids=POSES)
def test_a_jacket_is_wider_than_the_shirt(pose: Callable[[Human], Pose]) -> None:
    human = Human(MATERIALS)
    joints = human.solve(pose(human))
    whole, jacket = human.build_mesh(joints), human.build_jacket(joints, 0)
    shirt = whole.vertices[np.unique(whole.faces[whole.material == MATERIALS["shirt"]])]
    local, worn = ((v - joints.chest) @ joints.chest_frame for v in (shirt, jacket.vertices))
    trunk = (np.abs(local[:, 2]) < 0.06) & (local[:, 1] < 0.0)
    assert np.abs(worn[:, 0]).max() > np.abs(local[trunk, 0]).max()
    assert worn[np.abs(worn[:, 2]) < 0.06, 1].min() < local[trunk, 1].min()


def test_a_backpack_hangs_behind_the_back() -> None:
    human = Human(MATERIALS)
    joints = human.solve(standing(human))
    assert human.build_worn_backpack(joints, 0).vertices[:, 1].min() < joints.chest[1] - 0.25


@pytest.mark.parametrize("legs", (0.84, 0.5))
def test_a_blanket_covers_lying_legs_and_reaches_the_bed(legs: float) -> None:
    human = Human(MATERIALS)
    joints = human.solve(lying(human, legs))
    blanket = drape_blanket(joints, 0).vertices
    for point in (*joints.knees, *joints.hips, *joints.ankles, *(joints.hips + joints.knees) / 2):
        near = np.hypot(*(blanket - point)[:, :2].T) < 0.06
        assert blanket[near, 2].max() > point[2] + 0.03
    assert blanket[:, 2].min() < BED + 0.01


def test_a_blanket_over_a_sitting_body_covers_the_lap_and_hangs_before_the_knees() -> None:
    human = Human(MATERIALS)
    joints = human.solve(sitting(human))
    blanket = drape_blanket(joints, 0).vertices
    for knee in joints.knees:
        near = np.hypot(*(blanket - knee)[:, :2].T) < 0.06
        assert blanket[near, 2].max() > knee[2] + 0.04
    assert blanket[:, 2].min() < joints.knees[:, 2].min() - 0.2
    assert blanket[:, 2].max() < joints.chest[2]


@pytest.mark.parametrize("legs", (0.84, 0.4))
def test_a_lying_body_is_horizontal_and_off_the_bed(legs: float) -> None:
    human = Human(MATERIALS)
    joints = human.solve(lying(human, legs))
    spine = np.stack([joints.pelvis, joints.waist, joints.chest, joints.neck, joints.head])
    assert np.ptp(spine[:, 2]) < 0.08
    assert (joints.elbows[:, 2] > BED + 0.02).all() and (joints.wrists[:, 2] > BED + 0.05).all()
    assert (joints.knees[:, 2] >= joints.pelvis[2] - 0.03).all()
    assert joints.head_frame[2, 1] > 0.8  # the face looks up
    if legs > 0.8:
        assert (joints.toes[:, 2] > 0.8).all() and np.allclose(joints.ankles[:, 2], BED + HEEL, atol=0.03)
    assert human.build_mesh(joints).vertices[:, 2].min() > BED - 0.06


def test_no_shirt_hangs_through_bent_thighs() -> None:
    """Sitting, the front of the hem lies on the thighs instead of below them."""
    human = Human(MATERIALS)
    joints = human.solve(sitting(human))
    whole = human.build_mesh(joints)
    shirt = whole.vertices[np.unique(whole.faces[whole.material == MATERIALS["shirt"]])]
    front = (shirt[:, 1] > joints.pelvis[1] + 0.09) & (np.abs(shirt[:, 0]) < 0.16)
    assert shirt[front, 2].min() > joints.hips[:, 2].mean() + 0.03


def test_two_bones_reach_what_is_within_reach_and_keep_their_lengths() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        root, pole = random.normal(size=3), unit(random.normal(size=3))
        target = root + unit(random.normal(size=3)) * random.uniform(0.1, 0.52)
        middle, end = solve_two_bones(root, target, 0.29, 0.26, pole)
        assert np.allclose(end, target, atol=1e-6)
        assert np.isclose(np.linalg.norm(middle - root), 0.29, atol=1e-6)
        assert np.isclose(np.linalg.norm(end - middle), 0.26, atol=1e-6)
    _, end = solve_two_bones(np.zeros(3), (0, 2.0, 0), 0.29, 0.26, (0, 0, 1))
    assert 0.54 < np.linalg.norm(end) < 0.55


def test_turning_the_body_turns_the_mesh() -> None:
    human = Human(MATERIALS)
    yaw = 1.1
    still, turned = (
        human.build_mesh(human.solve(lying(human, yaw=0.0))),
        human.build_mesh(human.solve(lying(human, yaw=yaw))),
    )
    about = np.array([0.3, -0.2, 0.0])
    assert np.allclose((still.vertices - about) @ turn_z(yaw).T + about, turned.vertices, atol=0.02)
