"""`train`: fit one of the networks on a home world and write its weights."""

import argparse
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ag_core.training.datasets import PictureCache, WorldVideo
    from ag_core.training.loop import Progress, Recipe

WHAT = {
    "detector": "the Faster R-CNN, on the dense view",
    "relations": "the relation heads (frequency and RelDN), on the detector's region features",
    "clip": "the clip network, on short pieces of video",
    "action": "the feature-bank heads LFB, SGFB and oracle, on features of everything above",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, its four kinds and their options."""
    parser = subparsers.add_parser("train", help="train detector, relations, clip or action on a home world")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, text in WHAT.items():
        one = kinds.add_parser(kind, help=text, description=f"Train {text}.")
        one.add_argument("--data", type=Path, required=True, metavar="DIR", help="home world made by `world`")
        out = "folder for lfb.safetensors, sgfb.safetensors, oracle.safetensors" if kind == "action" else "weights file"
        one.add_argument("--out", type=Path, required=True, help=out)
        one.add_argument("--preset", default="demo", help="size of the network (default %(default)s)")
        budget = one.add_mutually_exclusive_group(required=True)
        budget.add_argument("--minutes", type=float, help="wall time to train; the learning rate ends at zero then")
        budget.add_argument("--steps", type=int, help="number of steps to train instead")
        one.add_argument("--batch", type=int, help="examples in a step")
        one.add_argument("--rate", type=float, help="peak learning rate")
        one.add_argument("--seed", type=int, default=0)
        one.add_argument("--threads", type=int, help="processor threads (default: one a core)")
        one.add_argument("--resume", action="store_true", help="go on from an interrupted training of the same --out")
        if kind in ("relations", "action"):
            one.add_argument("--weights", type=Path, metavar="DIR", help="folder of earlier weights (default: shipped)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train and write the weights; an interruption keeps a state for --resume."""
    # Threads that wait for one another by spinning make a shared machine ten times slower; read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import torch

    # A terminated training ends like one stopped from the keyboard: its state is written first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    torch.set_flush_denormal(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    {"detector": _detector}[options.kind](options)


def _detector(options: argparse.Namespace) -> None:
    import torch

    from ag_core.models.checkpoints import save_checkpoint
    from ag_core.models.detector import build_faster_rcnn
    from ag_core.presets import DETECTOR_PRESETS, preset_named
    from ag_core.training.datasets import HomeWorld
    from ag_core.training.detector import DetectorFrames, detector_losses
    from ag_core.training.loop import fit

    preset = preset_named(DETECTOR_PRESETS, options.preset)
    recipe = _recipe(options, rate=1e-3)
    frames = DetectorFrames.of(HomeWorld.open(options.data), "train")
    _prepare(frames.cache, frames.videos)
    torch.manual_seed(options.seed)
    model = build_faster_rcnn(preset)
    losses = detector_losses(model, frames, options.batch or 8)
    progress = fit(model, losses, recipe, _state_path(options), options.resume)
    save_checkpoint(options.out, model.state_dict(), _metadata(options, preset.name, progress), half_precision=True)
    print(f"{options.out}: {progress.step} steps on {len(frames)} frames")


def _recipe(options: argparse.Namespace, rate: float) -> "Recipe":
    from ag_core.training.loop import Budget, Recipe, bfloat16_is_faster

    budget = Budget(options.minutes, options.steps)
    return Recipe(budget, options.rate or rate, bfloat16=bfloat16_is_faster(), seed=options.seed)


def _state_path(options: argparse.Namespace) -> Path:
    """Where an interrupted training waits: beside the data, never among the weights."""
    return options.data / ".cache" / f"training-{options.out.stem}.pt"


def _prepare(cache: "PictureCache", videos: "Sequence[WorldVideo]") -> None:
    """Decode what is missing, with a line now and then."""
    said = 0.0
    for done in cache.prepare(videos):
        if done == len(videos) or time.monotonic() - said > 10:
            said = time.monotonic()
            print(f"pictures of {done} of {len(videos)} videos", flush=True)


def _metadata(options: argparse.Namespace, preset: str, progress: "Progress") -> dict[str, str]:
    """What a weights file says of itself; no path of this machine."""
    return {
        "preset": preset,
        "data": options.data.name,
        "command": f"train {options.kind} --seed {options.seed}",
        "steps": str(progress.step),
        "minutes": f"{progress.seconds / 60:.1f}",
    }
