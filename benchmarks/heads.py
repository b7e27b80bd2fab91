"""What detectors and relation heads cost on a processor, at demo and at paper size.

    python -m benchmarks.heads [--frames 24] [--markdown docs/performance.md] [--log docs/results.jsonl]

All get the same frames of a shipped film, two a second, and the same pairs: those that the shipped detector finds. As
`predict` does, a head that looks at frames gets two at a time, and one that looks at videos all frames at once. Weights
are random where none are shipped, and so are the features that heads read: what a network costs does not depend on
them. Seconds of the processor on one thread, so that other work counts little. The large detectors get few frames
(`--large-frames 2`), once.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ag_core.catalog import HOME_WORLD, RELATION_HEADS, find_detector
from ag_core.evaluation.results_log import append_log_row, build_log_row
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn
from ag_core.models.folding import fold_batch_norms
from ag_core.models.pairs import HEAD_CELLS, PairBatch
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import FrequencyHead, build_relation_head
from ag_core.models.scene_graph import ObservedFrames, SceneGraphPredictor, build_pair_batch
from ag_core.presets import DEMO_DETECTOR, DetectorPreset, PairMemoryPreset, RegionHeadPreset, RelationPreset
from ag_core.settings import WEIGHTS, settings
from ag_core.video.frames import read_frames
from benchmarks.report import into_document, machine, time_of

AT_ONCE = 2
FRAME_STEP = 6
"""Every sixth frame of a shipped film: two a second."""
MARKS = "<!-- heads -->", "<!-- end of heads -->"


@dataclass(frozen=True)
class Cost:
    """What one model of one size costs: seconds of the processor a frame, measured on so many frames."""

    model: str
    size: str
    parameters: int
    seconds: float
    frames: int

    def to_line(self) -> str:
        """A line of the table."""
        rate = 1 / self.seconds
        parameters = f"{self.parameters:,}" if self.parameters else ""
        in_words = f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"
        cells = (self.model, self.size, parameters, time_of(self.seconds), in_words, str(self.frames))
        return f"| {' | '.join(cells)} |"


def read_film(n_frames: int) -> list[NDArray[np.uint8]]:
    """So many frames of a shipped film, two a second."""
    film = sorted((settings().showcase / "videos").glob("*.mp4"))[0]
    return [frame for _, frame in read_frames(film, [FRAME_STEP * (n + 1) for n in range(n_frames)])]


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
) -> Iterator[Cost]:
    """Two rows: boxes, and after them the features of the pairs on the maps that are there already."""
    model = build_faster_rcnn(preset)
    parameters = count_parameters(model)
    if preset is DEMO_DETECTOR:
        model = load_faster_rcnn(WEIGHTS / "detector.safetensors")
    else:
        fold_batch_norms(model)
    detector, trunk = FasterRcnnDetector(model), RegionFeatureExtractor(model)
    groups = [list(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]

    def find() -> None:
        for group in groups:
            detector.detect(group)

    yield Cost("detector", size, parameters, measure_seconds(find, repeats) / len(images), len(images))
    seen = [detector.encode(group) for group in groups]

    def describe() -> None:
        for group, part, encoded in zip(groups, parts, seen):
            build_pair_batch(trunk, group, part.boxes[: len(group)], part.times_s[: len(group)], True, encoded)

    seconds = measure_seconds(describe, repeats) / len(images)
    yield Cost("region features of the pairs", size, 0, seconds, len(images))


def measure_head(head: str, size: str, preset: RelationPreset, parts: Sequence[ObservedFrames], repeats: int) -> Cost:
    """One row: from region features to probabilities."""
    network = build_relation_head(head, preset).eval()
    whole = [ObservedFrames.join(parts)] if network.whole_video else parts
    batches = [draw_features(part.batch, preset) for part in whole]
    n_frames = sum(len(part.frames) for part in parts)

    def judge() -> None:
        for batch in batches:
            network(batch).probabilities()

    seconds = measure_seconds(judge, repeats) / n_frames
    return Cost(RELATION_HEADS[head].label, size, count_parameters(network), seconds, n_frames)


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


@torch.inference_mode()
def measure_costs(
    n_frames: int, n_large: int, repeats: int, sizes: Sequence[str] | None = None
) -> tuple[list[Cost], int]:
    """Every detector and head in every size (or in those named), and how many pairs the frames have in all."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    images = read_film(n_frames)
    parts = observe_film(images)
    costs: list[Cost] = []
    for size, preset in find_detector(HOME_WORLD).presets.items():
        if sizes is None or size in sizes:
            small = size.startswith("demo")
            chosen = images if small else images[:n_large]
            costs += measure_detector(size, preset, chosen, parts, repeats if small else 1)
    for head, entry in RELATION_HEADS.items():
        for size, head_preset in entry.presets.items():
            if sizes is None or size in sizes:
                costs.append(measure_head(head, size, head_preset, parts, repeats))
    return costs, sum(len(part.batch.pairs) for part in parts)


def to_markdown(costs: Sequence[Cost], n_pairs: int, repeats: int, where: str) -> str:
    """The table for docs/performance.md."""
    frames = max(cost.frames for cost in costs)
    lines = [
        f"{where}. {frames} frames of 480 x 270 of one shipped film with {n_pairs} pairs; one thread, seconds of the "
        f"processor, medians of {repeats}; detectors with fewer frames once.",
        "",
        "| model | size | parameters | a frame | frames a second | frames |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *(cost.to_line() for cost in costs),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print, and fill the document and the log that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--large-frames", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this log")
    options = parser.parse_args()
    where = f"{date.today():%Y-%m-%d}, {machine()}"
    costs, n_pairs = measure_costs(options.frames, options.large_frames, options.repeats)
    table = to_markdown(costs, n_pairs, options.repeats, where)
    print(table)
    if options.markdown is not None:
        into_document(options.markdown, table, MARKS)
    if options.log is not None:
        about = {"machine": where, "pairs": n_pairs, "costs": [asdict(cost) for cost in costs]}
        append_log_row(options.log, build_log_row("benchmark of heads", (), about))


if __name__ == "__main__":
    main()
