"""A truth made by hand: a person holds a cup at a table that goes out of sight; two chairs."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.taxonomy import N_RELATIONS, find_action_index, find_object_index, find_relation_index
from ag_core.world import generate as generate_module
from ag_core.world.export import write_film
from ag_core.world.generate import Task
from ag_core.world.truth import WorldTruth

FRAMES, FPS = 36, 12.0


def stand_in_truth(video_id: str = "AB1CD", split: str = "train", seed: int = 1) -> WorldTruth:
    names = ["person", "cup/glass/bottle", "table", "chair", "chair"]
    boxes = np.tile(
        np.array(
            [[40, 10, 90, 90], [60, 40, 76, 60], [5, 60, 60, 90], [100, 50, 130, 90], [132, 50, 158, 90]], np.float32
        ),
        (FRAMES, 1, 1),
    )
    area = np.tile(np.array([3000, 200, 900, 800, 700]), (FRAMES, 1))
    visibility = np.ones((FRAMES, len(names)), np.float32)
    boxes[20:, 2], area[20:, 2], visibility[20:, 2] = 0, 0, 0
    relations = np.zeros((FRAMES, len(names), N_RELATIONS), bool)
    held = {
        1: ("looking_at", "in_front_of", "holding", "drinking_from"),
        2: ("not_looking_at", "in_front_of", "on_the_side_of", "not_contacting"),
        3: ("not_looking_at", "behind", "not_contacting"),
        4: ("not_looking_at", "beneath", "sitting_on"),
    }
    for row, labels in held.items():
        relations[:, row, [find_relation_index(label) for label in labels]] = True
    return WorldTruth(
        video_id,
        split,
        seed,
        "AA01",
        "Kitchen",
        'A person drinks, "slowly", at a table.',
        ["cup", "table"],
        FPS,
        160,
        96,
        [
            (find_action_index("c106"), 0.0, 1.5),
            (find_action_index("c059"), 0.5, 1.5),
            (find_action_index("c009"), 2.5, 3.0),
        ],
        np.array([find_object_index(name) for name in names]),
        boxes,
        visibility,
        area,
        relations,
        np.zeros((FRAMES, 17, 3), np.float32),
        np.zeros((FRAMES, 27, 48), bool),
        "train" if split == "train" else ("iid", "comp")[seed % 2],
        "home-60",
        dropped=1,
    )


class StandInFilm:
    """Grey pictures that brighten, with the truth above."""

    n_frames, fps = FRAMES, FPS

    def __init__(self, split: str = "train", seed: int = 1, size_wh: tuple[int, int] | None = None) -> None:
        self.width, self.height = size_wh or (160, 96)
        self.truth = stand_in_truth(split=split, seed=seed)
        self.video_id = self.truth.video_id

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        for index in range(FRAMES):
            yield np.full((self.height, self.width, 3), 40 + 5 * index, np.uint8)


def draw_stand_in(task: Task, out: Path) -> float:
    """What a worker process draws in tests; the seed 13 cannot be drawn."""
    if task.seed == 13:
        raise UserError("the film of seed 13 cannot be drawn")
    return write_film(StandInFilm(task.split, task.seed), out, task.video_id).duration_s


class SlowFilm(StandInFilm):
    """Takes its time, so that a kill finds it half-written."""

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        for picture in super().frames():
            time.sleep(0.01)
            yield picture


def draw_slowly(task: Task, out: Path) -> float:
    return write_film(SlowFilm(task.split, task.seed), out, task.video_id).duration_s


def main() -> None:
    """Make a set of slow stand-ins in a folder, for a test that kills this program: FOLDER WORKERS."""
    generate_module.draw_one = draw_slowly
    generate_module.generate(sys.argv[1], "home-60", {"train": 6, "val": 4}, workers=int(sys.argv[2]))


if __name__ == "__main__":
    from tests.world import stand_in  # under its own name, by which worker processes find what they draw

    stand_in.main()
