"""What is drawn of one performance: geometry, pictures, and the state that the relations are read from.

Still parts are built once; moving parts (items, hinged leaves, what is worn, the person) are put in place each time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body import drapes
from ag_core.world.motion.performance import Performance
from ag_core.world.motion.phases import SceneState
from ag_core.world.motion.script import ITEMS
from ag_core.world.objects import props
from ag_core.world.objects.household import make_book_mesh
from ag_core.world.random_streams import RandomStream
from ag_core.world.relations import ObjectState, RelationInput
from ag_core.world.render.mesh import Mesh, Part, assemble, join, overwrite, turn_z
from ag_core.world.render.raster import Camera, Lights, Renderer
from ag_core.world.render.visibility import SAMPLES
from ag_core.world.truth import SILHOUETTE

DARK = 0.72
"""Share of the sky's light that is left in the room with the lamp off."""

WORN_FORMS = ("clothes", "shoe", "bag", "blanket")
"""Items that have another form on the body than in the hand."""
CLOSING = 0.2  # seconds that a hand takes to close or open
SHADOWLESS = ("floor", "door", "doorknob", "doorway", "window", "picture", "mirror")
"""What lies in or on the floor and the walls."""
NOWHERE = np.array([0.0, 0.0, -9.0])


@dataclass(frozen=True)
class Labelled:
    """A labelled instance. key: an item's name or a placed prop's index; name: its object class."""

    key: str | int
    name: str


class Scene:
    """The room, the items and the person of a performance, ready to be drawn at any moment."""

    def __init__(self, performance: Performance, size_wh: tuple[int, int], lights: Lights, noise: RandomStream) -> None:
        self.performance, self.room, self.lights = performance, performance.room, lights
        self.width, self.height = size_wh
        self.labelled = [Labelled(i, placed.prop.name) for i, placed in enumerate(self.room.placed)]
        self.labelled += [Labelled(name, ITEMS[name].name) for name in performance.items]
        self.last_forms: dict[str, Mesh] = {}
        # Made once, when first asked for.
        self._lids: dict[str, Mesh] = {}
        self._joined: dict[str | int, Mesh] = {}
        self._bounds: dict[int, NDArray[np.float64]] = {}
        self._still: dict[int, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]] = {}
        self.build()
        y, x = np.ogrid[-0.5 : 0.5 : self.height * 1j, -0.5 : 0.5 : self.width * 1j]
        self.falloff = (1 - noise.uniform(0.2, 0.4) * (x * x + y * y)).astype(np.float32)[..., None]
        strength = np.float32(noise.uniform(0.004, 0.013))
        self.grain = noise.generator.standard_normal((self.height, self.width, 1), np.float32) * strength

    def build(self) -> None:
        """One Geometry: still parts first, moving parts last."""
        room, stage = self.room, self.performance
        still, moving = list(room.decor), []
        self.movers: list[tuple[str, int | str]] = []  # how each moving part is placed each frame
        first = stage.at(0.0)
        for i, placed in enumerate(room.placed):
            casts = placed.prop.name not in SHADOWLESS
            if placed.rides is not None:
                moving.append(Part(self.place_rider(i, first), i, False))
                self.movers.append(("rides", i))
                continue
            still.append(Part(join(placed.prop.pieces).moved(turn_z(placed.yaw), placed.position), i, casts))
            if placed.prop.hinge is not None:
                moving.append(Part(self.swing_leaf(i, first), i, True))
                self.movers.append(("hinge", i))
        for k, name in enumerate(stage.items):
            moving.append(Part(self.make_item_mesh(name, first), len(room.placed) + k))
            self.movers.append(("item", name))
        for k, name in enumerate(stage.items):
            if name in WORN_FORMS:
                moving.append(Part(self.make_worn_mesh(name, first), len(room.placed) + k))
                self.movers.append(("worn", name))
        self.person_label = len(self.labelled)
        moving.append(Part(stage.human.build_mesh(first.joints), self.person_label))
        self.movers.append(("person", 0))
        self.geometry, ranges = assemble(still + moving)
        self.ranges = ranges[len(still) :]
        still_triangles = sum(len(p.mesh.faces) for p in still)
        width, depth = room.size
        lamps = [mesh for placed in room.placed if placed.prop.name == "light" for mesh in placed.prop.pieces]
        self.lamp_materials = sorted({int(m) for mesh in lamps for m in mesh.material})
        self.lamp_now = 1.0
        volume = np.array([(-0.1, -1.4, 0), (width + 0.1, depth + 1.2, 2.4)])
        self.renderer = Renderer(
            self.geometry,
            room.palette.materials,
            room.palette.textures,
            self.lights,
            volume,
            still_triangles,
            self.width,
            self.height,
        )

    def make_item_mesh(self, name: str, state: SceneState) -> Mesh:
        item, grip = self.performance.items[name], state.items[name]
        if item.prop is None:
            return make_book_mesh(*item.covers, state.book_opening, item.book_size).moved(grip.turn, grip.at)
        mesh = self.join_pieces(name)
        if item.prop.hinge is not None:
            hinge = item.prop.hinge
            mesh = join([mesh, self.join_lid(name).moved(hinge.rotation(state.lids.get(name, 0.0)), hinge.origin)])
        if name in state.worn:
            return mesh.moved(np.zeros((3, 3)), NOWHERE)
        return mesh.moved(grip.turn, grip.at)

    def make_worn_mesh(self, name: str, state: SceneState) -> Mesh:
        """An item as it is on the body, shrunk to nothing while it is not worn."""
        form = self.make_worn_form(name, state)
        return form if name in state.worn else form.moved(np.zeros((3, 3)), NOWHERE)

    def make_worn_form(self, name: str, state: SceneState) -> Mesh:
        """What an item looks like when worn now; made anew only while it is."""
        if name not in state.worn and name in self.last_forms:
            return self.last_forms[name]
        human, joints = self.performance.human, state.joints
        prop = self.performance.items[name].prop
        assert prop is not None
        material = int(prop.pieces[0].material[0])
        if name == "clothes":
            form = human.build_jacket(joints, material)
        elif name == "shoe":
            form = human.build_worn_shoes(joints, material, human.materials["sole"])
        elif name == "bag":
            form = human.build_worn_backpack(joints, material)
        else:
            form = drapes.drape_blanket(joints, material)
        self.last_forms[name] = form
        return form

    def join_lid(self, name: str) -> Mesh:
        """The part of a box or bag that turns, made once."""
        if name not in self._lids:
            prop = self.performance.items[name].prop
            assert prop is not None and prop.hinge is not None
            self._lids[name] = join(prop.hinge.pieces)
        return self._lids[name]

    def join_pieces(self, key: str | int) -> Mesh:
        """Pieces of an item, or of a hinge's leaf, as one mesh, made once."""
        if key not in self._joined:
            prop = self.performance.items[key].prop if isinstance(key, str) else self.room.placed[key].prop
            assert prop is not None
            leaf = prop.hinge if isinstance(key, int) else None
            self._joined[key] = join(leaf.pieces if leaf else prop.pieces)
        return self._joined[key]

    def swing_leaf(self, i: int, state: SceneState) -> Mesh:
        turn, at = self.find_leaf_pose(i, state)
        return self.join_pieces(i).moved(turn, at)

    def find_leaf_pose(self, i: int, state: SceneState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Turn [3,3] and position [3] of a hinged leaf."""
        placed = self.room.placed[i]
        hinge = placed.prop.hinge
        assert hinge is not None
        frame = turn_z(placed.yaw)
        return frame @ hinge.rotation(state.openness[i]), placed.position + frame @ hinge.origin

    def find_rider_pose(self, i: int, state: SceneState) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Turn and position of a knob on its door."""
        rider = self.room.placed[i]
        assert rider.rides is not None
        turn, at = self.find_leaf_pose(rider.rides, state)
        door = self.room.placed[rider.rides]
        assert door.prop.hinge is not None
        return turn, at + turn @ (door.prop.hinge.handle - (0, 0.03, 0))

    def place_rider(self, i: int, state: SceneState) -> Mesh:
        turn, at = self.find_rider_pose(i, state)
        return join(self.room.placed[i].prop.pieces).moved(turn, at)

    # -------------------------------------------------------------- the state for relations

    def list_still_boxes(self) -> dict[int, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
        """World boxes of every placed prop's body, made once."""
        if not self._still:
            self._still = {
                i: turn_boxes(props.find_bounds(p.prop.pieces), turn_z(p.yaw), p.position)
                for i, p in enumerate(self.room.placed)
            }
        return self._still

    def find_bounds_of(self, pieces: list[Mesh]) -> NDArray[np.float64]:
        """Local boxes [K,2,3] of pieces that live as long as the film, made once."""
        if id(pieces) not in self._bounds:
            self._bounds[id(pieces)] = props.find_bounds(pieces)
        return self._bounds[id(pieces)]

    def read_state(self, state: SceneState, camera: Camera) -> RelationInput:
        """The frame's state, objects in the order of `labelled`; after `draw` of the same moment."""
        head = self.find_pixel(state.joints.head, camera)
        head_seen = head is not None and self.find_label(*head) >= 0
        objects, still, base = [], self.list_still_boxes(), state.base
        support = "lying_on" if base.lying > 0.6 else "sitting_on" if base.sitting > 0.6 else "standing_on"
        carrier = base.owner if support != "standing_on" or base.raised > 0.6 else 0  # the floor is number 0
        for one in self.labelled:
            if isinstance(one.key, str):
                item, grip = self.performance.items[one.key], state.items[one.key]
                if item.prop is None:
                    local = props.find_bounds([make_book_mesh(*item.covers, state.book_opening, item.book_size)])
                else:
                    local = self.find_bounds_of(item.prop.pieces)
                boxes = turn_boxes(local, grip.turn, grip.at)
                if one.key in state.worn:
                    boxes = turn_boxes(props.find_bounds([self.last_forms[one.key]]), np.eye(3), np.zeros(3))
                held = state.held.get(one.key, (False, False))
                motion, worn = state.motions.get(one.key), state.worn.get(one.key)
                objects.append(ObjectState(*boxes, held, motion, worn=worn))
                continue
            placed = self.room.placed[one.key]
            boxes = still[one.key]
            if placed.rides is not None:
                boxes = turn_boxes(self.find_bounds_of(placed.prop.pieces), *self.find_rider_pose(one.key, state))
            elif placed.prop.hinge is not None:
                leaf = turn_boxes(self.find_bounds_of(placed.prop.hinge.pieces), *self.find_leaf_pose(one.key, state))
                centres, turns, halves = (np.concatenate(both) for both in zip(boxes, leaf))
                boxes = centres, turns, halves
            objects.append(
                ObjectState(
                    *boxes,
                    motion=state.motions.get(one.name),
                    support=support if carrier == one.key else None,
                    hollow=self.find_hollow(one.key),
                )
            )
        return RelationInput(state.joints, state.base.speed, objects, camera.position, head_seen)

    def find_hollow(self, i: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
        """The opening that a doorway encloses: centre, turn, half; None for other props."""
        placed = self.room.placed[i]
        if placed.prop.name != "doorway":
            return None
        low, high = props.find_footprint(placed.prop)
        half = np.maximum((high - low) / 2, (0, 0.3, 0))
        return placed.position + turn_z(placed.yaw) @ ((low + high) / 2), turn_z(placed.yaw), half

    # -------------------------------------------------------------- drawing

    def draw(self, state: SceneState, camera: Camera, k: int) -> NDArray[np.uint8]:
        """The picture [H,W,3] of a moment, frame number k deciding the grain."""
        for (kind, key), vertex_range in zip(self.movers, self.ranges):
            overwrite(self.geometry, vertex_range, self.move_mesh(kind, key, state))
        self.dim(state.lamp)
        return self.develop(self.renderer.draw(camera), k)

    def dim(self, lamp: float) -> None:
        """Give the lamp a share of its light: its fill, and the glow of its shade."""
        if lamp == self.lamp_now:
            return
        self.lamp_now = lamp
        fills = self.lights.fills.copy()
        fills[0, 3:] *= lamp
        self.renderer.lights = self.lights._replace(
            fills=fills,
            sky=self.lights.sky * (DARK + (1 - DARK) * lamp),
            ground=self.lights.ground * (DARK + (1 - DARK) * lamp),
        )
        glow = self.renderer.materials["glow"]
        for material in self.lamp_materials:
            glow[material] = self.room.palette.materials["glow"][material] * lamp

    def move_mesh(self, kind: str, key: int | str, state: SceneState) -> Mesh:
        if kind == "person":
            grips = (self.find_hand_closure(state, 0), self.find_hand_closure(state, 1))
            return self.performance.human.build_mesh(state.joints, state.eyes, state.mouth, grips)
        if kind == "item":
            return self.make_item_mesh(str(key), state)
        if kind == "worn":
            return self.make_worn_mesh(str(key), state)
        return self.place_rider(int(key), state) if kind == "rides" else self.swing_leaf(int(key), state)

    def find_hand_closure(self, state: SceneState, hand: int) -> float:
        """How far a hand is closed: it closes just before it holds something, and opens just after, 0 to 1."""
        closed = 0.0
        for held in self.performance.attached:
            if held.hands[hand]:
                closed = max(closed, min(state.time - held.start, held.end - state.time) / CLOSING + 1)
        return float(np.clip(closed, 0, 1))

    def find_pixel(self, point: NDArray[np.float64], camera: Camera) -> tuple[int, int] | None:
        """Pixel (x, y) of a world point; None outside the picture."""
        x, y, z = camera.rotation @ (point - camera.position)
        if z <= 0.05:
            return None
        px, py = int(x / z * camera.focal + self.width / 2), int(y / z * camera.focal + self.height / 2)
        return (px, py) if 0 <= px < self.width and 0 <= py < self.height else None

    def find_label(self, x: int, y: int) -> int:
        """Label of what is seen at a pixel, -1 for none."""
        t = self.renderer.seen[y * SAMPLES, x * SAMPLES]
        return int(self.geometry.label[t]) if t >= 0 else -1

    def is_hand_seen(self, state: SceneState, i: int, camera: Camera) -> bool:
        """Whether the wrist or the palm, or what it holds, is seen where the hand is."""
        allowed = {self.person_label} | {
            k for k, one in enumerate(self.labelled) if isinstance(one.key, str) and state.held.get(one.key, (0, 0))[i]
        }
        for reach in (0.0, 0.06, 0.12):
            at = self.find_pixel(state.joints.wrists[i] + reach * state.joints.fingers[i], camera)
            if at is not None and self.find_label(*at) in allowed:
                return True
        return False

    def draw_silhouette(self) -> NDArray[np.bool_]:
        """Where the person is seen, on a coarse grid [27,48] over the picture."""
        rows, columns = (
            ((np.arange(cells) + 0.5) / cells * pixels * SAMPLES).astype(int)
            for cells, pixels in zip(SILHOUETTE, (self.height, self.width))
        )
        seen = self.renderer.seen.reshape(self.height * SAMPLES, self.width * SAMPLES)[np.ix_(rows, columns)]
        person: NDArray[np.bool_] = (seen >= 0) & (self.geometry.label[seen] == self.person_label)
        return person

    def develop(self, image: NDArray[np.float32], k: int) -> NDArray[np.uint8]:
        """Add lens fall-off and a little sensor noise; float [H,W,3] 0..1 -> uint8."""
        grain = np.roll(self.grain, k * 7919 % self.grain.size)  # one noise tile, shifted per frame
        developed: NDArray[np.uint8] = (np.clip(image * self.falloff + grain, 0, 1) * 255 + 0.5).astype(np.uint8)
        return developed


def turn_boxes(
    local: NDArray[np.float64], turn: NDArray[np.float64], at: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Local boxes [K,2,3] as centres [K,3], turns [K,3,3], halves [K,3] in the room."""
    middle, halves = local.mean(1), np.maximum((local[:, 1] - local[:, 0]) / 2, 0.002)
    return middle @ turn.T + at, np.broadcast_to(turn, (len(local), 3, 3)), halves
