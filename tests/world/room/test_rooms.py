"""Rooms: whatever the seed, nothing stands in anything else and everything that is used can be walked to."""

import time
from itertools import combinations

import numpy as np
import pytest

from ag_core.taxonomy import OBJECT_CLASSES
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.affordances import Room
from ag_core.world.room.furnisher import STEP, WAY, are_apart
from ag_core.world.room.paths import BODY, FloorGrid
from ag_core.world.room.rooms import KINDS, SCENES, furnish

pytestmark = pytest.mark.slow

SEEDS = range(4)
PLACED = (
    "bed,chair,closet/cabinet,door,doorknob,doorway,floor,light,mirror,picture,refrigerator,shelf,sofa/couch,table,"
    "television,window"
).split(",")


@pytest.fixture(scope="module")
def rooms() -> dict[tuple[str, str, int], Room]:
    return {
        (kind, split, seed): furnish(kind, RandomStream(split, seed, "room 0"))
        for kind in KINDS
        for split, seeds in (("train", SEEDS), ("val", range(2)))
        for seed in seeds
    }


def floor_of(room: Room) -> FloorGrid:
    return FloorGrid(*room.size, room.footprints, room.extra_floor)


def used_places(room: Room) -> list[np.ndarray]:
    """Where somebody stands who sits down, lies down, washes, cooks, switches the light or takes from a surface."""
    positions = [s.point + 0.40 * turn_z(s.yaw)[:, 1] for s in room.seats]
    positions += [np.asarray(p.stand) for p in (room.sink, room.stove, room.switch) if p is not None]
    positions += [p.position + turn_z(p.yaw) @ (0, 0.6, 0) for p in room.placed if p.prop.name in ("door", "shelf")]
    return positions + [p.position + turn_z(p.yaw) @ (0, 0.9, 0) for p in room.placed if p.prop.name == "refrigerator"]


def test_nothing_stands_in_anything_else(rooms: dict[tuple[str, str, int], Room]) -> None:
    for key, room in rooms.items():
        for a, b in combinations(room.footprints, 2):
            assert are_apart(a, b), f"{key}: {a} and {b} overlap"


def test_furniture_stands_in_the_room(rooms: dict[tuple[str, str, int], Room]) -> None:
    for key, room in rooms.items():
        for low, high in room.footprints:
            assert (low >= -1e-6).all() and (high <= np.add(room.size, (1e-6, 0))).all(), key


def test_everything_used_can_be_walked_to(rooms: dict[tuple[str, str, int], Room]) -> None:
    for key, room in rooms.items():
        grid = floor_of(room)
        middle = max(
            ((x, y) for x in np.arange(0.5, room.size[0], 0.3) for y in np.arange(1.0, room.size[1], 0.3)),
            key=grid.measure_clearance,
        )
        assert grid.measure_clearance(middle) >= WAY / 2, key
        for position in used_places(room):
            way = grid.find_route(middle, position)
            assert way is not None, f"{key}: no way to {position}"
            i, j = grid.find_nearest_free(position)
            free = np.array([axis[k] for axis, k in zip(grid.list_cell_centres(), (i, j))])
            assert np.hypot(*(free - np.asarray(position)[:2])) < STEP, f"{key}: {position} is blocked"


def test_surfaces_are_within_reach_of_free_floor(rooms: dict[tuple[str, str, int], Room]) -> None:
    for key, room in rooms.items():
        grid = floor_of(room)
        for surface in room.surfaces:
            middle = (surface.low + surface.high) / 2
            i, j = grid.find_nearest_free(middle)
            free = np.array([axis[k] for axis, k in zip(grid.list_cell_centres(), (i, j))])
            gap = np.maximum(np.maximum(surface.low - free, free - surface.high), 0)
            assert np.hypot(*gap) < 0.75, f"{key}: {surface.kind} is out of reach"


def test_one_can_walk_through_the_doorway(rooms: dict[tuple[str, str, int], Room]) -> None:
    found = 0
    for key, room in rooms.items():
        if room.doorway is None:
            assert not room.extra_floor and room.find_index("doorway") is None
            continue
        found += 1
        assert room.placed[room.doorway.owner].prop.name == "doorway"
        grid = floor_of(room)
        assert grid.measure_clearance(room.doorway.outside) > BODY and room.doorway.outside[1] < -0.5
        way = grid.find_route(room.doorway.inside, room.doorway.outside)
        assert way is not None and np.abs(way[:, 0] - room.doorway.inside[0]).max() < 0.45, key
    assert found > 5


def test_a_wall_without_a_doorway_is_solid() -> None:
    grid = FloorGrid(4, 3, [])
    assert grid.distance.shape == (40, 30) and grid.measure_clearance((2, 0.05)) == pytest.approx(0.05)
    opened = FloorGrid(4, 3, [], [(np.array([1.0, -1.2]), np.array([1.9, 0.0]))])
    assert opened.measure_clearance((1.45, -0.05)) > 0.35 and opened.measure_clearance((0.5, -0.5)) == 0


def test_all_placed_classes_occur(rooms: dict[tuple[str, str, int], Room]) -> None:
    names = {p.prop.name for room in rooms.values() for p in room.placed}
    assert names == set(PLACED) and names <= set(OBJECT_CLASSES)


def test_every_room_has_light_and_something_to_do(rooms: dict[tuple[str, str, int], Room]) -> None:
    for (kind, _, _), room in rooms.items():
        assert room.switch is not None and room.placed[room.switch.owner].prop.name == "light"
        assert any(s.kind == "floor" for s in room.surfaces)
        assert (room.sink is not None) == (kind in ("kitchen", "bathroom"))
        assert (room.stove is not None) == (kind == "kitchen")
        assert room.scene.startswith(("Entryway", SCENES[kind]))
        if kind == "bedroom":
            assert any(lie.kind == "bed" for lie in room.beds)


def test_chairs_stand_at_tables(rooms: dict[tuple[str, str, int], Room]) -> None:
    """A laptop is put on the first table before the first chair."""
    for key, room in rooms.items():
        seat = next((s for s in room.seats if s.kind == "chair"), None)
        if seat is not None:
            table = next(s for s in room.surfaces if s.kind == "table")
            at = (seat.point + turn_z(seat.yaw) @ (0, 0.62, 0))[:2]
            assert (at > table.low - 0.12).all() and (at < table.high + 0.12).all(), key


def test_a_room_is_furnished_quickly() -> None:
    furnish("living", RandomStream("train", 0, "warm"))
    start = time.process_time()
    for kind in KINDS:
        furnish(kind, RandomStream("train", 1, "room 0"))
    assert (time.process_time() - start) / len(KINDS) < 0.3  # generous: machines differ


def test_the_same_seed_gives_the_same_room() -> None:
    one, other = (furnish("kitchen", RandomStream("val", 3, "room 0")) for _ in range(2))
    assert one.size == other.size and len(one.placed) == len(other.placed)
    assert all(np.array_equal(a.position, b.position) for a, b in zip(one.placed, other.placed))


def test_val_never_uses_a_size_of_train(rooms: dict[tuple[str, str, int], Room]) -> None:
    def tenths(split: str) -> set[int]:
        widths = [
            r.size[0] - (0.3 if {"door", "doorway"} <= {p.prop.name for p in r.placed} else 0)
            for (_, s, _), r in rooms.items()
            if s == split
        ]
        return {int((w - 4.1) / 0.05) for w in widths}

    assert not tenths("train") & tenths("val")
