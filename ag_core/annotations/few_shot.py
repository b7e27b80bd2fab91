"""Which action classes are base and which novel in the few-shot protocol (methods B6).

The lists are fixed in assets/few_shot.json, one pair a profile: the paper does not publish its own. Base training keeps
every video and masks the novel labels in the loss; it does not leave out the videos in which novel actions happen.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.settings import ASSETS
from ag_core.taxonomy import ACTIONS, N_ACTIONS, find_action_index

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

MIN_VIDEOS = 12
"""So many train and so many val videos has each novel class of a set on which few-shot results are reported."""


@dataclass(frozen=True)
class FewShotClasses:
    """Base and novel classes of a profile, indices into ACTIONS in rising order. drawn: how the list came about."""

    profile: str
    base: tuple[int, ...]
    novel: tuple[int, ...]
    drawn: str

    def __post_init__(self) -> None:
        if set(self.base) & set(self.novel):
            both = ACTIONS[min(set(self.base) & set(self.novel))].id
            raise ValueError(f"{both} is base and novel in {self.profile}; a class is one of the two")

    def loss_mask(self) -> NDArray[np.bool_]:
        """[157] True for the classes that count in the loss of base training; novel labels are not looked at."""
        mask = np.zeros(N_ACTIONS, bool)
        mask[list(self.base)] = True
        return mask


@cache
def list_few_shot_classes(profile: str) -> FewShotClasses:
    """The fixed lists of a profile; UserError where there are none for it."""
    lists = json.loads((ASSETS / "few_shot.json").read_text(encoding="utf-8"))
    if profile not in lists:
        raise UserError(f"there are no few-shot lists for {profile!r}; choose one of {', '.join(lists)}")
    base, novel = (tuple(sorted(map(find_action_index, lists[profile][name]))) for name in ("base", "novel"))
    return FewShotClasses(profile, base, novel, lists[profile]["drawn"])


def count_videos_of_classes(store: "AnnotationStore", actions: Iterable[int]) -> pd.DataFrame:
    """How many annotated videos of each split show each of these classes, by action.

    Columns: action, action_id, label, train, val, enough: whether both reach MIN_VIDEOS.
    """
    return store.ask(
        """with shown as (
               select action, count(distinct video) filter (split = 'train') as train,
                      count(distinct video) filter (split = 'test') as val
               from action_intervals join videos using (source, video) where source = 'annotation' group by action
           )
           select a.action, a.id as action_id, a.label, coalesce(train, 0) as train, coalesce(val, 0) as val,
                  least(coalesce(train, 0), coalesce(val, 0)) >= $1 as enough
           from action_classes a left join shown using (action)
           where a.action in (select unnest($2::integer[])) order by a.action""",
        [MIN_VIDEOS, list(actions)],
    )


def draw_novel(videos: pd.DataFrame, count: int, seed: int) -> tuple[int, ...]:
    """Novel classes, ascending, drawn from those of `count_videos_of_classes` with an object and enough videos.

    UserError where there are too few of them.
    """
    candidates = [a for a in videos[videos["enough"]]["action"] if ACTIONS[a].object_class is not None]
    if len(candidates) < count:
        raise UserError(
            f"{len(candidates)} classes with an object reach {MIN_VIDEOS} train and val videos; "
            f"{count} novel ones need a larger set"
        )
    return tuple(sorted(int(a) for a in np.random.default_rng(seed).choice(candidates, count, replace=False)))
