"""Finished predictions on disk, found again by everything that decides them.

The key is a hash of the video's content, the weights, the settings, and the code that computes; nothing is ever out of
date, only unused. Knows files; no model and no torch, so that a page finds a finished result at once.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached, hash_files
from ag_core.results.prediction import DEFAULT_RATE, VERSION, Prediction
from ag_core.settings import PROJECT, WEIGHTS

HOME_WORLD = "home-world"
COCO = "coco"
DETECTORS: dict[str, str] = {
    HOME_WORLD: "trained on the synthetic home world; all 35 object classes",
    COCO: "torchvision's Faster R-CNN trained on COCO photographs; 14 object classes; fetched over the network once",
}
"""Detectors by name, and what each is; the path of a YOLOX ONNX file is a third choice."""

RELATION_HEADS: dict[str, str] = {
    "reldn": "looks at the pair: appearance, place and classes",
    "frequency": "knows only how often each relationship holds for a class",
}
"""Relation heads by name, and what each is."""

VIDEO_WEIGHTS = ("clip", "lfb", "sgfb")
LARGEST_RATE = 30.0


@dataclass(frozen=True)
class PredictionSettings:
    """What a user chooses: a detector (a name, or the path of an .onnx file), a relation head, graphs per second."""

    detector: str = HOME_WORLD
    relation_head: str = "reldn"
    rate: float = DEFAULT_RATE

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS and not self.detector.lower().endswith(".onnx"):
            raise UserError(
                f"there is no detector {self.detector!r}; choose {', '.join(DETECTORS)} or give a YOLOX .onnx file"
            )
        if self.detector not in DETECTORS:  # the worker may run in another folder
            object.__setattr__(self, "detector", str(Path(self.detector).expanduser().resolve()))
        if self.relation_head not in RELATION_HEADS:
            raise UserError(
                f"there is no relation head {self.relation_head!r}; known heads are {', '.join(RELATION_HEADS)}"
            )
        if not 0 < self.rate <= LARGEST_RATE:
            raise UserError(
                f"a rate of {self.rate:g} graphs a second is impossible; give more than 0, at most {LARGEST_RATE:g}"
            )


def weights_files(chosen: PredictionSettings, weights: Path = WEIGHTS) -> dict[str, Path]:
    """The weights files by role. UserError names the first that is missing."""
    files = {"detector": Path(chosen.detector)} if chosen.detector not in DETECTORS else {}
    if chosen.detector == HOME_WORLD:
        files["detector"] = weights / "detector.safetensors"
    files["regions"] = weights / "detector.safetensors"
    files["relations"] = weights / f"{chosen.relation_head}.safetensors"
    files |= {name: weights / f"{name}.safetensors" for name in VIDEO_WEIGHTS}
    for path in files.values():
        if not path.is_file():
            remedy = "give its path" if path.suffix == ".onnx" else "restore it from the repository or train it"
            raise UserError(f"the weights file {path.name} is missing; {remedy}")
    return files


@cache
def _code_hash() -> str:
    """A hash of the code that decides a result: the models, the pipeline and what they stand on."""
    package = PROJECT / "ag_core"
    named = ("pipeline.py", "records.py", "taxonomy.py", "presets.py", "boxes.py", "video/frames.py", "video/clips.py")
    return hash_files([*(package / name for name in named), *sorted((package / "models").rglob("*.py"))])


def result_key(path: Path, chosen: PredictionSettings, weights: Path = WEIGHTS) -> str:
    """Hexadecimal key of a video's prediction. UserError where the video or a weights file is missing."""
    # An ONNX file counts by its content, wherever it lies.
    settings = asdict(chosen) | ({} if chosen.detector in DETECTORS else {"detector": "onnx"})
    decided_by = {
        "video": hash_file_cached(path),
        "weights": {role: hash_file_cached(file) for role, file in weights_files(chosen, weights).items()},
        "settings": settings,
        "format": VERSION,
        "code": _code_hash(),
    }
    return hash_bytes(json.dumps(decided_by, sort_keys=True).encode())[:32]


def result_path(folder: Path, key: str) -> Path:
    """Where the prediction of a key lies."""
    return folder / f"{key}.json"


def finished_result(folder: Path, key: str, path: Path) -> Prediction | None:
    """The kept prediction of a key, under the name the video has now; None where there is none or it is damaged."""
    try:
        kept = Prediction.load(result_path(folder, key))
    except UserError:
        return None
    return kept.renamed(path)
