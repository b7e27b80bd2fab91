"""Reading Action Genome as it is usually done: unpickle both files, walk over every frame, keep what training uses.

Written from the rules of methods A4, in the manner of the common data set classes: one class that loads and filters
everything when it is made, with the targets of each frame as small dictionaries. Uses nothing of ag_core.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

GROUPS = ("attention_relationship", "spatial_relationship", "contacting_relationship")
RAW_NAMES = {"closetcabinet": "closet/cabinet", "cupglassbottle": "cup/glass/bottle", "papernotebook": "paper/notebook",
             "phonecamera": "phone/camera", "sofacouch": "sofa/couch"}  # fmt: skip
RAW_RELATIONS = {"lookingat": "looking_at", "notlookingat": "not_looking_at", "infrontof": "in_front_of",
                 "onthesideof": "on_the_side_of", "coveredby": "covered_by", "drinkingfrom": "drinking_from",
                 "haveitontheback": "have_it_on_the_back", "leaningon": "leaning_on", "lyingon": "lying_on",
                 "notcontacting": "not_contacting", "otherrelationship": "other_relationship",
                 "sittingon": "sitting_on", "standingon": "standing_on", "writingon": "writing_on"}  # fmt: skip
MIN_FRAMES = 3


def load_pickles(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both dictionaries by frame name: persons and objects."""
    with (folder / "person_bbox.pkl").open("rb") as file:
        persons = pickle.load(file)
    with (folder / "object_bbox_and_relationship.pkl").open("rb") as file:
        objects = pickle.load(file)
    return persons, objects


def class_names(folder: Path) -> tuple[list[str], list[str]]:
    """Object and relationship names in the order of the class files, spelt as in the pickle."""
    objects = [RAW_NAMES.get(name, name) for name in (folder / "object_classes.txt").read_text().split()]
    relations = [RAW_RELATIONS.get(name, name) for name in (folder / "relationship_classes.txt").read_text().split()]
    return objects, relations


class UsualDataSet:
    """The frames of one split that training uses, by video, each with its person and its visible objects.

    videos   video id -> frame names in order
    targets  frame name -> list: first {'person_bbox'}, then one dictionary for each visible object
    """

    def __init__(self, folder: Path, split: str) -> None:
        persons, annotated = load_pickles(folder)
        object_names, relation_names = class_names(folder)
        self.split, self.n_without_person = split, 0
        by_video: dict[str, list[str]] = {}
        for key, entries in annotated.items():
            if not entries or entries[0]["metadata"]["set"] != split:
                continue
            if not any(entry["visible"] for entry in entries):
                continue
            if persons[key]["bbox"].shape[0] == 0:
                self.n_without_person += 1
                continue
            by_video.setdefault(key.split("/")[0], []).append(key)
        self.videos: dict[str, list[str]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        for video, keys in sorted(by_video.items()):
            if len(keys) < MIN_FRAMES:
                continue
            self.videos[video.removesuffix(".mp4")] = sorted(keys)
            for key in keys:
                found: list[dict[str, Any]] = [{"person_bbox": persons[key]["bbox"]}]
                for entry in annotated[key]:
                    if not entry["visible"]:
                        continue
                    x, y, width, height = entry["bbox"]
                    found.append(
                        {
                            "class": object_names.index(entry["class"]),
                            "bbox": np.array([x, y, x + width, y + height]),
                            **{g: np.array([relation_names.index(name) for name in entry[g]]) for g in GROUPS},
                        }
                    )
                self.targets[key] = found

    def __len__(self) -> int:
        return len(self.videos)
