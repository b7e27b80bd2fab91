"""Single steps: what one writes into the performance, and that one which cannot be done writes nothing."""

from typing import Any

import numpy as np
import pytest

from ag_core.world.action_table import find_actions, list_profile_actions
from ag_core.world.body.posture import Segment
from ag_core.world.content_sampling import make_item, make_person
from ag_core.world.motion.actor import Actor
from ag_core.world.motion.director import STEP_FUNCTIONS
from ag_core.world.motion.goals import BeDrunkFrom, BeHeld, CoverFace, HangDown
from ag_core.world.motion.script import Step
from ag_core.world.motion.tracks import Track
from ag_core.world.objects.grips import CARRY
from ag_core.world.random_streams import RandomStream
from ag_core.world.room.rooms import furnish


@pytest.fixture
def actor() -> Actor:
    """Somebody who stands in a living room with a cup in the right hand."""
    room = furnish("living", RandomStream("train", 1, "room 0"))
    human = make_person("train", 0, RandomStream("train", 1, "clothes"), room.palette)
    items = {"cup": make_item("cup", RandomStream("train", 1, "shapes"), room.palette)}
    width, depth = room.size
    viewer = np.array([width / 2, depth + 2.2, 1.4])
    actor = Actor(
        room, human, items, RandomStream("train", 1, "script 0"), 12.0, viewer, list_profile_actions("home-157")
    )
    actor.position = np.array([width / 2, depth - 0.5, 0.0])
    actor.add_segment(Segment("stand", 0.0, 0.0, actor.position, actor.yaw))
    actor.performance.paths["cup"] = Track(BeHeld(CARRY["cup"], 1))
    actor.held, actor.hand, actor.held_since = "cup", 1, 0.0
    return actor


def written(actor: Actor) -> tuple[float, int, int, int, list[int]]:
    """How much has been written so far."""
    stage = actor.performance
    tracks: tuple[Track[Any], ...] = (*stage.hands, *stage.paths.values(), stage.gaze)
    tracks = (*tracks, stage.lean, stage.crouch, stage.nod, stage.eyes)
    return actor.time, len(actor.labels), len(stage.body), len(stage.motions), [len(track.keys) for track in tracks]


def test_drinking_brings_the_cup_to_the_mouth_and_back(actor: Actor) -> None:
    assert STEP_FUNCTIONS["drink"](actor, Step("drink", "cup"))
    goals = [goal for _, _, goal in actor.performance.paths["cup"].keys]
    assert [type(goal) for goal in goals] == [BeDrunkFrom, BeHeld]
    assert [label.action for label in actor.labels] == list(find_actions("consume", "cup/glass/bottle"))
    assert all(label.shows == ("cup",) and 0 < label.start < label.end for label in actor.labels)
    (motion,) = actor.performance.motions
    assert (motion.name, motion.relation) == ("cup", "drinking_from")
    state = actor.performance.at((motion.start + motion.end) / 2)
    assert np.linalg.norm(state.items["cup"].at - state.joints.mouth) < 0.2


def test_sneezing_takes_the_free_hand(actor: Actor) -> None:
    assert STEP_FUNCTIONS["sneeze"](actor, Step("sneeze"))
    left, right = actor.performance.hands
    assert [type(goal) for _, _, goal in left.keys] == [CoverFace, HangDown] and not right.keys
    assert [label.action for label in actor.labels] == list(find_actions("face", "sneeze"))


@pytest.mark.parametrize("kind", ["rise", "lie", "awaken", "type", "write", "put on", "undress", "cover", "switch on"])
def test_what_cannot_be_done_writes_nothing(actor: Actor, kind: str) -> None:
    before = written(actor)
    assert not STEP_FUNCTIONS[kind](actor, Step(kind, "cup"))
    assert written(actor) == before
