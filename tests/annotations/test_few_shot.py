"""The base and novel classes are fixed, apart from each other, and those of the profile."""

from pathlib import Path

import pandas as pd
import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.few_shot import (
    MIN_VIDEOS,
    FewShotClasses,
    count_videos_of_classes,
    draw_novel,
    list_few_shot_classes,
)
from ag_core.annotations.readers.charades import COLUMNS
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.taxonomy import ACTIONS, N_ACTIONS, find_action_index
from ag_core.world.action_table import list_profile_actions

METHODS_B6 = (
    "c004 c015 c024 c033 c041 c051 c059 c070 c076 c078 c081 c093 c105 c113 c122 c132 c133 c134 c135 c145".split()
)


def test_the_list_of_all_classes_is_the_one_of_the_methods() -> None:
    classes = list_few_shot_classes("home-157")
    assert (len(classes.base), len(classes.novel)) == (137, 20)
    assert [ACTIONS[action].id for action in classes.novel] == METHODS_B6
    assert set(classes.base) | set(classes.novel) == set(range(N_ACTIONS))


def test_the_list_of_the_default_profile_is_made_of_its_classes() -> None:
    classes = list_few_shot_classes("home-60")
    assert (len(classes.base), len(classes.novel)) == (52, 8)
    assert set(classes.base) | set(classes.novel) == list_profile_actions("home-60")


def test_base_training_does_not_look_at_novel_labels() -> None:
    classes = list_few_shot_classes("home-60")
    mask = classes.loss_mask()
    assert mask.shape == (N_ACTIONS,) and mask.sum() == 52 and not mask[list(classes.novel)].any()
    assert list_few_shot_classes("home-157").loss_mask().sum() == 137


def test_unknown_profiles_and_double_classes_are_refused() -> None:
    with pytest.raises(UserError, match="home-60"):
        list_few_shot_classes("home-20")
    with pytest.raises(ValueError, match="c001 is base and novel"):
        FewShotClasses("p", (1, 2), (1,), "")


def test_videos_of_classes_are_counted_and_the_novel_drawn_among_those_with_enough(tmp_path: Path) -> None:
    for split, videos in (("train", 13), ("test", 12)):
        rows = [
            dict.fromkeys(COLUMNS, "")
            | {"id": f"{split[-1].upper()}{n:04}", "length": "12.00", "subject": "AAAA", "scene": "Bedroom"}
            | {"actions": "c002 1.00 2.00;c002 3.00 4.00;c154 5.00 6.00" + ";c009 1.00 2.00" * (split == "train")}
            for n in range(videos)
        ]
        pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / f"Charades_v1_{split}.csv", index=False)
    build_store(tmp_path / "s.duckdb", tmp_path)
    with AnnotationStore(tmp_path / "s.duckdb") as store:
        frame = count_videos_of_classes(
            store, [find_action_index(action_id) for action_id in ("c002", "c009", "c154", "c156")]
        )
    assert frame[["action_id", "train", "val", "enough"]].values.tolist() == [
        ["c002", 13, MIN_VIDEOS, True],
        ["c009", 13, 0, False],
        ["c154", 13, 12, True],
        ["c156", 0, 0, False],
    ]
    assert draw_novel(frame, 1, seed=3) == (find_action_index("c002"),)  # standing up has no object
    with pytest.raises(UserError, match="1 classes with an object"):
        draw_novel(frame, 2, seed=3)
