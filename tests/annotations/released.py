"""Writes Action Genome's two pickles as the release has them, from entries made by hand or from the real graphs."""

import json
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).parents[3] / "shared" / "data"


def person_entry(
    box_xyxy: tuple[float, ...] | None = (10, 20, 110, 220), size_wh: tuple[int, int] = (480, 270)
) -> dict[str, Any]:
    """One value of person_bbox.pkl."""
    boxes = np.array([] if box_xyxy is None else [box_xyxy], np.float32).reshape(-1, 4)
    return {
        "bbox": boxes,
        "bbox_score": np.full(len(boxes), 0.9, np.float32),
        "bbox_size": size_wh,
        "bbox_mode": "xyxy",
        "keypoints": np.zeros((len(boxes), 17, 3), np.float32),
        "keypoints_logits": np.zeros((len(boxes), 17), np.float32),
    }


def object_entry(name: str, bbox: Any = (10, 20, 30, 40), visible: bool = True, **relations: Any) -> dict[str, Any]:
    """One entry of object_bbox_and_relationship.pkl; the groups default to a plain triple."""
    plain = {
        "attention_relationship": ["looking_at"],
        "spatial_relationship": ["in_front_of"],
        "contacting_relationship": ["holding"],
    }
    held = {group: (names if visible else None) for group, names in (plain | relations).items()}
    metadata = {"tag": f"AB1CD.mp4/{name.replace('/', '_')}/000001", "set": "train"}
    return {"class": name, "bbox": bbox if visible else None, **held, "metadata": metadata, "visible": visible}


def write_release(folder: Path, objects: Mapping[Any, Any], persons: Mapping[Any, Any] | None = None) -> Path:
    """Write both files; persons default to one in each frame."""
    folder.mkdir(parents=True, exist_ok=True)
    persons = {key: person_entry() for key in objects} if persons is None else persons
    (folder / "object_bbox_and_relationship.pkl").write_bytes(pickle.dumps(objects))
    (folder / "person_bbox.pkl").write_bytes(pickle.dumps(persons))
    return folder


def real_release(folder: Path, names: Iterable[str]) -> Path:
    """The real graphs of ../shared/data in the release's layout, every object with the same made-up box."""
    objects: dict[str, Any] = {}
    for name in names:
        with (SHARED / "ag-scene-graphs" / name).open() as file:
            for line in file:
                graph = json.loads(line)
                objects[f"{graph['video']}.mp4/{graph['frame']}.png"] = [
                    object_entry(
                        found["class"],
                        **{group: names for group, names in found.items() if group.endswith("_relationship")},
                    )
                    for found in graph["objects"]
                ]
    return write_release(folder, objects)
