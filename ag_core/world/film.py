"""One film of the home world: pictures and truth from a profile, a split and a seed.

    one = film("home-60", "train", 7)
    for picture in one.frames():                    # uint8 [H,W,3] RGB
        ...
    one.truth                                       # WorldTruth, complete once all frames were drawn

Each random thing takes its own stream derived from the seed (room, person, clothes, things, script, camera, ...).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.taxonomy import N_RELATIONS, object_index
from ag_core.world import props, script
from ag_core.world.cameras import Shot, frame_shot
from ag_core.world.casting import choose_things, person
from ag_core.world.chance import Chance
from ag_core.world.director import Director, Label
from ag_core.world.human import Joints
from ag_core.world.lights import light_room
from ag_core.world.mesh import Mesh, Part, assemble, join, overwrite, turn_z
from ag_core.world.raster import SAMPLES, Camera, Extents, Renderer
from ag_core.world.relations import ObjectState, State, cleaned, relations_of
from ag_core.world.repertoire import actions_of, classes_of
from ag_core.world.rooms import Room, furnish
from ag_core.world.sim import Moment, Performance, handle_point
from ag_core.world.things import book_mesh
from ag_core.world.truth import JOINTS, SILHOUETTE, WorldTruth

GENERATOR_VERSION = 2
FPS, SECONDS = 12.0, 12.0
DARK = 0.72
"""Share of the sky's light that is left in the room with the lamp off."""
SEEN_SHARE, SEEN_TIME = 0.3, 0.5  # an action counts where what it is done with is seen so well, for so long
PEOPLE = {"train": 40, "val": 12}
ROOM_KINDS = ("living", "living", "living", "bedroom", "bedroom", "kitchen", "kitchen")
NOUNS = {"television": "television", "closet/cabinet": "cabinet", "sofa/couch": "sofa", "refrigerator": "refrigerator"}


def film(
    profile: str,
    split: str,
    seed: int,
    size_wh: tuple[int, int] | None = None,
    seconds: float = SECONDS,
    wanted: Sequence[int] = (),
) -> "Film":
    """The film of a seed. profile: one of PROFILES; split: 'train' or 'val'. Same arguments, same pixels.

    size_wh replaces the usual 480x270 (or 270x480 of the portrait films); both even. wanted: indices of actions to show
    in this order as far as room and time allow; `Film.unmet` names the others.
    """
    if split not in PEOPLE:
        raise UserError(f"split {split!r} is unknown; give 'train' or 'val'")
    return Film(profile, split, seed, size_wh, seconds, tuple(wanted))


def video_id(split: str, seed: int) -> str:
    """Five characters A-Z0-9, different for each split and seed below 30 million."""
    number = ((2 * seed + (split == "val")) * 25_214_903 + 9_876_543) % 36**5
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(letters[number // 36**k % 36] for k in range(5))


@dataclass(frozen=True)
class Labelled:
    """A labelled instance. key: a thing's name or a placed prop's index; name: its object class."""

    key: str | int
    name: str


class Film:
    """A film that draws itself frame by frame. `truth` draws all frames first where that has not happened yet."""

    def __init__(
        self,
        profile: str,
        split: str,
        seed: int,
        size_wh: tuple[int, int] | None,
        seconds: float,
        wanted: tuple[int, ...] = (),
    ) -> None:
        self.profile, self.split, self.seed, self.fps = profile, split, seed, FPS
        self.actions, self.wanted = actions_of(profile), wanted
        self.part = split if split == "train" else ("iid", "comp")[seed % 2]
        self.n_frames = round(seconds * FPS)
        self.video_id = video_id(split, seed)
        chance = self.stream("format")
        portrait = chance.happens(0.15)
        self.width, self.height = size_wh or ((270, 480) if portrait else (480, 270))
        self.person_number = int(chance.random.integers(PEOPLE[split]))
        self.subject = f"{'T' if split == 'train' else 'V'}{self.person_number:03d}"
        self.room, self.performance, self.director = self.compose(seconds)
        self.labelled = [Labelled(i, p.prop.name) for i, p in enumerate(self.room.placed)]
        self.labelled += [Labelled(name, script.ITEMS[name].name) for name in self.performance.things]
        self.shot: Shot = frame_shot(
            self.stream("camera"), self.performance, self.width, self.height, seconds, self.must_be_seen(), self.part
        )
        self._truth: WorldTruth | None = None
        self._build()

    def stream(self, name: str) -> Chance:
        """The random stream of one aspect."""
        return Chance(self.split, self.seed, name)

    def must_be_seen(self) -> list[tuple[float, float, NDArray]]:
        """Handled things that the camera has to keep: (start, end, points [K,3])."""
        extra = []
        for label in self.director.labels:
            for key in label.shows:
                if isinstance(key, int) and self.room.placed[key].prop.hinge is not None:
                    placed = self.room.placed[key]
                    ends = [handle_point(placed, share) for share in (0.0, 0.5, 1.0)]
                    extra.append(
                        (label.start - 0.5, label.end + 0.5, np.array([*ends, np.add(placed.position, (0, 0, 0.1))]))
                    )
        return extra

    # -------------------------------------------------------------- composing

    def compose(self, seconds: float) -> tuple[Room, Performance, Director]:
        """Room, person, things and script; a room in which too little can happen is drawn again."""
        best: tuple[int, Room, Performance, Director] | None = None
        for attempt in range(24 if self.wanted else 6):
            kind = self.stream(f"kind {attempt}" if self.wanted else "kind").any_of(ROOM_KINDS)
            room = furnish(kind, self.stream(f"room {attempt}"))
            human = person(self.split, self.person_number, self.stream("clothes"), room.palette)
            things = choose_things(room, self.stream("shapes"), self.stream(f"things {attempt}"))
            chance = self.stream(f"script {attempt}")
            width, depth = room.size
            viewer = np.array([width / 2 + chance.uniform(-0.8, 0.8), depth + 2.2, 1.4])
            actions, novel = self.actions | set(self.wanted), self.part == "comp" or bool(self.wanted)
            director = Director(room, human, things, chance, seconds, viewer, actions, novel)
            director.lay_out(list(things))
            performance = director.run(self.wanted)
            steps = sum(end > 0.5 for end in director.step_ends) - 100 * len(director.unmet)
            lacks = self.part == "comp" and not self.wanted and not director.new_steps
            steps -= 100 * lacks
            if best is None or steps > best[0]:
                best = steps, room, performance, director
            if steps >= (1 if self.wanted else min(4, seconds / 3)):
                break
        assert best is not None
        return best[1:]

    # -------------------------------------------------------------- building what is drawn

    def _build(self) -> None:
        """One Geometry: still parts first, moving parts last."""
        room, stage = self.room, self.performance
        still, moving = list(room.decor), []
        self.movers: list[tuple[str, int | str]] = []  # how each moving part is placed each frame
        first = stage.at(0.0)
        for i, placed in enumerate(room.placed):
            casts = placed.prop.name not in ("floor", "door", "doorknob", "window", "picture")
            if placed.rides is not None:
                moving.append(Part(self.ridden(i, first), i, False))
                self.movers.append(("rides", i))
                continue
            still.append(Part(join(placed.prop.pieces).moved(turn_z(placed.yaw), placed.position), i, casts))
            if placed.prop.hinge is not None:
                moving.append(Part(self.swung(i, first), i, True))
                self.movers.append(("hinge", i))
        for k, name in enumerate(stage.things):
            moving.append(Part(self.thing_mesh(name, first), len(room.placed) + k))
            self.movers.append(("thing", name))
        self.person_label = len(self.labelled)
        moving.append(Part(stage.human.mesh(first.joints), self.person_label))
        self.movers.append(("person", 0))
        self.geometry, ranges = assemble(still + moving)
        self.ranges = ranges[len(still) :]
        still_triangles = sum(len(p.mesh.faces) for p in still)
        width, depth = room.size
        lights = self.lights = light_room(self.stream("light"), room.size, room.lamp_at, room.window_at)
        lamps = [mesh for placed in room.placed if placed.prop.name == "light" for mesh in placed.prop.pieces]
        self.lamp_materials = sorted({int(m) for mesh in lamps for m in mesh.material})
        self.lamp_now = 1.0
        volume = np.array([(-0.1, -0.1, 0), (width + 0.1, depth + 1.2, 2.4)])
        self.renderer = Renderer(
            self.geometry,
            room.palette.materials,
            room.palette.textures,
            lights,
            volume,
            still_triangles,
            self.width,
            self.height,
        )
        y, x = np.ogrid[-0.5 : 0.5 : self.height * 1j, -0.5 : 0.5 : self.width * 1j]
        noise = self.stream("noise")
        self.falloff = (1 - noise.uniform(0.2, 0.4) * (x * x + y * y)).astype(np.float32)[..., None]
        strength = np.float32(noise.uniform(0.004, 0.013))
        self.grain = noise.random.standard_normal((self.height, self.width, 1), np.float32) * strength

    def thing_mesh(self, name: str, moment: Moment) -> Mesh:
        thing, grip = self.performance.things[name], moment.things[name]
        if thing.prop is None:
            return book_mesh(*thing.covers, moment.book_opening, thing.book_size).moved(grip.turn, grip.at)
        mesh = self.joined(name)
        if thing.prop.hinge is not None:
            hinge = thing.prop.hinge
            mesh = join([mesh, self.lid(name).moved(hinge.rotation(moment.lids.get(name, 0.0)), hinge.origin)])
        return mesh.moved(grip.turn, grip.at)

    def lid(self, name: str) -> Mesh:
        """The part of a box or bag that turns, made once."""
        if not hasattr(self, "_lids"):
            self._lids: dict[str, Mesh] = {}
        if name not in self._lids:
            prop = self.performance.things[name].prop
            assert prop is not None and prop.hinge is not None
            self._lids[name] = join(prop.hinge.pieces)
        return self._lids[name]

    def joined(self, key: str | int) -> Mesh:
        """Pieces of a thing, or of a hinge's leaf, as one mesh, made once."""
        if not hasattr(self, "_joined"):
            self._joined: dict[str | int, Mesh] = {}
        if key not in self._joined:
            prop = self.performance.things[key].prop if isinstance(key, str) else self.room.placed[key].prop
            assert prop is not None
            leaf = prop.hinge if isinstance(key, int) else None
            self._joined[key] = join(leaf.pieces if leaf else prop.pieces)
        return self._joined[key]

    def swung(self, i: int, moment: Moment) -> Mesh:
        turn, at = self.leaf_pose(i, moment)
        return self.joined(i).moved(turn, at)

    def leaf_pose(self, i: int, moment: Moment) -> tuple[NDArray, NDArray]:
        """Turn [3,3] and place [3] of a hinged leaf."""
        placed = self.room.placed[i]
        hinge = placed.prop.hinge
        assert hinge is not None
        frame = turn_z(placed.yaw)
        return frame @ hinge.rotation(moment.openness[i]), placed.position + frame @ hinge.origin

    def rider_pose(self, i: int, moment: Moment) -> tuple[NDArray, NDArray]:
        """Turn and place of a knob on its door."""
        rider = self.room.placed[i]
        assert rider.rides is not None
        turn, at = self.leaf_pose(rider.rides, moment)
        door = self.room.placed[rider.rides]
        assert door.prop.hinge is not None
        return turn, at + turn @ (door.prop.hinge.handle - (0, 0.03, 0))

    def ridden(self, i: int, moment: Moment) -> Mesh:
        turn, at = self.rider_pose(i, moment)
        return join(self.room.placed[i].prop.pieces).moved(turn, at)

    # -------------------------------------------------------------- the state for relations

    def still_boxes(self) -> dict[int, tuple[NDArray, NDArray, NDArray]]:
        """World boxes of every placed prop's body, made once."""
        if not hasattr(self, "_still"):
            self._still = {
                i: turned_boxes(props.bounds(p.prop.pieces), turn_z(p.yaw), p.position)
                for i, p in enumerate(self.room.placed)
            }
        return self._still

    def bounds_of(self, pieces: list[Mesh]) -> NDArray:
        """Local boxes [K,2,3] of pieces that live as long as the film, made once."""
        if not hasattr(self, "_bounds"):
            self._bounds: dict[int, NDArray] = {}
        if id(pieces) not in self._bounds:
            self._bounds[id(pieces)] = props.bounds(pieces)
        return self._bounds[id(pieces)]

    def state_of(self, moment: Moment, camera_at: NDArray, head_seen: bool) -> State:
        """The frame's state, objects in the order of `labelled`."""
        objects, still, base = [], self.still_boxes(), moment.base
        support = "lying_on" if base.lying > 0.6 else "sitting_on" if base.sitting > 0.6 else "standing_on"
        carrier = base.owner if support != "standing_on" or base.raised > 0.6 else 0  # the floor is number 0
        for one in self.labelled:
            if isinstance(one.key, str):
                thing, grip = self.performance.things[one.key], moment.things[one.key]
                if thing.prop is None:
                    local = props.bounds([book_mesh(*thing.covers, moment.book_opening, thing.book_size)])
                else:
                    local = self.bounds_of(thing.prop.pieces)
                boxes = turned_boxes(local, grip.turn, grip.at)
                held = moment.held.get(one.key, (False, False))
                motion, worn = moment.motions.get(one.key), moment.worn.get(one.key)
                objects.append(ObjectState(*boxes, held, motion, worn=worn))
                continue
            placed = self.room.placed[one.key]
            boxes = still[one.key]
            if placed.rides is not None:
                boxes = turned_boxes(self.bounds_of(placed.prop.pieces), *self.rider_pose(one.key, moment))
            elif placed.prop.hinge is not None:
                leaf = turned_boxes(self.bounds_of(placed.prop.hinge.pieces), *self.leaf_pose(one.key, moment))
                centres, turns, halves = (np.concatenate(both) for both in zip(boxes, leaf))
                boxes = centres, turns, halves
            objects.append(
                ObjectState(
                    *boxes,
                    motion=moment.motions.get(one.name),
                    support=support if carrier == one.key else None,
                    hollow=self.hollow_of(one.key),
                )
            )
        return State(moment.joints, moment.base.speed, objects, camera_at, head_seen)

    def hollow_of(self, i: int) -> tuple[NDArray, NDArray, NDArray] | None:
        """The opening that a doorway encloses: centre, turn, half; None for other props."""
        placed = self.room.placed[i]
        if placed.prop.name != "doorway":
            return None
        low, high = props.footprint(placed.prop)
        half = np.maximum((high - low) / 2, (0, 0.3, 0))
        return placed.position + turn_z(placed.yaw) @ ((low + high) / 2), turn_z(placed.yaw), half

    # -------------------------------------------------------------- drawing

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Pictures [H,W,3] RGB, in order; may be called again and gives the same pictures."""
        n, total = len(self.labelled) + 1, self.n_frames
        boxes, area = np.zeros((total, n, 4), np.float32), np.zeros((total, n), np.int32)
        visibility, raw = np.zeros((total, n), np.float32), np.zeros((total, n, N_RELATIONS), bool)
        hands = np.zeros((total, 2), bool)
        joints, silhouette = np.zeros((total, len(JOINTS), 3), np.float32), np.zeros((total, *SILHOUETTE), bool)
        looked_at = None
        for k in range(total):
            time = k / self.fps
            moment = self.performance.at(time)
            for (kind, key), vertex_range in zip(self.movers, self.ranges):
                overwrite(self.geometry, vertex_range, self.moved_mesh(kind, key, moment))
            self.dim(moment.lamp)
            camera = self.shot.at(time)
            image = self.renderer.draw(camera)
            extents: Extents = self.renderer.extents(n)
            boxes[k], area[k] = extents.seen_boxes_xyxy, extents.seen_area
            visibility[k] = np.clip(extents.visibility, 0, 1)
            head = self.pixel(moment.joints.head, camera)
            head_seen = head is not None and self.label_at(*head) >= 0
            state = self.state_of(moment, camera.position, head_seen)
            raw[k, :-1], looked_at = relations_of(state, looked_at)
            hands[k] = [self.hand_seen(moment, i, camera) for i in (0, 1)]
            joints[k], silhouette[k] = joint_array(moment.joints), self.silhouette()
            yield self.develop(image, k)
        relations = np.zeros_like(raw)
        relations[:, :-1] = cleaned(raw[:, :-1])
        self._truth = self.make_truth(boxes, area, visibility, relations, hands, joints, silhouette)

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

    def moved_mesh(self, kind: str, key: int | str, moment: Moment) -> Mesh:
        if kind == "person":
            return self.performance.human.mesh(moment.joints)
        if kind == "thing":
            return self.thing_mesh(str(key), moment)
        return self.ridden(int(key), moment) if kind == "rides" else self.swung(int(key), moment)

    def pixel(self, point: NDArray, camera: Camera) -> tuple[int, int] | None:
        """Pixel (x, y) of a world point; None outside the picture."""
        x, y, z = camera.rotation @ (point - camera.position)
        if z <= 0.05:
            return None
        px, py = int(x / z * camera.focal + self.width / 2), int(y / z * camera.focal + self.height / 2)
        return (px, py) if 0 <= px < self.width and 0 <= py < self.height else None

    def label_at(self, x: int, y: int) -> int:
        """Label of what is seen at a pixel, -1 for none."""
        t = self.renderer.seen[y * SAMPLES, x * SAMPLES]
        return int(self.geometry.label[t]) if t >= 0 else -1

    def hand_seen(self, moment: Moment, i: int, camera: Camera) -> bool:
        """Whether the wrist or the palm, or what it holds, is seen where the hand is."""
        allowed = {self.person_label} | {
            k for k, one in enumerate(self.labelled) if isinstance(one.key, str) and moment.held.get(one.key, (0, 0))[i]
        }
        for reach in (0.0, 0.06, 0.12):
            at = self.pixel(moment.joints.wrists[i] + reach * moment.joints.fingers[i], camera)
            if at is not None and self.label_at(*at) in allowed:
                return True
        return False

    def silhouette(self) -> NDArray[np.bool_]:
        """Where the person is seen, on a coarse grid [27,48] over the picture."""
        rows, columns = (
            ((np.arange(cells) + 0.5) / cells * pixels * SAMPLES).astype(int)
            for cells, pixels in zip(SILHOUETTE, (self.height, self.width))
        )
        seen = self.renderer.seen.reshape(self.height * SAMPLES, self.width * SAMPLES)[np.ix_(rows, columns)]
        return (seen >= 0) & (self.geometry.label[seen] == self.person_label)

    def develop(self, image: NDArray, k: int) -> NDArray[np.uint8]:
        """Add lens fall-off and a little sensor noise; float [H,W,3] 0..1 -> uint8."""
        grain = np.roll(self.grain, k * 7919 % self.grain.size)  # one noise tile, shifted per frame
        return (np.clip(image * self.falloff + grain, 0, 1) * 255 + 0.5).astype(np.uint8)

    # -------------------------------------------------------------- truth

    @property
    def truth(self) -> WorldTruth:
        """The exact truth; draws all frames first where that has not happened yet."""
        if self._truth is None:
            for _ in self.frames():
                pass
        assert self._truth is not None
        return self._truth

    def make_truth(
        self,
        boxes: NDArray,
        area: NDArray,
        visibility: NDArray,
        relations: NDArray,
        hands: NDArray,
        joints: NDArray,
        silhouette: NDArray,
    ) -> WorldTruth:
        classes = [object_index(one.name) for one in self.labelled] + [0]
        duration = self.n_frames / self.fps
        actions, dropped = [], 0
        for label in self.director.labels:
            clipped = Label(label.action, max(label.start, 0), min(label.end, duration), label.shows)
            if clipped.end - clipped.start < 0.25:
                continue
            if self.is_seen(clipped, visibility, area, hands):
                actions.append((label.action, round(clipped.start, 2), round(min(clipped.end, duration), 2)))
            else:
                dropped += 1
        seen_steps = [s for s, end in zip(self.director.steps, self.director.step_ends) if end > 0.5]
        nouns = {name: item.noun for name, item in script.ITEMS.items()} | NOUNS
        names = [nouns.get(s.subject, s.subject) for s in seen_steps if s.subject]
        return WorldTruth(
            self.video_id,
            self.split,
            self.seed,
            self.subject,
            self.room.scene,
            script.sentence(seen_steps, nouns),
            list(dict.fromkeys(names)),
            self.fps,
            self.width,
            self.height,
            actions,
            np.array(classes),
            boxes,
            visibility,
            area,
            relations,
            joints,
            silhouette,
            self.part,
            self.profile,
            dropped,
        )

    def is_seen(self, label: Label, visibility: NDArray, area: NDArray, hands: NDArray) -> bool:
        """The evidence rule: person and object are seen for at least half of the interval.

        All that the label names must be seen, and of the classes its action is about one thing at least.
        """
        first, last = int(label.start * self.fps), max(int(label.end * self.fps), int(label.start * self.fps) + 1)
        span = slice(first, last)
        shown = (visibility[span, -1] >= SEEN_SHARE) & (area[span, -1] > 400 * self.width * self.height / 129_600)
        for key in label.shows:
            n = next(i for i, one in enumerate(self.labelled) if one.key == key)
            small = isinstance(key, str) or self.labelled[n].name == "doorknob"
            least = 30 if small else 120
            shown &= (visibility[span, n] >= SEEN_SHARE) & (area[span, n] >= least * self.width * self.height / 129_600)
            if small:
                shown &= hands[span].any(1)
        concerned = [n for n, one in enumerate(self.labelled) if one.name in classes_of(label.action)]
        if concerned:
            shown &= (visibility[span][:, concerned] >= SEEN_SHARE).any(1)
        return bool(shown.mean() >= SEEN_TIME) if len(shown) else False


def joint_array(j: Joints) -> NDArray:
    """A skeleton as [17,3] in the order of JOINTS."""
    single = (j.pelvis, j.waist, j.chest, j.neck, j.head)
    return np.concatenate([single, j.hips, j.knees, j.ankles, j.shoulders, j.elbows, j.wrists])


def turned_boxes(local: NDArray, turn: NDArray, at: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Local boxes [K,2,3] as centres [K,3], turns [K,3,3], halves [K,3] in the room."""
    middle, halves = local.mean(1), np.maximum((local[:, 1] - local[:, 0]) / 2, 0.002)
    return middle @ turn.T + at, np.broadcast_to(turn, (len(local), 3, 3)), halves
