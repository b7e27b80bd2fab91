"""Items: every item has a maker and a hold, lies about its origin, and can be held by tall and short people."""

import numpy as np
import pytest

from ag_core.world.body.posture import Segment
from ag_core.world.content_sampling import MAKERS, choose_items, make_item, make_person
from ag_core.world.motion.goals import BeHeld, GripItem
from ag_core.world.motion.performance import Performance
from ag_core.world.motion.phases import Attachment
from ag_core.world.motion.script import ITEMS
from ag_core.world.motion.tracks import Track
from ag_core.world.objects.grips import CARRY, LONG
from ag_core.world.objects.household import BOOK_THICK, make_book_mesh
from ag_core.world.objects.items import Item
from ag_core.world.objects.props import find_bounds
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.textures import Palette
from ag_core.world.room.rooms import furnish


@pytest.fixture(scope="module")
def palette() -> Palette:
    return Palette(RandomStream("train", 1, "looks"))


def made(name: str, palette: Palette, seeds: int = 8, split: str = "train") -> list[Item]:
    return [make_item(name, RandomStream(split, seed, "shapes"), palette) for seed in range(seeds)]


def extent(item: Item) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner [3] of an item's body without its lid."""
    pieces = item.prop.pieces if item.prop else [make_book_mesh(0, 0, 0.0, item.book_size)]
    corners = find_bounds(pieces)
    return corners[:, 0].min(0), corners[:, 1].max(0)


def test_every_item_has_a_maker_a_hold_and_the_right_class(palette: Palette) -> None:
    assert set(MAKERS) | {"book"} == set(ITEMS) == set(CARRY)
    for name, kind in ITEMS.items():
        item = make_item(name, RandomStream("train", 2, "shapes"), palette)
        assert item.prop is None or item.prop.name == kind.name
        assert item.variant and item.radius > 0 and min(item.covers) >= 0


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_things_lie_about_their_origin_and_have_plausible_sizes(name: str, palette: Palette) -> None:
    for item in made(name, palette):
        low, high = extent(item)
        size, middle = high - low, (low + high) / 2
        if name in LONG:  # the origin is where the hands grip
            assert np.abs(middle[:2]).max() < 0.05 and 0.95 < -low[2] < 1.06 and 1.0 < size[2] < 1.5
        elif name != "book":  # a book has its origin in its spine
            assert np.abs(middle).max() < 0.12 and size.min() > 0.03 and size.max() < 0.56
        rests = BOOK_THICK if name == "book" else -low[2]
        assert 0 <= item.lift - rests < 0.005


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_meshes_are_sound(name: str, palette: Palette) -> None:
    for item in made(name, palette, 4):
        pieces = item.prop.pieces if item.prop else [make_book_mesh(0, 0, 0.5, item.book_size)]
        for mesh in [*pieces, *(item.prop.hinge.pieces if item.prop and item.prop.hinge else [])]:
            assert np.isfinite(mesh.vertices).all() and np.isfinite(mesh.normals).all() and np.isfinite(mesh.uv).all()
            assert mesh.faces.max() < len(mesh.vertices)
            np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=0.02)


@pytest.mark.slow
def test_families_are_shared_by_the_splits_and_sizes_are_not(palette: Palette) -> None:
    for name in ITEMS:
        train, val = (made(name, palette, 60, split) for split in ("train", "val"))
        assert {item.variant for item in train} == {item.variant for item in val}
        sizes = [{tuple(np.round(extent(item)[1], 7)) for item in items} for items in (train, val)]
        assert not sizes[0] & sizes[1]


@pytest.mark.parametrize("name", ["box", "bag"])
def test_lids_turn_up_and_away(name: str, palette: Palette) -> None:
    for item in made(name, palette):
        assert item.prop is not None and item.prop.hinge is not None
        hinge, (low, high) = item.prop.hinge, extent(item)
        edge = hinge.handle * (1, 1, 0)  # the front of its upper side
        shut, half, wide = (hinge.origin + hinge.rotation(share) @ edge for share in (0.0, 0.5, 1.0))
        assert shut[1] < 0 and half[2] > shut[2] + 0.1  # its front edge rises
        assert wide[1] > half[1] > shut[1] and wide[1] > hinge.origin[1]  # and goes over to the far side
        leaf = find_bounds([m.moved(offset=hinge.origin) for m in hinge.pieces])
        assert (leaf[:, 0].min(0) > low - 0.05).all() and leaf[:, 1].max(0)[2] < high[2] + 0.06  # lies on the body


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ITEMS))
def test_wrists_reach_what_they_hold_and_working_ends_the_floor(name: str) -> None:
    for number in range(6):
        room = furnish("living", RandomStream("train", 1, "room"))
        human = make_person("train", number, RandomStream("train", number, "clothes"), room.palette)
        item = make_item(name, RandomStream("train", number, "shapes"), room.palette)
        both = ITEMS[name].two_hands
        stage = Performance(room, human, {name: item}, [Segment("stand", 0, 9, np.array([2.0, 1.6, 0]), 0.7)])
        stage.paths[name] = Track(BeHeld(CARRY[name], None if both else 1))
        for i in (0, 1) if both else (1,):
            stage.hands[i].first = GripItem(name)
        stage.attached = [Attachment(name, (both, True), 0, 9)]
        moment = stage.at(1.0)
        assert moment.hand_gap < 0.03
        if name in LONG:
            assert item.prop is not None
            end = item.prop.pieces[0].moved(moment.items[name].turn, moment.items[name].at)
            assert abs(end.vertices[:, 2].min()) < 0.03


@pytest.mark.slow
def test_all_things_are_bystanders_equally_often() -> None:
    counts, total = dict.fromkeys(ITEMS, 0), 150
    room = furnish("living", RandomStream("train", 1, "room"))
    fixed = len(room.placed)
    for seed in range(total):
        del room.placed[fixed:]
        items = choose_items(room, RandomStream("train", seed, "shapes"), RandomStream("train", seed, "things"))
        laptop = any(placed.prop.name == "laptop" for placed in room.placed[fixed:])
        assert not (laptop and "closed laptop" in items)
        for name in items:
            counts[name] += 1
    shares = np.array([count for name, count in counts.items() if name != "closed laptop"]) / total
    assert shares.min() > 0.35 and shares.max() < 0.75


def test_the_same_stream_gives_the_same_things() -> None:
    both = []
    for _ in range(2):
        room = furnish("kitchen", RandomStream("train", 4, "room"))
        items = choose_items(room, RandomStream("train", 4, "shapes"), RandomStream("train", 4, "things"))
        both.append([(name, item.variant, item.radius) for name, item in items.items()])
    assert both[0] == both[1]
