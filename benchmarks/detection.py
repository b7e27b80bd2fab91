"""What the boxes and region features of a frame cost: one pass of a folded backbone, beside the network as trained.

    python -m benchmarks.detection [--frames 24] [--markdown docs/performance.md] [--log docs/results.jsonl]

Both sides get frames of the showcase, two at a time as `predict` does on a processor, and answer with the boxes of
every frame and the features of all its pairs. The usual side asks torchvision's network for boxes and sends every frame
through its backbone again for the features of its regions. Boxes must agree to 0.001 pixels (or a ten-thousandth) and
scores to 0.0001 before a ratio is printed. Seconds of the processor on one thread, so that other work counts little.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.catalog import DEFAULT_RELATION_HEAD, HOME_WORLD, find_detector
from ag_core.models.checkpoints import find_preset_of, load_checkpoint
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn
from ag_core.models.pixels import to_image_tensors
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import load_relation_head
from ag_core.models.scene_graph import (
    FrameBoxes,
    SceneGraphPredictor,
    boxes_from_detections,
    build_pair_batch,
)
from ag_core.records import Detections
from ag_core.settings import WEIGHTS, settings
from ag_core.video.frames import read_frames
from benchmarks.command import Benchmark, run_benchmark
from benchmarks.report import Goal, Row, time_of

AT_ONCE = 2
MARKS = "<!-- detection -->", "<!-- end of detection -->"

Frames = Sequence[NDArray[np.uint8]]
Answer = list[tuple[FrameBoxes, ...]]


def read_showcase(count: int) -> list[NDArray[np.uint8]]:
    """So many frames of the showcase, from all its films in turn."""
    films = sorted((settings().showcase / "videos").glob("*.mp4"))
    numbers = range(1, 140, max(1, 140 * len(films) // count))
    frames = [frame for film in films for _, frame in read_frames(film, numbers)]
    return frames[:count]


def build_usual(path: Path) -> Callable[[Frames], tuple[FrameBoxes, ...]]:
    """Torchvision's network as it was trained, and its backbone again for the regions."""
    preset = find_preset_of(path, find_detector(HOME_WORLD))
    model = build_faster_rcnn(preset)
    load_checkpoint(path, model, preset.name, HOME_WORLD)
    model.eval()
    trunk = RegionFeatureExtractor(model)

    def observe(frames: Frames) -> tuple[FrameBoxes, ...]:
        alike = [list(group) for _, group in groupby(frames, key=np.shape)]  # padding would change what is found
        found = [one for group in alike for one in model(to_image_tensors(group))]
        boxes = [boxes_from_detections(to_detections(one)) for one in found]
        build_pair_batch(trunk, frames, boxes, [0.0] * len(frames))
        return tuple(boxes)

    return observe


def to_detections(found: dict[str, torch.Tensor]) -> Detections:
    """Torchvision's answer for one image."""
    return Detections(found["boxes"].numpy(), found["labels"].numpy() - 1, found["scores"].numpy())


def build_ours(path: Path) -> Callable[[Frames], tuple[FrameBoxes, ...]]:
    """What `predict` does."""
    model = load_faster_rcnn(path)
    head, _ = load_relation_head(DEFAULT_RELATION_HEAD, path.parent)
    predictor = SceneGraphPredictor(FasterRcnnDetector(model), RegionFeatureExtractor(model), head)

    def observe(frames: Frames) -> tuple[FrameBoxes, ...]:
        return predictor.observe(frames, [1] * len(frames), [0.0] * len(frames)).boxes

    return observe


def time_in_turn(
    sides: dict[str, Callable[[Frames], tuple[FrameBoxes, ...]]], frames: Frames, repeats: int
) -> tuple[dict[str, float], dict[str, Answer]]:
    """Median seconds of the processor of each side over all frames, and its answers. The first turn does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    answers: dict[str, Answer] = {}
    for turn in range(repeats + 1):
        for name, observe in sides.items():
            started = time.process_time()
            answers[name] = [observe(frames[i : i + AT_ONCE]) for i in range(0, len(frames), AT_ONCE)]
            if turn:
                seconds[name].append(time.process_time() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}, answers


def agree(first: Answer, second: Answer) -> bool:
    """Whether both sides found the same."""
    pairs = [pair for one, other in zip(first, second, strict=True) for pair in zip(one, other, strict=True)]
    return all(
        np.array_equal(a.objects.classes, b.objects.classes)
        and np.allclose(a.objects.boxes_xyxy, b.objects.boxes_xyxy, rtol=1e-4, atol=1e-3)
        and np.allclose(a.objects.scores, b.objects.scores, atol=1e-4)
        and abs(a.person_score - b.person_score) < 1e-4
        for a, b in pairs
    )


@torch.inference_mode()
def measure(n_frames: int, repeats: int) -> Row:
    """One row: processor time of both sides for the same frames."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    frames = read_showcase(n_frames)
    path = WEIGHTS / "detector.safetensors"
    names = "one pass, folded", "torchvision, and its backbone again"
    seconds, answers = time_in_turn(dict(zip(names, (build_ours(path), build_usual(path)))), frames, repeats)
    if not agree(*answers.values()):
        raise SystemExit("the two sides answer differently; no ratio is printed")
    ours, usual = (seconds[name] for name in names)
    found = sum(len(boxes.objects) for part in answers[names[0]] for boxes in part)
    return Row(
        "1",
        f"boxes and region features of {len(frames)} frames of the showcase",
        {name: f"{time_of(value)}, {time_of(value / len(frames))} a frame" for name, value in seconds.items()},
        [Goal("time", usual / ours, at_least=1.5)],
        f"{found} objects",
    )


if __name__ == "__main__":
    run_benchmark(
        Benchmark(
            "detection",
            "Frames of 480 x 270 of the shipped films, demo detector, one thread; seconds of the processor.",
            MARKS,
            measure,
            frames=24,
            repeats=3,
        ),
        __doc__,
    )
