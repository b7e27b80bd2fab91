"""What every model costs on a processor, at demo and at paper size: time, memory, feature banks, a whole prediction.

    python -m benchmarks.costs [--markdown docs/performance.md] [--log docs/results.jsonl]

Detectors and relation heads all get the same frames of a shipped film, two a second, and the same pairs: those that the
shipped detector finds. As `predict` does, a head that looks at frames gets two at a time, and one that looks at videos
all frames at once. Clip networks get clips of noise, and regions that cost nothing to find. Weights are random where
none are shipped, and so are the features that heads read: what a network costs does not depend on them. Seconds of the
processor on one thread, so that other work counts little. What is large is measured once, on few frames
(`--large-frames`), Timeception on a part of its segments. Every model has a process of its own, forked from one that
has loaded the libraries: its memory is what that process grew by, at its peak.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ag_core.catalog import (
    ACTION_MODELS,
    CLIP_NETWORKS,
    DEFAULT_RELATION_HEAD,
    HOME_WORLD,
    RELATION_HEADS,
    ActionModelEntry,
    BankKind,
    find_detector,
)
from ag_core.evaluation.results_log import append_log_row, build_log_row
from ag_core.models.checkpoints import find_preset_of
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn, make_ready
from ag_core.models.feature_bank import GRID_RATE, GRID_STEP, WINDOW_SIZE, get_bank_width
from ag_core.models.pairs import HEAD_CELLS, PairBatch
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import FrequencyHead, build_relation_head
from ag_core.models.scene_graph import ObservedFrames, SceneGraphPredictor, build_pair_batch
from ag_core.models.video import build_bank_head, build_clip_network, make_clip_input
from ag_core.models.video.scoring import CLIPS_AT_ONCE
from ag_core.pipeline import load_models, predict_video
from ag_core.presets import (
    DetectorPreset,
    PairMemoryPreset,
    RegionHeadPreset,
    RelationPreset,
    TimeceptionPreset,
    VideoPreset,
)
from ag_core.records import Detections
from ag_core.settings import WEIGHTS, settings
from ag_core.video.frames import read_frames
from benchmarks.measuring import Clock
from benchmarks.report import into_document, machine, time_of

AT_ONCE = 2
FRAME_STEP = 6
"""Every sixth frame of a shipped film: two a second."""
MAX_SEGMENTS = 8
"""So many segments of Timeception's are looked at; the time for all is reckoned from them."""
ENTRIES_PER_SECOND = GRID_RATE / GRID_STEP
MARKS = "<!-- costs -->", "<!-- end of costs -->"
DETECTOR, REGIONS = "detector", "region features of the pairs"


@dataclass(frozen=True)
class Cost:
    """What one model of one size costs: seconds of the processor for each unit, measured on so many.

    unit       what is counted: frame, clip, or second of a video
    memory_mb  what the process grew by; None where it is not known
    """

    model: str
    size: str
    parameters: int
    seconds: float
    measured: str
    unit: str = "frame"
    memory_mb: float | None = None

    def to_line(self) -> str:
        """A line of the table."""
        rate = 1 / self.seconds
        parameters = f"{self.parameters:,}" if self.parameters else ""
        in_words = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
        memory = "" if self.memory_mb is None else f"{self.memory_mb:,.0f} MB"
        each = f"{time_of(self.seconds)} a {self.unit}"
        return f"| {' | '.join((self.model, self.size, parameters, each, in_words, memory, self.measured))} |"


def list_films() -> list[Path]:
    """The shipped films."""
    return sorted((settings().showcase / "videos").glob("*.mp4"))


def read_film(n_frames: int) -> list[NDArray[np.uint8]]:
    """So many frames of a shipped film, two a second."""
    return [frame for _, frame in read_frames(list_films()[0], [FRAME_STEP * (n + 1) for n in range(n_frames)])]


def observe_film(images: Sequence[NDArray[np.uint8]]) -> list[ObservedFrames]:
    """What the shipped detector sees in the frames, two at a time."""
    model = load_faster_rcnn(WEIGHTS / "detector.safetensors")
    predictor = SceneGraphPredictor(FasterRcnnDetector(model), RegionFeatureExtractor(model), FrequencyHead())
    parts = []
    for start in range(0, len(images), AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, len(images)))
        chosen = [images[number] for number in numbers]
        parts.append(predictor.observe(chosen, numbers, [number / 2 for number in numbers]))
    return parts


def measure_seconds(work: Callable[[], object], repeats: int) -> float:
    """Median seconds of the processor; a first call does not count where there are several."""
    seconds = []
    for turn in range(repeats + (repeats > 1)):
        started = time.process_time()
        work()
        if turn or repeats == 1:
            seconds.append(time.process_time() - started)
    return statistics.median(seconds)


def count_parameters(network: nn.Module) -> int:
    """Numbers that are learned; before normalisation is folded away."""
    return sum(parameter.numel() for parameter in network.parameters())


def measure_detector(
    size: str,
    preset: DetectorPreset,
    images: Sequence[NDArray[np.uint8]],
    parts: Sequence[ObservedFrames],
    repeats: int,
) -> list[Cost]:
    """Two rows: boxes, and after them the features of the pairs on the maps that are there already."""
    model, shipped = build_faster_rcnn(preset), WEIGHTS / "detector.safetensors"
    parameters = count_parameters(model)
    is_shipped = find_preset_of(shipped, find_detector(HOME_WORLD)) == preset
    model = load_faster_rcnn(shipped) if is_shipped else make_ready(model)
    detector, trunk = FasterRcnnDetector(model), RegionFeatureExtractor(model)
    groups = [list(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]

    def find() -> None:
        for group in groups:
            detector.detect(group)

    n, measured = len(images), f"{len(images)} frames"
    boxes = Cost(DETECTOR, size, parameters, measure_seconds(find, repeats) / n, measured)
    seen = [detector.encode(group) for group in groups]

    def describe() -> None:
        for group, part, encoded in zip(groups, parts, seen):
            build_pair_batch(trunk, group, part.boxes[: len(group)], part.times_s[: len(group)], True, encoded)

    return [boxes, Cost(REGIONS, size, 0, measure_seconds(describe, repeats) / n, measured)]


def measure_head(
    head: str, size: str, preset: RelationPreset, parts: Sequence[ObservedFrames], repeats: int
) -> list[Cost]:
    """One row: from region features to probabilities."""
    network = build_relation_head(head, preset).eval()
    whole = [ObservedFrames.join(parts)] if network.whole_video else parts
    batches = [draw_features(part.batch, preset) for part in whole]
    n_frames = sum(len(part.frames) for part in parts)

    def judge() -> None:
        for batch in batches:
            network(batch).probabilities()

    seconds = measure_seconds(judge, repeats) / n_frames
    return [Cost(RELATION_HEADS[head].label, size, count_parameters(network), seconds, f"{n_frames} frames")]


def draw_features(batch: PairBatch, preset: RelationPreset) -> PairBatch:
    """The same boxes and pairs with random features of the lengths that a head reads."""
    random = torch.Generator().manual_seed(0)
    size = preset.feature_size if isinstance(preset, RegionHeadPreset) else 1
    union = getattr(preset, "union_size", size)
    channels = preset.map_channels if isinstance(preset, PairMemoryPreset) else 1
    return replace(
        batch,
        object_features=torch.rand(len(batch.boxes), size, generator=random),
        union_features=torch.rand(len(batch.pairs), union, generator=random),
        head_maps=torch.rand(len(batch.frame_sizes_wh), channels, HEAD_CELLS, HEAD_CELLS, generator=random),
    )


class FreeRegions:
    """A detector that finds the same regions in every picture, at no cost."""

    def __init__(self, count: int) -> None:
        corners = np.random.default_rng(0).uniform(0, 40, (count, 2)).astype(np.float32)
        boxes = np.concatenate([corners, corners + 30], axis=1)
        self.found = Detections(boxes, np.ones(count, np.int64), np.ones(count, np.float32))

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """The regions, once for each image."""
        return [self.found] * len(images)


def measure_clip_network(network: str, size: str, preset: VideoPreset, repeats: int) -> list[Cost]:
    """One row: from pixels of a clip to its features."""
    net = build_clip_network(network, preset).eval()
    frames = preset.frames
    if isinstance(preset, TimeceptionPreset):
        frames = min(frames, MAX_SEGMENTS * preset.segment_frames)
    width, height = preset.size_wh
    pixels = np.random.default_rng(0).integers(0, 256, (1, frames, height, width, 3), np.uint8)
    regions = FreeRegions(preset.regions_per_frame)
    seconds = measure_seconds(lambda: net(make_clip_input(pixels, preset, "cpu", regions)), repeats)
    part = "" if frames == preset.frames else f" of {preset.frames:,}"
    measured = f"{frames}{part} frames of {width} x {height}"
    label = CLIP_NETWORKS[network].label
    return [Cost(label, size, count_parameters(net), seconds * preset.frames / frames, measured, "clip")]


def measure_bank_head(model: ActionModelEntry, size: str, preset: VideoPreset, repeats: int) -> list[Cost]:
    """One row: from a clip's features, and the window of a bank where there is one, to scores."""
    head = build_bank_head(model.id, preset).eval()
    random = torch.Generator().manual_seed(0)
    features = torch.rand(CLIPS_AT_ONCE, preset.feature_size, generator=random)
    windows = None
    if model.bank is not None:
        width = get_bank_width(model.bank, preset.feature_size)
        windows = torch.rand(CLIPS_AT_ONCE, WINDOW_SIZE, width, generator=random)
    seconds = measure_seconds(lambda: head(features, windows), repeats) / CLIPS_AT_ONCE
    label = f"{model.label}: head"
    return [Cost(label, size, count_parameters(head), seconds, f"{CLIPS_AT_ONCE} clips", "clip")]


def measure_prediction(repeats: int) -> list[Cost]:
    """One row: a shipped film from its file to graphs and scores, with models that are loaded."""
    film, models = list_films()[0], load_models("cpu")
    video = predict_video(film, models).video
    seconds = measure_seconds(lambda: predict_video(film, models), max(1, repeats - 1))
    size = find_preset_of(WEIGHTS / "detector.safetensors", find_detector(HOME_WORLD)).name.removeprefix("detector-")
    measured = f"{video.duration_s:.0f} s, 2 graphs a second"
    return [Cost("a whole prediction", size, 0, seconds / video.duration_s, measured, "second of video")]


def reckon_banks(costs: Sequence[Cost]) -> Iterator[Cost]:
    """What the banks of LFB and of SGFB cost for each second of a video: two entries of each."""
    seconds = {(cost.model, cost.size): cost.seconds for cost in costs}
    head = RELATION_HEADS[DEFAULT_RELATION_HEAD].label
    for size in dict.fromkeys(cost.size for cost in costs):
        names = {BankKind.CLIP_FEATURES: [CLIP_NETWORKS["i3d"].label], BankKind.PREDICTED_GRAPHS: [DETECTOR, REGIONS]}
        for kind, parts in names.items():
            keys = [(part, size) for part in parts]
            if kind is BankKind.PREDICTED_GRAPHS:
                keys.append((head, size.partition("-")[0]))  # heads have one demo size
            if all(key in seconds for key in keys):
                total = ENTRIES_PER_SECOND * sum(seconds[key] for key in keys)
                yield Cost(f"bank: {kind.value}", size, 0, total, "reckoned from the rows above", "second of video")


def measure_apart(measure: Callable[..., list[Cost]], *arguments: object) -> list[Cost]:
    """The rows of a measurement in a process of its own, with the memory that it grew by."""
    with ProcessPoolExecutor(1, get_context("fork")) as pool:
        return pool.submit(_measure_here, measure, *arguments).result()


@torch.inference_mode()
def _measure_here(measure: Callable[..., list[Cost]], *arguments: object) -> list[Cost]:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    with Clock() as clock:
        costs = measure(*arguments)
    # The second row of a measurement, if any, shares the process of the first.
    return [replace(cost, memory_mb=clock.growth_mb) if place == 0 else cost for place, cost in enumerate(costs)]


def measure_costs(
    n_frames: int, n_large: int, repeats: int, sizes: Sequence[str] | None = None
) -> tuple[list[Cost], int]:
    """Every model in every size (or in those named), and how many pairs the frames have in all."""
    # No thread of torch's may live in this process, or the forked ones wait for it for ever.
    torch.set_num_threads(1)
    images = read_film(n_frames)
    parts = observe_film(images)
    costs: list[Cost] = []
    for size, preset in find_detector(HOME_WORLD).presets.items():
        if sizes is None or size in sizes:
            few = images if is_small(size) else images[:n_large]
            costs += measure_apart(measure_detector, size, preset, few, parts, repeats if is_small(size) else 1)
    for measure, entries in ((measure_head, RELATION_HEADS), (measure_clip_network, CLIP_NETWORKS)):
        for name, entry in entries.items():
            for size, preset in entry.presets.items():
                if sizes is None or size in sizes:
                    given = (parts,) if measure is measure_head else ()
                    once = measure is measure_clip_network and not is_small(size)
                    costs += measure_apart(measure, name, size, preset, *given, 1 if once else repeats)
    for model in ACTION_MODELS.values():
        for size, preset in model.presets.items():
            if sizes is None or size in sizes:
                costs += measure_apart(measure_bank_head, model, size, preset, repeats)
    costs += reckon_banks(costs)
    costs += measure_apart(measure_prediction, repeats)
    return costs, sum(len(part.batch.pairs) for part in parts)


def is_small(size: str) -> bool:
    """Whether a size is made for processors."""
    return size.startswith("demo")


def to_markdown(costs: Sequence[Cost], n_pairs: int, repeats: int, where: str) -> str:
    """The table for docs/performance.md."""
    lines = [
        f"{where}. Frames of 480 x 270 of one shipped film with {n_pairs} pairs; one thread, seconds of the processor, "
        f"medians of {repeats}; large detectors and clip networks once.",
        "",
        "| model | size | parameters | time | a second | memory | measured on |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
        *(cost.to_line() for cost in costs),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and fill the document and the log that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--large-frames", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", nargs="+", metavar="SIZE", help="only these sizes, such as demo")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this log")
    options = parser.parse_args()
    where = f"{date.today():%Y-%m-%d}, {machine()}"
    costs, n_pairs = measure_costs(options.frames, options.large_frames, options.repeats, options.sizes)
    table = to_markdown(costs, n_pairs, options.repeats, where)
    print(table)
    if options.markdown is not None:
        into_document(options.markdown, table, MARKS)
    if options.log is not None:
        about = {"machine": where, "pairs": n_pairs, "costs": [asdict(cost) for cost in costs]}
        append_log_row(options.log, build_log_row("benchmark of costs", (), about))


if __name__ == "__main__":
    main()
