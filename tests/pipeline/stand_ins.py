"""What the tests of the pipeline put in place of trained models: a detector that finds what it is told to."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.records import Detections

SCHEMA = json.loads((Path(__file__).parents[2] / "assets" / "prediction.schema.json").read_text())


MARK = "action-genome-explorer home world"


class TwoBoxes:
    """Finds a person and a cup in every picture, and remembers what it was shown."""

    name = "two boxes"

    def __init__(self) -> None:
        self.shown: list[NDArray[np.uint8]] = []

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        self.shown += images
        boxes = np.array([[4, 4, 30, 44], [20, 20, 40, 40]], np.float32)
        return [Detections(boxes, np.array([0, 10]), np.array([0.9, 0.8], np.float32)) for _ in images]
