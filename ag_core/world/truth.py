"""The exact truth of one synthetic video: what is where in every frame, how it relates to the person, what is done.

A plain record with a file form; knows nothing about how the video was made.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.files import stage_file
from ag_core.taxonomy import N_ACTIONS, N_CLASSES, N_RELATIONS

SILHOUETTE = (27, 48)
"""Rows and columns of `WorldTruth.silhouette`."""
_ARRAYS = {
    "classes": (np.int32, ("N",)),
    "boxes_xyxy": (np.float32, ("T", "N", 4)),
    "visibility": (np.float32, ("T", "N")),
    "area": (np.int32, ("T", "N")),
    "relations": (np.bool_, ("T", "N", N_RELATIONS)),
    "joints": (np.float32, ("T", 17, 3)),
    "silhouette": (np.bool_, ("T", *SILHOUETTE)),
}
PARTS = ("train", "iid", "comp")
JOINTS = (
    *("pelvis", "waist", "chest", "neck", "head", "left hip", "right hip", "left knee", "right knee", "left ankle"),
    *("right ankle", "left shoulder", "right shoulder", "left elbow", "right elbow", "left wrist", "right wrist"),
)
"""The 17 joints in the order of `WorldTruth.joints`."""


@dataclass(frozen=True)
class WorldTruth:
    """One video of T frames with N labelled instances.

    video_id     5 characters A-Z0-9; split 'train' or 'val'; seed of the film; subject 4 characters
    scene        a Charades scene; script one or more sentences; object_names free text nouns of the script
    fps          frames a second; width, height in pixels
    actions      (index into ACTIONS, start in seconds, end in seconds), sorted by start
    classes      [N] index into OBJECT_CLASSES; exactly one is 0, the person
    boxes_xyxy   [T,N,4] box of the visible pixels; zeros where nothing is seen
    visibility   [T,N] seen share of the outline inside the image, 0 to 1
    area         [T,N] visible pixels
    relations    [T,N,25] in the order of RELATIONS; the person's row is False
    joints       [T,17,3] metres in the room: x along the back wall, y towards the camera, z up; order JOINTS
    silhouette   [T,27,48] where the person is seen, the picture cut into 27 rows and 48 columns
    part         'train', or of val 'iid' (like train) or 'comp' (combinations that train never shows)
    profile      what the film may show; dropped: labels left out because the picture does not show their evidence
    """

    video_id: str
    split: str
    seed: int
    subject: str
    scene: str
    script: str
    object_names: list[str]
    fps: float
    width: int
    height: int
    actions: list[tuple[int, float, float]]
    classes: NDArray[np.int32]
    boxes_xyxy: NDArray[np.float32]
    visibility: NDArray[np.float32]
    area: NDArray[np.int32]
    relations: NDArray[np.bool_]
    joints: NDArray[np.float32]
    silhouette: NDArray[np.bool_]
    part: str
    profile: str
    dropped: int = 0

    def __post_init__(self) -> None:
        sizes: dict[str, int] = {}
        for name, (dtype, shape) in _ARRAYS.items():
            array: NDArray[Any] = np.asarray(getattr(self, name), dtype)
            wanted = tuple(
                sizes.setdefault(n, array.shape[i]) if isinstance(n, str) else n for i, n in enumerate(shape)
            )
            if array.shape != wanted:
                raise ValueError(f"WorldTruth.{name} has shape {array.shape}; it needs {wanted}")
            object.__setattr__(self, name, array)
        if self.split not in ("train", "val"):
            raise ValueError(f"split {self.split!r} does not exist; give 'train' or 'val'")
        if self.part not in PARTS or (self.part == "train") != (self.split == "train"):
            raise ValueError(f"part {self.part!r} does not belong to split {self.split!r}")
        if (self.classes == 0).sum() != 1 or self.classes.min() < 0 or self.classes.max() >= N_CLASSES:
            raise ValueError(f"classes must lie in 0 to {N_CLASSES - 1} and hold the person exactly once")
        actions = [(int(a), float(start), float(end)) for a, start, end in self.actions]
        if any(not 0 <= a < N_ACTIONS or not 0 <= start <= end for a, start, end in actions):
            raise ValueError("an action needs an index of ACTIONS and 0 <= start <= end in seconds")
        object.__setattr__(self, "actions", sorted(actions, key=lambda action: (action[1], action[2], action[0])))

    @property
    def n_frames(self) -> int:
        """T, the number of frames."""
        return len(self.boxes_xyxy)

    @property
    def duration_s(self) -> float:
        """Length of the video in seconds."""
        return self.n_frames / self.fps

    @property
    def person(self) -> int:
        """Which of the N instances is the person."""
        return int(np.flatnonzero(self.classes == 0)[0])

    def save(self, path: Path | str) -> None:
        """Write one compressed .npz file, whole or not at all."""
        path = Path(path)
        plain = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _ARRAYS}
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        with stage_file(path) as staged, staged.open("wb") as file:
            np.savez_compressed(file, plain=np.array(json.dumps(plain)), **arrays)

    @staticmethod
    def load(path: Path | str) -> "WorldTruth":
        """Read what `save` wrote; UserError where the file is missing or something else."""
        try:
            with np.load(path, allow_pickle=False) as file:
                plain = json.loads(str(file["plain"]))
                return WorldTruth(**plain, **{name: file[name] for name in _ARRAYS})
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise UserError(f"{path} is not a truth file of the home world ({error}); generate it again") from error
