"""A stand-in for the home world: small videos in which coloured rectangles hold, watch and stand beside one another.

The person is a tall rectangle; each object class has its own colour. An object close to the person is held, one to the
right of it is watched; the action tells which class is held. Written in the real file layout.
"""

from pathlib import Path

import numpy as np

from ag_core.taxonomy import find_object_index, find_relation_index
from ag_core.world.export import write_mp4, write_set
from ag_core.world.truth import WorldTruth

COLOURS = {"person": (230, 180, 140), "cup": (220, 40, 40), "book": (40, 200, 60), "laptop": (50, 80, 230)}
NAMES = {"person": "person", "cup": "cup/glass/bottle", "book": "book", "laptop": "laptop"}
ACTIONS = {"cup": 107, "book": 26, "laptop": 47}
WIDTH, HEIGHT, FPS = 160, 96, 12.0


def write_rectangles(folder: Path, train: int = 4, val: int = 2, n_frames: int = 48) -> Path:
    """Write videos and truth of a small world; returns the folder."""
    (folder / "videos").mkdir(parents=True)
    (folder / "dense").mkdir()
    for number in range(train + val):
        video_id = f"RECT{number}"
        truth, pictures = film(video_id, "train" if number < train else "val", number, n_frames)
        truth.save(folder / "dense" / f"{video_id}.npz")
        write_mp4(folder / "videos" / f"{video_id}.mp4", iter(pictures), FPS)
    write_set(folder, [f"RECT{number}" for number in range(train + val)], {"profile": "rectangles"})
    return folder


def film(video_id: str, split: str, seed: int, n_frames: int) -> tuple[WorldTruth, np.ndarray]:
    random = np.random.default_rng(seed)
    things = list(random.permutation(["cup", "book", "laptop"])[:2])
    names = ["person", *things]
    sizes = np.array([(24, 60), *((random.integers(18, 28), random.integers(18, 28)) for _ in things)])
    start = np.array([random.integers(0, (WIDTH - w, HEIGHT - h)) for w, h in sizes])
    drift = random.uniform(-0.6, 0.6, (len(names), 2))
    pictures = np.full((n_frames, HEIGHT, WIDTH, 3), 90, np.uint8) + random.integers(0, 20, 3, dtype=np.uint8)
    boxes = np.zeros((n_frames, len(names), 4), np.float32)
    relations = np.zeros((n_frames, len(names), 25), bool)
    for t in range(n_frames):
        corners = np.clip(start + drift * t, 0, np.array([WIDTH, HEIGHT]) - sizes).round().astype(int)
        corners[1] = corners[0] + (20, 20) if corners[0][0] < WIDTH - 60 else corners[0] - (10, 0)
        corners = np.clip(corners, 0, np.array([WIDTH, HEIGHT]) - sizes)
        boxes[t] = np.concatenate([corners, corners + sizes], axis=1)
        for name, (x1, y1, x2, y2) in zip(names, boxes[t].astype(int)):
            pictures[t, y1:y2, x1:x2] = COLOURS[name]
        for row in range(1, len(names)):
            watched = boxes[t, row, 0] > boxes[t, 0, 0]
            held = row == 1
            relations[t, row, find_relation_index("looking_at" if watched else "not_looking_at")] = True
            relations[t, row, find_relation_index("in_front_of" if held else "on_the_side_of")] = True
            relations[t, row, find_relation_index("holding" if held else "not_contacting")] = True
    # What is drawn later lies in front: the held thing may be hidden partly, which this stand-in ignores.
    ones = np.ones((n_frames, len(names)), np.float32)
    truth = WorldTruth(
        video_id=video_id,
        split=split,
        seed=seed,
        subject="RECT",
        scene="Kitchen",
        script="A person holds a thing.",
        object_names=[],
        fps=FPS,
        width=WIDTH,
        height=HEIGHT,
        actions=[(ACTIONS[things[0]], 0.0, n_frames / FPS)],
        classes=np.array([find_object_index(NAMES[name]) for name in names], np.int32),
        boxes_xyxy=boxes,
        visibility=ones,
        area=np.tile(sizes.prod(axis=1), (n_frames, 1)),
        relations=relations,
        joints=np.zeros((n_frames, 17, 3), np.float32),
        silhouette=np.zeros((n_frames, 27, 48), bool),
        part="train" if split == "train" else "iid",
        profile="home-20",
    )
    return truth, pictures
