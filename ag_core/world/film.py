"""One film of the home world: frames and truth from a profile, a split and a seed.

    one = compose_film("home-60", "train", 7)
    for frame in one.frames():                    # uint8 [H,W,3] RGB
        ...
    one.truth                                       # WorldTruth, complete once all frames were drawn

Each random aspect takes its own stream derived from the seed (room, person, clothes, items, script, camera, ...).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.taxonomy import N_RELATIONS, find_object_index
from ag_core.world.action_table import find_classes, list_profile_actions
from ag_core.world.body.human import Joints
from ag_core.world.cameras import Shot, frame_shot
from ag_core.world.content_sampling import choose_items, make_person
from ag_core.world.motion import script
from ag_core.world.motion.actor import Actor, Label
from ag_core.world.motion.director import Director
from ag_core.world.motion.layout import lay_out_items
from ag_core.world.motion.performance import Performance, find_deepest_overlap
from ag_core.world.random_streams import RandomStream
from ag_core.world.relations import clean_relations, find_relations
from ag_core.world.render.lights import light_room
from ag_core.world.render.raster import Extents
from ag_core.world.room.affordances import Room
from ag_core.world.room.clearance import DEPTH
from ag_core.world.room.rooms import furnish
from ag_core.world.scene import Scene
from ag_core.world.truth import JOINTS, SILHOUETTE, WorldTruth

GENERATOR_VERSION = 2
FPS, SECONDS = 12.0, 12.0
SMOOTHED_S = 0.4
"""Relationships are what most frames within so many seconds show; frames farther apart speak for themselves."""
SEEN_SHARE, SEEN_TIME = 0.3, 0.5  # an action counts where what it is done with is seen so well, for so long
PEOPLE = {"train": 40, "val": 12}
ROOM_KINDS = (*("living",) * 4, *("bedroom",) * 4, *("kitchen",) * 3, "hallway", "hallway", "bathroom", "garage")
NOUNS = {"television": "television", "closet/cabinet": "cabinet", "sofa/couch": "sofa", "refrigerator": "refrigerator"}


def compose_film(
    profile: str,
    split: str,
    seed: int,
    size_wh: tuple[int, int] | None = None,
    seconds: float = SECONDS,
    wanted: Sequence[int] = (),
    fps: float = FPS,
) -> "Film":
    """The film of a seed. profile: one of PROFILES; split: 'train' or 'val'. Same arguments, same pixels.

    size_wh replaces the usual 480x270 (or 270x480 of the portrait films); both even. wanted: indices of actions to show
    in this order as far as room and time allow; `Film.unmet` names the others. fps: frames a second; the same happens
    at any rate.
    """
    if split not in PEOPLE:
        raise UserError(f"split {split!r} is unknown; give 'train' or 'val'")
    return Film(profile, split, seed, size_wh, seconds, tuple(wanted), fps)


def make_video_id(split: str, seed: int) -> str:
    """Five characters A-Z0-9, different for each split and seed below 30 million."""
    number = ((2 * seed + (split == "val")) * 25_214_903 + 9_876_543) % 36**5
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "".join(letters[number // 36**k % 36] for k in range(5))


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
        fps: float = FPS,
    ) -> None:
        self.profile, self.split, self.seed, self.fps = profile, split, seed, fps
        self.actions, self.wanted = list_profile_actions(profile), wanted
        self.part = split if split == "train" else ("iid", "comp")[seed % 2]
        self.n_frames = max(1, round(seconds * fps))
        self.video_id = make_video_id(split, seed)
        stream = self.make_stream("format")
        portrait = stream.bernoulli(0.15)
        self.width, self.height = size_wh or ((270, 480) if portrait else (480, 270))
        self.person_number = int(stream.generator.integers(PEOPLE[split]))
        self.subject = f"{'T' if split == 'train' else 'V'}{self.person_number:03d}"
        self.room, self.performance, self.director = self.compose(seconds)
        self.shot: Shot = frame_shot(
            self.make_stream("camera"),
            self.performance,
            self.width,
            self.height,
            seconds,
            self.list_must_be_seen(),
            self.part,
        )
        lights = light_room(self.make_stream("light"), self.room.size, self.room.lamp_at, self.room.window_at)
        self.scene = Scene(self.performance, (self.width, self.height), lights, self.make_stream("noise"))
        self._truth: WorldTruth | None = None

    def make_stream(self, name: str) -> RandomStream:
        """The random stream of one aspect."""
        return RandomStream(self.split, self.seed, name)

    def list_must_be_seen(self) -> list[tuple[float, float, NDArray[np.float64]]]:
        """Handled items that the camera has to keep: (start, end, points [K,3])."""
        extra = []
        for label in self.director.actor.labels:
            for key in label.shows:
                if isinstance(key, int) and self.room.placed[key].prop.hinge is not None:
                    placed = self.room.placed[key]
                    ends = [placed.find_handle(share) for share in (0.0, 0.5, 1.0)]
                    extra.append(
                        (label.start - 0.5, label.end + 0.5, np.array([*ends, np.add(placed.position, (0, 0, 0.1))]))
                    )
        return extra

    @property
    def unmet(self) -> list[tuple[int, str]]:
        """The wished actions that were not done, each with the reason in a few words."""
        return self.director.unmet

    # -------------------------------------------------------------- composing

    def compose(self, seconds: float) -> tuple[Room, Performance, Director]:
        """Room, person, items and script; a room in which too little can happen is drawn again."""
        best: tuple[int, Room, Performance, Director] | None = None
        for attempt in range(24 if self.wanted else 10):
            kind = self.make_stream(f"kind {attempt}" if self.wanted else "kind").choice(ROOM_KINDS)
            room = furnish(kind, self.make_stream(f"room {attempt}"))
            human = make_person(self.split, self.person_number, self.make_stream("clothes"), room.palette)
            items = choose_items(room, self.make_stream("shapes"), self.make_stream(f"things {attempt}"))
            if "shoe" in items:
                human = human.without_shoes()
            stream = self.make_stream(f"script {attempt}")
            width, depth = room.size
            viewer = np.array([width / 2 + stream.uniform(-0.8, 0.8), depth + 2.2, 1.4])
            actions, novel = self.actions | set(self.wanted), self.part == "comp" or bool(self.wanted)
            actor = Actor(room, human, items, stream, seconds, viewer, actions)
            lay_out_items(actor, list(items))
            director = Director(actor, novel)
            performance = director.run(self.wanted)
            steps = sum(end > 0.5 for end in director.step_ends) - 100 * len(director.unmet)
            lacks = self.part == "comp" and not self.wanted and not director.new_steps
            steps -= 100 * lacks
            if best is None or steps > best[0]:
                steps -= 50 * (
                    find_deepest_overlap(performance, seconds)[0] > 0.9 * DEPTH
                )  # nobody is in the furniture
            if best is None or steps > best[0]:
                best = steps, room, performance, director
            if steps >= (1 if self.wanted else min(4, seconds / 3)):
                break
        assert best is not None
        return best[1:]

    # -------------------------------------------------------------- drawing

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """Frames [H,W,3] RGB, in order; may be called again and gives the same frames."""
        scene, total = self.scene, self.n_frames
        n = len(scene.labelled) + 1
        boxes, area = np.zeros((total, n, 4), np.float32), np.zeros((total, n), np.int32)
        visibility, raw = np.zeros((total, n), np.float32), np.zeros((total, n, N_RELATIONS), bool)
        hands = np.zeros((total, 2), bool)
        joints, silhouette = np.zeros((total, len(JOINTS), 3), np.float32), np.zeros((total, *SILHOUETTE), bool)
        looked_at = None
        for k in range(total):
            state, camera = self.performance.at(k / self.fps), self.shot.at(k / self.fps)
            frame = scene.draw(state, camera, k)
            extents: Extents = scene.renderer.extents(n)
            boxes[k], area[k] = extents.seen_boxes_xyxy, extents.seen_area
            visibility[k] = np.clip(extents.visibility, 0, 1)
            raw[k, :-1], looked_at = find_relations(scene.read_state(state, camera), looked_at)
            hands[k] = [scene.is_hand_seen(state, i, camera) for i in (0, 1)]
            joints[k], silhouette[k] = stack_joints(state.joints), scene.draw_silhouette()
            yield frame
        relations = np.zeros_like(raw)
        relations[:, :-1] = clean_relations(raw[:, :-1], 2 * round(SMOOTHED_S / 2 * self.fps) + 1)
        self._truth = self.make_truth(boxes, area, visibility, relations, hands, joints, silhouette)

    def draw_still(self, time: float) -> NDArray[np.uint8]:
        """One frame [H,W,3] alone, at a time in seconds."""
        return self.scene.draw(self.performance.at(time), self.shot.at(time), round(time * self.fps))

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
        boxes: NDArray[np.float32],
        area: NDArray[np.int32],
        visibility: NDArray[np.float32],
        relations: NDArray[np.bool_],
        hands: NDArray[np.bool_],
        joints: NDArray[np.float32],
        silhouette: NDArray[np.bool_],
    ) -> WorldTruth:
        classes = [find_object_index(one.name) for one in self.scene.labelled] + [0]
        duration = self.n_frames / self.fps
        actions, dropped = [], 0
        for label in self.director.actor.labels:
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
            script.write_sentence(seen_steps, nouns),
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

    def is_seen(
        self, label: Label, visibility: NDArray[np.float32], area: NDArray[np.int32], hands: NDArray[np.bool_]
    ) -> bool:
        """The evidence rule: person and object are seen for at least half of the interval.

        All that the label names must be seen, and of the classes its action is about one item at least.
        """
        first, last = int(label.start * self.fps), max(int(label.end * self.fps), int(label.start * self.fps) + 1)
        span = slice(first, last)
        shown = (visibility[span, -1] >= SEEN_SHARE) & (area[span, -1] > 400 * self.width * self.height / 129_600)
        for key in label.shows:
            n = next(i for i, one in enumerate(self.scene.labelled) if one.key == key)
            small = isinstance(key, str) or self.scene.labelled[n].name == "doorknob"
            min_area = 30 if small else 120
            shown &= (visibility[span, n] >= SEEN_SHARE) & (
                area[span, n] >= min_area * self.width * self.height / 129_600
            )
            if small:
                shown &= hands[span].any(1)
        concerned = [n for n, one in enumerate(self.scene.labelled) if one.name in find_classes(label.action)]
        if concerned:
            shown &= (visibility[span][:, concerned] >= SEEN_SHARE).any(1)
        return bool(shown.mean() >= SEEN_TIME) if len(shown) else False


def stack_joints(j: Joints) -> NDArray[np.float64]:
    """A skeleton as [17,3] in the order of JOINTS."""
    single = (j.pelvis, j.waist, j.chest, j.neck, j.head)
    return np.concatenate([single, j.hips, j.knees, j.ankles, j.shoulders, j.elbows, j.wrists])
