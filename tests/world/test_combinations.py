"""What is held out of train is about a sixth, the same on every machine, and never a whole item."""

import pytest

from ag_core.world.action_table import TEMPLATES
from ag_core.world.combinations import ACCOMPANYING, HELD_OUT_SECTOR, SECTORS, is_held_out, is_held_out_sector
from ag_core.world.content_sampling import make_item
from ag_core.world.motion.script import ITEMS
from ag_core.world.random_streams import RandomStream
from ag_core.world.room.rooms import furnish

VARIANTS = ("", "round", "square", "tall", "flat", "mug", "glass")
SUPPORTS = ("", "table", "shelf", "sofa/couch", "bed", "floor")
VERBS = tuple(template for template in TEMPLATES if template not in ACCOMPANYING)


def test_about_a_sixth_is_held_out() -> None:
    found = [is_held_out(t, key, v, s) for t in VERBS for key in ITEMS for v in VARIANTS for s in SUPPORTS if v or s]
    assert 0.13 < sum(found) / len(found) < 0.20


@pytest.mark.parametrize("key", ITEMS)
def test_no_thing_is_held_out_with_all_its_supports(key: str) -> None:
    for template in VERBS:
        assert not all(is_held_out(template, key, "mug", support) for support in SUPPORTS)
        assert not all(is_held_out(template, key, variant, "table") for variant in VARIANTS)


@pytest.mark.parametrize("key", ITEMS)
def test_the_shapes_of_a_thing_are_never_out_together(key: str) -> None:
    palette = furnish("living", RandomStream("train", 1, "room 0")).palette
    variants = {make_item(key, RandomStream("train", seed, "shapes"), palette).variant for seed in range(16)}
    assert len(variants) > 1
    for template in VERBS:
        for support in (*SUPPORTS, "counter", "wall", "chair"):
            assert sum(is_held_out(template, key, variant, support) for variant in variants) <= (
                1 if len(variants) <= 3 else len(variants) // 2
            )


def test_what_accompanies_everything_and_what_has_no_other_form_stays() -> None:
    assert not any(is_held_out(t, key, v, s) for t in ACCOMPANYING for key in ITEMS for v in VARIANTS for s in SUPPORTS)
    assert not any(is_held_out(template, key) for template in TEMPLATES for key in ITEMS)


def test_one_sector_of_the_camera_is_held_out() -> None:
    assert len(SECTORS) == 6
    assert [sector for sector in SECTORS if is_held_out_sector(sector)] == [HELD_OUT_SECTOR]
    with pytest.raises(ValueError, match="behind"):
        is_held_out_sector("behind")
