"""A made sample of labelled graphs in the layout of ag-scene-graphs: what is done follows from what is held."""

import json
from pathlib import Path

import numpy as np

THINGS = {"book": ("c026", "c032"), "towel": ("c033", "c037"), "cup/glass/bottle": ("c107", "c110")}
"""Of each class the action of holding it, and the one of only watching it."""


def write_graph_sample(folder: Path, train: int = 24, val: int = 12, frames: int = 3) -> Path:
    """Write ag_frames_train.jsonl and ag_frames_val.jsonl of so many videos; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        lines = [
            json.dumps(make_frame(f"{split[0].upper()}{video:04d}", frame, random))
            for video in range(count)
            for frame in range(1, frames + 1)
        ]
        (folder / f"ag_frames_{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def make_frame(video: str, frame: int, random: np.random.Generator) -> dict[str, object]:
    """One line of the file."""
    objects, active = [], []
    for name in random.permutation(list(THINGS))[: random.integers(1, 3)]:
        held = bool(random.integers(2))
        active.append(THINGS[name][not held])
        objects.append(
            {
                "class": str(name),
                "attention_relationship": ["looking_at"],
                "spatial_relationship": ["in_front_of"],
                "contacting_relationship": ["holding" if held else "not_contacting"],
            }
        )
    moment = {"video": video, "frame": f"{frame:06d}", "time_s": frame / 10, "objects": objects}
    return moment | {"charades_actions_active": active}
