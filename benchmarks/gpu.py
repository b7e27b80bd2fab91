"""What a GPU does: whether it agrees with the processor, and frames, clips and videos a second beside eager loops.

    python -m benchmarks.gpu [--device cuda] [--sizes demo paper] [--seconds 8] [--films 4] [--log docs/results.jsonl]
    python -m benchmarks.gpu --device cpu --only detector clips --seconds 1     # the same rows of a processor
    python -m benchmarks.gpu --device cpu --precision bfloat16                  # of one that has bfloat16

Under eight minutes on one card; what does not fit any more is left out and said. First the showcase is predicted on
both devices and compared (on a processor: in float32 and as asked). Then, at each size, in turn in one run: the
detector beside torchvision's as it is (one frame at a time, float32, with as many proposals as ours), the clip network
beside a loop as PyTorchVideo's (one clip at a time, made floats on the processor, float32), and whole films beside
such loops (every clip read and every frame sent on its own, the backbone twice, no heads). Networks of paper size
have random weights. The dense part, backbone or clip network alone, is set against a large product of bfloat16
matrices in this run and, with --peak, against the card's data sheet. On a processor, seconds are those of the
processor, one thread, so that other work counts little.
"""

import argparse
import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.detection import FasterRCNN

from ag_core.catalog import HOME_WORLD, find_clip_network, find_detector
from ag_core.errors import UserError
from ag_core.evaluation.results_log import append_log_row, build_log_row
from ag_core.models.checkpoints import find_preset_of, load_checkpoint
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, make_ready
from ag_core.models.devices import PRECISIONS, choose_device, run_dense_part, use_precision
from ag_core.models.encoded_images import encode_images
from ag_core.models.folding import fold_batch_norms
from ag_core.models.pixels import CLIP_MEAN, CLIP_SCALE, to_image_tensors
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import FrequencyHead
from ag_core.models.scene_graph import SceneGraphPredictor, boxes_from_detections, build_pair_batch
from ag_core.models.video import ClipInput, ClipNetwork, build_clip_classifier, load_clip_network, make_clip_input
from ag_core.models.video.blocks import FactoredConv3d
from ag_core.pipeline import LoadedClipNetwork, Models, load_models, make_plan, predict_video
from ag_core.presets import DetectorPreset, VideoPreset
from ag_core.records import SceneGraph
from ag_core.results.prediction import DEFAULT_RATE, Prediction
from ag_core.settings import WEIGHTS, settings
from ag_core.video.clips import letterbox
from ag_core.video.frames import probe_video, read_frames
from benchmarks.detection import to_detections
from benchmarks.report import machine

NETWORK = "i3d"
CELLS = ("agreement", "detector", "clips", "films")
FRAMES_AT_ONCE, CLIPS_AT_ONCE = 16, 32
OURS, USUAL = "this project", "eager loop"
LIMIT_S = 8 * 60
MIN_MATCHED, MAX_APART = 0.97, 0.05
"""Devices agree where so many of the objects are the same and no action's probability differs by more."""


@dataclass(frozen=True)
class Size:
    """Networks of one size; `weights` is the folder they come from, None for random ones."""

    name: str
    detector: DetectorPreset
    clips: VideoPreset
    weights: Path | None = None


@dataclass(frozen=True)
class Rate:
    """How many units a second each side did, and the share of the peak in the dense part, where it was asked."""

    what: str
    size: str
    a_second: dict[str, float]
    dense_tflops: float | None = None
    share_of_product: float | None = None
    share_of_data_sheet: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as many this project does."""
        return self.a_second[OURS] / self.a_second[USUAL]


@dataclass(frozen=True)
class Networks:
    """The same networks ready to predict on a device, and as they are."""

    size: Size
    device: torch.device
    models: Models
    usual_detector: FasterRCNN
    usual_clip_net: ClipNetwork

    @property
    def ready_detector(self) -> FasterRCNN:
        """Folded, on the device."""
        detector = self.models.graphs.detector
        assert isinstance(detector, FasterRcnnDetector)
        return detector.model

    @property
    def ready_clip_net(self) -> ClipNetwork:
        """As a prediction has it."""
        return self.models.clip_networks[NETWORK].network


def list_sizes() -> dict[str, Size]:
    """The sizes that can be measured, by name."""
    path = find_detector(HOME_WORLD).weights_path(WEIGHTS)
    entry, network = find_detector(HOME_WORLD), find_clip_network(NETWORK)
    return {
        "demo": Size("demo", find_preset_of(path, entry), network.preset(), WEIGHTS),
        "paper": Size("paper", entry.preset("paper"), network.preset("paper")),
    }


def build_networks(size: Size, device: torch.device) -> Networks:
    """Both sides' networks on a device, with the same weights."""
    torch.manual_seed(0)
    usual = build_faster_rcnn(size.detector)
    if size.weights is None:
        calm(usual)
        clip_net = build_clip_classifier(NETWORK, size.clips).clip_net
    else:
        path = find_detector(HOME_WORLD).weights_path(size.weights)
        load_checkpoint(path, usual, size.detector.name, HOME_WORLD)
        clip_net = load_clip_network(NETWORK, size.weights, size.clips)[0].clip_net
    ready = copy.deepcopy(usual)
    make_ready(ready)
    usual_clip_net = copy.deepcopy(clip_net).to(device).eval()
    make_plain(usual_clip_net)
    graphs = SceneGraphPredictor(
        FasterRcnnDetector(ready, device), RegionFeatureExtractor(ready), FrequencyHead(), device
    )
    clips = {NETWORK: LoadedClipNetwork(fold_batch_norms(clip_net).to(device), size.clips)}
    models = Models(graphs, clips, action_models=(), uses=(), notes=(), device=device)
    return Networks(size, device, models, usual.to(device).eval(), usual_clip_net)


def make_plain(network: nn.Module) -> None:
    """Let every convolution over three dimensions be torch's own."""
    for module in network.modules():
        if isinstance(module, FactoredConv3d):
            module.__class__ = nn.Conv3d  # type: ignore[assignment]


def calm(network: nn.Module) -> None:
    """Make the last normalisation of every residual block of a random ResNet small, or its numbers overflow."""
    for name, module in network.named_modules():
        if name.endswith("bn3") and isinstance(module, nn.BatchNorm2d):
            nn.init.constant_(module.weight, 0.2)


def wait_for(device: torch.device) -> None:
    """Until a GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def rate_in_turn(sides: Mapping[str, Callable[[], int]], seconds: float, device: torch.device) -> dict[str, float]:
    """Units a second of each side, which says how many it did in a call; the first call of each does not count."""
    spent, done = dict.fromkeys(sides, 0.0), dict.fromkeys(sides, 0)
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    for work in sides.values():
        work()
    while min(spent.values()) < seconds:
        for name, work in sides.items():
            if spent[name] < seconds:
                wait_for(device)
                started = clock()
                done[name] += work()
                wait_for(device)
                spent[name] += clock() - started
    return {name: done[name] / spent[name] for name in sides}


def measure_product(device: torch.device, seconds: float) -> float:
    """FLOP/s of the product of two large matrices, in the precision of dense parts."""
    side = 8192 if device.type == "cuda" else 1024
    with run_dense_part(device):
        dtype = torch.bfloat16 if torch.is_autocast_enabled(device.type) else torch.float32
    matrix = torch.randn(side, side, dtype=dtype, device=device)
    rate = rate_in_turn({OURS: lambda: len([matrix @ matrix for _ in range(10)])}, seconds, device)
    return 2.0 * side**3 * rate[OURS]


def measure_dense(work: Callable[[], object], seconds: float, device: torch.device) -> float:
    """FLOP/s of a part of a network whose input is on the device already."""
    with FlopCounterMode(display=False) as counter:
        work()
    n = 3 if device.type == "cuda" else 1
    rate = rate_in_turn({OURS: lambda: len([work() for _ in range(n)])}, seconds, device)
    return float(counter.get_total_flops() * rate[OURS])


def with_dense(rate: Rate, dense: float, product: float, peak: float | None) -> Rate:
    """A rate with what its dense part reaches."""
    sheet = None if peak is None else dense / peak
    return replace(rate, dense_tflops=dense / 1e12, share_of_product=dense / product, share_of_data_sheet=sheet)


def measure_detector(networks: Networks, frames: Sequence[NDArray[np.uint8]], seconds: float) -> tuple[Rate, float]:
    """Frames a second, and FLOP/s of the backbone."""
    device, ready, usual = networks.device, networks.ready_detector, networks.usual_detector
    detector = FasterRcnnDetector(ready, device)
    sides: dict[str, Callable[[], int]] = {
        OURS: lambda: len(detector.detect(frames)),
        USUAL: lambda: len([usual(to_image_tensors([frame], device)) for frame in frames]),
    }
    found = rate_in_turn(sides, seconds, device)
    images = encode_images(ready, frames).scaled.tensors.contiguous(memory_format=torch.channels_last)

    def run() -> None:
        with run_dense_part(device):
            ready.backbone(images)

    return Rate("detector frames", networks.size.name, found), measure_dense(run, seconds / 2, device)


def measure_clips(networks: Networks, seconds: float, at_once: int) -> tuple[Rate, float]:
    """Clips a second, and FLOP/s of the clip network."""
    device, preset = networks.device, networks.size.clips
    width, height = preset.size_wh
    pixels = np.random.default_rng(0).integers(0, 256, (at_once, preset.frames, height, width, 3), np.uint8)
    net = networks.ready_clip_net

    def ours() -> int:
        with run_dense_part(device):
            return len(net(make_clip_input(pixels, preset, device)).float().cpu())

    def usual() -> int:
        return len([send_usually(networks, clip) for clip in pixels[:4]])

    found = rate_in_turn({OURS: ours, USUAL: usual}, seconds, device)
    clips = make_clip_input(pixels, preset, device)

    def run() -> None:
        with run_dense_part(device):
            net(clips)

    return Rate("clips", networks.size.name, found), measure_dense(run, seconds / 2, device)


def send_usually(networks: Networks, clip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The features of one clip [T,H,W,3] as a plain loop has them."""
    floats = torch.from_numpy(clip).permute(3, 0, 1, 2).float().div(255).sub(CLIP_MEAN).div(CLIP_SCALE)
    features = networks.usual_clip_net(ClipInput.of_tensors(floats.contiguous()[None].to(networks.device)))
    return np.asarray(features[0].cpu().numpy())


def predict_usually(networks: Networks, path: Path) -> int:
    """How many clips were seen: boxes and region features of every frame, features of every clip, each on its own."""
    video, preset, device = probe_video(path), networks.size.clips, networks.device
    plan = make_plan(video, DEFAULT_RATE, {NETWORK: preset})
    trunk = RegionFeatureExtractor(networks.usual_detector)
    for number in plan.graph_frames:
        [(_, frame)] = read_frames(path, [number])
        [found] = networks.usual_detector(to_image_tensors([frame], device))
        boxes = boxes_from_detections(to_detections({name: tensor.cpu() for name, tensor in found.items()}))
        build_pair_batch(trunk, [frame], [boxes], [0.0])
    for clip in plan.clips[NETWORK]:
        small = {number: letterbox(frame, preset.size_wh) for number, frame in read_frames(path, clip)}
        send_usually(networks, np.stack([small[number] for number in clip]))
    return len(plan.clips[NETWORK])


def measure_videos(networks: Networks, films: Sequence[Path], seconds: float) -> Rate:
    """Films a second."""
    sides: dict[str, Callable[[], int]] = {
        OURS: lambda: len([predict_video(film, networks.models) for film in films]),
        USUAL: lambda: predict_usually(networks, films[0]) and 1,
    }
    return Rate("films", networks.size.name, rate_in_turn(sides, seconds, networks.device))


@dataclass(frozen=True)
class Agreement:
    """Of films predicted on both devices: the share of objects that are the same, and how far scores are apart."""

    films: int
    objects: int
    matched: float
    largest_difference: float

    @property
    def holds(self) -> bool:
        """Whether the two may be called the same."""
        return self.matched >= MIN_MATCHED and self.largest_difference <= MAX_APART


def compare_devices(films: Sequence[Path], device: torch.device) -> Agreement:
    """The same films with the shipped models on the processor in float32, and on a device as it is asked to compute."""
    here, there = load_models("cpu"), load_models(str(device))
    objects, matched, apart = 0, 0, [0.0]
    for film in films:
        with use_precision("float32"):
            one = predict_video(film, here)
        other = predict_video(film, there)
        for first, second in zip(one.frames, other.frames, strict=True):
            objects += max(len(first), len(second))
            matched += count_same(first.object_classes, first.object_boxes_xyxy, second)
        apart += compare_scores(one, other)
    return Agreement(len(films), objects, matched / max(objects, 1), max(apart))


def count_same(classes: NDArray[np.int64], boxes_xyxy: NDArray[np.float32], other: SceneGraph) -> int:
    """How many objects have one of their class within four pixels."""
    their_classes, their_boxes = other.object_classes, other.object_boxes_xyxy
    if not len(classes) or not len(their_classes):
        return 0
    apart = np.abs(boxes_xyxy[:, None] - their_boxes[None]).max(axis=2)
    apart[classes[:, None] != their_classes[None]] = np.inf
    return int((apart.min(axis=1) <= 4).sum())


def compare_scores(one: Prediction, other: Prediction) -> Iterator[float]:
    """The largest difference of each model's scores."""
    theirs = {scores.model: scores.scores for scores in other.actions}
    for scores in one.actions:
        yield float(np.abs(scores.scores - theirs[scores.model]).max()) if scores.model in theirs else 1.0


def measure(
    sizes: Sequence[Size],
    device: torch.device,
    seconds: float,
    n_films: int,
    peak: float | None = None,
    only: Sequence[str] = CELLS,
) -> Iterator[Agreement | Rate | str]:
    """What is found, as soon as it is; a sentence for what there was no time for."""
    torch.set_flush_denormal(True)
    if device.type == "cpu":
        torch.set_num_threads(1)
    began = time.monotonic()
    films = sorted((settings().showcase / "videos").glob("*.mp4"))[:n_films]
    if "agreement" in only:
        yield compare_devices(films, device)
    with torch.inference_mode():
        product = measure_product(device, seconds / 4)
        frames = [frame for _, frame in read_frames(films[0], range(1, 8 * FRAMES_AT_ONCE, 8))]
        frames, at_once = (frames, CLIPS_AT_ONCE) if device.type == "cuda" else (frames[:2], 1)
        for size in sizes:
            if device.type == "cuda" and time.monotonic() - began > LIMIT_S - 8 * seconds:
                yield f"no time was left for the size {size.name}"
                continue
            networks = build_networks(size, device)
            if "detector" in only:
                yield with_dense(*measure_detector(networks, frames, seconds), product, peak)
            if "clips" in only:
                yield with_dense(*measure_clips(networks, seconds, at_once), product, peak)
            if "films" in only:
                yield measure_videos(networks, films, seconds)


def describe(found: Agreement | Rate | str) -> str:
    """A line for the terminal."""
    if isinstance(found, str):
        return found
    if isinstance(found, Agreement):
        verdict = "agrees with the processor" if found.holds else "DOES NOT AGREE with the processor"
        return (
            f"{verdict}: of {found.objects:,} objects in {found.films} films {found.matched:.1%} are the same; "
            f"scores differ by at most {found.largest_difference:.4f}"
        )
    sides = ", ".join(f"{name} {value:,.2f}" for name, value in found.a_second.items())
    text = f"{found.size}: {found.what} a second: {sides}; {found.ratio:.2f}x"
    if found.dense_tflops is not None and found.share_of_product is not None:
        text += f"; dense part {found.dense_tflops:.2f} TFLOP/s, {found.share_of_product:.0%} of a large matrix product"
    if found.share_of_data_sheet is not None:
        text += f", {found.share_of_data_sheet:.0%} of the data sheet"
    return text


def main() -> None:
    """Measure, print, and append to the log that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", choices=PRECISIONS, help="of a processor (default: as AG_PRECISION says)")
    parser.add_argument("--sizes", nargs="+", choices=list(list_sizes()), default=list(list_sizes()))
    parser.add_argument("--only", nargs="+", choices=CELLS, default=CELLS)
    parser.add_argument("--seconds", type=float, default=8.0, help="for each side of a row (default %(default)s)")
    parser.add_argument("--films", type=int, default=4)
    parser.add_argument("--peak", type=float, metavar="TFLOPS", help="bfloat16 peak of the card's data sheet")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the results to this log")
    options = parser.parse_args()
    try:
        device = choose_device(options.device)
    except UserError as error:
        raise SystemExit(f"nothing is measured: {error}") from None
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "no GPU"
    where = f"{card}, {machine()}"
    print(where)
    peak = None if options.peak is None else options.peak * 1e12
    sizes = [list_sizes()[name] for name in options.sizes]
    with use_precision(options.precision) if options.precision else nullcontext():
        for found in measure(sizes, device, options.seconds, options.films, peak, options.only):
            print(describe(found), flush=True)
            if options.log is not None and not isinstance(found, str):
                told = {"machine": where, "precision": options.precision or settings().precision} | asdict(found)
                append_log_row(options.log, build_log_row("benchmark of a GPU", (), told))


if __name__ == "__main__":
    main()
