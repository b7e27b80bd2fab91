"""The vocabulary has the published sizes, and every spelling finds its class."""

import pytest

from ag_core import taxonomy
from ag_core.taxonomy import ACTIONS, GROUP_SLICES, OBJECT_CLASSES, RELATIONS, RELEASED_RELATIONS, Group


def test_sizes() -> None:
    assert (len(OBJECT_CLASSES), len(RELATIONS), len(RELEASED_RELATIONS), len(ACTIONS)) == (36, 25, 26, 157)
    assert {g: s.stop - s.start for g, s in GROUP_SLICES.items()} == {
        Group.ATTENTION: 3,
        Group.SPATIAL: 6,
        Group.CONTACT: 16,
    }
    assert taxonomy.BANK_SIZE == 875


def test_other_relationship_sits_inside_the_contact_group() -> None:
    assert RELEASED_RELATIONS[18] == "other_relationship"
    assert [name for name in RELEASED_RELATIONS if name != "other_relationship"] == list(RELATIONS)


@pytest.mark.parametrize("spelling", ["phone/camera", "phonecamera", "phone_camera"])
def test_spellings_agree(spelling: str) -> None:
    assert OBJECT_CLASSES[taxonomy.find_object_index(spelling)] == "phone/camera"


def test_actions_name_their_objects() -> None:
    by_id = {action.id: action for action in ACTIONS}
    assert OBJECT_CLASSES[by_id["c000"].object_class or 0] == "clothes"
    assert sum(action.object_class is not None for action in ACTIONS) == 148
    assert [action.id for action in ACTIONS] == [f"c{i:03d}" for i in range(157)]


@pytest.mark.parametrize("name", ["lamp", ""])
def test_unknown_names_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(KeyError, match="known are"):
        taxonomy.find_object_index(name)
    with pytest.raises(KeyError, match="known are"):
        taxonomy.find_relation_index(name)


@pytest.mark.parametrize("name", ["c157", "092", "c92", ""])
def test_unknown_actions_are_refused(name: str) -> None:
    with pytest.raises(KeyError, match="c000 to c156"):
        taxonomy.find_action_index(name)
