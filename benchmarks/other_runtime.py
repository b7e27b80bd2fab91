"""What another runtime would gain: OpenVINO beside this project's own way and an eager loop, one thread, in one run.

    pip install openvino
    python -m benchmarks.other_runtime [--sizes demo paper] [--repeats 5] [--log docs/results.jsonl]

The dense parts alone, in which nearly all the time goes: backbone of the detector for one frame, and clip network for
one clip. Networks of paper size have random weights. Seconds of the processor, medians, the sides in turn; how far an
answer lies from the eager one is told beside its largest number, since another order of sums rounds differently. All
reckon in float32.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.evaluation.results_log import append_log_row, build_log_row
from ag_core.models.video import ClipInput
from benchmarks.gpu import Networks, Size, build_networks, list_sizes
from benchmarks.report import machine

EAGER, OURS, OTHER = "eager loop", "this project", "OpenVINO"
FRAME_HW = (270, 480)
Answer = NDArray[np.float32]


class ClipBody(nn.Module):
    """A clip network of one pathway as a function of its tensor [1,3,T,H,W]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, clip: Tensor) -> Tensor:
        """The network's features."""
        features: Tensor = self.network(ClipInput.of_tensors(clip))
        return features


def load_openvino() -> Any:
    """The package; SystemExit with a sentence where it is not installed."""
    try:
        return import_module("openvino")
    except ImportError as error:
        raise SystemExit("OpenVINO is not installed; run: pip install openvino") from error


def compile_network(network: nn.Module, example: Tensor) -> Callable[[], Answer]:
    """The network by OpenVINO, called on the example."""
    openvino = load_openvino()
    model = openvino.convert_model(network, example_input=example)
    wanted = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.Core().compile_model(model, "CPU", wanted).create_infer_request()
    given = [example.numpy()]
    return lambda: np.asarray(next(iter(request.infer(given).values())))


def call_network(network: nn.Module, example: Tensor) -> Callable[[], Answer]:
    """The network by torch, called on the example; of several answers the first."""

    def call() -> Answer:
        with torch.inference_mode():
            answer = network(example)
        first = next(iter(answer.values())) if isinstance(answer, Mapping) else answer
        return np.asarray(first.numpy())

    return call


def list_sides(networks: Networks) -> dict[str, dict[str, Callable[[], Answer]]]:
    """By part, what each side does."""
    height, width = FRAME_HW
    scale = networks.size.detector.min_size / min(FRAME_HW)
    frame = torch.rand(1, 3, *(int(side * scale) // 32 * 32 for side in (height, width)))
    clip = torch.rand(1, 3, networks.size.clips.frames, *networks.size.clips.size_wh[::-1])
    usual, ready = networks.usual_detector.backbone, networks.ready_detector.backbone
    usual_clip, ready_clip = ClipBody(networks.usual_clip_net).eval(), ClipBody(networks.ready_clip_net).eval()
    return {
        f"backbone, a frame of {frame.shape[3]} x {frame.shape[2]}": {
            EAGER: call_network(usual, frame),
            OURS: call_network(ready, frame.contiguous(memory_format=torch.channels_last)),
            OTHER: compile_network(usual, frame),
        },
        f"clip network, {clip.shape[2]} frames of {clip.shape[4]} x {clip.shape[3]}": {
            EAGER: call_network(usual_clip, clip),
            OURS: call_network(ready_clip, clip.contiguous(memory_format=torch.channels_last_3d)),
            OTHER: compile_network(usual_clip, clip),
        },
    }


def measure_part(sides: Mapping[str, Callable[[], Answer]], repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each side, and how far its answer is from the eager one, in shares of the largest number."""
    answers = {name: call() for name, call in sides.items()}
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, call in sides.items():
            started = time.process_time()
            call()
            seconds[name].append(time.process_time() - started)
    largest = float(np.abs(answers[EAGER]).max())
    apart = {name: float(np.abs(answer - answers[EAGER]).max()) / largest for name, answer in answers.items()}
    return {name: statistics.median(of_side) for name, of_side in seconds.items()}, apart


def measure_size(size: Size, repeats: int) -> dict[str, dict[str, float]]:
    """Print what each part takes, and return it by part and side."""
    found = {}
    for part, sides in list_sides(build_networks(size, torch.device("cpu"))).items():
        seconds, apart = measure_part(sides, repeats)
        found[f"{size.name}: {part}"] = {name: round(of_side, 4) for name, of_side in seconds.items()}
        print(f"{size.name} size, {part}")
        for name, of_side in seconds.items():
            gain = seconds[EAGER] / of_side
            print(f"  {name:14} {1000 * of_side:8.1f} ms  {gain:.2f}x eager  differs by {apart[name]:.0e}", flush=True)
    return found


def main() -> None:
    """Take the options of the command line and do what they say."""
    sizes = list_sizes()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=list(sizes), default=list(sizes))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this log")
    options = parser.parse_args()
    load_openvino()
    torch.set_num_threads(1)
    where = machine()
    print(where)
    found = {part: s for name in options.sizes for part, s in measure_size(sizes[name], options.repeats).items()}
    if options.log is not None:
        append_log_row(options.log, build_log_row("benchmark of another runtime", (), {"machine": where, **found}))


if __name__ == "__main__":
    main()
