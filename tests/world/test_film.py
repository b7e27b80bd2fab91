"""Films: the same seed gives the same film, and every truth obeys the rules, whatever the seed."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.taxonomy import GROUP_SLICES, N_ACTIONS, N_RELATIONS, OBJECT_CLASSES, RELATIONS, Group
from ag_core.world.action_table import DEFAULT_PROFILE, list_entries, list_profile_actions
from ag_core.world.export import build_dense_graphs
from ag_core.world.film import Film, compose_film, make_video_id
from ag_core.world.motion.planning import is_useful, list_goals
from ag_core.world.motion.script import SKILLS, Step, find_class
from ag_core.world.random_streams import RandomStream
from ag_core.world.truth import WorldTruth

pytestmark = pytest.mark.slow

SIZE, SECONDS = (128, 72), 2.0


@pytest.fixture(scope="module")
def films() -> list[tuple[Film, NDArray[np.uint8]]]:
    chosen = (("train", 1), ("val", 1), ("train", 12))
    made = [compose_film(DEFAULT_PROFILE, split, seed, SIZE, SECONDS) for split, seed in chosen]
    return [(one, np.stack(list(one.frames()))) for one in made]


def test_pictures_have_the_promised_shape(films: list[tuple[Film, NDArray[np.uint8]]]) -> None:
    for one, pictures in films:
        assert pictures.shape == (one.n_frames, SIZE[1], SIZE[0], 3) and pictures.dtype == np.uint8
        assert pictures.std() > 15  # something is to be seen


def test_the_same_seed_gives_the_same_film(films: list[tuple[Film, NDArray[np.uint8]]]) -> None:
    one, pictures = films[0]
    again = compose_film(DEFAULT_PROFILE, "train", 1, SIZE, SECONDS)
    for k, picture in zip(range(4), again.frames()):
        np.testing.assert_array_equal(picture, pictures[k])
    assert again.director.actor.labels == one.director.actor.labels


def test_a_film_does_not_depend_on_the_films_before_it() -> None:
    def pictures(seed: int) -> np.ndarray:  # an apple stands on the table of 291; 225 has items of the same grid
        return np.stack(
            [picture for _, picture in zip(range(2), compose_film("home-60", "train", seed, SIZE, 12).frames())]
        )

    before = pictures(291)
    pictures(225)
    np.testing.assert_array_equal(pictures(291), before)


def test_a_film_of_few_frames_shows_the_same_moments() -> None:
    whole, few = (compose_film(DEFAULT_PROFILE, "train", 1, SIZE, SECONDS, fps=fps) for fps in (12.0, 2.0))
    pictures, moments = list(whole.frames()), list(few.frames())
    assert len(moments) == few.truth.n_frames == 4 and few.truth.duration_s == whole.truth.duration_s
    for number, moment in enumerate(moments):  # but for the grain
        assert np.abs(pictures[6 * number].astype(int) - moment).mean() < 6
        np.testing.assert_array_equal(few.truth.boxes_xyxy[number], whole.truth.boxes_xyxy[6 * number])
        np.testing.assert_array_equal(few.truth.visibility[number], whole.truth.visibility[6 * number])
    assert [graph.frame for graph in build_dense_graphs(few.truth)] == [1, 2, 3, 4]
    assert [graph.frame for graph in build_dense_graphs(whole.truth)][:3] == [1, 3, 5]


def test_splits_and_seeds_differ(films: list[tuple[Film, NDArray[np.uint8]]]) -> None:
    assert not np.array_equal(films[0][1], films[1][1])
    assert films[0][0].subject[0] == "T" and films[1][0].subject[0] == "V"
    assert len({make_video_id(split, seed) for split in ("train", "val") for seed in range(2000)}) == 4000


def test_boxes_lie_inside_the_picture_and_hold_the_visible_pixels(
    films: list[tuple[Film, NDArray[np.uint8]]],
) -> None:
    for one, _ in films:
        truth = one.truth
        x0, y0, x1, y1 = np.moveaxis(truth.boxes_xyxy, -1, 0)
        assert (x0 >= 0).all() and (y0 >= 0).all() and (x1 <= SIZE[0]).all() and (y1 <= SIZE[1]).all()
        assert (truth.area <= (x1 - x0) * (y1 - y0)).all()
        assert ((truth.area > 0) == (x1 > x0)).all()


def test_visibility_is_a_share(films: list[tuple[Film, NDArray[np.uint8]]]) -> None:
    for one, _ in films:
        assert one.truth.visibility.min() >= 0 and one.truth.visibility.max() <= 1


def test_every_object_has_one_attention_and_some_spatial_and_contact_words(
    films: list[tuple[Film, NDArray[np.uint8]]],
) -> None:
    for one, _ in films:
        truth = one.truth
        objects = truth.relations[:, np.arange(len(truth.classes)) != truth.person]
        contact = objects[..., GROUP_SLICES[Group.CONTACT]]
        nothing = objects[..., RELATIONS.index("not_contacting")]
        assert (objects[..., GROUP_SLICES[Group.ATTENTION]].sum(-1) == 1).all()
        assert objects[..., GROUP_SLICES[Group.SPATIAL]].any(-1).all()
        assert contact.any(-1).all() and (contact.sum(-1)[nothing] == 1).all()
        assert objects.shape[-1] == N_RELATIONS and not truth.relations[:, truth.person].any()


def test_actions_are_those_of_the_profile(films: list[tuple[Film, NDArray[np.uint8]]]) -> None:
    for one, _ in films:
        truth, known = one.truth, list_profile_actions(DEFAULT_PROFILE)
        assert all(a in known and 0 <= s < e <= truth.duration_s + 0.01 for a, s, e in truth.actions)


def test_things_in_the_hand_are_held_by_it() -> None:
    stage = compose_film(DEFAULT_PROFILE, "train", 0, (64, 36)).performance
    assert max(stage.at(float(t)).hand_gap for t in np.arange(0, 12, 0.4)) < 0.06


def test_nobody_walks_through_furniture() -> None:
    one = compose_film(DEFAULT_PROFILE, "train", 3, (64, 36))
    for t in np.arange(0, 12, 0.25):
        base = one.performance.find_base(float(t))
        if base.speed > 0.5:
            inside = [
                (low < base.pelvis[:2]).all() and (base.pelvis[:2] < high).all() for low, high in one.room.footprints
            ]
            assert not any(inside)


def test_truth_survives_a_file(films: list[tuple[Film, NDArray[np.uint8]]], tmp_path: Path) -> None:
    truth = films[0][0].truth
    truth.save(tmp_path / "truth.npz")
    again = WorldTruth.load(tmp_path / "truth.npz")
    np.testing.assert_array_equal(again.relations, truth.relations)
    np.testing.assert_array_equal(again.boxes_xyxy, truth.boxes_xyxy)
    assert (again.actions, again.script, again.video_id) == (truth.actions, truth.script, truth.video_id)
    (tmp_path / "broken.npz").write_bytes(b"no")
    with pytest.raises(UserError, match="not a truth file"):
        WorldTruth.load(tmp_path / "broken.npz")


def test_unknown_profiles_and_splits_are_named() -> None:
    with pytest.raises(UserError, match="home-20"):
        compose_film("home-999", "train", 1)
    with pytest.raises(UserError, match="train"):
        compose_film("home-20", "dev", 1)


def test_the_table_covers_every_action_and_the_steps_every_one_that_can_be_shown() -> None:
    assert [entry.action for entry in list_entries()] == list(range(N_ACTIONS))
    shown = {
        action
        for kind, skill in SKILLS.items()
        for subject in skill.subjects or ("",)
        for action in Step(kind, subject).actions(every=True)
    }
    assert shown == list_profile_actions("home-157")
    assert all(list_goals(action) for action in shown)
    assert {len(list_profile_actions(profile)) for profile in ("home-20", "home-60")} == {20, 60}
    assert all(find_class(subject) in OBJECT_CLASSES for s in SKILLS.values() for subject in s.subjects if subject)


def test_a_profile_allows_only_steps_that_serve_it() -> None:
    known = list_profile_actions("home-20")
    assert is_useful(Step("drink", "cup"), known) and is_useful(Step("take", "book"), known)
    assert not is_useful(Step("take", "broom"), known) and not is_useful(Step("sneeze"), known)
    assert is_useful(Step("decoy", "broom"), known)


def test_val_never_draws_a_train_value() -> None:
    train, val = (RandomStream(split, 5, "colour") for split in ("train", "val"))
    options = list(range(9))
    assert not {train.split_choice(options) for _ in range(200)} & {val.split_choice(options) for _ in range(200)}
    bins = [{int(10 * c.split_uniform(0, 1)) for _ in range(200)} for c in (train, val)]
    assert not bins[0] & bins[1]
