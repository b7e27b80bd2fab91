"""A truth made by hand: a person holds a cup at a table that goes out of sight; two chairs."""

import numpy as np

from ag_core.errors import UserError
from ag_core.taxonomy import N_RELATIONS, action_index, object_index, relation_index
from ag_core.world.export import write_film
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
        relations[:, row, [relation_index(label) for label in labels]] = True
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
        [(action_index("c106"), 0.0, 2.0), (action_index("c009"), 1.0, 3.0)],
        np.array([object_index(name) for name in names]),
        boxes,
        visibility,
        area,
        relations,
    )


class StandInFilm:
    """Grey pictures that brighten, with the truth above."""

    n_frames, fps, width, height = FRAMES, FPS, 160, 96

    def __init__(self, split: str = "train", seed: int = 1) -> None:
        self.truth = stand_in_truth(split=split, seed=seed)
        self.video_id = self.truth.video_id

    def frames(self):
        for index in range(FRAMES):
            yield np.full((96, 160, 3), 40 + 5 * index, np.uint8)


def draw_stand_in(task, out) -> None:
    """What a worker process draws in tests; the seed 13 cannot be drawn."""
    if task.seed == 13:
        raise UserError("the film of seed 13 cannot be drawn")
    write_film(StandInFilm(task.split, task.seed), out, task.video_id)
